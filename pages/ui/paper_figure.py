"""Figure 3: M256 after every epoch, taught by M1024, by the ensemble, and by nobody. Curves in, Altair out."""

from collections.abc import Sequence
from typing import Any, Final

import altair as alt
import pandas as pd

from pages.ui.chart_style import COLOR, GRID, LINE, MUTE, finish
from unetkd_core.runs.paper_printed import ENSEMBLE, LARGEST
from unetkd_core.runs.paper_results import Curve

ROLE: Final = {LARGEST: "student", ENSEMBLE: "ensemble", "twin": "twin"}
WORDS: Final = {LARGEST: "from M1024*", ENSEMBLE: "from the ensemble", "twin": "untaught"}
_HEIGHT: Final = 300
_GAP: Final = 16
"""Pixels between two labels at least."""


def seeds(curves: Sequence[Curve]) -> tuple[int, ...]:
    """Those that every line has, so that lines are of the same beginnings: a difference is one of pairs."""
    whole = [curve for curve in curves if all(m is not None for m in curve.mious)]
    lines = [{curve.seed for curve in whole if curve.who == who} for who in ROLE]
    drawn = [line for line in lines if line]
    return tuple(sorted(set.intersection(*drawn))) if drawn else ()


def means(curves: Sequence[Curve]) -> dict[str, list[float]]:
    """Who taught -> the shared seeds' mean mIoU in percent after each epoch that all of them have."""
    shared, found = seeds(curves), {}
    for who in ROLE:
        lines = [curve.mious for curve in curves if curve.who == who and curve.seed in shared]
        if lines:
            found[who] = [100 * sum(m or 0.0 for m in epoch) / len(epoch) for epoch in zip(*lines, strict=False)]
    return {who: values for who, values in found.items() if values}


def chart(curves: Sequence[Curve]) -> alt.LayerChart:
    """mIoU in percent over epochs, a label at each line's end."""
    found = means(curves)
    rows = [
        {"role": ROLE[who], "epoch": epoch, "value": value, "told": f"{WORDS[who]}, epoch {epoch}: {value:.1f} %"}
        for who, values in found.items()
        for epoch, value in enumerate(values, start=1)
    ]
    frame, last = pd.DataFrame(rows), max(map(len, found.values()))
    low, high = frame["value"].min(), frame["value"].max()
    air = 0.08 * (high - low) or 1.0
    x = alt.X("epoch:Q", scale=alt.Scale(domain=[1, last * 1.28], nice=False), axis=_axis(_ticks(last)))
    y = alt.Y("value:Q", scale=alt.Scale(domain=[low - air, high + air], nice=False), axis=_axis(None, grid=True))
    layers: list[Any] = []
    for who in found:
        part = frame[frame["role"] == ROLE[who]]
        line = alt.Chart(part).mark_line(strokeJoin="round", strokeCap="round", **LINE[ROLE[who]])
        layers.append(line.encode(x=x, y=y, color=COLOR, tooltip=[alt.Tooltip("told:N", title=" ")]))
    ends = _apart([(who, values[-1]) for who, values in found.items()], (high - low + 2 * air) * _GAP / _HEIGHT)
    labels = pd.DataFrame(
        [
            {"role": ROLE[who], "epoch": last, "value": at, "text": f"{WORDS[who]} {found[who][-1]:.1f}"}
            for who, at in ends
        ]
    )
    text = alt.Chart(labels).mark_text(align="left", dx=8, fontSize=13, fontWeight=600)
    layers.append(text.encode(x=x, y=y, text="text:N", color=COLOR))
    return finish(layers, _HEIGHT)


def said(curves: Sequence[Curve]) -> str:
    """The chart for those who do not see it."""
    return "mIoU of M256: " + ", ".join(f"{WORDS[who]} {values[-1]:.1f} %" for who, values in means(curves).items())


def missing(curves: Sequence[Curve]) -> str:
    """Whose lines are not there, as a sentence with a blank before it; nothing where all three are."""
    found = means(curves)
    lacking = [WORDS[who] for who in ROLE if who not in found]
    if not found or not lacking:
        return ""
    return f" There is no line for M256 {' or '.join(lacking)}: none of its runs was at hand."


def _ticks(last: int) -> list[int]:
    return sorted({1, last, *(last * part // 4 for part in (1, 2, 3) if last >= 8)})


def _axis(values: list[int] | None, *, grid: bool = False) -> alt.Axis:
    kept = alt.Undefined if values is None else values
    return alt.Axis(
        title=None, values=kept, tickCount=4, format="d", grid=grid, gridColor=GRID, domain=False, ticks=False,
        labelColor=MUTE, labelFontSize=12, labelPadding=6,
    )  # fmt: skip


def _apart(ends: list[tuple[str, float]], gap: float) -> list[tuple[str, float]]:
    """The labels' heights, pushed upwards until none covers another."""
    placed: list[tuple[str, float]] = []
    for who, value in sorted(ends, key=lambda end: end[1]):
        placed.append((who, max(value, placed[-1][1] + gap) if placed else value))
    return placed
