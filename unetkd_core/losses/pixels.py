"""Which pixels of a map count, where the map may be coarser than the labels."""

import torch
from torch import Tensor
from torch.nn import functional as F

from unetkd_core.classes import VOID


def labels_at(target: Tensor, features: Tensor) -> Tensor:
    """(N, h, w) int64: target (N, H, W) at the size of features (N, C, h, w), by the nearest label (never a blend)."""
    size = features.shape[-2:]
    if target.shape[-2:] == size:
        return target
    return F.interpolate(target[:, None].float(), size, mode="nearest")[:, 0].long()


def seen(target: Tensor | None, features: Tensor) -> Tensor:
    """(N, h, w) bool: the pixels of features (N, C, h, w) that are not VOID; all of them where there is no target."""
    if target is None:
        return torch.ones_like(features[:, 0], dtype=torch.bool)
    return labels_at(target, features) != VOID
