"""Lesson 5: a mean of one strong and two weak teachers, and what their student gained. Reads results/."""

import json
import statistics
from pathlib import Path
from typing import Any, Final, NamedTuple

import streamlit as st

from pages.ui import ensemble_choice, kit, lesson_figures
from pages.ui.lesson_plan import Answer, Lesson, Task
from unetkd_core.errors import RunError
from unetkd_core.models.weighting import even
from unetkd_core.settings import PROJECT_ROOT

FILE: Final = PROJECT_ROOT / "results" / "ensemble-camvid" / "results.json"
PAGE: Final = "pages/compare/ensemble.py"
STUDENT: Final = "M128"


class Taught(NamedTuple):
    """mIoU of one kind of student over its seeds, fractions."""

    mean: float
    spread: float | None
    seeds: int


class Measured(NamedTuple):
    """teachers: (name, mIoU). even, searched: of the mean, with even weights and with those that were best on the
    held-out sequence; searched_there: on that sequence. students: by who taught them.
    """

    teachers: list[tuple[str, float]]
    even: float
    searched: float
    searched_there: float
    best_there: float
    students: dict[str, Taught]

    @property
    def best(self) -> tuple[str, float]:
        """The best teacher alone."""
        return max(self.teachers, key=lambda pair: pair[1])


def measured(path: Path | None = None) -> Measured:
    """What was measured on CamVid. Raises RunError where the file is gone or damaged."""
    path = path or FILE
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        teachers = [(r["network"], float(r["val_miou"])) for r in rows if r["kind"] == "teacher"]
        mean = {r["network"]: r for r in rows if r["kind"] == "ensemble"}
        searched = mean["searched, the paper's grid"]
        kinds = {"three": "student", "one": "student of MobileNetV2 alone", "nobody": "twin"}
        return Measured(
            teachers,
            float(mean["even"]["val_miou"]),
            float(searched["val_miou"]),
            float(searched["heldout_miou"]),
            max(float(r["heldout_miou"]) for r in rows if r["kind"] == "teacher"),
            {
                name: _over_seeds([r for r in rows if (r["kind"], r["network"]) == (kind, STUDENT)])
                for name, kind in kinds.items()
            },
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(
            f"The measured ensembles in {path.name} cannot be read ({error}). Check results/ out again."
        ) from error


def seeds() -> list[tuple[int, float, float]]:
    """(seed, taught, twin) of each measured pair of STUDENT, mIoU as fractions. Raises RunError."""
    try:
        rows = json.loads(FILE.read_text(encoding="utf-8"))
        by = {(r["kind"], r["seed"]): float(r["val_miou"]) for r in rows if r["network"] == STUDENT}
        found = [(s, by["student", s], by["twin", s]) for kind, s in by if kind == "student"]
        if len(found) < 2:
            raise ValueError(f"{len(found)} pairs, expected two at least")
        return found
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(
            f"The measured pairs in {FILE.name} cannot be read ({error}). Check results/ out again."
        ) from error


def _over_seeds(rows: list[dict[str, Any]]) -> Taught:
    values = [float(r["val_miou"]) for r in rows]
    return Taught(statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else None, len(values))


def before() -> None:
    kit.section("Three teachers", f"{kit.term('mIoU')} on CamVid’s val, {kit.term('one seed')} each")
    rows = [(kit.role_html("teacher", n), 100 * v, kit.percent(v), "teacher") for n, v in measured().teachers]
    st.html(lesson_figures.bars(rows, most=100.0))
    kit.note(
        "The two weak ones started from scratch and were taught by the strong one. Their probabilities are averaged."
    )


def answer() -> Answer:
    found = measured()
    name, best = found.best
    weakest = min(v for _, v in found.teachers)
    letter = "a" if found.even > best else "b" if found.even > weakest else "c"
    gap, there = found.searched - best, found.searched_there - found.best_there
    three, one = found.students["three"], found.students["one"]
    same = abs(three.mean - one.mean) <= max(three.spread or 0.0, one.spread or 0.0)
    return Answer(
        letter,
        f"The even mean reaches {kit.percent(found.even)}, {name} alone {kit.percent(best)}. Weights that were "
        f"searched for on one sequence differ from {name} by {kit.points(there)} points there, and by "
        f"{kit.points(gap)} on this one, which they never saw. And the student reaches {_said(three)}, if taught by "
        f"all three; by {name} alone, {_said(one)}. The difference is {'within' if same else 'more than'} the "
        f"{kit.term('spread')}.",
    )


def _said(taught: Taught) -> str:
    return lesson_figures.over_seeds(*taught)


def after() -> None:
    found = measured()
    kit.section("The mean of the three", f"{kit.term('mIoU')} on CamVid’s val")
    rows = [(kit.role_html("teacher", n), 100 * v, kit.percent(v), "teacher") for n, v in found.teachers]
    rows += [
        (kit.role_html("ensemble", name), 100 * v, kit.percent(v), "ensemble")
        for name, v in (("even weights", found.even), ("weights that were searched for", found.searched))
    ]
    st.html(lesson_figures.bars(rows, most=100.0))
    kit.section(f"What {STUDENT} learned of it", f"{kit.term('mIoU')}, mean ± one standard deviation over seeds")
    names = {
        "three": ("student", "taught by all three"),
        "one": ("student", f"by {found.best[0]} alone"),
        "nobody": ("twin", "untaught"),
    }
    st.html(
        lesson_figures.bars(
            [
                (kit.role_html(role, words), 100 * found.students[who].mean, _said(found.students[who]), role)
                for who, (role, words) in names.items()
            ],
            most=100.0,
        )
    )


def task() -> Task:
    st.page_link(PAGE, label="Open the triangle", icon=":material/change_history:", query_params={"weights": "1,1,1"})
    members = [m for m in ensemble_choice.MEMBERS if m in st.session_state]
    if not members:
        return Task(False, "You have not been there yet. It opens in this window, with even weights.")
    choice = ensemble_choice.now()
    said = " : ".join(f"{share:.2f}" for share in choice.shares)
    heard = sum(share > 0 for share in choice.shares)
    if choice.weighting != "fixed" or ensemble_choice.same(choice.shares, even(len(choice.shares))):
        return Task(
            False,
            f"There the weights are {said}. Drag the handle, or type weights, and read the sentence under the title.",
        )
    if heard < 2:
        return Task(False, f"There the weights are {said}: that is one network alone. Let at least two be heard.")
    return Task(
        True, f"You gave {said}. The page says on how many scenes that was measured, and what it would take to know."
    )


LESSON: Final = Lesson(
    key="three",
    question="Do two weak teachers help a strong one?",
    minutes=4,
    short="Three teachers, their mean, and weights that fit one sequence.",
    setting=f"An {kit.term('ensemble')} averages what several networks say; the paper’s is one of three encoders.",
    ask="One teacher is far better than the other two. Where does the even mean of all three lie?",
    options={
        "a": "Above the best of them: three see more than one",
        "b": "Between them, behind the strong one",
        "c": "Below all three",
    },
    todo="Move the weights away from even ones, and read on the page whether the mean got better by it.",
    before=before,
    answer=answer,
    after=after,
    task=task,
    away="Ensemble",
)
