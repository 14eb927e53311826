"""A run's loss: every term measured as losses/ defines it, weighed as configured, and told apart afterwards."""

from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from unetkd_core.classes import UNLABELLED, VOID
from unetkd_core.losses.channel_wise import channel_wise
from unetkd_core.losses.correlation import dist
from unetkd_core.losses.intra_class import intra_class_variation
from unetkd_core.losses.structured import pair_wise
from unetkd_core.losses.task import cross_entropy
from unetkd_core.training.beside import Company
from unetkd_core.training.config import OptimConfig, RunConfig, TeachingConfig
from unetkd_core.training.objective import losses_of, objective
from unetkd_core.training.step import HARD, SOFT, Batch, Said, Seen


def teaching_of(*terms: dict[str, Any], **more: Any) -> TeachingConfig:
    config = RunConfig().with_(teaching={"teacher": "some", "alpha": 0.25, "temperature": 4.0, "terms": terms, **more})
    assert config.teaching is not None
    return config.teaching


@pytest.fixture
def seen() -> Seen:
    """Two scenes of 8x12 pixels with a corner of VOID; the student's maps are 4 wide, the teacher's 5 and smaller."""
    torch.manual_seed(0)
    image, target = torch.rand(2, 3, 8, 12), torch.randint(0, 6, (2, 8, 12))
    target[:, :2, :3] = 255
    student = Said(torch.randn(2, 6, 8, 12, requires_grad=True), {"up1": torch.randn(2, 4, 8, 12)})
    teacher = Said(torch.randn(2, 6, 8, 12), {"up1": torch.randn(2, 5, 6, 9)})
    return Seen(student, Batch(image, image, target, np.arange(2)), teacher)


def company_of(teaching: TeachingConfig) -> Company:
    return Company(teaching.terms, {"up1": 4}, {"up1": 5}, seed=0, device=torch.device("cpu"))


def test_the_total_is_the_standard_loss_and_each_term_times_its_weight(seen: Seen) -> None:
    chosen = ({"kind": "pair_wise", "weight": 2}, {"kind": "intra_class"}, {"kind": "correlation", "inter": 3})
    teaching, optim = teaching_of(*chosen), OptimConfig(class_weights="none")
    plain = objective(optim, teaching_of(), None)(seen)
    loss = objective(optim, teaching, None, company_of(teaching))(seen)
    assert seen.teacher is not None
    ours, theirs = seen.student.maps["up1"], F.interpolate(seen.teacher.maps["up1"], (8, 12), mode="bilinear")
    target = seen.batch.target
    inter, intra = dist(seen.student.logits, seen.teacher.logits, target)
    expected = {
        "pair_wise": pair_wise(ours, theirs, target, nodes=3).mean(),
        "intra_class": intra_class_variation(ours, theirs, target).mean(),
        "correlation": 3 * inter.mean() + intra.mean(),
    }
    for name, value in expected.items():
        torch.testing.assert_close(loss.parts[name], value)
    more = 2 * expected["pair_wise"] + 20 * expected["intra_class"] + expected["correlation"]
    torch.testing.assert_close(loss.total, plain.total + more)
    assert loss.parts[HARD] == plain.parts[HARD] and loss.parts[SOFT] == plain.parts[SOFT]


def test_channel_by_channel_reads_logits_or_adapted_maps(seen: Seen) -> None:
    chosen = ({"kind": "channel_wise"}, {"kind": "channel_wise", "level": "up1"})
    teaching = teaching_of(*chosen, alpha=1.0)
    company = company_of(teaching)
    loss = objective(OptimConfig(class_weights="none"), teaching, None, company)(seen)
    assert seen.teacher is not None
    logits = channel_wise(seen.student.logits, seen.teacher.logits, seen.batch.target).mean()
    torch.testing.assert_close(loss.parts["channel_wise:logits"], logits)
    adapted = F.conv2d(seen.student.maps["up1"], company.adapters["up1"].weight)  # type: ignore[arg-type]
    theirs = F.interpolate(seen.teacher.maps["up1"], (8, 12), mode="bilinear")
    on_maps = channel_wise(adapted, theirs, seen.batch.target).mean()
    torch.testing.assert_close(loss.parts["channel_wise:up1"], on_maps)


def test_an_alpha_of_one_with_terms_leaves_the_kl_out(seen: Seen) -> None:
    teaching = teaching_of({"kind": "correlation"}, alpha=1.0)
    loss = objective(OptimConfig(class_weights="none"), teaching, None, company_of(teaching))(seen)
    assert SOFT not in loss.parts
    hard = cross_entropy(seen.student.logits, seen.batch.target).mean()
    torch.testing.assert_close(loss.total, hard + loss.parts["correlation"])
    assert losses_of(teaching, {HARD: 2.0, "correlation": 0.5}) == {
        "loss": 2.5,
        "loss_ce": 2.0,
        "loss_kd": None,
        "loss_terms": {"correlation": 0.5},
    }


def test_an_epoch_holds_each_terms_mean_and_their_weighted_sum() -> None:
    teaching = teaching_of({"kind": "intra_class"}, {"kind": "holistic"})
    means = {HARD: 1.0, SOFT: 2.0, "intra_class": 0.1, "holistic": -0.5, "critic.distance": 3.0}
    assert losses_of(teaching, means) == {
        "loss": pytest.approx(0.25 + 1.5 + 2.0 - 0.05),
        "loss_ce": 1.0,
        "loss_kd": 2.0,
        "loss_terms": {"intra_class": 0.1, "holistic": -0.5},
    }
    assert losses_of(teaching, {SOFT: 2.0, "holistic": -0.5}) == {
        "loss": pytest.approx(1.5 - 0.05),
        "loss_ce": None,
        "loss_kd": 2.0,
        "loss_terms": {"intra_class": None, "holistic": -0.5},
    }
    assert losses_of(teaching_of(), {HARD: 1.0, SOFT: 2.0}) == {"loss": 1.75, "loss_ce": 1.0, "loss_kd": 2.0}
    assert losses_of(None, {HARD: 1.0}) == {"loss": 1.0, "loss_ce": 1.0, "loss_kd": None}


@pytest.mark.parametrize(("label", "empty"), [(UNLABELLED, {HARD, "intra_class"}), (VOID, None)])
def test_a_part_says_whether_the_batch_holds_anything_of_it(seen: Seen, label: int, empty: set[str] | None) -> None:
    chosen = ({"kind": kind} for kind in ("pair_wise", "intra_class", "channel_wise", "correlation"))
    teaching = teaching_of(*chosen)
    bare = seen._replace(batch=seen.batch._replace(target=torch.full_like(seen.batch.target, label)))
    loss = objective(OptimConfig(), teaching, torch.ones(6), company_of(teaching))(bare)
    assert loss.weights.keys() == loss.parts.keys()
    assert {name for name, weight in loss.weights.items() if not weight} == (empty or set(loss.parts))
    full = objective(OptimConfig(), teaching, torch.ones(6), company_of(teaching))(seen)
    assert all(weight > 0 for weight in full.weights.values())


def test_without_terms_nothing_is_worked_out_but_hard_and_soft(seen: Seen) -> None:
    bare = seen._replace(student=Said(seen.student.logits), teacher=Said(seen.teacher.logits))  # type: ignore[union-attr]
    assert set(objective(OptimConfig(), teaching_of(), torch.ones(6))(bare).parts) == {HARD, SOFT}
