"""The live pane of a run beside its twin, for Distill and Runs: progress, curves, the same street, gain per class.

It reads run folders and draws; a tick a second while something is active, none afterwards. Disk is the truth: reload,
a second tab or another server show the same. What a button does goes through runs.jobs.
"""

import html
from collections.abc import Callable

import streamlit as st

from pages.ui import kit, pairs, run_charts, run_panel, run_words, visitor
from pages.ui.discreet import discreet
from pages.ui.pairs import Pair, Side
from pages.ui.viewer import filmstrip, viewer
from unetkd_core.errors import UnetKDError
from unetkd_core.runs import jobs
from unetkd_core.zoo import references

TICK = 1.0
"""Seconds between two looks at the folder."""
COMPARE = "pages/compare/overlays.py"
RUNS = "pages/lab/runs.py"


def show(run_id: str, *, page: str, first: bool = False, closer: bool = False) -> None:
    """Draw the pane of the pair that `run_id` belongs to.

    first: on a phone it stands before the page's controls. closer: any scene and epoch can be looked at in full size.

    Raises RunError when there is no such run.
    """
    main, twin = pairs.ids_of(run_id)
    active = pairs.read(main, twin).active
    st.fragment(_pane, run_every=TICK if active else None)(main, twin, page, active, first, closer)


def _pane(main: str, twin: str | None, page: str, was_active: bool, first: bool, closer: bool) -> None:
    try:
        pair = pairs.read(main, twin)
    except UnetKDError as error:  # deleted from another tab while this one looked
        kit.problem(error)
        return
    if pair.active != was_active:
        st.rerun()  # the whole page: its button, its list and the ticking change too
    with st.container(key="live" if pair.active or first else "rested", gap=12):
        _refusal(page)
        if pair.active:
            _progress(pair, page)
        elif pair.done:
            _result(pair, page)
        for sides in _troubles(pair):
            _trouble(pair, sides, page)
        run_charts.curves(pair)
        film(pair, page, closer=closer)
        run_charts.classes(pair)


def _progress(pair: Pair, page: str) -> None:
    gain = pair.gain
    with st.container(horizontal=True, vertical_alignment="center", key=kit.key(page, "now")):
        left = run_words.time_left(pair)
        st.html(
            f'<div class="run-now"><i class="run-pulse ukd-{pair.leading.role}"></i>'
            f"<b>{html.escape(run_words.headline(pair))}</b><span>{left}</span></div>"
        )
        if gain is not None:
            mark = "ukd-student" if gain > 0 else "ukd-lost"  # a loss is ink, never the student's colour
            st.html(
                f'<div class="run-gain"><b class="{mark}">{kit.points(gain)}</b> points after epoch '
                f"{pair.compared_epoch}, "
                f"{kit.term('one seed')}</div>",
                width="content",
            )
        mine = all(visitor.may(side.run) for side in pair.sides)
        if mine:
            stopping = any((s.run.run_dir / "stop").exists() for s in pair.sides if s.status.active)
            st.button(
                "Stopping" if stopping else "Stop",
                key=kit.key(page, "stop"),
                disabled=stopping,
                on_click=_attempt,
                args=(page, stop, pair),
            )
    st.progress(pair.fraction)
    line = html.escape(run_words.settings_line(pair.main.run, pair.main.run.config))
    leave = "You can leave: it goes on, and Runs shows it." if mine else visitor.OTHERS
    st.html(f'<div class="run-under"><span>{line}</span><span>{leave}</span></div>')


def _result(pair: Pair, page: str) -> None:
    sentence, numbers = run_words.found(pair)
    line = html.escape(run_words.settings_line(pair.main.run, pair.main.run.config))
    st.html(f'<div class="run-found"><p>{sentence}</p><span>{numbers}</span><span>{line}</span></div>')
    with st.container(horizontal=True):
        ref = references.RUN_PREFIX + pair.main.run.id
        if pair.main.role == "student":
            st.page_link(
                COMPARE, label="See them on one street", icon=":material/compare:", query_params=compared(pair)
            )
        if page != "runs":
            st.page_link(
                RUNS,
                label="All its epochs and settings",
                icon=":material/timeline:",
                query_params={"run": pair.main.run.id},
            )
        if pair.main.role == "teacher" and page != "distill":
            st.page_link(
                "pages/lab/distill.py", label="Let it teach", icon=":material/school:", query_params={"teacher": ref}
            )


