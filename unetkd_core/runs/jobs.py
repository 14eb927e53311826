"""Start, stop, resume and delete runs. Workers are detached: they outlive the tab, the page and the server.

Everything that can be checked cheaply is checked before anything is made. Needs no torch.
"""

import contextlib
import dataclasses
import os
import signal
import subprocess
import sys
import threading
import time

from unetkd_core import settings
from unetkd_core.data import catalog
from unetkd_core.errors import ConfigError, RunError
from unetkd_core.models import pretrained
from unetkd_core.runs import folder
from unetkd_core.runs.folder import Run, open_run
from unetkd_core.training.config import RunConfig
from unetkd_core.zoo import checkpoints, ensemble_search, references

ALLOCATOR = (
    "glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=33554432"
    ":glibc.malloc.trim_threshold=1073741824:glibc.malloc.top_pad=67108864"
)
"""GLIBC_TUNABLES of a worker: keep what a training step frees for the next one, on huge pages where the system offers
them. By default glibc gives activations back and takes them again, page by page, at every step. Other C libraries
ignore it.
"""

STOP_SECONDS = 3.0
"""A stop is given so long; then the process group is killed. The worker itself needs at most two."""


def start(config: RunConfig, *, twin: bool = True, shares: bool = False, control: str | None = None) -> list[Run]:
    """Start a run, and beside a taught one its untaught twin: [student, twin] or [run].

    shares: leave room for another run beside it, as a pair does anyway. control: the id of an untaught run that is this
    student's twin already; no other is trained then. Raises ConfigError, DataError, CheckpointError when the data or the teacher are not there, RunError when no folder
    can be made; nothing is left behind then.
    """
    config = _with_ensemble(config)
    teacher = check(config)
    if teacher is not None and not config.name:  # while the teacher's title is known: run:ID says nothing to anyone
        config = config.with_(name=f"{config.model.name} from {teacher.title}"[:80])
    with_twin = twin and control is None and config.teaching is not None
    runs = [folder.create(config, shares=shares or with_twin, control=control)]
    try:
        if with_twin:
            runs.append(folder.create(config.twin(runs[0].id), pair=runs[0].id, shares=True))
        if teacher is not None:
            note_teacher(runs[0], teacher)
        for run in runs:
            _launch(run)
    except BaseException:
        for run in runs:
            _discard(run)
        raise
    return runs


def _with_ensemble(config: RunConfig) -> RunConfig:
    """A teacher that is an ensemble goes into the config as a whole, with its members' sha256: a run that is resumed
    needs no file beside it.
    """
    if config.teaching is None or (spec := references.spec_of(config.teaching.teacher)) is None:
        return config
    title = spec.title or references.info_of(spec).title
    spec = references.fixed(spec).model_copy(update={"title": title, "metrics": {}})
    return config.with_(teaching={"teacher": spec.model_dump(mode="json")})


def check(config: RunConfig, *, resuming: bool = False) -> checkpoints.CheckpointInfo | None:
    """Look at everything that a run needs, cheaply; returns the teacher's info. Raises as `start` says.

    resuming: weights that an encoder started from are not needed again.
    """
    if sys.platform == "win32":
        raise RunError(
            "Training needs Linux or macOS: a worker here leads a process group. On Windows start it in WSL."
        )
    for ref in dict.fromkeys((*config.data.train, *config.data.val)):
        source = catalog.open_source(ref)
        source.check()
        if len(source) == 0:
            raise ConfigError(f"{ref} has no scenes; choose another split.")
    if config.model.weights is not None and not resuming:
        pretrained.check(config.model.name)
    if config.teaching is None:
        return None
    teacher = config.teaching.teacher
    info = references.info_of(teacher)
    spec = references.spec_of(teacher)
    if spec is not None and spec.open:
        ensemble_search.candidates_of(spec)  # too many to try is known now
    for ref in spec.members if spec is not None else [teacher] if isinstance(teacher, str) else ():
        if ref.startswith(references.RUN_PREFIX) and open_run(ref.removeprefix(references.RUN_PREFIX)).status().active:
            raise ConfigError(f"The teacher {ref} is still being trained; wait until it is done, or stop it.")
    return info


