"""The Distill form's widgets, over the values of run_form_state.py. It starts nothing."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pages.ui import kit, run_choices, run_form_state, run_form_teaching, trio
from pages.ui.run_choices import NO_TEACHER
from pages.ui.run_form_state import chosen, key, state
from unetkd_core.data.catalog import DatasetInfo
from unetkd_core.models.backbones import ENCODERS
from unetkd_core.training.presets import BUDGETS, RECIPES
from unetkd_core.zoo.checkpoints import CheckpointInfo

_KEEP: dict[str, Any] = {"persist_state": "session"}


def draw(known: trio.Known, datasets: Sequence[DatasetInfo]) -> None:
    """The settings that matter most."""
    alone = state[key("teacher")] == NO_TEACHER
    st.segmented_control(
        "Network" if alone else "Student",
        run_choices.ALONE if alone else run_choices.STUDENTS,
        key=key("student"),
        required=True,
        width="stretch",
        wrap=True,
        **_KEEP,
    )
    _network()
    _teacher(known)
    if alone:
        _alone(bool(known))
    else:
        run_form_teaching.draw()
    st.selectbox(
        "Streets",
        [d.name for d in datasets],
        key=key("dataset"),
        on_change=run_form_state.follow_dataset,
        args=(known, datasets),
        **_KEEP,
    )
    here = chosen(datasets)
    if len(here.splits) > 3:
        _splits(here)
    st.segmented_control(
        "Budget",
        list(BUDGETS),
        key=key("budget"),
        format_func=lambda name: BUDGETS[name].label,
        width="stretch",
        help=kit.definition("budget"),
        on_change=run_form_state.take_budget,
        args=(here.kind,),
        **_KEEP,
    )
    height, width = state[key("size")]
    st.html(
        f'<p class="ukd-note run-hint">{_scenes(here, "train", "max_train")} scenes to learn from, '
        f"{_scenes(here, 'val', 'max_val')} to check on, "
        f"at&nbsp;{height}&nbsp;×&nbsp;{width}</p>"
    )
    if not alone:
        st.toggle("Train the untaught twin too", key=key("twin"), help=kit.definition("twin"), **_KEEP)
        _without_labels(here)


def _without_labels(here: DatasetInfo) -> None:
    """The offer to teach on scenes without labels too, where the dataset has some."""
    if not here.unlabelled:
        return
    there = sum(here.unlabelled.values())
    most = min(there, state[key("max_train")] or there)
    st.toggle(
        f"Also {most:,} scenes without labels",
        key=key("unlabelled"),
        help="The teacher's soft labels are all that is learned there; the twin learns nothing from them.",
        **_KEEP,
    )


def _network() -> None:
    """What the chosen network weighs and works."""
    now = run_form_state.values()
    parameters, macs = run_choices.size_of(now)
    height, width = now["size"]
    st.html(
        f'<p class="ukd-note run-hint">{kit.count(parameters)} {kit.term("parameters")}, {kit.count(macs)} '
        f"{kit.term('multiply-accumulates')} at&nbsp;{height}&nbsp;×&nbsp;{width}</p>"
    )


def _teacher(known: trio.Known) -> None:
    """The menu of teachers; an ensemble stands in it with its own shape."""
    ref = state[key("teacher")]
    ensemble = ref != NO_TEACHER and dict(known)[ref].role == "ensemble"
    with st.container(key=key("by_ensemble" if ensemble else "by_network")):
        st.selectbox(
            "Teacher",
            trio.options(known, "teacher"),
            key=key("teacher"),
            format_func=lambda ref: teacher_label(known, ref),
            help=kit.definition("ensemble" if ensemble else "teacher"),
            icon=None if ref == NO_TEACHER else f":material/{'change_history' if ensemble else 'square'}:",
            **_KEEP,
        )


def draw_more(known: trio.Known, datasets: Sequence[DatasetInfo]) -> None:
    """The rest, folded away."""
    with st.expander("More settings"):
        _start(known)
        here = chosen(datasets)
        follow: dict[str, Any] = {"on_change": run_form_state.name_budget, "args": (here.kind,)}
        if len(here.splits) <= 3:
            _splits(here)
        st.selectbox(
            "Size",
            run_choices.sizes(here.kind),
            key=key("size"),
            format_func=lambda s: f"{s[0]} × {s[1]}",
            **follow,
            **_KEEP,
        )
        # value=None: an emptied field means all, not the smallest number.
        none: dict[str, Any] = {"value": None, "placeholder": "all"}
        st.number_input("Scenes to learn from, at most", 1, key=key("max_train"), **none, **follow, **_KEEP)
        st.number_input("Scenes to check on, at most", 1, key=key("max_val"), **none, **follow, **_KEEP)
        st.selectbox(
            "Recipe",
            list(RECIPES),
            key=key("recipe"),
            format_func=lambda name: RECIPES[name].label,
            help=kit.definition("recipe"),
            on_change=run_form_state.take_recipe,
            args=(here.kind,),
            **_KEEP,
        )
        _numbers(follow)
        st.segmented_control(
            "Class weights",
            ["sqrt", "none"],
            key=key("class_weights"),
            required=True,
            width="stretch",
            help=kit.definition("class weights"),
            format_func=lambda name: {"sqrt": "Rare ones more", "none": "None"}[name],
            **_KEEP,
        )
        st.toggle("Flips, zooms and jitter", key=key("augment"), help=kit.definition("augmentation"), **_KEEP)


def _start(known: trio.Known) -> None:
    """What the network begins as, where there is one of its kind to go on from."""
    refs = run_choices.starts(known, run_form_state.values())
    if not refs:
        return
    st.selectbox(
        "Begins as",
        [run_choices.AT_RANDOM, *refs],
        key=key("begins"),
        format_func=lambda ref: trio.label(known, ref) if ref else "Weights drawn at random",
        help="A trained network of this kind to go on from. The untaught twin begins as the same.",
        **_KEEP,
    )


def _numbers(follow: dict[str, Any]) -> None:
    left, right = st.columns(2, gap="small")
    left.number_input("Epochs", 1, 10_000, key=key("epochs"), help=kit.definition("epoch"), **follow, **_KEEP)
    right.number_input("Batch size", 1, 1024, key=key("batch_size"), help=kit.definition("batch size"), **_KEEP)
    left.number_input(
        "Learning rate",
        0.0,
        1.0,
        step=1e-4,
        format="%g",
        key=key("learning_rate"),
        help=kit.definition("learning rate"),
        **_KEEP,
    )
    right.number_input("Seed", 0, 2**31 - 1, key=key("seed"), help=kit.definition("seed"), **_KEEP)


def teacher_label(known: trio.Known, ref: str) -> str:
    """ "M1024, 80.6 %": what a teacher is and how good, on the chosen streets where it was measured there."""
    if ref == NO_TEACHER:
        return "No teacher: labels only"
    info = dict(known)[ref]
    return ", ".join(filter(None, [trio.label(known, ref), _miou(info)]))


def _miou(info: CheckpointInfo) -> str:
    measured = [
        info.metrics.get(f"{state.get(key('dataset'))}:{state.get(key('val'))}"),
        info.metrics.get("packed"),
        *info.metrics.values(),
    ]
    found = next((m["miou"] for m in measured if isinstance(m, dict) and isinstance(m.get("miou"), float)), None)
    return "" if found is None else kit.percent(found)


def _alone(others: bool) -> None:
    said = (
        "Nobody teaches it: it learns from the labels, and can be a teacher itself afterwards."
        if others
        else "There is no teacher yet. Train one from the labels first; it can teach afterwards."
    )
    st.html(f'<p class="ukd-note run-hint">{said}</p>')
    if state[key("student")] in ENCODERS and not state[key("begins")]:
        st.toggle("Start from ImageNet’s weights", key=key("imagenet"), help=kit.definition("ImageNet"), **_KEEP)
    st.segmented_control(
        "Normalisation",
        ["batch", "none"],
        key=key("norm"),
        format_func=lambda n: {"batch": "Batch", "none": "None"}[n],
        required=True,
        width="stretch",
        help="Batch normalisation makes a network learn faster; the paper's students have none.",
        **_KEEP,
    )


def _scenes(here: DatasetInfo, split: str, most: str) -> str:
    there = here.splits[state[key(split)]]
    return f"{min(there, state[key(most)] or there):,}"


def _splits(here: DatasetInfo) -> None:
    names = list(here.splits)
    st.selectbox("Learn from", names, key=key("train"), help=kit.definition("split"), **_KEEP)
    st.selectbox(
        "Check on",
        names,
        key=key("val"),
        help="Curves and the best epoch are measured here; keep it apart from what is learned from.",
        **_KEEP,
    )
