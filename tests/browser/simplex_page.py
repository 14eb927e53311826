"""The page that the triangle's browser tests look at: three networks, on their picture and over a split."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import streamlit as st

from pages.ui.ensemble_scores import of_search
from pages.ui.readings import Picture
from pages.ui.simplex import Basis, Corner, Start, Surface, Way, heard, simplex
from tests.browser.networks import SEEDS, flat_search, logits, truth
from tests.pages.home_folder import street
from unetkd_core.inference.searched import integer_grid
from unetkd_core.models.weighting import on_simplex
from unetkd_core.settings import PROJECT_ROOT

st.set_page_config(layout="wide")
st.html(PROJECT_ROOT / "assets" / "app.css")
photo = np.kron(street()[0], np.ones((2, 2, 1), np.uint8))
start = Start("begin", (0.2, 0.3, 0.5))
ways = [Way("even", "Even thirds", on_simplex((1, 1, 1), 3)), Way("confidence", "By confidence", None)]
surface = Surface([], None, [on_simplex(weights, 3) for weights in integer_grid(3)], (0.25, 0.25, 0.5))


def hears(key: str) -> Callable[[], None]:
    def hear() -> None:
        st.session_state[f"heard_{key}"] = heard(st.session_state[key], start)

    return hear


def corners(scores: list[float] | None = None) -> list[Corner]:
    return [Corner(f"Net {role}", logits(role), scores[n] if scores else None) for n, role in enumerate(SEEDS)]


if st.button("News", key="news"):  # the server has something new to show while somebody drags
    surface = replace(surface, best=(1.0, 0.0, 0.0))
here = Basis(None, 1, "on this street", "on this street")
simplex(Picture(photo, truth()), corners(), start, surface, ways, here, key="here", on_release=hears("here"))
st.text(f"here {st.session_state.get('heard_here')}")
searched = flat_search(better=2)
split = Basis(searched, 2, "on all:val", "on this street")
alone = of_search(searched, start.weights).alone
simplex(Picture(photo, truth()), corners(alone), start, surface, ways, split, key="split", on_release=hears("split"))
st.text(f"split {st.session_state.get('heard_split')}")
lost = [Corner("Net teacher", None, None, "cannot be read"), *corners()[1:]]
unlabelled = Basis(None, None, "on this photo", "on this photo")
simplex(Picture(photo, None), lost, start, surface, ways, unlabelled, key="photo", on_release=hears("photo"))
