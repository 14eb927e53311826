"""How an image gets from its own size to the size that a net was trained at; one rule for packing and for predicting.

The aspect ratio is always kept. Packing covers the training size and crops the middle; predicting uses the same scale
without the crop, so that things have the size that the net knows. Images are antialiased, labels nearest. Knows no
files.
"""

import math

import numpy as np
from PIL import Image


def training_scale(height: int, width: int, train_height: int, train_width: int) -> float:
    """Factor for an image (height, width) at predicting: as packing, but at most four training images of pixels.

    The cap only acts on extreme aspect ratios (a panorama), which packing would crop nearly away.
    """
    cover = max(train_height / height, train_width / width)
    return min(cover, math.sqrt(4 * train_height * train_width / (height * width)))


def resize_image(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Image (h, w, 3) uint8 -> (height, width, 3) uint8, bilinear with antialiasing."""
    if image.shape[:2] == (height, width):
        return image
    return np.array(Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR))


def cover_box(height: int, width: int, to_height: int, to_width: int) -> tuple[float, float, float, float]:
    """The centred part (left, top, right, bottom), in pixels, that fills (to_height, to_width) with no rest."""
    scale = max(to_height / height, to_width / width)
    part_width, part_height = min(width, to_width / scale), min(height, to_height / scale)
    left, top = (width - part_width) / 2, (height - part_height) / 2
    return left, top, left + part_width, top + part_height


def cover_image(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Image (h, w, 3) uint8 -> (height, width, 3) uint8: scaled to cover, the middle kept. The packing rule."""
    if image.shape[:2] == (height, width):
        return image
    box = cover_box(image.shape[0], image.shape[1], height, width)
    return np.array(Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR, box=box))


def cover_labels(labels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Labels (h, w) uint8 -> (height, width) uint8: the same part as `cover_image`, nearest."""
    if labels.shape == (height, width):
        return labels
    box = cover_box(labels.shape[0], labels.shape[1], height, width)
    return np.array(Image.fromarray(labels).resize((width, height), Image.Resampling.NEAREST, box=box))
