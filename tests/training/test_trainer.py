"""The trainer: same start for student and twin, resuming to the bit, terms weighed as configured, teachers frozen."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.training.conftest import TinyData
from unetkd_core.errors import TrainingError
from unetkd_core.losses.distill import kd_divergence
from unetkd_core.losses.task import cross_entropy
from unetkd_core.models.names import m_arch
from unetkd_core.models.registry import build
from unetkd_core.training.config import RunConfig
from unetkd_core.training.frozen_teacher import FrozenTeacher
from unetkd_core.training.objective import objective
from unetkd_core.training.progress import Pace, StopRequested
from unetkd_core.training.schedule import learning_rate
from unetkd_core.training.setup import make_accelerator
from unetkd_core.training.step import Batch, Said, Seen
from unetkd_core.training.trainer import EpochReport, Trainer

TEACHING = {"teacher": "some", "alpha": 0.25, "temperature": 4.0, "scale_by_t2": True}


def weights(trainer: Trainer) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in trainer.network.state_dict().items()}


def same(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def a_teacher(norm: str = "batch") -> nn.Module:
    torch.manual_seed(9)
    return build(m_arch("M128", norm))


def test_student_and_twin_start_with_the_same_weights(config: RunConfig, data: TinyData, val: TinyData) -> None:
    student = Trainer(config.with_(teaching=TEACHING), train=data, val=val, teacher=a_teacher())
    torch.rand(17)  # whatever was drawn in between must not matter
    twin = Trainer(config.with_(teaching=TEACHING).twin("some-run"), train=data, val=val)
    assert same(weights(student), weights(twin))
    other = Trainer(config.with_(seed=1), train=data, val=val)
    assert not same(weights(twin), weights(other))


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_resuming_gives_what_an_unbroken_run_gives_to_the_bit(
    config: RunConfig, data: TinyData, val: TinyData, tmp_path: Path, precision: str
) -> None:
    config = config.with_(teaching=TEACHING, optim={"epochs": 4}, hardware={"precision": precision})
    reports: list[EpochReport] = []
    unbroken = Trainer(config, train=data, val=val, teacher=a_teacher())
    unbroken.fit(on_epoch=reports.append)

    class Killed(Exception):
        pass

    first = Trainer(config, train=data, val=val, teacher=a_teacher())

    def save_twice_then_die(report: EpochReport) -> None:
        first.save(tmp_path)
        if report.epoch == 2:
            raise Killed

    with pytest.raises(Killed):
        first.fit(on_epoch=save_twice_then_die)
    torch.rand(5)
    again: list[EpochReport] = []
    second = Trainer(config, train=data, val=val, teacher=a_teacher())
    second.restore(tmp_path)
    second.fit(on_epoch=again.append)
    assert same(weights(unbroken), weights(second))
    timings = {"seconds", "teacher_seconds", "images_per_second"}
    pairs = zip(reports[2:], again, strict=True)
    assert all(_without(a.metrics, timings) == _without(b.metrics, timings) for a, b in pairs)
    assert second.best_miou == unbroken.best_miou


def _without(entry: dict[str, Any], keys: set[str]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key not in keys}


def test_the_loss_is_alpha_hard_plus_the_rest_soft_with_the_same_class_weights(config: RunConfig) -> None:
    torch.manual_seed(0)
    student, teacher = torch.randn(2, 6, 4, 4), torch.randn(2, 6, 4, 4)
    target = torch.randint(0, 6, (2, 4, 4))
    target[0, 0] = 255
    weight = torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    image = torch.rand(2, 3, 4, 4)
    seen = Seen(Said(student), Batch(image, image, target, np.arange(2)), Said(teacher))
    taught = config.with_(teaching=TEACHING)
    loss = objective(taught.optim, taught.teaching, weight)(seen)
    hard = cross_entropy(student, target, weight).mean()
    soft = kd_divergence(student, teacher, target, temperature=4.0, scale_by_t2=True, class_weight=weight).mean()
    assert torch.allclose(loss.total, 0.25 * hard + 0.75 * soft)
    plain = taught.with_(optim={"class_weights": "none"})
    loss = objective(plain.optim, plain.teaching, weight)(seen)
    assert torch.allclose(loss.parts["cross-entropy"], cross_entropy(student, target).mean())
    unweighted = taught.with_(teaching={"weight_soft_by_class": False})
    loss = objective(unweighted.optim, unweighted.teaching, weight)(seen)
    expected = kd_divergence(student, teacher, target, temperature=4.0, scale_by_t2=True).mean()
    assert torch.allclose(loss.parts["distillation"], expected)


class Spy(nn.Module):
    """A teacher that writes down how it is used."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(3)
        self.head = nn.Conv2d(3, 6, 1)
        self.seen: list[Tensor] = []
        self.modes: set[tuple[bool, bool]] = set()

    def forward(self, image: Tensor) -> Tensor:
        self.seen.append(image)
        self.modes.add((self.training, torch.is_inference_mode_enabled()))
        logits: Tensor = self.head(self.norm(image))
        return logits


