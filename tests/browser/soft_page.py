"""What Soft targets' browser tests look at: two made-up networks on one small street, and what Python hears."""

import numpy as np
import streamlit as st

from pages.ui.probe import Start, probe
from pages.ui.soft_choice import Choice
from tests.browser import networks
from tests.pages.home_folder import street
from unetkd_core.settings import PROJECT_ROOT

st.set_page_config(layout="wide")
st.html(PROJECT_ROOT / "assets" / "app.css")
photo = np.kron(street()[0], np.ones((2, 2, 1), np.uint8))
said = {role: networks.logits(role) for role in ("teacher", "student")}
start = Start(1, Choice(10.0, 0.1, False, "forward", (160, 60)))
heard = probe(photo, networks.truth(), said, start, key="probe")
st.text(f"T {heard.temperature:g} alpha {heard.alpha:g} t2 {heard.scale_by_t2} {heard.direction} at {heard.pixel}")
