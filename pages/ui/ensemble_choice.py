"""The Ensemble page's choices in session state: members, weights, and where the weights were found.

One key a value, so that a refused weight or a rerun loses none; the address holds members and weights as text. Draws
nothing, reads no picture.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import streamlit as st

from pages.ui import ensemble_start, kit, scene_choice, trio
from pages.ui.ensemble_start import NOBODY, SLOTS
from pages.ui.simplex import Start
from unetkd_core.errors import ConfigError, UnetKDError
from unetkd_core.inference.searched import Weights
from unetkd_core.models.weighting import Weighting, even, on_simplex
from unetkd_core.zoo import references

PAGE: Final = "ensemble"
CONFIDENCE: Final = "confidence"
state = st.session_state


def key(name: str) -> str:
    """A value's key in session state."""
    return kit.key(PAGE, name)


MEMBERS: Final = [key(f"member_{i}") for i in range(SLOTS)]
WEIGHTS: Final = [key(f"weight_{i}") for i in range(SLOTS)]
ADDRESS: Final = {"members": key("members"), "weights": key("weights"), **scene_choice.keys(PAGE)}


@dataclass(frozen=True)
class Found:
    """Where the present weights come from: the best of `how` (grid, fine) for `members` on the data reference `on`."""

    weights: Weights
    how: Weighting
    on: str
    members: tuple[str, ...]


@dataclass(frozen=True)
class Choice:
    """members: two or three references. weights: as they were given; shares: the same with sum 1. problem: why what is
    in the fields is no weighting; then the last good one is here.
    """

    members: tuple[str, ...]
    weights: Weights
    shares: Weights
    weighting: Weighting
    problem: str = ""

    @property
    def text(self) -> str:
        """As it stands in the address."""
        return CONFIDENCE if self.weighting == CONFIDENCE else ",".join(f"{w:g}" for w in self.weights)


def settle(known: trio.Known, taken: set[str], dataset: str | None) -> list[str]:
    """Valid members and some weights in session state before any widget is drawn; what had to be changed, in words."""
    asked = str(state.get(ADDRESS["members"], "")).split(",") if "members" in taken else [state.get(k) for k in MEMBERS]
    members, told = ensemble_start.settled(known, asked, dataset)
    state.update(dict(zip(MEMBERS, members, strict=True)))
    state[key("members_before")] = members
    count = sum(ref != NOBODY for ref in members)
    if "weights" in taken:
        told += _take(str(state.get(ADDRESS["weights"], "")), count)
    elif WEIGHTS[0] not in state:
        put((1.0,) * count)
    for name in WEIGHTS:
        state.setdefault(name, 1.0)
    for name in ("members", "weights"):
        state.setdefault(ADDRESS[name], "")  # where these are missing, the address is taken for news
    return told


def _take(text: str, count: int) -> list[str]:
    """Weights from the address."""
    if text == CONFIDENCE:
        put((1.0,) * count, CONFIDENCE)
        return []
    try:
        weights = tuple(float(part) for part in text.split(","))
        on_simplex(weights, count)
    except (ValueError, ConfigError):
        put((1.0,) * count)
        return [f"The address says weights={text[:40]}; expected {count} numbers with commas. These are even ones."]
    put(weights)
    return []


def put(weights: Weights, weighting: Weighting = "fixed") -> None:
    """Fill the fields in; before they are drawn, or in a callback. The triangle's handle goes there."""
    click(weights, weighting)
    edited(weighting)


def click(weights: Weights, weighting: Weighting = "fixed") -> None:
    """The triangle's handle was let go there: it needs not be told."""
    state.update({name: float(w) for name, w in zip(WEIGHTS, weights, strict=False)})
    state[key("weighting")] = weighting


def start(choice: Choice) -> Start:
    """What the triangle begins with: as it was when these weights were put there, whatever was dragged since, so that
    a drag sends nothing anew.
    """
    token = f"{state.get(key('moved'), '')}-{len(choice.members)}"
    kept: Start | None = state.get(key("start"))
    if kept is None or kept.token != token:
        weighting: Literal["fixed", "confidence"] = "confidence" if choice.weighting == CONFIDENCE else "fixed"
        kept = Start(token, choice.shares, weighting)
        state[key("start")] = kept
    return kept


def now() -> Choice:
    """What is chosen; with a problem, what was chosen last."""
    members = tuple(state[k] for k in MEMBERS if state[k] != NOBODY)
    given = [state.get(name) for name in WEIGHTS[: len(members)]]
    weighting: Weighting = state.get(key("weighting"), "fixed")
    good, last = key("good"), Choice(members, (1.0,) * len(members), even(len(members)), "fixed")
    kept: Choice = state.get(good, last)
    try:
        if any(w is None for w in given):
            raise ConfigError("A weight is empty; give every network a number, 0 for one that is not heard.")
        weights = tuple(float(w) for w in given)
        choice = Choice(members, weights, on_simplex(weights, len(members)), weighting)
    except ConfigError as error:
        kept = kept if len(kept.members) == len(members) else last
        return Choice(members, kept.weights, kept.shares, kept.weighting, str(error))
    state[good] = choice
    return choice


def swap(slot: int) -> None:
    """A menu of members was turned."""
    chosen, before = [state[k] for k in MEMBERS], state.get(key("members_before"), [NOBODY] * SLOTS)
    state.update(dict(zip(MEMBERS, ensemble_start.swapped(chosen, slot, before[slot]), strict=True)))


def edited(weighting: Weighting = "fixed") -> None:
    """A weight was typed: the fields are what counts again."""
    state[key("weighting")] = weighting
    state[key("moved")] = uuid.uuid4().hex[:8]  # no two sessions' are alike: a browser may outlive one


def note_found(found: Found | None) -> None:
    """Remember where weights were found, to say so and to write it into an ensemble that is kept."""
    state[key("found")] = found


def found(choice: Choice) -> Found | None:
    """Where the present weights were found, if they were."""
    noted: Found | None = state.get(key("found"))
    if noted is None or noted.members != choice.members or choice.weighting != "fixed":
        return None
    return noted if same(on_simplex(noted.weights, len(noted.weights)), choice.shares) else None


def same(a: Weights, b: Weights) -> bool:
    """Whether two weightings with sum 1 are one."""
    return len(a) == len(b) and max(abs(x - y) for x, y in zip(a, b, strict=True)) < 1e-6


def open_kept(known: trio.Known) -> None:
    """Callback of the menu of kept ensembles: its members and weights become the page's."""
    ref = state.get(key("open"))
    state[key("opening")] = None
    if not ref:
        return
    try:
        spec = references.spec_of(ref)
        assert spec is not None
        members, weights, weighting, told = ensemble_start.opened(spec)
    except (UnetKDError, ValueError) as error:
        state[key("opening")] = (f"{trio.label(known, ref)} cannot be shown here", str(error))
        return
    state.update(dict(zip(MEMBERS, members, strict=True)))
    put(weights, CONFIDENCE if weighting == CONFIDENCE else "fixed")
    searched = spec.weighting in ("grid", "fine") and spec.searched_on
    there = tuple(ref for ref in members if ref != NOBODY)
    note_found(Found(tuple(weights), spec.weighting, ", ".join(spec.searched_on), there) if searched else None)
    state[key("opening")] = ("", told) if told else None


def values(choice: Choice) -> Mapping[str, Any]:
    """What the address says."""
    return {
        "members": ",".join(choice.members),
        "weights": choice.text,
        **{name: str(state[k]) for name, k in scene_choice.keys(PAGE).items()},
    }
