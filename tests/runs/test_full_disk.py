"""A full disk or a folder that cannot be written ends a run with that reason, and costs no whole epoch.

Where this process may mount one, a small real disk is filled under a real worker; elsewhere every place that writes is
made to fail in turn.
"""

import builtins
import contextlib
import dataclasses
import errno
import io
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from safetensors import SafetensorError

from tests.runs.real_runs import trained_here, wait_until
from unetkd_core import settings
from unetkd_core.errors import RunError
from unetkd_core.runs import folder, jobs, worker
from unetkd_core.runs.folder import Run
from unetkd_core.runs.reporter import Reporter
from unetkd_core.training import state
from unetkd_core.training.config import RunConfig


def results(run: Run) -> dict[str, Any]:
    """What must be equal to the bit."""
    assert run.status().state == "done", f"{run.status()}\n{run.log_tail(100)}"
    (saved,) = (run.run_dir / "last").glob("*.safetensors")
    lines = [{key: value for key, value in line.items() if "second" not in key} for line in run.metrics()]
    best = run.best()
    assert best is not None
    return {"last": saved.read_bytes(), "best": best.sha256, "metrics": lines}


def read_everything(run: Run) -> None:
    _ = run.config, run.meta, run.status(), run.metrics(), run.panel(), run.best(), run.log_tail(), run.disk_bytes()


# -- a real disk -------------------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(unetkd_home: Path) -> Iterator[Path]:
    """The runs' folder on a disk of its own of 60 MB; the test is skipped where none can be mounted."""
    place = unetkd_home / "runs"
    place.mkdir(parents=True)
    if not _quiet("mount", "-t", "tmpfs", "-o", "size=60m", "tmpfs", str(place)):
        pytest.skip("mounting a disk is not allowed here")
    yield place
    wait = time.monotonic() + 5
    while not _quiet("umount", str(place)) and time.monotonic() < wait:
        time.sleep(0.1)


