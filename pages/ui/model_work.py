"""What can be done with a network on the page Models, how far it is in the background, and what is told of it then,
beside the button that asked.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import streamlit as st

from pages.ui import background, kit
from pages.ui.background import Tell, Work

PAGE: Final = "models"
TICK: Final = 1.0
Ending = Callable[[Any], tuple[str, str | None]]
"""The result -> (a sentence, the network to choose)."""
HUB: Final = "pull"
"""Where pulling tells its end."""
DO: Final = "do"
"""Where all that is done with the chosen network does."""
_SAID: Final = kit.key(PAGE, "said")  # place -> (sentence, whether it is a problem)
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


@dataclass(frozen=True)
class Action:
    """slot: (what, of which network); words: how far it is, where it goes on in the background; draw: its form."""

    slot: tuple[str, str]
    label: str
    icon: str
    draw: Callable[[], None]
    words: Callable[[Work], str] | None = None


def choice(ref: str) -> str:
    """The key of the row of actions of a network: what stands there is the action whose form is open."""
    return kit.key(PAGE, f"do_{ref}")


def actions(ref: str, offered: Sequence[Action]) -> None:
    """A row of choices, and under it what the chosen one needs; a bar in its place while it goes on. It stands in the
    page, and not in a popover: those are cut at the window's edge when they are filled after they opened.
    """
    by_name, key = {one.slot[0]: one for one in offered}, choice(ref)
    if state.get(key) not in by_name:
        state.pop(key, None)
    chosen = st.pills(
        "What to do with it", list(by_name), key=key, label_visibility="collapsed",
        format_func=lambda name: f":material/{by_name[name].icon}: {by_name[name].label}",
    )  # fmt: skip
    for one in offered:
        if is_going(one.slot) and one.words is not None:
            going(one.slot, one.words)
    if chosen and not is_going(by_name[chosen].slot):
        with st.container(border=True, key=kit.key(PAGE, "panel")):
            by_name[chosen].draw()


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
        at = HUB if isinstance(slot, tuple) and slot[0] == HUB else DO
        if work.problem is not None:
            refuse(work.problem, at=at)
        else:
            told, wanted = ending(work.result)
            tell(told, wanted, at=at)


def tell(sentence: str, wanted: str | None = None, *, at: str = DO) -> None:
    """Said at the page's next run, in that place; `wanted` is then the chosen network."""
    state.setdefault(_SAID, {})[at] = (sentence, False)
    if wanted is not None:
        state[kit.key(PAGE, "wanted")] = wanted


def refuse(why: Exception | str, *, at: str = DO) -> None:
    """Said at the page's next run, in that place, as a problem."""
    state.setdefault(_SAID, {})[at] = (str(why), True)


def say(at: str) -> None:
    """What has just been done or refused there; once."""
    sentence, problem = state.get(_SAID, {}).pop(at, ("", False))
    if problem:
        kit.problem(sentence, key=kit.key(PAGE, f"refused_{at}"))
    elif sentence:
        with st.container(key=kit.key(PAGE, f"told_{at}")):
            kit.note(sentence)
