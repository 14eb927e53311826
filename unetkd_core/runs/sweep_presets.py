"""The grids that a form or a command line starts from: a small one, and the paper's four series. Data, not logic.

The paper names the fixed value of each series and, of the varied ones, only where its best results lie (α 0.3 and
T 10, α 0.5 and T 5); the steps between are ours.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Series:
    """Axes of a grid. ensemble: its teacher is meant to be one. Students, data and budget stay as they are chosen."""

    name: str
    label: str
    explanation: str
    alpha: tuple[float, ...]
    temperature: tuple[float, ...]
    method: tuple[str, ...]
    ensemble: bool = False


_ALPHAS: Final = (0.1, 0.3, 0.5, 0.7, 0.9)
_TEMPERATURES: Final = (1.0, 2.0, 5.0, 10.0, 20.0)

SERIES: Final = {
    "3x3": Series(
        "3x3",
        "3 × 3",
        "From mostly teacher to mostly labels, from sure to soft answers, with T².",
        (0.1, 0.5, 0.9),
        (1.0, 4.0, 10.0),
        ("kd-t2",),
    ),
    "alpha-0.1": Series(
        "alpha-0.1",
        "α 0.1",
        "The paper's first series: the teacher has nine tenths of the say, T changes. The steps of T are ours.",
        (0.1,),
        _TEMPERATURES,
        ("kd",),
    ),
    "T-10": Series(
        "T-10",
        "T 10",
        "The paper's second series: very soft answers, α changes. Its best gain, at α 0.3, lies here; the other steps "
        "of α are ours.",
        _ALPHAS,
        (10.0,),
        ("kd",),
    ),
    "alpha-0.5": Series(
        "alpha-0.5",
        "α 0.5",
        "The paper's third series: labels and teacher half and half, T changes. The steps of T are ours.",
        (0.5,),
        _TEMPERATURES,
        ("kd",),
    ),
    "ensemble": Series(
        "ensemble",
        "Ensemble",
        "The paper's fourth: α and T again, taught by the mean of three teachers. It ran lines, we fill the "
        "grid between them; the steps are ours.",
        (0.1, 0.3, 0.5),
        (1.0, 5.0, 10.0),
        ("kd",),
        ensemble=True,
    ),
}
