"""Lesson 4: what a larger network costs and what it was measured to bring."""

from pathlib import Path
from typing import Final

import streamlit as st

from pages.ui import kit, lesson_figures, run_choices
from pages.ui.lesson_plan import Answer, Lesson, Task
from unetkd_core.errors import RunError
from unetkd_core.models import complexity
from unetkd_core.models.names import M_LEVELS, m_arch
from unetkd_core.runs import standalone
from unetkd_core.runs.standalone import Line
from unetkd_core.settings import PROJECT_ROOT
from unetkd_core.zoo import references

TABLE: Final = PROJECT_ROOT / "results" / "streets" / "trained-on-streets.json"
NETWORKS: Final = tuple(M_LEVELS)
SMALL, LARGE = NETWORKS[0], NETWORKS[-1]
SIZES: Final = run_choices.WIDE[1:]
FULL: Final = SIZES[-1]
_NETWORK, _SIZE = kit.key("lessons", "capacity_network"), kit.key("lessons", "capacity_size")


def weights(name: str) -> int:
    """Trainable numbers."""
    return complexity.parameters(m_arch(name))


def work(name: str, size: tuple[int, int] = FULL) -> int:
    """Multiply-accumulates of one picture of (height, width) pixels."""
    return complexity.macs(m_arch(name), *size)


def before() -> None:
    kit.section("Four networks", kit.term("parameters", "weights"))
    st.html(lesson_figures.bars([(n, weights(n), kit.count(weights(n)), "ink") for n in NETWORKS]))
    kit.note(
        f"{LARGE} has {weights(LARGE) / weights(SMALL):.0f} times the weights of {SMALL}: each goes one level deeper."
    )


def answer() -> Answer:
    times, more = work(LARGE) / work(SMALL), weights(LARGE) / weights(SMALL)
    letter = "a" if times > more / 2 else "b" if times > 4 else "c" if times > 1.2 else "d"
    return Answer(
        letter,
        f"{more:.0f} times the weights are {times:.1f} times the work: each deeper level sees a picture of half the "
        f"height and half the width, so its many filters are applied to few places. {_measured_words()}",
    )


def _measured_words(path: Path | None = None) -> str:
    """What the difference was measured to bring: three seeds where the table is there, else what the cards say."""
    found = {line.model: line for line in measured(path)}
    if SMALL in found and LARGE in found:
        small, large = found[SMALL], found[LARGE]
        return (
            f"Trained alone on made-up streets, {LARGE} reaches {_reached(large)} mIoU and {SMALL} {_reached(small)}: "
            f"{kit.points(large.mean - small.mean)} points for it."
        )
    return "What they bring is shown by the networks that are here."


def measured(path: Path | None = None) -> list[Line]:
    """results/streets on streets itself, smallest network first; empty where it is not measured yet."""
    try:
        return [line for line in standalone.lines(standalone.read(path or TABLE)[1]) if line.on.startswith("streets")]
    except RunError:
        return []


def _reached(line: Line) -> str:
    return lesson_figures.over_seeds(line.mean, line.spread, len(line.seeds))


def after() -> None:
    height, width = FULL
    kit.section("The work for one picture", f"{kit.term('multiply-accumulates')} at {height} × {width}")
    st.html(lesson_figures.bars([(n, work(n), kit.count(work(n)), "ink") for n in NETWORKS]))
    kit.section("The weights", "trainable numbers")
    st.html(lesson_figures.bars([(n, weights(n), kit.count(weights(n)), "ink") for n in NETWORKS]))
    lines = measured()
    if lines:
        kit.section("What it brings", f"{kit.term('mIoU')} on streets, trained alone")
        st.html(lesson_figures.bars([(x.model, 100 * x.mean, _reached(x), "rest") for x in lines], most=100.0))
        return
    cards = _cards()
    if cards:
        kit.section("What the networks here reach", f"{kit.term('mIoU')} on streets:val, {kit.term('one seed')} each")
        st.html(lesson_figures.bars(cards, most=100.0))


def _cards() -> list[tuple[str, float, str, str]]:
    """The M-models among the networks here, by what their cards say of streets:val."""
    rows = []
    for _, info in references.available():
        scores = info.metrics.get("streets:val")
        if (
            str(info.arch.get("name")) in NETWORKS
            and isinstance(scores, dict)
            and isinstance(scores.get("miou"), float)
        ):
            miou, role = float(scores["miou"]), info.role if info.role in kit.ROLE else "teacher"
            rows.append((kit.role_html(role, info.title), 100 * miou, kit.percent(miou), role))
    return sorted(rows, key=lambda row: row[1])


def task() -> Task:
    budget = work(SMALL)
    fits = [size for size in SIZES if work(LARGE, size) <= budget]
    name = st.segmented_control("Network", NETWORKS, default=SMALL, required=True, key=_NETWORK) or SMALL
    names = {f"{height} × {width}": (height, width) for height, width in SIZES}
    picked = st.segmented_control("Picture", list(names), default=list(names)[-1], required=True, key=_SIZE)
    size = names.get(picked or "", FULL)
    needs = work(name, size)
    st.html(
        lesson_figures.bars(
            [("it needs", needs, kit.count(needs), "ink"), ("the chip does", budget, kit.count(budget), "rest")],
            most=work(LARGE),
        )
    )
    if needs > budget:
        return Task(False, f"{name} at {size[0]} × {size[1]} is more than the chip does.")
    if name != LARGE:
        return Task(False, f"It fits. Now {LARGE}, with {weights(LARGE) / weights(name):.0f} times the weights.")
    if size != fits[-1]:
        return Task(False, "It fits, with room for a larger picture.")
    return Task(
        True, f"{LARGE} fits at {size[0]} × {size[1]}: the picture’s size costs more than the network’s weights do."
    )


LESSON: Final = Lesson(
    key="capacity",
    question="What does a larger network cost?",
    minutes=4,
    short=f"Capacity: {SMALL} to {LARGE}, in weights, in work and in mIoU.",
    setting=f"{SMALL} to {LARGE} are one {kit.term('U-Net')}, with three, four, five and six levels.",
    ask=f"{LARGE} has {weights(LARGE) / weights(SMALL):.0f} times the weights of {SMALL}. "
    "How much more work is one picture?",
    options={
        "a": "About as many times more",
        "b": "About ten times more",
        "c": "About twice as much",
        "d": "Less: a larger network is surer of itself",
    },
    todo=f"A chip does just what {SMALL} needs at {FULL[0]} × {FULL[1]}. Make {LARGE} fit it, with the largest picture "
    "that it can have.",
    before=before,
    answer=answer,
    after=after,
    task=task,
)
