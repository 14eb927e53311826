"""`python -m unetkd_core.runs.cluster_job RUN_DIR`: gets one run its place on the cluster; runs on the head, as a job.

Ray Jobs does not start a job again whose node died. This process is the job; it stays on the head and submits the
training as a task, which Ray starts again elsewhere when its node is lost and which goes on in the same folder. Until
it is over, this process gives a sign of life every second, hears a stop, and at the end says what nobody else could.
Loads no torch.
"""

import contextlib
import dataclasses
import logging
import math
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal, NoReturn

from unetkd_core import settings
from unetkd_core.errors import UnetKDError
from unetkd_core.runs import cluster_task, cluster_train, placement
from unetkd_core.runs.folder import Run
from unetkd_core.runs.log import RunLog
from unetkd_core.runs.placement import Placement
from unetkd_core.runs.status import Problem

STOP_SECONDS: Final = 15.0
"""A worker that was asked to stop leaves by itself within a few seconds; after so many its task is ended by force."""
SILENT_SECONDS: Final = 120.0
"""A machine that was cut off or froze closes no connection, and Ray, which knows that its node is lost, still waits for
the task's answer, by its defaults for seven minutes more. A worker that was not heard of for so long is given up.
"""


def main(arguments: list[str]) -> int:
    """See the run in the folder that is named through to its end; returns the exit status."""
    if len(arguments) != 1 or not (Path(arguments[0]) / "config.json").is_file():
        sys.stderr.write("expected the folder of one run: python -m unetkd_core.runs.cluster_job RUN_DIR\n")
        return 2
    folder = Path(arguments[0])
    run, where = Run(folder.name, folder), placement.read(folder)
    if where is None:
        sys.stderr.write("this run was not sent to a cluster\n")
        return 2
    placement.beat(folder)
    if run.asked_to_stop:
        conclude(run, where.job, "")
        return 0
    try:
        why = _see_through(run, where)
    except Exception as error:  # Ray loses a task in many ways
        if run.written_status().active:  # else it is over, whatever became of the cluster since
            RunLog(folder / "log.txt").exception(error)
        why = cluster_task.why_lost(error, settings.ray_retries())
    if why is not None:
        conclude(run, where.job, why)
    return 0 if run.written_status().state in ("done", "stopped") else 1


def _see_through(run: Run, where: Placement) -> str | None:
    """Wait for the task. Returns why it left no word, if it did not; None when the run is another worker's now."""
    import ray

    asks = where.resources
    ray.init(address="auto", logging_level=logging.WARNING, log_to_driver=False)
    retries = settings.ray_retries()
    if asks.hosts > 1:
        with ThreadPoolExecutor(1) as pool:
            several = pool.submit(cluster_train.train, str(run.run_dir), asks, retries)
            if _watch(run, lambda: bool(wait([several], timeout=1.0).done), math.inf) != "over":
                _leave(run, where.job)  # whatever Ray Train waits for, ends with this process
            several.result()
        return ""
    task: Any = ray.remote(cluster_task.train)
    share = {"num_cpus": asks.cpus, "num_gpus": asks.gpus, "name": run.id}
    for left in range(retries, -1, -1):
        going = task.options(**share, max_retries=left).remote(str(run.run_dir), dataclasses.asdict(asks))
        how = _watch(run, partial(_ended, going), SILENT_SECONDS)
        if how == "over":
            code = ray.get(going)
            return None if code == cluster_task.TAKEN else cluster_task.why_ended(code)
        ray.cancel(going, force=True)
        if how == "stop":
            return ""
        host = run.written_status().host
        RunLog(run.run_dir / "log.txt").line(f"Nothing is heard of {host} any more; the run is started again elsewhere")
    return "Its node fell silent, and so did those that it went on on after that."


def _ended(going: Any) -> bool:
    import ray

    return bool(ray.wait([going], timeout=1.0)[0])


def _watch(run: Run, over: Callable[[], bool], silence: float) -> Literal["over", "stop", "silent"]:
    """Give signs of life until it is over; `over` waits a second at most. Else it is to be ended by force: "stop" when
    that was asked for and nobody has begun or whoever has does not hear it, "silent" when a worker elsewhere that has
    begun meanwhile was not heard of for `silence` seconds.
    """
    asked, before = None, run.written_status().process
    while not over():
        placement.beat(run.run_dir)
        status = run.written_status()
        process = status.process
        if run.asked_to_stop:
            asked = asked or time.monotonic()
            if process is None or time.monotonic() - asked > STOP_SECONDS:
                return "stop"
        elsewhere = process is not None and process != before and not process.here
        if elsewhere and status.active and time.time() - status.heartbeat > silence:
            return "silent"
    return "over"


def _leave(run: Run, job: str) -> NoReturn:
    conclude(run, job, "")
    os._exit(0)


def conclude(run: Run, job: str, why: str) -> None:
    """The last word, where the worker left none: it was stopped, or it was lost because of `why`. Of a run that was
    resumed since, here or as another job than this one, nothing is said.
    """
    where = placement.read(run.run_dir)
    if where is None or where.job != job:
        return
    with contextlib.suppress(UnetKDError, OSError):
        status = run.written_status()
        if not status.active:
            return
        epochs = f"{status.epoch} whole epoch{'s' * (status.epoch != 1)}"
        status = dataclasses.replace(status, ended=time.time(), images_per_second=None, eta_seconds=None)
        if run.asked_to_stop:
            message = f"Stopped after {epochs}; resume goes on from there"
            run.write_status(dataclasses.replace(status, state="stopped", message=message))
            return
        problem = Problem(f"Its worker was lost after {epochs}.", f"{why} Resume goes on from there.".strip())
        RunLog(run.run_dir / "log.txt").line(f"{problem.headline} {problem.hint}")
        run.write_status(dataclasses.replace(status, state="failed", message=problem.headline, error=problem))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
