"""Which wall each image column meets, and how high it stands there: a column is one direction over the ground. What a
wall looks like is not known here.
"""

from typing import NamedTuple

import numpy as np

from unetkd_core.data.streets.camera import Camera
from unetkd_core.data.streets.layout import RIDGE, Layout, Wall

LAYERS = 3
"""Walls seen above one another in one column: hedge, house, taller house behind."""


class Hits(NamedTuple):
    """One layer: for each column which wall, at what depth (inf: none), how far along it, how high it stands there, and
    how much of it along a pixel shows; metres. `width` is negative where the wall runs leftwards.

    `brim` is the height over which a facade's roof ends (its chimneys begin) or, on a side, the roof begins.
    """

    wall: np.ndarray
    depth: np.ndarray
    along: np.ndarray
    width: np.ndarray
    brim: np.ndarray
    top: np.ndarray


class _Rows(NamedTuple):
    """All walls of a layout, one (N, 1) array for each of their numbers."""

    x0: np.ndarray
    z0: np.ndarray
    dx: np.ndarray
    dz: np.ndarray
    length: np.ndarray
    height: np.ndarray
    ridge: np.ndarray
    side: np.ndarray
    away: np.ndarray
    salt: np.ndarray
    hedge: np.ndarray


def _rows(layout: Layout) -> _Rows:
    numbers = np.array(
        [
            (
                *(w.x0, w.z0, w.x1 - w.x0, w.z1 - w.z0, w.height, w.roof, w.side, w.away, w.look.salt % 97),
                w.look.street == "hedge",
            )
            for w in layout.walls
        ]
    )
    x0, z0, dx, dz, height, roof, side, away, salt, hedge = numbers.T[:, :, None]
    return _Rows(x0, z0, dx, dz, np.sqrt(dx * dx + dz * dz), height, height + roof, side, away, salt, hedge)


def _seen(ridge: np.ndarray, offset: np.ndarray, away: np.ndarray, eye: float) -> np.ndarray:
    """Where a ridge shows on the plane that lies `offset` metres behind the building's front."""
    return eye + (ridge - eye) * (away + offset) / (away + RIDGE)


def seen_roof(wall: Wall, eye: float) -> float:
    """Metres of roof that show over a facade's eaves, or the height of a side's gable; 0 for a flat roof."""
    if wall.side:
        return wall.roof
    return max(0.0, eye + (wall.height + wall.roof - eye) * wall.away / (wall.away + RIDGE) - wall.height)


def cast_walls(layout: Layout, camera: Camera) -> tuple[list[Hits], np.ndarray]:
    """The visible walls of each column, nearest first (each further one must show above those before it), and the slope
    (W,) float64 of the highest, -inf where there is none."""
    eye = camera.height_m
    rows = _rows(layout)
    slope = camera.slopes()[None, :]
    across = rows.dx - slope * rows.dz
    across[across == 0] = 1e-9
    part = (slope * rows.z0 - rows.x0) / across
    depth = rows.z0 + part * rows.dz
    depth[(part < 0) | (part > 1) | (depth <= 0.4)] = np.inf
    facade = np.maximum(rows.height, _seen(rows.ridge, np.zeros_like(rows.away), rows.away, eye))
    lowest, tallest = np.where(rows.side > 0, (rows.height, rows.ridge), facade) - eye
    peak = tallest / depth
    columns = np.arange(camera.columns)
    shown = np.full(camera.columns, -np.inf)
    wall, nearest = np.empty((LAYERS, camera.columns), np.intp), np.empty((LAYERS, camera.columns))
    for layer in range(LAYERS):
        wall[layer] = depth.argmin(axis=0)
        nearest[layer] = depth[wall[layer], columns]
        np.maximum(shown, lowest[wall[layer], 0] / nearest[layer], out=shown)
        depth[(depth <= nearest[layer]) | (peak <= shown)] = np.inf
    met = np.isfinite(nearest)
    own = _Rows(*(a[wall, 0] for a in rows))
    along = np.where(met, part[wall, columns] * own.length, 0)
    width = (own.z0 * own.dx - own.x0 * own.dz) * own.length / np.square(across[wall, columns]) / camera.focal
    edge, brim, top = _outline(own, along, eye)
    layers = [Hits(*arrays) for arrays in zip(wall, nearest, along, width, brim, top, strict=True)]
    return layers, np.where(met, (edge - eye) / nearest, -np.inf).max(axis=0)


def _outline(own: _Rows, along: np.ndarray, eye: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For points along walls: the height of wall and roof, the brim (see Hits), and the height with chimneys."""
    pitched = own.ridge > own.height
    offset = np.where(own.side > 0, along, 0)
    roof = np.maximum(own.height, np.where(offset < RIDGE, _seen(own.ridge, offset, own.away, eye), 0))
    gable = own.ridge - (own.ridge - own.height) / RIDGE * np.abs(along - RIDGE)
    side = pitched & (own.side > 0)
    edge = np.where(side, np.maximum(gable, roof), np.where(pitched, roof, own.height))
    leaves = np.abs((along * 3.1 + own.salt) % 2.3 - 1.1) + np.abs(along * 8.7 % 1.9 - 0.9)
    edge = edge + own.hedge * 0.03 * leaves
    place = np.abs(along - own.length + 0.9 + 0.02 * (own.salt % 50))
    pots = (np.abs(place - 0.3) < 0.11) | (own.salt % 3 == 0) & (place < 0.11)
    chimney = (1.1 + 0.3 * pots) * own.away / (own.away + RIDGE) * (place < 0.55)
    top = edge + np.where(pitched & ~side & (own.salt % 4 > 0), chimney, 0)
    return edge, np.where(side, gable, edge), top
