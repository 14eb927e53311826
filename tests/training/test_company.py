"""Adapters and a critic beside a student: they learn, come back to the bit, and are never part of what is shipped."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from tests.training.conftest import TinyData
from unetkd_core.errors import ConfigError, TrainingError
from unetkd_core.models.names import arch_of
from unetkd_core.models.registry import build
from unetkd_core.training.beside import Company
from unetkd_core.training.config import RunConfig
from unetkd_core.training.presets import METHODS
from unetkd_core.training.step import Batch, Said, Seen
from unetkd_core.training.terms import Holistic
from unetkd_core.training.trainer import EpochReport, Trainer

ALL = ["pair-wise", "structured", "intra-class", "channel-wise", "channel-wise-features", "dist"]
WITH_COMPANY = ["structured", "channel-wise-features"]


def a_teacher(name: str = "MobileNetV2") -> nn.Module:
    torch.manual_seed(9)
    return build(arch_of(name)).eval()


def taught(config: RunConfig, method: str, **more: Any) -> RunConfig:
    teaching = {"teacher": "some", "alpha": 0.5, "temperature": 2.0, **METHODS[method].changes}
    return config.with_(teaching=teaching, **more)


def everything(trainer: Trainer) -> dict[str, Tensor]:
    """All weights and buffers, of the student and of whoever learns beside it."""
    found = {f"student.{name}": tensor.clone() for name, tensor in trainer.network.state_dict().items()}
    for part, (model, _) in trainer._beside.items():
        found |= {f"{part}.{name}": tensor.clone() for name, tensor in model.state_dict().items()}
    return found


def differing(a: dict[str, Tensor], b: dict[str, Tensor]) -> set[str]:
    assert a.keys() == b.keys()
    return {name for name in a if not torch.equal(a[name], b[name])}


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("method", WITH_COMPANY)
def test_resuming_is_exact_for_the_student_its_adapters_and_its_critic(
    config: RunConfig, data: TinyData, val: TinyData, tmp_path: Path, method: str, precision: str
) -> None:
    config = taught(config, method, optim={"epochs": 3}, hardware={"precision": precision})
    reports: list[EpochReport] = []
    unbroken = Trainer(config, train=data, val=val, teacher=a_teacher())
    started = everything(unbroken)
    unbroken.fit(on_epoch=reports.append)

    first = Trainer(config, train=data, val=val, teacher=a_teacher())
    with pytest.raises(InterruptedError):
        first.fit(on_epoch=lambda report: _save_and_die(first, tmp_path))
    torch.rand(5)
    again: list[EpochReport] = []
    second = Trainer(config, train=data, val=val, teacher=a_teacher())
    second.restore(tmp_path)
    assert not differing(everything(first), everything(second))
    second.fit(on_epoch=again.append)
    assert not differing(everything(unbroken), everything(second))
    assert [_losses(r) for r in reports[1:]] == [_losses(r) for r in again]
    moved = differing(started, everything(second))
    assert {name.split(".")[0] for name in moved} == {"student", "critic" if method == "structured" else "adapters"}


def _save_and_die(trainer: Trainer, folder: Path) -> None:
    trainer.save(folder)
    raise InterruptedError


def _losses(report: EpochReport) -> dict[str, Any]:
    return {name: report.metrics.get(name) for name in ("loss", "loss_ce", "loss_kd", "loss_terms", "critic", "val")}


def test_the_critics_own_optimiser_is_part_of_what_resuming_needs(
    config: RunConfig, data: TinyData, val: TinyData, tmp_path: Path
) -> None:
    trainer = Trainer(taught(config, "structured"), train=data, val=val, teacher=a_teacher())
    trainer.train_once(on_step=lambda step, images: None)
    trainer.save(tmp_path)
    (file,) = tmp_path.glob("*.safetensors")
    saved = load_file(file)
    assert any(name.startswith("critic.optimizer.") and name.endswith("exp_avg_sq") for name in saved)
    assert not any("critic" in name or "adapters" in name for name in trainer.network.state_dict()), "best/ is this"
    plain = Trainer(taught(config, "kd-t2"), train=data, val=val, teacher=a_teacher())
    plain.save(tmp_path)
    with pytest.raises(TrainingError, match=r"of a run without critic beside the student, and this one has them\)"):
        trainer.restore(tmp_path)


@pytest.mark.parametrize("method", WITH_COMPANY)
def test_a_student_with_company_starts_as_its_twin_and_is_shown_the_same(
    config: RunConfig, data: TinyData, val: TinyData, method: str
) -> None:
    student = Trainer(taught(config, method), train=data, val=val, teacher=a_teacher())
    twin = Trainer(taught(config, method).twin("some-run"), train=data, val=val)
    assert not differing(dict(student.network.state_dict()), dict(twin.network.state_dict()))
    for mine, theirs in zip(student.batches(0), twin.batches(0), strict=True):
        assert torch.equal(mine.student_image, theirs.student_image)
    assert not twin._beside


@pytest.mark.parametrize("name", ["VGG16", "MobileNetV2"])
def test_an_adapter_stands_only_where_widths_differ(
    config: RunConfig, data: TinyData, val: TinyData, name: str
) -> None:
    trainer = Trainer(taught(config, "channel-wise-features"), train=data, val=val, teacher=a_teacher(name))
    (adapter,) = trainer._beside["adapters"].model.children()
    assert isinstance(adapter, nn.Conv2d) and (adapter.in_channels, adapter.out_channels) == (16, 32)
    equal = Trainer(taught(config, "channel-wise-features"), train=data, val=val, teacher=a_teacher("M256"))
    assert not equal._beside


@pytest.mark.parametrize("teacher", ["M256", "U4"], ids=["as-wide", "narrower"])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("method", ALL)
def test_every_method_learns_from_hard_data_without_a_nan(
    config: RunConfig, data: TinyData, val: TinyData, method: str, precision: str, teacher: str
) -> None:
    """Batches of three and one; a scene of nothing but void, one without labels, classes that are absent."""
    data.labels[0], data.labels[1], data.labels[2] = 255, 254, 3
    config = taught(config, method, optim={"epochs": 1, "batch_size": 3}, hardware={"precision": precision})
    data.images, data.labels = data.images[:7], data.labels[:7]
    reports: list[EpochReport] = []
    trainer = Trainer(config, train=data, val=val, teacher=a_teacher(teacher))
    started = everything(trainer)
    assert ("adapters" in trainer._beside) == (method == "channel-wise-features" and teacher == "U4")
    trainer.fit(on_epoch=reports.append)
    line = reports[0].metrics
    values = [line["loss"], line["loss_ce"], *line["loss_terms"].values(), *line.get("critic", {}).values()]
    assert np.isfinite(values).all()
    after = everything(trainer)
    assert all(torch.isfinite(tensor).all() for tensor in after.values())
    assert {name.split(".")[0] for name in differing(started, after)} == {"student", *trainer._beside}
    assert (line["loss_kd"] is None) == ("alpha" in METHODS[method].changes)


def test_the_line_of_an_epoch_tells_terms_and_critic_apart(config: RunConfig, data: TinyData, val: TinyData) -> None:
    reports: list[EpochReport] = []
    Trainer(taught(config, "structured"), train=data, val=val, teacher=a_teacher()).fit(on_epoch=reports.append)
    line = reports[0].metrics
    assert set(line["loss_terms"]) == {"pair_wise", "holistic"} and set(line["critic"]) == {"distance", "penalty"}
    weighted = 0.5 * line["loss_ce"] + 0.5 * line["loss_kd"]
    weighted += 0.5 * line["loss_terms"]["pair_wise"] + 0.1 * line["loss_terms"]["holistic"]
    assert line["loss"] == pytest.approx(weighted)


def test_a_term_is_averaged_over_the_batches_that_hold_something_of_it(
    config: RunConfig, data: TinyData, val: TinyData
) -> None:
    """Half of the scenes have no labels: intra-class is worked out on the others and is not halved."""
    trainer = Trainer(taught(config, "intra-class"), train=data, val=val, teacher=a_teacher())
    labelled, other = trainer.batches(0)
    bare = other._replace(target=torch.full_like(other.target, 254), labelled=False)
    mixed = trainer.train_once(on_step=lambda step, images: None, batches=iter([labelled, bare]))
    again = Trainer(taught(config, "intra-class"), train=data, val=val, teacher=a_teacher())
    alone = again.train_once(on_step=lambda step, images: None, batches=iter([labelled]))
    for name in ("intra_class", "cross-entropy"):
        assert mixed[name] == alone[name] > 0
    assert mixed["distillation"] != alone["distillation"]
    reports: list[EpochReport] = []
    data.labels[:] = 254
    trainer.fit(on_epoch=reports.append)
    assert reports[0].metrics["loss_terms"] == {"intra_class": None} and reports[0].metrics["loss_ce"] is None


def test_a_critic_learns_to_tell_a_sure_teacher_from_an_undecided_student(data: TinyData) -> None:
    company = Company((Holistic(critic_rate=2e-3),), {}, {}, seed=0, device=torch.device("cpu"))
    images, labels = data.gather(np.arange(2))
    image, target = torch.from_numpy(images).permute(0, 3, 1, 2) / 255, torch.from_numpy(labels).long()
    sure = 40 * nn.functional.one_hot(target.clamp_max(5), 6).movedim(3, 1).float()
    seen = Seen(Said(torch.zeros(2, 6, 16, 32)), Batch(image, image, target, np.arange(2)), Said(sure))
    assert company.learner is not None
    distances = [float(company.learner(seen, step)["critic.distance"]) for step in range(40)]
    assert distances[-1] > 0.1 and distances[-1] > 10 * abs(distances[0])


def test_clipping_is_the_networks_alone_so_that_a_student_is_clipped_as_its_twin(
    config: RunConfig, data: TinyData, val: TinyData
) -> None:
    config = taught(config, "channel-wise-features", optim={"clip_norm": 1e-3})
    trainer = Trainer(config, train=data, val=val, teacher=a_teacher())
    trainer.train_once(on_step=lambda step, images: None)
    student, adapters = (
        torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None]).norm()
        for model in (trainer.network, trainer._beside["adapters"].model)
    )
    assert student == pytest.approx(1e-3, rel=1e-3) and adapters > 2e-3


def test_after_an_epoch_nobody_holds_maps(config: RunConfig, data: TinyData, val: TinyData) -> None:
    """Validation and panels call the networks too, and nobody takes the maps of those passes."""
    trainer = Trainer(taught(config, "pair-wise"), train=data, val=val, teacher=a_teacher("M256"), panel=(0, 1))
    trainer.fit()
    trainer.predict_panel()
    assert trainer.teaching is not None
    assert not trainer._taps._maps and not trainer.teaching.frozen().taps._maps


def test_a_teacher_without_the_maps_asked_for_is_refused(config: RunConfig, data: TinyData, val: TinyData) -> None:
    config = config.with_(
        model={"name": "M256"}, teaching={"teacher": "x", "terms": [{"kind": "pair_wise", "level": "up8"}]}
    )
    with pytest.raises(ConfigError, match="M128 has no maps at up8"):
        Trainer(config, train=data, val=val, teacher=a_teacher("M128"))


def test_a_student_that_can_learn_from_labels_alone_takes_no_step_without(
    config: RunConfig, data: TinyData, val: TinyData
) -> None:
    """Else weight decay and momentum would move it at a loss of 0."""
    config = config.with_(teaching={"teacher": "some", "alpha": 1.0, "terms": [{"kind": "intra_class"}]})
    trainer = Trainer(config, train=data, val=val, teacher=a_teacher())
    data.labels[:] = 254
    before = everything(trainer)
    with pytest.raises(TrainingError, match="has a label"):
        trainer.fit()
    assert not differing(before, everything(trainer))
