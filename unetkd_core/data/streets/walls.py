"""Which wall each image column meets: a column is one direction over the ground. What a wall looks like is not known
here.
"""

from typing import NamedTuple

import numpy as np

from unetkd_core.data.streets.camera import Camera
from unetkd_core.data.streets.layout import Layout

LAYERS = 3
"""Walls seen above one another in one column: hedge, house, taller house behind."""


class Hits(NamedTuple):
    """One layer: for each column which wall, at what depth (inf: none), how far along it, metres."""

    wall: np.ndarray
    depth: np.ndarray
    along: np.ndarray


def cast_walls(layout: Layout, camera: Camera) -> tuple[list[Hits], np.ndarray]:
    """The visible walls of each column, nearest first (each further one must show above those before it), and the slope
    (W,) float64 of the highest, -inf where there is none."""
    walls = layout.walls
    x0, z0, x1, z1, top = (
        np.array([getattr(w, name) for w in walls])[:, None] for name in ("x0", "z0", "x1", "z1", "height")
    )
    top = top + np.array([w.roof for w in walls])[:, None] * 0.9
    slope = camera.slopes()[None, :]
    dx, dz = x1 - x0, z1 - z0
    across = dx - slope * dz
    part = (slope * z0 - x0) / np.where(across == 0, 1e-9, across)
    depth = z0 + part * dz
    depth = np.where((part >= 0) & (part <= 1) & (depth > 0.4), depth, np.inf)
    peak = (top - camera.height_m) / depth
    columns = np.arange(camera.columns)
    shown = np.full(camera.columns, -np.inf)
    layers = []
    for _ in range(LAYERS):
        wall = depth.argmin(axis=0)
        nearest = depth[wall, columns]
        length = np.sqrt(dx * dx + dz * dz)[:, 0]
        layers.append(Hits(wall, nearest, np.where(np.isfinite(nearest), part[wall, columns], 0) * length[wall]))
        shown = np.maximum(shown, np.where(np.isfinite(nearest), peak[wall, columns], -np.inf))
        depth = np.where((depth <= nearest) | (peak <= shown), np.inf, depth)
    return layers, shown
