"""Weather and hour of a made-up street, as controls: as its own lot drew them, or as one chooses.

The two choices are text in session state, "" for as drawn: the widgets beside them are gone while another dataset is
looked at, and the choices must not be. Draws the controls; renders nothing.
"""

import re
from collections.abc import Collection
from typing import NamedTuple

import streamlit as st

from pages.ui import kit
from unetkd_core.data import streets

WORDS = {"clear": "clear sky", "broken": "broken cloud"}
"""Where the core's word for a weather is not plain enough; the others are their own."""
QUARTERS = tuple(f"{minutes // 60}:{minutes % 60:02d}" for minutes in range(0, 24 * 60 + 1, 15))
state = st.session_state


class Light(NamedTuple):
    """What is asked of the renderer; None: as drawn."""

    weather: str | None
    hour: float | None


def keys(page: str) -> dict[str, str]:
    """Address name -> session-state key of the two choices."""
    return {name: kit.key(page, name) for name in ("weather", "hour")}


def settle(page: str, taken: Collection[str]) -> list[str]:
    """Make both choices valid. `taken`: what the address has just brought, if it brought anything.

    Returns in words what had to be changed.
    """
    told = []
    for name, key in keys(page).items():
        wanted = str(state.get(key, ""))
        if taken and name not in taken:  # an address without it means a street as drawn
            wanted = ""
        state[key] = _valid(name, wanted)
        if wanted and not state[key]:
            told.append(_REFUSED[name].format(wanted))
    return told


_REFUSED = {
    "weather": f"There is no weather “{{}}” here, so it is as drawn; there are {', '.join(streets.KINDS)}.",
    "hour": "“{}” is no hour of the day, so it is as drawn; write it as 17:30.",
}


def _valid(name: str, wanted: str) -> str:
    if name == "weather":
        return wanted if wanted in streets.KINDS else ""
    return clock(hour) if (hour := hour_of(wanted)) is not None else ""


def chosen(page: str) -> Light:
    """The two choices as the renderer takes them."""
    key = keys(page)
    return Light(state[key["weather"]] or None, hour_of(state[key["hour"]]))


def hour_of(text: str) -> float | None:
    """ "17:30" -> 17.5; None for what is no time from 0:00 to 24:00."""
    found = re.fullmatch("([0-9]{1,2}):([0-5][0-9])", text)
    hour = int(found[1]) + int(found[2]) / 60 if found else None
    return hour if hour is not None and hour <= 24 else None


def clock(hour: float) -> str:
    """17.5 -> "17:30", to the minute."""
    minutes = round(60 * hour)
    return f"{minutes // 60}:{minutes % 60:02d}"


def weather_words(kind: str) -> str:
    """A weather as one says it."""
    return WORDS.get(kind, kind)


def words(light: Light, own: streets.Conditions) -> str:
    """The light that is shown: "rain, 17:30"."""
    return f"{weather_words(light.weather or own.weather)}, {clock(own.hour if light.hour is None else light.hour)}"


def controls(page: str, own: streets.Conditions) -> None:
    """The weather's menu, the hour's slider, and the hour's way back. `own`: the scene's own light."""
    key, menu, slider = keys(page), kit.key(page, "weather_menu"), kit.key(page, "hour_slider")
    nearest = QUARTERS[round(4 * (own.hour if (hour := hour_of(state[key["hour"]])) is None else hour))]
    state[menu], state[slider] = state[key["weather"]], nearest

    def take(choice: str, widget: str) -> None:
        state[key[choice]] = state[widget]

    def reset() -> None:
        state[key["hour"]] = ""

    st.selectbox(
        "Weather",
        ["", *streets.KINDS],
        key=menu,
        format_func=lambda kind: (
            weather_words(kind).capitalize() if kind else f"As drawn ({weather_words(own.weather)})"
        ),
        on_change=take,
        args=("weather", menu),
        width=190,
    )
    st.select_slider("Hour", QUARTERS, key=slider, on_change=take, args=("hour", slider), width=190)
    st.button(
        f"As drawn, {clock(own.hour)}",
        key=kit.key(page, "as_drawn"),
        on_click=reset,
        disabled=not state[key["hour"]],
        help="Back to the hour that this scene’s number draws.",
    )
