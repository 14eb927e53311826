"""Lesson 6: a student of one's own with its untaught twin, judged by their run folders; and what one seed is worth."""

import html
import statistics
from typing import Final

import streamlit as st

from pages.ui import caches, kit, lesson_figures, lesson_three, pairs, run_choices, run_form_state, run_words, visitor
from pages.ui.lesson_plan import Answer, Lesson, Task
from pages.ui.pairs import Pair
from unetkd_core.errors import UnetKDError
from unetkd_core.runs import estimate
from unetkd_core.runs.folder import list_runs
from unetkd_core.zoo import references

DISTILL, RUNS = "pages/lab/distill.py", "pages/lab/runs.py"
CLEAR: Final = 0.02
"""A gain of so much, as a fraction, is called clear before anybody has seen it."""


def own() -> Pair | None:
    """The newest taught student with a twin: one that is done, else under way, else ended early.

    None where there is no such pair.
    """
    others = []
    for run, config in pairs.by_pairs(visitor.own(list_runs())):
        if config.role != "student":
            continue
        try:
            partner = run.partner()
            pair = pairs.read(run.id, partner.id if partner else None)
        except UnetKDError:
            continue  # deleted while we looked
        if pair.twin is not None and pair.done:
            return pair
        if pair.twin is not None:
            others.append(pair)
    return min(others, key=lambda p: not p.active, default=None)


def before() -> None:
    kit.section("What will happen", "the same start for both")
    st.html(
        '<ol class="les-list"><li>'
        f"{kit.role_html('student', 'M128, taught')} learns from labels and from a teacher.</li><li>"
        f"{kit.role_html('twin', 'M128, untaught')} has the same first weights, streets and order, and the labels "
        f"alone.</li><li>The {kit.term('gain')} is the difference of their {kit.term('mIoU')}, on streets that neither "
        "has seen.</li></ol>"
    )


def answer() -> Answer:
    known = lesson_three.seeds()
    twins = [twin for _, _, twin in known]
    gains = [taught - twin for _, taught, twin in known]
    count, apart = lesson_figures.counted(len(known)), max(twins) - min(twins)
    luck = (
        f"{count.capitalize()} twins that differ in nothing but the {kit.term('seed')} reached "
        f"{kit.percent(min(twins))} to {kit.percent(max(twins))}: {100 * apart:.1f} points of luck, with nobody "
        f"teaching. There, teaching gained {kit.points(statistics.fmean(gains))} ± {100 * statistics.stdev(gains):.1f} "
        f"points over {count} seeds."
    )
    pair = own()
    if pair is None or not pair.done or pair.gain is None:
        return Answer(
            None, f"Nobody knows before it is trained. {luck} A minute of training on one seed says less than that."
        )
    gain = pair.gain
    letter = "a" if gain >= CLEAR else "c" if gain <= -CLEAR else "b"
    sure = f"{'less' if abs(gain) < apart else 'more'} than what luck did there"
    return Answer(letter, f"Your student’s gain is {kit.points(gain)} points, {kit.term('one seed')}: {sure}. {luck}")


def after() -> None:
    known = lesson_three.seeds()
    kit.section("Three measured pairs on CamVid", f"{kit.term('mIoU')} of {lesson_three.STUDENT}")
    rows = []
    for seed, taught, twin in known:
        rows.append(
            (
                kit.role_html("student", f"seed {seed}, taught"),
                100 * taught,
                f"{kit.percent(taught)}, {kit.points(taught - twin)}",
                "student",
            )
        )
        rows.append((kit.role_html("twin", f"seed {seed}, untaught"), 100 * twin, kit.percent(twin), "twin"))
    st.html(lesson_figures.bars(rows, most=100.0))
    pair = own()
    if pair is not None and pair.done and pair.gain is not None:
        student, twin_point = pair.compared()
        assert student is not None and twin_point is not None  # there is a gain
        kit.section("Yours", html.escape(run_words.settings_line(pair.main.run, pair.main.run.config)))
        st.html(
            lesson_figures.bars(
                [
                    (
                        kit.role_html("student", "taught"),
                        100 * student.miou,
                        f"{kit.percent(student.miou)}, {kit.points(pair.gain)}",
                        "student",
                    ),
                    (kit.role_html("twin", "untaught"), 100 * twin_point.miou, kit.percent(twin_point.miou), "twin"),
                ],
                most=100.0,
            )
        )


def task() -> Task:
    pair = own()
    if pair is None:
        _first()
        return Task(False, "There is no student with a twin on this machine yet.")
    st.page_link(RUNS, label="See the pair", icon=":material/timeline:", query_params={"run": pair.main.run.id})
    if pair.done and pair.gain is not None:
        return Task(True, f"Student and twin are done: {kit.points(pair.gain)} points, {kit.term('one seed')}.")
    if pair.active:
        left = run_words.time_left(pair)
        return Task(False, f"{run_words.headline(pair)}{', ' + left if left else ''}. You can leave: it goes on.")
    headline, hint = run_words.gone_wrong(pair.broken[0], alone=len(pair.broken) == len(pair.sides))
    return Task(False, f"{headline}. {hint} Runs can resume it.")


def _first() -> None:
    """The way to Distill's form, filled in with the shortest budget."""
    try:
        known, found = references.available(), caches.trainable()
        values = run_choices.first(known, found)
        config, twin = run_choices.config(values), run_choices.wants_twin(values)
        price = f", about {kit.duration(run_words.rough(estimate.estimate(config, twin=twin).seconds))}"
    except UnetKDError as error:
        kit.problem(error, key=kit.key("lessons", "first"))
        return
    if st.button(f"Train the first{price}", key=kit.key("lessons", "train"), type="primary"):
        run_form_state.put(values)
        st.switch_page(DISTILL)


LESSON: Final = Lesson(
    key="run",
    question="What will your own student gain?",
    minutes=6,
    short="Your own run with its twin, and what one seed is worth.",
    setting=f"A student and its {kit.term('untaught twin')}, trained here, side by side. Only the teacher differs.",
    ask="A short run of M128, with a teacher and without. What will teaching gain?",
    options={
        "a": "Two points of mIoU or more",
        "b": "Less than two, to either side: nobody could tell it from luck",
        "c": "It will cost two points or more",
    },
    todo="Train a student with its twin until both are done.",
    before=before,
    answer=answer,
    after=after,
    task=task,
    away="Distill",
)
