"""A run beside its untaught twin, read from disk as it is now: curves, gain so far, how far, how long still.

Plain reading and arithmetic on what run folders say; draws nothing, starts nothing, needs no torch.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from unetkd_core.classes import NUM_CLASSES
from unetkd_core.errors import UnetKDError
from unetkd_core.runs.folder import Run, open_run
from unetkd_core.runs.status import Status
from unetkd_core.runs.teaching import MIOU
from unetkd_core.training.config import RunConfig
from unetkd_core.zoo.checkpoints import CheckpointInfo

BROKEN = frozenset({"stopped", "failed", "interrupted"})
Role = Literal["teacher", "student", "twin"]


@dataclass(frozen=True)
class Point:
    """Validation scores at the packed size after one epoch: fractions, NaN where a class is absent."""

    epoch: int
    miou: float
    iou: tuple[float, ...]


@dataclass(frozen=True)
class Side:
    """One run as its folder says now. `role` is how it is marked: a network trained alone is a teacher to be."""

    run: Run
    role: Role
    status: Status
    metrics: tuple[dict[str, Any], ...]

    @property
    def points(self) -> list[Point]:
        """Scores after each finished epoch, in order."""
        return [
            Point(int(m["epoch"]), _number(m["val"]["miou"]), tuple(_number(v) for v in m["val"]["iou"]))
            for m in self.metrics
        ]

    @property
    def best(self) -> Point | None:
        """The epoch with the highest mIoU, of several the last: its weights lie in `best/`."""
        measured = [p for p in self.points if not math.isnan(p.miou)]
        return max(measured, key=lambda p: (p.miou, p.epoch)) if measured else None

    @property
    def fraction(self) -> float:
        """How much of the training is behind it, 0 to 1."""
        if self.status.state == "done":
            return 1.0
        step = self.status.step / self.status.steps if self.status.steps else 0.0
        return min(1.0, (self.status.epoch + step) / max(1, self.status.epochs))


@dataclass(frozen=True)
class Pair:
    """A run and, where it was trained, its control. `main` is the taught student or a network trained alone."""

    main: Side
    twin: Side | None

    @property
    def sides(self) -> list[Side]:
        return [self.main] if self.twin is None else [self.main, self.twin]

    @property
    def active(self) -> bool:
        """Whether anything is still queued or running."""
        return any(s.status.active for s in self.sides)

    @property
    def done(self) -> bool:
        return all(s.status.state == "done" for s in self.sides)

    @property
    def broken(self) -> list[Side]:
        """Sides that ended before they were done."""
        return [s for s in self.sides if s.status.state in BROKEN]

    @property
    def leading(self) -> Side:
        """The side that the headline speaks of: the one that is training, the student first."""
        order = {"running": 0, "queued": 1}
        return min(self.sides, key=lambda s: order.get(s.status.state, 2))

    @property
    def fraction(self) -> float:
        return sum(s.fraction for s in self.sides) / len(self.sides)

    @property
    def epochs(self) -> int:
        return max(s.status.epochs or s.run.config.optim.epochs for s in self.sides)

    def compared(self) -> tuple[Point | None, Point | None]:
        """(student, twin), compared fairly: each at its best epoch once both are done, else after the same epoch."""
        if self.twin is None:
            last = self.main.points[-1] if self.main.points else None
            return (self.main.best if self.done else last), None
        if self.done:
            return self.main.best, self.twin.best
        theirs = {p.epoch: p for p in self.twin.points}
        both = [(p, theirs[p.epoch]) for p in self.main.points if p.epoch in theirs]
        return both[-1] if both else (self.main.points[-1] if self.main.points else None, None)

    @property
    def compared_epoch(self) -> int:
        """The epoch that both are compared after while they train; the student's best once both are done."""
        student, _ = self.compared()
        return student.epoch if student else 0

    @property
    def gain(self) -> float | None:
        """mIoU of the student less its twin's, as a fraction; None until both have an epoch behind them."""
        student, twin = self.compared()
        return None if student is None or twin is None else student.miou - twin.miou

    def class_gains(self) -> list[tuple[int, float, float]]:
        """(class, twin's IoU, student's IoU) of each class that both measured, largest gain first."""
        student, twin = self.compared()
        if student is None or twin is None:
            return []
        rows = [(c, twin.iou[c], student.iou[c]) for c in range(NUM_CLASSES)]
        return sorted((r for r in rows if not any(math.isnan(v) for v in r[1:])), key=lambda r: r[1] - r[2])

    def seconds_left(self) -> float | None:
        """Until the last side ends: of two at once the longer counts; one that still waits for its slot is added."""
        running = [s for s in self.sides if s.status.state == "running"]
        etas = [s.status.eta_seconds for s in running if s.status.eta_seconds is not None]
        if not running or len(etas) < len(running):
            return None
        waiting = [s for s in self.sides if s.status.state == "queued"]
        if not waiting:
            return max(etas)
        left = 1 - running[0].fraction
        return etas[0] + etas[0] / left * (1 - waiting[0].fraction) if left > 0.02 else None


def read(main_id: str, twin_id: str | None = None) -> Pair:
    """What the folders of a run and its twin say now; a twin that is gone is left out.

    Raises RunError when the run is gone.
    """
    main = open_run(main_id)
    twin = None
    if twin_id:
        try:
            twin = _side(open_run(twin_id), "twin")
        except UnetKDError:
            twin = None
    return Pair(_side(main, "student" if main.config.role == "student" else "teacher"), twin)


def ids_of(run_id: str) -> tuple[str, str | None]:
    """(taught run, its twin or None) of the pair that a run belongs to, whichever of the two it is.

    Raises RunError when there is no such run.
    """
    run = open_run(run_id)
    partner = run.partner()
    if partner is None:
        return run.id, None
    return (partner.id, run.id) if run.config.role == "twin" else (run.id, partner.id)


def by_pairs(runs: Sequence[Run]) -> list[tuple[Run, RunConfig]]:
    """Runs with their settings, newest pair first, each student followed by its twin.

    A run whose settings cannot be read is left out.
    """
    known: dict[str, tuple[Run, RunConfig]] = {}
    for run in runs:
        try:
            known[run.id] = (run, run.config)
        except UnetKDError:
            continue
    ordered: list[tuple[Run, RunConfig]] = []
    for entry in known.values():
        if entry[1].twin_of not in known:
            ordered += [entry, *(t for t in known.values() if t[1].twin_of == entry[0].id)]
    return ordered


def teacher_here(run: Run) -> float | None:
    """What the teacher itself scores on this run's validation scenes at the packed size; None before the first epoch.

    Its card's score is of another size, so the two must not share an axis.
    """
    try:
        value = run.meta.get(MIOU)
    except UnetKDError:
        return None
    return float(value) if isinstance(value, int | float) else None


def teacher_miou(info: CheckpointInfo | None, config: RunConfig) -> float | None:
    """The teacher's own mIoU on what this run is checked on, or None where it was never measured there."""
    if info is None:
        return None
    for ref in config.data.val:
        if (value := _miou(info.metrics.get(ref))) is not None:
            return value
    same = info.run is not None and list((info.run.get("data") or {}).get("val") or []) == list(config.data.val)
    return _miou(info.metrics.get("packed")) if same else None


def _miou(scores: Any) -> float | None:
    value = scores.get("miou") if isinstance(scores, dict) else None
    return float(value) if isinstance(value, int | float) and not math.isnan(value) else None


def _side(run: Run, role: Role) -> Side:
    return Side(run, role, run.status(), tuple(run.metrics()))


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)
