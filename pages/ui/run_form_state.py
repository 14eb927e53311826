"""The Distill form's values in session state: defaults, presets that fill widgets in, and what follows from a choice.

One key a value, so that leaving the page, a refused setting or a rerun loses none. Draws nothing.
"""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pages.ui import kit, run_choices, trio
from pages.ui.layers import WARMEST
from pages.ui.run_choices import NO_TEACHER
from unetkd_core.data.catalog import DatasetInfo
from unetkd_core.zoo.checkpoints import CheckpointInfo

PAGE = "distill"
_TEACHING = {
    "T": ("temperature", 1.0, WARMEST),
    "alpha": ("alpha", 0.0, 1.0),
    "t2": ("scale_by_t2", 0.0, 1.0),
}
"""Name in an address -> (the form's field, least and largest value)."""
state = st.session_state


def key(name: str) -> str:
    """A value's key in session state, which is its widget's."""
    return kit.key(PAGE, name)


def values() -> dict[str, Any]:
    """The form's values as they are now."""
    return {name: state[key(name)] for name in (*run_choices.defaults(), "teacher", "dataset", "train", "val")}


def put(changes: dict[str, Any]) -> None:
    """Fill widgets in; before they are drawn, or in a callback."""
    state.update({key(name): value for name, value in changes.items()})


def settle(known: trio.Known, datasets: Sequence[DatasetInfo]) -> None:
    """Make every value valid before the widgets are drawn: defaults on arrival, nothing that is not here any more."""
    for name, value in run_choices.first(known, datasets).items():
        state.setdefault(key(name), value)
    if state.get(key("dataset")) not in [d.name for d in datasets]:
        put({"dataset": datasets[0].name})
        follow_dataset(known, datasets)
    if not {state.get(key("train")), state.get(key("val"))} <= set(chosen(datasets).splits):
        follow_dataset(known, datasets)
    _take_address(known, datasets)
    if state.get(key("teacher")) not in (*dict(known), NO_TEACHER):
        put({"teacher": trio.best_teacher(known, state[key("dataset")]) or NO_TEACHER})
    if state[key("teacher")] != NO_TEACHER and state.get(key("student")) not in run_choices.STUDENTS:
        put({"student": run_choices.defaults()["student"]})  # an encoder was chosen, and then somebody to teach it
    if state.get(key("begins")) not in run_choices.starts(known, values()):
        put({"begins": run_choices.AT_RANDOM})


def _take_address(known: trio.Known, datasets: Sequence[DatasetInfo]) -> None:
    """What a link from another page names: a teacher, what to learn on, and how to teach (T, α, T²)."""
    asked, data = st.query_params.get("teacher"), st.query_params.get("data")
    if data in [d.name for d in datasets]:
        put({"dataset": data})
        follow_dataset(known, datasets)
        del st.query_params["data"]
    if asked in dict(known):
        put({"teacher": asked})
        del st.query_params["teacher"]
    if not {*_TEACHING}.isdisjoint(st.query_params):
        put(_taught_so())
        name_method()


def _taught_so() -> dict[str, Any]:
    """T, α and T² as the address says them, taken out of it; what makes no sense there stays as it is."""
    said: dict[str, Any] = {}
    for name, (field, low, high) in _TEACHING.items():
        try:
            value = float(st.query_params.pop(name))
        except (KeyError, ValueError):
            continue
        if low <= value <= high:
            said[field] = bool(value) if field == "scale_by_t2" else value
    return said


def chosen(datasets: Sequence[DatasetInfo]) -> DatasetInfo:
    """The dataset that is chosen."""
    return next(d for d in datasets if d.name == state[key("dataset")])


def follow_dataset(known: trio.Known, datasets: Sequence[DatasetInfo]) -> None:
    """Splits, size and teacher that suit the dataset which was just chosen."""
    here = chosen(datasets)
    train, val = run_choices.splits(here)
    budget = state[key("budget")]
    size = (
        run_choices.budget_values(budget, here.kind)["size"]
        if budget
        else run_choices.like_size(state[key("size")], here.kind)
    )
    put({"train": train, "val": val, "size": size})
    teacher = dict(known).get(state.get(key("teacher")))
    better = trio.best_teacher(known, here.name) or NO_TEACHER
    if (
        teacher is not None
        and better != NO_TEACHER
        and not _learned(teacher, here.name)
        and _learned(dict(known)[better], here.name)
    ):
        put({"teacher": better})


def _learned(info: CheckpointInfo, dataset: str) -> bool:
    return any(ref.partition(":")[0] == dataset for ref in info.data)


def take_method() -> None:
    """A distillation preset was chosen."""
    put(run_choices.kd_values(state[key("kd")]))


def take_distilled() -> None:
    """What is distilled was chosen: its terms' weights are the usual ones."""
    put(run_choices.method_values(state[key("method")]))


def name_method() -> None:
    """α, T or T² was changed: it is a preset again, or Custom."""
    put({"kd": run_choices.kd_name(state[key("alpha")], state[key("temperature")], state[key("scale_by_t2")])})


def take_budget(kind: str) -> None:
    """A budget was chosen, for a kind of dataset."""
    if state[key("budget")]:
        put(run_choices.budget_values(state[key("budget")], kind))
    else:
        name_budget(kind)  # a second click on the chosen one chooses nothing new


def take_recipe(kind: str) -> None:
    """A recipe was chosen."""
    put(run_choices.recipe_values(state[key("recipe")]))
    name_budget(kind)


def name_budget(kind: str) -> None:
    """Size, length or recipe was changed: it is a budget again, or the person's own."""
    put({"budget": run_choices.budget_name(values(), kind)})
