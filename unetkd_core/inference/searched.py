"""The weights that a search tries, and what each of them scored. Needs no torch: pages draw it, the disk keeps it.

weight_search.py fills one of these in.
"""

import itertools
import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from unetkd_core.errors import ConfigError
from unetkd_core.metrics import Scores
from unetkd_core.models.weighting import on_simplex

Weights = tuple[float, ...]

GRID_TOP: Final = 5
"""The paper's loops run over [0, 5)."""
FINE_STEPS: Final = 20
"""The fine search takes steps of 1/20 = 0.05."""
MAX_CANDIDATES: Final = 4_000


def integer_grid(members: int, top: int = GRID_TOP) -> list[Weights]:
    """Every tuple of integers 0 to top - 1 but all zeros, of proportional ones the smallest: 91 of the paper's 124.

    Raises ConfigError when there are more than MAX_CANDIDATES.
    """
    _limit(members, top**members)
    tuples = itertools.product(range(top), repeat=members)
    return [tuple(map(float, t)) for t in tuples if math.gcd(*t) == 1]


def simplex_grid(members: int, steps: int = FINE_STEPS) -> list[Weights]:
    """Every point of the simplex whose weights are multiples of 1/steps. Raises ConfigError when there are too many."""
    _limit(members, math.comb(steps + members - 1, members - 1))
    bars = itertools.combinations(range(steps + members - 1), members - 1)
    cuts = ((-1, *b, steps + members - 1) for b in bars)
    return [tuple((right - left - 1) / steps for left, right in itertools.pairwise(cut)) for cut in cuts]


def _limit(members: int, count: int) -> None:
    if count > MAX_CANDIDATES:
        raise ConfigError(
            f"{members} networks make {count:,} combinations, more than {MAX_CANDIDATES:,}; take fewer networks or a "
            "coarser grid."
        )


@dataclass(frozen=True)
class Searched:
    """What every candidate scored. candidates: weights as they were given; confusion: (K, C, C) int64, rows labels,
    columns predictions.
    """

    candidates: tuple[Weights, ...]
    confusion: np.ndarray
    scenes: int

    @property
    def iou(self) -> np.ndarray:
        """(K, C) float64, NaN for a class that neither label nor prediction has."""
        right = np.einsum("kcc->kc", self.confusion).astype(np.float64)
        union = self.confusion.sum(axis=1) + self.confusion.sum(axis=2) - right
        return np.divide(right, union, out=np.full_like(right, np.nan), where=union > 0)

    @property
    def miou(self) -> np.ndarray:
        """(K,) float64: mean over the classes that occur."""
        return np.asarray(np.nanmean(self.iou, axis=1))

    def scores(self, candidate: int) -> Scores:
        """One candidate's scores, as `evaluate` would give them (without a loss)."""
        matrix = self.confusion[candidate]
        iou = self.iou[candidate]
        pixels = int(matrix.sum())
        accuracy = float(np.trace(matrix)) / pixels if pixels else math.nan
        return Scores(miou=float(self.miou[candidate]), iou=tuple(iou.tolist()), pixel_accuracy=accuracy, pixels=pixels)

    def plus(self, other: "Searched") -> "Searched":
        """Both together, as if their scenes had been one split. ValueError for other candidates."""
        if self.candidates != other.candidates:
            raise ValueError("searches over other candidates cannot be added up")
        return Searched(self.candidates, self.confusion + other.confusion, self.scenes + other.scenes)

    def best(self) -> int:
        """The candidate with the highest mIoU; of equal ones the most even, then the first in order of weights."""
        return self._best_of(self.miou)

    def best_per_class(self) -> tuple[Weights, ...]:
        """(members, C) weights: for each class the column of the candidate with that class's highest IoU.

        Each class chooses for itself; together they need not be better than `best`, so score them before use. A class
        that does not occur takes the overall best's.
        """
        iou = self.iou
        overall = self.best()
        chosen = [
            overall if np.isnan(iou[:, c]).all() else self._best_of(np.nan_to_num(iou[:, c], nan=-1.0))
            for c in range(iou.shape[1])
        ]
        columns = [on_simplex(self.candidates[k], len(self.candidates[k])) for k in chosen]
        return tuple(zip(*columns, strict=True))

    def _best_of(self, scores: np.ndarray) -> int:
        top = np.flatnonzero(scores == scores.max())
        return int(min(top, key=lambda k: (_unevenness(self.candidates[k]), self.candidates[k])))


def _unevenness(weights: Weights) -> float:
    shares = on_simplex(weights, len(weights))
    return round(sum(w * w for w in shares), 12)
