"""What was measured for the paper's tables: rows, seeds and scores. Measures nothing; its file is `paper_file`'s.

Fractions in [0, 1]; what was not measured is None, never NaN. Differences from the paper are in points of what it
prints. Needs no torch.
"""

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from unetkd_core.data.refs import sharing_scenes
from unetkd_core.metrics import Scores
from unetkd_core.runs import paper, paper_printed
from unetkd_core.runs.origins import UNKNOWN, Origin
from unetkd_core.runs.paper import Row
from unetkd_core.runs.paper_choice import Way
from unetkd_core.runs.paper_printed import Printed
from unetkd_core.runs.sweep_results import Summary, summary

On = Literal["train", "val"]
What = Literal["miou", "gain", "loss"]


@dataclass(frozen=True)
class Seen:
    """One trained network, scored at the labels' native resolution. run: its id, or the reference that was given.

    train: over the scenes that it learned from; val: over the whole split that is reported. origin: what it was trained
    with, by its own run.
    """

    run: str
    train: Scores
    val: Scores
    best_epoch: int | None = None
    origin: Origin = UNKNOWN

    def scores(self, on: On) -> Scores:
        return self.train if on == "train" else self.val


@dataclass(frozen=True)
class Pair:
    """One seed of a row: who it is about, and the untaught twin where it was taught."""

    seed: int
    student: Seen
    twin: Seen | None = None

    def value(self, what: What, on: On) -> float | None:
        """Its mIoU, its gain over the twin, or its cross-entropy; None where that was not measured."""
        scores = self.student.scores(on)
        if what == "gain":
            found = scores.miou - self.twin.scores(on).miou if self.twin else math.nan
        else:
            found = scores.miou if what == "miou" else scores.loss_ce
        return found if math.isfinite(found) else None


@dataclass(frozen=True)
class Made:
    """A row as far as it is measured. config: the first seed's settings; note: what is special about its network.

    who: which network is meant by the name of who teaches, or of who stands alone: equal for all seeds of a row.
    ways: of a choice, what it was made among; empty in files of older releases.
    """

    row: Row
    pairs: tuple[Pair, ...]
    config: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    who: str = ""
    ways: tuple[Way, ...] = ()

    def summary(self, what: What, on: On) -> Summary:
        """Mean and sample standard deviation over the seeds."""
        return summary([pair.value(what, on) for pair in self.pairs])

    def difference(self, what: What, on: On) -> float | None:
        """Ours as it is shown, with one decimal, less the paper's, in points, so that what stands side by side adds up;
        None where one is missing, or the paper's is of other networks.
        """
        ours, theirs = self.summary(what, on).mean, printed(self.row.comparable, what, on)
        return None if ours is None or theirs is None else round(100 * ours, 1) - theirs

    @property
    def runs(self) -> tuple[str, ...]:
        """Every run behind it, students first."""
        found = [pair.student.run for pair in self.pairs]
        return tuple(dict.fromkeys(found + [pair.twin.run for pair in self.pairs if pair.twin]))


@dataclass(frozen=True)
class Curve:
    """One line of Figure 3: validation mIoU at the packed size after every epoch. who: a teacher, or "twin"."""

    who: str
    seed: int
    run: str
    mious: tuple[float | None, ...]


@dataclass(frozen=True)
class Results:
    """All of one dataset. notes: command, data, who wrote it last; `config` is what all runs have in common.

    on: the split that is reported; trained_on: the one that train's numbers are of, at most `limit` scenes of it.
    """

    dataset: str
    on: str
    trained_on: str
    limit: int | None
    config: Mapping[str, Any]
    rows: tuple[Made, ...]
    curves: tuple[Curve, ...] = ()
    notes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def chosen_on_reported(self) -> bool:
        """Whether epochs and ways were chosen on scenes that are reported, as where there is no other split."""
        return bool(sharing_scenes([self.on], self.config.get("data", {}).get("val", ())))

    @property
    def learned_from_reported(self) -> bool:
        """Whether the networks learned from scenes that are reported."""
        return bool(sharing_scenes([self.on], self.config.get("data", {}).get("train", ())))

    @property
    def shown(self) -> tuple[Made, ...]:
        """The rows without choices that could not be made yet, of which a file keeps what they will be made of."""
        return tuple(made for made in self.rows if made.pairs or not made.row.of)

    def table(self, number: int) -> tuple[Made, ...]:
        return tuple(made for made in self.shown if made.row.table == number)

    def find(self, table: int, key: str) -> Made | None:
        return next((made for made in self.table(table) if made.row.key == key), None)


def filled(results: Results) -> Results:
    """With every row of the tables, measured or not, in the paper's order; a table's choices come last.

    A method of Table VII that was measured with another teacher stands in the place of the paper's.
    """
    left = list(results.rows)
    rows: list[Made] = []
    for row in paper.rows():
        same = [made for made in left if _stands_for(made.row, row)]
        left = [made for made in left if made not in same]
        rows += same or [Made(row, ())]
    return dataclasses.replace(results, rows=tuple(sorted([*rows, *left], key=lambda made: made.row.table)))


def _stands_for(made: Row, row: Row) -> bool:
    if (made.table, made.key) == (row.table, row.key):
        return True
    return made.table == row.table == 7 and paper.method_row(made) == row.key


def nothing(dataset: str) -> Results:
    """Every row, nobody measured."""
    return filled(Results(dataset, f"{dataset}:val", f"{dataset}:train", None, {}, ()))


def printed(row: Printed | None, what: What, on: On) -> float | None:
    """The paper's number for it, in percent or points; None where it prints none."""
    if row is None:
        return None
    if what == "gain":
        return paper_printed.gain(row, on)
    value = getattr(row, on if what == "miou" else f"{on}_loss")
    return None if value is None else float(value)


def trained(rows: Iterable[Made]) -> dict[str, Origin]:
    """Every network behind these rows once, by its run, with what it was trained with."""
    seen = [one for made in rows for pair in made.pairs for one in (pair.student, pair.twin) if one is not None]
    return {one.run: one.origin for one in seen}


def seeds_of(rows: Sequence[Made]) -> tuple[int, ...]:
    """The seeds that any of the rows has."""
    return tuple(sorted({pair.seed for made in rows for pair in made.pairs}))
