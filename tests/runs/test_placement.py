"""A run on a cluster as its folder tells it: who is alive, who may write, who has the lock. No Ray is needed here."""

import dataclasses
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from filelock import FileLock, Timeout

from unetkd_core.errors import ClusterBusyError, RunError
from unetkd_core.runs import (
    cluster_client,
    cluster_job,
    cluster_task,
    cluster_train,
    cluster_worker,
    folder,
    jobs,
    placement,
    queue,
    worker,
)
from unetkd_core.runs.folder import Run
from unetkd_core.runs.placement import Placement, Resources
from unetkd_core.runs.process import ProcessId, this_process
from unetkd_core.runs.reporter import Reporter
from unetkd_core.training.config import RunConfig

ELSEWHERE = ProcessId("another-host", "its boot", 4711, "its start")


@pytest.fixture
def run(tiny_config: RunConfig) -> Run:
    """A run that was just handed to a cluster."""
    made = folder.create(tiny_config)
    placement.write(made.run_dir, "http://127.0.0.1:1", "the-job", Resources(cpus=2))
    return made


def set_status(run: Run, process: ProcessId | None, state: str, age: float) -> None:
    who = (
        dict(zip(("host", "boot_id", "pid", "process_start"), dataclasses.astuple(process), strict=True))
        if process
        else {}
    )
    status = dataclasses.replace(run.written_status(), state=state, heartbeat=time.time() - age, **who)  # type: ignore[arg-type]
    run.write_status(status)


def set_job_age(run: Run, age: float) -> None:
    os.utime(run.run_dir / placement.NAME, (time.time() - age,) * 2)


def says(answer: bool | None) -> Callable[[Placement], bool | None]:
    return lambda where: answer


