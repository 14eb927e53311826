"""Choosing a dataset's split and one of its scenes, by menu, number or thumbnail: one way for all pages.

Keeps the choice in session state under the page's keys; what is done with the scene is the page's business.
"""

import random
from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from pages.ui import caches, kit, places
from pages.ui.scenes import Thumb, own_index, own_place, scene_strip, spacing, window

Found = Mapping[str, places.Place]


def keys(page: str) -> dict[str, str]:
    """Address name -> session-state key of the two choices."""
    return {name: kit.key(page, name) for name in ("data", "scene")}


def settle(page: str, found: Found, taken: set[str]) -> tuple[places.Place, places.Place | None, list[str]]:
    """Make both choices valid before their widgets are drawn. `taken`: what the address has just brought.

    Returns the place, the place of the run before, and in words what had to be changed.
    """
    state, key = st.session_state, keys(page)
    data, told = state.get(key["data"]), []
    if data is None or data not in found:
        default = places.default(found)
        if data:
            told.append(f"{data} is not among the datasets here; this is {default}.")
        data = state[key["data"]] = default
    place, before = found[data], state.get(kit.key(page, "before"))
    scene = str(state.get(key["scene"], ""))
    moved = before not in (None, data) and "scene" not in taken
    valid = scene.isdecimal() and len(scene) < 10 and 1 <= int(scene) <= place.count
    if "scene" in taken and not valid:
        told.append(
            f"There is no scene {scene} in {place.ref}, which has {place.count:,}; this is scene {place.first}."
        )
    state[key["scene"]] = int(scene) if valid and not moved else place.first
    state[kit.key(page, "before")] = data
    return place, found.get(before or ""), told


def number(page: str) -> int:
    """The chosen scene's number, from 1."""
    return int(st.session_state[keys(page)["scene"]])


def controls(page: str, found: Found, place: places.Place, on_change: Callable[[], None] | None = None) -> None:
    """The menu of splits and the scene's number."""
    key, kept = keys(page), {"on_change": on_change or "rerun", "persist_state": "session"}
    st.selectbox("Streets from", list(found), key=key["data"], width=230, **kept)
    st.number_input(f"Scene, of {place.count:,}", 1, place.count, key=key["scene"], width=140, **kept)


def dice(page: str, place: places.Place) -> None:
    """A button that chooses another scene by lot."""
    key = keys(page)["scene"]

    def throw() -> None:
        others = [n for n in range(1, place.count + 1) if n != st.session_state[key]]
        st.session_state[key] = random.choice(others)

    st.button(
        "Surprise me",
        icon=":material/casino:",
        key=kit.key(page, "dice"),
        on_click=throw,
        disabled=place.count < 2,
        help="Another scene by lot.",
    )


def strip(
    page: str,
    place: places.Place,
    *,
    at_once: int,
    mine: Sequence[Thumb] = (),
    mine_chosen: int | None = None,
    on_choose: Callable[[int], None] = lambda index: None,
) -> None:
    """Thumbnails of the split round the chosen scene, after one's own photos if there are any.

    mine_chosen: the place of the own photo that is looked at. A click chooses the scene and calls `on_choose(index)`,
    `scenes.own_index` of one's own.
    Raises DataError for a broken scene.
    """
    state, first = st.session_state, kit.key(page, f"first_{place.ref}")
    step, here = spacing(place.name, place.count), number(page) - 1
    shown = window(state.get(first, here), at_once, place.count, step)
    if here not in shown:
        shown = window(here, at_once, place.count, step)
    state[first] = shown[0]

    def choose(index: int) -> None:
        if own_place(index) is None:
            state[keys(page)["scene"]] = index + 1
        on_choose(index)

    def turn(by: int) -> None:
        state[first] = (shown[0] + by * at_once * step) % place.count
        choose(state[first])

    thumbs = [*mine]
    thumbs += [Thumb(i, "", caches.thumbnail(place.ref, i, place.root)) for i in shown]
    scene_strip(
        thumbs,
        selected=here if mine_chosen is None else own_index(mine_chosen),
        total=place.count,
        key=kit.key(page, "strip"),
        choose=choose,
        turn=turn,
    )
