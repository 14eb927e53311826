"""The lecture around every page: large type, what is hidden, and the presenter's two buttons.

Comes from the address on arrival and is kept for the session, so that it survives moving between pages; it is written
into each page's address, so that a reload does not lose it. Hiding is for the eyes: it locks nothing.
"""

import html
from typing import Final
from urllib.parse import urlencode

import streamlit as st

from pages.ui import kit, lesson_progress, stage_address
from pages.ui.stage_address import Stage
from unetkd_core.settings import PROJECT_ROOT

_NOW, _SEEN = "stage_now", "stage_seen"
_KEYS: Final = {
    "settings": (
        "distill_form",
        "sweeps_form",
        *(f"{page}_tools" for page in ("overlays", "ensemble", "soft", "data")),
    ),
    "upload": ("overlays_uploadbox", "ensemble_uploadbox"),
    "scenes": ("overlays_stripbox", "ensemble_stripbox", "soft_below", "data_stripbox"),
    "start": (
        *("distill_start", "sweeps_start", "sweeps_first", "runs_train", "soft_launch", "home_train", "lessons_train"),
        *("distill_stop", "distill_resume_*", "runs_stop", "runs_resume_*", "runs_disk", "runs_delete_*"),
        *("sweeps_stop", "sweeps_resume", "sweeps_delete_*", "data_add"),
    ),
}
"""Name -> keys of the containers and buttons that it hides; with a star, all that begin so."""
_NAV: Final = '[data-testid="stTopNav"], [data-testid="stHeader"] [data-testid="stExpandSidebarButton"]'
state = st.session_state


def now() -> Stage:
    """What holds for this session."""
    return state.get(_NOW, Stage())


def put(stage: Stage) -> None:
    """Change it; in a callback, or before the page is drawn. The address follows on the next run."""
    state[_NOW] = stage
    for name in stage_address.NAMES:
        st.query_params.pop(name, None)
    state[_SEEN] = stage_address.write(stage)
    st.query_params.update(state[_SEEN])


def hides(name: str) -> bool:
    """Whether a page should leave this out: for what style alone cannot hide, as a lesson's answer."""
    return name in now().hidden


def settle() -> list[str]:
    """Take what the address says, or write there what holds. Returns sentences for what it could not mean.

    Call before anything is drawn.
    """
    said = {name: st.query_params[name] for name in stage_address.NAMES if name in st.query_params}
    if not said:
        if kept := stage_address.write(now()):
            st.query_params.update(kept)
            state[_SEEN] = kept
        return []
    if said == state.get(_SEEN):
        return []
    state[_SEEN] = said
    state[_NOW], told = stage_address.read(said)
    return told


def style() -> None:
    """The sheet of the stage, where it is on, and of what is hidden."""
    stage = now()
    if stage.on:
        st.html(PROJECT_ROOT / "assets" / "stage.css")
    selectors = [_selector(key) for name in stage_address.in_order(stage.hidden) for key in _KEYS.get(name, ())]
    if "nav" in stage.hidden:
        selectors.append(_NAV)
    if selectors:
        # A column that holds nothing else goes with it, so that its neighbour has the room.
        forms = ", ".join(f'[data-testid="stColumn"]:has({s})' for s in selectors if s.endswith("_form"))
        st.html(f"<style>{', '.join(selectors)}{', ' + forms if forms else ''} {{ display: none !important; }}</style>")


def _selector(key: str) -> str:
    return f'[class*="st-key-{key[:-1]}"]' if key.endswith("*") else f".st-key-{key}"


def bar() -> None:
    """The presenter's buttons in the header's corner, while the stage is on."""
    if not now().on:
        return
    with st.container(key="stage_bar", horizontal=True, vertical_alignment="center"):
        st.html(f'<a class="stage-reset" target="_self" href="{html.escape(reset_link())}">Reset this page</a>')
        st.button("Leave", key="stage_leave", type="tertiary", on_click=put, args=(Stage(False, now().hidden),))


def reset_link() -> str:
    """This page's address as it first was, with nothing but the stage and the lessons' progress.

    Opened anew: what a page keeps in the session or in the browser is gone then, whatever it is; runs are on disk.
    """
    return "?" + urlencode({**stage_address.write(now()), **lesson_progress.carried()})


def tell(told: list[str]) -> None:
    """What the address could not mean, quietly."""
    for line in told:
        kit.note(line)
