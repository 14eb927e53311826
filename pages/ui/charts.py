"""The curves of a run: mIoU and losses after every epoch. Numbers in, Altair out; knows no run folder and no widget."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import altair as alt
import pandas as pd

from pages.ui.chart_axes import HEIGHT, LABEL_GAP, end_labels, extent, log_axis, not_yet, nudge, x_axis, y_axis
from pages.ui.chart_style import COLOR, INK, LINE, PAPER, ROLES, finish

_AXIS: Final = 28
"""Pixels that the epochs under the plot and the padding take of a chart's height."""

Curve = Sequence[tuple[int, float]]
"""(epoch, value) in order."""


def miou_chart(curves: Mapping[str, Curve], *, epochs: int, teacher: float | None = None) -> alt.LayerChart:
    """mIoU in percent after every epoch. curves: role -> (epoch, fraction); teacher: its fraction, a constant line."""
    rows = _frame([(role, e, 100 * v) for role, curve in curves.items() for e, v in curve if not math.isnan(v)])
    values = [*rows["value"], *([] if teacher is None else [100 * teacher])]
    low, high, ticks = (
        _percent_axis(values, _room_above(curves, teacher)) if len(rows) else (0.0, 100.0, [0.0, 50.0, 100.0])
    )
    now, right = extent(rows, epochs)
    x = x_axis(epochs, right)
    y = alt.Y("value:Q", scale=alt.Scale(domain=[low, high], nice=False), axis=y_axis(ticks))
    layers = not_yet(now, epochs, right, x, y, low)
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
    nudged = nudge(
        [label for label in labels if label[0] not in early],
        low,
        high,
        above=None if teacher is None else 100 * teacher,
    )
    layers += end_labels(nudged, now, x)
    # A line that ended long before the other keeps its label at its own end, above the point.
    for label in (label for label in labels if label[0] in early):
        layers += end_labels(
            nudge([(label[0], label[1] + 0.1 * (high - low), label[2])], low, high), curves[label[0]][-1][0], x
        )
    if teacher is not None:
        text = pd.DataFrame({"role": ["teacher"], "value": [100 * teacher], "text": [f"■ teacher {100 * teacher:.1f}"]})
        layers.append(
            alt.Chart(text)
            .mark_text(align="right", dy=-9, fontSize=13, fontWeight=600)
            .encode(x=alt.value("width"), y=y, text="text:N", color=COLOR)
        )
    return finish(layers, HEIGHT + _AXIS)


def loss_chart(terms: Mapping[str, Curve], *, epochs: int) -> alt.LayerChart:
    """Weighted loss terms, log scale. terms: "total", "hard", "soft" and what else is distilled, by the name that its
    line is to bear -> (epoch, loss per pixel). All but total and hard come from the teacher.
    """
    rows = _frame([(term, e, v) for term, curve in terms.items() for e, v in curve if v > 0 and math.isfinite(v)])
    low, high, ticks = log_axis(list(rows["value"]))
    now, right = extent(rows, epochs)
    x = x_axis(epochs, right)
    y = alt.Y("value:Q", scale=alt.Scale(type="log", domain=[low, high], nice=False), axis=y_axis(ticks, format="~g"))
    layers = not_yet(now, epochs, right, x, y, low)
    for term, style in _loss_lines(terms):
        layers += _loss_line(rows[rows["role"] == term], style, x, y, taught=term not in _INK_LINES)
    ends = [
        (term, math.log(curve[-1][1]), f"{term} {curve[-1][1]:.2g}")
        for term, curve in terms.items()
        if curve and curve[-1][1] > 0
    ]
    taught = {term for term in terms if term not in _INK_LINES}
    layers += end_labels(nudge(ends, math.log(low), math.log(high)), now, x, taught=taught)
    return finish(layers, HEIGHT + _AXIS)


_INK_LINES: Final[dict[str, dict[str, Any]]] = {
    "hard": {"strokeWidth": 1.6, "strokeDash": [2, 4]},
    "total": {"strokeWidth": 2.4},
}
_DASHES: Final = ([7, 3], [1, 4], [7, 3, 1, 3], [3, 3])
"""Of the terms beside the soft one, in their order."""


def _loss_lines(terms: Mapping[str, Curve]) -> list[tuple[str, dict[str, Any]]]:
    """(term, how its line is drawn), the last on top."""
    more = [term for term in terms if term not in _INK_LINES and term != "soft"]
    dashed = [(t, {"strokeWidth": 2.2, "strokeDash": _DASHES[i % len(_DASHES)]}) for i, t in enumerate(more)]
    return [*dashed, ("soft", {"strokeWidth": 2.2}), *_INK_LINES.items()]


def _loss_line(part: pd.DataFrame, style: dict[str, Any], x: alt.X, y: alt.Y, *, taught: bool) -> list[Any]:
    """One term's line; a single epoch is a point. taught: it comes from the teacher, and has its colour."""
    if part.empty:
        return []
    said = zip(part["role"], part["epoch"], part["value"], strict=True)
    part = part.assign(label=[_tip(term, epoch, f"{value:.3g}") for term, epoch, value in said])
    chart = alt.Chart(part.assign(role="teacher") if taught else part)
    color: dict[str, Any] = {"color": COLOR if taught else alt.value(INK)}
    tip = [alt.Tooltip("label:N", title=" ")]
    line = chart.mark_line(strokeJoin="round", strokeCap="round", **style).encode(x=x, y=y, tooltip=tip, **color)
    if len(part) > 1:
        return [line]
    return [line, chart.mark_point(size=28, filled=True, opacity=1).encode(x=x, y=y, **color)]


def _name(role: str, curves: Mapping[str, Curve]) -> str:
    """A network trained alone is nobody's teacher yet."""
    return "network" if role == "teacher" and len(curves) == 1 else role


def _frame(rows: list[tuple[str, int, float]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["role", "epoch", "value"])
    frame["label"] = [_tip(role, e, f"{v:.1f} %") for role, e, v in rows]
    return frame


def _tip(name: str, epoch: int, value: str) -> str:
    return f"{name}, epoch {epoch}: {value}"


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
    return (100 * (teacher or 0), (9 + LABEL_GAP * better + 10) / HEIGHT if better else 0.0)


def _line_ends(rows: pd.DataFrame, x: alt.X, y: alt.Y) -> list[Any]:
    last = rows.loc[rows.groupby("role")["epoch"].idxmax()] if len(rows) else rows
    solid, hollow = last[last["role"] != "twin"], last[last["role"] == "twin"]
    return [
        alt.Chart(hollow)
        .mark_point(size=64, fill=PAPER, strokeWidth=2, opacity=1)
        .encode(x=x, y=y, stroke=alt.Stroke("role:N", scale=alt.Scale(domain=ROLES), legend=None)),
        alt.Chart(solid).mark_point(size=78, filled=True, opacity=1).encode(x=x, y=y, color=COLOR),
    ]
