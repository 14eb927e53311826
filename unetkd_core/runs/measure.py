"""`python -m unetkd_core.runs.measure`: how fast this machine trains, in a few seconds, into speed.json.

Also asked by a worker at a run's first start, for its own model and size. torch is imported inside the functions.
"""

import contextlib
import sys
from typing import Final

from filelock import FileLock, Timeout

from unetkd_core import settings
from unetkd_core.models import complexity
from unetkd_core.models.names import arch_of
from unetkd_core.runs import speed
from unetkd_core.training.config import RunConfig
from unetkd_core.training.presets import BUDGETS


def measure(config: RunConfig, *, threads: int, device: str) -> dict[str, str]:
    """The fastest precision and memory format for this config here: measured before, or now (about a second).

    The measurement goes into speed.json, so that every run of that kind on this machine computes alike. The process's
    threads are taken as they are set. Returns {"precision": ..., "memory_format": ...}.
    """
    import torch

    config = config.with_(hardware={"device": device})
    hardware = config.hardware
    open_choice = f"{hardware.precision}/{hardware.memory_format}/torch {torch.__version__}"
    key = f"{speed.choice_key(config, threads)}/{open_choice}"
    known = speed.read()["choices"].get(key)
    if known is None:
        known = _measure_now(config, threads, torch.device(device))
        speed.remember("choices", key, known)
    return {"precision": known["precision"], "memory_format": known["memory_format"]}


def _measure_now(config: RunConfig, threads: int, device: "object") -> dict[str, str]:
    from unetkd_core.training import precision

    data, hardware = config.data, config.hardware
    arch = arch_of(config.model.name, config.model.norm)
    best, *_ = precision.choose(
        arch,
        data.height,
        data.width,
        device=device,  # type: ignore[arg-type]
        batch_size=config.optim.batch_size,
        precision=hardware.precision,
        memory_format=hardware.memory_format,
    )
    billions = complexity.macs(arch, data.height, data.width) / 1e9
    rates = {"train": best.train_seconds / billions, "forward": best.forward_seconds / billions}
    if "backbone" in arch:
        speed.remember("backbones", f"{arch['backbone']}/{threads}", rates)
    else:
        speed.remember("gmac", str(threads), rates)
    return {"precision": best.precision, "memory_format": best.memory_format}


DEFAULT_BUDGET: Final = "taste"


def main() -> int:
    """Measure the default form's model for one slot's threads, and for all cores'."""
    settings.home().mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(Timeout), FileLock(settings.home() / "measure.lock", timeout=0):
        _measure_machine()
    return 0


def _measure_machine() -> None:
    import torch

    from unetkd_core.inference.device import pick_device

    config = RunConfig().with_(**BUDGETS[DEFAULT_BUDGET].changes)
    device = pick_device(config.hardware.device)
    for threads in sorted({settings.threads_per_slot(), settings.cores()}):
        torch.set_num_threads(threads)
        with contextlib.suppress(OSError):  # a home that cannot be written: the estimate stays a rough one
            measure(config, threads=threads, device=device)


if __name__ == "__main__":
    sys.exit(main())
