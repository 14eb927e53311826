"""The app's shell: page config, look, navigation. Pages do the rest; run it by `streamlit run app.py`."""

from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from pages.ui.first_visit import open_again_if_first
from pages.ui.shell import dress

ROOT = Path(__file__).resolve().parent
ASSETS = ROOT / "assets"


def page(path: str, title: str, icon: str, help: str, *, default: bool = False) -> StreamlitPage:
    """One entry of the navigation; `help` is its tooltip."""
    return st.Page(f"pages/{path}.py", title=title, icon=f":material/{icon}:", help=help, default=default)


SECTIONS = {
    "Learn": [
        page(
            "learn/home", "Home", "home", "What a small network learns from a large one, on one street.", default=True
        ),
        page("learn/soft_targets", "Soft targets", "blur_on", "One pixel’s story: logits, temperature, α, T²."),
        page("learn/lessons", "Lessons", "quiz", "Six short ones: guess, see what really happens, try it yourself."),
        page("learn/on_stage", "On stage", "co_present", "Large type, links for a class, and a check without network."),
    ],
    "Lab": [
        page("lab/distill", "Distill", "school", "Train a student and its untaught twin, and watch them part."),
        page("lab/runs", "Runs", "timeline", "Every run: watch, stop, resume, look back."),
        page("lab/sweeps", "Sweeps", "grid_on", "Grids over α, T and more: where does teaching pay?"),
    ],
    "Compare": [
        page("compare/overlays", "Overlays", "compare", "Teacher, student and twin on one street, or on your photo."),
        page(
            "compare/ensemble",
            "Ensemble",
            "change_history",
            "Three teachers' mean: what it wins, what it loses.",
        ),
        page("compare/tables", "Tables", "table_chart", "The paper’s tables, its numbers beside those measured here."),
    ],
    "Library": [
        page("library/models", "Models", "deployed_code", "Every network here: size, accuracy, card; keep, delete."),
        page("library/data", "Data", "photo_library", "The datasets, Table I's classes, and how often each occurs."),
    ],
}

st.set_page_config(page_title="UNetKD", page_icon=str(ASSETS / "icons" / "mark.svg"), layout="wide")
st.html(ASSETS / "app.css")
st.logo(str(ASSETS / "icons" / "logo.svg"), size="small")
opened = st.navigation(SECTIONS, position="top")
open_again_if_first(entry for entries in SECTIONS.values() for entry in entries)
dress(SECTIONS, opened)
opened.run()
