"""Which part of a scene is shown when: a finite list of views (flip x zoom x crop position), and every draw.

Each choice is a hash of (seed, epoch, dataset index): it depends neither on the order of a batch nor on what was drawn
before, so that a resumed run and a twin see the same views. Views taken in turn leave the seed out: then every student
sees the same ones, and a teacher has to answer for each only once. Touches no pixel; needs no torch.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

_ORDER, _VIEW, _JITTER, _TURN = 1, 2, 3, 4  # what a hash is for, so that the draws do not depend on one another


class View(NamedTuple):
    """A part of the picture, in fractions: `size` of each side from (top, left) on; then mirrored if `flip`."""

    flip: bool
    top: float
    left: float
    size: float


IDENTITY: Final = View(False, 0.0, 0.0, 1.0)


def make_views(flip: bool, scales: Sequence[float], crop_grid: int) -> tuple[View, ...]:
    """All views, the identity first.

    A scale s >= 1 shows 1/s of each side at crop_grid x crop_grid evenly spaced places (1: the middle).
    """
    places: list[tuple[float, float, float]] = [(0.0, 0.0, 1.0)]
    for scale in scales:
        if scale < 1:
            raise ValueError(f"scale is {scale}; expected at least 1")
        room = 1 - 1 / scale
        steps = [0.5] if crop_grid == 1 else [i / (crop_grid - 1) for i in range(crop_grid)]
        places += [(room * y, room * x, 1 / scale) for y in steps for x in steps]
    flips = (False, True) if flip else (False,)
    return tuple(dict.fromkeys(View(mirrored, *place) for mirrored in flips for place in places))


def choose_views(num_views: int, indices: np.ndarray, *, seed: int, epoch: int) -> np.ndarray:
    """A view for each dataset index, by chance: (B,) int64 in [0, num_views)."""
    return (_hash(indices, seed, epoch, _VIEW) % np.uint64(num_views)).astype(np.int64)


def view_in_turn(num_views: int, indices: np.ndarray, *, turn: int) -> np.ndarray:
    """The view that each scene shows in turn 0 to num_views - 1: (B,) int64, every view once, in an order of its own.

    A function of index and turn alone: whatever the seed, what a teacher said about a turn holds for every student.
    """
    if not 0 <= turn < num_views:
        raise IndexError(f"turn is {turn}; there are {num_views}")
    where = np.asarray(indices).astype(np.uint64)[:, None] * np.uint64(num_views) + np.arange(
        num_views, dtype=np.uint64
    )
    order: np.ndarray = np.argsort(_hash(where, _TURN), axis=1, kind="stable")
    return order[:, turn].astype(np.int64)


def epoch_order(n: int, *, seed: int, epoch: int) -> np.ndarray:
    """The order in which an epoch visits n scenes: (n,) int64, a permutation."""
    return np.argsort(_hash(np.arange(n), seed, epoch, _ORDER), kind="stable").astype(np.int64)


def jitter_draws(indices: np.ndarray, *, seed: int, epoch: int) -> np.ndarray:
    """Three draws for each dataset index: (3, B) float64 in [0, 1)."""
    return np.stack([_uniform(_hash(indices, seed, epoch, _JITTER, which)) for which in range(3)])


def _hash(indices: np.ndarray, *salts: int) -> np.ndarray:
    """(B,) int -> (B,) uint64, well mixed: SplitMix64's finaliser (Steele, Lea and Flood 2014) once for each salt."""
    state = np.asarray(indices).astype(np.uint64)
    for salt in salts:
        state = state + np.uint64((salt + 1) * 0x9E3779B97F4A7C15 % 2**64)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state = state ^ (state >> np.uint64(31))
    return state


def _uniform(bits: np.ndarray) -> np.ndarray:
    """(B,) uint64 -> (B,) float64 in [0, 1)."""
    return (bits >> np.uint64(11)) * 2.0**-53
