"""In this process, without a detached worker: what goes wrong ends as a state, a headline and a way out."""

import dataclasses
import errno
import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from unetkd_core.classes import VOID
from unetkd_core.errors import CheckpointError, ConfigError, DataError, RunError, UnetKDError
from unetkd_core.runs import folder, jobs, launch, panel, rank_processes, speed, worker
from unetkd_core.runs.folder import Run
from unetkd_core.runs.reporter import Reporter
from unetkd_core.training.config import RunConfig


def work(run: Run) -> int:
    return worker.work(run, Reporter(run))


def test_a_full_disk_stops_with_its_reason_and_nothing_before_is_lost(
    tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    from unetkd_core.training import trainer

    run = folder.create(tiny_config.with_(optim={"epochs": 3}))
    save = trainer.save_state

    def full_at_the_second(folder_: Any, model: Any, optimizer: Any, extra: dict[str, Any], beside: Any) -> None:
        if extra["epoch"] == 2:
            raise OSError(errno.ENOSPC, "No space left on device", str(folder_))
        save(folder_, model, optimizer, extra, beside)

    with monkeypatch.context() as patch:
        patch.setattr(trainer, "save_state", full_at_the_second)
        assert work(run) == 1
    status = run.status()
    assert (status.state, status.epoch) == ("failed", 1) and status.error is not None
    assert status.error.headline == "It stopped at epoch 2: the disk is full."
    assert status.error.hint.startswith("Free ") and "Nothing before epoch 2 is lost." in status.error.hint
    assert work(run) == 0
    assert run.status().state == "done" and [line["epoch"] for line in run.metrics()] == [1, 2, 3]


def test_only_what_was_really_packed_tells_how_long_packing_takes(tiny_config: RunConfig) -> None:
    config = tiny_config.with_(data={"train": ["tiny:train", "tiny:val"]}, optim={"epochs": 1})
    first, second = folder.create(config), folder.create(config)
    assert work(first) == 0
    assert "Packed 8 scenes of tiny:train" in first.log_tail(100) and "Packed 4 scenes of tiny:val" in first.log_tail(
        100
    )
    took = speed.read()["packing"]
    assert list(took) == ["tiny/16/32"]
    assert work(second) == 0
    assert "Packed" not in second.log_tail(100) and speed.read()["packing"] == took


def test_validation_data_without_a_label_is_refused_before_training(tiny_config: RunConfig, tmp_path: Path) -> None:
    run = folder.create(tiny_config)
    for mask in (tmp_path / "tiny" / "val" / "masks").iterdir():
        Image.fromarray(np.full((16, 32), VOID, dtype=np.uint8)).save(mask)
    assert work(run) == 1
    error = run.status().error
    assert error is not None and "No pixel of tiny:val is labelled" in error.hint


def test_going_on_where_it_computes_otherwise_is_said_in_the_log(tiny_config: RunConfig) -> None:
    run = folder.create(tiny_config.with_(optim={"epochs": 1}))
    assert work(run) == 0
    assert work(run) == 0
    assert "Resuming after epoch 1" in run.log_tail(100) and "elsewhere" not in run.log_tail(100)
    meta = {**run.meta, "machine": {"processor": "Abacus"}}
    (run.run_dir / "meta.json").write_text(json.dumps(meta))
    assert work(run) == 0
    assert "It began elsewhere (processor Abacus, now " in run.log_tail(100)


def test_an_epoch_counts_only_when_everything_of_it_is_kept(
    tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    from unetkd_core.runs.session import Session

    run = folder.create(tiny_config.with_(optim={"epochs": 3}))
    append = Session._append_metrics

    def dies_at_the_second(session: Session, metrics: dict[str, Any]) -> None:
        if metrics["epoch"] == 2:
            raise OSError(errno.EIO, "Input/output error")
        append(session, metrics)

    with monkeypatch.context() as patch:
        patch.setattr(Session, "_append_metrics", dies_at_the_second)
        assert work(run) == 1
    assert work(run) == 0
    assert [line["epoch"] for line in run.metrics()] == [1, 2, 3]


def test_a_student_carries_its_teachers_licence_and_is_taught_by_no_other(
    tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    teacher, other = (folder.create(tiny_config.with_(seed=seed, optim={"epochs": 1})) for seed in (0, 1))
    assert work(teacher) == work(other) == 0
    info = teacher.run_dir / "best" / "config.json"
    info.write_text(json.dumps({**json.loads(info.read_text()), "licence": "for teaching only"}))
    monkeypatch.setattr(jobs, "_launch", lambda run: None)
    config = tiny_config.with_(teaching={"teacher": f"run:{teacher.id}"}, optim={"epochs": 1})
    (student,) = jobs.start(config, twin=False)
    (late,) = jobs.start(config, twin=False)
    assert work(student) == 0
    best = student.best()
    assert best is not None and best.licence.startswith("Not stated") and "for teaching only" in best.licence
    shutil.rmtree(teacher.run_dir / "best")
    shutil.copytree(other.run_dir / "best", teacher.run_dir / "best")
    assert work(late) == 1
    error = late.status().error
    assert error is not None and "is not the one that this run began with" in error.hint


def test_only_a_pair_shares_the_slots(tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    teacher = folder.create(tiny_config.with_(optim={"epochs": 1}))
    assert work(teacher) == 0
    monkeypatch.setattr(jobs, "_launch", lambda run: None)
    pair = jobs.start(tiny_config.with_(teaching={"teacher": f"run:{teacher.id}"}))
    (alone,) = jobs.start(tiny_config)
    assert [run.meta["shares"] for run in (*pair, alone)] == [True, True, False]


def test_an_unexpected_error_is_told_plainly_and_its_traceback_is_in_the_log(
    tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = folder.create(tiny_config)

    def broken(*_: object) -> None:
        raise ZeroDivisionError("surprise")

    monkeypatch.setattr(panel, "choose_scenes", broken)
    assert work(run) == 1
    error = run.status().error
    assert error is not None and error.headline == "It stopped at epoch 1: something unexpected went wrong."
    assert "surprise" not in error.headline + error.hint
    assert "ZeroDivisionError: surprise" in run.log_tail(100)


def test_a_loss_that_is_not_a_number_stops_the_run_and_is_named(
    tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    from unetkd_core.losses.term import Term
    from unetkd_core.training import objective

    run = folder.create(tiny_config)
    monkeypatch.setattr(objective, "cross_entropy", lambda logits, *_: Term(logits.sum() * float("nan"), logits.sum()))
    assert work(run) == 1
    error = run.status().error
    assert error is not None
    assert error.headline == "It stopped at epoch 1: the cross-entropy loss became not a number at step 1 of the epoch."
    assert error.hint.startswith("A lower learning rate")


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"data": {"train": ["nowhere:train"]}}, DataError, "nowhere"),
        ({"data": {"val": ["tiny:test"]}}, DataError, "test"),
        ({"teaching": {"teacher": "no-such-teacher"}}, CheckpointError, "no-such-teacher"),
        ({"teaching": {"teacher": "../x"}}, CheckpointError, "path"),
        ({"teaching": {"teacher": "run:none"}}, CheckpointError, "none"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_made(
    tiny_config: RunConfig, changes: dict[str, Any], kind: type[UnetKDError], words: str
) -> None:
    with pytest.raises(kind, match=words):
        jobs.start(tiny_config.with_(**changes))
    assert folder.list_runs() == []


def test_windows_is_told_what_it_lacks(tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "win32")
    with pytest.raises(RunError, match="Linux or macOS"):
        jobs.start(tiny_config)
    assert folder.list_runs() == []


def test_a_teacher_that_still_learns_is_refused(tiny_config: RunConfig) -> None:
    run = folder.create(tiny_config)
    assert work(run) == 0
    run.write_status(dataclasses.replace(run.written_status(), state="running"))
    with pytest.raises(ConfigError, match="still being trained"):
        jobs.start(tiny_config.with_(teaching={"teacher": f"run:{run.id}"}))


def test_a_taught_run_is_named_after_its_teachers_title(
    tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    teacher = folder.create(tiny_config.with_(name="Big one"))
    assert work(teacher) == 0
    monkeypatch.setattr(jobs, "_launch", lambda run: None)
    taught = tiny_config.with_(teaching={"teacher": f"run:{teacher.id}"})
    student, twin = jobs.start(taught)
    assert (student.config.title, twin.config.title) == ("M128 from Big one", "M128 untaught")
    assert jobs.start(taught.with_(name="Mine"))[0].config.title == "Mine"


def test_a_worker_keeps_its_memory_between_steps_unless_told_otherwise_and_takes_no_place_of_ours(
    tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    environments: list[dict[str, str]] = []

    class Launched:
        pid = 0

        def __init__(self, command: list[str], *, env: dict[str, str], **_: Any) -> None:
            environments.append(env)

        def wait(self) -> int:
            return 0

    monkeypatch.setattr(launch, "subprocess", SimpleNamespace(Popen=Launched, DEVNULL=None))
    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    jobs.start(tiny_config)
    monkeypatch.setenv("GLIBC_TUNABLES", "mine")
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.setenv(name, "1")  # torchrun's, of the app or the command line
    jobs.start(tiny_config)
    assert [env["GLIBC_TUNABLES"] for env in environments] == [launch.ALLOCATOR, "mine"]
    assert environments[1].keys() >= {"UNETKD_HOME", "PATH"}
    assert not environments[1].keys() & set(rank_processes.VARIABLES)


def test_a_launch_that_fails_leaves_nothing(tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    with pytest.raises(RunError, match="could not be started"):
        jobs.start(tiny_config)
    assert folder.list_runs() == []


def test_a_backbone_without_weights_offline_is_refused_before_a_folder_is_made(
    tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("UNETKD_WEIGHTS", raising=False)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "no-cache"))
    config = tiny_config.with_(model={"name": "VGG16", "norm": "batch", "weights": "imagenet"})
    with pytest.raises(ConfigError, match="VGG16's ImageNet weights are not on this machine"):
        jobs.start(config)
    assert folder.list_runs() == []


def two_teachers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first_seed: int = 0) -> list[str]:
    """Two untrained networks of unlike architecture as named checkpoints."""
    import torch

    from unetkd_core.models.names import arch_of
    from unetkd_core.models.registry import build
    from unetkd_core.zoo import checkpoints

    monkeypatch.setenv("UNETKD_CHECKPOINTS", str(tmp_path / "checkpoints"))
    for seed, name in enumerate(("M128", "MobileNetV2"), start=first_seed):
        torch.manual_seed(seed)
        info = checkpoints.CheckpointInfo(
            name=name, title=name, role="teacher", arch=arch_of(name), mapping=["classes"], height=16, width=32,
            data=["tiny:train"], licence="MIT",
        )  # fmt: skip
        checkpoints.save(build(arch_of(name)), tmp_path / "checkpoints" / name, info)
    return ["M128", "MobileNetV2"]


def launched(config: RunConfig, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(jobs, "_launch", lambda run: None)
    return jobs.start(config, twin=False)[0]


@pytest.mark.parametrize("weighting", ["even", "grid", "per_class", "loss", "confidence"])
def test_an_ensemble_teaches_and_its_weights_are_searched_once_and_written_down(
    tiny_config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, weighting: str
) -> None:
    members = two_teachers(tmp_path, monkeypatch)
    teaching = {"teacher": {"members": members, "weighting": weighting}, "alpha": 0.5}
    run = launched(tiny_config.with_(teaching=teaching), monkeypatch)
    assert work(run) == 0
    how = f" (by {weighting})" if weighting in ("loss", "confidence") else ""
    assert run.config.title == f"M128 from M128 + MobileNetV2{how}"
    assert run.config.teaching is not None and not isinstance(run.config.teaching.teacher, str)
    spec = run.config.teaching.teacher
    assert len(spec.sha256) == 2 and not spec.open
    assert (spec.weights is not None) == (weighting == "grid")
    assert (spec.class_weights is not None) == (weighting == "per_class")
    line = run.metrics()[-1]
    assert line["loss_kd"] > 0 and 0 <= line["val"]["agreement"] <= 1
    best = run.best()
    assert best is not None and best.role == "student"


def test_a_run_taught_by_an_ensemble_resumes_with_the_weights_it_began_with(
    tiny_config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = two_teachers(tmp_path, monkeypatch)
    config = tiny_config.with_(teaching={"teacher": {"members": members, "weighting": "grid"}})
    unbroken = launched(config, monkeypatch)
    assert work(unbroken) == 0
    broken = launched(config, monkeypatch)
    from unetkd_core.runs import session

    keep = session.Session._on_epoch

    def die_after_the_first(self: Any, trainer: Any, report: Any) -> None:
        keep(self, trainer, report)
        if report.epoch == 1:
            raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(session.Session, "_on_epoch", die_after_the_first)
        assert work(broken) == 1
    assert work(broken) == 0
    losses = [[m["loss"] for m in run.metrics()] for run in (unbroken, broken)]
    assert losses[0] == losses[1]
    shutil.rmtree(tmp_path / "checkpoints" / "M128")
    with pytest.raises(CheckpointError, match="member of the ensemble is missing"):
        launched(config, monkeypatch)


def test_a_member_that_changed_while_the_run_waited_is_refused_before_weights_are_searched_with_it(
    tiny_config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = two_teachers(tmp_path, monkeypatch)
    run = launched(tiny_config.with_(teaching={"teacher": {"members": members, "weighting": "grid"}}), monkeypatch)
    right = tmp_path / "right"
    shutil.copytree(tmp_path / "checkpoints" / "M128", right)
    two_teachers(tmp_path, monkeypatch, first_seed=7)
    assert work(run) == 1
    assert run.config.teaching is not None and run.config.teaching.teacher.open  # type: ignore[union-attr]
    error = run.status().error
    assert error is not None and "is not the network that this ensemble was made of" in error.hint
    shutil.rmtree(tmp_path / "checkpoints" / "M128")
    shutil.copytree(right, tmp_path / "checkpoints" / "M128")
    two_teachers(tmp_path, monkeypatch)
    assert work(run) == 0


def test_a_search_that_is_stopped_leaves_the_weights_open_and_resuming_searches_again(
    tiny_config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from unetkd_core.inference import weight_search

    members = two_teachers(tmp_path, monkeypatch)
    run = launched(tiny_config.with_(teaching={"teacher": {"members": members, "weighting": "grid"}}), monkeypatch)
    reporter = Reporter(run)
    add = weight_search.Tally.add

    def ask_to_stop(self: Any, *args: Any) -> None:
        reporter.stop_event.set()
        add(self, *args)

    with monkeypatch.context() as patch:
        patch.setattr(weight_search.Tally, "add", ask_to_stop)
        assert worker.work(run, reporter) == 0
    assert run.status().state == "stopped"
    assert run.config.teaching is not None and run.config.teaching.teacher.open  # type: ignore[union-attr]
    assert work(run) == 0
    assert not run.config.teaching.teacher.open  # type: ignore[union-attr]
    sha256 = run.meta["teacher"]["sha256"]
    from unetkd_core.zoo import references

    assert sha256 == references.info_of(run.config.teaching.teacher).sha256


def test_more_combinations_than_can_be_tried_are_refused_before_a_folder_is_made(
    tiny_config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = two_teachers(tmp_path, monkeypatch)
    for i in range(5):
        shutil.copytree(tmp_path / "checkpoints" / "M128", tmp_path / "checkpoints" / f"copy{i}")
        members.append(f"copy{i}")
    with pytest.raises(ConfigError, match="combinations"):
        jobs.start(tiny_config.with_(teaching={"teacher": {"members": members, "weighting": "grid"}}))
    assert folder.list_runs() == []


def test_an_ensemble_with_a_missing_member_is_refused_before_a_folder_is_made(
    tiny_config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNETKD_CHECKPOINTS", str(tmp_path / "checkpoints"))
    with pytest.raises(CheckpointError, match="no checkpoint named"):
        jobs.start(tiny_config.with_(teaching={"teacher": {"members": ["a", "b"]}}))
    assert folder.list_runs() == []
