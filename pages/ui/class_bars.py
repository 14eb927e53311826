"""Classes as bars: what teaching added to each, or what one network reaches. Numbers in, Altair out."""

import math
from collections.abc import Sequence
from typing import Any, Final

import altair as alt
import pandas as pd

from pages.ui import kit
from pages.ui.chart_style import COLOR, FAINT, GRID, INK, MUTE, OUTLINE, PAPER, PAPER_3, RING, finish
from unetkd_core.classes import CLASSES

_PLACE: Final = alt.Y("place:O", axis=None, scale=alt.Scale(paddingInner=0, paddingOuter=0))
_TIP: Final = [alt.Tooltip("tip:N", title=" ")]
_ROW: Final = 25


def gain_bars(gains: Sequence[tuple[int, float, float]]) -> alt.LayerChart:
    """IoU per class: the twin's, and what teaching added. gains: (class, twin's IoU, student's IoU) as fractions."""
    rows = pd.DataFrame(
        [
            {
                **_class_row(place, c),
                "twin": 100 * t,
                "student": 100 * s,
                "edge": 100 * max(t, s),
                "value": f"{100 * s:.1f}",
                "gain": kit.points(s - t),
                "lost": s < t,
                "tip": f"{CLASSES[c].name}: {kit.percent(s)} taught, {kit.percent(t)} untaught",
            }
            for place, (c, t, s) in enumerate(gains)
        ]
    )
    won, lost = rows[~rows["lost"]].assign(role="student"), rows[rows["lost"]].assign(role="student")
    layers = [
        *_class_names(rows),
        alt.Chart(rows)
        .mark_bar(size=10, color=PAPER_3)
        .encode(x=_iou_axis("twin"), x2=alt.X2(datum=0), y=_PLACE, tooltip=_TIP),
        alt.Chart(won)
        .mark_bar(size=10)
        .encode(x=_iou_axis("twin"), x2="student:Q", y=_PLACE, color=COLOR, tooltip=_TIP),
        # A loss is outlined, so that it is never taken for a gain.
        alt.Chart(lost)
        .mark_bar(size=9, fill=PAPER, strokeWidth=1.5)
        .encode(x=_iou_axis("twin"), x2="student:Q", y=_PLACE, stroke=OUTLINE, tooltip=_TIP),
        alt.Chart(rows.assign(role="twin"))
        .mark_point(size=70, fill=PAPER, strokeWidth=2, opacity=1)
        .encode(x=_iou_axis("twin"), y=_PLACE, stroke=OUTLINE, tooltip=_TIP),
        alt.Chart(rows)
        .mark_text(align="left", dx=9, fontSize=13, color=MUTE)
        .encode(x=_iou_axis("edge"), y=_PLACE, text="value:N"),
        alt.Chart(rows)
        .mark_text(align="right", fontSize=14.5, fontWeight=600, color=INK)
        .encode(x=alt.value("width"), y=_PLACE, text="gain:N"),
    ]
    return finish(layers, _ROW * len(rows))


def class_bars(iou: Sequence[float], role: str) -> alt.LayerChart:
    """IoU per class of one network, best first. iou: six fractions, NaN where a class is absent."""
    there = sorted(((c, v) for c, v in enumerate(iou) if not math.isnan(v)), key=lambda item: -item[1])
    rows = pd.DataFrame(
        [
            {
                **_class_row(place, c),
                "iou": 100 * v,
                "role": role,
                "value": f"{100 * v:.1f}",
                "tip": f"{CLASSES[c].name}: {kit.percent(v)}",
            }
            for place, (c, v) in enumerate(there)
        ]
    )
    layers = [
        *_class_names(rows),
        alt.Chart(rows)
        .mark_bar(size=10)
        .encode(x=_iou_axis("iou"), x2=alt.X2(datum=0), y=_PLACE, color=COLOR, tooltip=_TIP),
        alt.Chart(rows)
        .mark_text(align="left", dx=6, fontSize=13, color=MUTE)
        .encode(x=_iou_axis("iou"), y=_PLACE, text="value:N"),
    ]
    return finish(layers, _ROW * len(rows))


def _class_row(place: int, index: int) -> dict[str, Any]:
    return {"place": place, "class": CLASSES[index].name, "fill": "rgb({},{},{})".format(*CLASSES[index].color)}


def _iou_axis(field: str) -> alt.X:
    """0 to 100 % between the classes' names at the left and the gains at the right, whatever the chart's width."""
    return alt.X(f"{field}:Q", axis=None, scale=alt.Scale(domain=[0, 100], range=[124, {"expr": "width - 62"}]))


def _class_names(rows: pd.DataFrame) -> list[Any]:
    lines = pd.DataFrame({"at": [0, 50, 100], "shade": [FAINT, GRID, GRID]})
    return [
        alt.Chart(lines).mark_rule().encode(x=_iou_axis("at"), color=alt.Color("shade:N", scale=None)),
        alt.Chart(rows)
        .mark_bar(orient="horizontal", height=12, cornerRadius=3, strokeWidth=1, stroke=RING)
        .encode(x=alt.value(0.5), x2=alt.value(12.5), y=_PLACE, fill=alt.Fill("fill:N", scale=None)),
        alt.Chart(rows)
        .mark_text(align="left", fontSize=14, color=INK)
        .encode(x=alt.value(20), y=_PLACE, text="class:N"),
    ]
