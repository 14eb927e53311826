"""What walls and roofs are made of: tints of brick, stone, render, slate or leaves, tiles that repeat.

A texel tints the colour below it: red, green, blue, UNIT for as it is. Knows no windows and no buildings.
"""

from functools import cache

import numpy as np

from unetkd_core.data.streets.atlas import Atlas
from unetkd_core.data.streets.dice import noise_tile
from unetkd_core.data.streets.sketch import UNIT

SIZE = 256
PERIOD = 2.7
"""Metres after which a skin repeats."""
SKINS = ("brick", "old brick", "stone", "rustic", "render", "panel", "slate", "tile", "hedge", "boards", "smooth")
_MOTTLED = noise_tile(8, 5, 0.7)[:SIZE, :SIZE]


@cache
def skins() -> Atlas:
    """All SKINS, in their order."""
    makers = {
        "brick": lambda: _bond(36, 12, 0.10, 0.14, 1.22),
        "old brick": lambda: _bond(36, 12, 0.20, 0.14, 1.15),
        "stone": lambda: _bond(8, 4, 0.06, 0.03, 0.80),
        "rustic": lambda: _bond(6, 3, 0.05, 0.07, 0.55),
        "render": _render,
        "panel": lambda: _bond(2, 2, 0.03, 0.02, 0.60),
        "slate": lambda: _shingles(12, 9, 0.13),
        "tile": lambda: _shingles(20, 14, 0.17),
        "hedge": _leaves,
        "boards": _boards,
        "smooth": lambda: np.ones((SIZE, SIZE, 3)),
    }
    cells = np.full((len(SKINS), SIZE, SIZE, 4), 255, np.uint8)
    for cell, name in zip(cells, SKINS, strict=True):
        cell[..., :3] = np.clip(makers[name]() * UNIT, 0, 255).astype(np.uint8)
    return Atlas(cells)


def _courses(courses: int, across: int, shift: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """For each texel its course and its block, and how far up and along in it, 0 to 1."""
    texel = (np.arange(SIZE) + 0.5) / SIZE
    up, along = np.broadcast_arrays((texel * courses)[:, None], (texel * across)[None, :])
    course = np.floor(up)
    along = along + shift * (course % 2)
    block = np.floor(along)
    return course.astype(int), block.astype(int) % across, 1 - (up - course), along - block


def _lots(courses: int, across: int) -> np.ndarray:
    return np.random.Generator(np.random.PCG64([courses, across])).random((courses, across, 3))


def _bond(courses: int, across: int, spread: float, joint: float, mortar: float) -> np.ndarray:
    """Blocks in courses, each a little off in tone, with joints of this share of a course."""
    course, block, up, along = _courses(courses, across, 0.5)
    lots = _lots(courses, across)
    tone = 1 + spread * (2 * lots[course, block, :1] - 1) + 0.5 * spread * (lots[course, block] - 0.5)
    tone = tone * (1 + 0.05 * _MOTTLED[..., None])
    seam = (up < joint) | (along < joint * across / courses)
    tint = mortar if mortar < 1 else mortar * np.array((0.94, 1.02, 1.10))
    return np.asarray(np.where(seam[..., None], tint, tone))


def _shingles(courses: int, across: int, spread: float) -> np.ndarray:
    """Rows of slates or tiles, each row in the shadow of the next one's edge."""
    course, block, up, along = _courses(courses, across, 0.5)
    lots = _lots(courses, across)
    tone = 1 + spread * (2 * lots[course, block, :1] - 1) + 0.6 * spread * (lots[course, block] - 0.5)
    tone = tone * (0.82 + 0.3 * np.minimum(1, 3 * (1 - up)))[..., None] * np.where(along < 0.09, 0.8, 1)[..., None]
    return np.asarray(tone * np.where(up < 0.14, 0.55, 1)[..., None])


def _render() -> np.ndarray:
    streaks = noise_tile(64, 2)[3, :SIZE][None, :] * noise_tile(4, 3)[:SIZE, :SIZE]
    return np.repeat((1 + 0.035 * _MOTTLED + 0.02 * streaks)[..., None], 3, axis=2)


def _leaves() -> np.ndarray:
    fine, coarse = noise_tile(64, 3, 0.9)[:SIZE, :SIZE], noise_tile(16, 4, 0.7)[:SIZE, 200 : 200 + SIZE]
    tone = np.clip(1 + 0.36 * fine + 0.26 * coarse, 0.2, 2)
    return np.stack([tone * (1 + 0.16 * fine), tone, tone * (1 - 0.1 * fine)], axis=-1) * 0.8


def _boards() -> np.ndarray:
    texel = (np.arange(SIZE) + 0.5) / SIZE * 18
    lots = _lots(18, 1)[:, 0, 0]
    row = (0.9 + 0.2 * lots[texel.astype(int)]) * np.where(texel % 1 < 0.1, 0.5, 1)
    return np.repeat((row[None, :] * (1 + 0.04 * _MOTTLED))[..., None], 3, axis=2)
