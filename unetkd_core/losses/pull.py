"""How hard the two terms pull at each pixel: the norms of their gradients by the student's logits. For looking, not for
training.

Defines nothing: the gradients are autograd's, of `task.cross_entropy` and `distill.kd_divergence`.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from unetkd_core.losses.distill import Direction, kd_divergence
from unetkd_core.losses.task import cross_entropy


class Pull(NamedTuple):
    """Euclidean norms over classes, each (N, H, W) float32; 0 where a term has no pixel.

    hard: of alpha * CE. soft: of (1 - alpha) * KL, times T squared where that was asked for. Without class weights.
    """

    hard: Tensor
    soft: Tensor


def pull(
    student_logits: Tensor,
    teacher_logits: Tensor,
    target: Tensor,
    *,
    alpha: float,
    temperature: float,
    direction: Direction = "forward",
    scale_by_t2: bool = False,
) -> Pull:
    """student_logits, teacher_logits: (N, C, H, W) float, unnormalised. target: (N, H, W) int64."""
    student = student_logits.detach().float().requires_grad_()
    with torch.enable_grad():
        # A term's total is a sum over pixels, so that its gradient at a pixel is that pixel's own.
        hard = alpha * cross_entropy(student, target).total
        soft = (1 - alpha) * kd_divergence(
            student, teacher_logits, target, temperature=temperature, direction=direction, scale_by_t2=scale_by_t2
        ).total
        (by_hard,) = torch.autograd.grad(hard, student)
        (by_soft,) = torch.autograd.grad(soft, student)
    return Pull(by_hard.norm(dim=1), by_soft.norm(dim=1))
