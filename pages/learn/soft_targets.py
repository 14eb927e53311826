"""Soft targets: one pixel's story, from six logits to what moves the student's weights.

Reads the menus, asks two networks, hands everything to the browser. The view lives in the address:
?T=&alpha=&t2=&kl=&col=&row=&data=&scene=&teacher=&student=.
"""

from dataclasses import replace

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.ui import caches, kit, places, scene_choice, soft_choice, soft_start, trio
from pages.ui.probe import probe
from unetkd_core.data.source import Scene
from unetkd_core.errors import DataError, UnetKDError
from unetkd_core.settings import PROJECT_ROOT
from unetkd_core.zoo import references

PAGE = soft_start.PAGE
QUESTION = "What does the teacher know that the label does not?"
DISTILL, SWEEPS = "pages/lab/distill.py", "pages/lab/sweeps.py"
state = st.session_state


def nobody() -> None:
    """Instead of the pixel, where nobody can be asked."""
    body = "Here a teacher and its student are asked about one pixel. Train a teacher first, and then its student."
    with kit.empty_state("No networks yet", body, key=PAGE):
        st.page_link(DISTILL, label="Train the first")


def asked(known: trio.Known, scene: Scene, problems: DeltaGenerator) -> dict[str, np.ndarray]:
    """Role -> logits of the two that were chosen; imports torch. Whoever cannot be read is told about and left out."""
    said = {}
    for role in soft_start.ROLES:
        ref = state[soft_start.MENUS[role]]
        try:
            said[role] = caches.predict(ref, dict(known)[ref].sha256, scene.image)[1]
        except UnetKDError as error:
            with problems:
                kit.problem(f"The {role} cannot be read", str(error))
    return said


def menus(known: trio.Known, found: scene_choice.Found, place: places.Place) -> None:
    """Another street, another pair: below the story, which starts with good ones."""
    with st.container(key=kit.key(PAGE, "below")):
        kit.section("Another street, another pair?")
        with st.container(horizontal=True, wrap=False, key=kit.key(PAGE, "tools"), vertical_alignment="bottom"):
            for role, key in soft_start.MENUS.items():
                mark = kit.ROLE[role]
                name = f":{mark.color}[**{mark.marker} {role.capitalize()}**]"
                choices = [ref for ref in trio.options(known, role) if ref != trio.NOBODY]
                st.selectbox(
                    name,
                    choices,
                    key=key,
                    format_func=lambda ref: trio.label(known, ref),
                    width=220,
                    persist_state="session",
                )
            scene_choice.controls(PAGE, found, place)
            scene_choice.dice(PAGE, place)
        scene_choice.strip(PAGE, place, at_once=6)


def launch(choice: soft_choice.Choice, place: places.Place) -> None:
    """The way on: the values as they are, into Distill's form. It starts nothing by itself."""
    teacher = state[soft_start.MENUS["teacher"]]
    address = {
        name: value for name, value in soft_choice.address(choice).items() if value and name in ("T", "alpha", "t2")
    }
    with st.container(horizontal=True, vertical_alignment="center", key=kit.key(PAGE, "launch")):
        if st.button(
            "Launch a run with these values", key=kit.key(PAGE, "go"), type="primary", icon=":material/school:"
        ):
            st.switch_page(DISTILL, query_params={**address, "teacher": teacher, "data": place.name})
        factor = "times T²" if choice.scale_by_t2 else "no T²"
        kit.note(
            f"α {choice.alpha:g}, T {choice.temperature:g}, {factor}: Distill says what it costs before it starts."
        )
        if choice.direction == "reverse":
            kit.note("Distill measures forward; a sweep compares both directions.")
            st.page_link(SWEEPS, label="Sweeps", icon=":material/grid_on:")


def story(known: trio.Known, place: places.Place, scene: Scene, told: list[str]) -> tuple[soft_choice.Choice, bool]:
    """Draw the component. Returns (what is shown, whether the networks are still to be asked)."""
    problems = st.container()
    later = bool(known) and not caches.torch_is_loaded()
    said = asked(known, scene, problems) if not later else {}
    start, more = soft_start.start(place, scene, said.get("teacher"))
    if told + more:
        with st.container(key=kit.key(PAGE, "told"), gap=None):
            for line in told + more:
                kit.note(line)
    waiting = {} if later else {"waiting": "This street cannot be read by both networks."}
    chosen = probe(scene.image, scene.labels, said, start, key=soft_start.PROBE, **waiting)
    return replace(chosen, pixel=chosen.pixel or start.choice.pixel), later


def page() -> None:
    kit.page_header(QUESTION)
    try:
        known, found = references.available(), places.found()
    except DataError as error:
        kit.problem(error)
        return
    if not known:
        nobody()
        return
    place, told = soft_start.settle(known, found)
    try:
        scene = caches.scene(place.ref, scene_choice.number(PAGE) - 1, place.root)
    except DataError as error:
        kit.problem(error)
        menus(known, found, place)
        return
    with st.container(key=kit.key(PAGE, "story")):
        choice, later = story(known, place, scene, told)
    launch(choice, place)
    menus(known, found, place)
    soft_start.remember(choice, later)
    if later:
        # The photo is on the screen; now the seconds that torch takes, and the page once more with the answers.
        asked(known, scene, st.empty())
        st.rerun()


st.html(PROJECT_ROOT / "assets" / "tables.css")
page()
