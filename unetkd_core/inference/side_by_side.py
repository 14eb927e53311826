"""Several answers to one picture, held against each other pixel by pixel. Pure numpy: needs no torch.

Knows label maps and logits, not whose they are. A share is a fraction of the pixels that count, NaN where none does.
"""

from collections.abc import Sequence

import numpy as np

from unetkd_core.classes import NUM_CLASSES


def agreement(answers: Sequence[np.ndarray], truth: np.ndarray | None = None) -> np.ndarray:
    """(N, N) float: the share of pixels where each two of N label maps (H, W) uint8 say the same, right or wrong.

    truth: (H, W) uint8; where there is one, only its labelled pixels count (docs/definitions.md).
    """
    counted = [answer[_counting(answer, truth)] for answer in answers]
    return np.array([[_share(one == other) for other in counted] for one in counted])


def unanimous(answers: Sequence[np.ndarray], truth: np.ndarray | None = None) -> float:
    """The share of pixels where all of at least one label map (H, W) uint8 say the same."""
    first = answers[0]
    same = np.logical_and.reduce([first == other for other in answers])
    return _share(same[_counting(first, truth)])


def only_right(one: np.ndarray, other: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """(where `one` alone is right, where `other` alone is), of all labelled pixels. Three label maps (H, W) uint8."""
    counting = _counting(one, truth)
    here, there = one[counting] == truth[counting], other[counting] == truth[counting]
    return _share(here & ~there), _share(there & ~here)


def mean_entropy(logits: np.ndarray) -> float:
    """How unsure a network is on average: 0 when one class has all the probability everywhere, 1 when all are alike.

    logits: (C, h, w) float, unnormalised; the mean is over pixels at the network's own resolution.
    """
    shifted = logits.astype(np.float64) - logits.max(axis=0)
    exps = np.exp(shifted)
    total = exps.sum(axis=0)
    # H = log Σe^z − Σ p z: no logarithm of a probability that has underflowed to 0.
    entropy = np.log(total) - (exps * shifted).sum(axis=0) / total
    return float(entropy.mean() / np.log(len(logits)))


def _counting(answer: np.ndarray, truth: np.ndarray | None) -> np.ndarray:
    return np.ones(answer.shape, dtype=bool) if truth is None else truth < NUM_CLASSES


def _share(where: np.ndarray) -> float:
    return float(where.mean()) if where.size else float("nan")
