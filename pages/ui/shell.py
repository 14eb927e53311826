"""What stands around every page: the open section's mark, the stage, and the way back to an open lesson.

Knows the pages by their titles; the menu itself is app.py's.
"""

import html
from collections.abc import Mapping, Sequence

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from pages.ui import kit, lesson_progress, stage, visitor
from unetkd_core.errors import ConfigError

LESSONS = "pages/learn/lessons.py"
AWAY = "lessons_away"
"""(title of the page that a lesson has sent somebody to, the lesson's key), while there is one."""


def dress(sections: Mapping[str, Sequence[StreamlitPage]], opened: StreamlitPage) -> None:
    """Draw it, after `st.navigation` and before the page."""
    told = [*stage.settle(), lesson_progress.take()]
    # Streamlit does not mark the section whose menu holds the open page.
    titles = [[entry.title for entry in entries] for entries in sections.values()]
    place = next((i for i, section in enumerate(titles, start=1) if opened.title in section), 1)
    button = f'[data-testid="stTopNav"] .rc-overflow-item:nth-of-type({place}) button'
    # Popovers lie outside .stApp, which alone is told which theme it is in.
    popover = f'[data-testid="stPopoverBody"] {{ color-scheme: {st.context.theme.type or "light"}; }}'
    st.html(f"<style>{button} {{ background: var(--paper-3); }} {popover}</style>")
    _who()
    stage.style()
    stage.bar()
    stage.tell([line for line in told if line])
    _way_back(opened)


def _who() -> None:
    """Whose browser it is; a server whose settings cannot be read shows nothing but why."""
    try:
        visitor.settle()
    except ConfigError as error:  # kit.problem would ask the same setting
        fact, way = map(html.escape, kit.split_message(str(error)))
        st.html(f'<div class="ukd-problem" role="alert"><b><span>{fact}</span></b><p>{way}</p></div>')
        st.stop()


def _way_back(opened: StreamlitPage) -> None:
    title, key = st.session_state.get(AWAY, ("", ""))
    if opened.title == title:
        query = {"lesson": key, "step": "do", **lesson_progress.carried()}
        number = lesson_progress.ORDER.index(key) + 1
        st.page_link(LESSONS, label=f"Back to lesson {number}", icon=":material/arrow_back:", query_params=query)
