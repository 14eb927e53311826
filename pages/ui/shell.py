"""What stands around every page: the open section's mark, the stage, and the way back to an open lesson.

Knows the pages by their titles; the menu itself is app.py's.
"""

from collections.abc import Mapping, Sequence

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from pages.ui import lesson_progress, stage, visitor

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
    visitor.settle()
    stage.style()
    stage.bar()
    stage.tell([line for line in told if line])
    _way_back(opened)


def _way_back(opened: StreamlitPage) -> None:
    title, key = st.session_state.get(AWAY, ("", ""))
    if opened.title == title:
        query = {"lesson": key, "step": "do", **lesson_progress.carried()}
        number = lesson_progress.ORDER.index(key) + 1
        st.page_link(LESSONS, label=f"Back to lesson {number}", icon=":material/arrow_back:", query_params=query)
