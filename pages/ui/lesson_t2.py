"""Lesson 3: the soft gradient shrinks as 1/T²; what the factor repairs, and what happens where it is forgotten."""

from typing import Final

import streamlit as st

from pages.ui import kit, lesson_figures, lesson_street, soft_choice, soft_start
from pages.ui.layers import Plate
from pages.ui.lesson_plan import Answer, Lesson, Task
from pages.ui.lesson_street import PAPER
from pages.ui.viewer import viewer

SHOWN: Final = (1.0, 2.0, 4.0, 10.0, 20.0, 50.0)
PAGE: Final = "pages/learn/soft_targets.py"
_ALPHA: Final = float(PAPER["alpha"])
_T: Final = float(PAPER["temperature"])


def before() -> None:
    image, _ = lesson_street.scene()
    viewer(image, [Plate("A street", "", None)], mode="grid", key=kit.key("lessons", "t2_scene"), report=False)
    st.html(
        f'<p class="ukd-fine">The paper teaches with α {_ALPHA:g} and T {_T:g}: the teacher’s term weighs '
        f"{1 - _ALPHA:g}. Here the gradient of that term is worked out at every pixel of this street, at T = 1 and at "
        f"T = {_T:g}.</p>"
    )


def _soft(temperature: float) -> float:
    """Mean norm of the soft gradient, with a weight of one and no T²."""
    here = lesson_street.street()
    return lesson_street.pulled(here, alpha=0.0, temperature=temperature, scale_by_t2=False).soft


def answer() -> Answer:
    times = _soft(1.0) / max(_soft(_T), 1e-30)
    last = _soft(_T) / max(_soft(2 * _T), 1e-30)
    letter = "a" if times < 1.5 else "b" if times < 12 else "c" if times < 300 else "d"
    share = lesson_street.pulled(lesson_street.street(), **PAPER).share
    return Answer(
        letter,
        f"At T = {_T:g} the soft gradient is {times:.0f} times weaker than at T = 1, and at T = {2 * _T:g} another "
        f"{last:.1f} times: in the end it shrinks as 1/T². So with the paper’s α of {_ALPHA:g} the labels do "
        f"{kit.percent(share)} of the pulling, and at T = 50 the teacher is there in name only. Multiplied by "
        f"{kit.term('T²')}, it keeps its voice at any temperature.",
    )


def after() -> None:
    here = lesson_street.street()
    rows = []
    for t in SHOWN:
        shares = [
            lesson_street.pulled(here, alpha=_ALPHA, temperature=t, scale_by_t2=factor).share
            for factor in (False, True)
        ]
        rows.append((f"<em>T</em> = {t:g}", shares))
    kit.section("Who moves the weights?", f"α {_ALPHA:g}, all pixels of this street")
    st.html(lesson_figures.split_table(rows, ("no <em>T</em>²", "times <em>T</em>²")))
    kit.section("How loud is the teacher, without the factor?", "mean norm of the soft gradient")
    loud = [(f"<em>T</em> = {t:g}", _soft(t)) for t in SHOWN]
    st.html(lesson_figures.bars([(name, value, f"{value:.2g}", "teacher") for name, value in loud]))


def task() -> Task:
    pixel = lesson_street.street().pixel
    address = {
        "T": f"{_T:g}",
        "alpha": f"{_ALPHA:g}",
        "t2": "0",
        "kl": "forward",
        "col": str(pixel[0]),
        "row": str(pixel[1]),
        "data": lesson_street.PLACE,
        "scene": str(lesson_street.SCENE),
    }
    st.page_link(PAGE, label="Open this pixel in Soft targets", icon=":material/blur_on:", query_params=address)
    there: soft_choice.Choice | None = st.session_state.get(kit.key(soft_start.PAGE, "now"))
    if there is None:
        return Task(False, "You have not been there yet. It opens in this window, with the paper’s values.")
    factor = "times T²" if there.scale_by_t2 else "no T²"
    told = f"There it says α {there.alpha:g}, T {there.temperature:g}, {factor}."
    if there.scale_by_t2 and there.temperature >= _T:
        return Task(True, f"{told} With the factor the teacher is heard again.")
    if there.scale_by_t2:
        return Task(False, f"{told} The factor is on; T should be {_T:g} or more, where it was missing.")
    return Task(False, f"{told} Switch “Multiply by T²” on, and look at who moves the weights.")


LESSON: Final = Lesson(
    key="t2",
    question="What does a teacher weigh that whispers?",
    minutes=4,
    short="The forgotten T², and a gradient that shrinks.",
    setting="A higher temperature softens what the teacher says, and also what the student feels of it: the gradient "
    f"of the {kit.term('soft term')}.",
    ask=f"From T = 1 to T = {_T:g}, without T²: how much weaker does the soft gradient get?",
    options={
        "a": "It stays as strong as it was",
        "b": "A few times weaker",
        "c": "Tens of times weaker, or a hundred",
        "d": "A thousand times weaker",
    },
    todo=f"Open one pixel at the paper’s values, switch T² on at T = {_T:g}, and see who moves the weights.",
    before=before,
    answer=answer,
    after=after,
    task=task,
    networks=True,
    away="Soft targets",
)
