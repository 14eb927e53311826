"""Start, stop, resume and delete runs. Workers are detached: they outlive the tab, the page and the server.

Everything that can be checked cheaply is checked before anything is made: checks.py does. Two servers may work on one
folder: whatever changes a run looks at it again under its lock, and nobody waits for a worker under one. Needs no
torch.
"""

import contextlib
import dataclasses
import signal
import time
from typing import Any

from unetkd_core import settings
from unetkd_core.data import catalog
from unetkd_core.data.source import Source
from unetkd_core.errors import NotAllowedError, RunError, UnetKDError
from unetkd_core.runs import checks, cluster, cluster_checks, folder, limits, locks, owners, placement, turns_gone
from unetkd_core.runs.folder import Run, open_run
from unetkd_core.runs.launch import kill, launch, signal_group
from unetkd_core.runs.log import RunLog
from unetkd_core.runs.rank_processes import PROCESSES
from unetkd_core.runs.status import Status
from unetkd_core.training.config import RunConfig
from unetkd_core.training.methods import beyond_soft_labels
from unetkd_core.zoo import checkpoints, references

STOP_SECONDS = 1.6
"""A stop is given so long, a little more than the worker's own grace; then the process group is killed."""
WEIGHTS_SEARCHED = "weights_searched"
START = "start"
"""meta.json's word on the network that training goes on from: its reference, its sha256 then, its licence."""
_launch = launch  # by a name of our own, so that tests can start nothing


def start(
    config: RunConfig,
    *,
    twin: bool = True,
    shares: bool = False,
    control: str | None = None,
    processes: int = 1,
    by: str | None = None,
) -> list[Run]:
    """Start a run, and beside a taught one its untaught twin: [student, twin] or [run].

    shares: leave room for another run beside it, as a pair does anyway. control: the id of an untaught run that is this
    student's twin already; no other is trained then. processes: how many train each run together, with shares of the
    same batches. They stand in meta.json and not in the config: they change no result but in the last digits, unless
    each normalises by its own part of a batch, and then it counts as another run (sweep_match.py).
    by: on a public server, whose runs they are (visitors.py).

    Raises ConfigError, DataError, CheckpointError when the data or the teacher are not there or it is more than
    limits.py allows, RunError when no folder can be made, QueueFullError, NotAllowedError; nothing is left behind then.
    """
    owned = owners.notes(by)
    config = _with_start(_with_teacher(_with_splits(config)))
    with_twin = twin and control is None and config.teaching is not None
    teacher = checks.check(config)
    if with_twin:
        checks.check_labels(config.twin("-"))
    checks.check_processes(config, processes)
    if cluster.chosen():
        cluster_checks.check(config, processes=processes)
    notes = {
        "data": data_hashes(config),
        **owned,
        **({PROCESSES: processes} if processes > 1 else {}),
        **_start(config),
    }
    if teacher is not None and not config.name:  # while the teacher's title is known: run:ID says nothing to anyone
        method = beyond_soft_labels(config.teaching) if config.teaching else ""
        how = f", {method}" if method else ""
        config = config.with_(name=f"{config.model.name} from {teacher.title}"[: 80 - len(how)] + how)
    runs: list[Run] = []
    try:
        with limits.room_for(2 if with_twin else 1, owner=owned.get(owners.OWNER)):
            runs.append(folder.create(config, shares=shares or with_twin, control=control, notes=notes))
            if with_twin:
                runs.append(folder.create(config.twin(runs[0].id), pair=runs[0].id, shares=True, notes=notes))
        if teacher is not None:
            note_teacher(runs[0], teacher)
        for run in runs:
            with locks.hold(run.id):
                _launch(run)
    except BaseException as error:
        for run in runs:
            _discard(run)
        if isinstance(error, OSError):
            raise folder.refused(error) from error
        raise
    return runs


def data_hashes(config: RunConfig, *others: Source) -> dict[str, str]:
    """Reference with its split -> what its scenes are, of all that the config learns from and is checked on and of
    `others`: the same wherever the files lie. Raises DataError.
    """
    return {source.ref: source.content_hash() for source in (*_sources(config), *others)}


def _sources(config: RunConfig) -> list[Source]:
    return [catalog.open_source(ref) for ref in dict.fromkeys((*config.data.train, *config.data.val))]


