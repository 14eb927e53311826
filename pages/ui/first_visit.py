"""A deep link to a server that has just started, made to work. Knows no page's content.

Streamlit takes the folder `pages/` for its older kind of multipage app until `st.navigation` has run once in the
process. A first visitor at /runs is therefore told that there is no such page, and sent Home. That visitor's browser
opens the same address once more, which by then is right; everybody after it never comes here.
"""

import json
from collections.abc import Iterable
from urllib.parse import urlencode, urlsplit

import streamlit as st
from streamlit.navigation.page import StreamlitPage


@st.cache_resource
def _runs_so_far() -> list[str]:
    """The process's own memory: empty until the first script run."""
    return []


def open_again_if_first(pages: Iterable[StreamlitPage]) -> None:
    """To be called after `st.navigation`: on the process's first script run, reopen an address that names a page."""
    runs = _runs_so_far()
    if runs:
        return
    address = st.context.url or ""
    runs.append(address)
    if urlsplit(address).path.rstrip("/").rpartition("/")[2] in {page.url_path for page in pages if page.url_path}:
        # st.context.url has no query; a view's choices stand there. "<" must not end the script.
        target = json.dumps(f"{address}?{urlencode(st.query_params.to_dict())}").replace("<", "%3C")
        st.html(f"<script>location.replace({target})</script>", unsafe_allow_javascript=True)
        st.stop()
