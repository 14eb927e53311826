"""The ground's pixels seen from above: where each one lies on the street, how big it is, and the noise it shares.

Knows the road's outline; knows neither materials nor light.
"""

from typing import NamedTuple

import numpy as np

from unetkd_core.data.streets.camera import Camera
from unetkd_core.data.streets.dice import noise_tile
from unetkd_core.data.streets.layout import Road

GRAINS = 128
"""Texels a metre of the finest noise."""
SHARPEST = 0.012
"""Metres: no edge on the ground is sharper than this."""


class Surface(NamedTuple):
    """Pixels of the rows from the horizon down. Arrays (h, W) float32: u, metres right of the axis; d, metres outside
    the kerb; edge, one over the metres that an edge along the street is blurred over; grain and broad, noise about 0
    (grain faded where pixels are wider than it). Columns (h, 1) float32: z; across and along, a pixel's size in metres;
    cross, like edge for an edge across the street."""

    road: Road
    eye: float
    u: np.ndarray
    d: np.ndarray
    z: np.ndarray
    across: np.ndarray
    along: np.ndarray
    edge: np.ndarray
    cross: np.ndarray
    grain: np.ndarray
    broad: np.ndarray

    def rows(self, low: float, high: float) -> slice:
        """The rows that show anything between low and high metres ahead, and a row on either side."""
        start, stop = np.searchsorted(np.negative(self.z[:, 0]), (-high, -low)).tolist()
        return slice(max(start - 1, 0), stop + 1)

    def window(self, u: float, z: float, half_u: float, half_z: float) -> tuple[slice, slice] | None:
        """The rows and columns that show a rectangle of the street; None where it is out of sight or under a pixel."""
        rows = self.rows(z - half_z, z + half_z)
        first, last = rows.start, min(rows.stop, len(self.z)) - 1
        if first > last or z + half_z < self.z[-1, 0] or half_z < 0.3 * self.along[last, 0]:
            return None
        far, near = (
            np.searchsorted(self.u[first], (u - half_u, u + half_u)),
            np.searchsorted(self.u[last], (u - half_u, u + half_u)),
        )
        left, right = max(min(far[0], near[0]) - 1, 0), max(far[1], near[1]) + 1
        return (rows, slice(left, right)) if right > 1 and left < self.u.shape[1] else None

    def finer_than(self, metres: float) -> slice:
        """The near rows whose pixels are no longer than this."""
        return slice(int(np.searchsorted(np.negative(self.along[:, 0]), -metres)), None)


def stripe(distance: np.ndarray, half: float, edge: np.ndarray) -> np.ndarray:
    """Share of each pixel that a stripe of this half width covers, `distance` metres off its middle."""
    cover = np.abs(distance)
    np.subtract(np.float32(half), cover, out=cover)
    cover = cover * edge
    cover += np.float32(0.5)
    np.maximum(cover, 0, out=cover)
    np.minimum(cover, 1, out=cover)
    cover *= np.minimum(1, np.float32(2 * half) * edge + np.float32(0.15))
    return cover


def kerb_distance(road: Road, u: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Metres outside the carriageway (negative inside), corners rounded. Plain arithmetic: labels come from it."""
    main = np.abs(u) - road.half
    if road.junction < 0:
        return main
    cross = np.abs(z - road.junction) - road.cross_half
    distance = np.minimum(main, cross)
    rows = np.flatnonzero(cross[:, 0] < road.corner)
    if not len(rows):
        return distance
    near = slice(rows[0], rows[-1] + 1)
    a, b = np.maximum(road.corner - main[near], 0), np.maximum(road.corner - cross[near], 0)
    rounded = road.corner - np.sqrt(a * a + b * b)
    distance[near] = np.where((a > 0) & (b > 0), rounded, distance[near])
    return distance


def texels(tile: np.ndarray, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Nearest texels of a 512 x 512 tile at (row, column), wrapped; the two broadcast together. float32."""
    place = (column.astype(np.int32) & 511) + ((row.astype(np.int32) & 511) << 9)
    return tile.reshape(-1).take(place)


def survey(road: Road, camera: Camera, drops: np.ndarray) -> tuple[Surface, np.ndarray]:
    """The surface of the rows with these drops, and its kerb distance in float64 for labels."""
    z64 = (camera.height_m / drops)[:, None]
    u64 = camera.slopes()[None, :] * z64
    u64 -= road.axis(z64)
    d64 = kerb_distance(road, u64, z64)
    u, z = u64.astype(np.float32), z64.astype(np.float32)
    across = z * np.float32(1 / camera.focal)
    along = across * z * np.float32(1 / camera.height_m)
    fine = texels(noise_tile(256, 2, 1.0), z * np.float32(GRAINS), u * np.float32(GRAINS) + np.float32(8192))
    # Coarse noise is looked up a random texel off: its texels would show as squares close by.
    broad = texels(
        noise_tile(4, 6),
        z * np.float32(19) + np.float32(0.45) * fine,
        u * np.float32(22) + fine + np.float32(road.salt % 512 + 8192),
    )
    fine *= np.minimum(1, np.float32(0.02) / np.sqrt(across * along))
    # A pixel below another also looks further to the side: far out, that is most of what an edge is blurred over.
    edge = along * np.abs(camera.slopes() - road.yaw).astype(np.float32)[None, :]
    edge *= np.float32(0.85)
    np.maximum(edge, across, out=edge)
    np.maximum(edge, np.float32(SHARPEST), out=edge)
    np.divide(1, edge, out=edge)
    cross = 1 / np.maximum(along, np.float32(SHARPEST))
    d = d64.astype(np.float32)
    return Surface(road, camera.height_m, u, d, z, across, along, edge, cross, fine, broad), d64
