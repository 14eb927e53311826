"""The ground, cast pixel by pixel: carriageway, paint, kerbs, paving and verges put together, wetted and lit.

Knows the road and the light; knows nothing that stands up (shadows of things come as a mask).
"""

from typing import NamedTuple

import numpy as np

from unetkd_core.data.streets.asphalt import asphalt_tone
from unetkd_core.data.streets.camera import Camera
from unetkd_core.data.streets.dice import noise_tile
from unetkd_core.data.streets.lamps import light_on_ground
from unetkd_core.data.streets.layout import Layout, Road
from unetkd_core.data.streets.markings import WHITE, YELLOW, coloured_lane, markings
from unetkd_core.data.streets.paving import Beside, beside_road
from unetkd_core.data.streets.shadows import Sunlight
from unetkd_core.data.streets.surface import Surface, survey, texels
from unetkd_core.data.streets.weather import Weather

BACKGROUND, ROAD, SIDEWALK = 0, 1, 2


class Ground(NamedTuple):
    """Rows from `first` down: light (h, W, 3) float32 linear, labels uint8, depth (h, 1) metres, wet (h, W) 0-1."""

    first: int
    light: np.ndarray
    labels: np.ndarray
    depth: np.ndarray
    wet: np.ndarray


def cast_ground(layout: Layout, camera: Camera, sunlight: Sunlight, shade: np.ndarray, contact: np.ndarray) -> Ground:
    """Cast every ground pixel. shade, contact: (H, W) float32 in [0, 1], the sun and sky that things leave it."""
    road, weather = layout.road, layout.weather
    drops = camera.drops()
    first = int(np.searchsorted(drops, camera.height_m / 400.0))
    s, d64 = survey(road, camera, drops[first:])
    labels = (d64 < 0).astype(np.uint8)
    labels += np.uint8(SIDEWALK) * ((d64 >= 0) & (d64 < road.walk))
    albedo = _carriageway(s)
    beside = beside_road(s, road.axis(s.z).astype(np.float32))
    _lay_beside(s, albedo, beside)
    wet = _wet(s, weather, albedo)
    lit = sunlight.reaches(s.u, np.zeros(1, np.float32), s.z)
    lit *= shade[first:]
    lit *= np.float32(weather.to_sun[1])
    sky = _open_sky(s, contact[first:])
    _turn(road, weather, beside, lit, sky)
    light = np.empty((*s.u.shape, 3), np.float32)
    albedo = weather.albedo(albedo)
    lamps = light_on_ground(layout, s.u, s.z)
    for c, plane in enumerate(albedo):
        here = lit * np.float32(weather.sun[c])
        here += sky * np.float32(weather.ambient[c])
        if isinstance(lamps, np.ndarray):
            here += lamps[..., c]
        np.multiply(here, plane, out=light[..., c])
    return Ground(first, light, labels, s.z, wet)


def _carriageway(s: Surface) -> np.ndarray:
    """Albedo (3, h, W) of asphalt and the paint on it, laid everywhere."""
    tone = asphalt_tone(s)
    albedo = np.asarray(s.road.asphalt, np.float32)[:, None, None] * tone
    lane = coloured_lane(s)
    if lane is not None:
        cover, colour = lane
        place = np.flatnonzero(cover)
        _paint(albedo, place, cover.reshape(-1)[place], np.asarray(colour)[:, None] * tone.reshape(-1)[place])
    white, yellow = markings(s)
    for line, colour in ((yellow, YELLOW), (white, WHITE)):
        if line is not None:
            place = np.flatnonzero(line > np.float32(0.01))
            worn = line.reshape(-1)[place] * _worn(s, place)
            _paint(
                albedo, place, worn, np.asarray(colour)[:, None] * (1 + np.float32(0.04) * s.broad.reshape(-1)[place])
            )
    return albedo


def _paint(albedo: np.ndarray, place: np.ndarray, cover: np.ndarray, colour: np.ndarray) -> None:
    """Blend colour (3, N) over the flat places."""
    for plane, part in zip(albedo.reshape(3, -1), colour.astype(np.float32), strict=True):
        under = plane[place]
        under += cover * (part - under)
        plane[place] = under


def _worn(s: Surface, place: np.ndarray) -> np.ndarray:
    """How much of the paint is left: chipped down to the stones, more in some places and on some roads."""
    row = place // s.u.shape[1]
    u, z = s.u.reshape(-1)[place], s.z[row, 0]
    patchy = texels(noise_tile(32, 4), z * np.float32(34), u * np.float32(60) + np.float32(8192))
    age = (0.55, 0.85, 1.2, 1.6)[(s.road.salt >> 3) % 4]
    bare = patchy * np.float32(0.22 * age) + s.grain.reshape(-1)[place] * np.float32(0.20 * age)
    return np.clip(
        np.float32(1.02 - 0.17 * age) - np.maximum(bare, np.float32(-0.1)), np.float32(0.12), np.float32(0.95)
    )


def _lay_beside(s: Surface, albedo: np.ndarray, beside: Beside) -> None:
    share = s.d.reshape(-1)[beside.place] * s.edge.reshape(-1)[beside.place]
    share += np.float32(0.5)
    _paint(albedo, beside.place, np.minimum(share, 1), beside.albedo)


def _wet(s: Surface, weather: Weather, albedo: np.ndarray) -> np.ndarray:
    """How wet each pixel is, puddles in the hollows; wet ground is darker. Darkens albedo in its place."""
    if weather.wet <= 0:
        return np.zeros(s.u.shape, np.float32)
    hollow = texels(noise_tile(4, 4), s.z * np.float32(12), s.u * np.float32(25) + np.float32(8192))
    puddle = np.clip((hollow + np.float32(2.6 * weather.wet - 1.9)) * np.float32(2.2), 0, 1) * (s.d < 0.2)
    albedo *= 1 - np.float32(0.45) * np.minimum(np.float32(weather.wet) + puddle, 1)
    return np.minimum(np.float32(0.35 * weather.wet) + np.float32(0.55) * puddle, np.float32(0.9))


def _open_sky(s: Surface, contact: np.ndarray) -> np.ndarray:
    """Share of the sky's light: less beside the walls and under things."""
    sky = np.abs(s.u)
    sky *= np.float32(-0.05)
    sky += np.float32(0.80 + 0.05 * (s.road.half + s.road.walk))
    np.minimum(sky, 1, out=sky)
    np.maximum(sky, np.float32(0.65), out=sky)
    sky *= contact
    return sky


def _turn(road: Road, weather: Weather, beside: Beside, lit: np.ndarray, sky: np.ndarray) -> None:
    """A kerb's face takes light from where it looks, not from above."""
    facing = np.flatnonzero(beside.face > 0)
    place, face = beside.place[facing], beside.face[facing]
    sx, up, sz = weather.to_sun
    steep = (beside.toward_u[facing] * np.float32(sx) + beside.toward_z[facing] * np.float32(sz)) / np.float32(up)
    flat_lit, flat_sky = lit.reshape(-1), sky.reshape(-1)
    flat_lit[place] *= 1 + face * (np.clip(steep, 0.03, 1.6) - 1)
    flat_sky[place] *= 1 - np.float32(0.25) * face
