"""What a mean over two seeds is worth: how far runs lie apart that differ in the seed alone, pooled over a file's rows.

The spread of two numbers says little about the spread of many: half the time it is less than two thirds of it. All
rows of one student together say more. Needs no torch.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from unetkd_core.runs.paper import STUDENTS
from unetkd_core.runs.paper_results import Made, On, Results

LEAST: Final = 3
"""Degrees of freedom below which nothing is told."""


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

    The pooled variance is Σ (nᵢ − 1) sᵢ² / Σ (nᵢ − 1).
    """
    ways = {(made.row.network, *made.runs): made for made in results.rows if not made.row.of}
    found = (_scatter(name, [made for made in ways.values() if made.row.network == name], on) for name in STUDENTS)
    return [scatter for scatter in found if scatter is not None]


def _scatter(network: str, rows: Sequence[Made], on: On) -> Scatter | None:
    known = [[v for pair in made.pairs if (v := pair.value("miou", on)) is not None] for made in rows]
    several = [values for values in known if len(values) > 1]
    freedom = sum(len(values) - 1 for values in several)
    if freedom < LEAST:
        return None
    squares = sum((value - sum(values) / len(values)) ** 2 for values in several for value in values)
    return Scatter(network, math.sqrt(squares / freedom), freedom, len(several))


def told(results: Results, rows: Sequence[Made], on: On) -> str:
    """What that means for the gains of these rows, in a sentence for each student; empty where too little is known."""
    return " ".join(
        f"Runs of {one.network} that differ in the seed alone scatter by {100 * one.deviation:.1f} points "
        f"({one.ways} ways, pooled), so a gain over {seeds} seed{'s' * (seeds != 1)} is uncertain by "
        f"{100 * one.error(seeds):.1f} points (a standard error), and so is a difference of two rows."
        for one in scatters(results, on)
        if (seeds := _usual_seeds(one.network, rows))
    )


def _usual_seeds(network: str, rows: Sequence[Made]) -> int:
    """How many seeds most taught rows of this student have; 0 where there is none."""
    counts = Counter(
        len(made.pairs) for made in rows if made.row.network == network and made.row.teacher and made.pairs
    )
    return counts.most_common(1)[0][0] if counts else 0
