"""The curves of a run: mIoU and losses after every epoch. Numbers in, Altair out; knows no run folder and no widget."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import altair as alt
import pandas as pd

from pages.ui.chart_style import COLOR, FAINT, GRID, INK, LINE, MUTE, PAPER, PAPER_2, ROLES, finish

_HEIGHT: Final = 142
_AXIS: Final = 28
"""Pixels that the epochs under the plot and the padding take of a chart's height."""
_LABEL_GAP: Final = 16
_LABEL_SHARE: Final = 0.34
"""Share of the plot's width that a label beside a line's end needs, at the narrowest."""

Curve = Sequence[tuple[int, float]]
"""(epoch, value) in order."""


def miou_chart(curves: Mapping[str, Curve], *, epochs: int, teacher: float | None = None) -> alt.LayerChart:
    """mIoU in percent after every epoch. curves: role -> (epoch, fraction); teacher: its fraction, a constant line."""
    rows = _frame([(role, e, 100 * v) for role, curve in curves.items() for e, v in curve if not math.isnan(v)])
    values = [*rows["value"], *([] if teacher is None else [100 * teacher])]
    low, high, ticks = (
        _percent_axis(values, _room_above(curves, teacher)) if len(rows) else (0.0, 100.0, [0.0, 50.0, 100.0])
    )
    now, right = _extent(rows, epochs)
    x = _x_axis(epochs, right)
    y = alt.Y("value:Q", scale=alt.Scale(domain=[low, high], nice=False), axis=_axis(ticks))
    layers = _not_yet(now, epochs, right, x, y, low)
    early = {role for role, curve in curves.items() if curve and now - curve[-1][0] > max(1.5, 0.15 * right)}
    labels = [
        (role, 100 * curve[-1][1], f"{_name(role, curves)} {100 * curve[-1][1]:.1f}")
        for role, curve in curves.items()
        if curve
    ]
    if teacher is not None:
        constant = pd.DataFrame({"role": "teacher", "epoch": [1, right], "value": 100 * teacher})
        layers.append(alt.Chart(constant).mark_line(strokeDash=[1, 4], strokeWidth=1.5).encode(x=x, y=y, color=COLOR))
    for role in reversed([r for r in ROLES if r in curves]):
        line = alt.Chart(rows[rows["role"] == role]).mark_line(strokeJoin="round", strokeCap="round", **LINE[role])
        layers.append(line.encode(x=x, y=y, color=COLOR, tooltip=[alt.Tooltip("label:N", title=" ")]))
    layers += _line_ends(rows, x, y)
    nudged = _nudge(
        [label for label in labels if label[0] not in early],
        low,
        high,
        above=None if teacher is None else 100 * teacher,
    )
    layers += _labels(nudged, now, x)
    # A line that ended long before the other keeps its label at its own end, above the point.
    for label in (label for label in labels if label[0] in early):
        layers += _labels(
            _nudge([(label[0], label[1] + 0.1 * (high - low), label[2])], low, high), curves[label[0]][-1][0], x
        )
    if teacher is not None:
        text = pd.DataFrame({"role": ["teacher"], "value": [100 * teacher], "text": [f"■ teacher {100 * teacher:.1f}"]})
        layers.append(
            alt.Chart(text)
            .mark_text(align="right", dy=-9, fontSize=13, fontWeight=600)
            .encode(x=alt.value("width"), y=y, text="text:N", color=COLOR)
        )
    return finish(layers, _HEIGHT + _AXIS)


def loss_chart(terms: Mapping[str, Curve], *, epochs: int) -> alt.LayerChart:
    """Weighted loss terms, log scale. terms: "total", "hard", "soft" -> (epoch, loss per pixel); total = both."""
    rows = _frame([(term, e, v) for term, curve in terms.items() for e, v in curve if v > 0 and math.isfinite(v)])
    low, high, ticks = _log_axis(list(rows["value"]))
    now, right = _extent(rows, epochs)
    x = _x_axis(epochs, right)
    y = alt.Y("value:Q", scale=alt.Scale(type="log", domain=[low, high], nice=False), axis=_axis(ticks, format="~g"))
    layers = _not_yet(now, epochs, right, x, y, low)
    tip = [alt.Tooltip("label:N", title=" ")]
    for term, style in (
        ("soft", {"strokeWidth": 2.2}),
        ("hard", {"strokeWidth": 1.6, "strokeDash": [2, 4]}),
        ("total", {"strokeWidth": 2.4}),
    ):
        part = rows[rows["role"] == term].assign(
            label=lambda d: [_tip(t, e, f"{v:.3g}") for t, e, v in zip(d["role"], d["epoch"], d["value"], strict=True)]
        )
        if part.empty:
            continue
        chart = alt.Chart(part.assign(role="teacher") if term == "soft" else part)
        color = {"color": COLOR} if term == "soft" else {"color": alt.value(INK)}
        layers.append(
            chart.mark_line(strokeJoin="round", strokeCap="round", **style).encode(x=x, y=y, tooltip=tip, **color)
        )
        if len(part) == 1:
            layers.append(chart.mark_point(size=28, filled=True, opacity=1).encode(x=x, y=y, **color))
    ends = [
        (term, math.log(curve[-1][1]), f"{term} {curve[-1][1]:.2g}")
        for term, curve in terms.items()
        if curve and curve[-1][1] > 0
    ]
    layers += _labels(_nudge(ends, math.log(low), math.log(high)), now, x, soft="soft")
    return finish(layers, _HEIGHT + _AXIS)


