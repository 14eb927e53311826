"""How far somebody is with the six lessons: kept for the session, and as six letters in the address for a reload.

A small letter is a guess, a capital one a lesson that is done, X one done without a guess, a full stop not begun.
Knows the lessons by their place and their options' letters alone.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import streamlit as st

ORDER: Final = ("soft", "alpha", "t2", "capacity", "three", "run")
"""The lessons' keys; their places in the address."""
NAME: Final = "progress"
_TEXT: Final = re.compile(r"[.a-dA-DX]{6}")
_SLOT, _SEEN = "lessons_progress", "lessons_seen"
state = st.session_state


@dataclass(frozen=True)
class Progress:
    """One lesson: the letter of the guess, or none; whether its task was done."""

    guess: str | None = None
    done: bool = False

    @property
    def word(self) -> str:
        """As the overview says it."""
        return "done" if self.done else "predicted" if self.guess else "not begun"


def of(key: str) -> Progress:
    """Progress in one lesson."""
    return _all()[ORDER.index(key)]


def count() -> int:
    """Lessons that are done."""
    return sum(p.done for p in _all())


def guess(key: str, letter: str) -> None:
    """Keep a guess; the first one stays, also when somebody comes back later."""
    if of(key).guess is None:
        _put(key, replace(of(key), guess=letter))


def done(key: str) -> None:
    """The task was seen to be done."""
    _put(key, replace(of(key), done=True))


def forget() -> None:
    """Begin again, with all six."""
    state[_SLOT] = [Progress()] * len(ORDER)
    state[_SEEN] = text()
    st.query_params.pop(NAME, None)


def take() -> str:
    """Take the address's progress, on arrival at any page; returns a sentence where it means nothing."""
    given = st.query_params.get(NAME)
    if given is None or given == state.get(_SEEN):
        return ""
    state[_SEEN] = given
    if _SLOT in state:
        return ""  # the session knows better than an old link
    if not _TEXT.fullmatch(given):
        return f"The address says {NAME}={given[:20]}, which is no progress here: six letters are. You start afresh."
    state[_SLOT] = parse(given)
    return ""


def carried() -> dict[str, str]:
    """What an address takes along, empty where nothing was begun."""
    return {NAME: text()} if any(p != Progress() for p in _all()) else {}


def text() -> str:
    """The six letters."""
    return "".join(_letter(p) for p in _all())


def parse(letters: str) -> list[Progress]:
    """The inverse of `text`, for six valid letters."""
    return [
        Progress() if letter == "." else Progress(None if letter == "X" else letter.lower(), letter.isupper())
        for letter in letters
    ]


def _letter(p: Progress) -> str:
    if p.done:
        return (p.guess or "x").upper()
    return p.guess or "."


def _all() -> Sequence[Progress]:
    known: Sequence[Progress] = state.get(_SLOT) or [Progress()] * len(ORDER)
    return known


def _put(key: str, progress: Progress) -> None:
    known = list(_all())
    known[ORDER.index(key)] = progress
    state[_SLOT] = known