def test_the_teacher_never_learns_and_sees_no_jitter(
    config: RunConfig, data: TinyData, val: TinyData, monkeypatch: pytest.MonkeyPatch
) -> None:
    teacher = Spy()
    before = {name: tensor.clone() for name, tensor in teacher.state_dict().items()}
    config = config.with_(
        teaching=TEACHING, augment={"flip": False, "scales": [1.0], "jitter": 0.5}, optim={"epochs": 1}
    )
    trainer = Trainer(config, train=data, val=val, teacher=teacher)
    teacher.train()  # even if somebody does
    students: list[Tensor] = []
    monkeypatch.setattr(trainer.model, "forward", _recording(trainer.model.forward, students))
    teacher.seen.clear()
    trainer.fit()
    assert teacher.modes == {(False, True)}
    assert same(before, dict(teacher.state_dict()))
    clean = {image.tobytes() for image in data.images}
    taught = [image for batch in teacher.seen[-2:] for image in batch]
    assert {_bytes(image) for image in taught} <= clean
    assert not {_bytes(image) for batch in students[:2] for image in batch} & clean


def _recording(forward: Any, into: list[Tensor]) -> Any:
    def recorded(image: Tensor) -> Tensor:
        into.append(image.detach().clone())
        out: Tensor = forward(image)
        return out

    return recorded


def _bytes(image: Tensor) -> bytes:
    return (image.permute(1, 2, 0) * 255).round().to(torch.uint8).contiguous().numpy().tobytes()


def test_a_loss_that_is_not_a_number_names_its_term(config: RunConfig, data: TinyData, val: TinyData) -> None:
    class Broken(nn.Module):
        def forward(self, image: Tensor) -> Tensor:
            return torch.full((len(image), 6, *image.shape[-2:]), float("nan"))

    trainer = Trainer(config.with_(teaching=TEACHING), train=data, val=val, teacher=Broken())
    before = weights(trainer)
    with pytest.raises(TrainingError, match="distillation loss became not a number at step 1"):
        trainer.fit()
    assert same(before, weights(trainer))


def test_reports_say_what_was_measured_and_ties_go_to_the_later_epoch(
    config: RunConfig, data: TinyData, val: TinyData
) -> None:
    reports: list[EpochReport] = []
    trainer = Trainer(config.with_(teaching=TEACHING), train=data, val=val, teacher=a_teacher(), panel=[3, 0])
    trainer.fit(on_epoch=reports.append)
    line = reports[-1].metrics
    assert line["loss"] == pytest.approx(0.25 * line["loss_ce"] + 0.75 * line["loss_kd"])
    assert 0 <= line["val"]["agreement"] <= 1 and line["val"]["pixels"] == 4 * (16 * 32 - 8)
    assert reports[-1].panel.shape == (2, 16, 32) and reports[-1].panel.dtype == np.uint8
    assert np.array_equal(reports[-1].panel, trainer.predict_panel())
    trainer.epoch, trainer.best_miou = 1, reports[-1].scores.miou
    trainer.config = trainer.config.with_(optim={"learning_rate": 1e-30})  # one more epoch that changes nothing
    trainer.fit(on_epoch=reports.append)
    assert reports[-1].scores.miou == reports[-2].scores.miou
    assert reports[-1].best


def test_a_wish_to_stop_is_heard_within_a_step(config: RunConfig, data: TinyData, val: TinyData) -> None:
    trainer = Trainer(config, train=data, val=val)
    steps: list[int] = []
    with pytest.raises(StopRequested):
        trainer.fit(on_progress=lambda p: steps.append(p.step), should_stop=lambda: len(steps) >= 1)
    assert steps == [1] and trainer.epoch == 0


def test_one_cycle_rises_to_its_peak_and_ends_near_nothing() -> None:
    rates = [learning_rate(step, 100, peak=3e-3, schedule="one_cycle") for step in range(100)]
    assert rates[0] == pytest.approx(3e-3 / 25)
    assert max(rates) == pytest.approx(3e-3) and rates.index(max(rates)) == 29
    assert rates[-1] == pytest.approx(3e-3 / 25e4)
    reference = torch.optim.lr_scheduler.OneCycleLR(
        torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0), max_lr=3e-3, total_steps=100
    )
    for rate in rates[:-1]:
        assert rate == pytest.approx(reference.get_last_lr()[0], rel=1e-9)
        reference.optimizer.step()
        reference.step()
    assert learning_rate(7, 100, peak=1e-4, schedule="constant") == 1e-4
    assert learning_rate(0, 1, peak=1e-3, schedule="one_cycle") > 0


def test_pace_counts_validation_and_saving_into_what_is_left() -> None:
    pace = Pace(train_images=100, val_images=10, epochs=3)
    assert pace.left(0, 0) is None
    pace.trained(10, 99.0)  # the first step warms up and tells nothing
    pace.trained(10, 1.0)
    pace.validated(10, 2.0)
    pace.saving = 0.5
    assert pace.images_per_second == pytest.approx(10)
    assert pace.left(1, 50) == pytest.approx(2 * (10 + 2 + 0.5) - 5)


def test_a_teacher_rounded_once_gives_autocasts_logits_to_the_bit() -> None:
    model, image = a_teacher().eval(), torch.rand(2, 3, 32, 48)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        expected = model(image).float()
    teacher = FrozenTeacher(model, make_accelerator("cpu", "bf16"), torch.contiguous_format)
    assert torch.equal(teacher(image), expected)
