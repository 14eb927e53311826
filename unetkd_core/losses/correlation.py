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

from unetkd_core.losses.cosine import SHORTEST
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
    intra = unlike_in_all(*classes, summed or _here)
    return Term(inter.total * temperature**2, inter.weight), Term(intra.total * temperature**2, intra.weight)


def unlike(student: Tensor, teacher: Tensor) -> Term:
    """Sum of 1 - Pearson correlation over those of the rows (R, L) in which the teacher varies, and their number."""
    return unlike_in_all(student, teacher, _here)


def unlike_in_all(student: Tensor, teacher: Tensor, summed: Callable[[Tensor], Tensor]) -> Term:
    """`unlike` of rows of which this process has a stretch (R, its own L) and the others have the rest."""
    length = summed(student.new_tensor(float(student.shape[1]))).clamp_min(1)
    ours, theirs = (rows - summed(rows.sum(dim=1, keepdim=True)) / length for rows in (student, teacher))
    own, other = (summed(rows.square().sum(dim=1)) for rows in (ours, theirs))
    moves, varies = (
        _is_more_than_rounding(spread, summed(rows.detach().square().sum(dim=1)))
        for spread, rows in ((own, student), (other, teacher))
    )
    lengths = torch.where(moves, own, 1.0).sqrt() * torch.where(varies, other, 1.0).sqrt()
    along = summed((ours * theirs).sum(dim=1)) / lengths
    apart = 1 - torch.where(moves & varies, along, 0.0)
    return Term((apart * varies).sum(), varies.sum().float())


def _here(values: Tensor) -> Tensor:
    """Where one process has everything, the sum over all of them."""
    return values


def _is_more_than_rounding(spread: Tensor, size: Tensor) -> Tensor:
    """Whether rows vary, by the sums of squares around their means and of themselves: float32's mean of a row that says
    one thing everywhere is off by up to 8e-7 of it (eight million pixels); the line is drawn at four times that.
    """
    return spread > torch.clamp(size * 1e-11, min=SHORTEST**2)
