"""Size against accuracy: a mark in its role's shape for each network. Entries in, Altair out."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import altair as alt
import pandas as pd

from pages.ui import kit
from pages.ui.chart_style import COLOR, GRID, INK, MUTE, OUTLINE, PAPER, ROLES, finish
from pages.ui.label_places import GAP, Mark, Place, places
from pages.ui.model_list import Entry
from unetkd_core.zoo import relatives
from unetkd_core.zoo.checkpoints import CheckpointInfo

CHOICE: Final = "net"
"""The selection's name: a click brings the chosen mark's reference under it."""
_HEIGHT: Final = 340
_WIDE: Final = 590
"""Pixels that the names' room is reckoned for."""
_NARROW: Final = 570
"""In fewer pixels the chosen mark alone is named, as names would run into each other; whoever has no name beside it
says it when pointed at."""
_SHAPES: Final = ["square", "circle", "circle", "triangle-up"]
_TICKS: Final = tuple(m * 10.0**k for k in range(4, 9) for m in (1, 2, 5))


def chart(found: Sequence[Entry], on: str, chosen: str | None) -> alt.LayerChart:
    """mIoU in percent over parameters, on a log scale. Entries without mIoU on `on` have no mark."""
    frame = _frame(found, on, chosen)
    x = alt.X("parameters:Q", scale=_across(frame["parameters"]), axis=_axis(_ticks(frame["parameters"]), "~s"))
    y = alt.Y("miou:Q", scale=_up(frame["miou"]), axis=_axis(None, "d", grid=True))
    tip = [alt.Tooltip("told:N", title=" ")]
    clicked = alt.selection_point(name=CHOICE, fields=["ref"], on="click", clear=False)
    shape = alt.Shape("role:N", scale=alt.Scale(domain=ROLES, range=_SHAPES), legend=None)
    marks = alt.Chart(frame).encode(x=x, y=y, shape=shape, tooltip=tip)
    ring = {"size": 520, "stroke": INK, "strokeWidth": 1.6, "opacity": 1}
    hollow = {"size": 110, "fill": PAPER, "strokeWidth": 2.2, "opacity": 1}
    layers: list[Any] = [
        *_pairs(frame, {one.ref: one.info for one in found}, x),
        alt.Chart(frame[frame["ref"] == chosen]).mark_point(**ring).encode(x=x, y=y),
        marks.transform_filter("datum.role != 'twin'").mark_point(size=120, filled=True, opacity=1).encode(color=COLOR),
        marks.transform_filter("datum.role == 'twin'").mark_point(**hollow).encode(stroke=OUTLINE),
        *_names(frame[frame["ref"] != chosen], x, y, alt.expr(f"width < {_NARROW} ? 0 : 1")),
        *_names(frame[frame["ref"] == chosen], x, y, 1),
        marks.mark_point(size=900, filled=True, opacity=0).add_params(clicked),
    ]
    return finish(layers, _HEIGHT)


def said(found: Sequence[Entry], on: str) -> str:
    """The picture for those who do not see it."""
    told = [
        f"{one.name}, {kit.count(one.info.parameters)} parameters, {kit.percent(one.miou(on))}{one.mark(on)}"
        for one in found
        if one.miou(on)
    ]
    return f"mIoU on {on} against parameters: {'; '.join(told)}."


def _frame(found: Sequence[Entry], on: str, chosen: str | None) -> pd.DataFrame:
    rows = [
        {
            "ref": one.ref, "role": one.role, "name": one.name, "parameters": one.info.parameters, "miou": 100 * score,
            "told": f"{one.name}: {kit.percent(score)}{one.mark(on)} with {kit.count(one.info.parameters)} parameters",
        }
        for one in found
        if (score := one.miou(on)) is not None
    ]  # fmt: skip
    rows.sort(key=lambda row: (row["ref"] != chosen, -float(row["miou"])))  # who comes first has the best place
    return pd.DataFrame(rows).assign(**_places(pd.DataFrame(rows)))


def _places(frame: pd.DataFrame) -> dict[str, list[Any]]:
    """Columns: where each name stands, its height in the unit of the axis; side "" where there is no room for it."""
    (low, high), across = _ends(frame["miou"]), [math.log(end) for end in _across(frame["parameters"]).domain]
    unit = (high - low) / _HEIGHT
    marks = [
        Mark(_WIDE * (math.log(size) - across[0]) / (across[1] - across[0]), (high - miou) / unit, name)
        for size, miou, name in zip(frame["parameters"], frame["miou"], frame["name"], strict=True)
    ]
    found = places(marks, _WIDE, _HEIGHT)
    if found[:1] == [None]:
        found[0] = Place("right", marks[0].y)
    return {
        "side": ["" if place is None else place.side for place in found],
        "at": [high if place is None else high - unit * place.y for place in found],
    }


def _names(frame: pd.DataFrame, x: alt.X, y: alt.Y, opacity: Any) -> list[Any]:
    """Names on the right of their marks, and those on the left."""
    return [
        alt.Chart(there)
        .mark_text(align=align, dx=dx, fontSize=13, color=INK, opacity=opacity)
        .encode(x=x, y=_y_of("at", y), text="name:N")
        for side, align, dx in (("right", "left", GAP), ("left", "right", -GAP))
        if len(there := frame[frame["side"] == side])
    ]


def _pairs(frame: pd.DataFrame, infos: Mapping[str, CheckpointInfo], x: alt.X) -> list[Any]:
    """What teaching brought: a line from each twin to its student, where both are shown."""
    at = frame.set_index("ref")["miou"].to_dict()
    lines = []
    for ref in at:
        if infos[ref].role != "student":
            continue
        twin = relatives.twin_of(list(infos.items()), ref)
        if twin in at:
            lines.append({"parameters": infos[ref].parameters, "low": at[twin], "high": at[ref], "role": "student"})
    if not lines:
        return []
    return [
        alt.Chart(pd.DataFrame(lines))
        .mark_rule(strokeWidth=3)
        .encode(x=x, y=alt.Y("low:Q", title=None), y2="high:Q", color=COLOR)
    ]


def _y_of(field: str, y: alt.Y) -> alt.Y:
    made = y.copy(deep=True)
    made.shorthand = f"{field}:Q"
    return made


def _across(values: "pd.Series[int]") -> alt.Scale:
    low, high = math.log(values.min()), math.log(values.max())
    span = max(high - low, 1.0)
    ends = [math.exp(low - 0.08 * span), math.exp(high + 0.2 * span)]
    return alt.Scale(type="log", domain=ends, nice=False)


def _ticks(values: "pd.Series[int]") -> list[float]:
    low, high = values.min(), values.max()
    return [tick for tick in _TICKS if 0.7 * low <= tick <= 1.6 * high]


def _up(values: "pd.Series[float]") -> alt.Scale:
    return alt.Scale(domain=list(_ends(values)), nice=False, zero=False)


def _ends(values: "pd.Series[float]") -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    air = 0.12 * max(high - low, 4.0)
    return max(0.0, low - air), min(100.0, high + 1.5 * air)


def _axis(values: list[float] | None, form: str, *, grid: bool = False) -> alt.Axis:
    return alt.Axis(
        title=None, values=alt.Undefined if values is None else values, tickCount=5, format=form, grid=grid,
        gridColor=GRID, domain=False, ticks=False, labelColor=MUTE, labelFontSize=12, labelPadding=6,
    )  # fmt: skip
