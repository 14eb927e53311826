"""Paints walls: looks up cells and skins for every pixel that shows one, and puts them in their light.

What depends on the column only is worked out for strips, before the pixels. Knows no things on the street.
"""

from functools import cache
from typing import NamedTuple

import numpy as np

from unetkd_core.data.streets.camera import Camera
from unetkd_core.data.streets.dice import noise_tile, sample
from unetkd_core.data.streets.elevations import BEYOND, COURSES, ROOF, STREET, Elevations, cells, course_at, elevations
from unetkd_core.data.streets.glazing import Panes, light_of_panes
from unetkd_core.data.streets.lamps import light_on_walls
from unetkd_core.data.streets.layout import EIGHTH, Layout, Wall
from unetkd_core.data.streets.shadows import Sunlight
from unetkd_core.data.streets.sketch import UNIT
from unetkd_core.data.streets.skins import PERIOD, skins
from unetkd_core.data.streets.strips import Pixels, Strips, cut_strips, pixels_of
from unetkd_core.data.streets.tables import CellTable, SkinTable, cell_table, rightwards, skin_table
from unetkd_core.data.streets.walls import Hits, seen_roof

STREET_WIDE = 16.0
"""Metres to the panes' mirror image of the other side of the street: near enough."""


class _Surface(NamedTuple):
    """(4, P) float32 shares of wall, trim, sign and glass, (3, P) tint of the wall, and (P,) entries in the tables of
    strips and courses and in those of walls and courses."""

    share: np.ndarray
    tint: np.ndarray
    up: np.ndarray
    entry: np.ndarray
    own: np.ndarray


class Facades:
    """Paints all walls over light, labels and depth."""

    def __init__(self, layout: Layout, camera: Camera, sunlight: Sunlight) -> None:
        self.layout, self.camera, self.sunlight = layout, camera, sunlight

    def paint(self, layers: list[Hits], light: np.ndarray, labels: np.ndarray, depth: np.ndarray) -> None:
        """In place. light (H, W, 3) linear float32, labels (H, W) uint8, depth (H, W) float32."""
        strips = cut_strips(layers, self.camera)
        p = pixels_of(strips, self.camera)
        if not len(p.place):
            return
        shown = np.zeros(len(self.layout.walls), np.intp)
        shown[strips.wall] = 1
        walls = [self.layout.walls[i] for i in np.flatnonzero(shown).tolist()]
        strips = strips._replace(wall=(np.cumsum(shown) - 1)[strips.wall])
        shaded = self._shaded(walls, strips, p)
        flat, z = light.reshape(-1, 3), strips.depth.astype(np.float32)[p.strip]
        start = np.cumsum(strips.stop - strips.first) - (strips.stop - strips.first)
        cut = np.flatnonzero(strips.edge > strips.first)
        edge, cover = start[cut], (strips.first[cut] + 1 - strips.edge[cut]).astype(np.float32)
        below = flat[p.place[edge]]
        flat[p.place] = shaded.T
        flat[p.place[edge]] += (1 - cover)[:, None] * (below - shaded.T[edge])
        solid = np.ones(len(z), bool)
        solid[edge[cover < 0.5]] = False
        place = p.place[solid]
        labels.reshape(-1)[place] = 0
        depth.reshape(-1)[place] = z[solid]

    def _shaded(self, walls: list[Wall], strips: Strips, p: Pixels) -> np.ndarray:
        """(3, P) float32 linear light, haze and all."""
        weather = self.layout.weather
        plan = elevations(walls, np.array([seen_roof(w, self.camera.height_m) for w in walls]))
        along = rightwards(strips, plan.length)
        (sx, _, sz), normal = weather.to_sun, np.array([w.normal for w in walls])
        table = cell_table(plan, strips, along, normal[:, 0] * sz > normal[:, 2] * sx, self.camera)
        surface = _surface(plan, table, skin_table(plan, strips, along, self.camera), strips, p)
        lit = self._sunlit(walls, strips, p, surface.own)
        lamps = self._lamps(strips, p)
        shaded = weather.albedo(_albedo(plan, surface))
        haze = np.exp(-weather.haze * strips.depth).astype(np.float32)
        clear = haze[p.strip]
        sunny, sky = lit * clear, np.minimum(np.minimum(0.42 + 0.4 * p.y, 0.56 + 0.045 * p.y), 0.95) * clear
        for channel in range(3):
            incoming = sunny * np.float32(weather.sun[channel])
            incoming += sky * np.float32(weather.ambient[channel])
            if lamps is not None:
                incoming += lamps[:, channel] * clear
            shaded[channel] *= incoming
            shaded[channel] += ((1 - haze) * np.float32(weather.horizon[channel]))[p.strip]
        if not weather.clay:
            self._add_glass(shaded, plan, table, surface, strips, p, lit, clear)
        return shaded

    def _across(self, strips: Strips) -> np.ndarray:
        """u of each strip."""
        return strips.depth * self.camera.slopes()[strips.column] - self.layout.road.axis(strips.depth)

    def _sunlit(self, walls: list[Wall], strips: Strips, p: Pixels, own: np.ndarray) -> np.ndarray:
        """(P,) how much sun falls on the surface: 1 when it shines straight on it."""
        to_sun = np.asarray(self.layout.weather.to_sun)
        normal = np.array([w.normal for w in walls])
        straight = np.empty((len(walls), COURSES), np.float32)
        straight[:] = np.maximum(normal @ to_sun, 0)[:, None]
        pitched = np.array([w.roof > 0 for w in walls])
        side = np.array([w.side for w in walls])
        roof = np.maximum(normal @ to_sun * 0.6 + 0.8 * to_sun[1], 0)
        straight[:, ROOF] = np.where(pitched & ~side, roof, straight[:, ROOF])
        straight[:, BEYOND] = np.where(side, 0.6 * to_sun[1], straight[:, BEYOND])
        lit = straight.ravel()[own]
        if self.layout.weather.casts_shadows:
            clearance = self.sunlight.clearance(self._across(strips) + normal[strips.wall, 0] * 0.3, strips.depth)
            lit *= np.clip((p.y + clearance.astype(np.float32)[p.strip]) * 1.5 + 0.5, 0, 1)
        return lit

    def _lamps(self, strips: Strips, p: Pixels) -> np.ndarray | None:
        if self.layout.weather.lamps < 0.05:
            return None
        u, z = self._across(strips).astype(np.float32), strips.depth.astype(np.float32)
        return np.asarray(light_on_walls(self.layout, u[p.strip], p.y, z[p.strip]))

    def _add_glass(
        self,
        shaded: np.ndarray,
        plan: Elevations,
        table: CellTable,
        surface: _Surface,
        strips: Strips,
        p: Pixels,
        lit: np.ndarray,
        clear: np.ndarray,
    ) -> None:
        glass = np.flatnonzero(surface.share[3] > 0)
        entry, strip, y = surface.entry[glass], p.strip[glass], p.y[glass]
        wall = strips.wall[strip]
        eye, away = self.camera.height_m, plan.away
        distance = np.sqrt(1 + np.square(self.camera.slopes()[strips.column])) * strips.depth
        facing = np.minimum(away[strips.wall] / distance, 1).astype(np.float32)
        panes = Panes(
            table.across[entry],
            surface.up[glass],
            table.width[entry],
            table.high[entry],
            table.pick[entry],
            np.where(entry % COURSES == STREET, plan.inside[wall], -1),
            facing[strip],
            y + (y - np.float32(eye)) * (STREET_WIDE / away).astype(np.float32)[wall],
        )
        strength = surface.share[3][glass] * clear[glass]
        shaded[:, glass] += strength * light_of_panes(self.layout.weather, panes, lit[glass])


