"""Keeping the ensemble under a name, and sending it to Distill as a teacher. It starts no training."""

from collections.abc import Mapping, Sequence

import streamlit as st

from pages.ui import ensemble_choice, ensemble_keep, kit, visitor
from pages.ui.ensemble_cast import Member
from pages.ui.ensemble_choice import CONFIDENCE, Choice, key, state
from unetkd_core.errors import UnetKDError
from unetkd_core.zoo.ensembles import EnsembleSpec

DISTILL = "pages/lab/distill.py"
NAME, ASKED = key("name"), key("asked")
KEEP, TEACH = "keep", "teach"


def draw(members: Sequence[Member], choice: Choice, metrics: Mapping[str, object], data: str) -> None:
    """A name, and what to do with it.

    metrics: what was measured over whole splits, as scores JSON. data: the dataset looked at; Distill starts on it.
    """
    if visitor.is_public():
        visitor.note("A shared server: ensembles are kept, and splits measured, by whoever runs it. Try the weights.")
        return
    count = {2: "two", 3: "three"}[len(members)]
    kit.section(f"Let these {count} teach")
    st.html(f'<p class="uke-told">{_told(members, choice)}</p>')
    spec = ensemble_keep.spec_of(choice, ensemble_choice.found(choice), metrics)
    _propose(members, spec)
    st.text_input("Keep as a named ensemble", key=NAME, max_chars=ensemble_keep.LONGEST, persist_state="session")
    with st.container(horizontal=True):
        st.button(
            "Let them teach", key=key(TEACH), type="primary", icon=":material/school:", on_click=_ask, args=(TEACH,)
        )
        st.button("Keep", key=key(KEEP), on_click=_ask, args=(KEEP,))
    asked = state.pop(ASKED, None)
    if asked is not None:
        _attempt(spec, data, *asked)


def _told(members: Sequence[Member], choice: Choice) -> str:
    how = (
        "weighed at each pixel by how sure they are"
        if choice.weighting == CONFIDENCE
        else "weighed " + ", ".join(f"{share:.2f}" for share in choice.shares)
    )
    return (
        f"A student hears one {kit.term('teacher')}: their {kit.term('ensemble', 'mean')}, {how}. Distill says what it "
        "costs before it starts, and trains the untaught twin beside it."
    )


def _propose(members: Sequence[Member], spec: EnsembleSpec) -> None:
    """A free name, until somebody writes another."""
    proposed = ensemble_keep.proposed(members, spec)
    if state.get(NAME) in (None, state.get(key("proposed"))):
        state[NAME] = proposed
    state[key("proposed")] = proposed


def _ask(action: str, replace: bool = False) -> None:
    state[ASKED] = (action, replace)


def _attempt(spec: EnsembleSpec, data: str, action: str, replace: bool) -> None:
    """Keep it, and for TEACH go to Distill with it; what refuses is told in place."""
    name = str(state.get(NAME) or "").strip()
    try:
        if not name:
            raise UnetKDError("The ensemble has no name. Write one, or take the one that was proposed.")
        ensemble_keep.keep(name, spec, replace=replace)
    except ensemble_keep.Taken as error:
        with kit.problem(error, key=key("taken")):
            st.button("Replace it", key=key("replace"), on_click=_ask, args=(action, True))
        return
    except UnetKDError as error:
        kit.problem(error, key=key("name"))
        return
    if action == TEACH:
        st.switch_page(DISTILL, query_params={"teacher": name, "data": data})
    st.caption(f"Kept as {name}: it is among the teachers in Distill, and can be opened here again.")
