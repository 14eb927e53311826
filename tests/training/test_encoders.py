"""Training a U-Net on a backbone: frozen at first, slower than the rest, from weights or from scratch, resumable."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from tests.training.conftest import TinyData
from unetkd_core.errors import ConfigError
from unetkd_core.models.names import arch_of
from unetkd_core.models.registry import build
from unetkd_core.training.config import RunConfig, parse_config
from unetkd_core.training.trainer import EpochReport, Trainer

MOBILENET = {"name": "MobileNetV2", "norm": "batch"}


def encoder(trainer: Trainer) -> dict[str, Tensor]:
    state = trainer.network.state_dict().items()
    return {name: tensor.clone() for name, tensor in state if name.startswith("encoder.")}


def moved(before: dict[str, Tensor], after: dict[str, Tensor]) -> bool:
    return any(not torch.equal(tensor, after[name]) for name, tensor in before.items())


def test_a_frozen_encoder_keeps_weights_and_statistics_and_then_learns(
    config: RunConfig, data: TinyData, val: TinyData
) -> None:
    trainer = Trainer(config.with_(model=MOBILENET, optim={"encoder_frozen_epochs": 1}), train=data, val=val)
    head = trainer.network.state_dict()["head.weight"].clone()
    states = [encoder(trainer)]

    def look(report: EpochReport) -> None:
        states.append(encoder(trainer))
        if report.epoch == 1:
            assert not torch.equal(head, trainer.network.state_dict()["head.weight"])

    trainer.fit(on_epoch=look)
    assert not moved(states[0], states[1])
    assert moved(states[1], states[2])


def test_an_encoder_learns_at_its_share_of_the_rate(config: RunConfig, data: TinyData, val: TinyData) -> None:
    changes = {"encoder_rate": 0.25, "schedule": "constant", "learning_rate": 0.001, "epochs": 1}
    trainer = Trainer(config.with_(model=MOBILENET, optim=changes), train=data, val=val)
    trainer.fit()
    rest, slow = trainer.optimizer.param_groups
    assert (rest["lr"], slow["lr"]) == (0.001, 0.00025)
    assert len(slow["params"]) == len(list(trainer.network.encoder.parameters()))
    assert len(rest["params"]) + len(slow["params"]) == len(list(trainer.network.parameters()))


def test_resuming_in_the_middle_of_a_warm_up_gives_what_an_unbroken_run_gives(
    config: RunConfig, data: TinyData, val: TinyData, tmp_path: Path
) -> None:
    optim = {"encoder_frozen_epochs": 2, "encoder_rate": 0.5, "epochs": 3}
    config = config.with_(model=MOBILENET, optim=optim)
    unbroken = Trainer(config, train=data, val=val)
    unbroken.fit(on_epoch=lambda report: unbroken.save(tmp_path) if report.epoch == 1 else None)
    again = Trainer(config, train=data, val=val, resuming=True)
    again.restore(tmp_path)
    again.fit()
    theirs = again.network.state_dict()
    assert all(torch.equal(tensor, theirs[name]) for name, tensor in unbroken.network.state_dict().items())


def test_imagenet_weights_are_where_training_starts_and_are_not_asked_for_again_when_it_resumes(
    config: RunConfig, data: TinyData, val: TinyData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mobilenet_v2.safetensors"
    given = {f"{k}": torch.full_like(v, 0.01) for k, v in build(arch_of("MobileNetV2")).encoder.state_dict().items()}  # type: ignore[operator, union-attr]
    save_file(given, file)
    monkeypatch.setenv("UNETKD_WEIGHTS", str(file))
    config = config.with_(model={**MOBILENET, "weights": "imagenet"})
    trainer = Trainer(config, train=data, val=val)
    assert float(encoder(trainer)["encoder.features.0.0.weight"].mean()) == pytest.approx(0.01)
    file.unlink()
    Trainer(config, train=data, val=val, resuming=True)
    with pytest.raises(ConfigError, match="does not exist"):
        Trainer(config, train=data, val=val)


def test_an_encoders_decoder_has_batch_normalisation_unless_another_is_asked_for() -> None:
    assert parse_config({"model": {"name": "VGG16"}}).model.norm == "batch"
    assert parse_config({"model": {"name": "VGG16", "norm": "none"}}).model.norm == "none"
    assert parse_config({"model": {"name": "M128"}}).model.norm == "none"


def test_an_encoder_that_would_never_learn_is_refused() -> None:
    with pytest.raises(ConfigError, match="frozen for 5 of 2 epochs"):
        parse_config({"model": {"name": "VGG16"}, "optim": {"epochs": 2, "encoder_frozen_epochs": 5}})


@pytest.mark.parametrize(
    "change",
    [{"model": {"weights": "imagenet"}}, {"optim": {"encoder_rate": 0.1}}, {"optim": {"encoder_frozen_epochs": 1}}],
)
def test_what_only_encoders_have_is_refused_for_m_models(change: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=r"VGG16, ResNet50, MobileNetV2"):
        parse_config(change)
