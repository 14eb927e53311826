"""What a sweep has found so far, read from its runs' folders as they are now: cells, means and spreads, a table.

mIoU is of the best validation epoch at the packed size; a gain is against the untaught twin of the same student and
seed. Cheap enough to ask every second or two. Fractions in [0, 1]; nothing measured is None, never NaN.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from unetkd_core.classes import CLASSES
from unetkd_core.runs.sweep_folder import NOBODY, Assigned, Sweep
from unetkd_core.runs.sweep_grid import Cell, Planned, SweepSpec
from unetkd_core.runs.sweep_reading import BROKEN, WAITING, One, read_one
from unetkd_core.zoo import references

Score = Literal["gain", "miou"]


@dataclass(frozen=True)
class CellRun:
    """One seed of a cell: the taught run and its control."""

    planned: Planned
    student: One
    twin: One
    twins: bool

    @property
    def seed(self) -> int:
        return self.planned.seed

    @property
    def settled(self) -> bool:
        """Whether its numbers are final."""
        return self.student.state == "done" and (not self.twins or self.twin.state == "done")

    @property
    def miou(self) -> float | None:
        """The student's best so far."""
        return self.student.curve.best()

    @property
    def gain(self) -> float | None:
        """Best against best; until both are done, over as many epochs as both have."""
        epochs = None if self.settled else min(len(self.student.curve.mious), len(self.twin.curve.mious))
        taught, untaught = self.student.curve.best(epochs), self.twin.curve.best(epochs)
        return None if taught is None or untaught is None else taught - untaught

    def final(self, what: Score) -> bool:
        """Whether that number of its will not change any more: a student's mIoU needs no control."""
        return self.settled if what == "gain" else self.student.state == "done"

    def score(self, what: Score) -> float | None:
        return self.gain if what == "gain" else self.miou


@dataclass(frozen=True)
class Summary:
    """Over the seeds that are done: mean, sample standard deviation (none from one seed), how many."""

    mean: float | None
    spread: float | None
    n: int


@dataclass(frozen=True)
class CellResult:
    """A cell and its runs, in the order of seeds."""

    cell: Cell
    runs: tuple[CellRun, ...]

    def summary(self, what: Score) -> Summary:
        return summary([run.score(what) for run in self.runs if run.final(what)])

    def so_far(self, what: Score) -> float | None:
        """The mean of the finished seeds, else what the furthest of the others has come to."""
        mean = self.summary(what).mean
        if mean is not None:
            return mean
        scores = [(r.student.fraction, s) for r in self.runs if (s := r.score(what)) is not None]
        return max(scores)[1] if scores else None

    @property
    def fraction(self) -> float:
        """How much of its students' training is done."""
        return sum(run.student.fraction for run in self.runs) / len(self.runs)

    @property
    def state(self) -> str:
        """running, queued, done, failed (or stopped, interrupted), waiting: what matters most of its runs first."""
        states = [run.student.state for run in self.runs]
        for state in ("running", "queued", "failed", "interrupted", "stopped"):
            if state in states:
                return state
        if all(run.settled for run in self.runs):
            return "done"
        if any(run.student.state == "done" and run.twin.state in BROKEN for run in self.runs):
            return "failed"  # its control did: there is nothing to compare with
        return "running" if "done" in states else WAITING


def summary(values: Sequence[float | None]) -> Summary:
    """Mean and sample standard deviation of what was measured."""
    known = [v for v in values if v is not None and math.isfinite(v)]
    if not known:
        return Summary(None, None, 0)
    spread = statistics.stdev(known) if len(known) > 1 else None
    return Summary(statistics.fmean(known), spread, len(known))


def cells(sweep: Sweep) -> tuple[CellResult, ...]:
    """Every cell as it is now. Raises RunError, ConfigError when the sweep's grid cannot be read."""
    return cells_of(sweep.spec, sweep.assigned())


def cells_of(spec: SweepSpec, assigned: Assigned = NOBODY) -> tuple[CellResult, ...]:
    """A grid's cells, with the runs that were assigned to them."""
    found: dict[int, list[CellRun]] = {}
    twins: dict[str, One] = {}
    for planned in spec.runs():
        key = twin_key(planned)
        if key not in twins:
            twins[key] = read_one(assigned.twins.get(key), planned.config.optim.epochs)
        student = read_one(assigned.runs.get(planned.key), planned.config.optim.epochs)
        found.setdefault(planned.cell.number, []).append(CellRun(planned, student, twins[key], spec.twins))
    return tuple(CellResult(runs[0].planned.cell, tuple(runs)) for runs in found.values())


def twin_key(planned: Planned) -> str:
    """Which control is its: one a student and seed."""
    return f"{planned.cell.student}/{planned.seed}"


def best(found: Sequence[CellResult], what: Score) -> CellResult | None:
    """The cell with the highest mean, of those with the most finished seeds: one seed's luck beats no mean of three."""
    known = [(cell.summary(what), cell) for cell in found]
    measured = [(s.n, s.mean, cell) for s, cell in known if s.mean is not None]
    return max(measured, key=lambda one: one[:2])[2] if measured else None


def table(sweep: Sweep) -> list[dict[str, Any]]:
    """One row a run, for a CSV: axes, state, scores in [0, 1], the gain once both are done, and the student's IoU of
    each class.
    """
    return [_row(run) for cell in cells(sweep) for run in cell.runs]


def _row(run: CellRun) -> dict[str, Any]:
    cell, student, twin = run.planned.cell, run.student, run.twin
    iou = student.curve.iou or (None,) * len(CLASSES)
    return {
        "student": cell.student,
        "teacher": references.label(cell.teacher),
        "method": cell.method,
        "alpha": cell.alpha,
        "temperature": cell.temperature,
        "seed": run.seed,
        "run": student.run_id,
        "state": student.state,
        "epochs": student.epoch,
        "miou": run.miou,
        "twin": twin.run_id,
        "twin_state": twin.state if run.twins else None,
        "twin_miou": twin.curve.best(),
        "gain": run.gain if run.settled else None,
        **{f"iou_{c.name}": value for c, value in zip(CLASSES, iou, strict=True)},
    }


def runs_done(found: Sequence[CellResult]) -> tuple[int, int, int]:
    """(done, failed or stopped, all) of the students."""
    states = [run.student.state for cell in found for run in cell.runs]
    return states.count("done"), sum(state in BROKEN for state in states), len(states)


def active_ids(sweep: Sweep, assigned: Assigned) -> list[str]:
    """Ids of the runs that wait or train now, of those that this sweep started or resumed."""
    return [run_id for run_id in assigned.own if read_one(run_id, 0).active]
