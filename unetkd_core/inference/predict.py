"""One image through one network: logits at the network's own scale, label map and probabilities at the image's size.

Takes a module and an array; knows no checkpoint, no file and no colour.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from unetkd_core.inference.readout import Readout, read
from unetkd_core.inference.views import check_image


@dataclass(frozen=True)
class Prediction:
    """What a network, or an ensemble, says about one image. labels: (H, W) uint8, 0-5, at the image's size."""

    readout: Readout
    labels: np.ndarray

    @property
    def logits(self) -> np.ndarray:
        """(6, h', w') float32 at the working size, unnormalised."""
        logits: np.ndarray = self.readout.logits()[0].cpu().numpy()
        return logits

    @property
    def probs(self) -> np.ndarray:
        """(6, H, W) float32 at the image's size, summing to 1 over classes; their largest is `labels`.

        Computed at each access: 24 bytes a pixel, nearly 1 GB at 40 megapixels.
        """
        probs = torch.empty((self.readout.parts[0].shape[1], *self.labels.shape))
        for rows, strip in self.readout.strips(self.labels.shape):
            probs[:, rows] = strip[0].softmax(dim=0).cpu()
        return probs.numpy()


def predict(model: nn.Module, image: np.ndarray, *, training_size: tuple[int, int]) -> Prediction:
    """Segment one image of any size from 16x16 pixels.

    image: (H, W, 3) uint8 RGB. training_size: (height, width) that the network was trained at, which sets the scale at
    which it sees the image. The model is left in the mode that it came in. Raises ImageError for another shape, type or
    size.
    """
    check_image(image)
    with torch.inference_mode():
        readout = read(model, [image], training_size)
        labels = readout.labels((image.shape[0], image.shape[1]))
    return Prediction(readout, labels[0].cpu().numpy())
