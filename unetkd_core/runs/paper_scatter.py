"""What a mean over two seeds is worth: how far a file's runs of one student lie apart within their rows, pooled.

The spread of two numbers says little about the spread of many: half the time it is less than two thirds of it. All
rows of one student together say more. Needs no torch.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from unetkd_core.runs.paper import STUDENTS
from unetkd_core.runs.paper_growing import way
from unetkd_core.runs.paper_results import Made, On, Results

LEAST: Final = 3
"""Degrees of freedom below which nothing is told."""
_SIDES: Final[dict[On, str]] = {"val": "unseen pictures", "train": "training pictures"}


@dataclass(frozen=True)
class Scatter:
    """Of one student's mIoU. deviation: the pooled standard deviation of one run, in [0, 1]; freedom: its degrees of
    freedom; ways: how many ways of training it had several seeds.
    """

    network: str
    deviation: float
    freedom: int
    ways: int

    def error(self, seeds: int) -> float:
        """The standard error of a gain over so many seeds: student and untaught twin scatter alike."""
        return self.deviation * math.sqrt(2 / seeds)


def scatters(results: Results, on: On) -> list[Scatter]:
    """Every student's of which enough is known, as the paper names them. A way that stands in two tables counts once.

    The pooled variance is Σ (nᵢ − 1) sᵢ² / Σ (nᵢ − 1), over ways that have several seeds.
    """
    ways: dict[Any, dict[int, float]] = {}
    for made in (made for made in results.rows if not made.row.of):
        known = ways.setdefault(way(made.row, made.who), {})
        known |= {pair.seed: v for pair in made.pairs if (v := pair.value("miou", on)) is not None}
    found = (_scatter(name, {key: known for key, known in ways.items() if key[0] == name}) for name in STUDENTS)
    return [scatter for scatter in found if scatter is not None]


def _scatter(network: str, ways: Mapping[Any, Mapping[int, float]]) -> Scatter | None:
    several = [list(known.values()) for known in ways.values() if len(known) > 1]
    freedom = sum(len(values) - 1 for values in several)
    if freedom < LEAST:
        return None
    squares = sum((value - sum(values) / len(values)) ** 2 for values in several for value in values)
    return Scatter(network, math.sqrt(squares / freedom), freedom, len(several))


def told(results: Results, rows: Sequence[Made], on: On) -> str:
    """What that means for the gains of these rows, in two sentences; empty where too little is known.

    Of choices nothing is said: the largest of several is not one of them.
    """
    found = [(one, seeds) for one in scatters(results, on) if (seeds := _usual_seeds(one.network, rows))]
    if not found:
        return ""
    runs = " and ".join(f"{100 * one.deviation:.1f} ({one.network}, {one.ways} ways)" for one, _ in found)
    gains = " and ".join(
        f"{100 * one.error(seeds):.1f} ({one.network}, {seeds} seed{'s' * (seeds != 1)})" for one, seeds in found
    )
    return (
        f"On {_SIDES[on]}, runs scatter within a row by {runs} points, pooled. That leaves a gain uncertain by {gains} "
        "points, one standard error, and a difference of two rows too."
    )


def _usual_seeds(network: str, rows: Sequence[Made]) -> int:
    """How many seeds most taught rows of this student have; 0 where there is none."""
    taught = [made for made in rows if made.row.network == network and made.row.teacher and not made.row.of]
    counts = Counter(len(made.pairs) for made in taught if made.pairs)
    return counts.most_common(1)[0][0] if counts else 0
