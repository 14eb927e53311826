"""The charts of a run: mIoU, losses, and the gain per class. Numbers in, Altair out; knows no run folder and no widget.

Roles take the theme's four category colours by their order (no range is given), so one spec serves light and dark.
Everything else is one of assets/app.css's colours: Streamlit draws charts of few points as SVG, which takes CSS.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import altair as alt
import pandas as pd

from pages.ui import kit
from unetkd_core.classes import CLASSES

ROLES: Final = ["teacher", "student", "twin", "ensemble"]
INK, MUTE, FAINT, GRID = "var(--ink)", "var(--mute)", "var(--faint)", "var(--grid)"
PAPER, PAPER_2, PAPER_3, RING = "var(--paper)", "var(--paper-2)", "var(--paper-3)", "var(--swatch-ring)"

_COLOR: Final = alt.Color("role:N", scale=alt.Scale(domain=ROLES), legend=None)
_LINE: Final[dict[str, dict[str, Any]]] = {
    "teacher": {"strokeDash": [2, 4], "strokeWidth": 2.6},
    "student": {"strokeDash": [1, 0], "strokeWidth": 3},
    "twin": {"strokeDash": [6, 5], "strokeWidth": 2},
    "ensemble": {"strokeDash": [12, 5, 1, 5], "strokeWidth": 2.4},
}
_PLACE: Final = alt.Y("place:O", axis=None, scale=alt.Scale(paddingInner=0, paddingOuter=0))
_TIP: Final = [alt.Tooltip("tip:N", title=" ")]
_HEIGHT: Final = 142
_AXIS: Final = 28
"""Pixels that the epochs under the plot and the padding take of a chart's height."""
_ROW: Final = 25
_LABEL_GAP: Final = 16
_LABEL_SHARE: Final = 0.34
"""Share of the plot's width that a label beside a line's end needs, at the narrowest."""

Curve = Sequence[tuple[int, float]]
"""(epoch, value) in order."""


def miou_chart(curves: Mapping[str, Curve], *, epochs: int, teacher: float | None = None) -> alt.LayerChart:
    """mIoU in percent after every epoch. curves: role -> (epoch, fraction); teacher: its fraction, drawn as a constant."""
    rows = _frame([(role, e, 100 * v) for role, curve in curves.items() for e, v in curve if not math.isnan(v)])
    values = [*rows["value"], *([] if teacher is None else [100 * teacher])]
    low, high, ticks = _percent_axis(values) if len(rows) else (0.0, 100.0, [0.0, 50.0, 100.0])
    now, right = _extent(rows, epochs)
    x = _x_axis(epochs, right)
    y = alt.Y("value:Q", scale=alt.Scale(domain=[low, high], nice=False), axis=_axis(ticks))
    layers = _not_yet(now, epochs, right, x, y, low)
    early = {role for role, curve in curves.items() if curve and curve[-1][0] < now - 0.12 * right}
    labels = [(role, 100 * curve[-1][1], f"{_name(role, curves)} {100 * curve[-1][1]:.1f}") for role, curve in curves.items() if curve]
    if teacher is not None:
        constant = pd.DataFrame({"role": "teacher", "epoch": [1, right], "value": 100 * teacher})
        layers.append(alt.Chart(constant).mark_line(strokeDash=[1, 4], strokeWidth=1.5).encode(x=x, y=y, color=_COLOR))
    for role in reversed([r for r in ROLES if r in curves]):
        line = alt.Chart(rows[rows["role"] == role]).mark_line(strokeJoin="round", strokeCap="round", **_LINE[role])
        layers.append(line.encode(x=x, y=y, color=_COLOR, tooltip=[alt.Tooltip("label:N", title=" ")]))
    layers += _line_ends(rows, x, y)
    nudged = _nudge([label for label in labels if label[0] not in early], low, high, above=None if teacher is None else 100 * teacher)
    layers += _labels(nudged, now, x)
    # A line that ended long before the other keeps its label at its own end, above the point.
    for label in (label for label in labels if label[0] in early):
        layers += _labels(_nudge([(label[0], label[1] + 0.1 * (high - low), label[2])], low, high), curves[label[0]][-1][0], x)
    if teacher is not None:
        text = pd.DataFrame({"role": ["teacher"], "value": [100 * teacher], "text": [f"■ teacher {100 * teacher:.1f}"]})
        layers.append(alt.Chart(text).mark_text(align="right", dy=-9, fontSize=13, fontWeight=600).encode(
            x=alt.value("width"), y=y, text="text:N", color=_COLOR))
    return _finish(layers, _HEIGHT + _AXIS)


