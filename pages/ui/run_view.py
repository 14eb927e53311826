"""The live pane of a run beside its twin: progress, curves, the same street epoch by epoch, gain per class. Distill and Runs share it.

It reads run folders and draws; a tick a second while something is active, none afterwards. Disk is the truth: reload,
a second tab or another server show the same. What a button does goes through runs.jobs.
"""

import html
from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.ui import charts, kit, pairs, run_panel, run_words
from pages.ui.pairs import Pair, Side
from pages.ui.viewer import filmstrip, viewer
from unetkd_core.classes import CLASSES
from unetkd_core.errors import UnetKDError
from unetkd_core.runs import jobs
from unetkd_core.training.config import RunConfig
from unetkd_core.zoo import references
from unetkd_core.zoo.checkpoints import CheckpointInfo, read_info

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
        _curves(pair)
        _film(pair, page, closer)
        _classes(pair)


def _progress(pair: Pair, page: str) -> None:
    gain = pair.gain
    with st.container(horizontal=True, vertical_alignment="center", key=kit.key(page, "now")):
        left = run_words.time_left(pair)
        st.html(f'<div class="run-now"><i class="run-pulse"></i><b>{html.escape(run_words.headline(pair))}</b><span>{left}</span></div>')
        if gain is not None:
            st.html(f'<div class="run-gain"><b class="ukd-student">{kit.points(gain)}</b> points so far, {kit.term("one seed")}</div>', width="content")
        stopping = any((s.run.run_dir / "stop").exists() for s in pair.sides if s.status.active)
        st.button("Stopping" if stopping else "Stop", key=kit.key(page, "stop"), disabled=stopping, on_click=_attempt, args=(page, stop, pair))
    st.progress(pair.fraction)
    line = html.escape(run_words.settings_line(pair.main.run, pair.main.run.config))
    st.html(f'<div class="run-under"><span>{line}</span><span>You can leave: it goes on, and Runs shows it.</span></div>')


def _result(pair: Pair, page: str) -> None:
    sentence, numbers = run_words.found(pair)
    line = html.escape(run_words.settings_line(pair.main.run, pair.main.run.config))
    st.html(f'<div class="run-found"><p>{sentence}</p><span>{numbers}</span><span>{line}</span></div>')
    with st.container(horizontal=True):
        ref = references.RUN_PREFIX + pair.main.run.id
        if pair.main.role == "student":
            st.page_link(COMPARE, label="See them on one street", icon=":material/compare:", query_params=compared(pair))
        if page != "runs":
            st.page_link(RUNS, label="All its epochs and settings", icon=":material/timeline:", query_params={"run": pair.main.run.id})
        if pair.main.role == "teacher" and page != "distill":
            st.page_link("pages/lab/distill.py", label="Let it teach", icon=":material/school:", query_params={"teacher": ref})


def compared(pair: Pair) -> dict[str, str]:
    """What Compare shows: this student, its teacher, its twin."""
    teaching = pair.main.run.config.teaching
    chosen = {"student": references.RUN_PREFIX + pair.main.run.id}
    if teaching is not None:
        chosen["teacher"] = teaching.teacher
    if pair.twin is not None and pair.twin.best is not None:
        chosen["twin"] = references.RUN_PREFIX + pair.twin.run.id
    return chosen


def _troubles(pair: Pair) -> list[list[Side]]:
    """Sides that ended early, those that were stopped together as one."""
    broken = pair.broken
    if len(broken) == 2 and all(s.status.state == broken[0].status.state != "failed" for s in broken):
        return [broken]
    return [[side] for side in broken]


def _trouble(pair: Pair, sides: list[Side], page: str) -> None:
    headline, hint = run_words.gone_wrong(sides[0], alone=len(sides) == len(pair.sides))
    run = sides[0].run
    with kit.problem(headline, hint, key=f"{page}_{sides[0].role}"), st.container(horizontal=True):
        st.button("Resume", key=kit.key(page, f"resume_{sides[0].role}"), on_click=_attempt, args=(page, resume, sides))
        with st.popover("Show the log"):
            st.code(run.log_tail(200) or "The log is empty.", language=None, height=320)


def stop(pair: Pair) -> None:
    """Ask whatever is active to stop after what it is doing. Raises RunError."""
    for side in pair.sides:
        if side.status.active:
            jobs.stop(side.run.id)


def resume(sides: list[Side]) -> None:
    """Go on where they ended. Raises UnetKDError."""
    for side in sides:
        jobs.resume(side.run.id)


def _attempt(page: str, action: Callable[..., None], *args: object) -> None:
    """A button's work; what refuses is told in place at the next drawing."""
    try:
        action(*args)
    except UnetKDError as error:
        st.session_state[kit.key(page, "refused")] = str(error)


def _refusal(page: str) -> None:
    if said := st.session_state.pop(kit.key(page, "refused"), None):
        kit.problem(said, key=kit.key(page, "refused"))


def preview(config: RunConfig) -> None:
    """The pane of a run that is not yet: its axes, and how far its teacher is above the floor."""
    with st.container(gap=12):
        _charts({}, {}, config)
        if config.teaching is not None:
            _gains_to_come()


