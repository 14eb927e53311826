"""Runs that really train in tests: wait for one, or train one in this process."""

import time
from collections.abc import Callable

from unetkd_core.runs import folder, worker
from unetkd_core.runs.folder import Run
from unetkd_core.runs.reporter import Reporter
from unetkd_core.training.config import RunConfig


def wait_until(condition: Callable[[], bool], run: Run, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{run.status()}\n{run.log_tail(100)}"
        time.sleep(0.01)


def trained_here(config: RunConfig) -> Run:
    """A finished run, trained in this process: starting another one costs seconds."""
    run = folder.create(config)
    assert worker.work(run, Reporter(run)) == 0, run.log_tail(100)
    return run
