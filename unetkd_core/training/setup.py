"""What a trainer is put together from: the device and precision, and who moves the weights."""

import os
from collections.abc import Sequence
from typing import Any, cast

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.utils import DistributedDataParallelKwargs, KwargsHandler
from torch import nn

from unetkd_core.errors import ConfigError
from unetkd_core.inference.device import full_precision
from unetkd_core.models.backbone_unet import BackboneUNet
from unetkd_core.models.pretrained import load_encoder
from unetkd_core.training.config import ModelConfig, OptimConfig
from unetkd_core.zoo import references


def make_accelerator(device: str, precision: str, *, processes: int = 1, some_rest: bool = False) -> Accelerator:
    """Accelerate's carrier of device and precision, and of DDP. device: cpu, mps, cuda, cuda:N (auto: its own choice).

    processes: how many have joined (training/ranks.py); on GPUs each takes the one of its LOCAL_RANK. some_rest: some
    weights stay as they are in some epochs, which DDP has to look out for. Raises ConfigError where GPUs are too few.
    """
    full_precision()
    AcceleratorState._reset_state(reset_partial_state=True)  # it is a singleton: one process may train several configs
    if processes > 1:
        _require_devices(device)
    elif device.startswith("cuda:"):
        torch.cuda.set_device(int(device[5:]))
    handlers: list[KwargsHandler] = [DistributedDataParallelKwargs(find_unused_parameters=some_rest)]
    mixed = "bf16" if precision == "bf16" else "no"
    return Accelerator(mixed_precision=mixed, cpu=device == "cpu", kwargs_handlers=handlers)


def _require_devices(device: str) -> None:
    kind, local = device.partition(":")[0], int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    there = {"cpu": local, "cuda": torch.cuda.device_count()}.get(kind, 1)
    if there < local:
        raise ConfigError(
            f"{local} processes were asked for on this machine, and it has {there} {kind} "
            f"device{'s' if there != 1 else ''}; start one for each, or train on the CPU."
        )


def put_first_weights(network: nn.Module, arch: dict[str, Any], model: ModelConfig) -> dict[str, str] | None:
    """Give a new network of this arch what the config says that it begins from: a trained network's weights, or
    ImageNet's in its encoder. Returns their file or reference and sha256; none: it stays as it was drawn.

    Raises ConfigError, CheckpointError where they are not there, are damaged, or are of another kind of network.
    """
    if model.weights is not None:
        return load_encoder(cast(BackboneUNet, network)).provenance()
    if model.start is None:
        return None
    trained, info = references.load_model(model.start)
    if info.arch != arch:
        raise ConfigError(f"{model.start} is another kind of network than {model.name} here; choose one of its kind.")
    network.load_state_dict(trained.state_dict(), strict=True)
    return {"file": model.start, "sha256": info.sha256}


def make_optimizer(
    network: nn.Module, optim: OptimConfig, beside: Sequence[nn.Parameter] = ()
) -> torch.optim.Optimizer:
    """The config's optimiser of all of `network`, and of what learns with it: its adapters, say."""
    kind = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}[optim.optimizer]
    groups = _groups(network, optim)
    if beside:
        groups.append({"params": list(beside), "rate": 1.0})
    return kind(groups, lr=optim.learning_rate, weight_decay=optim.weight_decay)


def _groups(network: nn.Module, optim: OptimConfig) -> list[dict[str, Any]]:
    """Parameter groups; `rate` is a group's share of the learning rate. One group unless an encoder learns slower."""
    if optim.encoder_rate == 1:
        return [{"params": list(network.parameters()), "rate": 1.0}]
    encoder = list(cast(nn.Module, network.encoder).parameters())
    own = {id(p) for p in encoder}
    rest = [p for p in network.parameters() if id(p) not in own]
    return [{"params": rest, "rate": 1.0}, {"params": encoder, "rate": optim.encoder_rate}]
