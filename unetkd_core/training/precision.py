"""Which precision and memory format are fastest here: a one-second measurement of real training steps.

bf16 autocast with channels_last is 2.5-3 times plain fp32 on a CPU with AVX512-BF16 and slower on one without, so it is
measured, never guessed. It knows no run and no file: who asks writes the answer down.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import torch
from torch.nn import functional as F

from unetkd_core.models.registry import build

Precision = Literal["fp32", "bf16"]
MemoryFormat = Literal["contiguous", "channels_last"]

CANDIDATES: Final[tuple[tuple[Precision, MemoryFormat], ...]] = (
    ("fp32", "contiguous"),
    ("fp32", "channels_last"),
    ("bf16", "channels_last"),
)
TORCH_FORMAT: Final = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}


@dataclass(frozen=True)
class Measured:
    """One candidate's speed: seconds for one image's training step and for one image's forward pass alone."""

    precision: Precision
    memory_format: MemoryFormat
    train_seconds: float
    forward_seconds: float


def choose(
    arch: Mapping[str, Any],
    height: int,
    width: int,
    *,
    device: torch.device,
    batch_size: int = 8,
    precision: str = "auto",
    memory_format: str = "auto",
    seconds: float = 1.0,
) -> list[Measured]:
    """Every candidate that `precision` and `memory_format` leave open, fastest training step first.

    arch: the network to be trained. Steps of the candidates alternate and the quickest counts, so that another process
    slows all of them alike. Takes about `seconds` plus one warm-up step each; the batch is made smaller where a step
    would take too long.
    """
    open_ones = [c for c in CANDIDATES if precision in ("auto", c[0]) and memory_format in ("auto", c[1])]
    candidates = open_ones or [("bf16", "contiguous")]  # allowed when asked for by name, never proposed
    batch = _fitting_batch(arch, height, width, device, batch_size)
    image = torch.full((batch, 3, height, width), 0.5, device=device)
    rigs = [_Rig(arch, image, p, m) for p, m in candidates]
    for rig in rigs:
        rig.step()
    times: list[list[float]] = [[] for _ in rigs]
    deadline = time.perf_counter() + seconds
    while not times[-1] or (time.perf_counter() < deadline and len(times[-1]) < 20):
        for rig, spent in zip(rigs, times, strict=True):
            spent.append(_timed(rig.step, device))
    measured = [
        Measured(rig.precision, rig.memory_format, min(t) / len(image), rig.forward_seconds() / len(image))
        for rig, t in zip(rigs, times, strict=True)
    ]
    return sorted(measured, key=lambda m: m.train_seconds)


class _Rig:
    """A network of its own and one training step of it, in one precision and memory format."""

    def __init__(
        self, arch: Mapping[str, Any], image: torch.Tensor, precision: Precision, memory_format: MemoryFormat
    ) -> None:
        self.precision, self.memory_format = precision, memory_format
        layout = TORCH_FORMAT[memory_format]
        with torch.random.fork_rng(devices=[]):  # measuring must not move the run's own random state
            self._model = build(arch).to(device=image.device, memory_format=layout)  # type: ignore[call-overload]
        self._image = image.contiguous(memory_format=layout)
        self._target = torch.zeros(len(image), *image.shape[-2:], dtype=torch.int64, device=image.device)

    def _forward(self) -> torch.Tensor:
        with torch.autocast(self._image.device.type, torch.bfloat16, enabled=self.precision == "bf16"):
            logits: torch.Tensor = self._model(self._image)
        return logits.float()

    def step(self) -> None:
        self._model.zero_grad(set_to_none=True)
        F.cross_entropy(self._forward(), self._target).backward()

    def forward_seconds(self) -> float:
        with torch.inference_mode():
            return min(_timed(self._forward, self._image.device) for _ in range(2))


def _fitting_batch(
    arch: Mapping[str, Any], height: int, width: int, device: torch.device, batch_size: int, longest: float = 0.15
) -> int:
    """A batch whose training step takes at most about `longest` seconds, judged from one image; at least 1."""
    rig = _Rig(arch, torch.full((1, 3, height, width), 0.5, device=device), "fp32", "contiguous")
    rig.step()
    return max(1, min(batch_size, int(longest / max(_timed(rig.step, device), 1e-6))))


def _timed(call: Callable[[], Any], device: torch.device) -> float:
    start = time.perf_counter()
    call()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
    return time.perf_counter() - start
