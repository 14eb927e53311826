"""Whose browser this is, on a public server: a key that it makes and keeps, of which the pages remember the hash alone.

Where all is private (UNETKD_PUBLIC is not set) nothing of this is drawn, and everything is everybody's.
"""

from collections.abc import Sequence
from typing import Final

import streamlit as st

from unetkd_core import settings, visitors
from unetkd_core.runs import owners
from unetkd_core.runs.folder import Run
from unetkd_core.settings import PROJECT_ROOT

OWNER: Final = "visitor_owner"
"""Session-state key of the sha256 of the browser's key."""
UNKEPT: Final = "visitor_unkept"
"""Session-state key: the browser keeps nothing, so that its key is this window's only."""
OTHERS: Final = "Somebody else’s: you can watch it, and compare what it learned."
state = st.session_state

_ASK = st.components.v2.component(
    "unetkd_visitor", html="<span></span>", js=(PROJECT_ROOT / "assets" / "visitor.js").read_text(encoding="utf-8")
)


def settle() -> None:
    """Ask the browser who it is, once a session; the page is drawn anew when it has said so. Call on every page."""
    if not settings.public():
        return
    with st.container(key="visitor"):  # assets/app.css gives it no room
        said = _ASK(
            key="visitor_ask",
            data={"known": OWNER in state},
            on_key_change=lambda: None,
            on_kept_change=lambda: None,
        )
    owner = visitors.owner_of(said.key)
    if owner is not None:
        state[OWNER] = owner
    if said.kept is False:
        state[UNKEPT] = True


def owner() -> str | None:
    """Whose runs the visitor's are; None before the browser has said so, and where nobody is told apart."""
    found = state.get(OWNER)
    return found if isinstance(found, str) else None


def may(run: Run) -> bool:
    """Whether whoever looks may stop, resume and delete a run (or a sweep's folder)."""
    return owners.may(run, owner())


def own(runs: Sequence[Run]) -> list[Run]:
    """The visitor's; all of them where nobody is told apart."""
    return [run for run in runs if may(run)]


def is_public() -> bool:
    """Whether strangers use this server."""
    return settings.public()


def note(text: str) -> None:
    """A calm line that says what this server does not do for visitors; nothing where all is private."""
    if settings.public():
        st.html(f'<p class="ukd-note ukd-shared">{text}</p>')


def note_unkept() -> None:
    """A calm line where the browser keeps no key: after a reload nobody knows whose the runs were."""
    if state.get(UNKEPT):
        note("Your browser keeps nothing for this page: after a reload you can no longer stop or delete your runs.")
