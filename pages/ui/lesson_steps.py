"""One open lesson: predict, reveal, do, one under the other at the left, its figure at the right.

The lesson and its step stand in the address and nowhere else, so that back, forward and a link mean what they say.
"""

import html
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode, urlsplit

import streamlit as st

from pages.ui import (
    caches,
    kit,
    lesson_alpha,
    lesson_capacity,
    lesson_progress,
    lesson_run,
    lesson_soft,
    lesson_street,
    lesson_t2,
    lesson_three,
    shell,
    stage,
)
from pages.ui.lesson_plan import STEP_NAMES, STEPS, Answer, Lesson, Step, Task
from unetkd_core.errors import UnetKDError

PAGE: Final = "lessons"
LESSONS: Final[Sequence[Lesson]] = tuple(
    module.LESSON for module in (lesson_soft, lesson_alpha, lesson_t2, lesson_capacity, lesson_three, lesson_run)
)
MARKS: Final = {"not begun": "none", "predicted": "half", "done": "full"}
"""How far somebody is -> its mark in lessons.css."""
_WRITTEN: Final = kit.key(PAGE, "written")
state = st.session_state


def asked() -> tuple[Lesson | None, Step, list[str]]:
    """(lesson, step) of the address, and sentences for what it could not mean."""
    key, step = st.query_params.get("lesson"), st.query_params.get("step")
    lesson = next((one for one in LESSONS if one.key == key), None)
    told = []
    if key and lesson is None:
        told.append(f"There is no lesson {key[:30]}; there are {', '.join(one.key for one in LESSONS)}.")
    found = next((name for name in STEPS if name == step), None)
    if lesson is not None and step and found is None:
        told.append(f"There is no step {step[:30]}; there are {', '.join(STEPS)}.")
    return lesson, found or "predict", told


def address(lesson: Lesson | None, step: Step = "predict") -> dict[str, str]:
    """What a link to it says."""
    return {"lesson": lesson.key, "step": step} if lesson else {}


def go(lesson: Lesson | None, step: Step = "predict") -> None:
    """Callback: to another lesson or step, with the progress, as one entry of the browser's history."""
    for name in ("lesson", "step"):
        if lesson is None:
            st.query_params.pop(name, None)
    st.query_params.update({**address(lesson, step), **lesson_progress.carried()})


def write(lesson: Lesson | None, step: Step) -> None:
    """The address of what is shown, where the browser may lack it.

    A link from this page to itself reaches the script with its query, but Streamlit leaves the address bar without it,
    and the next widget would lead back to the overview. Where the bar has it already, nothing happens.
    """
    shown = {**address(lesson, step), **lesson_progress.carried()}
    if shown != state.get(_WRITTEN):
        state[_WRITTEN] = shown
        st.query_params.update(shown)


def draw(lesson: Lesson, step: Step) -> bool:
    """The whole lesson. Returns whether its networks are still to be asked, once the page is painted."""
    waiting = lesson.networks and not caches.torch_is_loaded()
    locked = stage.hides("answers")
    shown: Step = "predict" if locked else step
    _where(lesson, step)
    kit.page_header(html.escape(lesson.question), lesson.setting)
    left, right = st.columns([400, 684], gap=36)
    with left:
        steps = st.container(key=kit.key(PAGE, "steps"), gap="medium")
    with steps:
        _predict(lesson, shown, locked)
    with right, st.container(key=kit.key(PAGE, "figure"), gap="small"):
        found = _figure(lesson, shown, waiting)  # before the task, which looks at what is set there
    with steps:
        if shown != "predict":
            _reveal(lesson, found, shown)
        if shown == "do":
            _do(lesson, waiting)
        _on(lesson, shown)
    return waiting


def _where(lesson: Lesson, step: Step) -> None:
    """Which of the six, how long, and the link to this very step."""
    place = LESSONS.index(lesson) + 1
    with st.container(key=kit.key(PAGE, "where"), horizontal=True, vertical_alignment="center"):
        if not stage.hides("lessons"):
            st.button(
                "All lessons",
                icon=":material/arrow_back:",
                type="tertiary",
                key=kit.key(PAGE, "all"),
                on_click=go,
                args=(None,),
            )
        marks = "".join(f'<i class="les-{MARKS[lesson_progress.of(one.key).word]}"></i>' for one in LESSONS)
        st.html(
            f'<span class="ukd-note">Lesson {place} of {len(LESSONS)}, about {lesson.minutes} minutes</span>'
            f'<span class="les-marks" role="img" aria-label="{lesson_progress.count()} of {len(LESSONS)} lessons done">'
            f"{marks}</span>"
        )
        if stage.hides("answers"):
            return  # the lecturer's own link must not be one click away
        with st.popover("Link", icon=":material/link:", type="tertiary", key=kit.key(PAGE, "link")):
            _links(lesson, step)


def _links(lesson: Lesson, step: Step) -> None:
    base = urlsplit(st.context.url or "")
    here = f"{base.scheme}://{base.netloc}{base.path}" if base.netloc else "lessons"
    for words, more in (
        (f"This step, “{STEP_NAMES[step]}”", {}),
        ("For a class: the answer stays shut", {"class": "1"}),
        ("For the lecturer: the same, answer open", {"class": "1", "answers": "1"}),
    ):
        st.caption(words)
        st.code(f"{here}?{urlencode({**address(lesson, step), **more})}", language=None, wrap_lines=True)


