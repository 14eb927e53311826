"""The hard term: cross-entropy with the labels, and the class weights that keep rare classes alive."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from unetkd_core.classes import UNLABELLED, VOID
from unetkd_core.losses.term import Term


def cross_entropy(logits: Tensor, target: Tensor, class_weight: Tensor | None = None) -> Term:
    """Sum of w(y) * -log softmax(logits)[y] over labelled pixels, in nats, and the sum of w(y).

    logits: (N, C, H, W) float, unnormalised. target: (N, H, W) int64; VOID and UNLABELLED pixels are left out.
    class_weight: (C,) float or none for 1.
    """
    logits = logits.float()
    labels = target.masked_fill(target >= logits.shape[1], VOID)
    total = F.cross_entropy(logits, labels, weight=class_weight, ignore_index=VOID, reduction="sum")
    return Term(total, pixel_weight(labels, class_weight).sum())


def pixel_weight(labels: Tensor, class_weight: Tensor | None) -> Tensor:
    """(N, H, W) float32: the weight of each pixel by its class, 0 where the label is no class."""
    if class_weight is None:
        return (labels < UNLABELLED).float()
    return F.pad(class_weight.float(), (0, VOID + 1 - len(class_weight)))[labels]


def sqrt_class_weights(shares: np.ndarray) -> Tensor:
    """(C,) float32 weights proportional to 1/sqrt(share of pixels), scaled so that a pixel weighs 1 on average.

    shares: (C,) fractions. A class below one pixel in a thousand is treated as if it had that share, so that an almost
    absent one does not outweigh everything. Full 1/share weights let false alarms of posts and people flood the
    picture; the square root is the middle ground (docs/decisions.md, "Networks and losses").
    """
    inverse = 1.0 / np.sqrt(np.maximum(np.asarray(shares, dtype=np.float64), 1e-3))
    mean = float((inverse * shares).sum() / max(float(np.sum(shares)), 1e-12))
    return torch.tensor(inverse / mean if mean > 0 else np.ones_like(inverse), dtype=torch.float32)
