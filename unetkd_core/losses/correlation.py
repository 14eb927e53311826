"""DIST: the student is to rank as its teacher does, not to match it (Huang et al., 2022, "Knowledge Distillation from A
Stronger Teacher", L_inter and L_intra).

    inter = 1 - Pearson over the classes at a pixel, averaged over pixels
    intra = 1 - Pearson over the pixels within a class, averaged over classes

of softmax(student / T) and softmax(teacher / T), each times T squared; the paper adds both with weight 1, at T = 1. A
correlation asks nothing of scale or offset, so that a student too small for its teacher's sureness can still agree.

The authors' code (`segmentation/losses/dist_kd.py`, T = 1; the factor T squared is in their code for whole images)
takes the pixels of the batch as one long row, as we do, and knows no mask; here VOID is out of both terms. It adds 1e-8
to the denominator, so that a row without any spread counts as fully wrong; here a row in which the *teacher* has none
(it says one thing everywhere) is left out, since there is nothing to correlate with.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from unetkd_core.losses.cosine import SHORTEST, unit
from unetkd_core.losses.pixels import seen
from unetkd_core.losses.precision import full_precision
from unetkd_core.losses.term import Term


@full_precision
def dist(
    student_logits: Tensor,
    teacher_logits: Tensor,
    target: Tensor | None = None,
    *,
    temperature: float = 1.0,
    summed: Callable[[Tensor], Tensor] | None = None,
) -> tuple[Term, Term]:
    """(inter, intra): sums of T^2 * (1 - Pearson), and the numbers of pixels and of classes that count.

    student_logits, teacher_logits: (N, C, H, W) float, unnormalised. target: (N, H, W) int64 or none. Each mean lies
    between 0 (the same up to a scale and an offset) and 2 T^2 (the opposite). summed: where several processes have a
    share of a batch each, the sum over them, with its gradient: a class's pixels are then those of all, so that the
    second term is the whole batch's in every process; the first is each one's own.
    """
    counts = seen(target, student_logits)
    student, teacher = (
        (logits.movedim(1, -1)[counts] / temperature).softmax(dim=1)
        for logits in (student_logits, teacher_logits.detach())
    )
    pixels, classes = (student, teacher), (student.T, teacher.T)  # rows: the classes of a pixel; the pixels of a class
    inter = unlike(*pixels)
    intra = unlike(*classes) if summed is None else unlike_in_all(*classes, summed)
    return Term(inter.total * temperature**2, inter.weight), Term(intra.total * temperature**2, intra.weight)


def unlike(student: Tensor, teacher: Tensor) -> Term:
    """Sum of 1 - Pearson correlation over those of the rows (R, L) in which the teacher varies, and their number."""
    ours, theirs = (unit(rows - rows.mean(dim=1, keepdim=True), dim=1) for rows in (student, teacher))
    varies = theirs.any(dim=1)
    apart = 1 - (ours * theirs).sum(dim=1)
    return Term((apart * varies).sum(), varies.sum().float())


def unlike_in_all(student: Tensor, teacher: Tensor, summed: Callable[[Tensor], Tensor]) -> Term:
    """`unlike` of rows of which this process has a stretch (R, its own L) and the others have the rest."""
    length = summed(student.new_tensor(float(student.shape[1]))).clamp_min(1)
    ours, theirs = (rows - summed(rows.sum(dim=1, keepdim=True)) / length for rows in (student, teacher))
    shortest = SHORTEST**2
    own, other = (summed(rows.square().sum(dim=1)) for rows in (ours, theirs))
    along = summed((ours * theirs).sum(dim=1)) / (own.clamp_min(shortest) * other.clamp_min(shortest)).sqrt()
    varies = other > shortest
    apart = 1 - torch.where((own > shortest) & varies, along, 0.0)
    return Term((apart * varies).sum(), varies.sum().float())
