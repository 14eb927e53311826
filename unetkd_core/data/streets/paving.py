"""What lies beside the carriageway, pixel by pixel: kerb stones with a face, paving, tactile slabs, grass.

A kerb stands up a hand's breadth, so its face hides a strip of the flat ground behind it: that strip is painted as
stone, turned towards the road. Labels are the ground's and know nothing of it. Knows no light.
"""

from typing import NamedTuple

import numpy as np

from unetkd_core.data.streets.dice import Colour, lattice_hash
from unetkd_core.data.streets.layout import Road
from unetkd_core.data.streets.surface import Surface, stripe

STONE: Colour = (0.215, 0.21, 0.20)
GRASS: Colour = (0.068, 0.105, 0.033)
SOIL: Colour = (0.10, 0.085, 0.055)
TACTILE: tuple[Colour, ...] = ((0.40, 0.31, 0.17), (0.30, 0.11, 0.085), (0.30, 0.30, 0.29))
UPSTAND, DROPPED = 0.11, 0.02
"""Metres a kerb stands up, and where people cross or cars drive over it."""
TOP = 0.14
"""Metres a kerb stone is wide."""


class Beside(NamedTuple):
    """The pixels (N,) at flat places `place` that lie beside the carriageway. albedo (3, N); face (N,) how much of a
    pixel is kerb face; toward_u, toward_z (N,) where that face looks, a unit vector."""

    place: np.ndarray
    albedo: np.ndarray
    face: np.ndarray
    toward_u: np.ndarray
    toward_z: np.ndarray


class _Spot(NamedTuple):
    """The same pixels' own numbers, each (N,)."""

    row: np.ndarray
    u: np.ndarray
    z: np.ndarray
    d: np.ndarray
    along: np.ndarray
    edge: np.ndarray
    cross: np.ndarray
    grain: np.ndarray
    broad: np.ndarray


def beside_road(s: Surface, x: np.ndarray) -> Beside:
    """Everything from the kerb outwards. x: (h, 1) the road axis' metres right of the camera."""
    place = np.flatnonzero(s.d * s.edge > np.float32(-0.5))
    row = place // s.u.shape[1]
    take = lambda plane: plane.reshape(-1).take(place)  # noqa: E731
    rise = lambda column: column[:, 0].take(row)  # noqa: E731
    spot = _Spot(
        row, take(s.u), rise(s.z), take(s.d), rise(s.along), take(s.edge), rise(s.cross), take(s.grain), take(s.broad)
    )
    toward_u, toward_z = _outwards(s.road, spot)
    hidden = toward_u * (spot.u + rise(x)) + toward_z * spot.z
    high = _upstand(s.road, spot)
    width = np.maximum(hidden, 0) * (high / (np.float32(s.eye) - high))
    sharp = np.maximum(spot.edge * np.abs(toward_u), spot.cross * np.abs(toward_z))
    face = np.clip((width - spot.d) * sharp + np.float32(0.5), 0, 1)
    stone = np.clip((width + np.float32(TOP) - spot.d) * sharp + np.float32(0.5), 0, 1)
    albedo = _paved(s.road, spot, spot.d - width)
    _blend(albedo, stone, STONE, _stone_tone(s.road, spot, face))
    return Beside(place, albedo, face, -toward_u, -toward_z)


def _blend(albedo: np.ndarray, share: np.ndarray, colour: Colour, tone: np.ndarray | float) -> None:
    for plane, part in zip(albedo, colour, strict=True):
        plane += share * (np.float32(part) * tone - plane)


def _outwards(road: Road, spot: _Spot) -> tuple[np.ndarray, np.ndarray]:
    """The way out of the carriageway along u and z: across the street, along it beside a side road, round corners."""
    toward_u = np.sign(spot.u)
    if road.junction < 0:
        return toward_u, np.zeros_like(toward_u)
    off = spot.z - np.float32(road.junction)
    main, cross = np.abs(spot.u) - np.float32(road.half), np.abs(off) - np.float32(road.cross_half)
    corner = np.float32(road.corner)
    a, b = np.maximum(corner - main, 0), np.maximum(corner - cross, 0)
    beside = cross < main
    a, b = np.where((a > 0) & (b > 0), a, ~beside), np.where((a > 0) & (b > 0), b, beside)
    scale = 1 / np.sqrt(a * a + b * b)
    return toward_u * (a * scale), np.sign(off) * (b * scale)


def _upstand(road: Road, spot: _Spot) -> np.ndarray:
    """How high the kerb stands, metres: dropped at crossings and, where there are drives, before some of them."""
    high = np.full_like(spot.u, UPSTAND)
    if road.zebra > 0:
        ramp = (np.abs(spot.z - np.float32(road.zebra)) - np.float32(1.8)) * np.float32(0.11)
        high = np.clip(ramp, DROPPED, high)
    if road.kind == "residential":
        cell = np.floor(spot.z * np.float32(1 / 7))
        drive = lattice_hash(cell, np.sign(spot.u), road.salt) < 0.3
        ramp = (np.abs(spot.z - (cell + np.float32(0.5)) * 7) - np.float32(1.4)) * np.float32(0.11)
        high = np.where(drive, np.clip(ramp, DROPPED, high), high)
    return high


