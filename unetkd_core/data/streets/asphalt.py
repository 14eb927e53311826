"""The carriageway: how bright its asphalt is, with worn tracks, repairs, cracks, covers and gullies. No paint."""

from typing import NamedTuple

import numpy as np

from unetkd_core.data.streets.dice import noise_tile
from unetkd_core.data.streets.layout import Road
from unetkd_core.data.streets.surface import Surface, stripe, texels

WHEELS = 0.74
"""Metres from a lane's middle to a wheel's track."""


class Patch(NamedTuple):
    """A repair: middle and half sizes in metres, and what it makes of the brightness."""

    u: float
    z: float
    half_u: float
    half_z: float
    tone: float


def patches(road: Road) -> list[Patch]:
    """The repairs of a road: trenches along and across, and squares, as its salt will have it."""
    found = []
    for i in range(road.salt % 5):
        key = (road.salt >> (2 * i)) % 211
        shape = key % 3
        half_u, half_z = ((0.35, 3 + key % 9), (road.half * 0.6, 0.4), (0.5 + key % 5 * 0.2, 0.7 + key % 4 * 0.3))[
            shape
        ]
        u = (key / 211 - 0.5) * 2 * (road.half - half_u)
        found.append(Patch(u, 4 + key * 7 % 31, half_u, half_z, (0.68, 0.76, 0.84, 1.14)[key % 4]))
    return found


def asphalt_tone(s: Surface) -> np.ndarray:
    """(h, W) float32: brightness of the carriageway against its own colour."""
    road = s.road
    tone = s.broad * np.float32(0.055)
    tone -= np.float32(0.13) * np.maximum(s.broad - np.float32(1.25), 0)  # what has dripped and been spilt
    tone += np.float32(0.105) * s.grain
    tone += 1
    tone *= _wear(s)
    for patch in patches(road):
        _repair(s, tone, patch)
    if road.salt % 3:
        _crack(s, tone)
    for i in range(4):
        key = (road.salt >> (3 * i)) % 89
        _cover(s, tone, (key / 89 - 0.5) * 1.4 * road.half, 3.5 + 9 * i + key % 8, key % 2 == 0)
        _gully(s, tone, 3.0 + 19 * i + road.salt % 11, 1 if i % 2 else -1)
    return tone


def _wear(s: Surface) -> np.ndarray:
    """Wheels polish two tracks in each lane, engines drip between them, and dirt gathers at the kerb."""
    road = s.road
    lane = (road.half - road.parking) / road.lanes
    off = np.abs(s.u)
    if road.lanes > 1:
        off -= np.float32(lane)
        np.abs(off, out=off)
    off -= np.float32(lane / 2)
    np.abs(off, out=off)
    oil = np.maximum(np.float32(0.45) - off, 0)
    off -= np.float32(WHEELS)
    np.abs(off, out=off)
    np.subtract(np.float32(0.34), off, out=off)
    np.maximum(off, 0, out=off)
    off *= np.float32((0.30, -0.24, 0.18)[road.salt % 3])
    off -= np.float32(0.24) * oil
    gutter = np.maximum(s.d + np.float32(0.32), 0)
    np.minimum(gutter, np.float32(0.35), out=gutter)
    off -= np.float32(1.05) * gutter * (1 + np.float32(0.35) * s.broad)
    off += 1
    return off


def _repair(s: Surface, tone: np.ndarray, patch: Patch) -> None:
    """Newer or older asphalt, its edges sealed with bitumen."""
    part = s.window(patch.u, patch.z, patch.half_u + 0.2, patch.half_z + 0.2)
    if part is None:
        return
    rows = part[0]
    ragged = np.float32(0.03) * s.broad[part]
    side = np.abs(s.u[part] - np.float32(patch.u)) - np.float32(patch.half_u) + ragged
    end = np.abs(s.z[rows] - np.float32(patch.z)) - np.float32(patch.half_z)
    inside = np.clip(0.5 - side * s.edge[part], 0, 1) * np.clip(0.5 - end * s.cross[rows], 0, 1)
    sealed = stripe(side, 0.03, s.edge[part]) * (end < 0.04)
    sealed += stripe(end, 0.03, s.cross[rows]) * (side < 0.04)
    tone[part] *= 1 + inside * np.float32(patch.tone - 1) - np.float32(0.38) * np.minimum(sealed, 1)


def _crack(s: Surface, tone: np.ndarray) -> None:
    """Level lines of a noise, where the asphalt is tired; and the seam between two lanes' asphalt."""
    near = s.finer_than(0.09)
    if near.start >= len(s.z):
        return
    u, z, road = s.u[near], s.z[near], s.road
    level = np.abs(texels(noise_tile(8, 5), z * np.float32(17), u * np.float32(37) + np.float32(8192)))
    width = np.float32(0.05 + 0.02 * (road.salt % 4))
    deep = np.clip(1 - level / width, 0, 1) * np.clip(s.broad[near] - np.float32(0.2), 0, 1)
    seam = stripe(u - np.float32(0.04) * s.broad[near] + np.float32(0.25 + road.salt % 3), 0.012, s.edge[near])
    fade = np.minimum(1, np.float32(0.04) / s.along[near])
    tone[near] *= 1 - fade * (np.float32(0.45) * deep + np.float32(0.5) * seam)


def _cover(s: Surface, tone: np.ndarray, u: float, z: float, round_one: bool) -> None:
    """An iron cover in its frame, round or square."""
    part = s.window(u, z, 0.4, 0.4)
    if part is None:
        return
    rows = part[0]
    a, b = np.abs(s.u[part] - np.float32(u)), np.abs(s.z[rows] - np.float32(z))
    out = np.sqrt(a * a + b * b) if round_one else np.maximum(a, b)
    out -= np.float32(0.31)
    blur = 1 / np.maximum(np.sqrt(s.across[rows] * s.along[rows]), np.float32(0.012))
    iron = np.clip(0.5 - (out + np.float32(0.05)) * blur, 0, 1)
    ring = np.clip(0.5 - out * blur, 0, 1)
    ribs = np.float32(0.20) * ((a % np.float32(0.1) < 0.05) ^ (b % np.float32(0.1) < 0.05))
    ribs = ribs * np.minimum(1, np.float32(0.05) / s.along[rows])
    tone[part] *= 1 + np.float32(0.28) * ring - iron * (np.float32(0.62) - ribs)


def _gully(s: Surface, tone: np.ndarray, z: float, side: int) -> None:
    """A grating in the gutter."""
    if s.road.in_junction(z, s.road.corner + 0.5):
        return
    part = s.window(side * (s.road.half - 0.24), z, 0.25, 0.25)
    if part is None:
        return
    rows = part[0]
    off = s.d[part] + np.float32(0.24)
    cover = stripe(off, 0.19, s.edge[part]) * stripe(s.z[rows] - np.float32(z), 0.22, s.cross[rows])
    slots = np.where(np.abs(off) % np.float32(0.07) < 0.035, np.float32(0.85), np.float32(0.35))
    tone[part] *= 1 - cover * slots