def loss_chart(terms: Mapping[str, Curve], *, epochs: int) -> alt.LayerChart:
    """The weighted loss terms on a log scale. terms: "total", "hard", "soft" -> (epoch, loss per pixel); total = hard + soft."""
    rows = _frame([(term, e, v) for term, curve in terms.items() for e, v in curve if v > 0 and math.isfinite(v)])
    low, high, ticks = _log_axis(list(rows["value"]))
    now, right = _extent(rows, epochs)
    x = _x_axis(epochs, right)
    y = alt.Y("value:Q", scale=alt.Scale(type="log", domain=[low, high], nice=False), axis=_axis(ticks, format="~g"))
    layers = _not_yet(now, epochs, right, x, y, low)
    tip = [alt.Tooltip("label:N", title=" ")]
    for term, style in (("soft", {"strokeWidth": 2.2}), ("hard", {"strokeWidth": 1.6, "strokeDash": [2, 4]}), ("total", {"strokeWidth": 2.4})):
        part = rows[rows["role"] == term].assign(label=lambda d: [_tip(t, e, f"{v:.3g}") for t, e, v in zip(d["role"], d["epoch"], d["value"], strict=True)])
        if part.empty:
            continue
        chart = alt.Chart(part.assign(role="teacher") if term == "soft" else part)
        color = {"color": _COLOR} if term == "soft" else {"color": alt.value(INK)}
        layers.append(chart.mark_line(strokeJoin="round", strokeCap="round", **style).encode(x=x, y=y, tooltip=tip, **color))
        if len(part) == 1:
            layers.append(chart.mark_point(size=28, filled=True, opacity=1).encode(x=x, y=y, **color))
    ends = [(term, math.log(curve[-1][1]), f"{term} {curve[-1][1]:.2g}") for term, curve in terms.items() if curve and curve[-1][1] > 0]
    layers += _labels(_nudge(ends, math.log(low), math.log(high)), now, x, soft="soft")
    return _finish(layers, _HEIGHT + _AXIS)


def gain_bars(gains: Sequence[tuple[int, float, float]]) -> alt.LayerChart:
    """IoU per class, the twin's share and what teaching added. gains: (class, twin's IoU, student's IoU), fractions, in order."""
    rows = pd.DataFrame([
        {**_class_row(place, c), "twin": 100 * t, "student": 100 * s, "edge": 100 * max(t, s), "value": f"{100 * s:.1f}", "gain": kit.points(s - t),
         "lost": s < t, "tip": f"{CLASSES[c].name}: {kit.percent(s)} taught, {kit.percent(t)} untaught"}
        for place, (c, t, s) in enumerate(gains)])  # fmt: skip
    won, lost = rows[~rows["lost"]].assign(role="student"), rows[rows["lost"]].assign(role="student")
    outline = alt.Stroke("role:N", scale=alt.Scale(domain=ROLES), legend=None)
    layers = [
        *_class_names(rows),
        alt.Chart(rows).mark_bar(size=10, color=PAPER_3).encode(x=_iou_axis("twin"), x2=alt.X2(datum=0), y=_PLACE, tooltip=_TIP),
        alt.Chart(won).mark_bar(size=10).encode(x=_iou_axis("twin"), x2="student:Q", y=_PLACE, color=_COLOR, tooltip=_TIP),
        # A loss is outlined, so that it is never taken for a gain.
        alt.Chart(lost).mark_bar(size=9, fill=PAPER, strokeWidth=1.5).encode(x=_iou_axis("twin"), x2="student:Q", y=_PLACE, stroke=outline,
                                                                           tooltip=_TIP),
        alt.Chart(rows.assign(role="twin")).mark_point(size=70, fill=PAPER, strokeWidth=2, opacity=1).encode(
            x=_iou_axis("twin"), y=_PLACE, stroke=outline, tooltip=_TIP),
        alt.Chart(rows).mark_text(align="left", dx=9, fontSize=13, color=MUTE).encode(x=_iou_axis("edge"), y=_PLACE, text="value:N"),
        alt.Chart(rows).mark_text(align="right", fontSize=14.5, fontWeight=600, color=INK).encode(x=alt.value("width"), y=_PLACE, text="gain:N"),
    ]
    return _finish(layers, _ROW * len(rows))


