"""Made-up answers of three networks on the tests' small street, and what the core says must be shown of them."""

import numpy as np
import torch
from torch.nn import functional as F

from tests.pages.home_folder import HEIGHT, WIDTH, street, without
from unetkd_core.inference.searched import Searched, integer_grid, simplex_grid
from unetkd_core.models.ensemble import EnsembleTeacher
from unetkd_core.models.weighting import Weighting

SEEDS = {"teacher": 1, "student": 2, "twin": 3}


def truth() -> np.ndarray:
    """(128, 256) uint8; the first rows are void."""
    labels = np.kron(street()[1], np.ones((2, 2), np.uint8))
    labels[:6] = 255
    return labels


def logits(role: str) -> np.ndarray:
    """(6, 64, 128) float32, exact in half precision: unsure at edges, with mistakes of its own."""
    rng = np.random.default_rng(SEEDS[role])
    missed = {"teacher": (), "student": (4,), "twin": (4, 5)}[role]
    hot = F.one_hot(torch.from_numpy(without(street()[1], *missed).astype(np.int64)), 6).permute(2, 0, 1).float()
    soft = F.avg_pool2d(hot[None], 5, 1, 2)[0].numpy() * 7 + rng.normal(0, 0.8, (6, HEIGHT, WIDTH))
    return soft.astype(np.float16).astype(np.float32)


def at(role: str, height: int, width: int) -> torch.Tensor:
    """(6, height, width) float32: the logits at another size, as every prediction of the core interpolates them."""
    given = torch.from_numpy(logits(role))[None]
    return F.interpolate(given, size=(height, width), mode="bilinear", align_corners=False)[0]


def three(weights: tuple[float, ...], height: int, width: int, weighting: Weighting = "fixed") -> np.ndarray:
    """(height, width) uint8: labels of all three as one, by the core's own ensemble."""
    ensemble = EnsembleTeacher([torch.nn.Identity()] * len(SEEDS), weights=weights, weighting=weighting)
    said = [at(role, height, width)[None] for role in SEEDS]
    return ensemble.mix([said[i] for i in ensemble.heard])[0].argmax(0).numpy().astype(np.uint8)


def flat_search(better: int) -> Searched:
    """Three networks of which one is right everywhere, the others nowhere; a mean is right by that one's share."""
    candidates = (*integer_grid(3), *simplex_grid(3))
    confusion = np.zeros((len(candidates), 6, 6), np.int64)
    for k, weights in enumerate(candidates):
        right = round(100 * weights[better] / sum(weights))
        confusion[k, 1, 1], confusion[k, 1, 0], confusion[k, 0, 0] = right, 100 - right, 100
    return Searched(candidates, confusion, 1)


def mixed(weights: tuple[float, float], height: int, width: int) -> np.ndarray:
    """(height, width) uint8: labels of teacher and student as one, the weighted mean of their probabilities."""
    said = [at(role, height, width).softmax(0) for role in ("teacher", "student")]
    mean = weights[0] * said[0] + weights[1] * said[1]
    return mean.argmax(0).numpy().astype(np.uint8)
