"""What passes through one step of training: a batch, what student and teacher say of it, and the loss. Types alone.

Whoever says something, says it in logits; maps from inside the network come along where a loss asks for them.
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, Protocol

import numpy as np
from torch import Tensor


class ArrayData(Protocol):
    """What the engine needs of a packed dataset."""

    def __len__(self) -> int: ...
    def gather(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """images (B, H, W, 3) uint8 and labels (B, H, W) uint8, in the order of `indices`."""
        ...


class Batch(NamedTuple):
    """image: (B, 3, H, W) float32 in [0, 1], clean; student_image: the same with jitter; target: (B, H, W) int64;
    indices: (B,) int64, which scenes of the data they are; labelled: whether any of these has a label.

    Where several processes train, these are one's share of a batch: first: the place of its first scene in it; whole:
    how many scenes that has; none: just these.
    """

    image: Tensor
    student_image: Tensor
    target: Tensor
    indices: np.ndarray
    labelled: bool = True
    first: int = 0
    whole: int | None = None

    @property
    def scenes(self) -> int:
        """How many scenes all processes' shares are, together."""
        return len(self.target) if self.whole is None else self.whole


class Said(NamedTuple):
    """logits: (B, 6, H, W), unnormalised, in any precision; maps: level -> (B, C, h, w), of the levels asked for."""

    logits: Tensor
    maps: Mapping[str, Tensor] = {}


class Seen(NamedTuple):
    """All that a loss may look at. teacher: without gradient; none where nobody teaches."""

    student: Said
    batch: Batch
    teacher: Said | None = None


HARD: Final = "cross-entropy"
SOFT: Final = "distillation"
"""The two parts of standard distillation: the one that labels alone give, and the teacher's."""


class StepLoss(NamedTuple):
    """total: what to go backward from; parts: its named terms' means, unweighted (a 0-dim tensor each).

    weights: what each mean was divided by (0-dim). Where that is 0, nothing of the batch belongs to the part, whose
    mean of 0 says nothing. A part without a weight always counts. Where several processes train, parts and weights are
    of the whole batch, and the total is what DDP is to average (training/ranks.py).
    """

    total: Tensor
    parts: Mapping[str, Tensor]
    weights: Mapping[str, Tensor] = {}


Objective = Callable[[Seen], StepLoss]
"""The trainer's."""
Teacher = Callable[[Batch], Said]
"""What the teacher says of a batch's clean views, without gradient."""
Beside = Callable[[Seen, int], Mapping[str, Tensor]]
"""Who learns beside the student, after its step: (what was seen, step of the run) -> its own losses, by name."""
