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
    import torch

    run = folder.create(config)
    try:
        assert worker.work(run, Reporter(run)) == 0, run.log_tail(100)
    finally:
        torch.set_flush_denormal(False)  # a worker's own; other tests need the smallest numbers
    return run
