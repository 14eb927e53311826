"""The page that the viewer's browser tests look at: three modes over one small street, and what Python hears."""

import numpy as np
import streamlit as st

from pages.ui import blob
from pages.ui import viewer as viewer_module
from pages.ui.layers import class_words
from pages.ui.viewer import FilmRow, Layer, filmstrip, viewer
from tests.pages.home_folder import street, without
from unetkd_core.settings import PROJECT_ROOT

st.set_page_config(layout="wide")
st.html(PROJECT_ROOT / "assets" / "app.css")
photo, labels = street()
void = labels.copy()
void[:4] = 255
twin, student = (
    Layer("twin", "Untaught twin", "66.9 %", without(labels, 4, 5)),
    Layer("student", "Student, taught", "71.1 %", without(labels, 4)),
)
truth = Layer("truth", "True label", "", void)

swiped = viewer(photo, [twin, student, truth], mode="swipe", key="swipe", show_opacity=False)
st.text(f"swipe {swiped.swipe:.2f}")
probed = viewer(photo, [student, twin, truth], mode="grid", key="grid", opacity=1.0, outline=False, show_photo=True)
st.text(f"pixel {probed.pixel} shown {list(probed.shown)} opacity {probed.opacity:.2f}")
frames = [(epoch, photo, np.roll(labels, epoch, axis=1)) for epoch in range(1, 13)]
epoch = filmstrip([FilmRow("student", frames), FilmRow("twin", frames[:10])], key="film", epochs=20)
st.text(f"epoch {epoch}")
viewer_module.mount(
    {"mode": "swipe", "height": 2, "width": 2, "photo": 0, "layers": [], **class_words("table1")},
    [b"no picture"],
    "broken",
)
lost = {"role": "student", "title": "Student", "note": "", "hidden": False, "height": 64, "width": 128, "part": 1}
viewer_module.mount(
    {"mode": "grid", "height": 64, "width": 128, "photo": 0, "layers": [lost], **class_words("table1")},
    [blob.photo_part(photo), b"no labels"],
    "lost",
)
