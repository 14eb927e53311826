"""A pair's charts: from what its folders say to specs that are drawn again only when a number changed."""

from typing import Any

import streamlit as st

from pages.ui import charts, class_bars, kit, pairs
from pages.ui.pairs import Pair, Side
from unetkd_core.classes import CLASSES
from unetkd_core.errors import UnetKDError
from unetkd_core.training import terms
from unetkd_core.training.config import RunConfig, TeachingConfig
from unetkd_core.zoo import references
from unetkd_core.zoo.checkpoints import CheckpointInfo

Curves = dict[str, list[tuple[int, float]]]
"""Role or loss term -> (epoch, value) in order."""


def preview(config: RunConfig) -> None:
    """The pane of a run that is not yet: its axes, and how far its teacher is above the floor."""
    with st.container(gap=12):
        _charts({}, {}, config, pairs.teacher_miou(_teacher(config), config))
        if config.teaching is not None:
            _gains_to_come()


def curves(pair: Pair) -> None:
    curves = {side.role: [(p.epoch, p.miou) for p in side.points] for side in pair.sides}
    _charts(curves, losses(pair.main), pair.main.run.config, pairs.teacher_here(pair.main.run))


def _charts(curves: Curves, parts: Curves, config: RunConfig, teacher: float | None) -> None:
    left, right = st.columns(2, gap="medium")
    epochs = config.optim.epochs
    with left:
        st.html(
            f'<div class="run-chart"><h2>Does it get it right?</h2><p>{kit.term("mIoU")} on unseen streets, percent, '
            "after every epoch</p></div>"
        )
        _draw(_miou_spec(curves, epochs, teacher), _spoken(curves))
    with right:
        weighted = "weighted, " if config.teaching else ""
        st.html(
            f'<div class="run-chart"><h2>What is it listening to?</h2><p>{kit.term("loss")} per pixel, {weighted}'
            "log scale</p></div>"
        )
        _draw(_loss_spec(parts, epochs), f"Losses after every epoch: {', '.join(parts) or 'no epoch yet'}")


def losses(side: Side) -> Curves:
    """Term -> (epoch, its share of the total); a network without a teacher listens to labels only."""
    teaching = side.run.config.teaching
    total = [(int(m["epoch"]), float(m["loss"])) for m in side.metrics if m.get("loss") is not None]
    if teaching is None:
        return {"hard": total}
    hard = [(int(m["epoch"]), teaching.alpha * m["loss_ce"]) for m in side.metrics if m.get("loss_ce") is not None]
    soft = [
        (int(m["epoch"]), (1 - teaching.alpha) * m["loss_kd"]) for m in side.metrics if m.get("loss_kd") is not None
    ]
    standard = {"total": total, "hard": hard, **({"soft": soft} if teaching.pixel_wise else {})}
    return standard if not teaching.terms else _with_terms(standard, side, teaching)


def _with_terms(standard: Curves, side: Side, teaching: TeachingConfig) -> Curves:
    """The curves with a line for each further term.

    A critic's scores have no zero of their own, so that the student's are counted from the teacher's: what is drawn is
    how far the critic tells them apart, and the total is moved by as much. A term that no batch of an epoch held
    anything of has no point there.
    """
    lines = [m for m in side.metrics if m.get("loss_terms") is not None and m.get("loss") is not None]
    found = dict(standard)
    for name, term in zip(terms.names(teaching.terms), teaching.terms, strict=True):
        met = [m for m in lines if m["loss_terms"][name] is not None]
        apart = {int(m["epoch"]): _apart(m, name) for m in met}
        found[terms.label(name)] = [(epoch, term.weight * value) for epoch, value in apart.items()]
        if term.kind == "holistic":
            moved = {int(m["epoch"]): term.weight * (_apart(m, name) - m["loss_terms"][name]) for m in met}
            found["total"] = [(epoch, value + moved.get(epoch, 0.0)) for epoch, value in found["total"]]
    return found


def _apart(line: dict[str, Any], name: str) -> float:
    """An epoch's term, unweighted."""
    distance = (line.get("critic") or {}).get("distance")
    return float(line["loss_terms"][name] if name != "holistic" or distance is None else distance)


# A chart costs Altair about 50 ms, and training wants the processor: specs are kept until their numbers change.
_kept = st.cache_data(max_entries=64, show_spinner=False)


@_kept
def _miou_spec(curves: Curves, epochs: int, teacher: float | None) -> dict[str, Any]:
    return charts.miou_chart(curves, epochs=epochs, teacher=teacher).to_dict()


@_kept
def _loss_spec(parts: Curves, epochs: int) -> dict[str, Any]:
    return charts.loss_chart(parts, epochs=epochs).to_dict()


@_kept
def _gain_spec(gains: list[tuple[int, float, float]]) -> dict[str, Any]:
    return class_bars.gain_bars(gains).to_dict()


@_kept
def _class_spec(iou: tuple[float, ...], role: str) -> dict[str, Any]:
    return class_bars.class_bars(iou, role).to_dict()


def _draw(spec: dict[str, Any], spoken: str) -> None:
    st.vega_lite_chart(spec, width="stretch", alt=spoken)


def _teacher(config: RunConfig) -> CheckpointInfo | None:
    teaching = config.teaching
    try:
        return references.info_of(teaching.teacher) if teaching else None
    except UnetKDError:
        return None  # it was deleted since; its line is left out


def _spoken(curves: Curves) -> str:
    last = [f"{role} {kit.percent(curve[-1][1])} after epoch {curve[-1][0]}" for role, curve in curves.items() if curve]
    return "mIoU: " + (", ".join(last) if last else "no epoch yet")


def classes(pair: Pair) -> None:
    gains = pair.class_gains()
    if gains:
        kit.section("Where the teaching helps", "IoU in percent; gain in points, one seed")
        _draw(
            _gain_spec(gains),
            "Gain per class: " + ", ".join(f"{CLASSES[c].name} {kit.points(s - t)}" for c, t, s in gains),
        )
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
