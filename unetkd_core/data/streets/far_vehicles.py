"""Vehicles a few pixels high: the bands of their outline across the width, one flank, glass and lamps.

Built from the same tables as the meshes, but in plain Python: at this size calling numpy costs more than it saves.
"""

from functools import lru_cache
from itertools import pairwise
from math import cos, sin, sqrt
from typing import NamedTuple

import numpy as np

from unetkd_core.data.streets.bodies import TINY, Body, Frame
from unetkd_core.data.streets.canvas import Canvas, Point
from unetkd_core.data.streets.dice import Colour
from unetkd_core.data.streets.fleet import FRAMES
from unetkd_core.data.streets.mesh import at, thinned

Vec = tuple[float, float, float]
COARSE = 14.0
"""Pixels to the metre below which tyres and what lies on flanks are left out."""
_DARK: Colour = (0.012, 0.012, 0.013)
_LAID: dict[str, Colour] = {"glass": (0.035, 0.040, 0.046), "tail": (0.24, 0.01, 0.01), "head": (0.5, 0.5, 0.5)}


class Patch(NamedTuple):
    """One polygon in the vehicle's axes; `laid` when it lies within what is painted already."""

    points: list[Vec]
    normal: Vec
    material: str
    laid: bool


@lru_cache(maxsize=256)
def _patches(kind: str, end: int, side: int, coarse: bool) -> list[Patch]:
    """From far to near, for one who sees this end (-1 tail, 1 nose) and this flank (0: neither)."""
    frame = FRAMES[kind]
    out = _tyres(frame, end)[2:] if not coarse else []
    solids = frame.solids if end > 0 else frame.solids[::-1]
    for body in solids:
        out += _solid(body, frame.length / 2, end, side)
    return [patch for patch in out if not (coarse and patch.laid and patch.normal[0])]


def _tyres(frame: Frame, end: int) -> list[Patch]:
    r, out = frame.wheel, []
    for axle in frame.axles[:: 1 if end > 0 else -1]:
        z = axle - frame.length / 2 + end * r * 0.9
        for x in (-frame.track + 0.12, frame.track - 0.12):
            box = [(x - 0.1, 0.0, z), (x + 0.1, 0.0, z), (x + 0.1, r * 1.5, z), (x - 0.1, r * 1.5, z)]
            out.append(Patch(box, (0.0, 0.0, float(end)), "dark", False))
    return out


def _solid(body: Body, middle: float, end: int, side: int) -> list[Patch]:
    top = thinned(np.asarray(body.top, np.float64), 0.12)
    half = max(x for _, x in body.plan)
    low = at(body.low, float(top[:, 0].mean())) + 0.02
    belt = [at(body.belt, float(z)) for z in top[:, 0]]
    high = float(top[:, 1].max())
    lean = [
        half * (0.97 - body.lean * min(1.0, max(0.0, (y - b) / max(0.1, high - b))))
        for (_, y), b in zip(top, belt, strict=True)
    ]
    line = [(float(z) - middle, float(y), x) for (z, y), x in zip(top, lean, strict=True)]
    out = []
    if side:
        out += _flank(body, line, low, half, middle, side)
    ordered = line if end > 0 else line[::-1]
    for (z0, y0, x0), (z1, y1, x1) in pairwise(ordered):
        long = sqrt((z1 - z0) ** 2 + (y1 - y0) ** 2) or 1.0
        normal = (0.0, abs(z1 - z0) / long, end * (y0 - y1) / long)
        if normal[2] * end > -0.06:
            out.append(Patch([(-x0, y0, z0), (x0, y0, z0), (x1, y1, z1), (-x1, y1, z1)], normal, body.material, False))
    z, y, x = ordered[-1]
    wide = half * 0.96
    out.append(
        Patch([(-x, y, z), (x, y, z), (wide, low, z), (-wide, low, z)], (0.0, 0.1, float(end)), body.material, False)
    )
    return out + _laid(body, line, middle, end)


def _flank(body: Body, line: list[Vec], low: float, half: float, middle: float, side: int) -> list[Patch]:
    edge = [(side * x, y, z) for z, y, x in line]
    foot = [(side * half * 0.97, low, line[-1][0]), (side * half * 0.97, low, line[0][0])]
    out = [Patch(edge + foot, (side * 0.98, 0.15, 0.0), body.material, False)]
    for detail in body.flank:
        if detail.material == "glass":
            glass = [(side * half * (0.97 - body.lean * 0.5), y, z - middle) for z, y in detail.outline]
            out.append(Patch(glass, (side * 0.95, 0.3, 0.0), "glass", True))
    return out


def _laid(body: Body, line: list[Vec], middle: float, end: int) -> list[Patch]:
    """What lies on nose or tail, as far along as the outline is at that height."""
    ends = sorted((y, z) for z, y, _ in line if z * end > -middle * 0.2 or len(line) < 5)
    heights, along = [y for y, _ in ends], [z for _, z in ends]
    tip = (line[-1] if end > 0 else line[0])[0]
    out = []
    for detail in body.nose if end > 0 else body.tail:
        if detail.level < TINY or detail.material not in _LAID:
            continue
        for flip in (1, -1) if detail.both else (1,):
            points = [
                (flip * x, y, tip if y <= heights[0] else float(np.interp(y, heights, along)))
                for x, y in detail.outline
            ]
            out.append(Patch(points, (0.0, 0.35, end * 0.93), detail.material, True))
    return out


def paint_far(
    canvas: Canvas,
    item: int,
    kind: str,
    place: tuple[float, float, float, float],
    colours: dict[str, Colour],
    lit: float,
) -> None:
    """place: x and z of the middle, yaw, size; colours: of paint, second, and of lamps that are on."""
    x, z, yaw, size = place
    c, s = cos(yaw), sin(yaw)
    across, along = -(x * c - z * s), -(x * s + z * c)
    frame = FRAMES[kind]
    side = 0 if abs(across) < frame.track else (1 if across > 0 else -1)
    camera, weather = canvas.camera, canvas.weather
    shaded: dict[tuple[str, Vec], tuple[int, int, int]] = {}
    for patch in _patches(kind, 1 if along > 0 else -1, side, camera.focal < COARSE * z):
        points: list[Point] = []
        for px, py, pz in patch.points:
            scale = camera.focal / max(1.0, z + (pz * c - px * s) * size)
            points.append(
                (
                    camera.centre + (x + (px * c + pz * s) * size) * scale,
                    camera.horizon + (camera.height_m - py * size) * scale,
                )
            )
        key = (patch.material, patch.normal)
        if key not in shaded:
            nx, ny, nz = patch.normal
            albedo = colours.get(patch.material) or _LAID.get(patch.material, _DARK)
            shaded[key] = weather.shade(albedo, (nx * c + nz * s, ny, nz * c - nx * s), lit, z)
        if patch.laid:
            canvas.detail(points, shaded[key])
        else:
            canvas.polygon(item, points, shaded[key])
