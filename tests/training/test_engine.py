"""One epoch, looked at from inside: modes, order, views, jitter, rates, clipping."""

import copy
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.training.conftest import TinyData
from unetkd_core.classes import UNLABELLED
from unetkd_core.data.views import IDENTITY, epoch_order, make_views
from unetkd_core.errors import TrainingError
from unetkd_core.losses.distill import kd_divergence
from unetkd_core.losses.task import cross_entropy
from unetkd_core.training import engine
from unetkd_core.training.config import RunConfig
from unetkd_core.training.setup import make_accelerator
from unetkd_core.training.step import Batch, Said, Seen, StepLoss, Teacher
from unetkd_core.training.trainer import Trainer


def batches(data: TinyData, epoch: int, *, views: Any = (IDENTITY,), jitter: float = 0.0) -> Batch:
    """The whole epoch as one batch, put back into the data's own order."""
    (batch,) = engine.training_batches(
        data,
        views,
        draw=engine.drawing(len(views), seed=0, turns=None),
        batch_size=len(data),
        seed=0,
        epoch=epoch,
        jitter=jitter,
        device=torch.device("cpu"),
    )
    back = np.argsort(epoch_order(len(data), seed=0, epoch=epoch))
    return Batch(*(part[back] for part in batch[:4]), batch.labelled)


