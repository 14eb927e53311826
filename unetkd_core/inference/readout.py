"""What a network says about images of one size: at its own working size, and at any size that is asked for.

A single network's logits are upsampled. An ensemble's members look at the image each at its own scale, are each
brought to the size that is asked for, and are averaged there, so that the mean is one of what each says alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unetkd_core.inference.upsample import largest, upsampled_strips
from unetkd_core.inference.views import inferring, to_batch, to_working_size
from unetkd_core.models.ensemble import EnsembleTeacher


@dataclass(frozen=True)
class Readout:
    """parts: (N, C, h, w) float32 logits, one for each heard member of `ensemble`, else one alone."""

    parts: list[Tensor]
    ensemble: EnsembleTeacher | None = None

    def strips(self, size: tuple[int, int]) -> Iterator[tuple[slice, Tensor]]:
        """Yield (rows, (N, C, len(rows), W) float32 logits) at (H, W) = `size`, from the top down."""
        for pieces in zip(*(upsampled_strips(part, size) for part in self.parts), strict=True):
            rows = pieces[0][0]
            yield rows, self._mixed([strip for _, strip in pieces])

    def labels(self, size: tuple[int, int]) -> Tensor:
        """(N, H, W) uint8: the class of the largest logit at that size."""
        first = self.parts[0]
        labels = torch.empty((first.shape[0], *size), dtype=torch.uint8, device=first.device)
        for rows, strip in self.strips(size):
            labels[:, rows] = largest(strip)
        return labels

    def logits(self) -> Tensor:
        """(N, C, h, w) float32 at the working size, of an ensemble at its largest member's."""
        largest_part = max(self.parts, key=lambda part: part.shape[-2] * part.shape[-1])
        size = largest_part.shape[-2:]
        return self._mixed(
            [
                p if p.shape[-2:] == size else F.interpolate(p, size=size, mode="bilinear", align_corners=False)
                for p in self.parts
            ]
        )

    def _mixed(self, parts: list[Tensor]) -> Tensor:
        return parts[0].float() if self.ensemble is None else self.ensemble.mix(parts)


def read(model: nn.Module, images: Sequence[np.ndarray], training_size: tuple[int, int]) -> Readout:
    """What `model` says about N images (H, W, 3) uint8 of one size, which it sees at the scale of `training_size`.

    An ensemble that knows its members' sizes shows each the images at its own. The model's mode is left as it was.
    """
    ensemble = model if isinstance(model, EnsembleTeacher) else None
    if ensemble is None:
        return Readout([_logits(model, images, training_size)])
    sizes = ensemble.sizes or (training_size,) * len(ensemble.members)
    return Readout([_logits(ensemble.members[i], images, sizes[i]) for i in ensemble.heard], ensemble)


def _logits(model: nn.Module, images: Sequence[np.ndarray], training_size: tuple[int, int]) -> Tensor:
    with inferring(model) as device:
        logits: Tensor = model(to_batch([to_working_size(image, training_size) for image in images]).to(device))
    return logits.float()
