"""Hands runs and sweeps to the Ray cluster of UNETKD_RAY_ADDRESS, and takes them back.

A run becomes a job whose command runs on the head (cluster_job.py) and gets the run its place; Ray does the queueing,
by the resources that each asks for. A sweep's driver becomes a job too. What was handed over stands in the folder's
cluster.json; from then on the folder tells everything, as for a run on this machine. Needs neither torch nor Ray.
"""

import contextlib
import dataclasses
import secrets
import shlex
import time
from pathlib import Path

from unetkd_core import settings
from unetkd_core.errors import RunError
from unetkd_core.runs import cluster_checks, cluster_client, placement
from unetkd_core.runs.folder import Run
from unetkd_core.runs.placement import Placement


def chosen() -> bool:
    """Whether runs go to a cluster. Raises ConfigError when its address is malformed."""
    return settings.ray_address() is not None


def submit_run(run: Run) -> None:
    """Hand the queued run over. Raises RunError; its folder then says nothing of a cluster."""
    asks = cluster_checks.resources()
    message = f"Waiting for {asks.in_words} on the cluster"
    run.write_status(dataclasses.replace(run.written_status(), message=message, pid=None, heartbeat=time.time()))
    _submit(run.run_dir, run.id, "unetkd_core.runs.cluster_job", settings.for_the_cluster())


def submit_sweep(sweep_dir: Path, sweep_id: str) -> None:
    """Hand a sweep's driver over: on the head it starts its runs on the same cluster. Raises RunError."""
    there = {**settings.for_the_cluster(), "UNETKD_RAY_ADDRESS": settings.ray_address() or ""}
    _submit(sweep_dir, f"sweep-{sweep_id}", "unetkd_core.runs.sweep_worker", there)


def _submit(folder: Path, name: str, module: str, env: dict[str, str]) -> None:
    address = settings.ray_address()
    assert address is not None
    job = f"{name}-{secrets.token_hex(2)}"  # a resumed run is another job
    try:
        placement.write(folder, address, job, cluster_checks.resources())
        cluster_client.submit(address, f"python -m {module} {shlex.quote(str(folder))}", job, env)
    except BaseException as error:
        with contextlib.suppress(OSError):
            placement.remove(folder)
        if isinstance(error, OSError):
            raise RunError(f"{folder} cannot be written ({error.strerror or error}).") from error
        raise


def withdraw(folder: Path) -> None:
    """Take the folder's job back from the cluster, as far as that can be done. Raises nothing."""
    if (where := placement.read(folder)) is not None:
        cluster_client.withdraw(where.address, where.job)


def take_back(where: Placement) -> bool:
    """Stop a job that was handed over before; False when the cluster does not say that it has. Raises nothing."""
    return cluster_client.withdraw(where.address, where.job)


def not_taken_back(where: Placement) -> str:
    """What a log says then."""
    return f"Its job {where.job} could not be taken back from {where.address}; it leaves when it sees who has the run"


def keep_here(folder: Path) -> None:
    """What is started in the folder now is this machine's; a job of before finds nothing to do. Raises OSError."""
    placement.remove(folder)