def test_the_student_trains_in_training_mode_and_is_measured_in_evaluation_mode_every_epoch(
    config: RunConfig, data: TinyData, val: TinyData, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = Trainer(config, train=data, val=val)
    modes: list[bool] = []
    forward = trainer.model.forward

    def recorded(image: Tensor) -> Tensor:
        modes.append(trainer.network.training)
        logits: Tensor = forward(image)
        return logits

    monkeypatch.setattr(trainer.model, "forward", recorded)
    trainer.fit()
    assert modes == [True, True, False] * 2  # two steps, one batch of validation


def test_every_epoch_has_its_own_order(data: TinyData) -> None:
    def order(epoch: int) -> list[Tensor]:
        views = (IDENTITY,)
        loader = engine.training_batches(
            data,
            views,
            draw=engine.drawing(1, seed=0, turns=1),
            batch_size=3,
            seed=0,
            epoch=epoch,
            jitter=0.0,
            device=torch.device("cpu"),
        )
        return [batch.target for batch in loader]

    assert [len(target) for target in order(0)] == [3, 3, 2]
    assert torch.equal(torch.cat(order(0)), torch.cat(order(0)))
    assert not torch.equal(torch.cat(order(0)), torch.cat(order(1)))
    assert torch.equal(batches(data, 0).target, batches(data, 1).target), "the same scenes, each once"


def test_every_epoch_has_its_own_views_and_jitter(data: TinyData) -> None:
    views = make_views(True, (1.0, 1.5), 3)
    first, again, other = (batches(data, epoch, views=views) for epoch in (0, 0, 1))
    assert torch.equal(first.target, again.target) and not torch.equal(first.target, other.target)
    light, light_again, other_light = (batches(data, epoch, jitter=0.5) for epoch in (0, 0, 1))
    assert torch.equal(light.student_image, light_again.student_image)
    assert torch.equal(light.image, other_light.image)
    assert not torch.equal(light.student_image, other_light.student_image)


def test_the_rate_follows_the_steps_of_the_whole_run(
    config: RunConfig, data: TinyData, val: TinyData, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = Trainer(config, train=data, val=val)
    rates: list[float] = []
    step = trainer.optimizer.step

    def recorded(*arguments: Any, **options: Any) -> Any:
        rates.append(trainer.optimizer.param_groups[0]["lr"])
        return step(*arguments, **options)

    monkeypatch.setattr(trainer.optimizer, "step", recorded)
    trainer.fit()
    assert rates == [trainer._learning_rate(step) for step in range(4)]
    assert len(set(rates)) == 4


@pytest.mark.parametrize(("name", "kind"), [("adam", torch.optim.Adam), ("adamw", torch.optim.AdamW)])
def test_the_optimiser_is_the_configs(
    config: RunConfig, data: TinyData, val: TinyData, name: str, kind: type[torch.optim.Optimizer]
) -> None:
    trainer = Trainer(config.with_(optim={"optimizer": name, "weight_decay": 0.03}), train=data, val=val)
    assert type(trainer.optimizer) is kind
    assert trainer.optimizer.param_groups[0]["weight_decay"] == 0.03


def an_epoch(model: nn.Module, batches_: list[Batch], teacher: Teacher | None = None) -> dict[str, float]:
    def objective(seen: Seen) -> StepLoss:
        student, target = seen.student.logits, seen.batch.target
        hard = cross_entropy(student, target)
        loss = hard.mean()
        if seen.teacher is not None:
            loss = loss + kd_divergence(student, seen.teacher.logits, target, temperature=2.0).mean()
        return StepLoss(loss, {"cross-entropy": loss}, {"cross-entropy": hard.weight})

    return engine.train_epoch(
        model,
        iter(batches_),
        objective=objective,
        teacher=teacher,
        optimizer=torch.optim.AdamW(model.parameters(), lr=0.01, weight_decay=0.1),
        accelerator=make_accelerator("cpu", "fp32"),
        learning_rate=lambda step: 0.01,
        first_step=0,
        clip_norm=1.0,
        on_step=lambda step, images: None,
        needs_labels=teacher is None,
    )


def test_a_batch_without_labels_leaves_an_untaught_network_alone_and_moves_a_taught_one(data: TinyData) -> None:
    labelled = batches(data, 0)
    bare = labelled._replace(target=torch.full_like(labelled.target, UNLABELLED), labelled=False)
    first = nn.Conv2d(3, 6, 1)
    networks = [copy.deepcopy(first) for _ in range(2)]
    with_, without = an_epoch(networks[0], [labelled, bare, bare]), an_epoch(networks[1], [labelled])
    assert with_ == without  # losses are means over what was learned from
    for p, q in zip(networks[0].parameters(), networks[1].parameters(), strict=True):
        assert torch.equal(p, q)  # momentum and weight decay included
    before = networks[0].weight.detach().clone()
    teacher = lambda batch: Said(torch.randn(len(batch.target), 6, *batch.target.shape[1:]))  # noqa: E731
    an_epoch(networks[0], [bare], teacher=teacher)
    assert not torch.equal(before, networks[0].weight)


def test_the_hard_term_is_averaged_over_what_has_labels(data: TinyData) -> None:
    labelled = batches(data, 0)
    bare = labelled._replace(target=torch.full_like(labelled.target, UNLABELLED), labelled=False)
    network = nn.Conv2d(3, 6, 1)
    still = copy.deepcopy(network)
    teacher = lambda batch: Said(still(batch.image).detach())  # noqa: E731
    torch.testing.assert_close(
        an_epoch(network, [labelled, bare, bare], teacher=teacher)["cross-entropy"],
        an_epoch(still, [labelled])["cross-entropy"],
    )


def test_a_batch_says_whether_it_has_labels(data: TinyData) -> None:
    assert batches(data, 0).labelled
    data.labels[:] = UNLABELLED
    assert not batches(data, 0).labelled


def test_an_epoch_without_any_label_is_an_error_where_nobody_teaches(data: TinyData) -> None:
    bare = batches(data, 0)
    bare = bare._replace(target=torch.full_like(bare.target, UNLABELLED), labelled=False)
    with pytest.raises(TrainingError, match="has a label"):
        an_epoch(nn.Conv2d(3, 6, 1), [bare])


@pytest.mark.parametrize("clip_norm", [0.01, None])
def test_a_gradient_is_clipped_to_its_norm(data: TinyData, clip_norm: float | None) -> None:
    torch.manual_seed(0)
    model = nn.Conv2d(3, 6, 1)
    before = [p.detach().clone() for p in model.parameters()]

    def objective(seen: Seen) -> StepLoss:
        loss = cross_entropy(seen.student.logits, seen.batch.target).mean()
        return StepLoss(loss, {"cross-entropy": loss})

    engine.train_epoch(
        model,
        iter([batches(data, 0)]),
        objective=objective,
        teacher=None,
        optimizer=torch.optim.SGD(model.parameters(), lr=1.0),
        accelerator=make_accelerator("cpu", "fp32"),
        learning_rate=lambda step: 1.0,
        first_step=0,
        clip_norm=clip_norm,
        on_step=lambda step, images: None,
    )
    moved = torch.cat([(p - q).flatten() for p, q in zip(model.parameters(), before, strict=True)]).norm().item()
    assert moved == pytest.approx(0.01, rel=1e-2) if clip_norm else moved > 0.05
