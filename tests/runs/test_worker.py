"""Real detached workers: what they leave in the run folder, how they stop, and what a kill costs."""

import dataclasses
import os
import signal
import sys
from pathlib import Path

import pytest
import torch  # noqa: F401  (a test looks for it in this process)
from PIL import Image

from tests.runs.real_runs import trained_here, wait_until
from unetkd_core.classes import PALETTES
from unetkd_core.errors import CheckpointError, RunError
from unetkd_core.runs import folder, jobs, speed, worker
from unetkd_core.runs.folder import Run
from unetkd_core.runs.reporter import Reporter
from unetkd_core.training.config import RunConfig
from unetkd_core.zoo import checkpoints


def finish(run: Run) -> Run:
    wait_until(lambda: not run.status().active, run)
    return run


def weights(run: Run) -> bytes:
    """The tensor file of its last state: written the same way, equal bytes are equal weights and optimiser."""
    (path,) = (run.run_dir / "last").glob("*.safetensors")
    return path.read_bytes()


def group_exists(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def measured(run: Run) -> list[dict[str, object]]:
    timings = {"seconds", "teacher_seconds", "images_per_second"}
    return [{key: value for key, value in line.items() if key not in timings} for line in run.metrics()]


def test_a_detached_worker_leaves_a_whole_run_folder(tiny_config: RunConfig) -> None:
    (run,) = jobs.start(tiny_config)
    status = finish(run).status()
    assert (status.state, status.epoch, status.error) == ("done", 2, None), run.log_tail(100)
    lines = run.metrics()
    assert [line["epoch"] for line in lines] == [1, 2]
    assert lines[0]["loss"] == lines[0]["loss_ce"] and lines[0]["loss_kd"] is None
    panel = run.panel()
    assert panel is not None and panel.epochs == (0, 1, 2) and len(panel.scenes) == 3
    with Image.open(panel.path(2, 2)) as drawn:
        assert drawn.mode == "P" and drawn.size == (32, 16)
        assert {c for _, c in drawn.convert("RGB").getcolors()} <= {tuple(c) for c in PALETTES["table1"].tolist()}
    best = run.best()
    assert best is not None and best.role == "alone" and best.run_id == run.id
    model, _ = checkpoints.load(run.run_dir / "best")
    assert sum(p.numel() for p in model.parameters()) == best.parameters
    assert "Traceback" not in run.log_tail(1000) and "Epoch 2" in run.log_tail(1000)


def test_a_student_and_its_twin_run_from_one_start(tiny_config: RunConfig) -> None:
    teacher = trained_here(tiny_config)
    open_choice = {"precision": "auto", "memory_format": "auto", "threads": None, "device": "auto"}
    config = tiny_config.with_(teaching={"teacher": f"run:{teacher.id}"}, seed=5, hardware=open_choice)
    student, twin = jobs.start(config)
    for run in (student, twin):
        assert finish(run).status().state == "done", run.log_tail(100)
    assert student.config.hardware == twin.config.hardware
    assert "auto" not in student.config.hardware.model_dump().values()
    assert twin.config.twin_of == student.id and twin.meta["pair"] == student.id
    assert student.meta["teacher"]["sha256"] == teacher.best().sha256  # type: ignore[union-attr]
    first = [folder_panel(run).path(0, 0).read_bytes() for run in (student, twin)]
    assert first[0] == first[1], "untrained, they predict the same"
    taught = student.metrics()[-1]
    assert taught["loss"] == pytest.approx(0.1 * taught["loss_ce"] + 0.9 * taught["loss_kd"])
    assert taught["val"]["agreement"] is not None and twin.metrics()[-1]["val"]["agreement"] is None
    assert speed.read()["runs"], "what it took is remembered for the next estimate"


def folder_panel(run: Run) -> folder.Panel:
    panel = run.panel()
    assert panel is not None
    return panel


def test_a_killed_run_is_interrupted_and_resumes_to_the_bit(tiny_config: RunConfig) -> None:
    config = tiny_config.with_(optim={"epochs": 24})
    (killed,) = jobs.start(config)
    wait_until(lambda: killed.status().epoch >= 2, killed)
    process = killed.written_status().process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    wait_until(lambda: killed.status().state == "interrupted", killed)
    assert 2 <= len(killed.metrics()) < 24, "killed too late to prove anything"
    # What a kill between two writes leaves behind: a line of an epoch that was not saved, half a line, half a state.
    with open(killed.run_dir / "metrics.jsonl", "a") as file:
        file.write('{"epoch": 999}\n{"ep')
    (killed.run_dir / "last" / "half.safetensors.tmp").write_bytes(b"half")
    jobs.resume(killed.id)
    whole = trained_here(config)
    assert finish(killed).status().state == "done", killed.log_tail(100)
    assert weights(whole) == weights(killed)
    assert measured(whole) == measured(killed)
    assert whole.best().sha256 == killed.best().sha256  # type: ignore[union-attr]
    assert [p.name for p in (killed.run_dir / "last").iterdir() if p.suffix == ".tmp"] == []


def test_a_stopped_run_leaves_without_a_trace_of_processes(tiny_config: RunConfig) -> None:
    (run,) = jobs.start(tiny_config.with_(optim={"epochs": 10_000}))
    wait_until(lambda: run.status().epoch >= 1, run)
    process = run.written_status().process
    assert process is not None and os.getpgid(process.pid) == process.pid, "it leads a group of its own"
    jobs.stop(run.id)
    status = run.status()
    assert status.state == "stopped" and status.epoch >= 1 and status.error is None
    wait_until(lambda: not process.alive(), run)
    wait_until(lambda: not group_exists(process.pid), run)
    assert len(run.metrics()) == status.epoch
    with pytest.raises(RunError, match="not going on"):
        jobs.stop(run.id)
    run.delete()


def test_a_run_that_waits_is_stopped_without_having_loaded_anything(
    tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNETKD_SLOTS", "1")
    first, second = (jobs.start(tiny_config.with_(optim={"epochs": 10_000}))[0] for _ in range(2))
    wait_until(lambda: first.status().state == "running", first)
    wait_until(lambda: second.written_status().pid is not None, second)
    process = second.written_status().process
    assert second.status().state == "queued" and process is not None
    if sys.platform == "linux":
        mapped = [Path(f"/proc/{pid}/maps").read_text() for pid in (os.getpid(), process.pid)]
        assert ["libtorch" in maps for maps in mapped] == [True, False], "this process has torch, the waiting one not"
    jobs.stop(second.id)
    assert second.status().state == "stopped" and second.metrics() == []
    jobs.stop(first.id)


def test_an_unreadable_teacher_midway_fails_with_a_headline_and_resumes_when_it_is_back(
    tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    teacher = trained_here(tiny_config)
    monkeypatch.setattr(jobs, "_launch", lambda run: None)
    (student,) = jobs.start(tiny_config.with_(teaching={"teacher": f"run:{teacher.id}"}), twin=False)
    hidden = teacher.run_dir / "hidden"
    (teacher.run_dir / "best").rename(hidden)
    student.write_status(dataclasses.replace(student.written_status(), state="stopped"))
    with pytest.raises(CheckpointError, match="no checkpoint"):
        jobs.resume(student.id)
    assert worker.work(student, Reporter(student)) == 1
    error = student.status().error
    assert student.status().state == "failed" and error is not None
    assert error.headline == "It stopped at epoch 1: a checkpoint cannot be used."
    assert "Nothing was trained yet" in error.hint
    hidden.rename(teacher.run_dir / "best")
    jobs.resume(student.id)
    assert worker.work(student, Reporter(student)) == 0 and student.status().state == "done"
