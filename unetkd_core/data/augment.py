"""Varying whole batches: a finite list of views (flip x zoom x crop position), and colour jitter.

Every choice is a hash of (seed, epoch, dataset index): it depends neither on the order of a batch nor on what was drawn
before, so that a resumed run, a twin and a teacher's cache see the same views. Labels are picked, never interpolated.
Knows no files and no model.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

_ORDER, _VIEW, _JITTER = 1, 2, 3  # what a hash is for, so that the draws do not depend on one another
_LUMA: Final = (0.299, 0.587, 0.114)  # ITU-R BT.601


class View(NamedTuple):
    """A part of the picture, in fractions: `size` of each side from (top, left) on; then mirrored if `flip`."""

    flip: bool
    top: float
    left: float
    size: float


IDENTITY: Final = View(False, 0.0, 0.0, 1.0)


def make_views(flip: bool, scales: Sequence[float], crop_grid: int) -> tuple[View, ...]:
    """All views, the identity first.

    A scale s >= 1 shows 1/s of each side at crop_grid x crop_grid evenly spaced places (1: the middle).
    """
    places: list[tuple[float, float, float]] = [(0.0, 0.0, 1.0)]
    for scale in scales:
        if scale < 1:
            raise ValueError(f"scale is {scale}; expected at least 1")
        room = 1 - 1 / scale
        steps = [0.5] if crop_grid == 1 else [i / (crop_grid - 1) for i in range(crop_grid)]
        places += [(room * y, room * x, 1 / scale) for y in steps for x in steps]
    flips = (False, True) if flip else (False,)
    return tuple(dict.fromkeys(View(mirrored, *place) for mirrored in flips for place in places))


def choose_views(num_views: int, indices: np.ndarray, *, seed: int, epoch: int) -> np.ndarray:
    """A view for each dataset index: (B,) int64 in [0, num_views)."""
    return (_hash(indices, seed, epoch, _VIEW) % np.uint64(num_views)).astype(np.int64)


def epoch_order(n: int, *, seed: int, epoch: int) -> np.ndarray:
    """The order in which an epoch visits n scenes: (n,) int64, a permutation."""
    return np.argsort(_hash(np.arange(n), seed, epoch, _ORDER), kind="stable").astype(np.int64)


def apply_views(images: Tensor, labels: Tensor, view_ids: np.ndarray, views: Sequence[View]) -> tuple[Tensor, Tensor]:
    """Show each scene through its view.

    images: (B, H, W, 3) uint8; labels: (B, H, W) uint8; view_ids: (B,) int into `views`.
    Returns image (B, 3, H, W) float32 in [0, 1] with channels_last strides, and target (B, H, W) int64. Crops are whole
    pixels; images are bilinear, labels nearest.
    """
    chosen = [views[int(i)] for i in view_ids]
    if all(view == IDENTITY for view in chosen):
        return _to_float(images), labels.long()
    height, width = labels.shape[1:]
    boxes = [_box(view, height, width) for view in chosen]
    out = torch.empty_like(images)
    for number, (view, (top, left, rows, columns)) in enumerate(zip(chosen, boxes, strict=True)):
        part = images[number : number + 1, top : top + rows, left : left + columns]
        if (rows, columns) != (height, width):
            part = _stretch(part, height, width)
        out[number : number + 1] = part.flip(2) if view.flip else part
    return _to_float(out), _pick(labels, boxes, [view.flip for view in chosen])


def jitter(image: Tensor, strength: float, *, seed: int, epoch: int, indices: np.ndarray) -> Tensor:
    """Brightness, then contrast (about the mean grey), then saturation, for each sample on its own.

    Each factor lies in [1 - strength, 1 + strength].

    image: (B, 3, H, W) float in [0, 1]; indices: (B,) dataset indices. Returns the same shape, strides and range, in
    new memory unless strength is 0.
    """
    if strength == 0:
        return image
    draws = np.stack([_uniform(_hash(indices, seed, epoch, _JITTER, which)) for which in range(3)])
    factors = torch.from_numpy((1 + strength * (2 * draws - 1)).astype(np.float32)).to(image)[:, :, None, None]
    bright, contrast, saturation = factors.unbind(0)
    red, green, blue = image.unbind(1)
    grey = red * _LUMA[0] + green * _LUMA[1] + blue * _LUMA[2]
    # The three steps are linear and the weights of grey sum to 1, so that they join into own * x + shared(grey).
    own = saturation * contrast * bright
    shared = grey * ((1 - saturation) * contrast * bright) + (1 - contrast) * bright * grey.mean((1, 2), keepdim=True)
    out = torch.empty_like(image)
    for channel in range(3):
        out[:, channel] = torch.addcmul(shared, image[:, channel], own).clamp_(0, 1)
    return out


def _to_float(images: Tensor) -> Tensor:
    # (B, H, W, 3) seen as (B, 3, H, W) has channels_last strides already; convert, then scale in place: 25 times as
    # fast as uint8 / 255.
    return images.permute(0, 3, 1, 2).to(torch.float32, memory_format=torch.preserve_format).mul_(1 / 255)


def _box(view: View, height: int, width: int) -> tuple[int, int, int, int]:
    """(top, left, rows, columns) in whole pixels."""
    rows, columns = max(1, round(view.size * height)), max(1, round(view.size * width))
    return min(round(view.top * height), height - rows), min(round(view.left * width), width - columns), rows, columns


def _stretch(part: Tensor, height: int, width: int) -> Tensor:
    """(1, h, w, 3) uint8 -> (1, height, width, 3) uint8, bilinear."""
    # The batch axis is sliced, never made by unsqueezing: only so does the result keep channels_last and copy fast.
    planes = part.permute(0, 3, 1, 2)
    if part.device.type == "cpu":
        # uint8 throughout: 0.7 ms at 8 x 128 x 256 on one core, where one grid_sample for the batch takes 5 ms.
        stretched = F.interpolate(planes, (height, width), mode="bilinear", align_corners=False)
    else:
        smooth = F.interpolate(planes.float(), (height, width), mode="bilinear", align_corners=False)
        stretched = smooth.round_().to(torch.uint8)
    return stretched.permute(0, 2, 3, 1)


def _pick(labels: Tensor, boxes: Sequence[tuple[int, int, int, int]], flips: Sequence[bool]) -> Tensor:
    """Labels (B, H, W) uint8 -> target (B, H, W) int64: each output pixel takes the label under its centre."""
    height, width = labels.shape[1:]
    box = np.asarray(boxes)
    rows = box[:, 0, None] + ((np.arange(height) + 0.5) * box[:, 2, None] / height).astype(np.int64)
    columns = box[:, 1, None] + ((np.arange(width) + 0.5) * box[:, 3, None] / width).astype(np.int64)
    columns = np.where(np.asarray(flips)[:, None], columns[:, ::-1], columns)
    where = torch.from_numpy(rows[:, :, None] * width + columns[:, None, :]).to(labels.device)
    return labels.flatten(1).gather(1, where.flatten(1)).view(labels.shape).long()


def _hash(indices: np.ndarray, *salts: int) -> np.ndarray:
    """(B,) int -> (B,) uint64, well mixed: SplitMix64's finaliser (Steele, Lea and Flood 2014) once for each salt."""
    state = np.asarray(indices).astype(np.uint64)
    for salt in salts:
        state = state + np.uint64((salt + 1) * 0x9E3779B97F4A7C15 % 2**64)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state = state ^ (state >> np.uint64(31))
    return state


def _uniform(bits: np.ndarray) -> np.ndarray:
    """(B,) uint64 -> (B,) float64 in [0, 1)."""
    return (bits >> np.uint64(11)) * 2.0**-53