def _figure(lesson: Lesson, step: Step, waiting: bool) -> Answer | None:
    """The figure, and the answer where it is to be seen. What cannot be worked out is told in its place."""
    try:
        if waiting:
            st.image(lesson_street.scene()[0], width="stretch")
            kit.note("The two networks are reading this street now.")
            return None
        found = lesson.answer() if step != "predict" else None
        (lesson.before if found is None else lesson.after)()
        return found
    except UnetKDError as error:
        kit.problem(error, key=kit.key(PAGE, lesson.key))
        return None


def _head(number: int, name: str) -> None:
    st.html(f'<h2 class="les-step"><span aria-hidden="true">{number}</span>{name}</h2>')


def _predict(lesson: Lesson, step: Step, locked: bool) -> None:
    guess = lesson_progress.of(lesson.key).guess
    with st.container(key=kit.key(PAGE, "predict"), gap="small"):
        _head(1, STEP_NAMES["predict"])
        if guess is None and step == "predict":
            choice = st.radio(
                lesson.ask,
                list(lesson.options),
                index=None,
                format_func=lesson.options.__getitem__,
                key=kit.key(PAGE, f"guess_{lesson.key}"),
            )
            st.button(
                "Keep this guess" if locked else "Keep this guess, and see",
                key=kit.key(PAGE, "keep"),
                type="primary",
                disabled=choice is None,
                on_click=_keep,
                args=(lesson,),
            )
            return
        st.html(f'<p class="les-ask">{html.escape(lesson.ask)}</p>')
        kept = (
            f"You said: {html.escape(lesson.options[guess])}."
            if guess in lesson.options
            else "You came here without a guess."
        )
        st.html(f'<p class="les-kept">{kept}</p>')
        if locked:
            st.html('<p class="ukd-note">The answer is for the class: its link says answers=1.</p>')
        elif step == "predict":
            st.button("See the answer", key=kit.key(PAGE, "see"), type="primary", on_click=go, args=(lesson, "reveal"))


def _keep(lesson: Lesson) -> None:
    letter = state.get(kit.key(PAGE, f"guess_{lesson.key}"))
    if letter in lesson.options:
        lesson_progress.guess(lesson.key, letter)
        go(lesson, "predict" if stage.hides("answers") else "reveal")


def _reveal(lesson: Lesson, found: Answer | None, step: Step) -> None:
    guess = lesson_progress.of(lesson.key).guess
    with st.container(key=kit.key(PAGE, "reveal"), gap="small"):
        _head(2, STEP_NAMES["reveal"])
        if found is None:
            st.skeleton(height=120)
        else:
            st.html(
                f'<p class="les-verdict">{_verdict(lesson, guess, found.letter)}</p>'
                f'<p class="les-answer">{_together(found.sentence)}</p>'
            )
        if step == "reveal":
            st.button("Try it", key=kit.key(PAGE, "try"), type="primary", on_click=go, args=(lesson, "do"))


def _together(sentence: str) -> str:
    """No line break between a number and its sign."""
    return sentence.replace(" %", "\u00a0%").replace(" ± ", "\u00a0±\u00a0").replace(" = ", "\u00a0=\u00a0")


def _verdict(lesson: Lesson, guess: str | None, right: str | None) -> str:
    """The guess beside what turned out; nobody is scolded."""
    if right is None:
        return "It is not decided yet."
    option = html.escape(lesson.options[right])
    said = option[0].lower() + option[1:]
    if guess is None:
        return f"It is this: {said}."
    return f"As you said: {said}." if guess == right else f"It turned out otherwise: {said}."


def _do(lesson: Lesson, waiting: bool) -> None:
    with st.container(key=kit.key(PAGE, "do"), gap="small"):
        _head(3, STEP_NAMES["do"])
        st.html(f'<p class="les-ask">{lesson.todo}</p>')
        if waiting:
            st.skeleton(height=80)
            return
        try:
            task = lesson.task()
        except UnetKDError as error:
            kit.problem(error, key=kit.key(PAGE, f"task_{lesson.key}"))
            return
        state[shell.AWAY] = (lesson.away, lesson.key)
        if task.done and not lesson_progress.of(lesson.key).done:
            lesson_progress.done(lesson.key)
        _outcome(task)


def _outcome(task: Task) -> None:
    mark, word = ("done", "Done.") if task.done else ("open", "Not yet.")
    st.html(f'<p class="les-outcome les-{mark}" role="status"><b>{word}</b> {_together(task.told)}</p>')


def _on(lesson: Lesson, step: Step) -> None:
    """The way on, once the task is there."""
    if step != "do" or stage.hides("lessons"):
        return
    place = LESSONS.index(lesson)
    if place + 1 < len(LESSONS):
        following = LESSONS[place + 1]
        kind = "primary" if lesson_progress.of(lesson.key).done else "secondary"
        st.button(
            f"Lesson {place + 2}: {following.question}",
            key=kit.key(PAGE, "next"),
            type=kind,
            on_click=go,
            args=(following,),
        )
    else:
        st.button("All lessons", key=kit.key(PAGE, "back"), on_click=go, args=(None,))
