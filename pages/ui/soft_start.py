"""What Soft targets starts with: valid menus, a scene with a vehicle, and values for the browser when they are news.

The browser owns T, α, T², direction and pixel while the page is open. An address, another street or another dataset
are news: then a new start is made, with a token by which the browser knows it.
"""

from dataclasses import replace
from typing import Final

import numpy as np
import streamlit as st

from pages.ui import caches, kit, places, scene_choice, soft_choice, soft_pixel, trio, url_state
from pages.ui.probe import Start
from pages.ui.soft_choice import Choice
from unetkd_core.data.source import Scene
from unetkd_core.errors import DataError

PAGE: Final = "soft"
ROLES: Final = ("teacher", "student")
MENUS: Final = {role: kit.key(PAGE, role) for role in ROLES}
VALUES: Final = {name: kit.key(PAGE, name) for name in soft_choice.NAMES}
ADDRESS: Final = {**VALUES, **scene_choice.keys(PAGE), **MENUS}
PROBE: Final = kit.key(PAGE, "probe")
_START, _NEWS, _NOW = (kit.key(PAGE, name) for name in ("start", "news", "now"))
_LOOKED_AT: Final = 12
"""Scenes that are looked through for a large vehicle before the page opens with whatever comes first."""
state = st.session_state


def settle(known: trio.Known, found: scene_choice.Found) -> tuple[places.Place, list[str]]:
    """Valid choices in session state before any widget is drawn: from the address, else defaults."""
    taken = url_state.restore(ADDRESS)
    place, before, told = scene_choice.settle(PAGE, found, taken)
    if "scene" not in taken and (before is None or before.ref != place.ref):
        state[scene_choice.keys(PAGE)["scene"]] = _scene_with_vehicle(place)
    old = before.name if before else None
    twin = trio.defaults(known, old or place.name)["twin"]  # no menu for it here: nobody chose another
    wanted = {**{role: state.get(key) for role, key in MENUS.items()}, "twin": twin}
    chosen, more = trio.settle(known, place.name, wanted, taken, old)
    for role, key in MENUS.items():
        some = next(ref for ref in trio.options(known, role) if ref != trio.NOBODY)
        state[key] = some if chosen[role] == trio.NOBODY else chosen[role]
    if taken & set(VALUES):
        state[_NEWS] = True
    return place, told + more


def _scene_with_vehicle(place: places.Place) -> int:
    """The number of the first scene, from the split's own first on, that has a large vehicle."""
    for number in range(place.first, min(place.count, place.first + _LOOKED_AT) + 1):
        try:
            if soft_pixel.has_large_vehicle(caches.scene(place.ref, number - 1, place.root).labels):
                return number
        except DataError:
            continue
    return place.first


def start(place: places.Place, scene: Scene, teacher: np.ndarray | None) -> tuple[Start, list[str]]:
    """What the browser is to begin with, and what of the address had to be changed.

    The same as before while nothing is news. teacher: (6, h, w) logits, or none yet: then no pixel is chosen.
    """
    here = (place.ref, scene_choice.number(PAGE), place.root)
    known: tuple[tuple[str, int, str], Start] | None = state.get(_START)
    news, told = state.pop(_NEWS, False), []
    if news or known is None:
        choice, told = soft_choice.read({name: state.get(key) for name, key in VALUES.items()}, scene.image.shape[:2])
    elif known[0] != here:
        choice = replace(state.get(_NOW, soft_choice.PAPER), pixel=None)
    elif known[1].choice.pixel is None and teacher is not None:
        choice = state.get(_NOW, known[1].choice)
    elif PROBE not in state and _NOW in state:  # a new visit goes on where it was left; it is no news to anybody
        again = Start(known[1].token, state[_NOW])
        state[_START] = (here, again)
        return again, []
    else:
        return known[1], []
    if choice.pixel is None and teacher is not None:
        choice = replace(choice, pixel=soft_pixel.first_pixel(scene.labels, teacher))
    made = Start(known[1].token + 1 if known else 1, choice)
    state[_START] = (here, made)
    return made, told


def remember(choice: Choice, later: bool) -> None:
    """Into session state and the address; while the networks are still asked, an address is left as it came."""
    values, state[_NOW] = soft_choice.address(choice), choice
    state.update({VALUES[name]: value for name, value in values.items()})
    if not later:
        url_state.remember({**values, **{name: str(state[key]) for name, key in ADDRESS.items() if name not in VALUES}})
