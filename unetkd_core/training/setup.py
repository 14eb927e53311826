"""What a trainer is put together from: the device and precision, and who moves the weights."""

from collections.abc import Sequence
from typing import Any, cast

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from torch import nn

from unetkd_core.training.config import OptimConfig


def make_accelerator(device: str, precision: str) -> Accelerator:
    """Accelerate's carrier of device and precision. device: cpu, mps, cuda or cuda:N (auto: its own choice)."""
    AcceleratorState._reset_state(reset_partial_state=True)  # it is a singleton: one process may train several configs
    if device.startswith("cuda:"):
        torch.cuda.set_device(int(device[5:]))
    return Accelerator(mixed_precision="bf16" if precision == "bf16" else "no", cpu=device == "cpu")


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
