"""Random choices and tileable noise for the street generator; knows nothing of streets.

Everything is drawn from PCG64, whose stream numpy keeps stable between versions, and noise is built with + and *
only: the same numbers on every machine.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import TypeVar

import numpy as np

T = TypeVar("T")
Colour = tuple[float, float, float]


def scaled(colour: Colour, gain: float) -> Colour:
    return (colour[0] * gain, colour[1] * gain, colour[2] * gain)


class Dice:
    """Uniform draws from a pre-drawn buffer: ten times cheaper than asking the generator for one number at a time."""

    def __init__(self, *entropy: int) -> None:
        self._rng = np.random.Generator(np.random.PCG64(list(entropy)))
        self._buffer: list[float] = []

    def unit(self) -> float:
        """One number in [0, 1)."""
        if not self._buffer:
            self._buffer = self._rng.random(1024).tolist()
        return self._buffer.pop()

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * self.unit()

    def chance(self, probability: float) -> bool:
        return self.unit() < probability

    def integer(self, low: int, high: int) -> int:
        """An integer in low..high, both included."""
        return low + int(self.unit() * (high - low + 1))

    def choice(self, options: Sequence[T]) -> T:
        return options[int(self.unit() * len(options))]

    def weighted(self, options: Sequence[tuple[T, float]]) -> T:
        """One of (option, weight) pairs; the weights need not add up to one."""
        mark = self.unit() * sum([weight for _, weight in options])
        for option, weight in options:
            mark -= weight
            if mark < 0:
                return option
        return options[-1][0]

    def vary(self, colour: Colour, amount: float) -> Colour:
        """The colour, a little lighter or darker, each channel a little off: painted things are never one swatch."""
        gain, tint, buffer = 1 + amount * (2 * self.unit() - 1), amount / 2, self._buffer
        if len(buffer) < 3:
            buffer.extend(self._rng.random(1024).tolist())
        r, g, b = (colour[i] * gain * (1 + tint * (buffer.pop() - 0.5)) for i in range(3))
        return (max(0.004, r), max(0.004, g), max(0.004, b))


def _octave(rng: np.random.Generator, cells: int, size: int) -> np.ndarray:
    lattice = rng.random((cells, cells))
    position = np.arange(size) * (cells / size)
    low = position.astype(np.int64)
    part = position - low
    part = part * part * (3 - 2 * part)
    high = (low + 1) % cells
    rows = lattice[low] * (1 - part)[:, None] + lattice[high] * part[:, None]
    return np.asarray(rows[:, low] * (1 - part) + rows[:, high] * part)


@lru_cache(maxsize=32)
def noise_tile(first_cells: int, octaves: int, fall: float = 0.5, size: int = 512) -> np.ndarray:
    """(size, size) float32 tileable value noise, mean 0, standard deviation 1, clipped to +-2.5."""
    rng = np.random.Generator(np.random.PCG64([first_cells, octaves, size]))
    total = np.zeros((size, size))
    for octave in range(octaves):
        total += _octave(rng, min(size, first_cells << octave), size) * fall**octave
    total -= total.mean()
    return np.clip(total / total.std(), -2.5, 2.5).astype(np.float32)


def sample(tile: np.ndarray, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Nearest texels of a square power-of-two tile at (row, column) in texels, wrapped; the two broadcast together."""
    mask = tile.shape[0] - 1
    return np.asarray(tile[row.astype(np.int32) & mask, column.astype(np.int32) & mask])


def sample_smooth(tile: np.ndarray, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Bilinear version of `sample`, for what is seen larger than its texels (clouds)."""
    mask = tile.shape[0] - 1
    row0, column0 = np.floor(row), np.floor(column)
    a, b = (row - row0).astype(np.float32), (column - column0).astype(np.float32)
    r0, c0 = row0.astype(np.int32) & mask, column0.astype(np.int32) & mask
    r1, c1 = (r0 + 1) & mask, (c0 + 1) & mask
    top = tile[r0, c0] * (1 - b) + tile[r0, c1] * b
    bottom = tile[r1, c0] * (1 - b) + tile[r1, c1] * b
    return np.asarray(top * (1 - a) + bottom * a)


def lattice_hash(a: np.ndarray, b: np.ndarray, salt: int) -> np.ndarray:
    """A number in [0, 1) for each integer cell (a, b): which window is lit, which slab is dark. float32."""
    mixed = (a.astype(np.int64) * 73856093) ^ (b.astype(np.int64) * 19349663) ^ (salt * 83492791)
    mixed = (mixed ^ (mixed >> 13)) * 1274126177
    return ((mixed >> 8) & 0xFFFF).astype(np.float32) / np.float32(65536)
