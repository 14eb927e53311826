"""What walls look like: bricks, windows, shop fronts, doors, roofs; hedges and garden walls. One pixel list, one pass.

Every pixel that shows a wall is gathered first (nearest wall wins), so that no hidden brick is ever computed. Knows no
things on the street.
"""

from typing import NamedTuple

import numpy as np

from unetkd_core.data.streets.camera import Camera
from unetkd_core.data.streets.dice import lattice_hash, noise_tile, sample
from unetkd_core.data.streets.lamps import light_on_walls
from unetkd_core.data.streets.layout import Layout
from unetkd_core.data.streets.shadows import Sunlight
from unetkd_core.data.streets.walls import Hits

ROOF_RISE = 0.9
"""A roof leans back: its metres look this much shorter from the street."""


class Pixels(NamedTuple):
    """The P pixels that show walls. Each (P,): flat index, wall, metres up, along and away, pixel size, coverage."""

    place: np.ndarray
    wall: np.ndarray
    y: np.ndarray
    along: np.ndarray
    depth: np.ndarray
    pixel: np.ndarray
    cover: np.ndarray
    solid: np.ndarray


def _step(inside: np.ndarray, pixel: np.ndarray) -> np.ndarray:
    """Coverage of a pixel whose centre is `inside` metres within an edge."""
    return np.clip(inside / pixel + 0.5, 0, 1)


