"""The hard and the soft term of standard distillation in one pass: what training runs. It defines no loss.

The definitions are `task.cross_entropy` and `distill.kd_divergence`; this gives the same numbers and gradients, in less
than half of their time. Both terms read the student's logits, so that they share the shift by the largest one; each
gradient is written down where its softmax is at hand (softmax - one-hot, and softmax_T - teacher_T) instead of being
derived backwards through five whole-batch tensors; and a few images at a time stay in the processor's cache.
"""

from typing import Any, Final

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from unetkd_core.classes import UNLABELLED
from unetkd_core.losses.distill import Direction, soft_weight
from unetkd_core.losses.task import pixel_weight
from unetkd_core.losses.term import Term

_BLOCK_VALUES: Final = 200_000
"""Logits of one block and thread: with its gradients about 3 MB, which a core's own cache holds."""
_NOTHING: Final = -80.0


def hard_and_soft(
    student_logits: Tensor,
    target: Tensor,
    teacher_logits: Tensor,
    *,
    temperature: float,
    direction: Direction = "forward",
    scale_by_t2: bool = False,
    class_weight: Tensor | None = None,
    soft_class_weight: Tensor | None = None,
) -> tuple[Term, Term]:
    """(cross_entropy(student_logits, target, class_weight), kd_divergence(student_logits, teacher_logits, target, ...,
    class_weight=soft_class_weight)), differentiable once by the student's logits and by nothing else.

    student_logits, teacher_logits: (N, C, H, W) float, unnormalised; the teacher's in any precision, as they lie in a
    cache. target: (N, H, W) int64. In float32, or float64 where the student's logits are.
    """
    student = student_logits if student_logits.dtype == torch.float64 else student_logits.float()
    hard = pixel_weight(target, class_weight)
    soft = hard if _weighed_alike(target, class_weight, soft_class_weight) else None
    if soft is None:
        soft = soft_weight(teacher_logits, target, soft_class_weight)
    labels = target.clamp_max(student.shape[1] - 1)  # VOID must look some class up; its weight of 0 keeps it out
    ce, kd = _HardAndSoft.apply(
        student, teacher_logits.detach(), labels, hard.to(student.dtype), soft.to(student.dtype), temperature, direction
    )
    return Term(ce, hard.sum()), Term(kd * temperature**2 if scale_by_t2 else kd, soft.sum())


def _weighed_alike(target: Tensor, hard: Tensor | None, soft: Tensor | None) -> bool:
    """Whether a pixel weighs the same in both terms: only those without a label may differ then, and there are none."""
    same = hard is soft or (hard is not None and soft is not None and bool(torch.equal(hard, soft)))
    return same and not bool((target == UNLABELLED).any())


class _HardAndSoft(torch.autograd.Function):
    """(sum of w * CE, sum of w * KL): the forward pass works out both gradients, the backward one weighs them."""

    @staticmethod
    def forward(
        ctx: Any,
        student: Tensor,
        teacher: Tensor,
        labels: Tensor,
        hard: Tensor,
        soft: Tensor,
        temperature: float,
        direction: Direction,
    ) -> tuple[Tensor, Tensor]:
        images, classes, height, width = student.shape
        planes = (images, classes, height * width)
        # One copy for the whole batch: classes of channels_last lie side by side, here each is a plane.
        logits = student.contiguous(memory_format=torch.contiguous_format).view(planes)
        grad_ce, grad_kd = torch.empty_like(logits), torch.empty_like(logits)
        ce, kd = logits.new_zeros(()), logits.new_zeros(())
        taught = teacher.reshape(planes)
        at, w_hard, w_soft = (x.reshape(images, 1, -1) for x in (labels, hard, soft))
        for block in _blocks(student):
            z = logits[block] - logits[block].amax(1, keepdim=True)
            ce += _hard(z, at[block], w_hard[block], out=grad_ce[block])
            kd += _soft(z, taught[block], w_soft[block], temperature, direction, out=grad_kd[block])
        ctx.save_for_backward(grad_ce.view(student.shape), grad_kd.view(student.shape))
        ctx.layout = _layout(student)
        return ce, kd

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, by_ce: Tensor, by_kd: Tensor) -> tuple[Tensor | None, ...]:
        grad_ce, grad_kd = ctx.saved_tensors
        grad = torch.empty_like(grad_ce, memory_format=ctx.layout)
        for block in _blocks(grad):
            grad[block] = torch.mul(grad_ce[block], by_ce).addcmul_(grad_kd[block], by_kd)
        return grad, None, None, None, None, None, None


