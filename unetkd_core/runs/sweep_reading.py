"""One run of a sweep as its folder says now: state, how far, its curve. Cheap enough to ask for hundreds at a time.

Fractions in [0, 1]; nothing measured is None, never NaN. Starts nothing, needs no torch.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from unetkd_core import settings
from unetkd_core.classes import CLASSES
from unetkd_core.errors import RunError
from unetkd_core.runs.folder import Run
from unetkd_core.runs.status import Status

WAITING: Final = "waiting"
BROKEN: Final = frozenset({"stopped", "failed", "interrupted"})
_KEPT: Final = 2000
_curves: dict[Path, tuple[tuple[int, int], "Curve"]] = {}
"""metrics.jsonl -> (when it was written and its size, what it says)."""


@dataclass(frozen=True)
class Curve:
    """Validation mIoU after each epoch, and each class's IoU at the best of them."""

    mious: tuple[float | None, ...] = ()
    iou: tuple[float | None, ...] = ()

    def best(self, epochs: int | None = None) -> float | None:
        """The highest of the first `epochs`, or of all."""
        return max((m for m in self.mious[:epochs] if m is not None), default=None)


@dataclass(frozen=True)
class One:
    """A run as its folder says. state: a run's, or `waiting` where there is none yet. problem: why it failed."""

    run_id: str | None = None
    state: str = WAITING
    epoch: int = 0
    epochs: int = 0
    fraction: float = 0.0
    curve: Curve = Curve()
    problem: str = ""

    @property
    def active(self) -> bool:
        return self.state in ("queued", "running")


def read_one(run_id: str | None, epochs: int) -> One:
    """The run with this id as it is now; one that was deleted is as one that never was."""
    if run_id is None:
        return One(epochs=epochs)
    run = Run(run_id, settings.runs_dir() / run_id)
    try:
        status = run.status()
    except RunError:
        return One(epochs=epochs)
    problem = f"{status.error.headline} {status.error.hint}" if status.error else ""
    curve = _curve(run)
    return One(run_id, status.state, status.epoch, status.epochs, _fraction(status), curve, problem)


def _fraction(status: Status) -> float:
    if status.state == "done":
        return 1.0
    step = status.step / status.steps if status.steps else 0.0
    return min(1.0, (status.epoch + step) / max(1, status.epochs))


def _curve(run: Run) -> Curve:
    """From metrics.jsonl, read again only when it has changed."""
    path = run.run_dir / "metrics.jsonl"
    try:
        about = path.stat()
    except OSError:
        return Curve()
    stamp = (about.st_mtime_ns, about.st_size)
    if _curves.get(path, ((0, 0), None))[0] != stamp:
        if len(_curves) >= _KEPT:
            _curves.clear()
        _curves[path] = (stamp, _parse(run.metrics()))
    return _curves[path][1]


def _parse(lines: Sequence[dict[str, Any]]) -> Curve:
    scores = [line.get("val") or {} for line in lines]
    mious = tuple(_number(score.get("miou")) for score in scores)
    known = [(m, epoch) for epoch, m in enumerate(mious) if m is not None]
    if not known:
        return Curve(mious)
    at_best = scores[max(known)[1]].get("iou") or []  # of equal epochs the last, which is the one kept in best/
    iou = tuple(map(_number, at_best)) if len(at_best) == len(CLASSES) else ()
    return Curve(mious, iou)


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
