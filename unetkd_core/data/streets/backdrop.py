"""What stands behind everything: sky, far treeline, buildings, hedges and garden walls, cast column by column.

Each image column is one direction over the ground; per column the nearest walls are found, and their windows, shops,
bricks and roofs computed for all pixels at once. Knows no things on the street.
"""

from typing import NamedTuple

import numpy as np

from unetkd_core.data.streets.camera import Camera
from unetkd_core.data.streets.dice import lattice_hash, noise_tile, sample, sample_smooth
from unetkd_core.data.streets.layout import REACH, Layout, Wall
from unetkd_core.data.streets.shadows import Sunlight

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
    up = np.maximum(-camera.drops(), 0.0).astype(np.float32)[:, None]
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
    return np.asarray(light * (1 - far) + far * (woods * clear + horizon * (1 - clear)), dtype=np.float32)


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


class Facades:
    """Paints one layer of walls over light, labels and depth."""

    def __init__(self, layout: Layout, camera: Camera, sunlight: Sunlight) -> None:
        self.layout, self.camera, self.sunlight = layout, camera, sunlight
        self.tables = {name: np.array([getattr(w, name) for w in layout.walls], np.float32) for name in (
            "height", "roof", "glass", "floor", "ground_floor", "bay", "shop", "colour", "trim", "sign", "window", "normal")}
        self.tables["salt"] = np.array([w.salt for w in layout.walls], np.int64)
        self.tables["length"] = np.array([((w.x1 - w.x0) ** 2 + (w.z1 - w.z0) ** 2) ** 0.5 for w in layout.walls], np.float32)
        for style in ("brick", "glass", "hedge", "garden wall", "panel"):
            self.tables[style] = np.array([w.style == style for w in layout.walls], bool)

    def paint(self, hits: Hits, light: np.ndarray, labels: np.ndarray, depth: np.ndarray) -> None:
        """In place. light (H, W, 3) linear float32, labels (H, W) uint8, depth (H, W) float32."""
        camera = self.camera
        seen = np.flatnonzero(np.isfinite(hits.depth))
        if not len(seen):
            return
        z = hits.depth[seen]
        wall = hits.wall[seen]
        t = {name: table[wall] for name, table in self.tables.items()}
        along = hits.along[seen].astype(np.float32)
        peak = (t["height"] + t["roof"] * 0.9 + 1.4).max() if False else None
        y = (camera.height_m - camera.drops()[:, None] * z[None, :]).astype(np.float32)
        bottom = min(camera.rows, int(np.ceil((camera.horizon + camera.focal * camera.height_m / z.min()))) + 1)
        y = y[:bottom]
        del peak
        pixel = (z / camera.focal).astype(np.float32)
        top = t["height"] + t["roof"] * 0.9
        ragged = sample(noise_tile(16, 5), np.zeros_like(along) + t["salt"] % 512, along * 40)
        top = top + t["hedge"] * 0.10 * ragged
        chimney = (np.abs((along + t["salt"] % 7) % 7.5 - 3) < 0.5) & (t["roof"] > 0.7)
        top = top + 1.2 * chimney
        inside = (y >= 0) & (y < top)
        albedo = self._albedo(t, y, along, pixel)
        normal = t["normal"]
        sun = np.maximum(normal @ np.asarray(self.layout.weather.to_sun, np.float32), 0)
        u = (hits.depth[seen] * camera.slopes()[seen] - self.layout.road.axis(z)).astype(np.float32)
        lit = np.zeros_like(y)
        if self.layout.weather.casts_shadows and sun.any():
            lit = self.sunlight.reaches(u[None] + normal[:, 0][None] * 0.3, y, z.astype(np.float32)[None]) * sun
        sky_share = np.clip(0.55 + 0.045 * y, 0.4, 0.95)
        weather = self.layout.weather
        shaded = albedo * (lit[..., None] * np.asarray(weather.sun, np.float32) + sky_share[..., None] * np.asarray(weather.ambient, np.float32))
        shaded += self._lamps(t, y, along, pixel)
        clear = np.exp(-weather.haze * z).astype(np.float32)[None, :, None]
        shaded = shaded * clear + np.asarray(weather.horizon, np.float32) * (1 - clear)
        cover = (np.clip((top - y) / pixel + 0.5, 0, 1) * (y >= 0))[..., None]
        light[:bottom, seen] = light[:bottom, seen] * (1 - cover) + shaded * cover
        labels[:bottom, seen] = np.where(inside, 0, labels[:bottom, seen])
        depth[:bottom, seen] = np.where(inside, z.astype(np.float32)[None], depth[:bottom, seen])

    def _cells(self, t: dict, y: np.ndarray, along: np.ndarray, pixel: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Window coverage and frame coverage, and the whole numbers (storey, bay) of the cell each pixel is in."""
        storey = np.floor((y - t["ground_floor"]) / t["floor"])
        high = (y - t["ground_floor"]) / t["floor"] - storey
        bays = np.maximum(1, np.floor(t["length"] / t["bay"]))
        bay_size = t["length"] / bays
        column = np.floor(along / bay_size)
        side = (np.abs(along / bay_size - column - 0.5) * bay_size)[None]
        rise = np.abs(high - 0.48) * t["floor"]
        half_w, half_h = t["window"][:, 0] * bay_size / 2, t["window"][:, 1] * t["floor"] / 2
        window = np.clip((half_w - side) / pixel + 0.5, 0, 1) * np.clip((half_h - rise) / pixel + 0.5, 0, 1)
        frame = np.clip((half_w + 0.13 - side) / pixel + 0.5, 0, 1) * np.clip((half_h + 0.13 - rise) / pixel + 0.5, 0, 1)
        bars = np.clip(1 - (np.abs(side) - 0.03) / pixel, 0, 1) * 0.8
        upper = (storey >= 0) & (y < t["height"] - 0.35) & ~(t["hedge"] | t["garden wall"])
        return window * upper * (1 - bars), frame * upper, storey, column[None]

    def _albedo(self, t: dict, y: np.ndarray, along: np.ndarray, pixel: np.ndarray) -> np.ndarray:
        s = along[None]
        salt = t["salt"]
        grime = sample(noise_tile(4, 6), y * 20, s * 20 + salt % 512)
        grain = sample(noise_tile(128, 3, 0.8), y * 90, s * 90)
        course = np.clip(1 - (np.abs(y % 0.22 - 0.11) - 0.09) / -0.02, 0, 1) * np.clip(0.05 / pixel, 0, 1) * t["brick"]
        tone = 1 + 0.08 * grime + 0.10 * grain * np.clip(0.03 / pixel, 0.1, 1) - 0.18 * course
        tone = tone * np.clip(0.80 + 0.12 * y, 0.8, 1)
        tone = np.where(t["hedge"], 1 + 0.35 * grime + 0.4 * grain, tone)
        albedo = tone[..., None] * t["colour"]
        window, frame, storey, column = self._cells(t, y, along, pixel)
        albedo = albedo + frame[..., None] * (t["trim"] * tone[..., None] - albedo)
        pick = lattice_hash(storey, column + salt, 3)
        glass = self._glass(t, y, pick)
        albedo = albedo + window[..., None] * (glass - albedo)
        albedo = self._shop(t, albedo, y, along, pixel)
        eaves = np.clip((0.22 - np.abs(y - t["height"])) / pixel + 0.5, 0, 1) * ~(t["hedge"] | t["garden wall"])
        slate = (1 + 0.15 * grime - 0.2 * (y % 0.35 < 0.06))[..., None] * (np.asarray((0.085, 0.08, 0.085), np.float32) + 0.05 * t["colour"])
        albedo = np.where((y > t["height"])[..., None], slate, albedo)
        chimney = (y > t["height"] + 0.9 * t["roof"])
        albedo = np.where(chimney[..., None], t["colour"] * 0.8, albedo)
        pipe = np.clip((0.05 - np.abs(s - 0.35)) / pixel + 0.5, 0, 1) * (y < t["height"]) * ~(t["hedge"] | t["garden wall"])
        albedo = albedo * (1 - 0.65 * pipe[..., None])
        return np.asarray(albedo + eaves[..., None] * (t["trim"] * 0.55 - albedo), dtype=np.float32)

    def _glass(self, t: dict, y: np.ndarray, pick: np.ndarray) -> np.ndarray:
        """Windows: dark rooms, pale curtains, or a piece of sky, by lot."""
        weather = self.layout.weather
        mirror = (np.asarray(weather.zenith, np.float32) + np.asarray(weather.horizon, np.float32)) * 0.30
        share = np.clip(0.06 + 0.05 * y * t["glass"] * (0.4 + pick), 0, 0.85)[..., None]
        room = np.where((pick > 0.72)[..., None], np.asarray((0.30, 0.28, 0.25), np.float32), np.asarray((0.025, 0.03, 0.035), np.float32))
        return room * (1 - share) + mirror * share

    def _shop(self, t: dict, albedo: np.ndarray, y: np.ndarray, along: np.ndarray, pixel: np.ndarray) -> np.ndarray:
        """Ground floors: shop fronts under a sign, or doors and windows."""
        s = along[None]
        has = t["shop"] > 0
        unit = np.where(has, t["shop"], 3.0)
        local = np.abs(s % unit - unit / 2)
        top = t["ground_floor"] - 0.95
        pane = np.clip((unit / 2 - 0.14 - local) / pixel + 0.5, 0, 1) * np.clip((y - 0.5) / pixel + 0.5, 0, 1) * np.clip((top - y) / pixel + 0.5, 0, 1) * has
        goods = sample(noise_tile(32, 4), y * 30, s * 22 + t["salt"] % 512)
        inside = np.clip(0.06 + 0.05 * goods + 0.06 * (goods > 0.9), 0.012, 0.5)[..., None] * np.asarray((1.0, 0.92, 0.82), np.float32)
        surround = ((y < top) & has)[..., None]
        albedo = np.where(surround, t["sign"] * 0.8 + 0.02, albedo)
        albedo = albedo + pane[..., None] * (inside - albedo)
        board = ((y >= top) & (y < top + 0.75) & has)
        letters = (np.abs(y - top - 0.36) < 0.17) & (lattice_hash(np.floor(s * 5.5), t["salt"] + 0 * s, 5) > 0.35) & (np.abs((s + t["salt"] % 5) % 9 - 4.5) < 2.4)
        albedo = np.where(board[..., None], t["sign"] + 0.45 * (letters & board)[..., None], albedo)
        plain = ~has & ~(t["hedge"] | t["garden wall"])
        bay = np.abs(s % 3.1 - 1.55)
        door = lattice_hash(np.floor(s / 3.1), t["salt"] + 0 * s, 9) > 0.62
        opening = np.clip((np.where(door, 0.5, 0.62) - bay) / pixel + 0.5, 0, 1) * np.clip((np.where(door, 2.15, 2.3) - y) / pixel + 0.5, 0, 1) * np.clip((y - np.where(door, 0.05, 0.95)) / pixel + 0.5, 0, 1) * plain
        fill = np.where(door[..., None], t["sign"] * 0.7 + 0.01, np.asarray((0.05, 0.055, 0.06), np.float32))
        return albedo + opening[..., None] * (fill - albedo)

    def _lamps(self, t: dict, y: np.ndarray, along: np.ndarray, pixel: np.ndarray) -> np.ndarray | float:
        """Lit windows and shop fronts when it is dark."""
        lamps = self.layout.weather.lamps
        if lamps <= 0:
            return 0.0
        window, _, storey, column = self._cells(t, y, along, pixel)
        on = lattice_hash(storey, column + t["salt"], 11) < 0.32 * lamps
        shop = (t["shop"] > 0) & (y > 0.5) & (y < t["ground_floor"] - 0.95) & (lattice_hash(t["salt"], t["salt"], 2) < 0.75)
        goods = 0.75 + 0.3 * sample(noise_tile(32, 4), y * 30, along[None] * 22)
        warm = np.asarray((0.85, 0.56, 0.27), np.float32)
        return ((window * on)[..., None] * 0.55 + (shop * goods)[..., None] * 0.5) * warm * np.float32(0.55 * lamps)


__all__ = ["REACH", "Facades", "Hits", "Wall", "cast_walls", "sky"]
