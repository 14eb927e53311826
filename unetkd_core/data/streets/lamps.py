"""The light of street lamps and of our own headlights on the ground and on walls. Knows no pixels."""

import numpy as np

from unetkd_core.data.streets.layout import Layout

WARM = (0.62, 0.45, 0.25)
"""Linear light straight under a lamp."""
BEAM = (0.95, 0.92, 0.82)
REACH = 17.0
"""Metres along the street beyond which a lamp is not felt."""


def _heads(layout: Layout) -> list[tuple[float, float, float]]:
    """(u, metres up, z) of every street lamp's light: out over the road from its post."""
    return [
        (thing.u - thing.facing * (1.1 + 0.1 * (thing.look % 8)), thing.size + 0.2, thing.z)
        for thing in layout.things
        if thing.kind == "lamp"
    ]


def light_on_ground(layout: Layout, u: np.ndarray, z: np.ndarray) -> np.ndarray | float:
    """(h, W, 3) float32 what lamps add on the ground at u (h, W), z (h, 1); 0 by day."""
    strength = layout.weather.lamps
    if strength < 0.05:
        return 0.0
    pools, row_z = np.zeros(u.shape, np.float32), z[:, 0]
    for head_u, height, head_z in _heads(layout):
        rows = np.flatnonzero(np.abs(row_z - head_z) < REACH)
        if len(rows):
            near = slice(rows[0], rows[-1] + 1)
            squared = ((u[near] - np.float32(head_u)) ** 2 + (z[near] - np.float32(head_z)) ** 2) / np.float32(
                height**2
            )
            pools[near] += 1 / (1 + squared) ** 2
    light = (pools * np.float32(strength**2))[..., None] * np.asarray(WARM, np.float32)
    if strength > 0.5:
        ahead = np.minimum(z, 150.0)
        side = (u + layout.road.axis(z).astype(np.float32)) / (1.7 + 0.16 * ahead)
        beam = np.clip((z - 2) / 4, 0, 1) / (1 + (z / 15) ** 2) / (1 + side**4)
        light += (beam * np.float32(2 * strength - 1))[..., None] * np.asarray(BEAM, np.float32)
    return np.asarray(light)


def light_on_walls(layout: Layout, u: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray | float:
    """(P, 3) float32 what lamps add on walls at points u, y, z, each (P,); 0 by day."""
    strength = layout.weather.lamps
    if strength < 0.05:
        return 0.0
    light = np.zeros(len(z), np.float32)
    for head_u, height, head_z in _heads(layout):
        near = np.flatnonzero(np.abs(z - np.float32(head_z)) < 12)
        squared = (u[near] - np.float32(head_u)) ** 2 + (z[near] - np.float32(head_z)) ** 2
        squared += (y[near] - np.float32(height - 1.5)) ** 2
        light[near] += 9 / (9 + squared)
    return np.asarray((light * np.float32(0.9 * strength**2))[:, None] * np.asarray(WARM, np.float32))
