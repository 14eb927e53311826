"""A teacher that is asked once says what it says live; an ensemble's moving weights work from what its members said."""

import contextlib
import dataclasses
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.training.conftest import TinyData
from unetkd_core.errors import TrainingError
from unetkd_core.models.ensemble import EnsembleTeacher
from unetkd_core.models.names import m_arch
from unetkd_core.models.registry import build
from unetkd_core.training import answers, plan, room
from unetkd_core.training.config import RunConfig
from unetkd_core.training.progress import Progress, StopRequested
from unetkd_core.training.teacher_cache import Kept, Source, centred
from unetkd_core.training.trainer import EpochReport, Trainer
from unetkd_core.zoo.ensembles import EnsembleSpec

TEACHING = {"teacher": "some", "alpha": 0.25, "temperature": 4.0, "scale_by_t2": True}


def network(seed: int = 9) -> nn.Module:
    torch.manual_seed(seed)
    return build(m_arch("M128", "batch")).eval()


def kept(key: str, config: RunConfig) -> answers.Answers:
    views = plan.views_of(config.augment)
    return answers.answers(key, key, data=["tiny"], views=views, size=(16, 32), how="test")


def cached(config: RunConfig, *, seed: int = 9) -> Source:
    return Source(lambda: network(seed), (Kept(kept(f"teacher {seed}", config)),), kept(f"labels {seed}", config))


def taught(config: RunConfig, data: TinyData, val: TinyData, source: Source | nn.Module) -> list[EpochReport]:
    reports: list[EpochReport] = []
    Trainer(config.with_(teaching=TEACHING), train=data, val=val, teacher=source).fit(on_epoch=reports.append)
    return reports


def losses(reports: list[EpochReport]) -> list[float]:
    return [report.metrics["loss_kd"] for report in reports]


def forbidden() -> nn.Module:
    raise AssertionError("all of this was asked before")


def test_centred_log_probabilities_in_float16_keep_the_softened_teacher() -> None:
    torch.manual_seed(0)
    logits = 8 * torch.randn(4, 6, 16, 16) + 100
    said = centred(logits)
    assert said.dtype == torch.float16
    for temperature in (1, 4, 10):
        p, q = (torch.softmax(x.float() / temperature, 1) for x in (logits, said))
        assert (p - q).abs().sum(1).max() / 2 < 2e-3, "total variation"
    huge = centred(torch.tensor([1e30, -1e30]).view(1, 2, 1, 1))
    assert torch.isfinite(huge).all()


def test_cached_teaching_equals_live_teaching_to_tolerance(config: RunConfig, data: TinyData, val: TinyData) -> None:
    config = config.with_(optim={"epochs": 3})
    live = taught(config, data, val, network())
    from_cache = taught(config, data, val, cached(config))
    assert losses(from_cache) == pytest.approx(losses(live), rel=2e-3)
    assert [r.metrics["loss_ce"] for r in from_cache] == pytest.approx([r.metrics["loss_ce"] for r in live], rel=2e-3)
    assert from_cache[-1].scores.agreement == pytest.approx(live[-1].scores.agreement, abs=0.02)


def test_the_next_student_at_any_temperature_alpha_and_seed_asks_nothing(
    config: RunConfig, data: TinyData, val: TinyData
) -> None:
    first = taught(config, data, val, cached(config))
    again = dataclasses.replace(cached(config), load=forbidden)
    assert losses(taught(config, data, val, again)) == losses(first), "the same run, to the bit"
    other = config.with_(seed=7, teaching={**TEACHING, "alpha": 0.9, "temperature": 10.0}, model={"name": "M256"})
    assert len(taught(other, data, val, again)) == 2


def test_only_the_turns_that_a_run_comes_to_are_asked_for(config: RunConfig, data: TinyData, val: TinyData) -> None:
    source = cached(config)
    taught(config, data, val, source)
    assert [source.kept[0].answers.has(f"turn_{turn:03d}") for turn in range(3)] == [True, True, False]
    three = config.with_(optim={"epochs": 3})
    trainer = Trainer(three.with_(teaching=TEACHING), train=data, val=val, teacher=source)
    assert trainer.teaching is not None and trainer.teaching.to_ask(0, 3) == len(data)


