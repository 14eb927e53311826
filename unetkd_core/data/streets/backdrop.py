"""What stands behind everything: the sky with its far treeline, and which wall each image column meets.

Each image column is one direction over the ground: per column the nearest walls are found. What a wall looks like is not
known here.
"""

from typing import NamedTuple

import numpy as np

from unetkd_core.data.streets.camera import Camera
from unetkd_core.data.streets.dice import noise_tile, sample_smooth
from unetkd_core.data.streets.layout import Layout

LAYERS = 3
"""Walls seen above one another in one column: hedge, house, taller house behind."""


class Hits(NamedTuple):
    """One layer: for each column which wall, at what depth (inf: none), how far along it, metres."""

    wall: np.ndarray
    depth: np.ndarray
    along: np.ndarray


def sky(layout: Layout, camera: Camera) -> np.ndarray:
    """(H, W, 3) float32 linear light of the sky, with a far treeline at its foot."""
    weather = layout.weather
    rows = min(camera.rows, max(1, int(camera.horizon) + 1))
    up = np.maximum(-camera.drops()[:rows], 0.0).astype(np.float32)[:, None]
    slope = camera.slopes().astype(np.float32)[None, :]
    zenith, horizon = np.asarray(weather.zenith, np.float32), np.asarray(weather.horizon, np.float32)
    blend = 1 - 1 / (1 + 3.2 * up) ** 1.5
    light = horizon + blend[..., None] * (zenith - horizon) + np.zeros((1, camera.columns, 1), np.float32)
    lift = up + 0.10
    tile = noise_tile(4, 6, 0.55)
    shift = layout.road.salt % 512
    puffs = sample_smooth(tile, 42 / lift + shift, 30 * slope / lift + 2 * shift)
    cover = np.clip((puffs + 3.2 * weather.clouds - 1.6) * 0.8, 0, 1) * np.clip(up * 9, 0, 1)
    thick = np.clip(0.5 + 0.35 * sample_smooth(tile, 46 / lift + shift, 33 * slope / lift + 2 * shift + 6), 0, 1)
    lit, dark = np.asarray(weather.cloud_lit, np.float32), np.asarray(weather.cloud_dark, np.float32)
    cloud = lit + thick[..., None] * (dark - lit)
    light = light + cover[..., None] * (cloud - light)
    sx, sy, sz = weather.to_sun
    if weather.casts_shadows and sz > 0.1:
        distance = (slope - sx / sz) ** 2 + (up - sy / sz) ** 2
        light = light + (0.9 * np.exp(-distance * 9) + 3 * np.exp(-distance * 260))[..., None] * np.asarray(weather.sun, np.float32) * (1 - 0.7 * weather.clouds)
    ridge = 0.030 + 0.022 * sample_smooth(tile, np.full_like(slope, shift), 90 * slope + 256) + 0.006 * sample_smooth(tile, np.full_like(slope, 7), 900 * slope + 512)
    far = np.clip((ridge - up) * camera.focal, 0, 1)[..., None]
    clear = np.float32(np.exp(-weather.haze * 260))
    woods = np.asarray((0.05, 0.065, 0.05), np.float32) * np.asarray(weather.ambient, np.float32) * 1.6
    frame = np.empty((camera.rows, camera.columns, 3), np.float32)
    frame[:rows] = light + far * (woods * clear + horizon * (1 - clear) - light)
    frame[rows:] = horizon
    return frame


def cast_walls(layout: Layout, camera: Camera) -> list[Hits]:
    """The visible walls of each column, nearest first: each further layer must show above the ones before it."""
    walls = layout.walls
    x0, z0, x1, z1, top = (np.array([getattr(w, name) for w in walls])[:, None] for name in ("x0", "z0", "x1", "z1", "height"))
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
    return layers
