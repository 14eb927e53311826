"""The app's shell: page config, look, navigation. Pages do the rest; run it by `streamlit run app.py`."""

from pathlib import Path

import streamlit as st

ROOT = Path(__file__).resolve().parent
ASSETS = ROOT / "assets"

SECTIONS = {
    "Learn": [st.Page("pages/learn/home.py", title="Home", icon=":material/home:", default=True,
                      help="What a small network learns from a large one, on one street.")],
    "Lab": [
        st.Page("pages/lab/distill.py", title="Distill", icon=":material/school:", help="Train a student and its untaught twin, and watch them part."),
        st.Page("pages/lab/runs.py", title="Runs", icon=":material/timeline:", help="Every run: watch, stop, resume, look back."),
    ],
    "Compare": [st.Page("pages/compare/overlays.py", title="Overlays", icon=":material/compare:",
                        help="Teacher, student and twin on the same street, or on your own photo.")],
    "Library": [st.Page("pages/library/data.py", title="Data", icon=":material/photo_library:",
                        help="The datasets, Table I's six classes, and how often each occurs.")],
}

st.set_page_config(page_title="UNetKD", page_icon=str(ASSETS / "icons" / "mark.svg"), layout="wide")
st.html(ASSETS / "app.css")
st.logo(str(ASSETS / "icons" / "logo.svg"), size="small")
page = st.navigation(SECTIONS, position="top")
place = next((i for i, pages in enumerate(SECTIONS.values(), start=1) if any(p.title == page.title for p in pages)), 1)
# Streamlit does not mark the section whose menu holds the open page.
st.html(f'<style>[data-testid="stTopNav"] .rc-overflow-item:nth-of-type({place}) button {{ background: var(--paper-3); }}</style>')
page.run()