class Facades:
    """Paints all walls over light, labels and depth."""

    def __init__(self, layout: Layout, camera: Camera, sunlight: Sunlight) -> None:
        self.layout, self.camera, self.sunlight = layout, camera, sunlight
        walls = layout.walls
        single = (
            "height",
            "roof",
            "glass",
            "floor",
            "ground_floor",
            "bay",
            "shop",
            "colour",
            "trim",
            "sign",
            "window",
            "normal",
        )
        self.tables = {name: np.array([getattr(w, name) for w in walls], np.float32) for name in single}
        self.tables["salt"] = np.array([w.salt % 8192 for w in walls], np.float32)
        length = np.array([((w.x1 - w.x0) ** 2 + (w.z1 - w.z0) ** 2) ** 0.5 for w in walls], np.float32)
        self.tables["bay"] = length / np.maximum(1, np.floor(length / self.tables["bay"]))
        for style in ("brick", "hedge"):
            self.tables[style] = np.array([w.style == style for w in walls], np.float32)
        self.tables["house"] = np.array([w.style not in ("hedge", "garden wall") for w in walls], np.float32)

    def paint(self, layers: list[Hits], light: np.ndarray, labels: np.ndarray, depth: np.ndarray) -> None:
        """In place. light (H, W, 3) linear float32, labels (H, W) uint8, depth (H, W) float32."""
        p = self._gather(layers)
        if not len(p.place):
            return
        t = {name: table[p.wall] for name, table in self.tables.items()}
        weather = self.layout.weather
        albedo, glow = self._surface(t, p)
        albedo = weather.albedo(albedo)
        sun = np.maximum(t["normal"] @ np.asarray(weather.to_sun, np.float32), 0)
        columns = p.place % self.camera.columns
        u = (p.depth * self.camera.slopes()[columns] - self.layout.road.axis(p.depth)).astype(np.float32)
        lit = self.sunlight.reaches(u + t["normal"][:, 0] * 0.3, p.y, p.depth) * sun
        sky_share = np.clip(0.55 + 0.045 * p.y, 0.4, 0.95)
        shaded = (
            albedo
            * (
                lit[:, None] * np.asarray(weather.sun, np.float32)
                + sky_share[:, None] * np.asarray(weather.ambient, np.float32)
                + light_on_walls(self.layout, u, p.y, p.depth)
            )
            + glow
        )
        clear = np.exp(-np.float32(weather.haze) * p.depth)[:, None]
        shaded = shaded * clear + np.asarray(weather.horizon, np.float32) * (1 - clear)
        flat = light.reshape(-1, 3)
        flat[p.place] += p.cover[:, None] * (shaded - flat[p.place])
        solid = p.place[p.solid]
        labels.reshape(-1)[solid] = 0
        depth.reshape(-1)[solid] = p.depth[p.solid]

    def _gather(self, layers: list[Hits]) -> Pixels:
        camera, tables = self.camera, self.tables
        drops = camera.drops().astype(np.float32)[:, None]
        behind = np.zeros((camera.rows, camera.columns), bool)
        parts: list[tuple[np.ndarray, ...]] = []
        for hits in reversed(layers):
            z = np.where(np.isfinite(hits.depth), hits.depth, 1e6).astype(np.float32)
            along, wall = hits.along.astype(np.float32), hits.wall
            salt, roof = tables["salt"][wall], tables["roof"][wall]
            top = tables["height"][wall] + roof * ROOF_RISE
            top = top + tables["hedge"][wall] * 0.1 * sample(noise_tile(16, 5), salt, along * 40)
            top = top + 1.2 * ((np.abs((along + salt % 7) % 7.5 - 3) < 0.5) & (roof > 0.7))
            top = np.where(np.isfinite(hits.depth), top, -1)
            y = camera.height_m - drops * z
            pixel = z / np.float32(camera.focal)
            solid = (y >= 0) & (y < top)
            edge = (y >= 0) & (y < top + pixel / 2) & ~behind
            index = np.flatnonzero(solid | edge)
            column = index % camera.columns
            height = y.reshape(-1)[index]
            cover = np.where(behind.reshape(-1)[index], 1, np.clip((top[column] - height) / pixel[column] + 0.5, 0, 1))
            for i, part in enumerate(parts):
                keep = ~solid.reshape(-1)[part[0]]
                parts[i] = tuple(a[keep] for a in part)
            parts.append(
                (
                    index,
                    wall[column],
                    height,
                    along[column],
                    z[column],
                    pixel[column],
                    cover.astype(np.float32),
                    solid.reshape(-1)[index],
                )
            )
            behind |= solid
        return Pixels(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))

    def _surface(self, t: dict[str, np.ndarray], p: Pixels) -> tuple[np.ndarray, np.ndarray | float]:
        """Albedo (P, 3) and light of its own, (P, 3) or 0."""
        y, house = p.y, t["house"]
        grime = sample(noise_tile(4, 6), y * 20, p.along * 20 + t["salt"])
        grain = sample(noise_tile(128, 3, 0.8), y * 90, p.along * 90) * np.clip(0.03 / p.pixel, 0.1, 1)
        course = t["brick"] * (y % 0.22 < 0.03) * np.clip(0.05 / p.pixel, 0, 1)
        tone = (1 + 0.08 * grime + 0.08 * grain - 0.15 * course) * np.clip(0.78 + 0.11 * y, 0, 1)
        tone = np.where(t["hedge"] > 0, 1 + 0.35 * grime + 0.35 * grain, tone)
        albedo = tone[:, None] * t["colour"]
        band = (np.abs(y - t["ground_floor"] + 0.12) < 0.09) * house * (t["salt"] % 3 > 1)
        albedo += (0.6 * band)[:, None] * (t["trim"] - albedo)
        glow = self._windows(t, p, albedo, tone)
        low = np.flatnonzero((y < t["ground_floor"]) & (house > 0))
        glow = self._street_level({name: a[low] for name, a in t.items()}, p, low, albedo, glow)
        self._roof(t, p, albedo, grime)
        pipe = _step(0.05 - np.abs(p.along - 0.35), p.pixel) * (y < t["height"]) * house * 0.65
        albedo *= (1 - pipe)[:, None]
        return albedo, glow

    def _windows(self, t: dict[str, np.ndarray], p: Pixels, albedo: np.ndarray, tone: np.ndarray) -> np.ndarray | float:
        """Upper floors' windows, painted into albedo; returns their light at night."""
        y, pixel = p.y, p.pixel
        storey = np.floor((y - t["ground_floor"]) / t["floor"])
        column = np.floor(p.along / t["bay"])
        side = np.abs(p.along - (column + 0.5) * t["bay"])
        rise = (y - t["ground_floor"]) - (storey + 0.48) * t["floor"]
        half_w, half_h = t["window"][:, 0] * t["bay"] / 2, t["window"][:, 1] * t["floor"] / 2
        upper = (storey >= 0) * (y < t["height"] - 0.3) * t["house"]
        window = _step(half_w - side, pixel) * _step(half_h - np.abs(rise), pixel) * upper
        frame = _step(half_w + 0.12 - side, pixel) * _step(half_h + 0.10 - np.abs(rise), pixel) * upper
        sill = _step(half_w + 0.2 - side, pixel) * _step(0.07 - np.abs(rise + half_h + 0.1), pixel) * upper
        bars = np.maximum(_step(0.03 - side, pixel), _step(0.025 - np.abs(rise - 0.15 * half_h), pixel)) * np.minimum(
            1, 0.08 / pixel
        )
        albedo += np.maximum(frame, sill)[:, None] * (t["trim"] * tone[:, None] - albedo)
        pick = lattice_hash(storey, column + t["salt"], 3)
        weather = self.layout.weather
        mirror = (np.asarray(weather.zenith, np.float32) + np.asarray(weather.horizon, np.float32)) * 0.32
        share = np.clip(0.08 + 0.045 * y * t["glass"] * (0.4 + pick) + 0.08 * rise, 0, 0.85)[:, None]
        curtain = (pick > 0.6) & (side > half_w * (0.9 - 0.6 * (pick - 0.6) / 0.4))
        room = np.where((curtain | (pick > 0.93))[:, None], np.float32(0.30), np.float32(0.028))
        reveal = np.clip((half_h - rise) / 0.22, 0.35, 1)[:, None]
        pane = (room * (1 - share) + mirror * share) * reveal
        window = window * (1 - bars)
        albedo += window[:, None] * (pane - albedo)
        if weather.lamps <= 0:
            return 0.0
        on = lattice_hash(storey, column + t["salt"], 11) < 0.35 * weather.lamps
        strength = window * on * (0.25 + 0.3 * pick) * weather.lamps * (0.6 + 0.4 * (rise > 0))
        return np.asarray(strength[:, None] * np.asarray((0.85, 0.54, 0.25), np.float32))

    def _street_level(
        self, t: dict[str, np.ndarray], p: Pixels, low: np.ndarray, albedo: np.ndarray, glow: np.ndarray | float
    ) -> np.ndarray | float:
        """Ground floors: shop fronts under their signs, or doors and windows; into albedo at pixels `low`."""
        s, y, pixel, salt = p.along[low], p.y[low], p.pixel[low], t["salt"]
        shop = t["shop"] > 0
        unit = np.where(shop, t["shop"], 3.1)
        number = np.floor(s / unit)
        local = s - (number + 0.5) * unit
        top = t["ground_floor"] - 0.95
        here = albedo[low]
        here = np.where((shop & (y < top + 0.8))[:, None], t["sign"] * 0.8 + 0.015, here)
        doorway = lattice_hash(number, salt, 9)
        is_door = np.where(shop, doorway > 0.75, doorway > 0.6)
        half = np.where(shop, unit / 2 - 0.13, np.where(is_door, 0.5, 0.62))
        bottom = np.where(shop, np.where(is_door, 0.08, 0.55), np.where(is_door, 0.05, 0.95))
        lid = np.where(shop, top, np.where(is_door, 2.15, 2.35))
        trim = (
            _step(half + 0.10 - np.abs(local), pixel)
            * _step(lid + 0.1 - y, pixel)
            * _step(y - bottom + 0.1, pixel)
            * ~shop
        )
        here += trim[:, None] * (t["trim"] - here)
        pane = _step(half - np.abs(local), pixel) * _step(lid - y, pixel) * _step(y - bottom, pixel)
        goods = lattice_hash(np.floor(s * 2.1 + 0.4 * np.floor(y * 1.6)), np.floor(y * 1.6) + salt, 21)
        hue = np.stack(
            [goods, lattice_hash(np.floor(s * 2.1), salt, 22), lattice_hash(np.floor(s * 1.3), salt, 23)], axis=-1
        )
        display = (
            0.016
            + (0.11 * (goods > 0.55) * (y < 1.9) * shop)[:, None] * (0.25 + 0.75 * hue)
            + (0.10 * shop * (np.abs(y - top + 0.3) < 0.07))[:, None]
        )
        weather = self.layout.weather
        mirror = (np.asarray(weather.horizon, np.float32) * 0.10) * np.clip(
            0.5 + 0.5 * np.sin((s + 0.6 * y) * 0.9 + salt), 0, 1
        )[:, None]
        leaf = np.where((is_door & ~shop)[:, None], t["sign"] * 0.75 + 0.012, display + mirror)
        here += pane[:, None] * (leaf - here)
        self._letters(t, here, s, y, top, shop, pixel)
        albedo[low] = here
        if weather.lamps > 0:
            glow = np.zeros_like(albedo) + glow
            lit = pane * shop * (lattice_hash(salt, salt, 2) < 0.75) * (0.35 + 0.5 * goods) * 0.6 * weather.lamps
            glow[low] += lit[:, None] * np.asarray((0.9, 0.66, 0.38), np.float32)
        return glow

    def _letters(
        self,
        t: dict[str, np.ndarray],
        here: np.ndarray,
        s: np.ndarray,
        y: np.ndarray,
        top: np.ndarray,
        shop: np.ndarray,
        pixel: np.ndarray,
    ) -> None:
        """Something like writing on a shop's board: strokes by lot in a row of small boxes."""
        board = np.flatnonzero(shop & (np.abs(y - top - 0.38) < 0.20) & (np.abs((s + t["salt"] % 5) % 9 - 4.5) < 2.2))
        s, rise, salt = s[board], (y - top)[board] - 0.18, t["salt"][board]
        letter, stroke, level = np.floor(s / 0.30), np.floor(s % 0.30 / 0.075), np.floor(rise / 0.08)
        ink = (
            (stroke < 3)
            & ((lattice_hash(letter * 4 + stroke, level + salt, 5) > 0.42) | (stroke == 0))
            & (lattice_hash(letter, salt, 6) > 0.15)
        )
        pale = np.where(t["sign"][board].mean(axis=-1) > 0.2, 0.04, 0.62)
        share = np.where(pixel[board] > 0.08, 0.42, ink.astype(np.float32))
        here[board] += share[:, None] * (pale[:, None] - here[board])

    def _roof(self, t: dict[str, np.ndarray], p: Pixels, albedo: np.ndarray, grime: np.ndarray) -> None:
        y, house = p.y, t["house"]
        above = np.flatnonzero((y > t["height"] - 0.4) & (house > 0))
        if not len(above):
            return
        h, colour, rise = t["height"][above], t["colour"][above], y[above]
        slate = (1 + 0.15 * grime[above] - 0.2 * (rise % 0.35 < 0.06))[:, None] * (
            np.asarray((0.10, 0.09, 0.09), np.float32) + 0.08 * colour
        )
        here = np.where((rise > h)[:, None], slate, albedo[above])
        here = np.where((rise > h + ROOF_RISE * t["roof"][above])[:, None], colour * 0.75, here)
        eaves = _step(0.2 - np.abs(rise - h), p.pixel[above])[:, None]
        albedo[above] = here + eaves * (t["trim"][above] * 0.6 - here)
