"""Lesson 2: α weighs the two terms of the loss; who moves the student is another question, pixel by pixel."""

from typing import Any, Final

import numpy as np
import streamlit as st

from pages.ui import kit, lesson_figures, lesson_street
from pages.ui.layers import Plate
from pages.ui.lesson_plan import Answer, Lesson, Task
from pages.ui.viewer import viewer

EVEN: Final = 0.03
"""How near to half counts as even."""
MOST: Final = 0.9
"""Share of the pixels that counts as nearly everywhere."""
_ALPHA: Final = kit.key("lessons", "alpha")


def _setting() -> dict[str, Any]:
    """T and the factor of the student's own teaching; α is one half, whatever it was."""
    taught = lesson_street.taught_with()
    return {"temperature": float(taught["temperature"]), "scale_by_t2": bool(taught["scale_by_t2"])}


def _how() -> str:
    now = _setting()
    return f"T {now['temperature']:g}, {'times T²' if now['scale_by_t2'] else 'no T²'}"


def before() -> None:
    image, _ = lesson_street.scene()
    viewer(image, [Plate("A street", "", None)], mode="grid", key=kit.key("lessons", "alpha_scene"), report=False)
    who = lesson_street.networks()
    st.html(
        f'<p class="ukd-fine">{kit.role_html("teacher", who["teacher"].name)} has taught '
        f"{kit.role_html('student', who['student'].name)}. Both are asked about this street, and for every pixel it is "
        f"worked out how hard each term would move the student’s logits ({_how()}).</p>"
    )


def answer() -> Answer:
    found = lesson_street.pulled(lesson_street.street(), alpha=0.5, **_setting())
    harder = float((found.shares > 0.5).mean()) if found.shares.size else 0.0
    even = float((np.abs(found.shares - 0.5) < 0.05).mean()) if found.shares.size else 0.0
    letter = "a" if even > MOST else "b" if harder > MOST else "c" if harder < 1 - MOST else "d"
    return Answer(
        letter,
        f"In this street the label pulls harder at {kit.percent(harder)} of the pixels, the teacher at "
        f"{kit.percent(1 - harder)}; over all of them the labels do {kit.percent(found.share)} of the pulling. α "
        "weighs the two terms of the loss. How far the student is from each decides who moves it: where it already "
        "says what the label says, the label has nothing to pull.",
    )


def after() -> None:
    here, now = lesson_street.street(), _setting()
    factor = now["temperature"] ** 2 if now["scale_by_t2"] else 1.0
    by_label, by_teacher = lesson_street.maps(here, now["temperature"])
    by_teacher = by_teacher * factor
    top = max(float(np.quantile(np.concatenate([by_label, by_teacher]), 0.99)), 1e-9)
    plates = [
        Plate(title, "", lesson_figures.light(here.image, pull / top), alt=f"{title}: the brighter, the harder")
        for title, pull in (("Where the label pulls", by_label), ("Where the teacher pulls", by_teacher))
    ]
    viewer(here.image, plates, mode="grid", key=kit.key("lessons", "alpha_viewer"), report=False, show_opacity=False)
    found = lesson_street.pulled(here, alpha=0.5, **now)
    kit.section("Whose pull is it, pixel by pixel?", f"α 0.5, {_how()}")
    st.html(lesson_figures.histogram(found.shares))


def task() -> Task:
    alpha = st.slider("Weight of the labels *α*", 0.0, 1.0, 0.5, 0.01, key=_ALPHA, help=kit.definition("alpha"))
    found = lesson_street.pulled(lesson_street.street(), alpha=alpha, **_setting())
    st.html(
        lesson_figures.split(found.share)
        + f'<p class="les-parts"><span>labels {kit.percent(found.share)}</span>'
        + f'<b class="ukd-teacher">teacher {kit.percent(1 - found.share)}</b></p>'
    )
    if abs(found.share - 0.5) <= EVEN:
        return Task(
            True,
            f"At α = {alpha:g} both pull equally hard in this street. In another street, or later in the training, "
            "it would be another α.",
        )
    return Task(False, "Half of the bar should be the teacher’s.")


LESSON: Final = Lesson(
    key="alpha",
    question="At α = 0.5, do label and teacher pull equally hard?",
    minutes=3,
    short="What α weighs, and what it does not.",
    setting="The loss is α times the hard term plus 1 − α times the soft one. What moves the student’s weights is the "
    "gradient of each.",
    ask="α is 0.5. How hard do the two pull at a pixel?",
    options={
        "a": "Equally hard, at every pixel",
        "b": "The label pulls harder, nearly everywhere",
        "c": "The teacher pulls harder, nearly everywhere",
        "d": "At some pixels the label does, at others the teacher",
    },
    todo="Move α until both do half of the pulling in this street.",
    before=before,
    answer=answer,
    after=after,
    task=task,
    networks=True,
)