def _quiet(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def fill(place: Path) -> Path:
    """Take every byte that is left."""
    ballast = place / "ballast"
    for size in (1 << 16, 512):
        with open(ballast, "ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(size))
    return ballast


def test_a_disk_that_fills_up_in_mid_training_ends_the_run_with_that_reason_and_costs_nothing(
    small_disk: Path, tiny_config: RunConfig
) -> None:
    config = tiny_config.with_(optim={"epochs": 24})
    (run,) = jobs.start(config)
    wait_until(lambda: run.status().epoch >= 2, run)
    ballast = fill(small_disk)
    wait_until(lambda: not run.status().active, run)
    status = run.status()
    assert status.state == "failed" and status.error is not None, status
    assert status.error.headline == f"It stopped at epoch {status.epoch + 1}: the disk is full."
    assert f"Nothing before epoch {status.epoch + 1} is lost." in status.error.hint
    assert 2 <= len(run.metrics()) < 24, "filled too late to prove anything"
    read_everything(run)
    assert run.best() is not None
    fill(small_disk)  # what was half written made room again
    with pytest.raises(RunError, match="No space left"):
        jobs.resume(run.id)
    assert run.status() == status, "a resume that was refused changes nothing"
    ballast.unlink()
    jobs.resume(run.id)
    wait_until(lambda: not run.status().active, run)
    assert results(run) == results(trained_here(config))


def test_a_run_on_a_full_disk_can_still_be_stopped(small_disk: Path, tiny_config: RunConfig) -> None:
    (run,) = jobs.start(tiny_config.with_(optim={"epochs": 10_000}))
    wait_until(lambda: run.status().state == "running", run)
    fill(small_disk)
    start = time.monotonic()
    with contextlib.suppress(RunError):  # it may have failed by itself before
        jobs.stop(run.id)
    assert time.monotonic() - start < 2.5
    assert run.status().state in ("stopped", "failed", "interrupted")
    read_everything(run)


def test_on_a_read_only_disk_nothing_starts_and_what_is_there_is_readable(
    small_disk: Path, tiny_config: RunConfig
) -> None:
    run = folder.create(tiny_config)
    gone = dataclasses.replace(run.written_status(), state="running", heartbeat=0.0)
    run.write_status(gone)
    assert run.status().error is None
    assert _quiet("mount", "-o", "remount,ro", str(small_disk))
    status = run.status()
    assert status.state == "interrupted" and status.error is not None
    assert status.error.headline == "It stopped at epoch 1: its folder cannot be written."
    with pytest.raises(RunError, match="Read-only file system"):
        jobs.start(tiny_config)
    with pytest.raises(RunError, match="cannot be resumed: its folder cannot be written"):
        jobs.resume(run.id)
    assert [r.id for r in folder.list_runs()] == [run.id]


def test_a_folder_that_becomes_unwritable_in_mid_training_is_said(tiny_config: RunConfig) -> None:
    config = tiny_config.with_(optim={"epochs": 24})
    (run,) = jobs.start(config)
    wait_until(lambda: run.status().epoch >= 2, run)
    last = run.run_dir / "last"
    if not _quiet("chattr", "+i", str(last)):
        jobs.stop(run.id)
        pytest.skip("a folder cannot be made unwritable here")
    try:
        wait_until(lambda: not run.status().active, run)
        status = run.status()
        assert status.state == "failed" and status.error is not None
        assert "cannot be written" in status.error.headline and "write permission" in status.error.hint
        read_everything(run)
    finally:
        assert _quiet("chattr", "-i", str(last))
    jobs.resume(run.id)
    wait_until(lambda: not run.status().active, run)
    assert results(run) == results(trained_here(config))


# -- every place that writes, in turn ----------------------------------------------------------------------------------


class Disk:
    """Stands between this process and the files under UNETKD_HOME: from the `full_at`-th write on, none succeeds."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.writes, self.full_at, self.number = 0, 1 << 30, errno.ENOSPC
        really_open, really_save = io.open, state.save_file

        def opened(file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
            # What is overwritten in place ("r+") needs no room.
            if isinstance(file, str | os.PathLike) and mode[0] in "wax" and self._ours(os.fspath(file)):
                self._write(os.fspath(file))
            return really_open(file, mode, *args, **kwargs)

        def save(tensors: Any, path: Any, **also: Any) -> None:
            try:
                self._write(str(path))
            except OSError as error:
                raise SafetensorError(f"I/O error: {error.strerror} (os error {error.errno})") from None
            really_save(tensors, path, **also)

        patch.setattr(builtins, "open", opened)
        patch.setattr(io, "open", opened)
        patch.setattr(state, "save_file", save)

    def _ours(self, path: str | bytes) -> bool:
        return str(path).startswith(str(settings.runs_dir()))

    def _write(self, path: str) -> None:
        self.writes += 1
        if self.writes >= self.full_at:
            raise OSError(self.number, os.strerror(self.number), path)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


@pytest.mark.parametrize(
    ("number", "said"), [(errno.ENOSPC, "the disk is full"), (errno.EROFS, "cannot be written")], ids=["full", "read"]
)
def test_whichever_write_fails_first_the_reason_is_said_and_resuming_gives_the_same(
    number: int, said: str, tiny_config: RunConfig, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "_launch", lambda run: None)
    whole = folder.create(tiny_config)
    before = disk.writes
    assert worker.work(whole, Reporter(whole)) == 0
    count, expected = disk.writes - before, results(whole)
    assert count > 30
    step = 7 if number == errno.ENOSPC else 23
    for site in range(1, count + 1, step):
        run = folder.create(tiny_config)
        disk.writes, disk.full_at, disk.number = 0, site, number
        worker.work(run, Reporter(run))
        disk.full_at = 1 << 30
        status = run.status()
        read_everything(run)
        if status.state != "done":  # the last writes are of what can be made again
            assert status.state == "failed" and status.error is not None, (site, status)
            assert said in status.error.headline, (site, status.error, run.log_tail())
            jobs.resume(run.id)
            assert worker.work(run, Reporter(run)) == 0, (site, run.log_tail())
        assert results(run) == expected, site


# -- a loss that is no number ------------------------------------------------------------------------------------------


def test_a_loss_that_becomes_infinite_is_named_and_the_last_good_state_stays(
    tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    from unetkd_core.training import engine

    monkeypatch.setattr(jobs, "_launch", lambda run: None)
    config = tiny_config.with_(optim={"epochs": 3})
    expected = results(trained_here(config))
    really, looks = engine.require_finite, iter(range(100))

    def poisoned(parts: Any, **where: Any) -> None:
        """The second epoch's first step gives an infinite cross-entropy."""
        if "cross-entropy" in parts and next(looks) == 3:
            parts = {**parts, "cross-entropy": parts["cross-entropy"] * float("inf")}
        really(parts, **where)

    run = folder.create(config)
    with monkeypatch.context() as patch:
        patch.setattr(engine, "require_finite", poisoned)
        assert worker.work(run, Reporter(run)) == 1
    status = run.status()
    assert (status.state, status.epoch) == ("failed", 1) and status.error is not None
    assert status.error.headline.startswith("It stopped at epoch 2: the cross-entropy loss became infinite at step 1")
    assert "Nothing before epoch 2 is lost." in status.error.hint
    assert len(run.metrics()) == 1 and run.best() is not None
    jobs.resume(run.id)
    assert worker.work(run, Reporter(run)) == 0
    assert results(run) == expected
