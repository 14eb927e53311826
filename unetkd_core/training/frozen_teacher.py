"""A teacher that cannot learn, asked live."""

from collections.abc import Sequence

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from unetkd_core.models.features import Taps
from unetkd_core.training.step import Batch, Said


class FrozenTeacher:
    """A network without gradients, always in eval, under inference_mode. It takes `model` over: moves it to its device,
    freezes it and, under bf16, rounds its convolutions for good.

    levels: whose maps it shows besides (models/levels.py). Raises ConfigError when it lacks one.
    """

    def __init__(
        self,
        model: nn.Module,
        accelerator: Accelerator,
        memory_format: torch.memory_format,
        levels: Sequence[str] = (),
    ) -> None:
        self._model = model.to(device=accelerator.device, memory_format=memory_format).eval().requires_grad_(False)  # type: ignore[call-overload]
        self._accelerator = accelerator
        self.taps = Taps(model, levels)
        if accelerator.mixed_precision == "bf16":
            _round_convolutions(self._model)

    def answer(self, batch: Batch) -> Said:
        """What it says of a training batch's clean views: step.Teacher. Its maps are ordinary tensors as well."""
        logits, maps = self.taps.read(lambda image: self(image, batch.target), batch.image)
        return Said(logits, {level: found.clone() for level, found in maps.items()})

    def __call__(self, image: Tensor, target: Tensor | None = None) -> Tensor:
        """image (B, 3, H, W) in [0, 1] -> logits (B, 6, H, W) float32, an ordinary tensor without gradient.

        target (B, H, W) int64 is shown to a teacher that asks for it (`needs_target`).
        """
        self._model.eval()
        labels = {"target": target} if getattr(self._model, "needs_target", False) else {}
        with torch.inference_mode(), self._accelerator.autocast():
            logits: Tensor = self._model(image, **labels)
        # A copy made outside: autograd may not save an inference tensor.
        return logits.to(dtype=torch.float32, copy=True)


def _round_convolutions(model: nn.Module) -> None:
    """Round convolutions to bfloat16 once, as autocast would at every step: the same logits, an eighth faster for
    M1024.
    """
    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            module.to(torch.bfloat16)
