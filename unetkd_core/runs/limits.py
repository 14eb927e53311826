"""How much one run, and the queue, may take: epochs, picture size, hours, runs at once. Needs no torch.

`jobs` asks here before it makes or resumes anything, so that the page, the command line and sweeps are refused in the
same words; a worker asks how long it still may train. The numbers are settings.py's.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from unetkd_core import settings
from unetkd_core.errors import ConfigError, QueueFullError, RunError
from unetkd_core.runs import locks
from unetkd_core.runs.folder import Run, list_runs
from unetkd_core.training.config import RunConfig

_HOUR: Final = 3600.0


def check(config: RunConfig) -> None:
    """Raises ConfigError when one run of this size is more than is allowed here."""
    epochs, most = config.optim.epochs, settings.max_epochs()
    if most is not None and epochs > most:
        raise ConfigError(f"{epochs} epochs are more than the {most} that UNETKD_MAX_EPOCHS allows; ask for fewer.")
    height, width, pixels = config.data.height, config.data.width, settings.max_pixels()
    if pixels is not None and height * width > pixels:
        raise ConfigError(
            f"{height} × {width} are {height * width:,} pixels, more than the {pixels:,} that UNETKD_MAX_PIXELS "
            "allows; choose a smaller picture size."
        )
    settings.max_hours()  # a malformed one is said now, not by the worker


def check_time(run: Run) -> None:
    """Raises RunError when the time that `run` may train is used up, or what is left is too little for an epoch."""
    hours = settings.max_hours()
    taken, epoch = _epoch_seconds(run), _next_epoch_seconds(run)
    to_do = len(taken) < run.config.optim.epochs
    if hours is not None and taken and to_do and sum(taken) + epoch > hours * _HOUR:
        raise RunError(
            f"Run {run.id} has trained for {_words(sum(taken))} and an epoch takes {_words(epoch)}, more than the "
            f"{_words(hours * _HOUR)} that UNETKD_MAX_HOURS allows; raise it to go on."
        )


@contextmanager
def room_for(count: int) -> Iterator[None]:
    """Hold the queue while `count` runs are added to it. Raises QueueFullError when that is too many just now, RunError
    when it always is, OSError.
    """
    most = settings.max_queued()
    if count > most:  # waiting would not help
        raise RunError(
            f"A student and its twin are {count} runs, and UNETKD_MAX_QUEUED allows {most}; raise it, or train the "
            "student without its twin."
        )
    with locks.hold_queue():
        active = sum(map(_is_active, list_runs()))
        if active + count > most:
            wanted = "the student and its twin would be two more" if count == 2 else f"{count} more was asked for"
            raise QueueFullError(
                f"{active} run{'s wait or train' if active != 1 else ' waits or trains'} already, {wanted}, and "
                f"UNETKD_MAX_QUEUED allows {most}; wait until one is over, or stop one."
            )
        yield


def seconds_left(run: Run) -> float | None:
    """How long `run` may still train, what it did before it was resumed taken off; None: no limit."""
    hours = settings.max_hours()
    return None if hours is None else max(0.0, hours * _HOUR - sum(_epoch_seconds(run)))


def time_is_up(epochs: int) -> str:
    """What is said of a run that the limit on time ended after `epochs` whole epochs."""
    hours = _words((settings.max_hours() or 0) * _HOUR)
    return (
        f"Stopped after {epochs} whole epoch{'s' * (epochs != 1)}: it has trained for {hours}, all that "
        "UNETKD_MAX_HOURS allows; raise it, then resume"
    )


def _epoch_seconds(run: Run) -> list[float]:
    return [float(entry.get("seconds") or 0.0) for entry in run.metrics()]


def _next_epoch_seconds(run: Run) -> float:
    """What one more epoch takes, by the last: without asking the teacher or waiting for another run that asks, which
    comes once. Lines of older releases do not tell that apart.
    """
    last = (run.metrics() or [{}])[-1]
    return max(0.0, float(last.get("seconds") or 0.0) - float(last.get("teacher_seconds") or 0.0))


def _is_active(run: Run) -> bool:
    try:
        return run.status().active
    except RunError:
        return False


def _words(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.3g} min" if seconds < _HOUR else f"{seconds / _HOUR:.3g} h"
