"""Home's story as one component: the swiped street, T and α with a dot where a student was trained, and what it gained.

Everything is sent once; while a slider is dragged, picture, sentence, line and bars follow in the browser. Python hears
of T and α on release. Words and places are decided here, assets/viewer/story.js puts them on the screen.
"""

from dataclasses import dataclass
from typing import Any, Final

from pages.ui import blob, home_figures, kit
from pages.ui.layers import Layer, Settings, described
from pages.ui.viewer import declare
from unetkd_core.runs.home_grid import HomeGrid

_component: Final = declare("unetkd_story", "skeleton story-skeleton")
_NUMBERS: Final = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

Sent = tuple[dict[str, Any], list[bytes]]
"""Header and parts of a blob."""


def sent(home: HomeGrid) -> Sent:
    """All that the browser needs, but for where the sliders stand at first."""
    twins = [
        Layer("twin", "Untaught twin", kit.percent(home.twin_miou), logits=home.seen[f"twin/{place}"])
        for place in range(len(home.twins))
    ]
    students = [
        Layer("student", "Student, taught", kit.percent(home.miou(n)), logits=home.seen[f"cell/{n}"])
        for n in range(len(home.cells))
    ]
    truth = Layer("truth", "True label", "", home.truth)
    settings = Settings(show_opacity=False, report=False)
    header, parts = described(home.photo, [*twins, *students, truth], "swipe", settings)
    return {**header, "mode": "story", "story": told(home)}, parts


@dataclass(frozen=True)
class Start:
    """The cell that the sliders begin at. The browser adopts it when `token` is new to it; then they are its own."""

    token: str
    cell: int


def story(ready: Sent, *, start: Start, key: str) -> tuple[float, float] | None:
    """Draw it; (α, T) once a slider was released after this start, None before."""
    header, parts = ready
    told = {**header["story"], "start": start.cell, "token": start.token}
    first = _first_pair(header["layers"], told["cells"][start.cell]["twin"], start.cell)
    result = _component(
        key=key, data=blob.pack({**header, "story": told, "layers": first}, parts), on_cell_change=lambda: None
    )
    cell = result.cell or {}
    if cell.get("token") != start.token:  # of a start before this one: the address has said something else since
        return None
    return float(cell["alpha"]), float(cell["temperature"])


def _first_pair(layers: list[dict[str, Any]], twin: int, student: int) -> list[dict[str, Any]]:
    """The layers with all hidden but one twin, one student and the truth: those are read first."""
    at = {"twin": twin, "student": student, "truth": 0}
    places = {role: [n for n, layer in enumerate(layers) if layer["role"] == role] for role in at}
    seen = {places[role][number] for role, number in at.items()}
    return [{**layer, "hidden": n not in seen} for n, layer in enumerate(layers)]


def told(home: HomeGrid) -> dict[str, Any]:
    """The numbers, words and places of every cell, as JSON."""
    order = home_figures.class_order(home)
    return {
        "teacher": {"title": home.teacher.title, "note": kit.count(home.teacher.parameters)},
        "dots": _dots(home),
        "temperatures": list(home.temperatures),
        "alphas": list(home.alphas),
        "twin": kit.percent(home.twin_miou),
        "teacher_miou": kit.percent(home.teacher_scores.miou),
        "streets": f"on {home.scenes} streets neither has seen" if home.scenes else "on streets neither has seen",
        "seeds": seeds(len(home.seeds)),
        "line": home_figures.line(home),
        "order": order,
        "zero": home_figures.zero(home),
        "cells": [_cell(home, number, order) for number in range(len(home.cells))],
        "terms": {word: kit.definition(word) for word in _TERMS},
    }


_TERMS: Final = ("teacher", "temperature", "alpha", "mIoU", "untaught twin", "spread", "seeds", "one seed", "IoU")


def seeds(count: int) -> str:
    """ "one seed", "two seeds", "12 seeds"."""
    return f"{_NUMBERS[count] if count < len(_NUMBERS) else count} seed{'s' * (count != 1)}"


def _dots(home: HomeGrid) -> str:
    who = f"{home.student.title} ({kit.count(home.student.parameters)})"
    return f"Dots: {who} trained in advance" if len(home.cells) > 1 else f"It taught {who}"


def _cell(home: HomeGrid, number: int, order: list[int]) -> dict[str, Any]:
    cell, gains, spread = home.cells[number], dict(home.class_gains(number)), home.spread(number)
    bars = home_figures.bars(home, number, order)
    return {
        "alpha": cell.alpha,
        "temperature": cell.temperature,
        "twin": cell.shown,
        "gain": kit.points(home.gain(number)),
        "lost": _lost(home.gain(number)),
        "level": kit.points(home.gain(number)) == "0.0",
        "miou": kit.percent(home.miou(number)),
        "spread": "" if spread is None else f"±\u00a0{100 * spread:.1f}",
        "pictured": _pictured(home, cell.shown),
        **home_figures.student_on_line(home, number),
        "heading": _heading([gains[index] for index in order if index in gains]),
        "rows": [
            {"text": kit.points(gains.get(index)), "lost": _lost(gains.get(index, 0.0)), **(bar or {})}
            for index, bar in zip(order, bars, strict=True)
        ],
    }


def _lost(gain: float) -> bool:
    """As it is shown: what rounds to nothing is no loss."""
    return kit.points(gain).startswith(kit.MINUS)


def _heading(gains: list[float]) -> str:
    gained, lost = any(kit.points(gain).startswith("+") for gain in gains), any(map(_lost, gains))
    return "Where it gained and lost" if gained and lost else "Where it lost" if lost else "Where it gained"


def _pictured(home: HomeGrid, shown: int) -> str:
    """Which of several is in the picture: the numbers are of all of them."""
    if len(home.seeds) == 1:
        return ""
    why = "which gained less" if len(home.seeds) == 2 else "the middle one"
    return f"In the picture: seed {home.seeds[shown]}, {why}"
