"""The ground, cast pixel by pixel: asphalt and its paint, kerbs, paving, verges, and the shadows that lie on them.

Knows the road and the light; knows nothing that stands up (shadows of things come as a mask).
"""

from typing import NamedTuple

import numpy as np

from unetkd_core.data.streets.camera import Camera
from unetkd_core.data.streets.dice import lattice_hash, noise_tile, sample
from unetkd_core.data.streets.lamps import light_on_ground
from unetkd_core.data.streets.layout import Layout, Road
from unetkd_core.data.streets.shadows import Sunlight

BACKGROUND, ROAD, SIDEWALK = 0, 1, 2
KERB = 0.16


class Ground(NamedTuple):
    """Rows from `first` down: light (h, W, 3) float32 linear, labels uint8, depth (h, 1) metres, wet (h, W) 0-1."""

    first: int
    light: np.ndarray
    labels: np.ndarray
    depth: np.ndarray
    wet: np.ndarray


def _line(distance: np.ndarray, half: float, blur: np.ndarray) -> np.ndarray:
    """How much of a pixel (blur metres wide) a stripe of this half width covers, `distance` off its middle."""
    return np.clip((half - np.abs(distance)) / blur + 0.5, 0, 1) * np.minimum(1, 2 * half / blur + 0.15)


