"""Classes as rows of plain HTML: IoU of each network on one line, and the share of pixels that each class has.

Knows how numbers become marks on a line; computes none of them. `draw_toggles` puts rows on the page whose names hide
and show their class in the pictures beside them, without a word to the server.
"""

import html
import math
from collections.abc import Mapping, Sequence

import streamlit as st

from pages.ui import kit
from unetkd_core.classes import CLASSES, NUM_CLASSES
from unetkd_core.settings import PROJECT_ROOT

ORDER = (*range(1, NUM_CLASSES), 0)
"""Table I's order with background last."""
_TOGGLES = st.components.v2.component(
    "unetkd_class_toggles",
    html='<div class="ukc-rows"></div>\n<!-- filled by class_toggles.js -->',
    js=(PROJECT_ROOT / "assets" / "class_toggles.js").read_text(encoding="utf-8"),
    isolate_styles=False,  # the rows are those of tables.css
)


def draw_toggles(rows: str, *, key: str) -> None:
    """Rows of `iou_rows(..., toggles=True)`, bound to the viewer on the same page."""
    _TOGGLES(key=key, data={"rows": rows})


def iou_rows(
    iou: Mapping[str, Sequence[float]],
    *,
    roles: Mapping[str, str] | None = None,
    unit: str = "IoU, percent",
    toggles: bool = False,
) -> str:
    """HTML: one line a class with each network's marker at its IoU, and the student's gain on its twin as a bar.

    iou: name -> six fractions, NaN where a class is in neither the picture nor the answer. roles: name -> role; without
    it the names are roles. The bar is from the first twin to the first student. `toggles`: names are buttons.
    """
    roles = roles or {name: name for name in iou}
    values = [100 * v for six in iou.values() for v in six if not math.isnan(v)]
    low = min(60, 20 * math.floor(min(values, default=0) / 20))
    rows = "".join(
        _iou_row(index, {name: six[index] for name, six in iou.items()}, roles, low, toggles) for index in ORDER
    )
    ticks = "".join(f'<i style="left:{_place(t, low):.2f}%">{t}</i>' for t in range(low, 101, 20))
    return _chart("ukc", rows, unit, ticks)


def _chart(kind: str, rows: str, unit: str, ticks: str) -> str:
    axis = f'<span>{html.escape(unit)}</span><span class="ukc-line">{ticks}</span><b></b>'
    return f'<div class="{kind}" role="list">{rows}<div class="ukc-axis" aria-hidden="true">{axis}</div></div>'


def _iou_row(index: int, iou: Mapping[str, float], roles: Mapping[str, str], low: int, toggles: bool) -> str:
    there = {name: 100 * value for name, value in iou.items() if not math.isnan(value)}
    words = ", ".join(f"{name} {value:.1f}" for name, value in there.items())
    told = html.escape(f"{CLASSES[index].name}: {words}" if there else f"{CLASSES[index].name}: not in this picture")
    marks = "".join(
        f'<i class="ukc-at ukc-{roles[name]} ukd-{roles[name]}" style="left:{_place(value, low):.2f}%"></i>'
        for name, value in sorted(there.items(), key=lambda item: roles[item[0]] == "student")
    )
    student, twin = _first(there, roles, "student"), _first(there, roles, "twin")
    if student is not None and twin is not None:
        marks = _gain(twin, student, low) + marks
    grid = "".join(f'<i class="ukc-grid" style="left:{_place(t, low):.2f}%"></i>' for t in range(low, 101, 20))
    inner = grid + (marks or "<em>not in this picture</em>")
    name = f'{kit.swatch_html(index)}<span class="ukc-name">{CLASSES[index].name}</span>'
    if toggles:
        name = f'<button type="button" class="ukc-tog" data-class="{index}" aria-pressed="true">{name}</button>'
    return (
        f'<div class="ukc-row" role="listitem" aria-label="{told}" title="{told}">{name}'
        f'<span class="ukc-line">{inner}</span></div>'
    )


def _first(values: Mapping[str, float], roles: Mapping[str, str], role: str) -> float | None:
    return next((value for name, value in values.items() if roles[name] == role), None)


def _gain(twin: float, student: float, low: int) -> str:
    left, right = sorted((_place(twin, low), _place(student, low)))
    # A loss is outlined, not filled: it must not read as a gain.
    kind = "ukc-gain" if student >= twin else "ukc-loss"
    return f'<i class="{kind} ukd-student" style="left:{left:.2f}%;width:{right - left:.2f}%"></i>'


def _place(value: float, low: int) -> float:
    return 100 * (value - low) / (100 - low)


def share_rows(shares: Sequence[float], *, log: bool, average: Sequence[float] | None = None) -> str:
    """HTML: a row a class with its share of all labelled pixels (fractions that sum to 1), and a tick at `average`.

    A bar on a line to 100 %; in powers of ten a mark, since a bar would have no zero to start from.
    """
    rows = "".join(
        _share_row(index, float(shares[index]), None if average is None else float(average[index]), log)
        for index in ORDER
    )
    ticks = "".join(f'<i style="left:{_share_place(t, log):.2f}%">{label}</i>' for t, label in _ticks(log))
    return _chart("ukc ukc-shares", rows, "of all pixels", ticks)


def _ticks(log: bool) -> list[tuple[float, str]]:
    if log:
        return [(0.001, "0.1 %"), (0.01, "1 %"), (0.1, "10 %"), (1.0, "100 %")]
    return [(0.0, "0 %"), (0.25, "25 %"), (0.5, "50 %"), (0.75, "75 %"), (1.0, "100 %")]


def _share_place(share: float, log: bool) -> float:
    if not log:
        return 100 * share
    return 100 * (math.log10(max(share, 1e-4)) + 4) / 4


def _share_row(index: int, share: float, average: float | None, log: bool) -> str:
    shown = share_text(share)
    r, g, b = CLASSES[index].color
    grid = "".join(f'<i class="ukc-grid" style="left:{_share_place(t, log):.2f}%"></i>' for t, _ in _ticks(log))
    kind, side = ("ukc-dot", "left") if log else ("ukc-bar", "width")
    bar = (
        f'<i class="{kind}" style="{side}:{_share_place(share, log):.2f}%;background:rgb({r},{g},{b})"></i>'
        if share > 0
        else ""
    )
    told = f"{CLASSES[index].name}: {shown} of the pixels"
    if average is not None:
        told += f"; on average {share_text(average)}"
        bar += f'<i class="ukc-mean" style="left:{_share_place(average, log):.2f}%"></i>'
    return (
        f'<div class="ukc-row" role="listitem" aria-label="{told}" title="{told}">{kit.swatch_html(index)}'
        f'<span class="ukc-name">{CLASSES[index].name}</span><span class="ukc-line">{grid}{bar}</span>'
        f"<b>{shown}</b></div>"
    )


def share_text(share: float) -> str:
    """A share in percent; two digits where it is small, because small ones are what this is about."""
    if share <= 0:
        return "none"
    return f"{100 * share:.1f} %" if share >= 0.01 else f"{100 * share:.2f} %"
