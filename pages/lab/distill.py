"""Distill: choose who learns from whom and where, see what it costs, start it, and watch student and twin part."""

import time

import streamlit as st

from pages.ui import caches, kit, run_charts, run_choices, run_form, run_form_state, run_view, run_words, visitor
from unetkd_core.errors import DataError, UnetKDError
from unetkd_core.runs import estimate, jobs, limits, teacher_price
from unetkd_core.runs.folder import Run, list_runs, open_run
from unetkd_core.settings import PROJECT_ROOT
from unetkd_core.training.config import RunConfig
from unetkd_core.zoo import references

PAGE = run_form_state.PAGE
TWICE_SECONDS = 3.0  # a second click within so long is the same wish, not another run


def active_runs(runs: list[Run]) -> list[str]:
    """Ids of those that wait or train now, newest first."""
    found = []
    for run in runs:
        try:
            if run.status().active:
                found.append(run.id)
        except UnetKDError:
            continue
    return found


def cost(config: RunConfig, twin: bool) -> str:
    """Draw what it will take here; returns it in words for the button, or nothing while unknown."""
    try:
        expected, teacher = estimate.estimate(config, twin=twin), estimate.teacher_cost(config)
    except UnetKDError as error:
        st.html(f'<div class="run-cost"><span>Expected here</span><b>{kit.MISSING}</b></div>')
        kit.note(str(error))
        return ""
    time_here = kit.duration(run_words.rough(expected.seconds))
    st.html(
        f'<div class="run-cost"><span>Expected here</span><b>{time_here}</b></div>'
        f'<p class="ukd-note">{expected.basis}</p>'
        + (f'<p class="ukd-note run-teacher">{teacher_price.sentence(teacher)}</p>' if teacher is not None else "")
    )
    return f", about {time_here}"


def start(config: RunConfig, twin: bool) -> None:
    """Launch and watch. What refuses is told in place; the form keeps everything."""
    last = st.session_state.get(kit.key(PAGE, "launched"), (None, 0.0))
    if last[0] == config and time.monotonic() - last[1] < TWICE_SECONDS:
        return
    try:
        runs = jobs.start(config, twin=twin, by=visitor.owner())
    except UnetKDError as error:
        kit.problem(error, key=kit.key(PAGE, "start"))
        return
    st.session_state[kit.key(PAGE, "launched")] = (config, time.monotonic())
    st.query_params["run"] = runs[0].id
    st.rerun()


def form() -> RunConfig | None:
    """Draw the form; returns the run that it describes, or None where there is none."""
    try:
        known, found = references.available(), caches.trainable()
    except DataError as error:
        kit.problem(error, key=kit.key(PAGE, "data"))
        return None
    run_form_state.settle(known, found)
    run_form.draw(known, found)
    values, config = run_form_state.values(), None
    try:
        config = run_choices.config(values)
    except UnetKDError as error:
        kit.problem(error, key=kit.key(PAGE, "config"))
        st.button("Start", key=kit.key(PAGE, "start"), type="primary", width="stretch", disabled=True)
    else:
        launcher(config, run_choices.wants_twin(values))
    run_form.draw_more(known, found)
    return config


def launcher(config: RunConfig, twin: bool) -> None:
    """What it costs, and the button."""
    busy = bool(active_runs(list_runs()))
    price = cost(config, twin)
    if st.button(
        f"Start{' another' if busy else ''}{price}", key=kit.key(PAGE, "start"), type="primary", width="stretch"
    ):
        start(config, twin)
    if busy:
        wait = "It will queue: every visitor’s first run goes before anyone’s second."
        alone = "It starts as soon as a slot is free."
        st.html(f'<p class="ukd-note run-hint">{wait if visitor.is_public() else alone}</p>')
    visitor.note(f"A shared server: {limits.in_words()}.")
    visitor.note_unkept()


def watched() -> str | None:
    """The run to show: the one in the address, else what is active, else the newest; of a visitor, his own."""
    asked = st.query_params.get("run")
    if asked:
        try:
            return open_run(asked).id
        except UnetKDError as error:
            kit.problem(error, key=kit.key(PAGE, "gone"))
    runs = visitor.own(list_runs())
    return next(iter(active_runs(runs) or [run.id for run in runs[:1]]), None)


def pane(planned: RunConfig | None) -> None:
    run_id = watched()
    if run_id is None:
        who = "the student and its untaught twin read the same street, and how far they part"
        if planned is not None and planned.teaching is None:
            who = "the network learns to read a street; afterwards it can teach a smaller one"
        kit.empty_state(
            "You have trained nothing yet" if visitor.is_public() else "Nothing has been trained yet",
            f"Choose a budget and start. Then you will see here, epoch by epoch, how {who}.",
            key=PAGE,
        )
        if planned is not None:
            run_charts.preview(planned)
        return
    try:
        run_view.show(run_id, page=PAGE, first="run" in st.query_params)
    except UnetKDError as error:
        kit.problem(error, key=kit.key(PAGE, "unreadable"))


estimate.measure_in_background()
st.html(PROJECT_ROOT / "assets" / "lab.css")
kit.page_header(
    "How much is a teacher worth?",
    "Two equal students start together. One hears the teacher, its twin does not; the gap between them is the answer.",
)
left, right = st.columns([296, 788], gap=36)
with left, st.container(border=True, key=kit.key(PAGE, "form"), gap=12):
    planned = form()
with right:
    pane(planned)