def stop(run_id: str) -> None:
    """Ask a run to stop and wait until it has (about two seconds); what it saved after its last whole epoch stays.

    Raises RunError when nothing of it is going on.
    """
    run = open_run(run_id)
    status = run.status()
    if not status.active:
        raise RunError(f"Run {run_id} is not going on: it is {status.state}.")
    _write_sentinel(run)
    _signal(run, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while run.status().active and time.monotonic() < deadline:
        time.sleep(0.05)
    if run.status().active:
        _kill(run)
        _mark_stopped(run)


def resume(run_id: str) -> Run:
    """Go on with a stopped, failed or interrupted run in its folder, after its last whole epoch.

    Raises RunError when it is going on or done, and what `start` raises when data or teacher are gone.
    """
    run = open_run(run_id)
    status = run.status()
    if status.active or status.state == "done":
        raise RunError(f"Run {run_id} is {'still going on' if status.active else 'done'}; there is nothing to resume.")
    check(run.config, resuming=(run.run_dir / "last").is_dir())
    _kill(run)  # one that was stopped may still be on its way out
    try:
        (run.run_dir / "stop").unlink(missing_ok=True)
        run.write_status(
            dataclasses.replace(
                status, state="queued", phase="queue", message="Waiting for its worker", pid=None,
                heartbeat=time.time(), ended=None, error=None, images_per_second=None, eta_seconds=None,
            )
        )  # fmt: skip
    except OSError as error:
        raise RunError(f"Run {run_id} cannot be resumed: its folder cannot be written ({error.strerror}).") from error
    _launch(run)
    return run


def delete(run_id: str) -> None:
    """Remove a run's folder. Raises RunError while it is going on."""
    run = open_run(run_id)
    with contextlib.suppress(RunError):  # an unreadable status must not keep a folder for ever
        if not run.status().active:
            _kill(run)
    run.delete()


def _launch(run: Run) -> None:
    """Start the worker in a session of its own; it survives us."""
    environment = (
        {"GLIBC_TUNABLES": ALLOCATOR}
        | os.environ
        | {
            "UNETKD_HOME": str(settings.home()),
            "PYTHONPATH": os.pathsep.join(filter(None, [str(settings.PROJECT_ROOT), os.environ.get("PYTHONPATH", "")])),
        }
    )
    try:
        with open(run.run_dir / "log.txt", "ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "unetkd_core.runs.worker", str(run.run_dir)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                start_new_session=True,
            )
    except OSError as error:
        raise RunError(f"The worker of run {run.id} could not be started: {error.strerror or error}.") from error
    # Waited for in the background, so that no zombie is left while this process lives.
    threading.Thread(target=process.wait, name=f"reaper-{run.id}", daemon=True).start()


def _write_sentinel(run: Run) -> None:
    with contextlib.suppress(OSError):  # on a full disk the signal alone does it
        (run.run_dir / "stop").touch()


def _signal(run: Run, number: int) -> None:
    """Signal the worker's process group, if it is on this machine and still the same process."""
    process = run.written_status().process
    if process is not None and process.alive():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)  # it leads a session of its own


def _kill(run: Run) -> None:
    """End what is left of the worker; nothing of a folder is ever half-written, so it loses nothing."""
    _signal(run, signal.SIGKILL)
    process = run.written_status().process
    deadline = time.monotonic() + 1.0
    while process is not None and process.alive() and time.monotonic() < deadline:
        time.sleep(0.02)


def _discard(run: Run) -> None:
    """Take back a run that has just been made."""
    with contextlib.suppress(RunError, OSError):
        _write_sentinel(run)
        _kill(run)
        run.write_status(dataclasses.replace(run.written_status(), state="stopped"))
        run.delete()


def _mark_stopped(run: Run) -> None:
    status = run.written_status()
    if run.status().state == "interrupted":
        message = "Stopped; resume goes on after the last whole epoch"
        run.write_status(
            dataclasses.replace(status, state="stopped", message=message, ended=time.time(), eta_seconds=None)
        )


def note_teacher(run: Run, info: checkpoints.CheckpointInfo) -> None:
    """Which weights teach, so that a resumed run is taught by the same."""
    assert run.config.teaching is not None
    ref = run.config.teaching.teacher
    run.add_to_meta(
        "teacher",
        {
            "ref": ref if isinstance(ref, str) else list(ref.members),
            "sha256": info.sha256,
            "title": info.title,
            "parameters": info.parameters,
        },
    )