def _kerb_distance(road: Road, u: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Metres outside the carriageway (negative inside), corners rounded. Plain arithmetic: labels come from it."""
    main = np.abs(u) - road.half
    if road.junction < 0:
        return main
    cross = np.abs(z - road.junction) - road.cross_half
    a, b = np.maximum(road.corner - main, 0), np.maximum(road.corner - cross, 0)
    rounded = road.corner - np.sqrt(a * a + b * b)
    return np.where((main < road.corner) & (cross < road.corner), rounded, np.minimum(main, cross))


def _markings(
    road: Road, u: np.ndarray, z: np.ndarray, d: np.ndarray, across: np.ndarray, along: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """White and yellow paint coverage in [0, 1]."""
    blur, long_blur = np.maximum(across, 0.02), np.maximum(along, 0.02)
    open_road = (
        (np.abs(z - road.junction) > road.cross_half + 1.5) if road.junction > 0 else np.ones_like(z, dtype=bool)
    )
    dash = _line((z + road.salt % 7) % 6.0 - 3.0, 1.5, long_blur)
    white = np.zeros_like(u)
    if road.centre_line == 1:
        white = np.maximum(_line(u - 0.16, 0.055, blur), _line(u + 0.16, 0.055, blur))
    elif road.centre_line:
        white = _line(u, 0.06, blur) * dash
    lane = (road.half - road.parking) / road.lanes
    if road.lanes > 1:
        white = np.maximum(white, _line(np.abs(u) - lane, 0.055, blur) * dash)
    if road.parking and road.salt % 3:
        bay = _line((z + 1) % 5.6 - 2.8, 0.05, long_blur) * (np.abs(u) > road.half - road.parking)
        white = np.maximum(white, np.maximum(_line(np.abs(u) - road.half + road.parking, 0.05, blur) * 0.9, bay))
    white = white * open_road
    if road.zebra > 0 and not road.in_junction(road.zebra, 2.5):
        stripes = _line((u + 40) % 1.1 - 0.55, 0.27, blur) * _line(z - road.zebra, 1.5, long_blur)
        stop = _line(z - road.zebra + 2.6, 0.15, long_blur)
        white = np.where(np.abs(z - road.zebra) < 4, np.maximum(stripes, stop), white)
    if road.junction > 0:
        near = road.junction - road.cross_half - 2.2
        own = (u * road.drive > 0).astype(u.dtype)
        white = np.maximum(white, _line(z - near, 0.16, long_blur) * own)
        white = np.maximum(
            white, _line((u + 40) % 1.1 - 0.55, 0.27, blur) * _line(z - near - 1.6, 0.9, long_blur) * (road.salt % 2)
        )
    if road.salt % 5 == 0 and not road.in_junction(16, 6):
        arrow = road.drive * lane / 2
        head = np.abs(u - arrow) < np.clip((17.2 - z) * 0.22, 0, 0.34)
        white = np.maximum(
            white,
            np.where((z > 14) & (z < 17.2), np.maximum(_line(u - arrow, 0.09, blur) * (z < 16), head & (z > 15.6)), 0),
        )
    yellow = np.zeros_like(u)
    if road.edge_line in (1, 2):
        yellow = _line(d + 0.32, 0.045, blur)
        if road.edge_line == 2:
            yellow = np.maximum(yellow, _line(d + 0.52, 0.045, blur))
    return white * (d < -0.05), yellow * (d < 0)


def _asphalt(road: Road, u: np.ndarray, z: np.ndarray, across: np.ndarray, along: np.ndarray) -> np.ndarray:
    """Brightness factor of the carriageway: stains, patches, worn tracks, grain, cracks, covers."""
    broad = sample(noise_tile(4, 6), z * 9, u * 22 + road.salt % 512)
    grain = sample(noise_tile(128, 3, 0.8), z * 97, u * 101)
    tone = 1 + 0.09 * broad + 0.09 * grain * np.clip(0.03 / along, 0.12, 1)
    lane = (road.half - road.parking) / road.lanes
    track = np.abs((np.abs(u) % lane) / lane - 0.5)
    tone = tone * (1 - 0.10 * np.clip(1 - np.abs(track - 0.23) * 9, 0, 1))
    for i in range(3):
        key = (road.salt >> (3 * i)) % 97
        u0, z0, half_u, half_z = -road.half + key / 97 * 2 * road.half, 5 + key % 29, 0.5 + key % 3 * 0.6, 0.8 + key % 7
        inside = (np.abs(u - u0) < half_u) & (np.abs(z - z0) < half_z)
        tone = np.where(inside, tone * (0.72 + 0.5 * (key % 13) / 13), tone)
        cover = (u - u0 - 1) ** 2 + (z - z0 - 4) ** 2
        tone = np.where(cover < 0.12, tone * 0.6 + 0.12 * (cover > 0.07), tone)
    seam = _line(u - 0.3 * broad - (road.salt % 5 - 2), 0.03, np.maximum(across, 0.02))
    crack = sample(noise_tile(8, 5), z * 14, u * 31)
    return (
        tone
        * (1 - 0.3 * (road.salt % 3 == 0) * seam)
        * (1 - (0.06 + 0.03 * (road.salt % 7)) * np.clip(1 - np.abs(crack) * 14, 0, 1) * np.clip(0.1 / along, 0, 1))
    )


def _paving(
    road: Road, d: np.ndarray, u: np.ndarray, z: np.ndarray, across: np.ndarray, along: np.ndarray
) -> np.ndarray:
    """Brightness factor of the sidewalk: slabs, joints, stains."""
    size = road.paving_size
    row, column = np.floor(z / size), np.floor(d / size + 0.5 * (np.floor(z / size) % 2))
    slab = (lattice_hash(row, column, road.salt) - 0.5) * np.clip(1.5 * size / along, 0, 1)
    joint = np.maximum(
        _line(z % size, 0.015, np.maximum(along, 0.02)),
        _line((d + 0.5 * size * (row % 2)) % size, 0.015, np.maximum(across, 0.02)),
    )
    stain = sample(noise_tile(4, 6), z * 17, u * 19)
    grain = sample(noise_tile(128, 3, 0.8), z * 97, u * 101)
    return (1 + 0.16 * slab + 0.10 * stain + 0.06 * grain * np.clip(0.03 / along, 0.1, 1)) * (1 - 0.45 * joint)


def cast_ground(layout: Layout, camera: Camera, sunlight: Sunlight, shade: np.ndarray, contact: np.ndarray) -> Ground:
    """Cast every ground pixel. shade, contact: (H, W) float32 in [0, 1], the sun and sky that things leave it."""
    road, weather = layout.road, layout.weather
    drops = camera.drops()
    first = int(np.searchsorted(drops, camera.height_m / 400.0))
    z = (camera.height_m / drops[first:])[:, None]
    u = camera.slopes()[None, :] * z - road.axis(z)
    across, along = (z / camera.focal).astype(np.float32), (z * z / (camera.focal * camera.height_m)).astype(np.float32)
    d64 = _kerb_distance(road, u, z)
    labels = np.where(d64 < 0, ROAD, np.where(d64 < road.walk, SIDEWALK, BACKGROUND)).astype(np.uint8)
    u, d, z = u.astype(np.float32), d64.astype(np.float32), z.astype(np.float32)
    white, yellow = _markings(road, u, z + np.zeros_like(u), d, across, along)
    asphalt, paving = _asphalt(road, u, z, across, along), _paving(road, d, u, z, across, along)
    worn = np.clip(0.80 - 0.28 * sample(noise_tile(32, 4), z * 40, u * 60), 0.15, 1)
    white, yellow = (white * worn)[..., None], (yellow * worn)[..., None]
    kerb = np.clip((d + 0.02) / np.maximum(across, 0.02), 0, 1) * np.clip((KERB - d) / np.maximum(across, 0.02), 0, 1)
    gutter = _line(d + 0.06, 0.09, np.maximum(across, 0.02))
    on_road = np.clip(0.5 - d / np.maximum(across, 0.01), 0, 1)[..., None]
    albedo = asphalt[..., None] * np.asarray(road.asphalt, np.float32)
    albedo = albedo * (1 - 0.30 * gutter[..., None])
    albedo = albedo * (1 - white) + white * np.asarray((0.62, 0.62, 0.60), np.float32)
    albedo = albedo * (1 - yellow) + yellow * np.asarray((0.50, 0.34, 0.05), np.float32)
    walk = paving[..., None] * np.asarray(road.paving, np.float32) * (1 + 0.35 * kerb[..., None])
    if road.verge > 1.2:
        grass = (1 + 0.35 * sample(noise_tile(64, 4), z * 60, u * 60))[..., None] * np.asarray(
            (0.07, 0.11, 0.035), np.float32
        )
        walk = np.where((d > road.walk)[..., None], grass, walk)
    albedo = albedo * on_road + walk * (1 - on_road)
    puddle = np.clip((sample(noise_tile(4, 4), z * 12, u * 25) + 2.6 * weather.wet - 1.9) * 2.2, 0, 1) * (d < 0.2)
    wet = np.clip(0.35 * weather.wet + 0.55 * puddle, 0, 0.9) * (weather.wet > 0)
    albedo = albedo * (1 - 0.45 * np.clip(weather.wet + puddle * (weather.wet > 0), 0, 1))[..., None]
    albedo = weather.albedo(albedo)
    lit = sunlight.reaches(u, np.zeros(1, np.float32), z) * shade[first:] * weather.to_sun[1]
    sky = contact[first:] * np.clip(0.80 + 0.05 * (road.half + road.walk - np.abs(u)), 0.65, 1)
    light = albedo * (
        lit[..., None] * np.asarray(weather.sun, np.float32) + sky[..., None] * np.asarray(weather.ambient, np.float32)
    )
    light += albedo * light_on_ground(layout, u, z)
    return Ground(first, light.astype(np.float32), labels, z, wet)
