"""One image through one network: logits at the network's own scale, label map and probabilities at the image's size.

Takes a module and an array; knows no checkpoint, no file and no colour.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from unetkd_core.data.resize import resize_image
from unetkd_core.errors import ImageError
from unetkd_core.inference.sizes import working_size
from unetkd_core.inference.upsample import upsampled_labels, upsampled_strips


class Prediction(NamedTuple):
    """What a network says about one image.

    logits: (6, h', w') float32 at the working size, unnormalised. labels: (H, W) uint8, 0-5, at the image's size.
    """

    logits: np.ndarray
    labels: np.ndarray

    @property
    def probs(self) -> np.ndarray:
        """(6, H, W) float32 at the image's size, summing to 1 over classes; their largest is `labels`.

        Computed at each access: 24 bytes a pixel, nearly 1 GB at 40 megapixels.
        """
        logits = torch.from_numpy(self.logits)[None]
        probs = torch.empty((self.logits.shape[0], *self.labels.shape))
        for rows, strip in upsampled_strips(logits, self.labels.shape):
            probs[:, rows] = strip[0].softmax(dim=0)
        return probs.numpy()


def predict(model: nn.Module, image: np.ndarray, *, training_size: tuple[int, int]) -> Prediction:
    """Segment one image of any size from 16x16 pixels.

    image: (H, W, 3) uint8 RGB. training_size: (height, width) that the network was trained at, which sets the scale at
    which it sees the image. The model is left in the mode that it came in. Raises ImageError for another shape, type or
    size.
    """
    check_image(image)
    small = to_working_size(image, training_size)
    with inferring(model) as device:
        logits = model(to_batch([small]).to(device)).float()
        labels = upsampled_labels(logits, (image.shape[0], image.shape[1]))
    return Prediction(logits[0].cpu().numpy(), labels[0].cpu().numpy())


def check_image(image: np.ndarray) -> None:
    """Raise ImageError unless `image` is (H, W, 3) uint8."""
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise ImageError(
            f"The image is an array of shape {image.shape} and type {image.dtype}; expected (H, W, 3) uint8 RGB."
        )


def to_working_size(image: np.ndarray, training_size: tuple[int, int]) -> np.ndarray:
    """(H, W, 3) uint8 -> (h', w', 3) uint8, antialiased, at the scale of training, nothing cropped."""
    height, width = working_size(image.shape[0], image.shape[1], *training_size)
    return resize_image(image, height, width)


def to_batch(images: list[np.ndarray]) -> Tensor:
    """N arrays (h, w, 3) uint8 of one size -> (N, 3, h, w) float32 in [0, 1], raw: networks normalise inside."""
    stacked = torch.from_numpy(np.stack(images))
    return stacked.permute(0, 3, 1, 2).float().div_(255)


@contextmanager
def inferring(model: nn.Module) -> Iterator[torch.device]:
    """Evaluation mode, no autograd; the model's former mode after. Yields the device that its weights lie on."""
    was_training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            yield next((p.device for p in model.parameters()), torch.device("cpu"))
    finally:
        model.train(was_training)