def class_bars(iou: Sequence[float], role: str) -> alt.LayerChart:
    """IoU per class of one network, best first. iou: six fractions, NaN where a class is absent."""
    there = sorted(((c, v) for c, v in enumerate(iou) if not math.isnan(v)), key=lambda item: -item[1])
    rows = pd.DataFrame([{**_class_row(place, c), "iou": 100 * v, "role": role, "value": f"{100 * v:.1f}", "tip": f"{CLASSES[c].name}: {kit.percent(v)}"}
                         for place, (c, v) in enumerate(there)])  # fmt: skip
    layers = [
        *_class_names(rows),
        alt.Chart(rows).mark_bar(size=10).encode(x=_iou_axis("iou"), x2=alt.X2(datum=0), y=_PLACE, color=_COLOR, tooltip=_TIP),
        alt.Chart(rows).mark_text(align="left", dx=6, fontSize=13, color=MUTE).encode(x=_iou_axis("iou"), y=_PLACE, text="value:N"),
    ]
    return _finish(layers, _ROW * len(rows))


def _class_row(place: int, index: int) -> dict[str, Any]:
    return {"place": place, "class": CLASSES[index].name, "fill": "rgb({},{},{})".format(*CLASSES[index].color)}


def _iou_axis(field: str) -> alt.X:
    """0 to 100 % between the classes' names at the left and the gains at the right, whatever the chart's width."""
    return alt.X(f"{field}:Q", axis=None, scale=alt.Scale(domain=[0, 100], range=[124, {"expr": "width - 62"}]))


