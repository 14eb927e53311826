"""Small pictures (cells) at every reduction in width and height, so that a wall seen aslant stays smooth and cheap.

A texel is four bytes in one uint32, so that one look-up fetches all; what the bytes mean is the user's affair.
"""

from typing import NamedTuple

import numpy as np


class Spot(NamedTuple):
    """Where columns of a wall lie in an atlas: texel of the cell's top row, texels to the next, and its rows."""

    base: np.ndarray
    stride: np.ndarray
    rows: np.ndarray


class Atlas:
    """All cells of one size (a power of two) with all their reductions."""

    def __init__(self, cells: np.ndarray) -> None:
        """cells: (K, size, size, 4) uint8, first row on top."""
        self.size = cells.shape[1]
        self.levels = self.size.bit_length() - 2
        parts: list[np.ndarray] = []
        self.offsets = np.zeros((self.levels, self.levels), np.int32)
        start = 0
        narrow = cells
        for across in range(self.levels):
            reduced = narrow
            for up in range(self.levels):
                self.offsets[across, up] = start
                parts.append(np.ascontiguousarray(reduced).view(np.uint32).ravel())
                start += parts[-1].size
                reduced = _halved(reduced[:, 0::2], reduced[:, 1::2])
            narrow = _halved(narrow[:, :, 0::2], narrow[:, :, 1::2])
        self.texels = np.concatenate(parts)

    def spot(self, cell: np.ndarray, across: np.ndarray, width: np.ndarray, height: np.ndarray) -> Spot:
        """For columns at `across` in [0, 1) of a cell, whose pixels are this wide and high in cells."""
        wide, high = self._level(width), self._level(height)
        columns, rows = self.size >> wide, self.size >> high
        texel = np.minimum((across * columns).astype(np.int32), columns - 1)
        return Spot(self.offsets[wide, high] + cell * columns * rows + texel, columns, rows)

    def _level(self, pixel: np.ndarray) -> np.ndarray:
        """How often to halve so that a texel is about a pixel."""
        exponent = np.frexp(pixel * np.float32(self.size * 1.3))[1] - 1
        return np.clip(exponent, 0, self.levels - 1)


def _halved(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return ((first.astype(np.uint16) + second + 1) >> 1).astype(np.uint8)