@cache
def _stains() -> np.ndarray:
    """Tints of weathered walls; eight texels a metre."""
    return np.asarray(1 + 0.045 * noise_tile(4, 5, 0.5, 128), np.float32)


def _surface(plan: Elevations, table: CellTable, skin: SkinTable, strips: Strips, p: Pixels) -> _Surface:
    """Looks up every pixel's texel and tint."""
    heights = course_at(plan.bottom)
    course = heights.ravel()[(p.y * np.float32(1 / EIGHTH)).astype(np.intp) + (strips.wall * heights.shape[1])[p.strip]]
    course[p.y > strips.brim.astype(np.float32)[p.strip]] = BEYOND
    entry = p.strip * COURSES + course
    own = (strips.wall * COURSES)[p.strip] + course
    up = (p.y - table.bottom[entry]) * table.scale[entry]
    np.clip(up, 0, 0.9999, out=up)
    share = _shares(table, up, entry)
    rows = skin.rows[p.strip]
    row = (p.y * (rows * np.float32(1 / PERIOD))).astype(np.int32) & (rows - 1)
    texel = skins().texels[skin.base[entry] + row * skin.stride[p.strip]]
    tint = _unpacked(texel, 3)
    tint *= sample(_stains(), p.y * 8, (strips.along * 8).astype(np.int32)[p.strip])
    return _Surface(share, tint, up, entry, own)


def _unpacked(texels: np.ndarray, channels: int) -> np.ndarray:
    """(channels, n) float32: the first bytes of each texel, 1 for UNIT."""
    unpacked = np.empty((channels, len(texels)), np.float32)
    np.multiply(texels.view(np.uint8).reshape(-1, 4).T[:channels], np.float32(1 / UNIT), out=unpacked)
    return unpacked


def _shares(table: CellTable, up: np.ndarray, entry: np.ndarray) -> np.ndarray:
    """(4, P): texels, blended between two rows where these differ: no teeth along what runs aslant."""
    texels, rows, stride = cells().texels, table.rows[entry], table.stride[entry]
    height = up * rows - np.float32(0.5)
    row = np.maximum(height, 0).astype(np.int32)
    place = table.foot[entry] - row * stride
    low, high = texels[place], texels[place - stride * (row < rows - 1)]
    mixed = np.flatnonzero(low != high)
    part = np.maximum((height[mixed] - row[mixed]) * 128, 0).astype(np.int16)[:, None]
    lower, upper = (a[mixed].view(np.uint8).reshape(-1, 4).astype(np.int16) for a in (low, high))
    lower += (upper - lower) * part >> 7
    low[mixed] = lower.astype(np.uint8).view(np.uint32).ravel()
    return _unpacked(low, 4)


def _albedo(plan: Elevations, surface: _Surface) -> np.ndarray:
    """(3, P) of all but the glass."""
    albedo = np.empty_like(surface.tint)
    for channel in range(3):
        wall, trim, sign = (np.ascontiguousarray(c[..., channel]).ravel() for c in plan.colours)
        albedo[channel] = wall[surface.own] * surface.share[0] * surface.tint[channel]
        albedo[channel] += trim[surface.own] * surface.share[1]
        albedo[channel] += sign[surface.own] * surface.share[2]
    return albedo
