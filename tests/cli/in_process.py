"""Sweeps, and runs without one, that train in the test's own process, one after the other: a new one costs seconds."""

from collections.abc import Sequence

import pytest

from unetkd_core.cli import follow as following
from unetkd_core.runs import jobs, sweeps, worker
from unetkd_core.runs.folder import Run
from unetkd_core.runs.reporter import Reporter
from unetkd_core.runs.sweep_driver import Driver
from unetkd_core.runs.sweep_folder import Sweep


def train_in_process(monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """Replace every launch; returns the list of runs that were launched, which grows."""
    launched: list[Run] = []

    def work() -> None:
        import torch

        for run in [run for run in launched if run.status().state == "queued"]:
            assert worker.work(run, Reporter(run)) == 0, run.log_tail(100)
        torch.set_flush_denormal(False)  # a worker's own; other tests need the smallest numbers

    def drive(sweep: Sweep) -> None:
        reporter = Reporter(sweep.as_run)
        driver = Driver(sweep, reporter)
        driver._adopt()
        while driver.step():
            work()
        reporter.end("done", driver.ending())

    def watch(runs: Sequence[Run]) -> None:
        work()

    monkeypatch.setattr(jobs, "_launch", launched.append)
    monkeypatch.setattr(sweeps, "_launch", drive)
    monkeypatch.setattr(following, "_watch", watch)
    return launched
