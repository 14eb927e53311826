"""What is known of every column of every wall before any pixel: which cell and which texels of it each course shows.

All tables are flat: one entry for each strip and course, strip by strip. Knows no light.
"""

from typing import NamedTuple

import numpy as np

from unetkd_core.data.streets.camera import Camera
from unetkd_core.data.streets.dice import lattice_hash
from unetkd_core.data.streets.elevations import (
    BOARD,
    CORNICE,
    COURSES,
    FIRST,
    PIPE,
    QUOINS,
    STREET,
    Elevations,
    cells,
)
from unetkd_core.data.streets.skins import PERIOD, skins
from unetkd_core.data.streets.strips import Strips

MARGIN = 0.55
"""Metres at the ends of facades that quoins take; pipes take half."""


class CellTable(NamedTuple):
    """`foot` is the texel of the cell's lowest row, `stride` texels to the next, `rows` how many there are; `scale` is
    cells a metre in the course that begins at `bottom`; `across` is how far along in the cell, `width` and `high` how
    much of it a pixel is, `pick` a lot in [0, 1) for the cell as such.
    """

    foot: np.ndarray
    stride: np.ndarray
    rows: np.ndarray
    scale: np.ndarray
    bottom: np.ndarray
    across: np.ndarray
    width: np.ndarray
    high: np.ndarray
    pick: np.ndarray


class SkinTable(NamedTuple):
    """`base` for each strip and course; `rows` (of the tile) for each strip."""

    base: np.ndarray
    stride: np.ndarray
    rows: np.ndarray


def rightwards(strips: Strips, length: np.ndarray) -> np.ndarray:
    """Metres along each strip's wall from its left end."""
    return np.where(strips.width < 0, length[strips.wall] - strips.along, strips.along)


def cell_table(plan: Elevations, strips: Strips, along: np.ndarray, mirrored: np.ndarray, camera: Camera) -> CellTable:
    """along: `rightwards`; mirrored: walls whose cells are turned over, because the sun stands to the right of them."""
    wall = strips.wall
    unit = plan.unit[wall]
    place = along.astype(np.float32)[:, None] / unit
    number = np.floor(place)
    across = place - number
    pick = lattice_hash(number + 31 * np.arange(COURSES), plan.salt[wall][:, None], 3)
    lot = (pick * 4).astype(np.int32)
    lot[:, STREET] = (number[:, STREET].astype(np.int32) + plan.salt[wall]) & 3
    cell = plan.cells[wall[:, None], np.arange(COURSES), lot]
    turned = mirrored[wall]
    across[turned] = 1 - across[turned]
    across[turned, BOARD] = 1 - across[turned, BOARD]
    width = np.abs(strips.width).astype(np.float32)[:, None] / unit
    _margins(plan, strips, along, cell, across, width)
    pixel = (strips.depth / camera.focal).astype(np.float32)[:, None]
    height = plan.height[wall]
    high = pixel / height
    spot = cells().spot(cell, across, width, high)
    return CellTable(
        (spot.base + (spot.rows - 1) * spot.stride).ravel(),
        spot.stride.ravel(),
        spot.rows.ravel(),
        (1 / height).ravel(),
        plan.bottom[wall].ravel(),
        across.ravel(),
        width.ravel(),
        high.ravel(),
        pick.ravel(),
    )


def _margins(
    plan: Elevations, strips: Strips, along: np.ndarray, cell: np.ndarray, across: np.ndarray, width: np.ndarray
) -> None:
    """Quoins at both ends of some facades' storeys, pipes beside others', in place."""
    rest = plan.length[strips.wall] - along
    for reach, chosen, number in ((MARGIN, plan.quoins, QUOINS), (MARGIN / 2, plan.pipe, PIPE)):
        near = np.minimum(along, rest) if number == QUOINS else along
        ends = np.flatnonzero(chosen[strips.wall] & (near < reach))
        courses = slice(FIRST, CORNICE) if number == QUOINS else slice(STREET, CORNICE + 1)
        cell[ends, courses] = number
        across[ends, courses] = (near[ends] / reach)[:, None]
        width[ends, courses] = (np.abs(strips.width[ends]) / reach)[:, None]


def skin_table(plan: Elevations, strips: Strips, along: np.ndarray, camera: Camera) -> SkinTable:
    """along: `rightwards`."""
    part = (along / PERIOD + 0.37 * (plan.salt[strips.wall] % 7)) % 1
    width = (np.abs(strips.width) / PERIOD).astype(np.float32)
    pixel = (strips.depth / (camera.focal * PERIOD)).astype(np.float32)
    spot = skins().spot(plan.skin[strips.wall], part[:, None], width[:, None], pixel[:, None])
    return SkinTable(spot.base.ravel(), spot.stride[:, 0], spot.rows[:, 0])