@pytest.mark.parametrize(
    ("state", "worker", "worker_age", "job_age", "ray", "seen"),
    [
        ("queued", None, 3000, 2, None, "queued"),  # hours in Ray's queue, its job's process alive
        ("queued", None, 3000, 30, False, "queued"),  # the head is slow; Ray knows the job
        ("queued", None, 3000, 30, True, "interrupted"),  # the job could not even start
        ("queued", None, 3000, 30, None, "queued"),  # Ray does not answer: wait and see
        ("queued", None, 3000, 91, None, "interrupted"),
        ("running", ELSEWHERE, 3, 3000, None, "running"),  # the worker lives, whatever became of its job
        ("running", ELSEWHERE, 60, 2, None, "running"),  # its node may be lost; the job starts it again
        ("running", ELSEWHERE, 91, 91, None, "interrupted"),
        ("running", ELSEWHERE, 91, 91, False, "running"),
        ("running", ELSEWHERE, 30, 30, True, "interrupted"),
        ("done", ELSEWHERE, 3000, 3000, True, "done"),
    ],
)
def test_who_is_alive_is_told_by_heartbeats_and_then_by_ray(
    run: Run, state: str, worker: ProcessId | None, worker_age: float, job_age: float, ray: bool | None, seen: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    set_status(run, worker, state, worker_age)
    set_job_age(run, job_age)
    monkeypatch.setattr(cluster_client, "job_over", says(ray))
    assert run.status().state == seen


def test_a_fresh_heartbeat_asks_nobody(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(where: Placement) -> bool:
        raise AssertionError("a page of hundred runs would ask hundred times")

    monkeypatch.setattr(cluster_client, "job_over", never)
    assert run.status().state == "queued"


def test_a_run_between_two_machines_says_so(run: Run) -> None:
    set_status(run, ELSEWHERE, "running", 45)
    assert "Nothing was heard of its machine for 45 s" in run.status().message
    gone = dataclasses.replace(this_process(), start="before")
    set_status(run, gone, "running", 1)
    assert run.status().state == "running" and "Nothing was heard of its machine;" in run.status().message


def test_what_waits_for_a_cluster_holds_up_nobody_here(run: Run, tiny_config: RunConfig) -> None:
    younger = folder.create(tiny_config)
    assert queue.runs_before(younger, "cpu") == 0
    placement.remove(run.run_dir)
    assert queue.runs_before(younger, "cpu") == 1


def test_who_waits_here_asks_no_cluster(run: Run, tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(where: Placement) -> bool:
        raise AssertionError("a local worker would hang with a frozen head")

    set_job_age(run, 30)
    monkeypatch.setattr(cluster_client, "job_over", never)
    assert queue.runs_before(folder.create(tiny_config), "cpu") == 0


def test_a_head_that_takes_the_connection_and_says_nothing_is_given_up(
    tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ray")
    monkeypatch.setattr(cluster_client, "REQUEST_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        address = f"http://127.0.0.1:{frozen.getsockname()[1]}"
        monkeypatch.setenv("UNETKD_RAY_ADDRESS", address)
        with pytest.raises(ClusterBusyError, match=r"No Ray cluster answers at .* \(no answer within 0 s\); is it"):
            jobs.start(tiny_config)
        assert cluster_client.job_over(Placement(address, "the-job", Resources(), 0.0)) is None
        assert not cluster_client.withdraw(address, "the-job")
    assert folder.list_runs() == []


def test_a_dead_machines_lock_is_replaced_and_a_living_ones_waited_for(run: Run) -> None:
    lock = run.run_dir / "worker.lock"
    with FileLock(lock):
        set_status(run, ELSEWHERE, "running", 20)
        with pytest.raises(Timeout):
            cluster_worker.claim(lock, run, patience=0.1, poll=0.02)
        set_status(run, ELSEWHERE, "running", 120)
        with cluster_worker.claim(lock, run, patience=0.1, poll=0.02):
            pass
        set_status(run, this_process(), "running", 120)
        with FileLock(lock), pytest.raises(Timeout):
            cluster_worker.claim(lock, run, patience=0.1, poll=0.02)  # of this machine the lock itself knows


WRITES = """
import sys
from pathlib import Path
from unetkd_core.runs.cluster_worker import FencedReporter
from unetkd_core.runs.folder import Run
run = Run(Path(sys.argv[1]).name, Path(sys.argv[1]))
reporter = FencedReporter(run)
reporter.take()
reporter.epoch(epoch=1)
print("mine", flush=True)
sys.stdin.readline()
reporter.epoch(epoch=2)
print("still mine", flush=True)
"""


def test_a_worker_that_was_taken_over_from_leaves_without_writing(run: Run) -> None:
    worker = subprocess.Popen(
        [sys.executable, "-c", WRITES, str(run.run_dir)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert worker.stdout is not None and worker.stdout.readline() == "mine\n"
    set_status(run, ELSEWHERE, "running", 0)
    said, _ = worker.communicate("go on\n", timeout=30)
    assert said == "" and worker.returncode == cluster_task.TAKEN
    assert (run.written_status().process, run.written_status().epoch) == (ELSEWHERE, 1)
    assert "Another machine has taken this run over" in run.log_tail()


def test_a_worker_does_not_outlive_whoever_started_it(run: Run) -> None:
    with FileLock(run.run_dir / "worker.lock"):  # it waits for this one
        worker = cluster_task.spawn(str(run.run_dir), {"cpus": 1, "gpus": 0}, {})
        assert worker.poll() is None and worker.stdin is not None
        worker.stdin.close()  # as the system does when the process at this end is killed
        assert worker.wait(timeout=30) == cluster_task.TAKEN


def test_a_worker_of_a_run_that_was_resumed_here_trains_nothing(run: Run) -> None:
    placement.remove(run.run_dir)
    assert cluster_worker._train(run) == cluster_task.TAKEN and run.written_status().process is None


@pytest.mark.parametrize(("look", "epochs"), [(1, 0), (2, 1)])
def test_an_epoch_is_written_only_while_the_run_is_the_workers(tiny_config: RunConfig, look: int, epochs: int) -> None:
    class Fenced(Reporter):
        looks = 0

        def still_mine(self) -> None:
            self.looks += 1
            if self.looks == look:
                raise RunError("Another machine has taken this run over.")

    run = folder.create(tiny_config)
    assert worker.work(run, Fenced(run)) == 1
    assert len(run.metrics()) == epochs and not (run.run_dir / "last").exists()


def test_a_job_says_nothing_of_a_run_that_another_one_has(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    set_status(run, ELSEWHERE, "running", 1)
    cluster_job.conclude(run, "the-job-before", "whatever")
    assert run.written_status().state == "running"
    monkeypatch.setitem(sys.modules, "ray", one_task(cluster_task.TAKEN))
    assert cluster_job.main([str(run.run_dir)]) == 1 and run.written_status().state == "running"
    monkeypatch.setitem(sys.modules, "ray", one_task(5))
    assert cluster_job.main([str(run.run_dir)]) == 1 and run.written_status().state == "failed"
    set_status(run, ELSEWHERE, "running", 1)
    placement.remove(run.run_dir)
    cluster_job.conclude(run, "the-job", "whatever")
    assert run.written_status().state == "running"


def one_task(code: int) -> Any:
    """A Ray whose task ends at once with this exit status."""
    task = SimpleNamespace(options=lambda **_: SimpleNamespace(remote=lambda *_: "its answer"))
    return SimpleNamespace(
        init=lambda **_: None, remote=lambda _: task, wait=lambda asked, **_: (asked, []), get=lambda _: code
    )


def test_what_a_lost_worker_could_not_say_is_said_for_it(run: Run) -> None:
    set_status(run, ELSEWHERE, "running", 1)
    cluster_job.conclude(run, "the-job", cluster_task.why_ended(-9))
    status = run.status()
    assert status.state == "failed" and status.error is not None and "for want of memory" in status.error.hint
    set_status(run, ELSEWHERE, "running", 1)
    (run.run_dir / "stop").touch()
    cluster_job.conclude(run, "the-job", "")
    assert run.status().state == "stopped"
    set_status(run, ELSEWHERE, "done", 1)
    cluster_job.conclude(run, "the-job", "whatever")
    assert run.status().state == "done", "a worker's own last word stands"


def test_a_cluster_that_does_not_answer_refuses_in_a_sentence_and_leaves_nothing(
    tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNETKD_RAY_ADDRESS", "http://127.0.0.1:1")
    with pytest.raises(RunError, match=r"No Ray cluster answers at http://127.0.0.1:1 \(Connection refused\); is it"):
        jobs.start(tiny_config)
    assert folder.list_runs() == []


def test_without_ray_installed_one_sentence_says_how(tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNETKD_RAY_ADDRESS", "http://127.0.0.1:1")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(RunError, match=r"the package ray is not installed here; `pip install -e \"\.\[cluster\]\"`"):
        jobs.start(tiny_config)
    assert folder.list_runs() == []


def test_a_run_that_is_resumed_here_is_this_machines_again(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unetkd_core.runs.launch.detached", lambda *_: os.getpid())
    set_status(run, ELSEWHERE, "failed", 1)
    jobs.resume(run.id)
    assert not placement.placed(run.run_dir)


def test_a_run_that_no_cluster_takes_again_is_as_it_was(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNETKD_RAY_ADDRESS", "http://127.0.0.1:1")
    monkeypatch.setattr("unetkd_core.runs.cluster_checks.check", lambda *_, **__: [])
    set_status(run, ELSEWHERE, "failed", 1)
    with pytest.raises(RunError):
        jobs.resume(run.id)
    assert run.written_status().state == "failed"
    assert "Its job the-job could not be taken back from http://127.0.0.1:1" in run.log_tail()


def test_a_host_of_several_gpus_has_its_cores_shared_out_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    context = SimpleNamespace(
        get_world_rank=lambda: 1, get_world_size=lambda: 4, get_local_rank=lambda: 1, get_local_world_size=lambda: 2
    )
    meeting = SimpleNamespace(broadcast_from_rank_zero=lambda _: {"host": "10.0.0.1", "port": "4711"})
    train = SimpleNamespace(get_context=lambda: context, collective=meeting)
    for name, module in (("ray", SimpleNamespace(train=train)), ("ray.train", train)):
        monkeypatch.setitem(sys.modules, name, module)
    spawned: list[Any] = []

    def spawn(*args: object) -> Any:
        spawned.append(args)
        return SimpleNamespace(wait=lambda: 0)

    monkeypatch.setattr(cluster_task, "spawn", spawn)
    cluster_train.one_process({"run_dir": str(run.run_dir), "asks": {"cpus": 3, "gpus": 1, "hosts": 1}})
    _, asks, place, _ = spawned[0]
    assert (asks["cpus"], asks["gpus"], place["LOCAL_WORLD_SIZE"]) == (6, 1, "2")


def test_a_frozen_host_is_given_up_by_ray_train_after_two_minutes(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_TRAIN_WORKER_HEALTH_CHECK_TIMEOUT_S", raising=False)
    constants = pytest.importorskip("ray.train.v2._internal.constants")
    seen: dict[str, str] = {}
    fit = "ray.train.v2.api.data_parallel_trainer.DataParallelTrainer.fit"
    monkeypatch.setattr(fit, lambda _: seen.update(constants.get_env_vars_to_propagate()))
    cluster_train.train(str(run.run_dir), Resources(cpus=1, hosts=2), 1)
    assert seen["RAY_TRAIN_WORKER_HEALTH_CHECK_TIMEOUT_S"] == "120"


def test_a_worker_gets_the_cores_that_ray_set_aside_and_no_gpu_but_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")
    monkeypatch.setenv("UNETKD_RAY_ADDRESS", "http://head:8265")
    bare = cluster_task._environment({"cpus": 6, "gpus": 0}, {})
    assert (bare["UNETKD_CORES"], bare["UNETKD_SLOTS"], bare["CUDA_VISIBLE_DEVICES"]) == ("6", "1", "")
    assert "UNETKD_RAY_ADDRESS" not in bare, "what runs on the cluster sends nothing there"
    assert cluster_task._environment({"cpus": 6, "gpus": 1}, {})["CUDA_VISIBLE_DEVICES"] == "3"


def test_broken_records_are_as_none(run: Run) -> None:
    (run.run_dir / placement.NAME).write_text('{"address": 1')
    assert placement.read(run.run_dir) is None
    assert placement.read(Path("/nowhere")) is None


def test_a_worker_elsewhere_that_falls_silent_is_given_up_and_one_of_before_is_not(run: Run) -> None:
    looks = 0

    def over(after: int) -> bool:
        nonlocal looks
        looks += 1
        if looks == 2:
            set_status(run, ELSEWHERE, "running", 200)  # it began, and nothing was heard since
        return looks > after

    assert cluster_job._watch(run, lambda: over(5), 120) == "silent"
    looks = 2  # the same one is what was given up: the next is waited for
    assert cluster_job._watch(run, lambda: over(5), 120) == "over"
    set_status(run, this_process(), "running", 200)
    looks = 2
    assert cluster_job._watch(run, lambda: over(5), 120) == "over", "of this machine Ray knows"


def test_a_run_that_waits_is_ended_when_asked_and_a_worker_is_left_time(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (run.run_dir / "stop").touch()
    assert cluster_job._watch(run, lambda: False, 120) == "stop"
    set_status(run, ELSEWHERE, "running", 1)
    answers = iter([False, False, True])
    assert cluster_job._watch(run, lambda: next(answers), 120) == "over"
    monkeypatch.setattr(cluster_job, "STOP_SECONDS", 0.0)
    assert cluster_job._watch(run, lambda: False, 120) == "stop"


def test_a_workers_place_among_processes_is_not_that_of_ray_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    asks = {"cpus": 2, "gpus": 0}
    assert not {"RANK", "WORLD_SIZE"} & cluster_task._environment(asks, {}).keys()
    assert cluster_task._environment(asks, {"RANK": "0"})["RANK"] == "0"
