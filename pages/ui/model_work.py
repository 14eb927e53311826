"""What the page Models does in the background: how far keeping, pulling and pushing are, and what is told then."""

from collections.abc import Callable, Hashable
from typing import Any, Final

import streamlit as st

from pages.ui import background, kit
from pages.ui.background import Tell, Work

PAGE: Final = "models"
TICK: Final = 1.0
Ending = Callable[[Any], tuple[str, str | None]]
"""The result -> (a sentence, the network to choose)."""
_MINE: Final = kit.key(PAGE, "works")
state = st.session_state


def start(key: Hashable, work: Callable[[Tell], Any], ending: Ending, *, failed: str) -> None:
    """Begin, and draw the page anew: `going` shows how far it is."""
    background.start(key, work, failed=failed)
    state.setdefault(_MINE, {})[key] = ending
    st.rerun()


def is_going(key: Hashable) -> bool:
    """Whether this session has begun it and not yet been told of its end."""
    return key in state.get(_MINE, {}) and background.of(key) is not None


@st.fragment(run_every=TICK)
def going(key: Hashable, words: Callable[[Work], str]) -> None:
    """A bar that moves by itself."""
    work = background.of(key)
    if work is None or work.over:
        st.rerun()
    assert work is not None
    st.progress(work.share, words(work))


def left(work: Work) -> str:
    """ ", about 20 s left"; nothing before that is known."""
    return f", about {kit.duration(work.seconds_left)} left" if work.seconds_left is not None else ""


def settle() -> None:
    """What has ended becomes a sentence, and the network that is chosen. Call before anything is drawn."""
    mine = state.get(_MINE, {})
    for key in list(mine):
        work = background.of(key)
        if work is not None and not work.over:
            continue
        ending = mine.pop(key)
        background.forget(key)
        if work is None:
            continue
        if work.problem is not None:
            refuse(work.problem)
        else:
            told, wanted = ending(work.result)
            tell(told, wanted)


def tell(sentence: str, wanted: str | None = None) -> None:
    """Said at the page's next run; `wanted` is then the chosen network."""
    state[kit.key(PAGE, "told")] = sentence
    if wanted is not None:
        state[kit.key(PAGE, "wanted")] = wanted


def refuse(why: Exception | str) -> None:
    """Said at the page's next run, as a problem."""
    state[kit.key(PAGE, "refused")] = str(why)
