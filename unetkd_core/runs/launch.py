"""A process that works on a folder, from outside: start it detached; a worker's: signal its group, end it.

Knows no queue, trains nothing, needs no torch.
"""

import contextlib
import dataclasses
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from unetkd_core import settings
from unetkd_core.errors import RunError
from unetkd_core.runs import cluster, rank_processes
from unetkd_core.runs.folder import Run
from unetkd_core.runs.process import process_start, this_process

ALLOCATOR = (
    "glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=33554432"
    ":glibc.malloc.trim_threshold=1073741824:glibc.malloc.top_pad=67108864"
)
"""GLIBC_TUNABLES of a worker: keep what a training step frees for the next one, on huge pages where the system offers
them. By default glibc gives activations back and takes them again, page by page, at every step. Other C libraries
ignore it.
"""


def launch(run: Run) -> None:
    """Start the worker: on the cluster of UNETKD_RAY_ADDRESS, else here in a session of its own; it survives us."""
    if cluster.chosen():
        cluster.submit_run(run)
        return
    try:
        cluster.keep_here(run.run_dir)
        pid = detached("unetkd_core.runs.worker", run.run_dir, {"GLIBC_TUNABLES": ALLOCATOR})
    except OSError as error:
        raise RunError(f"The worker of run {run.id} could not be started: {error.strerror or error}.") from error
    _note_process(run, pid)


def detached(module: str, folder: Path, defaults: Mapping[str, str] | None = None) -> int:
    """Start `python -m module FOLDER` in a session of its own, what it says in the folder's log.txt; returns its pid.

    It is started alone: where torchrun started us, the place that it gave is ours. defaults: environment variables,
    where ours has none of that name. Raises OSError.
    """
    inherited = {name: value for name, value in os.environ.items() if name not in rank_processes.VARIABLES}
    ours = {"UNETKD_HOME": str(settings.home()), "PYTHONPATH": settings.python_path()}
    with open(folder / "log.txt", "ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", module, str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**(defaults or {}), **inherited, **ours},
            start_new_session=True,
        )
    # Waited for in the background, so that no zombie is left while this process lives.
    threading.Thread(target=process.wait, name=f"reaper-{folder.name}", daemon=True).start()
    return process.pid


def _note_process(run: Run, pid: int) -> None:
    """Write down who works on it before he can say so himself: one that dies at once is missed at once."""
    me = this_process()
    status = dataclasses.replace(
        run.written_status(), host=me.host, boot_id=me.boot_id, pid=pid, process_start=process_start(pid)
    )
    with contextlib.suppress(OSError):  # a full disk: the worker says so itself
        run.write_status(status, durable=False)


def signal_group(run: Run, number: int) -> None:
    """Signal the worker's process group, if it is on this machine and still the same process."""
    process = run.written_status().process
    if process is not None and process.alive() and process.pid != os.getpid():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)  # it leads a session of its own


def kill(run: Run) -> None:
    """End what is left of the worker; nothing of a folder is ever half-written, so it loses nothing."""
    signal_group(run, signal.SIGKILL)
    process = run.written_status().process
    deadline = time.monotonic() + 1.0
    while process is not None and process.alive() and time.monotonic() < deadline:
        time.sleep(0.02)
