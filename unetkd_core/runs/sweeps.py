"""Start, stop, resume and delete sweeps. Their drivers are detached: they outlive the tab, the page and the server.

Everything that can be checked cheaply is checked before anything is made. Needs no torch.
"""

import contextlib
import dataclasses
import os
import shutil
import signal
import time
from typing import Final

from unetkd_core.errors import RunError, UnetKDError
from unetkd_core.runs import (
    checks,
    cluster,
    cluster_checks,
    launch,
    limits,
    owners,
    placement,
    sweep_driver,
    sweep_folder,
    sweep_match,
    sweep_room,
)
from unetkd_core.runs.folder import list_runs
from unetkd_core.runs.log import RunLog
from unetkd_core.runs.status import Status
from unetkd_core.runs.sweep_folder import Sweep, list_sweeps, open_sweep
from unetkd_core.runs.sweep_grid import SweepSpec, parse_spec
from unetkd_core.runs.sweep_results import cells, cells_of, runs_done, table, twin_key
from unetkd_core.runs.sweep_room import is_going

__all__ = [
    "Sweep", "SweepSpec", "cells", "cells_of", "check", "compared_with", "delete", "is_going", "list_sweeps",
    "open_sweep", "parse_spec", "resume", "runs_done", "start", "start_or_join", "stop", "table",
]  # fmt: skip
STOP_SECONDS: Final = 5.0
"""A stop is given so long, most of it for the runs; then the driver is killed and its runs are stopped from here."""


def start(spec: SweepSpec, *, by: str | None = None) -> Sweep:
    """Start a sweep. by: on a public server, whose it is (visitors.py); his own of this very grid of which nothing is
    left to do is opened instead.

    Raises ConfigError, DataError, CheckpointError when data or a teacher are not there or it is more than limits.py
    allows, RunError when no folder can be made, NotAllowedError; nothing is left behind then.
    """
    owned = owners.notes(by)
    check(spec)
    owner = owned.get(owners.OWNER)
    if there := sweep_room.over(spec, owner):
        return there
    sweep_room.check_runs(spec, owner)
    limits.check_disk()
    with sweep_room.room_for_one(owner):
        sweep = sweep_folder.create(spec, owned)
    try:
        _launch(sweep)
    except BaseException:
        shutil.rmtree(sweep.sweep_dir, ignore_errors=True)
        raise
    return sweep


def start_or_join(spec: SweepSpec) -> Sweep:
    """The sweep of exactly this grid that is going on, else a new one in the place of those that are over: it adopts
    all that they have trained. Raises what `start` raises.
    """
    same = [sweep for sweep in list_sweeps() if sweep.spec == spec]
    for sweep in same:
        if sweep.status().active:
            return sweep
    started = start(spec)
    for sweep in same:  # their runs stay, and are this one's now
        with contextlib.suppress(RunError):
            delete(sweep.id)
    return started


def check(spec: SweepSpec) -> None:
    """Look at what the runs need, once for every student and teacher. Raises as `start` says."""
    limits.check_cells(spec.size)
    if cluster.chosen():
        cluster_checks.check(spec.base)
    prints, seen = sweep_match.Prints(), set()
    if spec.twins:
        checks.check_labels(spec.base.twin("-"))
    for planned in spec.runs():
        checks.check_labels(planned.config)
        who = (planned.cell.student, repr(planned.cell.teacher))
        if who not in seen:
            seen.add(who)
            checks.check(planned.config)
            prints.of(planned.config)


