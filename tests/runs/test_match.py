"""Which runs count as the same, and with which untaught run a student is compared."""

import dataclasses
import hashlib
from pathlib import Path
from typing import Any

import pytest

from tests.pages import fake_run
from unetkd_core.runs import folder, jobs, provenance, sweep_match
from unetkd_core.runs.folder import Run
from unetkd_core.runs.reporter import Reporter
from unetkd_core.runs.session import Session
from unetkd_core.runs.sweep_match import Finished
from unetkd_core.training.config import RunConfig

BF16 = {"device": "cuda:0", "precision": "bf16", "memory_format": "channels_last", "threads": 2}


def finished(config: RunConfig, **how: Any) -> Run:
    """A run's folder as a worker leaves it at the end."""
    notes = {"data": jobs.data_hashes(config), **how.pop("notes", {})}
    run = folder.create(config, notes=notes, **how)
    run.write_status(dataclasses.replace(run.written_status(), state="done", epoch=config.optim.epochs))
    return run


@pytest.fixture
def taught(tiny_config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunConfig:
    monkeypatch.setenv("UNETKD_CHECKPOINTS", str(tmp_path / "checkpoints"))
    fake_run.write_teacher()
    return tiny_config.with_(teaching={"teacher": "m1024"})


NOTES = {"teacher": {"sha256": "0" * 64}}


def test_a_student_is_compared_with_the_twin_that_was_trained_for_it(taught: RunConfig) -> None:
    student = finished(taught, notes=NOTES)
    twin = finished(taught.twin(student.id), pair=student.id)
    for _ in range(2):
        finished(taught.with_(teaching=None))  # newer, and the same
    assert Finished().pair(taught) == (student, twin)


def test_a_student_in_a_sweep_is_compared_with_the_control_that_it_was_given(taught: RunConfig) -> None:
    control = finished(taught.with_(teaching=None))
    student = finished(taught, notes=NOTES, control=control.id)
    finished(taught.with_(teaching=None))
    assert Finished().pair(taught) == (student, control)


def test_without_a_twin_of_its_own_one_that_computed_alike_goes_before_a_newer_one(taught: RunConfig) -> None:
    student = finished(taught, notes=NOTES)
    assert Finished().pair(taught) is None
    alike = finished(taught.with_(teaching=None))
    other = finished(taught.with_(teaching=None, hardware=BF16))
    assert Finished().pair(taught) == (student, alike)
    assert not sweep_match.computed_alike(student, other)
    jobs.delete(alike.id)
    assert Finished().pair(taught) == (student, other)


def test_a_twin_that_is_not_done_is_none(taught: RunConfig) -> None:
    student = finished(taught, notes=NOTES)
    folder.create(taught.twin(student.id), pair=student.id, notes={"data": jobs.data_hashes(taught)})
    assert Finished().pair(taught) is None


@pytest.mark.parametrize(("norm", "equal"), [("none", True), ("batch", False)])
def test_several_processes_are_another_run_where_each_normalises_by_its_own_part(
    tiny_config: RunConfig, norm: str, equal: bool
) -> None:
    config = tiny_config.with_(model={"norm": norm})
    run = finished(config, notes={"processes": 4})
    assert (Finished().alone(config) == run) is equal


def test_a_release_that_trains_otherwise_does_not_take_over_what_was(
    tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = finished(tiny_config)
    assert Finished().alone(tiny_config) == run
    monkeypatch.setattr(sweep_match, "TRAINING_VERSION", 2)
    assert Finished().alone(tiny_config) is None
    monkeypatch.setattr(provenance, "TRAINING_VERSION", 2)
    assert Finished().alone(tiny_config) is None
    newer = finished(tiny_config)
    assert newer.meta["training"] == 2 and Finished().alone(tiny_config) == newer


def test_another_file_of_imagenet_weights_makes_another_run(
    tiny_config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNETKD_WEIGHTS", str(tmp_path / "weights"))
    file = tmp_path / "weights" / "mobilenet_v2_encoder.safetensors"
    file.parent.mkdir()
    file.write_bytes(b"one")
    config = tiny_config.with_(model={"name": "MobileNetV2", "norm": "batch", "weights": "imagenet"})
    noted = {"file": file.name, "sha256": hashlib.sha256(b"one").hexdigest()}
    run = finished(config, notes={"encoder_weights": noted})
    assert Finished().alone(config) == run
    queued = finished(config.with_(seed=1))  # has noted none yet, and takes what is here
    assert Finished().alone(config.with_(seed=1)) == queued
    file.write_bytes(b"another")
    assert Finished().alone(config) is None


@pytest.mark.parametrize("threads", [1, 4])
def test_a_student_computes_in_its_controls_precision_whatever_its_threads(taught: RunConfig, threads: int) -> None:
    control = finished(taught.with_(teaching=None, hardware={"precision": "bf16", "threads": 4}))
    auto = {"precision": "auto", "memory_format": "auto"}
    student = folder.create(taught.with_(hardware=auto), control=control.id)
    session = Session(student, Reporter(student))
    session._choose_hardware(threads, threads)
    hardware = student.config.hardware
    assert (hardware.precision, hardware.memory_format) == ("bf16", "channels_last")


def test_a_control_on_another_kind_of_device_is_said_in_the_log(
    taught: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    control = finished(taught.with_(teaching=None, hardware=BF16))
    student = folder.create(taught.with_(hardware={"precision": "auto"}), control=control.id)
    monkeypatch.setattr(Session, "_measured_choice", lambda *_: {"precision": "fp32", "memory_format": "contiguous"})
    Session(student, Reporter(student))._choose_hardware(1, 1)
    assert student.config.hardware.precision == "fp32"
    assert f"{control.id}, which it is compared with, computes on cuda:0, this on cpu" in student.log_tail()