def _hard(z: Tensor, labels: Tensor, weight: Tensor, *, out: Tensor) -> Tensor:
    """Sum of w * -log softmax(z)[label]; `out` gets its gradient, w * (softmax(z) - one-hot).

    z: (B, C, P), its largest class at 0; labels, weight: (B, 1, P).
    """
    _exp(z, out=out)
    total = out.sum(1, keepdim=True)
    loss = (weight * (total.log() - z.gather(1, labels))).sum()
    out.mul_(weight / total).scatter_add_(1, labels, -weight)
    return loss


def _soft(
    z: Tensor, teacher: Tensor, weight: Tensor, temperature: float, direction: Direction, *, out: Tensor
) -> Tensor:
    """Sum of w * KL of the tempered softmaxes; `out` gets its gradient by the student's logits. z is used up.

    With p the teacher's and q the student's: forward w (q - p) / T, reverse w q (log q - log p - KL) / T. Neither is
    brought to sum 1: that is done once a pixel, to the sums and the weights, and not to every class.
    """
    z.div_(temperature)
    q_total = _exp(z, out=out).sum(1, keepdim=True)
    u = teacher.to(z.dtype, copy=True)
    if teacher.dtype != torch.float16:  # from a cache all is finite
        u.masked_fill_(weight == 0, 0.0)  # on VOID a live teacher may say anything, infinity too
    u.div_(temperature)
    u -= u.amax(1, keepdim=True)
    p = _exp(u, out=torch.empty_like(u))
    p_total = p.sum(1, keepdim=True)
    apart = u.sub_(z)  # log p - log q, but for what both lack
    lacking = q_total.log() - p_total.log()
    if direction == "forward":
        kl = torch.mul(p, apart, out=apart).sum(1, keepdim=True).div_(p_total).add_(lacking)
        scale = weight / temperature
        out.mul_(scale / q_total).addcmul_(p, scale / p_total, value=-1)
        return (weight * kl).sum()
    apart += lacking
    kl = -(out * apart).sum(1, keepdim=True).div_(q_total)
    out.mul_(apart.add_(kl)).mul_(weight / q_total / -temperature)
    return (weight * kl).sum()


def _exp(z: Tensor, *, out: Tensor) -> Tensor:
    """exp of logits whose largest is 0, into `out`. What is below e^-80 is taken for e^-80, which no sum notices: where
    results underflow, the CPU's exp is up to fifty times slower, and a student that is sure of itself is full of them.
    """
    return torch.clamp_min(z, _NOTHING, out=out).exp_()


def _blocks(student: Tensor) -> list[slice]:
    """Images that are worked on at once: all on an accelerator, on a CPU as many as its cores' caches hold."""
    images = student.shape[0]
    if student.device.type != "cpu":
        return [slice(0, images)]
    at_once = max(1, _BLOCK_VALUES * torch.get_num_threads() // max(1, student[0].numel()))
    return [slice(first, first + at_once) for first in range(0, images, at_once)]


def _layout(tensor: Tensor) -> torch.memory_format:
    """How the gradient is to lie: as the logits do, so that nobody copies it into place."""
    plain = tensor.is_contiguous()
    last = not plain and tensor.is_contiguous(memory_format=torch.channels_last)
    return torch.channels_last if last else torch.contiguous_format
