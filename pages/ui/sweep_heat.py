"""The heatmap of a sweep: rows α, columns T, a panel for each student, teacher and method. Results in, one click out.

Gains are shades of the student's blue in nine bands from zero; a loss is outlined and said, never coloured. The
component draws and is updated in place; what stands in a cell is decided here.
"""

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any, Final

import streamlit as st

from pages.ui import kit
from unetkd_core.runs import sweep_results
from unetkd_core.runs.sweep_grid import Cell, SweepSpec
from unetkd_core.runs.sweep_reading import BROKEN
from unetkd_core.runs.sweep_results import CellResult, Score
from unetkd_core.settings import PROJECT_ROOT
from unetkd_core.training.presets import METHODS
from unetkd_core.zoo import references

BANDS: Final = 9
LEVELS: Final = tuple(round(2 + 62 * (band / (BANDS - 1)) ** 1.25) for band in range(BANDS))
"""Percent of the student's colour in each band, as on the ensemble's triangle."""
_FULL_GAIN: Final = 0.02
"""A gain of so much at least has the fullest colour."""
WORDS: Final = {"waiting": "", "queued": "next", "running": "", "done": "", "failed": "failed"}
_FOLDER: Final = PROJECT_ROOT / "assets" / "sweeps"
_HEAT = st.components.v2.component(
    "unetkd_heat",
    html='<div class="heat"></div>\n<!-- filled by heat.js -->',
    css=(_FOLDER / "heat.css").read_text(encoding="utf-8"),
    js=(_FOLDER / "heat.js").read_text(encoding="utf-8"),
)
Results = Sequence[CellResult]


def heat(
    spec: SweepSpec,
    results: Results,
    what: Score,
    *,
    key: str,
    chosen: int | None = None,
    choose: Callable[[int], None] | None = None,
) -> None:
    """Draw the grid. chosen: a cell's number. `choose(number)` runs before the next rerun when one is clicked; without
    it nothing can be.
    """

    def on_cell() -> None:
        number = st.session_state[key].cell
        if isinstance(number, int) and choose is not None:
            choose(number)

    data = described(spec, results, what)
    _HEAT(key=key, data={**data, "chosen": chosen, "inert": choose is None}, on_cell_change=on_cell)


def described(spec: SweepSpec, results: Results, what: Score) -> dict[str, Any]:
    """Everything that is drawn, as JSON."""
    scores = [s for cell in results if (s := cell.summary(what).mean) is not None]
    low, high = _range(scores, what)
    best = sweep_results.best(results, what)
    top = None if best is None else best.cell.number
    panels = groupby(results, key=lambda r: (r.cell.student, references.label(r.cell.teacher), r.cell.method))
    show = kit.points if what == "gain" else kit.percent
    done, failed, runs = sweep_results.runs_done(results)
    return {
        "label": "Gain over the untaught twin, in points" if what == "gain" else "mIoU in percent",
        **_axes(spec.alpha, spec.temperature),
        "panels": [
            {
                **_heading(spec, *who),
                **_axes(spec.axis("alpha", who[-1]), spec.axis("temperature", who[-1])),
                "cells": [_cell(r, what, low, high, top) for r in group],
            }
            for who, group in panels
        ],
        "levels": LEVELS,
        "low": ("0" if what == "gain" else show(low)) if high > low else "",
        "high": show(high) if high > low else "",
        "losses": what == "gain" and any(score < 0 for score in scores),
        "told": f"{done} of {runs} students done" + (f", {failed} not" if failed else ""),
    }


def where(cell: Cell) -> str:
    """ "α 0.1, T 4"."""
    return f"α {cell.alpha:g}, T {cell.temperature:g}"


def who(spec: SweepSpec, cell: Cell) -> str:
    """What tells a cell's panel from the others: "M256", "M128, reversed"; nothing where there is one panel."""
    heading = _heading(spec, cell.student, references.label(cell.teacher), cell.method)
    return ", ".join(_lower(part) for part in heading.values() if part)


def _lower(text: str) -> str:
    """ "Soft labels" within a sentence; M128 stays."""
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def spread(summary: sweep_results.Summary) -> str:
    """ "± 0.6"; nothing from one seed."""
    return "" if summary.spread is None else f"±\u00a0{100 * summary.spread:.1f}"


def _heading(spec: SweepSpec, student: str, teacher: str, method: str) -> dict[str, str]:
    """A panel's title: only what differs between panels."""
    parts = [
        student if len(spec.student) > 1 else "",
        f"from {teacher}" if len(spec.teacher) > 1 else "",
        METHODS[method].label if len(spec.method) > 1 else "",
    ]
    told = [part for part in parts if part]
    return {"name": told[0] if told else "", "detail": ", ".join(told[1:])}


def _axes(alphas: Sequence[float], temperatures: Sequence[float]) -> dict[str, Any]:
    """What stands beside the rows and over the columns."""
    return {
        "rows": _axis("α", alphas, lambda a: "trust the teacher" if a <= 0.2 else "trust the labels" * (a >= 0.8)),
        "columns": _axis("T", temperatures, lambda t: "sure answers" if t <= 1 else "softer answers" * (t >= 8)),
    }


def _axis(sign: str, values: Sequence[float], means: Callable[[float], str]) -> list[dict[str, str]]:
    """Its values; the first and the last say what they mean, where they mean much."""
    ends = (values[0], values[-1])
    return [{"sign": sign, "value": f"{v:g}", "note": means(v) if v in ends else ""} for v in values]


def _range(scores: Sequence[float], what: Score) -> tuple[float, float]:
    if not scores:
        return 0.0, 0.0
    if what == "gain":
        return 0.0, max(_FULL_GAIN, *scores)  # half a point of one seed must not look like a triumph
    return min(scores), max(scores)


def _cell(result: CellResult, what: Score, low: float, high: float, top: int | None) -> dict[str, Any]:
    summary, state = result.summary(what), result.state
    value = result.so_far(what)
    final = summary.mean is not None
    loss = final and what == "gain" and summary.mean is not None and round(100 * summary.mean, 1) < 0
    level = None
    if summary.mean is not None and not loss and high > low:
        level = LEVELS[min(BANDS - 1, int(BANDS * (summary.mean - low) / (high - low)))]
    best = result.cell.number == top
    broken = state in BROKEN
    note = spread(summary) if final else WORDS.get(state, state)
    return {
        "number": result.cell.number,
        "state": "done" if final else state,
        "text": "" if value is None else _number(value, what),
        "note": state if broken else "a loss" if loss and not note else note,
        "tag": "best" if best else "",
        "level": level,
        "loss": bool(loss),
        "best": best,
        "failed": broken,
        "progress": result.fraction if state == "running" else None,
        "label": _spoken(result, what, best),
    }


def _number(value: float, what: Score) -> str:
    return kit.points(value) if what == "gain" else kit.percent(value).removesuffix(" %")


def _spoken(result: CellResult, what: Score, best: bool) -> str:
    summary, value = result.summary(what), result.so_far(what)
    unit = " points" if what == "gain" else " percent"
    if value is None:
        told = {"waiting": "not started", "running": "training, no epoch yet", "queued": "waits for its turn"}
        said = told.get(result.state, result.state)
    else:
        said = _number(value, what) + unit + ("" if summary.mean is not None else " so far")
        said += f" {spread(summary)}, {summary.n} seeds" if summary.spread is not None else ""
    return f"{where(result.cell)}: {said}" + (", the best" if best else "")
