"""Varying whole batches: each scene through its view (views.py), and colour jitter.

Labels are picked, never interpolated. Knows no files and no model, and chooses no view.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from unetkd_core.data.views import IDENTITY, View, jitter_draws

_LUMA: Final = (0.299, 0.587, 0.114)  # ITU-R BT.601


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
    factors = 1 + strength * (2 * jitter_draws(indices, seed=seed, epoch=epoch) - 1)
    bright, contrast, saturation = torch.from_numpy(factors.astype(np.float32)).to(image)[:, :, None, None]
    # The three steps are linear and the weights of grey sum to 1, so that they join into one 3x3 matrix and one offset
    # for each scene; channels_last, that is a product of matrices.
    pixels = image.permute(0, 2, 3, 1).flatten(1, 2)
    luma = torch.tensor(_LUMA).to(image)[:, None]
    matrix = saturation * contrast * bright * torch.eye(3).to(image) + (1 - saturation) * contrast * bright * luma
    offset = (1 - contrast) * bright * (pixels.mean(1, keepdim=True) @ luma)
    out = torch.baddbmm(offset.expand(-1, 1, 3), pixels, matrix).clamp_(0, 1)
    return out.view(len(image), *image.shape[2:], 3).permute(0, 3, 1, 2)


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