def _class_names(rows: pd.DataFrame) -> list[Any]:
    lines = pd.DataFrame({"at": [0, 50, 100], "shade": [FAINT, GRID, GRID]})
    return [
        alt.Chart(lines).mark_rule().encode(x=_iou_axis("at"), color=alt.Color("shade:N", scale=None)),
        alt.Chart(rows).mark_bar(orient="horizontal", height=12, cornerRadius=3, strokeWidth=1, stroke=RING).encode(
            x=alt.value(0.5), x2=alt.value(12.5), y=_PLACE, fill=alt.Fill("fill:N", scale=None)),
        alt.Chart(rows).mark_text(align="left", fontSize=14, color=INK).encode(x=alt.value(20), y=_PLACE, text="class:N"),
    ]


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
    ticks = sorted({1, *range(step, epochs + 1, step), epochs} - ({epochs // step * step} if 0 < epochs % step < step / 2 else set()))
    return alt.X("epoch:Q", scale=alt.Scale(domain=[1, right], nice=False),
                 axis=alt.Axis(title=None, values=ticks, format="d", grid=False, domain=False, ticks=False, labelColor=MUTE, labelFontSize=12.5,
                               labelPadding=8, labelOverlap=True, labelFlush=False))


def _axis(values: list[float], format: str = "d") -> alt.Axis:
    return alt.Axis(title=None, values=values, format=format, grid=True, gridColor=GRID, domain=False, ticks=False, labelColor=MUTE,
                    labelFontSize=12.5, labelPadding=7)


def _percent_axis(values: list[float]) -> tuple[float, float, list[float]]:
    low, high = (min(values), max(values)) if values else (0.0, 100.0)
    span = max(high - low, 8.0)
    low, high = max(0.0, low - 0.12 * span), min(100.0, high + 0.14 * span)
    step = next(s for s in (5, 10, 20, 25, 50) if (high - low) / s <= 4)
    return low, high, [float(v) for v in range(0, 101, step) if low <= v <= high]


def _log_axis(values: list[float]) -> tuple[float, float, list[float]]:
    low, high = (min(values), max(values)) if values else (0.01, 1.0)
    low, high = low / 1.5, high * 1.4
    decades = [10.0**k for k in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]
    ticks = [d for d in decades if low <= d <= high]
    if len(ticks) < 2:
        ticks = [m * d for d in decades for m in (1, 2, 5) if low <= m * d <= high]
    return low, high, ticks


def _not_yet(now: float, epochs: int, right: float, x: alt.X, y: alt.Y, low: float) -> list[Any]:
    """The part of the chart where the run is not yet, and a line at now. An unseen point holds both axes while there is nothing to draw."""
    if now >= epochs > 1:
        return []
    area = alt.Chart(pd.DataFrame({"epoch": [now], "to": [right]}))
    full = {"y": alt.value(0), "y2": alt.value("height")}
    corner = alt.Chart(pd.DataFrame({"epoch": [1], "value": [low]})).mark_point(opacity=0, tooltip=None).encode(x=x, y=y)
    return [corner, area.mark_rect(color=PAPER_2, opacity=1).encode(x=x, x2="to:Q", **full), area.mark_rule(color=FAINT).encode(x=x, **full)]


def _line_ends(rows: pd.DataFrame, x: alt.X, y: alt.Y) -> list[Any]:
    last = rows.loc[rows.groupby("role")["epoch"].idxmax()] if len(rows) else rows
    solid, hollow = last[last["role"] != "twin"], last[last["role"] == "twin"]
    return [
        alt.Chart(hollow).mark_point(size=64, fill=PAPER, strokeWidth=2, opacity=1).encode(x=x, y=y, stroke=alt.Stroke(
            "role:N", scale=alt.Scale(domain=ROLES), legend=None)),
        alt.Chart(solid).mark_point(size=78, filled=True, opacity=1).encode(x=x, y=y, color=_COLOR),
    ]


def _nudge(labels: list[tuple[str, float, str]], low: float, high: float, above: float | None = None) -> list[tuple[str, float, str]]:
    """Labels (series, value, text) with a pixel position instead of the value: in order, at least 16 px apart, inside the plot.

    `above`: a value whose own label stands just above its line; the others keep clear of it.
    """
    def pixel(value: float) -> float:
        return _HEIGHT * (high - value) / (high - low)

    placed: list[tuple[str, float, str]] = []
    taken = -math.inf if above is None else pixel(above) - 9
    for series, value, text in sorted(labels, key=lambda item: -item[1]):
        at = pixel(value)
        blocked = taken if placed or (above is not None and at > taken - _LABEL_GAP) else -math.inf
        at = max(at, blocked + _LABEL_GAP)
        placed.append((series, at, text))
        taken = at
    overflow = max((at for _, at, _ in placed), default=0) - (_HEIGHT - 4)
    return [(s, at - overflow, t) for s, at, t in placed] if overflow > 0 else placed


def _labels(placed: list[tuple[str, float, str]], now: float, x: alt.X, soft: str | None = None) -> list[Any]:
    """Direct labels beside the lines' ends. Loss terms are ink but for `soft`, which the teacher says."""
    layers = []
    for series, at, text in placed:
        color: Any = _COLOR if soft is None or series == soft else alt.value(INK)
        data = pd.DataFrame({"role": ["teacher" if series == soft else series], "epoch": [now], "text": [text]})
        layers.append(alt.Chart(data).mark_text(align="left", dx=11, fontSize=13, fontWeight=600).encode(
            x=x, y=alt.value(at), text="text:N", color=color))
    return layers


def _finish(layers: list[Any], height: int) -> alt.LayerChart:
    return alt.layer(*layers).properties(height=height, padding={"left": 2, "right": 2, "top": 4, "bottom": 0}).configure_view(stroke=None)