def test_with_fewer_turns_than_epochs_the_views_come_again(config: RunConfig, data: TinyData, val: TinyData) -> None:
    config = config.with_(optim={"epochs": 5}, augment={"turns": 2})
    source, asked, after = cached(config), [], []

    def load() -> nn.Module:
        model = network()
        model.register_forward_hook(lambda *_: asked.append(1))
        return model

    source = dataclasses.replace(source, load=load)
    trainer = Trainer(config.with_(teaching=TEACHING), train=data, val=val, teacher=source)
    trainer.fit(on_epoch=lambda _: after.append(len(asked)))
    assert sorted(p.name for p in source.kept[0].answers.folder.glob("turn*")) == ["turn_000.npy", "turn_001.npy"]
    assert 0 < after[0] < after[1] and after[1:] == [after[1]] * 4, "from the third epoch on nothing is asked"


@pytest.mark.parametrize("weighting", ["loss", "confidence"])
def test_moving_weights_work_from_the_members_answers(
    config: RunConfig, data: TinyData, val: TinyData, weighting: Any
) -> None:
    members = [network(seed) for seed in (1, 2, 3)]

    def ensemble(parts: list[nn.Module]) -> EnsembleTeacher:
        return EnsembleTeacher(parts, weights=(1, 0, 2), weighting=weighting)

    live = taught(config, data, val, ensemble(members))
    mixer = ensemble([nn.Identity() for _ in members])
    parts = tuple(Kept(kept(f"member {index}", config), index) for index in mixer.heard)
    source = Source(lambda: ensemble(members), parts, kept("labels", config), mixer)
    from_cache = taught(config, data, val, source)
    assert len(parts) == 2, "a member of weight 0 is asked nothing"
    assert losses(from_cache) == pytest.approx(losses(live), rel=2e-3)
    alone = Source(forbidden, (parts[0],), kept("labels", config))
    assert len(taught(config, data, val, alone)) == 2, "a member's answers serve where it teaches alone"


