"""What the kill benchmark concludes from a folder and from /proc. Nothing is killed here."""

import dataclasses
import json
import os
import sys
from pathlib import Path

import pytest

from benchmarks import kill_watch
from benchmarks.kill_resume import Count, wait
from benchmarks.kill_watch import Saving
from unetkd_core.runs import status as status_file


def write_state(run_dir: Path, epoch: int) -> None:
    (run_dir / "last").mkdir(exist_ok=True)
    (run_dir / "last" / "state.json").write_text(json.dumps({"extra": {"epoch": epoch}}))


@pytest.mark.parametrize(
    ("phase", "told", "saved", "measured", "expected"),
    [
        ("queue", 0, 0, 0, 0),
        ("measuring", 0, 0, 0, 0),
        ("training", 0, 0, 0, 1),  # the first epoch had begun
        ("training", 3, 3, 3, 1),
        ("training", 3, 3, 4, 1),  # measured, not saved
        ("training", 3, 4, 4, 0),  # saved, not yet told
        ("training", 8, 8, 8, 0),
        ("finishing", 8, 8, 8, 0),
        ("training", 3, 2, 3, 2),  # a state was lost
    ],
)
def test_epochs_redone(phase: str, told: int, saved: int, measured: int, expected: int) -> None:
    status = dataclasses.replace(status_file.queued(8, 0.0), state="running", phase=phase, epoch=told)
    assert kill_watch.redone(status, saved, measured) == expected


def test_the_phase_that_a_kill_hit_is_read_from_what_it_left(tmp_path: Path) -> None:
    status = status_file.queued(8, 0.0)
    assert kill_watch.phase_hit(status, tmp_path, 0) == "starting up"
    training = dataclasses.replace(status, state="running", phase="training")
    assert kill_watch.phase_hit(dataclasses.replace(training, phase="measuring"), tmp_path, 0) == "loading"
    assert kill_watch.phase_hit(training, tmp_path, 0) == "training"
    assert kill_watch.phase_hit(training, tmp_path, 1) == "saving"
    write_state(tmp_path, 1)
    assert kill_watch.saved_epochs(tmp_path) == 1 and kill_watch.phase_hit(training, tmp_path, 1) == "training"
    (tmp_path / "best-next").mkdir()
    assert kill_watch.phase_hit(training, tmp_path, 1) == "saving"


def test_each_moment_of_saving_is_seen_when_it_comes(tmp_path: Path) -> None:
    (tmp_path / "last").mkdir()
    waiting = {moment: Saving(tmp_path, moment) for moment in Saving.MOMENTS}
    assert not any(saving.begun() for saving in waiting.values())
    (tmp_path / ".best-next.new-x").mkdir()
    assert waiting["weights"].begun()
    (tmp_path / "metrics.jsonl").write_text("{}\n")
    assert waiting["metrics"].begun()
    (tmp_path / "last" / "a.safetensors.tmp").touch()
    assert waiting["state"].begun() and not waiting["pointer"].begun()
    for name in ("a", "b"):
        (tmp_path / "last" / f"{name}.safetensors").touch()
    assert waiting["pointer"].begun() and not waiting["done"].begun()
    write_state(tmp_path, 1)
    assert waiting["done"].begun()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_processes_are_found_by_their_group() -> None:
    assert kill_watch.group_left(os.getpgid(0)) and not kill_watch.group_left(2**22 + 1)
    assert not kill_watch.children_left()


def test_waiting_ends_with_the_condition_or_the_time() -> None:
    looks = iter([False, True])
    assert wait(lambda: next(looks), 5) and not wait(lambda: False, 0.01)
    assert Count().lost == []
