"""Home's story as one component: the swiped street, T and α with a dot where a student was trained, and what it gained.

Everything is sent once; while a slider is dragged, picture, sentence, line and bars follow in the browser. Python hears
of T and α on release. Words and places are decided here, assets/viewer/story.js puts them on the screen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from pages.ui import blob, home_figures, kit
from pages.ui.layers import Layer, Settings, described
from pages.ui.viewer import declare
from unetkd_core.runs.home_grid import HomeGrid

_component: Final = declare("unetkd_story", "skeleton story-skeleton")
_NUMBERS: Final = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

FEW_SEEDS: Final = 3
"""So many gains are shown one by one: a standard deviation of two or three numbers looks surer than it is."""

Sent = tuple[dict[str, Any], list[bytes]]
"""Header and parts of a blob."""


def sent(home: HomeGrid) -> Sent:
    """All that the browser needs, but for where the sliders stand at first."""
    twin = Layer("twin", "Untaught twin", kit.percent(home.twins[home.shown].miou), logits=home.twin_seen)
    students = [
        Layer("student", "Student, taught", kit.percent(cell.students[home.shown].miou), logits=seen)
        for cell, seen in zip(home.cells, home.cells_seen, strict=True)
    ]
    truth = Layer("truth", "True label", "", home.truth)
    settings = Settings(show_opacity=False, report=False)
    header, parts = described(home.photo, [twin, *students, truth], "swipe", settings)
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
    first = _first_pair(header["layers"], start.cell)
    result = _component(
        key=key, data=blob.pack({**header, "story": told, "layers": first}, parts), on_cell_change=lambda: None
    )
    cell = result.cell or {}
    if cell.get("token") != start.token:  # of a start before this one: the address has said something else since
        return None
    return float(cell["alpha"]), float(cell["temperature"])


def _first_pair(layers: list[dict[str, Any]], student: int) -> list[dict[str, Any]]:
    """The layers with all hidden but the twin, one student and the truth: those are read first."""
    seen = {0, 1 + student, len(layers) - 1}
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
        "streets": f"on {home.scenes} streets neither has seen",
        "line": home_figures.line(home),
        "order": order,
        "zero": home_figures.zero(home),
        "cells": [_cell(home, number, order) for number in range(len(home.cells))],
        "terms": {word: kit.definition(word) for word in _TERMS},
    }


_TERMS: Final = ("teacher", "temperature", "alpha", "mIoU", "untaught twin", "spread", "seed", "one seed", "IoU")


def seeds(count: int) -> str:
    """ "one seed", "two seeds", "12 seeds"."""
    return f"{_NUMBERS[count] if count < len(_NUMBERS) else count} seed{'s' * (count != 1)}"


def _dots(home: HomeGrid) -> str:
    who = f"{home.student.title} ({kit.count(home.student.parameters)})"
    return f"Dots: {who} trained in advance" if len(home.cells) > 1 else f"It taught {who}"


def _cell(home: HomeGrid, number: int, order: list[int]) -> dict[str, Any]:
    cell, gains = home.cells[number], dict(home.class_gains(number))
    bars, (by_seed, sure) = home_figures.bars(home, number, order), _by_seed(home, number)
    return {
        "alpha": cell.alpha,
        "temperature": cell.temperature,
        "gain": kit.points(home.gain(number)),
        "outcome": _outcome(home.gain(number), home.gains(number)),
        "miou": kit.percent(home.miou(number)),
        "by_seed": by_seed,
        "sure": sure,
        "pictured": _pictured(home, number),
        "seen": kit.percent(cell.students[home.shown].miou),
        **home_figures.student_on_line(home, number),
        "heading": _heading([gains[index] for index in order if index in gains]),
        "rows": [
            {"text": kit.points(gains.get(index)), "lost": _lost(gains.get(index, 0.0)), **(bar or {})}
            for index, bar in zip(order, bars, strict=True)
        ],
    }


def _outcome(gain: float, by_seed: Sequence[float]) -> str:
    """ "gained", "lost", "level", or "open" where of a few seeds one's student gained and another's lost: all as it is
    shown.
    """
    if len(by_seed) <= FEW_SEEDS and any(map(_lost, by_seed)) and any(map(_gained, by_seed)):
        return "open"
    return "lost" if _lost(gain) else "gained" if _gained(gain) else "level"


def _gained(gain: float) -> bool:
    return kit.points(gain).startswith("+")


def _lost(gain: float) -> bool:
    """As it is shown: what rounds to nothing is no loss."""
    return kit.points(gain).startswith(kit.MINUS)


def _heading(gains: list[float]) -> str:
    gained, lost = any(map(_gained, gains)), any(map(_lost, gains))
    return {
        (True, True): "Where it gained and lost",
        (True, False): "Where it gained",
        (False, True): "Where it lost",
        (False, False): "Class by class",
    }[gained, lost]


def _by_seed(home: HomeGrid, number: int) -> tuple[str, str]:
    """How sure a gain is, and the term for it: of a few seeds their own gains, of many the spread."""
    gains, spread = home.gains(number), home.spread(number)
    if spread is None:
        return "one seed", "one seed"
    if len(gains) > FEW_SEEDS:
        return f"±\u00a0{100 * spread:.1f} over {seeds(len(gains))}", "spread"
    *first, last = map(kit.points, gains)
    return f"seed by seed {', '.join(first)} and {last}", "seed"


def _pictured(home: HomeGrid, number: int) -> str:
    """Which of several is in the picture: the numbers beside it are of all of them."""
    if len(home.seeds) == 1:
        return ""
    return f"In the picture: seed {home.seeds[home.shown]}, {kit.points(home.gains(number)[home.shown])}\u00a0points"
