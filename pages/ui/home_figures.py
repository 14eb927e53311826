"""Where Home's two small drawings put things: the line twin-student-teacher and the gain per class, for every cell.

Positions are percentages, so that they fit any column. One scale holds for all cells: what moves when a slider moves is
the student, not the axis. Knows numbers only; assets/viewer/story.js draws.
"""

import math
from collections.abc import Sequence
from typing import Any, Final

from unetkd_core.runs.home_grid import HomeGrid

_APART: Final = 17.0
"""Percent of the axis that two names need between their middles."""


def line(home: HomeGrid) -> dict[str, Any]:
    """The axis of mIoU: ticks in percent, and where twin and teacher stand, which no slider moves."""
    low, high = _range(home)
    step = _step(high - low)
    ticks = range(math.ceil(low / step) * step, math.floor(high / step) * step + 1, step)
    return {
        "ticks": [{"at": _place(t, low, high), "text": f"{t} %" if t == ticks[-1] else str(t)} for t in ticks],
        "twin": _place(100 * home.twin_miou, low, high),
        "teacher": _place(100 * home.teacher_scores.miou, low, high),
    }


def student_on_line(home: HomeGrid, number: int) -> dict[str, Any]:
    """Where one cell's student stands, and the three names, moved apart where they would meet."""
    low, high = _range(home)
    values = {"twin": home.twin_miou, "student": home.miou(number), "teacher": home.teacher_scores.miou}
    at = {name: _place(100 * value, low, high) for name, value in values.items()}
    return {"student": at["student"], "names": apart(at, _APART)}


def class_order(home: HomeGrid) -> list[int]:
    """Classes by what all cells gain together, the largest first: rows keep their places while a slider moves."""
    total: dict[int, float] = {}
    for number in range(len(home.cells)):
        for index, gain in home.class_gains(number):
            total[index] = total.get(index, 0.0) + gain
    return sorted(total, key=lambda index: -total[index])


def zero(home: HomeGrid) -> float:
    """Where no gain is, on the bars' axis."""
    low, high = _bar_range(home)
    return _place(0.0, low, high)


def bars(home: HomeGrid, number: int, order: Sequence[int]) -> list[dict[str, float] | None]:
    """One cell's gains in the given order of classes: start and width of each bar; None where there is no number."""
    low, high = _bar_range(home)
    found = dict(home.class_gains(number))
    middle = _place(0.0, low, high)
    return [None if (gain := found.get(index)) is None else _bar(_place(gain, low, high), middle) for index in order]


def _bar(at: float, zero: float) -> dict[str, float]:
    return {"start": round(min(at, zero), 2), "width": round(abs(at - zero), 2)}


def _bar_range(home: HomeGrid) -> tuple[float, float]:
    gains = [gain for number in range(len(home.cells)) for _, gain in home.class_gains(number)]
    low, high = min([0.0, *gains]), max([0.0, *gains])
    return (low, high) if high > low else (0.0, 1.0)


def _range(home: HomeGrid) -> tuple[float, float]:
    """The axis's ends in percent: a margin of a seventh on both sides, at least 2 points."""
    mious = [home.twin_miou, home.teacher_scores.miou, *(home.miou(number) for number in range(len(home.cells)))]
    values = [100 * miou for miou in mious]
    margin = max(2.0, (max(values) - min(values)) / 7)
    return max(0.0, min(values) - margin), min(100.0, max(values) + margin)


def _step(width: float) -> int:
    return next((s for s in (1, 2, 5, 10, 20) if width / s <= 7), 20)


def _place(value: float, low: float, high: float) -> float:
    return round(100 * (value - low) / (high - low), 2)


def apart(at: dict[str, float], least: float) -> dict[str, float]:
    """Label places at least `least` percent from one another, moved as little as possible from left to right."""
    order = sorted(at, key=lambda name: at[name])
    places = [at[name] for name in order]
    for _ in range(20):
        for i in range(len(places) - 1):
            overlap = least - (places[i + 1] - places[i])
            if overlap > 0:
                places[i] -= overlap / 2
                places[i + 1] += overlap / 2
    return dict(zip(order, (round(place, 2) for place in places), strict=True))
