"""Channel-wise distillation: where in the picture each channel is active (Shu et al., 2021, "Channel-wise Knowledge
Distillation for Dense Prediction", their asymmetric KL divergence).

    T^2 / C * sum over channels of KL(softmax over H*W of teacher / T || softmax over H*W of student / T)

averaged over images: sums over pixels, means over channels and images. Each channel becomes a map of shares that add
up to one over the picture, so that the few pixels where the teacher is active decide. For logits and for features.

Public code takes `softmax().log()`, where one logit of 120 gives infinity, `.view`, which raises on channels_last, or
half precision, in which most of 100,000 shares underflow; and knows no mask. Here VOID gets no share of any channel.
"""

from typing import Final

import torch
from torch import Tensor

from unetkd_core.losses.pixels import seen
from unetkd_core.losses.precision import full_precision
from unetkd_core.losses.term import Term

_NO_SHARE: Final = -1e30
"""A logit so low that its share is exactly 0, and finite, so that 0 * (its difference) is 0 and not NaN."""


@full_precision
def channel_wise(student: Tensor, teacher: Tensor, target: Tensor | None = None, *, temperature: float = 4.0) -> Term:
    """Sum of T^2 * KL in nats over channels and images, and their number: that of images with a seen pixel, times C.

    student, teacher: (N, C, h, w) float, logits or features of the same C and size. target: (N, H, W) int64 or none.
    """
    counts = seen(target, student).flatten(1)
    ours, theirs = (log_shares(maps, counts, temperature) for maps in (student, teacher.detach()))
    divergence = (theirs.exp() * (theirs - ours)).sum()  # 0 where an image is all VOID: both have even shares there
    images = counts.any(dim=1).sum().float()
    return Term(divergence * temperature**2, images * student.shape[1])


def log_shares(maps: Tensor, counts: Tensor, temperature: float) -> Tensor:
    """(N, C, P): the logarithm of each pixel's share of its channel. maps: (N, C, h, w); counts: (N, P) bool."""
    rows = (maps / temperature).flatten(2).masked_fill(~counts[:, None], _NO_SHARE)
    return torch.log_softmax(rows, dim=2)
