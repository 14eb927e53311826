"""The live pane of a sweep: how far, the heatmap, one cell's runs, and what can be done with it.

It reads folders and draws; a tick every two seconds while something is active, none afterwards. What a button does goes
through runs.sweeps.
"""

import html
from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.ui import kit, sweep_actions, sweep_cell, sweep_heat, sweep_words, visitor
from unetkd_core.errors import UnetKDError
from unetkd_core.runs import sweep_estimate, sweeps
from unetkd_core.runs.sweep_estimate import Left, Times
from unetkd_core.runs.sweep_folder import Sweep
from unetkd_core.runs.sweep_grid import SweepSpec
from unetkd_core.runs.sweep_results import CellResult, Score, best

TICK = 2.0
"""Seconds between two looks at the folders."""
PAGE = sweep_actions.PAGE
VIEWS: dict[Score, str] = {"gain": "Gain", "miou": "mIoU"}
Results = tuple[CellResult, ...]


def header() -> DeltaGenerator:
    """The page's question; returns the place of its answer, which the pane keeps up to date."""
    st.title("Which α, and how warm?", anchor=False)
    place = st.empty()
    _answer(place, sweep_words.QUESTION_ANSWERED_LATER)
    return place


def _answer(place: DeltaGenerator, said: str) -> None:
    place.html(f'<p class="ukd-answer">{said}</p>')


def show(sweep: Sweep, others: Sequence[Sweep], labels: dict[str, str], place: DeltaGenerator) -> None:
    """Draw the pane. others: every sweep, newest first. labels: reference -> what a teacher is called here. place: of
    the answer.
    """
    was = _going(sweep)
    st.fragment(_pane, run_every=TICK if any(was) else None)(sweep, others, labels, place, was)


def preview(spec: SweepSpec) -> None:
    """The grid of what is chosen, before anything has run."""
    sweep_heat.heat(spec, sweeps.cells_of(spec), "gain", key=kit.key(PAGE, "preview"))


def is_active(sweep: Sweep) -> bool:
    """Whether its driver waits or works."""
    try:
        return sweep.status().active
    except UnetKDError:
        return False


def _going(sweep: Sweep) -> tuple[bool, bool]:
    """Whether its driver works, and whether any of its runs does: they go on without it."""
    try:
        return sweep.status().active, sweeps.is_going(sweep)
    except UnetKDError:
        return False, False


def _pane(
    sweep: Sweep, others: Sequence[Sweep], labels: dict[str, str], place: DeltaGenerator, was: tuple[bool, bool]
) -> None:
    if sweep_actions.leads_elsewhere():
        st.rerun()  # another was chosen, or this one deleted: the whole page follows
    try:
        spec, status, results = sweep.spec, sweep.status(), sweeps.cells(sweep)
    except UnetKDError as error:
        _unreadable(sweep, others, labels, error)
        return
    if _going(sweep) != was:
        st.rerun()  # the whole page: the button and the ticking change too
    _answer(place, sweep_words.answer(spec, results, _what(spec)))
    # On a phone what is watched stands before the form: while it lives, and where a link led to it.
    with st.container(key="live" if status.active or "sweep" in st.query_params else "rested", gap=12):
        sweep_actions.refusal()
        left = _left(spec, results)
        if status.active:
            _progress(sweep, results, left)
        else:
            sweep_actions.trouble(sweep, results, left, going=was[1])
        what = _bar(sweep, others, labels)
        _grid(spec, results, what, labels)
        _chosen(spec, results)
        sweep_actions.actions(sweep, status.active)


def _unreadable(sweep: Sweep, others: Sequence[Sweep], labels: dict[str, str], error: UnetKDError) -> None:
    """Why it cannot be shown; the others can, and it can be forgotten."""
    kit.problem(error, key=kit.key(PAGE, "unreadable"))
    if (sweep.sweep_dir / "sweep.json").exists():  # else it was deleted from another tab while this one looked
        sweep_actions.refusal()
        if len(others) > 1:
            _chooser(sweep, others, labels)
        sweep_actions.forget(sweep)