def test_a_stop_is_heard_while_the_teacher_answers_and_progress_says_so(
    config: RunConfig, data: TinyData, val: TinyData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unetkd_core.training.teacher_cache.ASKED_AT_ONCE", 2)
    told: list[Progress] = []
    trainer = Trainer(config.with_(teaching=TEACHING), train=data, val=val, teacher=cached(config))
    with pytest.raises(StopRequested):
        trainer.fit(on_progress=told.append, should_stop=lambda: len(told) == 5)
    assert [(p.stage, p.step, p.steps) for p in told][2:] == [("asking", done, len(data)) for done in (0, 2, 4)]
    assert trainer.pace.to_ask == 2 * len(data) - 6
    assert not cached(config).kept[0].answers.has("turn_000")


@contextlib.contextmanager
def another_asks(folder: Path, *names: str) -> Iterator[threading.Event]:
    """Another run is at these arrays until it is told to end."""
    begun, end = threading.Event(), threading.Event()

    def hold() -> None:
        with contextlib.ExitStack() as stack:
            for name in names:
                stack.enter_context(room.writing(folder, name, lambda: None))
            begun.set()
            end.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    assert begun.wait(10)
    try:
        yield end
    finally:
        end.set()
        thread.join(30)


def test_who_would_wait_for_a_turn_asks_about_the_next_that_nobody_is_at(
    config: RunConfig, data: TinyData, val: TinyData
) -> None:
    config = config.with_(optim={"epochs": 4})
    source, folder, waited = cached(config), kept("teacher 9", config).folder, []
    with another_asks(folder, "turn_000", "turn_001") as end:

        def watch(told: Progress) -> None:
            there = sorted(path.stem for path in folder.glob("turn_*.npy"))
            if not there or there[-1] == "turn_003":
                waited.append(there)
            if there and there[-1] == "turn_003":
                end.set()

        trainer = Trainer(config.with_(teaching=TEACHING), train=data, val=val, teacher=source)
        reports: list[EpochReport] = []
        trainer.fit(on_progress=watch, on_epoch=reports.append)
    assert waited[0] == [] and ["turn_002", "turn_003"] in waited, "2 and 3, while 0 and 1 were another's"
    assert sorted(path.stem for path in folder.glob("turn_*.npy")) == [f"turn_00{turn}" for turn in range(4)]
    room.remove(folder)
    assert losses(reports) == losses(taught(config, data, val, cached(config))), "the same answers, whoever asked"


def test_nothing_is_asked_that_no_epoch_needs(config: RunConfig, data: TinyData, val: TinyData) -> None:
    folder = kept("teacher 9", config).folder
    asked: list[str] = []

    def watch(told: Progress) -> None:
        asked.extend(path.stem for path in folder.glob("turn_*.npy"))
        if "turn_001" in asked:
            end.set()

    with another_asks(folder, "turn_000") as end:
        trainer = Trainer(config.with_(teaching=TEACHING), train=data, val=val, teacher=cached(config))
        trainer.fit(on_progress=watch)
    assert set(asked) == {"turn_000", "turn_001"}, "two epochs, two turns"


def test_a_stop_is_heard_while_a_later_turn_is_asked_about(
    config: RunConfig, data: TinyData, val: TinyData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unetkd_core.training.teacher_cache.ASKED_AT_ONCE", 2)
    folder = kept("teacher 9", config).folder
    told: list[Progress] = []
    with another_asks(folder, "turn_000"):
        trainer = Trainer(config.with_(teaching=TEACHING), train=data, val=val, teacher=cached(config))
        with pytest.raises(StopRequested):
            trainer.fit(on_progress=told.append, should_stop=lambda: bool(told) and told[-1].step == 4)
    assert list(folder.glob("*.npy")) == list(folder.glob(".*.part")) == []


def test_a_teacher_that_says_nonsense_is_named_and_nothing_of_it_is_kept(
    config: RunConfig, data: TinyData, val: TinyData
) -> None:
    class Broken(nn.Module):
        def forward(self, image: Tensor) -> Tensor:
            return image.new_full((len(image), 6, *image.shape[2:]), float("nan"))

    source = dataclasses.replace(cached(config), load=Broken)
    with pytest.raises(TrainingError, match="What the teacher says of scenes 0 to 7 is not a number"):
        taught(config, data, val, source)
    assert not source.kept[0].answers.has("turn_000")


def test_resuming_from_a_cache_gives_the_unbroken_run_to_the_bit_even_if_the_cache_is_gone(
    config: RunConfig, data: TinyData, val: TinyData, tmp_path: Path
) -> None:
    config = config.with_(optim={"epochs": 4}, teaching=TEACHING)
    unbroken = taught(config, data, val, cached(config))
    first = Trainer(config.with_(teaching=TEACHING), train=data, val=val, teacher=cached(config))

    class Killed(Exception):
        pass

    def die(report: EpochReport) -> None:
        first.save(tmp_path / "last")
        if report.epoch == 2:
            raise Killed

    with pytest.raises(Killed):
        first.fit(on_epoch=die)
    for one in room.stored():
        room.remove(one.folder)
    second = Trainer(config.with_(teaching=TEACHING), train=data, val=val, teacher=cached(config))
    second.restore(tmp_path / "last")
    again: list[EpochReport] = []
    second.fit(on_epoch=again.append)
    assert losses(again) == losses(unbroken)[2:]
    assert [r.scores for r in again] == [r.scores for r in unbroken[2:]]


def teacher_of(config: RunConfig) -> str | EnsembleSpec:
    assert config.teaching is not None
    return config.teaching.teacher


def test_what_it_takes(config: RunConfig) -> None:
    config = config.with_(teaching=TEACHING, optim={"epochs": 5})
    assert plan.turns_asked(config) == 5
    assert plan.network_bytes(config, 10) == 5 * 10 * 6 * 16 * 32 * 2
    few = config.with_(augment={"turns": 2})
    assert plan.turns_asked(few) == 2
    assert plan.turns_asked(config.with_(optim={"epochs": 100})) == 38 == len(plan.views_of(config.augment))
    by_loss = {"members": ["a", "b", "c"], "weighting": "loss", "weights": [1, 0, 1]}
    dynamic = few.with_(teaching={"teacher": by_loss})
    assert plan.network_bytes(dynamic, 10) == plan.network_bytes(few, 10) and plan.networks(teacher_of(dynamic)) == 2
    fixed = few.with_(teaching={"teacher": {"members": ["a", "b", "c"]}})
    assert plan.networks(teacher_of(fixed)) == 1
    assert "by chance" in plan.why_live(config.with_(augment={"draw": "chance"}))
    assert plan.why_live(config) == "" and plan.why_live(config.with_(teaching={"cache": False})) != ""
