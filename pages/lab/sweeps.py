"""Sweeps: choose a grid of α and T, see what it costs, start it, and watch where the teaching pays."""

import time

import streamlit as st

from pages.ui import caches, kit, run_words, sweep_form, sweep_view, sweep_words, trio, visitor
from unetkd_core import settings
from unetkd_core.errors import DataError, UnetKDError
from unetkd_core.runs import estimate, sweep_estimate, sweeps
from unetkd_core.runs.sweep_folder import Sweep
from unetkd_core.runs.sweep_grid import SweepSpec
from unetkd_core.settings import PROJECT_ROOT
from unetkd_core.zoo import references

PAGE = sweep_form.PAGE
DISTILL = "pages/lab/distill.py"
TWICE_SECONDS = 3.0  # a second click within so long is the same wish, not another sweep


def watched(found: list[Sweep]) -> Sweep | None:
    """The sweep to show: the one in the address, else what is active, else the newest."""
    asked = st.query_params.get("sweep")
    if asked and asked in [sweep.id for sweep in found]:
        return next(sweep for sweep in found if sweep.id == asked)
    active = (sweep for sweep in found if sweep_view.is_active(sweep))
    return next(active, found[0] if found else None)


def start(spec: SweepSpec) -> None:
    """Launch and watch. What refuses is told in place; the form keeps everything."""
    last = st.session_state.get(kit.key(PAGE, "launched"), (None, 0.0))
    if last[0] == spec and time.monotonic() - last[1] < TWICE_SECONDS:
        return
    try:
        sweep = sweeps.start(spec, by=visitor.owner())
    except UnetKDError as error:
        kit.problem(error, key=kit.key(PAGE, "start"))
        return
    st.session_state[kit.key(PAGE, "launched")] = (spec, time.monotonic())
    st.query_params["sweep"] = sweep.id
    st.query_params.pop("cell", None)
    st.rerun()


def launcher(spec: SweepSpec) -> str:
    """What it costs, and the button; returns the button's words."""
    try:
        left = sweep_estimate.of_spec(spec)
    except UnetKDError as error:
        kit.problem(error, key=kit.key(PAGE, "cost"))
        return ""
    todo, price = sweep_words.to_do(left), kit.duration(run_words.rough(left.seconds))
    there = f"{sweep_words.count(left.done, 'student')} of this grid are done already. " if left.done else ""
    st.html(
        f'<div class="run-cost"><span>Expected here</span><b>{price if todo else "at once"}</b></div>'
        f'<p class="ukd-note">{there}One {kit.term("untaught twin")} serves every cell of a seed.</p>'
    )
    # Unbroken within its two halves: what, and how long.
    label = ", ".join(part.replace(" ", "\u00a0") for part in (f"Start {todo}", f"about {price}"))
    label = label if todo else "Show the grid: all of it is done"
    if st.button(label, key=kit.key(PAGE, "start"), type="primary", width="stretch"):
        start(spec)
    if cells := settings.max_cells():
        visitor.note(f"A shared server: one sweep of yours at a time, of at most {cells} students.")
    visitor.note_unkept()
    return label


def form(known: trio.Known) -> tuple[SweepSpec | None, str]:
    """Draw the form; returns the grid that it describes, and the button's words."""
    try:
        found = caches.trainable()
    except DataError as error:
        kit.problem(error, key=kit.key(PAGE, "data"))
        return None, ""
    if not sweep_form.teachers(known):
        with kit.problem("There is no teacher yet", "Train one from the labels; it can teach a grid.", key="nobody"):
            st.page_link(DISTILL, label="Train a teacher", icon=":material/school:")
        return None, ""
    sweep_form.settle(known, found)
    sweep_form.draw(known, found)
    try:
        spec = sweep_form.spec(known, found)
    except UnetKDError as error:
        kit.problem(error, key=kit.key(PAGE, "config"))
        st.button("Start", key=kit.key(PAGE, "start"), type="primary", width="stretch", disabled=True)
        sweep_form.draw_more()
        return None, ""
    label = launcher(spec)
    sweep_form.draw_more()
    return spec, label


def nothing_yet(spec: SweepSpec | None, label: str) -> None:
    """Empty: what this page will show, the button that makes it so, and the grid that it would fill."""
    with kit.empty_state(
        "No sweeps yet",
        "Every cell of this grid will be a student, taught with its own α and T. Beside each stands the same untaught "
        "twin, so that a cell says what the teaching alone was worth.",
        key=PAGE,
    ):
        if spec is not None and label and st.button(label, key=kit.key(PAGE, "first")):
            start(spec)
    if spec is not None:
        sweep_view.preview(spec)


estimate.measure_in_background()
for sheet in ("lab.css", "sweeps.css"):
    st.html(PROJECT_ROOT / "assets" / sheet)
everything = sweeps.list_sweeps()
shown = watched(everything)
answer = sweep_view.header()
left, right = st.columns([296, 788], gap=36)
known = references.available()
with left, st.container(border=True, key=kit.key(PAGE, "form"), gap=12):
    spec, label = form(known)
with right:
    asked = st.query_params.get("sweep")
    if asked and (shown is None or shown.id != asked):
        kit.problem(f"There is no sweep {asked} here any more", "This is another one.", key=kit.key(PAGE, "gone"))
    if shown is None:
        nothing_yet(spec, label)
    else:
        sweep_view.show(shown, everything, {ref: info.title for ref, info in known}, answer)
