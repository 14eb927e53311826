"""One run by two real processes: the same folder, the same numbers, and no process left whatever ends it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.runs.real_runs import trained_here, wait_until
from unetkd_core import settings
from unetkd_core.errors import ConfigError, RunError
from unetkd_core.runs import folder, jobs, rank_processes, worker
from unetkd_core.runs.folder import Run
from unetkd_core.runs.reporter import Reporter
from unetkd_core.training.config import RunConfig

pytestmark = pytest.mark.timeout(600)  # processes take long to start on a busy machine

TIMES = {"seconds", "teacher_seconds", "images_per_second"}


def finish(run: Run, seconds: float = 180) -> Run:
    wait_until(lambda: not run.status().active, run, seconds=seconds)
    return run


def measured(run: Run) -> list[dict[str, object]]:
    return [{key: value for key, value in line.items() if key not in TIMES} for line in run.metrics()]


def files(run: Run) -> set[str]:
    return {str(p.relative_to(run.run_dir)) for p in run.run_dir.rglob("*") if not p.name.endswith(".safetensors")}


def workers(run: Run) -> dict[int, str]:
    """Every process that works on the run: pid -> RANK."""
    found = {}
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = command.read_bytes().split(b"\0")
            if b"unetkd_core.runs.worker" in words and str(run.run_dir).encode() in words:
                environment = dict(
                    part.split(b"=", 1)
                    for part in command.with_name("environ").read_bytes().split(b"\0")
                    if b"=" in part
                )
                found[int(command.parent.name)] = environment.get(b"RANK", b"").decode()
        except OSError:
            continue
    return found


needs_proc = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks processes up in /proc")


def test_two_processes_leave_the_folder_of_one_with_a_kept_teacher(tiny_config: RunConfig) -> None:
    teacher = trained_here(tiny_config)
    config = tiny_config.with_(teaching={"teacher": f"run:{teacher.id}"}, seed=5, optim={"batch_size": 3})
    (run,) = jobs.start(config, twin=False, processes=2)
    assert finish(run).status().state == "done", run.log_tail(100)
    alone = trained_here(config)
    assert run.meta[rank_processes.PROCESSES] == 2 and run.config == alone.config.with_(name=run.config.name)
    assert files(run) - {"log.txt", "worker.lock"} == files(alone) - {"log.txt", "worker.lock"}
    for ours, theirs in zip(measured(alone), measured(run), strict=True):
        assert theirs["loss"] == pytest.approx(ours["loss"], rel=1e-5)
        assert theirs["loss_kd"] == pytest.approx(ours["loss_kd"], rel=1e-5)
        assert theirs["val"] == {**ours["val"], "loss_ce": pytest.approx(ours["val"]["loss_ce"], rel=1e-5)}  # type: ignore[dict-item, index]
    assert "2 processes train together" in run.log_tail(100) and "Traceback" not in run.log_tail(1000)


@needs_proc
def test_whatever_breaks_it_leaves_no_process_and_resuming_goes_on_to_the_bit(tiny_config: RunConfig) -> None:
    deadline = time.monotonic() + 540

    def left() -> float:
        return deadline - time.monotonic()

    config = tiny_config.with_(optim={"epochs": 60})
    (run,) = jobs.start(config, processes=2)
    wait_until(lambda: run.status().epoch >= 1, run, left())
    (second,) = (pid for pid, rank in workers(run).items() if rank == "1")
    os.kill(second, signal.SIGKILL)
    status = finish(run, left()).status()
    assert status.state == "failed" and status.error is not None, run.log_tail(100)
    assert "process 2 of the run's 2 was ended by SIGKILL" in status.error.headline
    wait_until(lambda: not workers(run), run, seconds=5)

    jobs.resume(run.id)
    wait_until(lambda: run.status().epoch > status.epoch, run, left())
    jobs.stop(run.id)
    stopped = run.status()
    assert stopped.state == "stopped", run.log_tail(100)
    wait_until(lambda: not workers(run), run, seconds=5)

    jobs.resume(run.id)
    wait_until(lambda: run.status().epoch > stopped.epoch, run, left())
    process = run.written_status().process
    assert process is not None and len(workers(run)) == 2
    os.kill(process.pid, signal.SIGKILL)
    wait_until(lambda: run.status().state == "interrupted", run, left())
    wait_until(lambda: not workers(run), run, seconds=5)
    assert "Traceback" not in run.log_tail(1000)

    (unbroken,) = jobs.start(config, processes=2)
    assert finish(unbroken, left()).status().state == "done", unbroken.log_tail(100)
    lines = measured(run)
    assert 1 <= status.epoch < stopped.epoch < len(lines) < 60, "broken too late to prove anything"
    assert lines == measured(unbroken)[: len(lines)]


@needs_proc
def test_torchrun_starts_them_too_and_a_stop_reaches_all(tiny_config: RunConfig) -> None:
    run = folder.create(tiny_config.with_(optim={"epochs": 10_000}))
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port", "0"]
    started = subprocess.Popen(
        [*command, "--standalone", "-m", "unetkd_core.runs.worker", str(run.run_dir)],
        env={**os.environ, "PYTHONPATH": settings.python_path()},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        wait_until(lambda: run.status().epoch >= 1, run, seconds=180)
        assert sorted(rank for rank in workers(run).values() if rank) == ["0", "1"]
        jobs.stop(run.id)
        said, _ = started.communicate(timeout=60)
    finally:
        started.kill()
        for pid in workers(run):  # torchrun's death alone would leave them
            os.kill(pid, signal.SIGKILL)
    assert started.returncode == 0, said
    assert run.status().state == "stopped" and run.meta[rank_processes.PROCESSES] == 2
    assert not workers(run)


@pytest.mark.parametrize("processes", [0, 5])
def test_more_processes_than_scenes_in_a_batch_are_refused(tiny_config: RunConfig, processes: int) -> None:
    with pytest.raises(ConfigError, match=f"{processes} processes cannot share out a batch of 4 scenes; take 1 to 4"):
        jobs.start(tiny_config, processes=processes)
    assert not settings.runs_dir().exists()


def test_torchrun_with_more_processes_than_scenes_in_a_batch_fails_the_run(
    tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = folder.create(tiny_config)
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "5")
    assert worker.work(run, Reporter(run)) == 1
    status = run.status()
    assert status.state == "failed" and status.error is not None
    assert "5 processes cannot share out a batch of 4 scenes; take 1 to 4" in status.error.headline
    assert "Traceback" not in run.log_tail(100)


def test_places_that_make_no_sense_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert rank_processes.place() is None
    monkeypatch.setenv("RANK", "2")
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(RunError, match="RANK is '2' of WORLD_SIZE '2'"):
        rank_processes.place()
    monkeypatch.setenv("RANK", "1")
    assert rank_processes.place() == (1, 2)
