"""The page that the views' browser tests look at: networks sent as logits, with a truth and without one."""

import numpy as np
import streamlit as st

from pages.ui.viewer import VIEWS, Layer, Mix, viewer
from tests.browser.networks import logits, truth
from tests.pages.home_folder import street
from unetkd_core.settings import PROJECT_ROOT

st.set_page_config(layout="wide")
st.html(PROJECT_ROOT / "assets" / "app.css")
photo = np.kron(street()[0], np.ones((2, 2, 1), np.uint8))  # (128, 256): twice the networks' resolution
layers = [
    Layer("truth", "True label", "", truth()),
    Layer("teacher", "Teacher", "", logits=logits("teacher"), detail="M256"),
    Layer("student", "Student, taught", "", logits=logits("student"), detail="M128"),
    Layer("twin", "Untaught twin", "", logits=logits("twin"), detail="M128"),
    Layer("ensemble", "Both", "", mix=Mix((1, 2), (0.5, 0.5))),
]
seen = viewer(photo, layers, mode="grid", key="views", views=VIEWS, opacity=1.0, outline=False)
st.text(f"view {seen.name} T {seen.temperature:g} weights {[round(w, 2) for w in seen.weights or ()]}")
viewer(photo, layers[2:4], mode="swipe", key="bare", views=VIEWS, name="entropy", temperature=4.0)
