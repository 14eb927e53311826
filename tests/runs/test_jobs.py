"""Two servers on one folder do not fight; a stop is known at once and over in two seconds; nobody is left behind."""

import dataclasses
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.runs.real_runs import wait_until
from unetkd_core import settings
from unetkd_core.errors import RunError
from unetkd_core.runs import folder, jobs, locks
from unetkd_core.runs.folder import Run
from unetkd_core.runs.process import process_start, this_process
from unetkd_core.training.config import RunConfig

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def long_run(config: RunConfig) -> Run:
    """A worker that trains until it is stopped."""
    (run,) = jobs.start(config.with_(optim={"epochs": 10_000}))
    return run


def pid_of(run: Run) -> int:
    pid = run.written_status().pid
    assert pid is not None
    return pid


def zombies() -> list[str]:
    """Children of this process that ended and were not waited for."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] == "Z" and fields[1] == str(os.getpid()):
            found.append(entry.parent.name)
    return found


def group_exists(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def at_once(*calls: Callable[[], object]) -> list[Exception | None]:
    """Call all at one moment, each in a thread; what each raised."""
    raised: list[Exception | None] = [None] * len(calls)
    barrier = threading.Barrier(len(calls))

    def one(number: int) -> None:
        barrier.wait()
        try:
            calls[number]()
        except Exception as error:
            raised[number] = error

    threads = [threading.Thread(target=one, args=(number,)) for number in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def test_a_worker_that_is_killed_before_it_came_up_is_missed_at_once(tiny_config: RunConfig) -> None:
    run = long_run(tiny_config)
    os.killpg(pid_of(run), signal.SIGKILL)
    wait_until(lambda: run.status().state == "interrupted", run, seconds=2)


@linux
def test_a_killed_worker_leaves_no_zombie(tiny_config: RunConfig) -> None:
    run = long_run(tiny_config)
    os.killpg(pid_of(run), signal.SIGKILL)
    wait_until(lambda: process_start(pid_of(run)) == "", run)
    wait_until(lambda: not zombies(), run, seconds=2)


@pytest.mark.parametrize("moment", ["launched", "loading", "training"])
def test_a_stop_is_known_at_once_and_its_processes_are_gone_within_two_seconds(
    moment: str, tiny_config: RunConfig
) -> None:
    run = long_run(tiny_config)
    if moment != "launched":
        reached = {"loading": lambda: run.status().phase == "measuring", "training": lambda: run.status().epoch >= 1}
        wait_until(reached[moment], run)
    pid = pid_of(run)
    stopper = threading.Thread(target=jobs.stop, args=(run.id,))
    start = time.monotonic()
    stopper.start()
    wait_until(lambda: run.stopping or not run.status().active, run, seconds=0.5)
    if run.stopping:
        assert run.status().message == "Stopping"
    wait_until(lambda: process_start(pid) == "", run, seconds=2.0)
    assert time.monotonic() - start < 2.5
    stopper.join()
    assert run.status().state == "stopped" and not run.stopping
    wait_until(lambda: not group_exists(pid), run, seconds=0.5)


def test_a_worker_that_hears_nothing_is_ended_within_two_seconds(tiny_config: RunConfig) -> None:
    run = folder.create(tiny_config)
    deaf = subprocess.Popen(
        [sys.executable, "-c", "import signal, time; signal.signal(15, signal.SIG_IGN); print(); time.sleep(60)"],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert deaf.stdout is not None
    deaf.stdout.readline()
    me, status = this_process(), run.written_status()
    start = process_start(deaf.pid)
    run.write_status(
        dataclasses.replace(
            status, state="running", host=me.host, boot_id=me.boot_id, pid=deaf.pid, process_start=start
        )
    )
    begun = time.monotonic()
    jobs.stop(run.id)
    assert time.monotonic() - begun < 2.0
    assert deaf.wait(1) == -signal.SIGKILL
    assert run.status().state == "stopped" and "resume goes on" in run.status().message
    deaf.stdout.close()


def test_several_are_stopped_together(tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNETKD_SLOTS", "1")
    runs = [long_run(tiny_config) for _ in range(2)]
    wait_until(lambda: runs[0].status().state == "running", runs[0])
    start = time.monotonic()
    jobs.stop(*(run.id for run in runs))
    assert time.monotonic() - start < 2.5
    assert [run.status().state for run in runs] == ["stopped", "stopped"]
    with pytest.raises(RunError, match="not going on"):
        jobs.stop(runs[0].id)


def test_two_resumes_at_once_start_one_worker(tiny_config: RunConfig) -> None:
    run = long_run(tiny_config)
    jobs.stop(run.id)
    raised = at_once(*(lambda: jobs.resume(run.id) for _ in range(4)))
    assert sum(error is None for error in raised) == 1
    assert all(isinstance(error, RunError) and "still going on" in str(error) for error in raised if error)
    wait_until(lambda: run.status().state == "running", run)
    pid = pid_of(run)
    assert (run.status().state, "another worker" in run.log_tail()) == ("running", False)
    jobs.stop(run.id)
    assert process_start(pid) == ""


def test_two_processes_that_stop_and_resume_end_with_one_worker_or_none(tiny_config: RunConfig) -> None:
    run = long_run(tiny_config)
    code = """if True:
        import random, sys, time
        from unetkd_core.errors import RunError
        from unetkd_core.runs import jobs
        dice = random.Random(int(sys.argv[2]))
        for _ in range(8):
            try:
                dice.choice([jobs.stop, jobs.resume])(sys.argv[1])
            except RunError as error:
                assert "not going on" in str(error) or "nothing to resume" in str(error), error
            time.sleep(dice.random() / 4)
    """
    servers = [
        subprocess.Popen([sys.executable, "-c", code, run.id, str(seed)], cwd=settings.PROJECT_ROOT) for seed in (1, 2)
    ]
    assert [server.wait(60) for server in servers] == [0, 0]
    workers = workers_of(run)
    status = run.status()
    assert len(workers) == int(status.active), f"{workers} {status}"
    if status.active:
        assert workers == [run.written_status().pid]
        jobs.stop(run.id)
    wait_until(lambda: not workers_of(run), run, seconds=3)


def workers_of(run: Run) -> list[int]:
    """Living workers of one run."""
    listed = subprocess.run(["ps", "-ww", "-eo", "pid=,stat=,args="], capture_output=True, text=True, check=True).stdout
    lines = [line.split(None, 2) for line in listed.splitlines() if str(run.run_dir) in line and "runs.worker" in line]
    return [int(pid) for pid, stat, _ in lines if not stat.startswith("Z")]


def test_a_deletion_waits_its_turn_and_refuses_what_was_resumed_meanwhile(
    tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = long_run(tiny_config)
    jobs.stop(run.id)
    raised = at_once(lambda: jobs.resume(run.id), lambda: jobs.delete(run.id))
    assert sum(error is None for error in raised) == 1
    if raised[0] is None:
        assert run.status().active
        jobs.stop(run.id)
    else:
        assert folder.list_runs() == []
    monkeypatch.setattr(locks, "SECONDS", 0.05)
    with locks.hold(run.id), pytest.raises(RunError, match="Another process is busy"), locks.hold(run.id):
        pass


def test_a_stop_needs_no_lock_where_none_can_be_written(tiny_config: RunConfig, unetkd_home: Path) -> None:
    run = long_run(tiny_config)
    for path in (unetkd_home / "locks").iterdir():
        path.unlink()
    (unetkd_home / "locks").rmdir()
    (unetkd_home / "locks").write_text("in the way")
    jobs.stop(run.id)
    assert run.status().state == "stopped"


def test_a_status_that_a_power_cut_emptied_is_told_from_the_rest(tiny_config: RunConfig) -> None:
    run = folder.create(tiny_config)
    (run.run_dir / "metrics.jsonl").write_text('{"epoch": 1, "val": {"miou": 0.1}}\n')
    path = run.run_dir / "status.json"
    for content in (b"", b"\0" * 600):
        path.write_bytes(content)
        os.utime(path, (time.time() - 100, time.time() - 100))
        status = run.status()
        assert (status.state, status.epoch, status.epochs) == ("interrupted", 1, 2)
    jobs.resume(run.id)
    wait_until(lambda: not run.status().active, run)
    assert run.status().state == "done", run.log_tail()
