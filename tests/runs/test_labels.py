"""Scenes without labels: who may learn from them, and what is said to who may not."""

from typing import Any

import pytest

from unetkd_core.errors import ConfigError
from unetkd_core.runs import checks, jobs, sweeps
from unetkd_core.runs.sweep_grid import SweepSpec
from unetkd_core.training.config import RunConfig

BARE, BOTH = ["streets:unlabelled"], ["streets:train", "streets:unlabelled"]


def taught(config: RunConfig, *train: str, **teaching: Any) -> RunConfig:
    return config.with_(data={"train": train}, teaching={"teacher": "run:somebody", **teaching})


def test_labels_are_needed_to_learn_alone_and_to_check(tiny_config: RunConfig) -> None:
    checks.check_labels(tiny_config.with_(data={"train": BOTH}))
    with pytest.raises(ConfigError, match="streets:unlabelled has no labels, and a network without a teacher"):
        checks.check_labels(tiny_config.with_(data={"train": BARE}))
    with pytest.raises(ConfigError, match="streets:unlabelled has no labels to check on"):
        checks.check_labels(tiny_config.with_(data={"val": BARE}))


def test_a_taught_student_needs_none_and_its_twin_does(tiny_config: RunConfig) -> None:
    student = taught(tiny_config, *BARE)
    checks.check_labels(student)
    with pytest.raises(ConfigError, match="train the student without its twin"):
        checks.check_labels(student.twin("a-run"))
    with pytest.raises(ConfigError, match="listens to labels alone"):
        checks.check_labels(taught(tiny_config, *BARE, alpha=1.0))


def test_a_term_that_reads_labels_alone_does_not_replace_them(tiny_config: RunConfig) -> None:
    intra: Any = ({"kind": "intra_class"},)
    with pytest.raises(ConfigError, match=r"a student at α 1 with 20 × intra-class up1, which needs labels too"):
        checks.check_labels(taught(tiny_config, *BARE, alpha=1.0, terms=intra))
    checks.check_labels(taught(tiny_config, *BARE, alpha=0.5, terms=intra))
    checks.check_labels(taught(tiny_config, *BARE, alpha=1.0, terms=(*intra, {"kind": "correlation"})))


def test_nothing_is_started_when_the_twin_would_have_nothing_to_learn_from(
    tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs.references, "info_of", lambda ref: type("Info", (), {"title": "T"})())
    monkeypatch.setattr(
        checks, "open_run", lambda ref: type("R", (), {"status": lambda s: type("S", (), {"active": 0})})()
    )
    with pytest.raises(ConfigError, match="untaught twin"):
        jobs.start(taught(tiny_config, *BARE))
    assert not jobs.folder.list_runs()


def test_a_sweep_is_refused_before_it_starts_when_one_of_its_runs_would_be(
    tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeps.checks, "check", lambda config: None)
    monkeypatch.setattr(sweeps.sweep_match.Prints, "of", lambda self, config: "")
    base = tiny_config.with_(data={"train": BARE})
    grid = {"base": base, "student": ["M128"], "teacher": ["run:somebody"], "seed": [0]}
    sweeps.check(SweepSpec(**grid, alpha=[0.1, 0.5], twins=False))
    with pytest.raises(ConfigError, match="untaught twin"):
        sweeps.check(SweepSpec(**grid, alpha=[0.1], twins=True))
    with pytest.raises(ConfigError, match="listens to labels alone"):
        sweeps.check(SweepSpec(**grid, alpha=[0.1, 1.0], twins=False))
