"""A page's choices in its address, so that a view can be sent to someone and gone back to.

`bind="query-params"` writes the label that a menu shows; references and scene numbers are what should stand in an
address, so this writes those. Knows no widget: values live in session state under the keys that are given.
"""

from collections.abc import Mapping

import streamlit as st

_LAST = "address-last-written"


def restore(keys: Mapping[str, str]) -> set[str]:
    """Copy the address into session state when it is news: on arrival, by back and forward, through a link.

    keys: address name -> session-state key. Returns the names that were taken. Call before the widgets are drawn.
    """
    here = {name: st.query_params[name] for name in keys if name in st.query_params}
    arrived = any(key not in st.session_state for key in keys.values())
    if not arrived and here == st.session_state.get(_LAST):
        return set()
    for name, value in here.items():
        st.session_state[keys[name]] = value
    return set(here)


def remember(values: Mapping[str, str | None]) -> None:
    """Write the choices into the address; None takes a name out. Call after the widgets were drawn."""
    shown = {name: value for name, value in values.items() if value}
    for name in values:
        if name not in shown and name in st.query_params:
            del st.query_params[name]
    news = {name: value for name, value in shown.items() if st.query_params.get(name) != value}
    if news:
        st.query_params.update(news)  # at once: each message is an entry of the browser's history
    st.session_state[_LAST] = shown