def _curves(pair: Pair) -> None:
    curves = {side.role: [(p.epoch, p.miou) for p in side.points] for side in pair.sides}
    _charts(curves, losses(pair.main), pair.main.run.config)


def _charts(curves: dict[str, list[tuple[int, float]]], terms: dict[str, list[tuple[int, float]]], config: RunConfig) -> None:
    left, right = st.columns(2, gap="medium")
    epochs = config.optim.epochs
    with left:
        st.html(f'<div class="run-chart"><h2>Does it get it right?</h2><p>{kit.term("mIoU")} on unseen streets, percent, after every epoch</p></div>')
        _draw(_miou_spec(curves, epochs, pairs.teacher_miou(_teacher(config), config)), _spoken(curves))
    with right:
        weighted = "weighted, " if config.teaching else ""
        st.html(f'<div class="run-chart"><h2>What is it listening to?</h2><p>{kit.term("loss")} per pixel, {weighted}log scale</p></div>')
        _draw(_loss_spec(terms, epochs), "Losses after every epoch: total, hard labels, soft labels")


def losses(side: Side) -> dict[str, list[tuple[int, float]]]:
    """Term -> (epoch, its share of the total); a network without a teacher listens to labels only."""
    teaching = side.run.config.teaching
    total = [(int(m["epoch"]), float(m["loss"])) for m in side.metrics if m.get("loss") is not None]
    if teaching is None:
        return {"hard": total}
    hard = [(int(m["epoch"]), teaching.alpha * m["loss_ce"]) for m in side.metrics if m.get("loss_ce") is not None]
    soft = [(int(m["epoch"]), (1 - teaching.alpha) * m["loss_kd"]) for m in side.metrics if m.get("loss_kd") is not None]
    return {"total": total, "hard": hard, "soft": soft}


# A chart costs Altair about 50 ms, and training wants the processor: specs are kept until their numbers change.
_kept = st.cache_data(max_entries=64, show_spinner=False)


@_kept
def _miou_spec(curves: dict[str, list[tuple[int, float]]], epochs: int, teacher: float | None) -> dict[str, Any]:
    return charts.miou_chart(curves, epochs=epochs, teacher=teacher).to_dict()


@_kept
def _loss_spec(terms: dict[str, list[tuple[int, float]]], epochs: int) -> dict[str, Any]:
    return charts.loss_chart(terms, epochs=epochs).to_dict()


@_kept
def _gain_spec(gains: list[tuple[int, float, float]]) -> dict[str, Any]:
    return charts.gain_bars(gains).to_dict()


@_kept
def _class_spec(iou: tuple[float, ...], role: str) -> dict[str, Any]:
    return charts.class_bars(iou, role).to_dict()


def _draw(spec: dict[str, Any], spoken: str) -> None:
    st.vega_lite_chart(spec, width="stretch", alt=spoken)


def _teacher(config: RunConfig) -> CheckpointInfo | None:
    teaching = config.teaching
    try:
        return read_info(references.resolve(teaching.teacher)) if teaching else None
    except UnetKDError:
        return None  # it was deleted since; its line is left out


def _spoken(curves: dict[str, list[tuple[int, float]]]) -> str:
    last = [f"{role} {kit.percent(curve[-1][1])} after epoch {curve[-1][0]}" for role, curve in curves.items() if curve]
    return "mIoU: " + (", ".join(last) if last else "no epoch yet")


def _film(pair: Pair, page: str, closer: bool) -> None:
    """The filmstrip; `closer`: with a choice of scenes and, below it, the chosen epoch's reading at full size."""
    there = run_panel.panels(pair)
    if not there:
        return
    kit.section("The same street, epoch by epoch", "scrub, or ← →")
    scene = 0
    if closer and len(there[0][1].scenes) > 1:
        places = range(len(there[0][1].scenes))
        scene = st.segmented_control("Street", places, default=0, required=True, format_func=lambda i: f"Street {i + 1}", key=kit.key(page, "scene"),
                                     label_visibility="collapsed") or 0
    epoch = filmstrip(run_panel.film(pair, scene), key=kit.key(page, f"film_{pair.main.run.id}_{scene}"), epochs=pair.epochs)
    if closer and epoch is not None:
        layers = run_panel.layers(pair, scene, epoch)
        if len(layers) > 1:
            viewer(run_panel.photo(there[0][1], scene), layers, mode="grid",
                   key=kit.key(page, f"view_{pair.main.run.id}_{scene}"), report=False)


def _classes(pair: Pair) -> None:
    gains = pair.class_gains()
    if gains:
        kit.section("Where the teaching helps", "IoU in percent; gain in points, one seed")
        _draw(_gain_spec(gains), "Gain per class: " + ", ".join(f"{CLASSES[c].name} {kit.points(s - t)}" for c, t, s in gains))
    elif pair.twin is None and pair.main.points:
        kit.section("Which classes does it know?", "IoU in percent")
        point = pair.compared()[0]
        assert point is not None
        _draw(_class_spec(point.iou, pair.main.role), "IoU of each class")
    elif pair.active and pair.twin is not None:
        _gains_to_come()


def _gains_to_come() -> None:
    kit.section("Where the teaching helps")
    st.html('<p class="ukd-note">After the first epoch of both: what the teaching adds to each class.</p>')