def compared(pair: Pair) -> dict[str, str]:
    """What Compare shows: this student, its teacher, its twin."""
    teaching = pair.main.run.config.teaching
    chosen = {"student": references.RUN_PREFIX + pair.main.run.id}
    if teaching is not None:
        teacher = teaching.teacher
        chosen["teacher"] = teacher if isinstance(teacher, str) else references.TEACHER_PREFIX + pair.main.run.id
    if pair.twin is not None and pair.twin.best is not None:
        chosen["twin"] = references.RUN_PREFIX + pair.twin.run.id
    return chosen


def _troubles(pair: Pair) -> list[list[Side]]:
    """Sides that ended early; those that ended for the same reason as one."""
    broken = pair.broken
    if len(broken) == 2 and len({(s.status.state, s.status.error) for s in broken}) == 1:
        return [broken]
    return [[side] for side in broken]


def _trouble(pair: Pair, sides: list[Side], page: str) -> None:
    headline, hint = run_words.gone_wrong(sides[0], alone=len(sides) == len(pair.sides))
    run = sides[0].run
    with kit.problem(headline, hint, key=f"{page}_{sides[0].role}"), st.container(horizontal=True):
        if all(visitor.may(side.run) for side in sides):
            name = kit.key(page, f"resume_{sides[0].role}")
            st.button("Resume", key=name, on_click=_attempt, args=(page, resume, sides))
        with st.popover("Show the log"):
            st.code(discreet(run.log_tail(200)) or "The log is empty.", language=None, height=320)


def stop(pair: Pair) -> None:
    """Stop whatever is still active; what each saved after its last whole epoch stays. Raises RunError."""
    active = [side.run.id for side in pair.sides if side.run.status().active]
    if active:
        jobs.stop(*active, by=visitor.owner())


def resume(sides: list[Side]) -> None:
    """Go on where they ended. Raises UnetKDError."""
    for side in sides:
        jobs.resume(side.run.id, by=visitor.owner())


def _attempt(page: str, action: Callable[..., None], *args: object) -> None:
    """A button's work; what refuses is told in place at the next drawing."""
    try:
        action(*args)
    except UnetKDError as error:
        st.session_state[kit.key(page, "refused")] = str(error)


def _refusal(page: str) -> None:
    if said := st.session_state.pop(kit.key(page, "refused"), None):
        kit.problem(said, key=kit.key(page, "refused"))


def film(pair: Pair, page: str, *, closer: bool = False) -> None:
    """The filmstrip; `closer`: with a choice of scenes and, below it, the chosen epoch's reading at full size."""
    there = run_panel.panels(pair)
    if not there:
        return
    kit.section("The same street, epoch by epoch", "scrub, or ← →")
    scene = 0
    if closer and len(there[0][1].scenes) > 1:
        places = range(len(there[0][1].scenes))
        scene = (
            st.segmented_control(
                "Street",
                places,
                default=0,
                required=True,
                format_func=lambda i: f"Street {i + 1}",
                key=kit.key(page, "scene"),
                label_visibility="collapsed",
            )
            or 0
        )
    epoch = filmstrip(
        run_panel.film(pair, scene),
        key=kit.key(page, f"film_{pair.main.run.id}_{scene}"),
        epochs=pair.epochs if pair.active else None,
    )
    if closer and epoch is not None:
        layers = run_panel.layers(pair, scene, epoch)
        if len(layers) > 1:
            viewer(
                run_panel.photo(there[0][1], scene),
                layers,
                mode="grid",
                key=kit.key(page, f"view_{pair.main.run.id}_{scene}"),
                report=False,
            )
