"""Home: what teaching bought, in one screen: one street seen by the untaught twin and by the taught student.

Reads files that were made in advance (`unetkd paper home`) and needs no torch.
"""

import math
import uuid

import streamlit as st

from pages.ui import kit, story, url_state
from unetkd_core.errors import DataError
from unetkd_core.runs import home_scene
from unetkd_core.runs.home_grid import HomeGrid
from unetkd_core.training.presets import KD_PRESETS

DOORS = (
    (
        "learn",
        "Learn",
        "pages/learn/soft_targets.py",
        "5 minutes",
        "One pixel at a car’s edge, and what the teacher says about it.",
    ),
    (
        "distill",
        "Distill",
        "pages/lab/distill.py",
        "from a minute",
        "Train a student and its twin, and watch them part.",
    ),
    (
        "compare",
        "Compare",
        "pages/compare/overlays.py",
        "your photo",
        "Put your own street in, and see who reads it best.",
    ),
)
SCENE, START = kit.key("home", "scene"), kit.key("home", "start")
ADDRESS = {"alpha": kit.key("home", "alpha"), "T": kit.key("home", "temperature")}


@st.cache_resource(max_entries=2, show_spinner=False)
def ready(folder: str, written: int) -> tuple[HomeGrid, story.Sent]:
    """The grid and what is sent of it; `written` and `folder` are parts of the key alone."""
    home = home_scene.read_home()
    if home is None:
        raise FileNotFoundError(folder)
    return home, story.sent(home)


def tell(home: HomeGrid, sent: story.Sent) -> None:
    """The story, with the sliders where the address says, where they were left, or at the usual α and T."""
    came = url_state.restore(ADDRESS)
    for key in ADDRESS.values():
        st.session_state.setdefault(key, "")  # where one is missing, the address is taken for news
    if came or SCENE not in st.session_state or START not in st.session_state:
        before = st.session_state.get(START)
        token = uuid.uuid4().hex[:8] if came or before is None else before.token  # news for who watches, or a new visit
        st.session_state[START] = story.Start(token, first_cell(home))
    chosen = story.story(sent, start=st.session_state[START], key=SCENE)
    if chosen is not None:
        st.session_state.update(zip(ADDRESS.values(), (f"{value:g}" for value in chosen), strict=True))
    url_state.remember({name: st.session_state.get(key) for name, key in ADDRESS.items()})


def first_cell(home: HomeGrid) -> int:
    """The number of the cell that the remembered α and T are nearest to; not the best of all, which is partly luck."""
    usual = KD_PRESETS["hinton"].changes
    asked = {"alpha": usual["alpha"], "T": usual["temperature"]}
    for name, key in ADDRESS.items():
        try:
            value = float(st.session_state.get(key, ""))
        except ValueError:
            continue
        if math.isnan(value):
            continue
        asked[name] = min(1.0, max(0.0, value)) if name == "alpha" else min(1000.0, max(1.0, value))
    return home.nearest(asked["alpha"], asked["T"])


def doors() -> None:
    """Three ways on."""
    with st.container(key="home_doors"):
        for column, (name, title, page, cost, text) in zip(st.columns(3, gap=20), DOORS, strict=True):
            with column, st.container(border=True, key=f"door_{name}"):
                st.html(
                    f'<div class="ukd-door"><span class="art">{kit.icon_html(f"door-{name}", 72)}</span>'
                    f'<span class="ukd-note">{cost}</span><p>{text}</p></div>'
                )
                st.page_link(page, label=title, icon=":material/arrow_forward:", icon_position="right")


def nothing_yet() -> None:
    """What will be here, and the way to it."""
    empty = kit.empty_state(
        "No street to show yet",
        "Here one street will be read twice, by a student that was taught and by its untaught twin, "
        "with what the teaching gained.",
        key="home",
    )
    if empty.button("Train the first pair", key=kit.key("home", "train")):
        st.switch_page("pages/lab/distill.py")


kit.page_header(
    "What can a small network learn from a large one?",
    f"One small {kit.term('U-Net')}, trained twice on the same streets: "
    f"once from the labels alone, once also listening to a {kit.term('teacher')}.",
)
file = home_scene.FOLDER / "scene.json"
try:
    grid, parts = ready(str(file), file.stat().st_mtime_ns)
except FileNotFoundError:
    nothing_yet()
except DataError as error:
    kit.problem(error)
else:
    tell(grid, parts)
doors()
