"""How much one run, one visitor and the queue may take: epochs, sizes, hours, runs at once, disk. Needs no torch.

`jobs` asks here before it makes or resumes anything, so that the page, the command line and sweeps are refused in the
same words; a worker asks how long it still may train. The numbers are settings.py's.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from unetkd_core import settings
from unetkd_core.errors import ConfigError, QueueFullError, RunError
from unetkd_core.runs import disk, locks
from unetkd_core.runs.folder import Run, list_runs
from unetkd_core.training.config import RunConfig

_HOUR: Final = 3600.0


def check(config: RunConfig) -> None:
    """Raises ConfigError when one run of this size is more than is allowed here."""
    epochs, most = config.optim.epochs, settings.max_epochs()
    if most is not None and epochs > most:
        raise ConfigError(f"{epochs} epochs are more than the {most} that {_by('EPOCHS')}; ask for fewer.")
    height, width, pixels = config.data.height, config.data.width, settings.max_pixels()
    if pixels is not None and height * width > pixels:
        raise ConfigError(
            f"{height} × {width} are {height * width:,} pixels, more than the {pixels:,} that {_by('PIXELS')}; choose "
            "a smaller picture size."
        )
    batch, largest = config.optim.batch_size, settings.max_batch()
    if largest is not None and batch > largest:
        raise ConfigError(f"Batches of {batch} are more than the {largest} that {_by('BATCH')}; ask for smaller ones.")
    settings.max_hours()  # a malformed one is said now, not by the worker


def check_scenes(config: RunConfig, train: int, val: int) -> None:
    """Raises ConfigError when a run would read more scenes than are allowed. train, val: how many there are."""
    most = settings.max_scenes()
    for there, asked, what in ((train, config.data.max_train, "learn from"), (val, config.data.max_val, "check on")):
        wanted = min(there, asked or there)
        if most is not None and wanted > most:
            raise ConfigError(
                f"{wanted:,} scenes to {what} are more than the {most:,} that {_by('SCENES')}; ask for fewer."
            )


def check_cells(runs: int) -> None:
    """Raises ConfigError when a sweep of so many runs is more than is allowed."""
    most = settings.max_cells()
    if most is not None and runs > most:
        raise ConfigError(
            f"This grid has {runs} runs, more than the {most} that {_by('CELLS')}; leave some values out."
        )


def check_disk() -> None:
    """Raises RunError when everything that is kept takes more room than is allowed."""
    most = settings.max_disk_bytes()
    taken = 0 if most is None else disk.folder_bytes(settings.home())
    if most is not None and taken > most:
        raise RunError(
            f"What is kept here takes {disk.in_words(taken)}, more than the {disk.in_words(most)} that "
            f"{_by('DISK_GB')}. Delete runs that nobody needs any more, then start again."
        )


def check_time(run: Run) -> None:
    """Raises RunError when the time that `run` may train is used up, or what is left is too little for an epoch."""
    hours = settings.max_hours()
    taken, epoch = _epoch_seconds(run), _next_epoch_seconds(run)
    to_do = len(taken) < run.config.optim.epochs
    if hours is not None and taken and to_do and sum(taken) + epoch > hours * _HOUR:
        raise RunError(
            f"Run {run.id} has trained for {_words(sum(taken))} and an epoch takes {_words(epoch)}, more than the "
            f"{_words(hours * _HOUR)} that {_by('HOURS')}{'' if settings.public() else '; raise it to go on'}."
        )


@contextmanager
def room_for(count: int, *, owner: str | None = None, new: bool = True) -> Iterator[None]:
    """Hold the queue while `count` runs are added to it. owner: whose they are, on a public server. new: their folders
    are made now. Raises QueueFullError when that is too many just now, RunError when it always is, OSError.
    """
    most = settings.max_queued()
    if count > most:  # waiting would not help
        raise RunError(
            f"A student and its twin are {count} runs, and UNETKD_MAX_QUEUED allows {most}; raise it, or train the "
            "student without its twin."
        )
    if new:
        check_disk()
    with locks.hold_queue():
        runs = list_runs()
        if owner is not None:
            _check_share([run for run in runs if run.owner == owner], count, new)
        active = sum(map(_is_active, runs))
        if active + count > most:
            wanted = "the student and its twin would be two more" if count == 2 else f"{count} more was asked for"
            raise QueueFullError(
                f"{active} run{'s wait or train' if active != 1 else ' waits or trains'} already, {wanted}, and "
                f"{_by('QUEUED')} {most}; wait until one is over{'' if settings.public() else ', or stop one'}."
            )
        yield


def _check_share(own: list[Run], count: int, new: bool) -> None:
    """What one visitor may have in the queue, and on the disk."""
    most, kept = settings.max_queued_each(), settings.max_kept_each()
    active = sum(map(_is_active, own))
    if most is not None and active + count > most:
        raise QueueFullError(
            f"{active} of your runs wait or train already, and {count} more would be more than the {most} that each "
            "visitor may have at once. Wait until one is over, or stop one."
        )
    if new and kept is not None and len(own) + count > kept:
        raise RunError(
            f"{len(own)} runs here are yours, and each visitor may keep {kept}. Delete some of them on Runs, then "
            "start again."
        )


def seconds_left(run: Run) -> float | None:
    """How long `run` may still train, what it did before it was resumed taken off; None: no limit."""
    hours = settings.max_hours()
    return None if hours is None else max(0.0, hours * _HOUR - sum(_epoch_seconds(run)))


def time_is_up(epochs: int) -> str:
    """What is said of a run that the limit on time ended after `epochs` whole epochs."""
    hours = _words((settings.max_hours() or 0) * _HOUR)
    return (
        f"Stopped after {epochs} whole epoch{'s' * (epochs != 1)}: it has trained for {hours}, all that "
        f"{_by('HOURS')}{'' if settings.public() else '; raise it, then resume'}"
    )


def in_words() -> str:
    """What one visitor may have, in words: "at most 20 epochs and 1 h a run, ..."; what has no limit is left out."""
    epochs, hours, pixels = settings.max_epochs(), settings.max_hours(), settings.max_pixels()
    at_once, kept = settings.max_queued_each(), settings.max_kept_each()
    parts = [
        f"at most {epochs} epochs a run" if epochs else "",
        f"{_words(hours * _HOUR)} of training" if hours else "",
        f"{pixels:,} pixels a picture" if pixels else "",
        f"{at_once} runs of yours waiting or training" if at_once else "",
        f"{kept} of yours kept" if kept else "",
    ]
    return ", ".join(filter(None, parts))


def _by(name: str) -> str:
    """Who allows so much: the variable where whoever reads it can set it, a visitor learns that it is the server."""
    return "this server allows" if settings.public() else f"UNETKD_MAX_{name} allows"


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
