"""Lesson 1: what a teacher says beside the label, and at which temperature it can be heard."""

from typing import Final

import streamlit as st

from pages.ui import kit, lesson_figures, lesson_street
from pages.ui.layers import Layer
from pages.ui.lesson_plan import Answer, Lesson, Task
from pages.ui.viewer import viewer
from unetkd_core.classes import CLASSES

SHOWN: Final = (1.0, 4.0, 10.0, 50.0)
LOUD: Final = 0.98
"""Share of the most that the second choice can reach at which it counts as found."""
_ALIKE: Final = 0.05
"""Where first and second choice lie nearer than this, nobody sees who is second."""
_TRIED: Final = [1 + 0.1 * i for i in range(491)]
_VIEW: Final = kit.key("lessons", "soft_temperature")


def _name(c: int) -> str:
    return CLASSES[c].name


def before() -> None:
    here = lesson_street.street()
    truth = Layer("truth", "The label", "", labels=here.labels)
    viewer(here.image, [truth], mode="grid", key=kit.key("lessons", "soft_scene"), pixel=here.pixel, report=False)
    first = here.ranking()[0]
    agrees = "the teacher’s first choice too" if first == here.label else f"the teacher says {_name(first)}"
    st.html(
        f'<p class="ukd-fine">The ring is at column {here.pixel[0]}, row {here.pixel[1]}: the label says '
        f"<b>{_name(here.label)}</b>, {agrees}.</p>"
    )


def answer() -> Answer:
    here = lesson_street.street()
    first, second = here.ranking()[:2]
    at = {t: here.said(t) for t in SHOWN}
    coldest, hottest = at[SHOWN[0]], at[SHOWN[-1]]
    grew, apart = hottest[second] > coldest[second], hottest[first] - hottest[second]
    letter = "a" if not grew else "c" if apart < _ALIKE else "b"
    return Answer(
        letter,
        f"At T = 1 the teacher gives {_name(first)} {coldest[first]:.2f} and {_name(second)} {coldest[second]:.2f}. At "
        f"T = 4 its second choice has {at[4.0][second]:.2f}, and the student hears what else this looks like: "
        f"{kit.term('dark knowledge')}. At T = 50 the first is ahead by no more than {apart:.2f}: all six are nearly a "
        "sixth, and of who was second nothing is left to learn.",
    )


def after() -> None:
    here = lesson_street.street()
    teacher = Layer("teacher", "Teacher", here.who["teacher"].name, logits=here.teacher)
    truth = Layer("truth", "The label", "", labels=here.labels)
    view = viewer(
        here.image,
        [truth, teacher],
        mode="grid",
        key=kit.key("lessons", "soft_viewer"),
        pixel=here.pixel,
        views=("soft", "second", "entropy", "labels"),
        name="soft",
    )
    st.session_state[_VIEW] = view.temperature
    kit.section("The teacher at the ring", "probability, softened by T")
    shown = sorted({*SHOWN, view.temperature})
    st.html(lesson_figures.softening([(t, here.said(t)) for t in shown], here.ranking(), yours=view.temperature))


def task() -> Task:
    here = lesson_street.street()
    second = here.ranking()[1]
    heard = {t: float(here.said(t)[second]) for t in _TRIED}
    most, now = max(heard.values()), float(st.session_state.get(_VIEW, 1.0))
    share = float(here.said(now)[second])
    told = f"T = {now:g}: {_name(second)} has {share:.3f}."
    if share >= LOUD * most and now > 1:
        return Task(
            True, f"{told} It cannot be much louder: the most is {most:.3f}, and from there on all become alike."
        )
    return Task(False, f"{told} It can be louder. Move T in the viewer, and let go.")


LESSON: Final = Lesson(
    key="soft",
    question="Why listen to a teacher who says what the label says?",
    minutes=4,
    short="Soft targets, and a temperature that is too high.",
    setting="At this pixel label and teacher agree. What else the teacher thinks shows when its answer is softened by "
    f"a {kit.term('temperature')} <em>T</em>.",
    ask="T goes from 1 to 50. What becomes of the teacher’s second choice?",
    options={
        "a": "It stays as quiet as it was",
        "b": "It grows, and stands out the more, the higher T is",
        "c": "It grows at first; in the end all six are alike and nobody knows who was second",
        "d": "It overtakes the first choice",
    },
    todo="Find the temperature at which the teacher’s second choice at the ring is heard best.",
    before=before,
    answer=answer,
    after=after,
    task=task,
    networks=True,
)