def _name(role: str, curves: Mapping[str, Curve]) -> str:
    """A network trained alone is nobody's teacher yet."""
    return "network" if role == "teacher" and len(curves) == 1 else role


def _frame(rows: list[tuple[str, int, float]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["role", "epoch", "value"])
    frame["label"] = [_tip(role, e, f"{v:.1f} %") for role, e, v in rows]
    return frame


def _tip(name: str, epoch: int, value: str) -> str:
    return f"{name}, epoch {epoch}: {value}"


def _extent(rows: pd.DataFrame, epochs: int) -> tuple[float, float]:
    """(last epoch drawn, right end of the axis): the axis reaches past the last epoch where labels need the room."""
    now = float(rows["epoch"].max()) if len(rows) else 1.0
    needed = 1 + (now - 1) / (1 - _LABEL_SHARE)
    return now, max(float(epochs), needed, 2.0)


def _x_axis(epochs: int, right: float) -> alt.X:
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


def _axis(values: list[float], format: str = "d") -> alt.Axis:
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


def _percent_axis(values: list[float], room: tuple[float, float]) -> tuple[float, float, list[float]]:
    """(low, high, ticks) in percent. room: a value, and the share of the plot that must be left above it."""
    low, high = min(values), max(values)
    span = max(high - low, 8.0)
    low, high = max(0.0, low - 0.12 * span), min(100.0, high + 0.14 * span)
    value, share = room
    high = max(high, low + (value - low) / (1 - share))
    step = next(s for s in (5, 10, 20, 25, 50) if (high - low) / s <= 4)
    return low, high, [float(v) for v in range(0, 101, step) if low <= v <= high]


def _room_above(curves: Mapping[str, Curve], teacher: float | None) -> tuple[float, float]:
    """(teacher's percent, share of the plot above it): room for its own label and those of all that are better."""
    better = sum(bool(curve) and curve[-1][1] > teacher for curve in curves.values()) if teacher is not None else 0
    return (100 * (teacher or 0), (9 + _LABEL_GAP * better + 10) / _HEIGHT if better else 0.0)


def _log_axis(values: list[float]) -> tuple[float, float, list[float]]:
    low, high = (min(values), max(values)) if values else (0.01, 1.0)
    low, high = low / 1.5, high * 1.4
    decades = [10.0**k for k in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]
    ticks = [d for d in decades if low <= d <= high]
    if len(ticks) < 2:
        ticks = [m * d for d in decades for m in (1, 2, 5) if low <= m * d <= high]
    return low, high, ticks


def _not_yet(now: float, epochs: int, right: float, x: alt.X, y: alt.Y, low: float) -> list[Any]:
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


def _line_ends(rows: pd.DataFrame, x: alt.X, y: alt.Y) -> list[Any]:
    last = rows.loc[rows.groupby("role")["epoch"].idxmax()] if len(rows) else rows
    solid, hollow = last[last["role"] != "twin"], last[last["role"] == "twin"]
    return [
        alt.Chart(hollow)
        .mark_point(size=64, fill=PAPER, strokeWidth=2, opacity=1)
        .encode(x=x, y=y, stroke=alt.Stroke("role:N", scale=alt.Scale(domain=ROLES), legend=None)),
        alt.Chart(solid).mark_point(size=78, filled=True, opacity=1).encode(x=x, y=y, color=COLOR),
    ]


def _nudge(
    labels: list[tuple[str, float, str]], low: float, high: float, above: float | None = None
) -> list[tuple[str, float, str]]:
    """Labels (series, value, text) with a pixel in place of the value: in order, 16 px apart, inside the plot.

    `above`: a value whose own label stands just above its line; higher ones keep clear of it upwards, lower ones down.
    """

    def pixel(value: float) -> float:
        return _HEIGHT * (high - value) / (high - low)

    fixed = math.inf if above is None else pixel(above) - 9
    higher = sorted((item for item in labels if above is not None and item[1] > above), key=lambda item: item[1])
    lower = sorted((item for item in labels if above is None or item[1] <= above), key=lambda item: -item[1])
    placed, limit = [], fixed - _LABEL_GAP
    for series, value, text in higher:
        at = max(6.0, min(pixel(value), limit))
        placed.append((series, at, text))
        limit = at - _LABEL_GAP
    limit = -math.inf if above is None else fixed + _LABEL_GAP
    stacked = []
    for series, value, text in lower:
        at = max(pixel(value), limit)
        stacked.append((series, at, text))
        limit = at + _LABEL_GAP
    overflow = max(0.0, max((at for _, at, _ in stacked), default=0.0) - (_HEIGHT - 4))
    return placed + [(series, at - overflow, text) for series, at, text in stacked]


def _labels(placed: list[tuple[str, float, str]], now: float, x: alt.X, soft: str | None = None) -> list[Any]:
    """Direct labels beside the lines' ends. Loss terms are ink but for `soft`, which the teacher says."""
    layers = []
    for series, at, text in placed:
        color: Any = COLOR if soft is None or series == soft else alt.value(INK)
        data = pd.DataFrame({"role": ["teacher" if series == soft else series], "epoch": [now], "text": [text]})
        layers.append(
            alt.Chart(data)
            .mark_text(align="left", dx=11, fontSize=13, fontWeight=600)
            .encode(x=x, y=alt.value(at), text="text:N", color=color)
        )
    return layers
