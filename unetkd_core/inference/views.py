"""From images to what a network is fed: checked, at its working size, as a batch; and the mode that it answers in.

Takes modules and arrays; knows no checkpoint, no file and no colour.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from unetkd_core.data.resize import resize_image
from unetkd_core.errors import ImageError
from unetkd_core.inference.sizes import MAX_WORKING_PIXELS, working_size


def check_image(image: np.ndarray) -> None:
    """Raise ImageError unless `image` is (H, W, 3) uint8."""
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise ImageError(
            f"The image is an array of shape {image.shape} and type {image.dtype}; expected (H, W, 3) uint8 RGB."
        )


def to_working_size(image: np.ndarray, training_size: tuple[int, int]) -> np.ndarray:
    """(H, W, 3) uint8 -> (h', w', 3) uint8, antialiased, at the scale of training, nothing cropped. Raises ImageError
    where that is more than MAX_WORKING_PIXELS.
    """
    height, width = working_size(image.shape[0], image.shape[1], *training_size)
    if height * width > MAX_WORKING_PIXELS:
        trained, seen = (f"{size[0]} × {size[1]}" for size in (training_size, (height, width)))
        raise ImageError(
            f"The network says that it was trained at {trained} pixels, and would look at this image at {seen}; at "
            f"most {MAX_WORKING_PIXELS / 1e6:.1f} megapixels fit into memory. Use a network of a smaller training size."
        )
    return resize_image(image, height, width)


def to_batch(images: Sequence[np.ndarray]) -> Tensor:
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
