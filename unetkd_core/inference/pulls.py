"""Where in one picture label and teacher move a student, and how hard. For looking; training sums what is here."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from unetkd_core.losses.pull import pull


class Pulls(NamedTuple):
    """Norms of the gradients by the student's logits, each (H, W) float32, with neither weighed: at alpha,
    `alpha * hard` and `(1 - alpha) * soft`, in Hinton's form times T squared. 0 where there is no label.
    """

    hard: np.ndarray
    soft: np.ndarray


def pulls(student: np.ndarray, teacher: np.ndarray, labels: np.ndarray, *, temperature: float) -> Pulls:
    """student, teacher: (6, h, w) float logits at the networks' own sizes. labels: (H, W) uint8; its size counts."""
    target = torch.from_numpy(labels.astype(np.int64))[None]
    at_half = pull(_at(student, labels.shape), _at(teacher, labels.shape), target, alpha=0.5, temperature=temperature)
    labelled = target < student.shape[0]
    hard, soft = ((2 * norm * labelled)[0].numpy() for norm in at_half)
    return Pulls(hard, soft)


def _at(logits: np.ndarray, size: tuple[int, ...]) -> Tensor:
    return F.interpolate(torch.from_numpy(logits)[None].float(), size=size, mode="bilinear", align_corners=False)