def _with_splits(config: RunConfig) -> RunConfig:
    """`streets` and `streets:train` are one set of scenes: both are written down as the second. Raises DataError."""
    data = {part: [catalog.open_source(ref).ref for ref in getattr(config.data, part)] for part in ("train", "val")}
    return config.with_(data=data)


def _with_teacher(config: RunConfig) -> RunConfig:
    """A teacher that is an ensemble goes into the config as a whole, with its members' sha256: a run that is resumed
    needs no file beside it. One from the Hub goes in with its commit: pulling anew changes no run.
    """
    if config.teaching is None:
        return config
    if (spec := references.spec_of(config.teaching.teacher)) is None:
        pinned = references.pinned(config.teaching.teacher)
        return config if pinned == config.teaching.teacher else config.with_(teaching={"teacher": pinned})
    title = spec.title or references.info_of(spec).title
    spec = references.fixed(spec).model_copy(update={"title": title, "metrics": {}})
    return config.with_(teaching={"teacher": spec.model_dump(mode="json")})


def _with_start(config: RunConfig) -> RunConfig:
    """A network from the Hub that training goes on from goes in with its commit."""
    ref = config.model.start
    return config if ref is None else config.with_(model={"start": references.pinned(ref)})


def _start(config: RunConfig) -> dict[str, Any]:
    """For meta.json."""
    ref = config.model.start
    if ref is None:
        return {}
    info = references.info_of(ref)
    return {START: {"file": ref, "sha256": info.sha256, "licence": info.licence}}


def stop(*run_ids: str, by: str | None = None) -> None:
    """Ask runs to stop, all at once, and wait until they have (two seconds at most); what each saved after its last
    whole epoch stays. `Run.stopping` and the status say so as soon as it is asked.

    Raises RunError when nothing of one of them is going on, NotAllowedError when one is somebody else's; none is
    stopped then.
    """
    runs = [open_run(run_id) for run_id in run_ids]
    for run in runs:
        owners.check(run, by)
        if not (status := run.status()).active:
            raise RunError(f"Run {run.id} is not going on: it is {status.state}.")
    asked = [(run, _ask(run)) for run in runs]
    deadline = time.monotonic() + STOP_SECONDS
    for run, heard in asked:
        while _still_stopping(run, heard) and time.monotonic() < deadline:
            time.sleep(0.02)
        _end(run, heard)


def resume(run_id: str, *, by: str | None = None) -> Run:
    """Go on with a stopped, failed or interrupted run in its folder, after its last whole epoch.

    Raises RunError when it is going on or done, has no time left or the queue no room, NotAllowedError when it is
    somebody else's, and what `start` raises when data or teacher are gone.
    """
    run = open_run(run_id)
    owners.check(run, by)
    handed_over = placement.read(run.run_dir)  # before we look whether it is over: never another server's new job
    _resumable(run)
    checks.check(run.config, resuming=(run.run_dir / "last").is_dir())
    limits.check_time(run)
    if cluster.chosen():
        cluster_checks.check(run.config, processes=int(run.meta.get(PROCESSES) or 1))
    if handed_over is not None and not cluster.take_back(handed_over):
        RunLog(run.run_dir / "log.txt").line(cluster.not_taken_back(handed_over))
    with locks.hold(run_id):
        status = _resumable(run)  # another server may have been quicker
        kill(run)  # one that was stopped may still be on its way out
        before = run.written_status()
        try:
            with limits.room_for(1, owner=run.owner, new=False):
                _queue_again(run, status)
        except OSError as error:
            raise RunError(
                f"Run {run_id} cannot be resumed: its folder cannot be written ({error.strerror or error})."
            ) from error
        try:
            _launch(run)
        except RunError:
            with contextlib.suppress(OSError):
                run.write_status(before)  # nobody works on it: it can be resumed at once
            raise
    return run


def delete(run_id: str, *, by: str | None = None) -> None:
    """Remove a run's folder. Raises RunError while it is going on, NotAllowedError when it is somebody else's, or when
    somebody else's student listens to it just now.
    """
    run = open_run(run_id)
    owners.check(run, by)
    _nobody_listens(run, by)
    with locks.hold(run_id):
        with contextlib.suppress(RunError):  # an unreadable status must not keep a folder for ever
            if not run.status().active:
                kill(run)
        turns_gone.note(run)
        run.delete()


