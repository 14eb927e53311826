"""Follow runs in the foreground: a progress bar each, read from their folders. Ctrl-C stops the runs.

Trains nothing: the workers go on by themselves, whatever happens here.
"""

import contextlib
import time
from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from unetkd_core.cli.output import counted, duration, percent, remark
from unetkd_core.errors import RunError
from unetkd_core.runs import jobs
from unetkd_core.runs.folder import Run, Status

POLL_SECONDS = 0.5
ELSEWHERE_SECONDS = 30.0
"""A worker on a cluster hears a stop in its own time: it is waited for so long."""


def follow(runs: Sequence[Run]) -> bool:
    """Wait until every run has ended, showing how far they are on stderr. True when all are done.

    What went wrong, and how to go on, is said in a sentence for each run.
    """
    try:
        _watch(runs)
    except KeyboardInterrupt:
        _stop(runs)
    return all([_say_end(run) for run in runs])


def _watch(runs: Sequence[Run]) -> None:
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[note]}", markup=False),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        bars = {run.id: progress.add_task(_label(run), total=1.0, note="") for run in runs}
        epochs_said = dict.fromkeys(bars, 0)
        while True:
            states = {run.id: run.status() for run in runs}
            for run in runs:
                _show(progress, bars[run.id], states[run.id])
                if progress.disable:
                    epochs_said[run.id] = _say_epochs(run, epochs_said[run.id])
            if not any(status.active for status in states.values()):
                return
            time.sleep(POLL_SECONDS)


def _label(run: Run) -> str:
    return f"{run.config.title} ({run.config.role})"


def _show(progress: Progress, bar: TaskID, status: Status) -> None:
    within = status.step / status.steps if status.steps else 0.0
    done = min(1.0, (status.epoch + within) / max(1, status.epochs)) if status.state != "done" else 1.0
    progress.update(bar, completed=done, note=_note(status))


def _note(status: Status) -> str:
    if status.state != "running" or status.phase != "training":
        return status.message or status.state
    parts = [f"epoch {min(status.epoch + 1, status.epochs)} of {status.epochs}"]
    if status.images_per_second:
        parts.append(f"{status.images_per_second:.0f} images/s")
    if status.eta_seconds is not None:
        parts.append(f"{duration(status.eta_seconds)} left")
    return ", ".join(parts)


def _say_epochs(run: Run, said: int) -> int:
    """Where there is no terminal, a line for each epoch that ended since; returns how many were said."""
    lines = run.metrics()
    for line in lines[said:]:
        miou = percent(line["val"]["miou"])
        remark(f"{_label(run)}: epoch {line['epoch']}, loss {line['loss']:.3f}, mIoU {miou} at the packed size")
    return len(lines)


def _stop(runs: Sequence[Run]) -> None:
    remark("Stopping.")
    active = [run.id for run in runs if run.status().active]
    try:
        jobs.stop(*active)
    except RunError:  # one of them ended by itself meanwhile, and none was stopped
        for run_id in active:
            with contextlib.suppress(RunError):
                jobs.stop(run_id)
    deadline = time.monotonic() + ELSEWHERE_SECONDS
    while any(run.status().active for run in runs) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)


def _say_end(run: Run) -> bool:
    """One sentence unless the run is done. True when it is."""
    status = run.status()
    if status.state == "done":
        return True
    if status.error:
        remark(f"{_label(run)} failed: {status.error.headline} {status.error.hint}")
    else:
        remark(f"{_label(run)}: {status.state} after {status.epoch} of {counted(status.epochs, 'epoch')}.")
    remark(f"`unetkd runs resume {run.id}` goes on from there.")
    return False
