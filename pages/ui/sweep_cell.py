"""One cell of a sweep, below the grid: its runs seed by seed against their twins, and the curves of one of them."""

import html
from typing import Any

import streamlit as st

from pages.ui import charts, kit, sweep_heat, sweep_words
from pages.ui.discreet import discreet
from unetkd_core.runs.sweep_grid import SweepSpec
from unetkd_core.runs.sweep_results import CellResult, CellRun
from unetkd_core.training.presets import METHODS

RUNS = "pages/lab/runs.py"


def show(spec: SweepSpec, result: CellResult, *, page: str) -> None:
    """Draw it."""
    cell = result.cell
    who = sweep_heat.who(spec, cell)
    kit.section(
        f"What happened at {html.escape(sweep_heat.where(cell))}?",
        html.escape(", ".join(filter(None, [who, "" if len(spec.method) > 1 else METHODS[cell.method].label]))),
    )
    shown = _which(result, page)
    left, right = st.columns([1, 1], gap="medium")
    with left:
        st.html(_table(result))
        started = [run for run in result.runs if run.student.run_id]
        with st.container(horizontal=True, gap="small"):
            for run in started:
                label = "Its epochs and settings" if len(result.runs) == 1 else f"Seed {run.seed}"
                query = {"run": str(run.student.run_id)}
                st.page_link(RUNS, label=label, icon=":material/timeline:", query_params=query)
    with right:
        _curves(shown)


def _which(result: CellResult, page: str) -> CellRun:
    """Whose curves: chosen where there are several seeds with a run."""
    started = [run for run in result.runs if run.student.run_id]
    if len(started) < 2:
        return started[0] if started else result.runs[0]
    seed = st.segmented_control(
        "Curves of",
        [run.seed for run in started],
        default=started[0].seed,
        required=True,
        format_func=lambda seed: f"Seed {seed}",
        key=kit.key(page, f"seed_{result.cell.number}"),
        label_visibility="collapsed",
    )
    return next((run for run in started if run.seed == seed), started[0])


def _table(result: CellResult) -> str:
    rows = "".join(_row(run) for run in result.runs)
    why = "".join(
        f'<p class="swp-why">Seed {run.seed}: {html.escape(discreet(run.student.problem))}</p>'
        for run in result.runs
        if run.student.problem
    )
    head = (
        '<th scope="col">Seed</th><th scope="col">State</th>'
        f'<th scope="col">{kit.marker_html("student")} Taught</th><th scope="col">{kit.marker_html("twin")} Twin</th>'
        '<th scope="col">Gain</th>'
    )
    return f'<table class="swp-seeds"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{why}'


def _row(run: CellRun) -> str:
    student = run.student
    state = sweep_words.state_of(student.state, student.epoch, student.epochs)
    gain = run.gain
    mark = "" if gain is None or round(100 * gain, 1) <= 0 else ' class="ukd-student"'
    return (
        f'<tr><th scope="row">{run.seed}</th><td>{state}</td><td>{kit.percent(run.miou)}</td>'
        f"<td>{kit.percent(run.twin.curve.best())}</td><td><b{mark}>{kit.points(gain)}</b></td></tr>"
    )


def _curves(run: CellRun) -> None:
    if run.student.run_id is None:
        st.html('<p class="ukd-note">It has not been started yet; its curves will be here.</p>')
        return
    lines = {"student": run.student.curve.mious, "twin": run.twin.curve.mious if run.twins else ()}
    curves = {role: [(n, m) for n, m in enumerate(mious, 1) if m is not None] for role, mious in lines.items()}
    st.html(f'<p class="ukd-note">{kit.term("mIoU")} on unseen streets, percent, after every epoch</p>')
    last = [f"{role} {kit.percent(curve[-1][1])} after epoch {curve[-1][0]}" for role, curve in curves.items() if curve]
    st.vega_lite_chart(
        _spec({role: curve for role, curve in curves.items() if curve}, run.planned.config.optim.epochs),
        width="stretch",
        alt="mIoU: " + (", ".join(last) or "no epoch yet"),
    )


@st.cache_data(max_entries=64, show_spinner=False)
def _spec(curves: dict[str, list[tuple[int, float]]], epochs: int) -> dict[str, Any]:
    return charts.miou_chart(curves, epochs=epochs, teacher=None).to_dict()