def stop(sweep_id: str, *, by: str | None = None) -> None:
    """Stop a sweep and the runs that it set going; all keep what they have.

    Raises RunError when nothing is going on, NotAllowedError when it is somebody else's.
    """
    sweep = open_sweep(sweep_id)
    owners.check(sweep.as_run, by, what="sweep")
    if not is_going(sweep):
        raise RunError(f"Sweep {sweep_id} is not going on: it is {sweep.status().state}.")
    with contextlib.suppress(OSError):  # on a full disk the signal alone does it
        (sweep.sweep_dir / "stop").touch()
    _signal(sweep, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while sweep.status().active and time.monotonic() < deadline:
        time.sleep(0.05)
    if sweep.status().active:
        _kill(sweep)
    sweep_driver.stop_runs(sweep, by)  # a driver that had died before left them running
    if sweep.status().state == "interrupted":
        stopped = dataclasses.replace(
            sweep.as_run.written_status(), state="stopped", message="Stopped", ended=time.time()
        )
        sweep.as_run.write_status(stopped)


def resume(sweep_id: str, *, by: str | None = None) -> Sweep:
    """Go on with a sweep: adopt what is going on, skip what is done, resume what ended early, start the rest.

    Raises RunError when it is going on or nothing is left to do, NotAllowedError when it is somebody else's, and what
    `start` raises.
    """
    sweep = open_sweep(sweep_id)
    owners.check(sweep.as_run, by, what="sweep")
    _resumable(sweep)
    handed_over = placement.read(sweep.sweep_dir)
    check(sweep.spec)
    sweep_room.check_runs(sweep.spec, sweep.owner)
    if handed_over is not None and not cluster.take_back(handed_over):
        RunLog(sweep.sweep_dir / "log.txt").line(cluster.not_taken_back(handed_over))
    with sweep_room.room_for_one(sweep.owner, but=sweep.id, new=False):
        status = _resumable(sweep)  # another tab may have been quicker
        _kill(sweep)
        try:
            _queue_again(sweep, status)
        except OSError as error:
            raise RunError(
                f"Sweep {sweep_id} cannot be resumed: its folder cannot be written ({error.strerror})."
            ) from error
    _launch(sweep)
    return sweep


def _resumable(sweep: Sweep) -> Status:
    status = sweep.status()
    if status.active:
        raise RunError(f"Sweep {sweep.id} is still going on; there is nothing to resume.")
    if sweep_room.is_settled(sweep):
        raise RunError(f"Sweep {sweep.id} is done; there is nothing to resume.")
    return status


def _queue_again(sweep: Sweep, status: Status) -> None:
    (sweep.sweep_dir / "stop").unlink(missing_ok=True)
    sweep.as_run.write_status(
        dataclasses.replace(
            status, state="queued", phase="queue", message="Waiting for its driver", pid=None,
            heartbeat=time.time(), ended=None, error=None,
        )
    )  # fmt: skip


def compared_with(control: str) -> set[str]:
    """Ids of the students that are compared with this untaught run: those that name it, and every sweep's."""
    found, there = set(), list_runs()
    for run in there:
        with contextlib.suppress(UnetKDError):
            partner = run.partner() if run.config.teaching is not None else None
            found |= {run.id} if partner is not None and partner.id == control else set()
    for sweep in list_sweeps():
        assigned = sweep.assigned()
        for planned in sweep.spec.runs() if control in assigned.twins.values() else ():
            if assigned.twins.get(twin_key(planned)) == control and planned.key in assigned.runs:
                found.add(assigned.runs[planned.key])
    return found & {run.id for run in there}


def delete(sweep_id: str, *, by: str | None = None) -> None:
    """Remove a sweep's folder; its runs stay. Raises RunError while it is going on, NotAllowedError when it is somebody
    else's.
    """
    sweep = open_sweep(sweep_id)
    owners.check(sweep.as_run, by, what="sweep")
    active = False
    with contextlib.suppress(RunError):  # an unreadable status must not keep a folder for ever
        active = sweep.status().active
    if active:
        raise RunError(f"Sweep {sweep_id} is still going on; stop it first, then delete it.")
    grave = sweep.sweep_dir.with_name(f".deleted-{sweep.id}")
    try:
        os.replace(sweep.sweep_dir, grave)
    except OSError as error:
        raise RunError(f"Sweep {sweep_id} could not be deleted: {error.strerror}.") from error
    shutil.rmtree(grave, ignore_errors=True)


def _launch(sweep: Sweep) -> None:
    """Start the driver: on the cluster of UNETKD_RAY_ADDRESS, else here in a session of its own; it survives us."""
    if cluster.chosen():
        cluster.submit_sweep(sweep.sweep_dir, sweep.id)
        return
    try:
        cluster.keep_here(sweep.sweep_dir)
        launch.detached("unetkd_core.runs.sweep_worker", sweep.sweep_dir)
    except OSError as error:
        raise RunError(f"The driver of sweep {sweep.id} could not be started: {error.strerror or error}.") from error


def _signal(sweep: Sweep, number: int) -> None:
    process = sweep.as_run.written_status().process
    if process is not None and process.alive():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(process.pid, number)  # the runs lead sessions of their own


def _kill(sweep: Sweep) -> None:
    """End what is left of the driver; its files are replaced as a whole, so nothing is lost."""
    _signal(sweep, signal.SIGKILL)
    process = sweep.as_run.written_status().process
    deadline = time.monotonic() + 1.0
    while process is not None and process.alive() and time.monotonic() < deadline:
        time.sleep(0.02)
