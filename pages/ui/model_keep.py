"""Keeping a run on the page Models: a name, what it is scored on, and how far the scoring is."""

from typing import Final

import streamlit as st

from pages.ui import kit, model_work, places
from pages.ui.background import Tell, Work
from pages.ui.model_list import Entry
from pages.ui.model_work import Action
from unetkd_core.data import catalog
from unetkd_core.errors import DataError, UnetKDError
from unetkd_core.runs import keep
from unetkd_core.zoo import marks, shelf
from unetkd_core.zoo.checkpoints import CheckpointInfo

PAGE: Final = "models"


def action(one: Entry, run_id: str) -> Action:
    """For a run: keep it under a name. While it is scored, how far that is."""
    return Action(_key(run_id), "Keep it", "bookmark_add", lambda: _form(one, run_id), _words)


def _form(one: Entry, run_id: str) -> None:
    try:
        known = list(places.found())
    except DataError as error:  # a damaged register of datasets
        kit.problem(error, key=kit.key(PAGE, "keep_data"))
        return
    name = st.text_input(
        "Name", key=kit.key(PAGE, f"name_{run_id}"), placeholder="my-student",
        help="Letters, digits, dots and dashes: its folder in checkpoints/.",
    ).strip()  # fmt: skip
    replace = keep.is_taken(name) and _replaces(name, run_id)
    free = bool(name) and (replace or not keep.is_taken(name))
    title = st.text_input("Title", one.info.title, key=kit.key(PAGE, f"title_{run_id}"))
    splits = st.multiselect(
        "Scored on", known, default=["streets:val"], key=kit.key(PAGE, f"on_{run_id}"),
        help="At the labels’ own size, all scenes of the split: this takes a minute or two.",
    )  # fmt: skip
    teacher = one.info.role == "alone" and st.toggle("It is a teacher", key=kit.key(PAGE, f"teacher_{run_id}"))
    if st.button("Score and keep", type="primary", disabled=not free, key=kit.key(PAGE, f"go_{run_id}")):
        _start(run_id, name, title.strip(), splits, teacher=bool(teacher), replace=replace)


def _replaces(name: str, run_id: str) -> bool:
    """The name is taken: whether what lies there is to go."""
    needed = ", ".join(shelf.dependants(name))
    lost = f" {needed} has it as a member and cannot be used then." if needed else ""
    kit.note(f"{name} is in checkpoints/ already: choose another name, or replace it.{lost}")
    return st.toggle(f"Replace {kit.plain(name)}", key=kit.key(PAGE, f"replace_{run_id}_{name}"))


def _start(run_id: str, name: str, title: str, splits: list[str], *, teacher: bool, replace: bool) -> None:
    try:
        sources = [catalog.open_source(ref) for ref in splits]
        keep.check(run_id, name, sources, teacher=teacher, replace=replace)
    except UnetKDError as error:
        kit.problem(error, key=kit.key(PAGE, "keep_refused"))
        return
    scenes = [len(source) for source in sources]

    def work(tell: Tell) -> CheckpointInfo:
        before = {source.ref: sum(scenes[:place]) for place, source in enumerate(sources)}
        return keep.keep(
            run_id, name, sources, title=title or None, teacher=teacher, replace=replace,
            progress=lambda ref, done, _: tell(before[ref] + done, sum(scenes)),
        )  # fmt: skip

    asked = (name, title, tuple(splits), teacher, replace)
    model_work.start(_key(run_id), asked, work, _ending, failed="Keeping it")


def _ending(info: CheckpointInfo) -> tuple[str, str | None]:
    early = marks.stopped(info)
    return f"{info.name} is kept in checkpoints/{': ' if early else ''}{early}.", info.name


def _words(work: Work) -> str:
    if not work.total:
        return "Reading the network"
    return f"Scoring, {work.done} of {work.total} scenes{model_work.left(work)}"


def _key(run_id: str) -> tuple[str, str]:
    return "keep", run_id
