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


def start(slot: Hashable, asked: Hashable, work: Callable[[Tell], Any], ending: Ending, *, failed: str) -> None:
    """Begin, and draw the page anew. slot: where `going` shows how far it is; asked: everything that it depends on, so
    that two visitors share what is the same and nothing else.
    """
    found = background.start((slot, asked), work, failed=failed)
    state.setdefault(_MINE, {})[slot] = (found, ending)
    st.rerun()


def is_going(slot: Hashable) -> bool:
    """Whether this session has begun something there and not yet been told of its end."""
    return slot in state.get(_MINE, {})


@st.fragment(run_every=TICK)
def going(slot: Hashable, words: Callable[[Work], str]) -> None:
    """A bar that moves by itself."""
    work, _ = state.get(_MINE, {}).get(slot, (None, None))
    if work is None or work.over:
        st.rerun()
    st.progress(work.share, words(work))


def panel(slot: Hashable, label: str, icon: str, words: Callable[[Work], str], draw: Callable[[], None]) -> None:
    """A popover that `draw` fills once it is open; a bar in its place while what was asked for there goes on.

    slot: (what, of which network).
    """
    if is_going(slot):
        going(slot, words)
        return
    name = "_".join(map(str, slot)) if isinstance(slot, tuple) else str(slot)
    folded = st.popover(label, key=kit.key(PAGE, name), icon=f":material/{icon}:", on_change="rerun")
    if folded.open:
        with folded:
            draw()


def left(work: Work) -> str:
    """ ", about 20 s left"; nothing before that is known."""
    return f", about {kit.duration(work.seconds_left)} left" if work.seconds_left is not None else ""


def settle() -> None:
    """What has ended becomes a sentence, and the network that is chosen. Call before anything is drawn."""
    mine: dict[Hashable, tuple[Work, Ending]] = state.get(_MINE, {})
    for slot, (work, ending) in list(mine.items()):
        if not work.over:
            continue
        del mine[slot]
        background.forget(work)
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
