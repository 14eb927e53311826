"""Size against accuracy: a mark in its role's shape for each network. Entries in, Altair out."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import altair as alt
import pandas as pd

from pages.ui import kit, trio
from pages.ui.chart_style import COLOR, GRID, INK, MUTE, OUTLINE, PAPER, ROLES, finish
from pages.ui.model_list import Entry
from unetkd_core.zoo.checkpoints import CheckpointInfo

CHOICE: Final = "net"
"""The selection's name: a click brings the chosen mark's reference under it."""
_HEIGHT: Final = 340
_NAMED: Final = 8
"""So many marks have their names beside them; of more only the chosen one, the others say theirs when pointed at."""
_WIDE: Final = 640
"""Pixels that the labels' room is reckoned for."""
_SHAPES: Final = ["square", "circle", "circle", "triangle-up"]
_LINE: Final = 17
"""Pixels between two labels that stand over each other."""
_TICKS: Final = tuple(m * 10.0**k for k in range(4, 9) for m in (1, 2, 5))


def chart(found: Sequence[Entry], on: str, chosen: str | None) -> alt.LayerChart:
    """mIoU in percent over parameters, on a log scale. Entries without mIoU on `on` have no mark."""
    frame = _frame(found, on)
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
        alt.Chart(frame if len(frame) <= _NAMED else frame[frame["ref"] == chosen].assign(at=frame["miou"]))
        .mark_text(align="left", dx=18, fontSize=13, color=INK)
        .encode(x=x, y=_y_of("at", y), text="name:N"),
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


def _frame(found: Sequence[Entry], on: str) -> pd.DataFrame:
    rows = [
        {
            "ref": one.ref, "role": one.role, "name": one.name, "parameters": one.info.parameters, "miou": 100 * score,
            "told": f"{one.name}: {kit.percent(score)}{one.mark(on)} with {kit.count(one.info.parameters)} parameters",
        }
        for one in found
        if (score := one.miou(on)) is not None
    ]  # fmt: skip
    frame = pd.DataFrame(rows)
    frame["at"] = _apart(frame)
    return frame


def _apart(frame: pd.DataFrame) -> list[float]:
    """Heights of the labels in percent, pushed upwards where one would cover another."""
    low, high = _ends(frame["miou"])
    unit = _LINE * (high - low) / _HEIGHT
    across = [math.log(value) for value in frame["parameters"]]
    near = 170 * max(max(across) - min(across), 1.0) / _WIDE  # a label's width on the log axis
    placed: dict[int, float] = {}
    for row in sorted(range(len(frame)), key=lambda place: frame["miou"].iloc[place]):
        at = float(frame["miou"].iloc[row])
        for other in sorted(placed, key=lambda place: placed[place]):
            if abs(across[row] - across[other]) < near and abs(at - placed[other]) < unit:
                at = placed[other] + unit
        placed[row] = at
    return [placed[row] for row in range(len(frame))]


def _pairs(frame: pd.DataFrame, infos: Mapping[str, CheckpointInfo], x: alt.X) -> list[Any]:
    """What teaching brought: a line from each twin to its student, where both are shown."""
    at = frame.set_index("ref")["miou"].to_dict()
    lines = []
    for ref in at:
        if infos[ref].role != "student":
            continue
        twin = trio.companions(list(infos.items()), ref)[1]
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
    ends = [math.exp(low - 0.08 * span), math.exp(high + 0.34 * span)]  # the names stand on the right
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
