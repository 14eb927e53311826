"""The soft term: pixel-wise knowledge distillation (Hinton et al., 2015; the paper's equation of alpha and T).

    loss = alpha * CE(student, label) + (1 - alpha) * KL(softmax(teacher / T) || softmax(student / T))

Only the KL is here. Our convention: KL summed over classes, in nats, then a weighted mean over pixels; never a mean
over classes, never a sum over H * W (public code differs by factors of C, N or H * W). All in float32 through
log_softmax.
"""

from typing import Literal

import torch
from torch import Tensor

from unetkd_core.classes import VOID
from unetkd_core.losses.task import pixel_weight
from unetkd_core.losses.term import Term

Direction = Literal["forward", "reverse"]


def kd_divergence(
    student_logits: Tensor,
    teacher_logits: Tensor,
    target: Tensor | None = None,
    *,
    temperature: float,
    direction: Direction = "forward",
    scale_by_t2: bool = False,
    class_weight: Tensor | None = None,
) -> Term:
    """Sum of w * KL over the pixels that are not VOID, and the sum of w.

    student_logits, teacher_logits: (N, C, H, W) float, unnormalised. target: (N, H, W) int64 or none when nothing is
    labelled. direction: forward is KL(teacher || student), reverse KL(student || teacher). scale_by_t2 multiplies by T
    squared, which undoes the 1/T^2 shrinkage of the gradient. class_weight: (C,); a pixel weighs by its label, or by
    the teacher's class where it has none: an unweighted soft term undoes the class weights of the hard one.
    """
    student = torch.log_softmax(student_logits.float() / temperature, dim=1)
    teacher = torch.log_softmax(teacher_logits.float() / temperature, dim=1)
    pixel = kl(teacher, student) if direction == "forward" else kl(student, teacher)
    weight = soft_weight(teacher_logits, target, class_weight)
    total = (torch.where(weight > 0, pixel, 0.0) * weight).sum()
    return Term(total * temperature**2 if scale_by_t2 else total, weight.sum())


def kl(log_p: Tensor, log_q: Tensor) -> Tensor:
    """KL(p || q) per pixel, (N, H, W), from log-probabilities (N, C, H, W)."""
    return (log_p.exp() * (log_p - log_q)).sum(dim=1)


def soft_weight(teacher_logits: Tensor, target: Tensor | None, class_weight: Tensor | None) -> Tensor:
    """(N, H, W) float32: 0 on VOID, else 1 or the class weight of the label, or of the teacher's class where there is
    no label. teacher_logits: (N, C, H, W); target: (N, H, W) int64 or none.
    """
    if target is None:
        target = torch.full_like(teacher_logits[:, 0], VOID - 1, dtype=torch.int64)
    if class_weight is None:
        return (target != VOID).float()
    unlabelled = (target >= teacher_logits.shape[1]) & (target != VOID)
    if unlabelled.any():  # rarely: the teacher's class costs a tenth of the loss
        target = torch.where(unlabelled, teacher_logits.max(dim=1).indices, target)
    return pixel_weight(target, class_weight)
