"""How the pictures are looked at, in the address: ?opacity=70&pixel=323,215 and the like; a line for each. ?swipe=40
lays two of them left and right of a line.

The browser owns these while the page is open; the address gives it what to begin with, and is told on release.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import streamlit as st

from pages.ui import kit
from pages.ui.layers import VIEWS, WARMEST
from pages.ui.viewer import View
from unetkd_core.classes import CLASSES

state = st.session_state


@dataclass(frozen=True)
class Field:
    """One value: the name of the viewer's argument, how it is read from an address (ValueError for nonsense), and how
    a view is written, "" where it is as it always is.
    """

    argument: str
    read: Callable[[str], Any]
    write: Callable[[View], str]


def _within(low: float, value: float, high: float) -> float:
    if not low <= value <= high:
        raise ValueError(f"{value} is not between {low} and {high}")
    return value


def _pixel(text: str) -> tuple[int, int]:
    column, row = (int(_within(0, int(part), 10_000)) for part in text.split(","))
    return column, row


def _view(text: str) -> str:
    if text not in VIEWS:
        raise ValueError(f"{text} is no view")
    return text


def _classes(text: str) -> tuple[int, ...]:
    """Class indices; "none" where all are hidden."""
    given = [] if text == "none" else [int(_within(0, int(part), len(CLASSES) - 1)) for part in text.split(",")]
    return tuple(sorted({*given}))


def _swipe(text: str) -> float:
    """Where the line stands, in percent: that the pictures lie so, says the name."""
    return _within(0, int(text), 100) / 100


def _sides(text: str) -> tuple[int, int]:
    left, right = (int(_within(1, int(part), 9)) - 1 for part in text.split(","))
    return left, right


USUAL: Final = 0.55
_ALL_BUT_BACKGROUND: Final = tuple(range(1, len(CLASSES)))
FIELDS: Final = {
    "view": Field("name", _view, lambda view: "" if view.name == "labels" else view.name),
    "T": Field(
        "temperature",
        lambda text: _within(1, float(text), WARMEST),
        lambda view: "" if view.temperature == 1 else f"{view.temperature:g}",
    ),
    "opacity": Field(
        "opacity",
        lambda text: _within(0, int(text), 100) / 100,
        lambda view: "" if abs(view.opacity - USUAL) < 0.005 else f"{100 * view.opacity:.0f}",
    ),
    "pixel": Field("pixel", _pixel, lambda view: f"{view.pixel[0]},{view.pixel[1]}" if view.pixel else ""),
    "classes": Field(
        "shown",
        _classes,
        lambda view: "" if view.shown == _ALL_BUT_BACKGROUND else ",".join(map(str, view.shown)) or "none",
    ),
    "swipe": Field("swipe", _swipe, lambda view: f"{100 * view.swipe:.0f}" if view.arrangement == "swipe" else ""),
    "sides": Field("sides", _sides, lambda view: ",".join(str(side + 1) for side in view.sides) if view.sides else ""),
}
"""By name in the address."""


def keys(page: str) -> dict[str, str]:
    """Address name -> session-state key."""
    return {name: kit.key(page, f"view_{name}") for name in FIELDS}


def settle(page: str, taken: set[str]) -> list[str]:
    """Keep what the address has just brought as what the viewer begins with; what made no sense there, in words.

    taken: what the address has brought of all that the page writes there. Where it is news, a name that it lacks means
    what is usual: going back to before a view was chosen takes that view away.
    """
    begin, told = kit.key(page, "begin"), []
    if begin not in state or taken:
        state[begin] = {"news": state.get(begin, {}).get("news", 0) + 1}
        for name, key in keys(page).items():
            if name not in taken:
                state[key] = ""
                continue
            text = str(state.get(key, ""))
            try:
                state[begin][FIELDS[name].argument] = FIELDS[name].read(text)
            except ValueError:
                told.append(f"The address says {name}={text[:40]}, which is not understood; it is left out.")
                state[key] = ""
    return told


def begin(page: str) -> dict[str, Any]:
    """The viewer's arguments. They do not follow what is done later: else it would be built anew on every release.

    `news` is another number whenever an address has brought others: then the browser takes them.
    """
    found: dict[str, Any] = state.get(kit.key(page, "begin"), {})
    return found | {"arrangement": "swipe" if "swipe" in found else "grid"}


def heard(page: str, view: View) -> None:
    """Note what the browser told."""
    for name, field in FIELDS.items():
        state[keys(page)[name]] = field.write(view)


def arguments(view: View) -> dict[str, Any]:
    """The viewer's arguments that make another one begin as this one is looked at now."""
    return {
        "name": view.name,
        "temperature": view.temperature,
        "opacity": view.opacity,
        "pixel": view.pixel,
        "shown": view.shown,
        "arrangement": view.arrangement,
        "swipe": view.swipe,
        "sides": view.sides,
    }


def address(page: str) -> dict[str, str | None]:
    """What belongs into the address."""
    return {name: state.get(key) or None for name, key in keys(page).items()}
