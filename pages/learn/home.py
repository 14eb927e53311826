"""Home: what teaching bought, in one screen: one street seen by the untaught twin and by the taught student.

Reads files that were made in advance (unetkd_core/runs/home_scene.py) and needs no torch.
"""

import streamlit as st

from pages.ui import kit
from pages.ui.home_figures import gain_rows, miou_line
from pages.ui.viewer import Fact, Layer, viewer
from unetkd_core.errors import DataError
from unetkd_core.runs.home_scene import HomeScene, read_home

DOORS = (
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
    ("data", "Data", "pages/library/data.py", "six classes", "See the streets that they learn from, class by class."),
)


def scene_column(home: HomeScene) -> None:
    """The swiped street, its classes, and what this student was taught with."""
    settings = home.settings
    viewer(
        home.photo,
        [
            Layer("twin", "Untaught twin", kit.percent(home.twin.miou), home.labels["twin"]),
            Layer("student", "Student, taught", kit.percent(home.student.miou), home.labels["student"]),
            Layer("truth", "True label", "", home.labels["truth"]),
        ],
        mode="swipe",
        key=kit.key("home", "scene"),
        show_opacity=False,
        report=False,
        facts=[
            Fact(
                "Its teacher",
                home.teacher.title,
                role="teacher",
                note=kit.count(home.teacher.parameters),
                tip=kit.definition("teacher"),
            ),
            Fact(
                "The student",
                home.student.title,
                role="student",
                note=kit.count(home.student.parameters),
                tip=kit.definition("student"),
            ),
            Fact("Temperature", f"{settings['temperature']:g}", symbol="T", tip=kit.definition("temperature")),
            Fact("Weight of the labels", f"{settings['alpha']:g}", symbol="α", tip=kit.definition("alpha")),
        ],
    )


def together(fraction: float) -> str:
    """A percentage that no line break parts from its sign."""
    return f'<span class="ukd-nowrap">{kit.percent(fraction)}</span>'


def result_column(home: HomeScene) -> None:
    """The sentence with the gain, whatever its sign; what it was measured on; then where it came from."""
    seen = f"on {home.scenes} streets neither has seen" if home.scenes else "on streets neither has seen"
    seeds = kit.term("one seed") if home.seeds == 1 else f"{home.seeds} {kit.term('seeds')}"
    won = home.gain >= 0
    lead = "The student that listened to its teacher:" if won else "This student that listened to its teacher lost:"
    with st.container(key="home_result"):
        st.html(
            f'<p class="ukd-lead">{lead}</p>'
            f'<p class="ukd-gain{"" if won else " ukd-lost"}"><b>{kit.points(home.gain)}</b> <span>points</span></p>'
            f'<p class="ukd-fine">{kit.term("mIoU")} {together(home.student.miou)} against {together(home.twin.miou)} '
            f"for its {kit.term('untaught twin')}, {seen}; {seeds}.</p>"
        )
    with st.container(key="home_detail"):
        st.html(
            miou_line(home.twin.miou, home.student.miou, home.teacher.miou)
            + kit.section_html("Where it gained" if won else "Where it gained and lost", f"points of {kit.term('IoU')}")
            + gain_rows(home.class_gains())
        )


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


kit.page_header(
    "What can a small network learn from a large one?",
    f"One small {kit.term('U-Net')}, trained twice on the same streets: "
    f"once from the labels alone, once also listening to a {kit.term('teacher')}.",
)
try:
    scene = read_home()
except DataError as error:
    scene = None
    kit.problem(error)
else:
    if scene is None:
        empty = kit.empty_state(
            "No street to show yet",
            "Here one street will be read twice, by a student that was taught and by its untaught twin, "
            "with what the teaching gained.",
            key="home",
        )
        if empty.button("Train the first pair", key=kit.key("home", "train")):
            st.switch_page("pages/lab/distill.py")
if scene is not None:
    with st.container(key="home_story"):
        left, right = st.columns([744, 340], gap=36)
        with left:
            scene_column(scene)
        with right:
            result_column(scene)
doors()
