"""A run keeps what its teacher says, the next one asks nothing, and both are told their price before they start."""

import dataclasses
import os
from pathlib import Path
from typing import Any

import pytest

from tests.runs.test_session import work
from unetkd_core.data import catalog
from unetkd_core.errors import ConfigError
from unetkd_core.runs import estimate, folder, speed, teacher_price
from unetkd_core.runs.folder import Run
from unetkd_core.runs.teaching import KEPT
from unetkd_core.training import answers, plan, room
from unetkd_core.training.config import RunConfig
from unetkd_core.zoo import references


@pytest.fixture
def taught(tiny_config: RunConfig) -> RunConfig:
    """Two epochs, taught by a tiny network that was just trained."""
    teacher = folder.create(tiny_config.with_(model={"name": "M256"}))
    assert work(teacher) == 0
    return tiny_config.with_(teaching={"teacher": f"run:{teacher.id}"})


def done(config: RunConfig) -> Run:
    run = folder.create(config)
    assert work(run) == 0, run.log_tail(100)
    return run


def soft(run: Run) -> list[float]:
    return [line["loss_kd"] for line in run.metrics()]


def test_the_first_run_asks_and_the_next_ones_read(taught: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    first = done(taught)
    assert first.meta[KEPT] is True and first.config.teaching == taught.teaching
    assert "Loading the teacher" in first.log_tail(100)
    training = max(room.stored(), key=lambda one: one.arrays)
    assert training.arrays == 2 and training.bytes >= plan.network_bytes(first.config, 8)

    def loaded(*_: object) -> None:
        raise AssertionError("the teacher is not even loaded")

    monkeypatch.setattr(references, "load_model", loaded)
    assert soft(done(taught)) == soft(first)
    other = done(taught.with_(seed=4, teaching={"alpha": 0.9, "temperature": 2.0}))
    assert "Loading the teacher" not in other.log_tail(100)
    assert other.metrics()[-1]["val"]["agreement"] is not None


def test_answers_are_found_again_when_the_datasets_files_have_other_dates(taught: RunConfig, tmp_path: Path) -> None:
    first = done(taught)
    for file in (tmp_path / "tiny").rglob("*.png"):
        os.utime(file, ns=(1, 1))
    after = done(taught)
    assert "Packed 8 scenes of tiny:train" in after.log_tail(100), "its files look new"
    assert "Loading the teacher" not in after.log_tail(100) and soft(after) == soft(first)
    told = estimate.teacher_cost(taught)
    assert told is not None and told.to_ask == 0


def test_answers_about_the_same_pictures_under_another_name_are_found_and_priced_so(
    taught: RunConfig, tmp_path: Path
) -> None:
    first = done(taught)
    catalog.register("copied", tmp_path / "tiny")
    copied = taught.with_(data={"train": ["copied:train"]})
    assert "Loading the teacher" not in done(copied).log_tail(100)
    for config in (taught, copied):
        told = estimate.teacher_cost(config)
        assert told is not None and told.to_ask == 0, config.data.train
    assert soft(done(copied)) == soft(first)


def test_a_live_teacher_teaches_the_same_and_the_log_says_why_it_is_asked(
    taught: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = done(taught)
    monkeypatch.setenv("UNETKD_TEACHERS_GB", "0")
    live = done(taught)
    assert live.meta[KEPT] is False
    assert "The teacher is asked at every step: its answers would take" in live.log_tail(100)
    assert soft(live) == pytest.approx(soft(kept), rel=2e-3)
    insists = folder.create(taught.with_(teaching={"cache": True}))
    assert work(insists) == 1
    error = insists.status().error
    assert error is not None and "answers cannot be kept" in error.headline


def test_views_by_chance_are_asked_about_live(taught: RunConfig) -> None:
    live = done(taught.with_(augment={"draw": "chance"}))
    assert "the views are drawn by chance" in live.log_tail(100) and room.stored() == []
    with pytest.raises(ConfigError, match="only for views in turn"):
        taught.with_(augment={"draw": "chance"}, teaching={"cache": True})


def test_a_run_that_began_with_kept_answers_goes_on_with_them(
    taught: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = folder.create(taught.with_(optim={"epochs": 3}))
    from unetkd_core.training.trainer import Trainer

    with monkeypatch.context() as patch:
        save, saved = Trainer.save, []

        def dies_after_one(self: Trainer, *how: Any) -> None:
            save(self, *how)
            saved.append(how)
            raise MemoryError

        patch.setattr(Trainer, "save", dies_after_one)
        assert work(run) == 1 and len(saved) == 1
    monkeypatch.setenv("UNETKD_TEACHERS_GB", "0.00005")
    assert work(run) == 0 and run.meta[KEPT] is True


def test_a_run_that_saved_nothing_decides_anew(taught: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    run = folder.create(taught)
    run.add_to_meta(KEPT, True)
    monkeypatch.setenv("UNETKD_TEACHERS_GB", "0")
    assert work(run) == 0 and run.meta[KEPT] is False


def test_the_price_is_told_before_and_nothing_is_left_of_it_after(taught: RunConfig) -> None:
    speed.remember("gmac", "1", {"train": 600.0, "forward": 200.0})
    before = estimate.teacher_cost(taught)
    assert before is not None and before.live == "" and before.turns == 2
    assert before.bytes == before.missing_bytes == 2 * answers.turn_bytes(8, 16, 32)
    assert before.to_ask == 16 and before.seconds > 0 and before.pays_after == 3
    assert estimate.estimate(taught, twin=True).seconds > before.seconds
    assert teacher_price.sentence(before).endswith("1 MB kept for later students; they ask nothing."), (
        "it has two epochs"
    )
    longer = dataclasses.replace(before, epochs=3)
    assert teacher_price.sentence(longer).endswith("1 MB kept for later students; it pays after 3 epochs.")
    done(taught)
    after = estimate.teacher_cost(taught)
    assert after is not None and (after.missing_bytes, after.to_ask, after.seconds, after.pays_after) == (0, 0, 0.0, 0)
    assert (
        teacher_price.sentence(after) == "The teacher was asked about all of this before (1 MB kept): it costs no time."
    )
    longer = estimate.teacher_cost(taught.with_(optim={"epochs": 5}))
    assert longer is not None and longer.to_ask == 3 * 8
    key = speed.run_key(taught, 1, speed.KEPT, False)
    assert key in speed.read()["runs"] and speed.read()["asking"]
    assert estimate.teacher_cost(taught.with_(teaching={"cache": False})).live  # type: ignore[union-attr]
    assert estimate.teacher_cost(taught.with_(data={"max_train": 4})).to_ask == 8  # type: ignore[union-attr]
    assert estimate.teacher_cost(taught.twin("x")) is None