def _stone_tone(road: Road, spot: _Spot, face: np.ndarray) -> np.ndarray:
    """Stones 0.9 m long, each a little different, dirty at the foot."""
    length = (
        spot.z
        if road.junction < 0
        else np.where(np.abs(spot.z - np.float32(road.junction)) < road.cross_half + 1.5, spot.u + spot.z, spot.z)
    )
    cell = np.floor(length * np.float32(1 / 0.9))
    tone = np.float32(1 + 0.1 * (road.salt % 4)) + np.float32(0.3) * (
        lattice_hash(cell, cell, road.salt) - np.float32(0.5)
    )
    tone += np.float32(0.07) * spot.grain + np.float32(0.07) * spot.broad
    to_joint = np.float32(0.45) - np.abs(length - (cell + np.float32(0.5)) * np.float32(0.9))
    tone *= 1 - np.float32(0.6) * stripe(to_joint, 0.016, spot.cross)
    return tone * (1 - np.float32(0.18) * face)


def is_tarmac(road: Road) -> bool:
    """Whether the pavement is asphalt like the road: common, and hard to tell apart."""
    return (road.salt >> 4) % 8 < {"residential": 3, "high street": 1, "avenue": 2}[road.kind]


def _paved(road: Road, spot: _Spot, d: np.ndarray) -> np.ndarray:
    """Albedo (3, N) of the pavement and what lies behind it. d: metres from the kerb's top edge."""
    tarmac = is_tarmac(road)
    colour = tuple(1.12 * part for part in road.asphalt) if tarmac else road.paving
    tone = 1 + np.float32(0.08) * spot.broad + np.float32(0.09 if tarmac else 0.055) * spot.grain
    tone *= _joints(road, spot, d) if not tarmac else 1 - np.float32(0.1) * np.clip(spot.broad - 1, 0, 1)
    dirt = np.clip(1 - np.abs(spot.d - np.float32(road.walk)) * np.float32(3.3), 0, 1)
    tone *= 1 - np.float32(0.22) * dirt
    albedo = np.asarray(colour, np.float32)[:, None] * tone
    _tactile(road, spot, d, albedo)
    if road.verge > 1.2:
        _verge(road, spot, albedo)
    return albedo


def _joints(road: Road, spot: _Spot, d: np.ndarray) -> np.ndarray:
    """Brightness of slabs in a running bond, or of blocks: each its own, dark between."""
    long, wide, gap = (0.2, 0.1, 0.005) if (road.salt >> 6) % 4 == 0 else (road.paving_size, road.paving_size, 0.009)
    near = np.flatnonzero(spot.along < 2.2 * wide)
    tone = np.ones_like(spot.u)
    if not len(near):
        return tone
    z, d, cross, edge = spot.z[near], d[near], spot.cross[near], spot.edge[near]
    course = np.floor(d * np.float32(1 / wide))
    length = z + np.float32(long / 2) * (course % 2)
    cell = np.floor(length * np.float32(1 / long))
    fade = np.clip(2 - spot.along[near] * np.float32(0.9 / wide), 0, 1)
    own = (lattice_hash(cell, course, road.salt) - np.float32(0.5)) * np.float32(0.26)
    joint = np.maximum(
        stripe(length - cell * np.float32(long) - np.float32(long / 2), long / 2 - gap, cross) * -1 + 1,
        stripe(d - course * np.float32(wide) - np.float32(wide / 2), wide / 2 - gap, edge) * -1 + 1,
    )
    tone[near] = (1 + fade * own) * (1 - np.float32(0.5) * fade * joint)
    return tone


def _tactile(road: Road, spot: _Spot, d: np.ndarray, albedo: np.ndarray) -> None:
    """Blister paving where a zebra meets the kerb."""
    if road.zebra <= 0 or road.in_junction(road.zebra, 2.5):
        return
    place = np.flatnonzero((np.abs(spot.z - np.float32(road.zebra)) < 1.5) & (d > TOP) & (d < 0.95))
    if not len(place):
        return
    z, deep, along = spot.z[place], d[place], spot.along[place]
    a, b = z % np.float32(0.067) - np.float32(0.033), deep % np.float32(0.067) - np.float32(0.033)
    blister = np.where(a * a + b * b < 0.0004, np.float32(1.15), np.float32(0.9))
    tone = 1 + (blister - 1) * np.clip(np.float32(0.05) / along, 0, 1) + np.float32(0.06) * spot.broad[place]
    albedo[:, place] = np.asarray(TACTILE[road.salt % 3], np.float32)[:, None] * tone


def _verge(road: Road, spot: _Spot, albedo: np.ndarray) -> None:
    """Grass, its edge ragged, worn to the soil in places."""
    out = spot.d - np.float32(road.walk) + np.float32(0.05) * spot.grain + np.float32(0.03) * spot.broad
    place = np.flatnonzero(out > 0)
    broad, grain = spot.broad[place], spot.grain[place]
    worn = np.clip(broad - np.float32(1.1), 0, 1)
    tone = 1 + np.float32(0.30) * grain + np.float32(0.22) * broad
    tone *= np.float32(0.6) + np.float32(0.4) * np.minimum(1, out[place] * 5)
    np.maximum(tone, np.float32(0.2), out=tone)
    for plane, green, brown in zip(albedo, GRASS, SOIL, strict=True):
        plane[place] = (np.float32(green) + worn * np.float32(brown - green)) * tone
