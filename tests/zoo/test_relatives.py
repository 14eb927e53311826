"""Who belongs to whom: teachers, twins and gains, from what checkpoints say of themselves on any machine."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.zoo.conftest import make_info, make_model
from unetkd_core.training.config import RunConfig
from unetkd_core.zoo import ensembles, references, relatives
from unetkd_core.zoo.checkpoints import CheckpointInfo, save
from unetkd_core.zoo.ensembles import EnsembleSpec
from unetkd_core.zoo.references import Reference


def of_run(
    name: str, config: RunConfig, scores: Mapping[str, float] | None = None, **more: Any
) -> tuple[str, CheckpointInfo]:
    """A kept run of these settings."""
    run = config.model_dump(mode="json")
    metrics = {on: {"miou": value} for on, value in (scores or {}).items()}
    info = make_info(
        name=name, run=run, run_id=f"run-of-{name}", metrics=metrics, role=config.role, data=list(config.data.train)
    )
    return name, info.model_copy(update={"sha256": name.ljust(64, "0"), **more})


def taught(by: Reference, **changes: Any) -> RunConfig:
    teacher = by if isinstance(by, str) else by.model_dump(mode="json")
    return RunConfig().with_(
        data={"train": ["streets:train"], "val": ["mine:val"]}, teaching={"teacher": teacher}, **changes
    )


def test_a_kept_student_finds_its_ensemble_on_a_machine_that_never_trained_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNETKD_CHECKPOINTS", str(tmp_path))
    monkeypatch.setenv("UNETKD_HOME", str(tmp_path / "home"))
    for seed, name in enumerate(("a", "b")):
        save(make_model(seed=seed), tmp_path / name, make_info(name=name))
    spec = references.fixed(EnsembleSpec(members=("a", "b"), weighting="grid", weights=(1, 3)))
    other = references.fixed(EnsembleSpec(members=("a", "b"), weighting="grid", weights=(3, 1)))
    for name, one in (("another", other), ("both", spec.model_copy(update={"title": "By another name"}))):
        ensembles.save(one, tmp_path / name)
    student = of_run("student", taught(spec))
    known = [*references.available(), student]
    assert relatives.teacher_of(known, "student") == "both"
    assert relatives.teacher_of([student], "student") is None
    nonsense = {**(student[1].run or {}), "teaching": {"teacher": {"members": 3}}}
    assert relatives.teacher_of([("odd", student[1].model_copy(update={"run": nonsense}))], "odd") is None


def test_a_twin_is_the_one_that_names_its_student_else_one_of_the_same_settings() -> None:
    config = taught("big")
    own, shared = config.twin("run-of-student"), config.twin("run-of-somebody")
    student, sibling = of_run("student", config), of_run("sibling", taught("small"))
    twin, control = of_run("twin", own), of_run("control", shared)
    assert relatives.twin_of([control, twin, student], "student") == "twin"
    assert relatives.twin_of([sibling, control], "sibling") == "control"
    assert relatives.twin_of([of_run("slow", taught("small", optim={"learning_rate": 1e-5})), control], "slow") is None
    relabelled = {**(control[1].run or {}), "recipe": "paper", "hardware": {"threads": 1}, "name": "x"}
    told = [sibling, ("control", control[1].model_copy(update={"run": relabelled}))]
    assert relatives.twin_of(told, "sibling") == "control", "labels and hardware decide nothing"
    assert relatives.students_of([student, sibling, twin], "twin") == ["student"]
    assert relatives.students_of([student, sibling, twin], "sibling") == []


@pytest.mark.parametrize("odd", [["a"], {"a": 1}, 3, True, None])
def test_what_is_no_name_belongs_to_nobody(odd: Any) -> None:
    student = of_run("student", taught("big"))
    stranger = ("odd", student[1].model_copy(update={"run": {"twin_of": odd}, "run_id": None, "role": "twin"}))
    assert relatives.twin_of([student, stranger], "student") is None
    assert relatives.students_of([student, stranger], "odd") == []


def test_a_gain_is_of_scenes_that_neither_saw() -> None:
    config = taught("big")
    seen = {"streets:train": 0.9, "streets": 0.9, "mine:val": 0.8, "packed": 0.8}
    student = of_run("student", config, {**seen, "streets:val": 0.6, "streets:test": 0.7, "camvid:val": 0.3})[1]
    twin = of_run("twin", config.twin("x"), {"streets:train": 0.1, "streets:val": 0.5, "camvid:val": 0.4})[1]
    assert relatives.unseen(student, "streets") == {"streets:val": 0.6, "streets:test": 0.7}
    assert relatives.unseen(student) == {"streets:val": 0.6, "streets:test": 0.7, "camvid:val": 0.3}
    assert relatives.unseen(student, "mine") == {"mine:val": 0.8}, "chosen there, and nothing else is known of it"
    assert relatives.gain(student, twin, "streets") == pytest.approx(0.1)
    assert relatives.gain(student, twin, "camvid") == pytest.approx(-0.1)
    assert relatives.gain(student, twin, "cityscapes") == pytest.approx(0.0), (
        "the mean of both where it was not measured"
    )
    assert relatives.gain(student, of_run("none", config)[1], "streets") is None


def test_scores_that_are_none_are_left_out() -> None:
    odd = {"streets:val": {"pixel_accuracy": 0.5}, "camvid:val": 3, "a:val": {"miou": "x"}, "b:val": {"miou": 0.5}}
    assert relatives.unseen(make_info(metrics=odd, data=[], run=None)) == {"b:val": 0.5}