def _progress(sweep: Sweep, results: Results, left: Left | None) -> None:
    spec, status = sweep.spec, sweep.status()
    with st.container(horizontal=True, vertical_alignment="center", key=kit.key(PAGE, "now")):
        how_long = f"{sweep_words.about(left.seconds)} left" if left else ""
        st.html(
            '<div class="run-now"><i class="run-pulse ukd-student"></i>'
            f"<b>{sweep_words.headline(status, results)}</b><span>{how_long}</span></div>"
        )
        _best_so_far(spec, results)
        mine, stopping = visitor.may(sweep.as_run), (sweep.sweep_dir / "stop").exists()
        if mine:
            st.button(
                "Stopping" if stopping else "Stop",
                key=kit.key(PAGE, "stop"),
                disabled=stopping,
                on_click=sweep_actions.attempt,
                args=(sweeps.stop, sweep.id),
            )
    runs = [run for cell in results for run in cell.runs]
    st.progress(sum(run.student.fraction for run in runs) / len(runs))
    leave = "You can leave: it goes on, and Runs shows each run." if mine else visitor.OTHERS
    st.html(f'<div class="run-under"><span>{sweep_words.now(results)}</span><span>{leave}</span></div>')


def _best_so_far(spec: SweepSpec, results: Results) -> None:
    what = _what(spec)
    top = best(results, what)
    mean = None if top is None else top.summary(what).mean
    if top is None or mean is None:
        return
    mark = "ukd-student" if what == "miou" or round(100 * mean, 1) > 0 else "ukd-lost"
    number = kit.points(mean) if what == "gain" else kit.percent(mean)
    seeds = sweep_words.seeds(top.summary(what).n)
    unit = "points at best, " if what == "gain" else "at best, "
    st.html(
        f'<div class="run-gain"><b class="{mark}">{number}</b> {unit}{kit.term("seeds", seeds)}</div>', width="content"
    )


def _bar(sweep: Sweep, others: Sequence[Sweep], labels: dict[str, str]) -> Score:
    """Which sweep, and what of it."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        if len(others) > 1:
            _chooser(sweep, others, labels)
        else:
            st.html(kit.section_html(html.escape(sweep_words.title(sweep.spec, labels))), width="content")
        if not sweep.spec.twins:
            return "miou"
        return (
            st.segmented_control(
                "What stands in a cell",
                list(VIEWS),
                key=kit.key(PAGE, "what"),
                default="gain",
                required=True,
                format_func=VIEWS.__getitem__,
                label_visibility="collapsed",
                help=kit.definition("gain"),
                width="content",
            )
            or "gain"
        )


def _chooser(sweep: Sweep, others: Sequence[Sweep], labels: dict[str, str]) -> None:
    key = kit.key(PAGE, "which")
    names = {s.id: f"{sweep_words.title(s.spec, labels)}, {sweep_words.started(s)}" for s in others}
    st.session_state[key] = sweep.id

    def choose() -> None:
        st.query_params["sweep"] = st.session_state[key]
        st.query_params.pop("cell", None)
        sweep_actions.leave()

    st.selectbox(
        "Sweep",
        list(names),
        key=key,
        format_func=names.__getitem__,
        on_change=choose,
        label_visibility="collapsed",
        width=440,
    )


def _grid(spec: SweepSpec, results: Results, what: Score, labels: dict[str, str]) -> None:
    def choose(number: int) -> None:
        st.query_params["cell"] = str(number + 1)

    sweep_heat.heat(spec, results, what, key=kit.key(PAGE, "heat"), chosen=_number(results), choose=choose)
    st.html(f'<p class="ukd-note">{sweep_words.honesty(spec, results, what, labels)}</p>')


def _number(results: Results) -> int | None:
    """The chosen cell's number: the one in the address, else none."""
    asked = st.query_params.get("cell", "")
    return int(asked) - 1 if asked.isdecimal() and 1 <= int(asked) <= len(results) else None


def _chosen(spec: SweepSpec, results: Results) -> None:
    number = _number(results)
    if number is None:
        st.html('<p class="ukd-note">Choose a cell to see its runs, seed by seed.</p>')
    else:
        sweep_cell.show(spec, results[number], page=PAGE)


def _what(spec: SweepSpec) -> Score:
    """What the answer speaks of."""
    return "gain" if spec.twins else "miou"


def _left(spec: SweepSpec, results: Results) -> Left | None:
    """What is still to do; None where a teacher or data are gone and nobody can tell."""
    try:
        return sweep_estimate.of_cells(results, _times(spec.model_dump_json()))
    except UnetKDError:
        return None


@st.cache_data(ttl=30, max_entries=8, show_spinner=False)
def _times(spec: str) -> Times:
    return sweep_estimate.times(SweepSpec.model_validate_json(spec))
