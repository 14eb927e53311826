"""What a run's curves stand on: epochs, percent or decades, the part that is not yet, labels at the lines' ends."""

import math
from collections.abc import Collection
from typing import Any, Final

import altair as alt
import pandas as pd

from pages.ui.chart_style import COLOR, FAINT, GRID, INK, MUTE, PAPER_2

HEIGHT: Final = 142
LABEL_GAP: Final = 16
LABEL_SHARE: Final = 0.34
"""Share of the plot's width that a label beside a line's end needs, at the narrowest."""


def extent(rows: pd.DataFrame, epochs: int) -> tuple[float, float]:
    """(last epoch drawn, right end of the axis): the axis reaches past the last epoch where labels need the room."""
    now = float(rows["epoch"].max()) if len(rows) else 1.0
    needed = 1 + (now - 1) / (1 - LABEL_SHARE)
    return now, max(float(epochs), needed, 2.0)


def x_axis(epochs: int, right: float) -> alt.X:
    step = next((s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2500) if epochs / s <= 5), 5000)
    ticks = sorted(
        {1, *range(step, epochs + 1, step), epochs}
        - ({epochs // step * step} if 0 < epochs % step < step / 2 else set())
    )
    return alt.X(
        "epoch:Q",
        scale=alt.Scale(domain=[1, right], nice=False),
        axis=alt.Axis(
            title=None,
            values=ticks,
            format="d",
            grid=False,
            domain=False,
            ticks=False,
            labelColor=MUTE,
            labelFontSize=12.5,
            labelPadding=8,
            labelOverlap=True,
            labelFlush=False,
        ),
    )


def y_axis(values: list[float], format: str = "d") -> alt.Axis:
    return alt.Axis(
        title=None,
        values=values,
        format=format,
        grid=True,
        gridColor=GRID,
        domain=False,
        ticks=False,
        labelColor=MUTE,
        labelFontSize=12.5,
        labelPadding=7,
    )


def log_axis(values: list[float]) -> tuple[float, float, list[float]]:
    low, high = (min(values), max(values)) if values else (0.01, 1.0)
    low, high = low / 1.5, high * 1.4
    decades = [10.0**k for k in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]
    ticks = [d for d in decades if low <= d <= high]
    if len(ticks) < 2:
        ticks = [m * d for d in decades for m in (1, 2, 5) if low <= m * d <= high]
    return low, high, ticks


def not_yet(now: float, epochs: int, right: float, x: alt.X, y: alt.Y, low: float) -> list[Any]:
    """The part where the run is not yet, and a line at now. An unseen point holds the axes while nothing is drawn."""
    if now >= epochs > 1:
        return []
    area = alt.Chart(pd.DataFrame({"epoch": [now], "to": [right]}))
    full = {"y": alt.value(0), "y2": alt.value("height")}
    corner = (
        alt.Chart(pd.DataFrame({"epoch": [1], "value": [low]})).mark_point(opacity=0, tooltip=None).encode(x=x, y=y)
    )
    return [
        corner,
        area.mark_rect(color=PAPER_2, opacity=1).encode(x=x, x2="to:Q", **full),
        area.mark_rule(color=FAINT).encode(x=x, **full),
    ]


def nudge(
    labels: list[tuple[str, float, str]], low: float, high: float, above: float | None = None
) -> list[tuple[str, float, str]]:
    """Labels (series, value, text) with a pixel in place of the value: in order, 16 px apart, inside the plot.

    `above`: a value whose own label stands just above its line; higher ones keep clear of it upwards, lower ones down.
    """

    def pixel(value: float) -> float:
        return HEIGHT * (high - value) / (high - low)

    fixed = math.inf if above is None else pixel(above) - 9
    higher = sorted((item for item in labels if above is not None and item[1] > above), key=lambda item: item[1])
    lower = sorted((item for item in labels if above is None or item[1] <= above), key=lambda item: -item[1])
    placed, limit = [], fixed - LABEL_GAP
    for series, value, text in higher:
        at = max(6.0, min(pixel(value), limit))
        placed.append((series, at, text))
        limit = at - LABEL_GAP
    limit = -math.inf if above is None else fixed + LABEL_GAP
    stacked = []
    for series, value, text in lower:
        at = max(pixel(value), limit)
        stacked.append((series, at, text))
        limit = at + LABEL_GAP
    overflow = max(0.0, max((at for _, at, _ in stacked), default=0.0) - (HEIGHT - 4))
    return placed + [(series, at - overflow, text) for series, at, text in stacked]


def end_labels(
    placed: list[tuple[str, float, str]], now: float, x: alt.X, taught: Collection[str] | None = None
) -> list[Any]:
    """Direct labels beside the lines' ends. Loss terms are ink but for those `taught`, which the teacher says."""
    layers = []
    for series, at, text in placed:
        color: Any = COLOR if taught is None or series in taught else alt.value(INK)
        role = "teacher" if taught is not None and series in taught else series
        data = pd.DataFrame({"role": [role], "epoch": [now], "text": [text]})
        layers.append(
            alt.Chart(data)
            .mark_text(align="left", dx=11, fontSize=13, fontWeight=600)
            .encode(x=x, y=alt.value(at), text="text:N", color=color)
        )
    return layers