def _nobody_listens(run: Run, by: str | None) -> None:
    """On a public server a teacher does not go while another visitor's run waits for it or learns from it."""
    if settings.public() and any(_listens(other, run) and not owners.may(other, by) for other in folder.list_runs()):
        raise NotAllowedError(f"{run.id} teaches somebody else's student just now. It can go when that is over.")


def _listens(student: Run, teacher: Run) -> bool:
    with contextlib.suppress(UnetKDError):
        teaching = student.config.teaching
        if teaching is not None and student.status().active:
            said = teaching.teacher
            return references.RUN_PREFIX + teacher.id in ((said,) if isinstance(said, str) else said.members)
    return False


def _resumable(run: Run) -> Status:
    status = run.status()
    if status.active or status.state == "done":
        raise RunError(f"Run {run.id} is {'still going on' if status.active else 'done'}; there is nothing to resume.")
    return status


def _queue_again(run: Run, status: Status) -> None:
    (run.run_dir / "stop").unlink(missing_ok=True)
    run.write_status(
        dataclasses.replace(
            status, state="queued", phase="queue", message="Waiting for its worker", pid=None, heartbeat=time.time(),
            ended=None, error=None, images_per_second=None, eta_seconds=None,
        )
    )  # fmt: skip


def _ask(run: Run) -> bool:
    """Leave the wish to stop and knock. Returns whether the wish could be written: a full disk leaves the signal."""
    with locks.hold(run.id):
        if not run.status().active:
            return True  # another server's stop, or its own end, came first
        written = _write_sentinel(run)
        signal_group(run, signal.SIGTERM)
        return written


def _still_stopping(run: Run, heard: bool) -> bool:
    """Whether our wish still waits for the worker to go. A run whose wish is gone was resumed: another's affair."""
    if heard and not run.asked_to_stop:
        return False
    try:
        process = run.written_status().process
        return run.status().active or (process is not None and process.alive())
    except RunError:
        return False  # deleted meanwhile


def _end(run: Run, heard: bool) -> None:
    """End what has not ended by itself; nothing of a folder is ever half-written, so it loses nothing."""
    with locks.hold(run.id):
        if _still_stopping(run, heard):
            kill(run)
            _take_back(run)
        with contextlib.suppress(RunError, OSError):
            if run.status().state == "interrupted" and (run.asked_to_stop or not heard):
                _mark_stopped(run)


def _take_back(run: Run) -> None:
    """Of a cluster, a run that only waits there; a worker on it hears the wish by itself."""
    with contextlib.suppress(RunError, OSError):
        if placement.placed(run.run_dir) and run.written_status().process is None:
            cluster.withdraw(run.run_dir)
            _mark_stopped(run)


def _write_sentinel(run: Run) -> bool:
    try:
        (run.run_dir / "stop").touch()
    except OSError:
        return False
    return True


def _discard(run: Run) -> None:
    """Take back a run that has just been made."""
    with contextlib.suppress(RunError, OSError):
        _write_sentinel(run)
        kill(run)
        cluster.withdraw(run.run_dir)
        run.write_status(dataclasses.replace(run.written_status(), state="stopped"))
        run.delete()


def _mark_stopped(run: Run) -> None:
    message = "Stopped; resume goes on after the last whole epoch"
    run.write_status(
        dataclasses.replace(run.written_status(), state="stopped", message=message, ended=time.time(), eta_seconds=None)
    )


def note_teacher(run: Run, info: checkpoints.CheckpointInfo) -> None:
    """Which weights teach, so that a resumed run is taught by the same; and whether an ensemble's members' weights are
    for the run to search, which its config does not say any more once they are found.
    """
    assert run.config.teaching is not None
    ref = run.config.teaching.teacher
    if not isinstance(ref, str) and ref.open:
        run.add_to_meta(WEIGHTS_SEARCHED, True)
    run.add_to_meta(
        "teacher",
        {
            "ref": ref if isinstance(ref, str) else list(ref.members),
            "sha256": info.sha256,
            "title": info.title,
            "parameters": info.parameters,
        },
    )
