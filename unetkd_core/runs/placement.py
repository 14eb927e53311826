"""cluster.json: that a run was handed to a cluster, to which one, as which job, and what it may take there.

Written once by whoever hands it over. The job's process on the head then touches the file every second, which is its
sign of life; readers derive from it, and from what Ray says of the job, whether anyone still waits or works for the
run. Knows the file alone; neither Ray nor a run.
"""

import contextlib
import dataclasses
import json
import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from unetkd_core.runs import status as status_file
from unetkd_core.runs.status import SILENCE_SECONDS, Status

NAME: Final = "cluster.json"
QUIET_SECONDS: Final = 10.0
"""A job's process that was not heard of for so long is asked about; before that it is taken to be there."""


@dataclass(frozen=True)
class Resources:
    """What one run takes: cores and GPUs on each of so many hosts."""

    cpus: int = 2
    gpus: int = 0
    hosts: int = 1

    @property
    def in_words(self) -> str:
        """ "2 CPUs and 1 GPU on each of 3 hosts" """
        words = f"{self.cpus} CPU{'s' * (self.cpus != 1)}"
        words += f" and {self.gpus} GPU{'s' * (self.gpus != 1)}" if self.gpus else ""
        return words + (f" on each of {self.hosts} hosts" if self.hosts > 1 else "")


@dataclass(frozen=True)
class Placement:
    """One hand-over. heartbeat: unix seconds of the job's last sign of life, at first the moment of handing over."""

    address: str
    job: str
    resources: Resources
    heartbeat: float


def write(folder: Path, address: str, job: str, resources: Resources) -> None:
    """Say that the folder's run goes to the cluster now. Raises OSError."""
    data = {"address": address, "job": job, "resources": dataclasses.asdict(resources)}
    status_file.write_text(folder / NAME, json.dumps(data, indent=1) + "\n")


def read(folder: Path) -> Placement | None:
    """Where the folder's run was sent, or None when it is this machine's (or the file cannot be read)."""
    path = folder / NAME
    try:
        heartbeat = path.stat().st_mtime
        data = json.loads(path.read_text(encoding="utf-8"))
        return Placement(data["address"], data["job"], Resources(**data["resources"]), heartbeat)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def placed(folder: Path) -> bool:
    """Whether the folder's run was sent to a cluster."""
    return (folder / NAME).is_file()


def beat(folder: Path) -> None:
    """A sign of life of the job's process."""
    with contextlib.suppress(OSError):
        os.utime(folder / NAME)


def remove(folder: Path) -> None:
    """The run is this machine's from now on. Raises OSError."""
    (folder / NAME).unlink(missing_ok=True)


def seen(status: Status, where: Placement, job_over: Callable[[Placement], bool | None]) -> Status:
    """As a reader should take the status of a run on a cluster.

    A fresh heartbeat of the worker or of the job's process is believed. Else Ray is asked: job_over says True when the
    job has ended, False when it has not, None when Ray does not answer; then silence alone decides, after a while.
    """
    if not status.active:
        return status
    now = time.time()
    worker = _worker_age(status, now)
    job = now - where.heartbeat
    if min(worker, job) > QUIET_SECONDS:
        over = job_over(where)
        if over or (over is None and min(worker, job) > SILENCE_SECONDS):
            return status.gone()
    if status.state == "running" and worker > 2 * QUIET_SECONDS:
        since = "" if math.isinf(worker) else f" for {worker:.0f} s"
        message = f"Nothing was heard of its machine{since}; if it is gone, another one goes on with the run"
        return dataclasses.replace(status, message=message, images_per_second=None, eta_seconds=None)
    return status


def _worker_age(status: Status, now: float) -> float:
    """Seconds since the worker's last sign of life. A process of this very machine that is gone is none at all."""
    process = status.process
    if process is None or (process.here and not process.alive()):
        return math.inf
    return now - status.heartbeat
