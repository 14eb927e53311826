"""Lessons: six short ones on real controls, each predict, then reveal, then do.

The open one stands in the address, ?lesson=&step=, and how far somebody is in ?progress=, for a reload.
"""

import html

import streamlit as st

from pages.ui import kit, lesson_progress, lesson_steps, lesson_street, stage
from pages.ui.lesson_plan import Lesson
from unetkd_core.settings import PROJECT_ROOT

PAGE = lesson_steps.PAGE


def overview() -> None:
    """Six doors, each with its question, its minutes and how far one is."""
    done, all_minutes = lesson_progress.count(), sum(one.minutes for one in lesson_steps.LESSONS)
    far = f"{done} of {len(lesson_steps.LESSONS)} done" if done else f"{all_minutes} minutes in all"
    kit.page_header(
        "What would you have guessed?",
        "Six questions about teaching a small network. Guess first, see what really happens, then try it yourself; "
        f"{far}.",
    )
    with st.container(key=kit.key(PAGE, "cards")):
        for row in range(0, len(lesson_steps.LESSONS), 2):
            for column, lesson in zip(st.columns(2, gap=20), lesson_steps.LESSONS[row : row + 2], strict=True):
                with column:
                    card(lesson)
    if lesson_progress.carried():
        st.button("Forget my guesses", key=kit.key(PAGE, "forget"), type="tertiary", on_click=lesson_progress.forget)


def card(lesson: Lesson) -> None:
    """One lesson as a door: the whole card is its link."""
    progress, place = lesson_progress.of(lesson.key), lesson_steps.LESSONS.index(lesson) + 1
    step = "do" if progress.done else "reveal" if progress.guess else "predict"
    with st.container(border=True, key=f"door_lesson_{lesson.key}", height="stretch"):
        st.html(
            f'<div class="ukd-door"><span class="art les-number" aria-hidden="true">{place}</span>'
            f'<span class="ukd-note">{lesson.minutes} min</span>'
            f"<p>{html.escape(lesson.short)}"
            f'<span class="les-state les-{lesson_steps.MARKS[progress.word]}">{progress.word}</span></p></div>'
        )
        query = {**lesson_steps.address(lesson, step), **lesson_progress.carried()}
        st.page_link("pages/learn/lessons.py", label=lesson.question, query_params=query)


def page() -> None:
    st.html(PROJECT_ROOT / "assets" / "lessons.css")
    lesson, step, told = lesson_steps.asked()
    if lesson is None and stage.hides("lessons"):
        kit.page_header("Which lesson?", "The link that you were given hides the list. Ask for a link to one lesson.")
    stage.tell(told)
    if lesson is None:
        if not stage.hides("lessons"):
            overview()
        later = False
    else:
        later = lesson_steps.draw(lesson, step)
    lesson_steps.write(lesson, step)
    if later:
        # The page is on the screen; now the seconds that torch takes, and the page once more with the answers.
        lesson_street.warm()
        st.rerun()


page()
