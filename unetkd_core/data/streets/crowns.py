"""Crowns grown once, leaf by leaf and twig by twig, as pictures that any sun can light. Knows no street and no camera.

A crown is an RGBA picture: red and green tell how much of a sun at the left and at the right its leaves get, blue how
much of the sky, alpha what is there. Its levels are grown for near, middling and far trees, each only when asked for.
"""

from functools import lru_cache
from math import cos, pi, sin
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from unetkd_core.data.streets.dice import Dice
from unetkd_core.data.streets.tree_species import SPECIES, Species

NUMBERS = 2
"""Crowns of each kind."""
LEVELS = (44, 176, 640)
"""Rows of a crown's pictures, for far, middling and near trees."""
MARGIN = 0.035
_SUN_LEFT, _SUN_RIGHT, _UP, _VIEWER = (-0.62, 0.62, 0.48), (0.62, 0.62, 0.48), (0.0, 1.0, 0.0), (0.0, 0.25, 0.97)
_GOLDEN = 2.39996
"""Radians from one clump to the next: any few in a row go all around."""
_LIMB_TONE = (52, 52, 70)


class Limb(NamedTuple):
    """One piece of a branch in the crown's picture (0-1, y down) and its width there, shares of the crown's height."""

    x0: float
    y0: float
    x1: float
    y1: float
    width: float


def _exposure(points: np.ndarray, towards: tuple[float, float, float], cell: float, soft: float) -> np.ndarray:
    """(N,) in [0, 1]: how freely each of the points (N, 3) sees in this direction past the others."""
    way = np.asarray(towards) / np.linalg.norm(towards)
    side = np.cross(way, (0.31, 0.17, 0.94) if abs(way[2]) < 0.9 else (1.0, 0.0, 0.0))
    side /= np.linalg.norm(side)
    over = np.cross(way, side)
    row, column = ((points @ axis / cell + 64).astype(np.int64) for axis in (side, over))
    ahead = points @ way
    front = np.full((128, 128), -9.0)
    np.maximum.at(front, (row, column), ahead)
    return np.asarray(np.clip(1 - (front[row, column] - ahead - 0.6 * cell) / soft, 0, 1))


def _clump_centres(dice: Dice, species: Species) -> np.ndarray:
    """(clumps, 3) x, y, z in crown heights, y from 0 to 1; most of them near the outline."""
    centres = []
    for i in range(species.clumps):
        y = (i + dice.unit()) / species.clumps
        r = float(np.interp(y * 6, range(7), species.outline)) * species.aspect / 2
        r *= dice.unit() ** (0.25 if species.knobs else 0.42)
        angle = _GOLDEN * i + dice.between(-0.8, 0.8)
        y += 0.8 * species.clump * (r / species.aspect) * dice.between(-1, 1)
        centres.append((r * cos(angle), y, r * sin(angle)))
    return np.array(centres)


def _normals(rng: np.random.Generator, count: int) -> np.ndarray:
    """(count, 3) unit vectors, any way. From uniform draws: those are the same on every machine."""
    y, angle = rng.random(count) * 2 - 1, rng.random(count) * 2 * pi
    flat = np.sqrt(1 - y * y)
    return np.stack([flat * np.cos(angle), y, flat * np.sin(angle)], axis=1)


def _leaves(species: Species, number: int, coarse: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(N, 3) places of the leaves, (N, 3) light of each (sun left, sun right, sky; 0-1), (N,) their lengths."""
    salt = len(species.outline) * species.clumps + species.leaves
    dice, rng = Dice(7, number, salt), np.random.Generator(np.random.PCG64([8, number, salt]))
    centres = _clump_centres(dice, species)
    sizes = species.clump * (0.65 + 0.7 * rng.random(len(centres)))
    count = int(species.leaves / coarse**2)
    clump = rng.integers(0, len(centres), count)
    out = _normals(rng, count)
    places = centres[clump] + out * (sizes[clump] * rng.random(count) ** 0.45)[:, None]
    places[:, 1] -= species.hang * rng.random(count) ** 2 * (rng.random(len(centres))[clump] + 0.4)
    places[:, 1] = (places[:, 1] - places[:, 1].min()) / np.ptp(places[:, 1])
    cell = species.clump * 0.42
    middle = np.array((0.0, 0.45, 0.0))
    outward = (places - middle) / (np.abs(places - middle).max(axis=0) + 1e-6)
    facing = 0.55 * out + 0.55 * outward + 0.35 * _normals(rng, count)
    facing /= np.linalg.norm(facing, axis=1)[:, None]
    soft = species.clump * 1.1
    light = []
    for sun in (_SUN_LEFT, _SUN_RIGHT):
        turned = np.clip(0.42 + 0.62 * (facing @ np.asarray(sun)), 0.05, 1)
        light.append(turned * (0.16 + 0.84 * _exposure(places, sun, cell, soft)))
    sky = sum(share * _exposure(places, way, cell, soft * 1.6) for way, share in ((_UP, 0.55), (_VIEWER, 0.35)))
    light.append(0.16 + (0.62 * sky + 0.14 * outward[:, 1]) * (0.75 + 0.25 * facing[:, 1]))
    tone = 0.82 + 0.36 * rng.random(count)
    lengths = species.leaf * coarse * (0.75 + 0.5 * rng.random(count))
    return places, np.clip(np.stack(light, axis=1) * tone[:, None], 0.02, 1), lengths


def _draw_leaves(
    pen: ImageDraw.ImageDraw, species: Species, leaves: tuple[np.ndarray, np.ndarray, np.ndarray], side: int, seed: int
) -> None:
    """Leaves as slim rhombs, drawn in the order given; pen's picture is `side` rows high."""
    places, light, lengths = leaves
    angle = np.random.Generator(np.random.PCG64([9, seed])).random(len(places)) * pi
    scale = side * (1 - 2 * MARGIN)
    reach = np.abs(places[:, 0]).max() + 0.02 if len(places) else 1.0
    x = side * species.aspect * (0.5 + (0.5 - MARGIN) * places[:, 0] / max(reach, species.aspect / 2))
    y = side * (1 - MARGIN) - places[:, 1] * scale
    long, slim = lengths * side, lengths * side * 0.55
    ax, ay = long * np.cos(angle), long * np.sin(angle)
    bx, by = -slim * np.sin(angle), slim * np.cos(angle)
    rhombs = np.stack([x - ax, y - ay, x - bx, y - by, x + ax, y + ay, x + bx, y + by], axis=1).tolist()
    for rhomb, tone in zip(rhombs, (light * 255).astype(int).tolist(), strict=True):
        pen.polygon(rhomb, fill=(tone[0], tone[1], tone[2], 255))


@lru_cache(maxsize=64)
def limbs(kind: str, number: int) -> tuple[Limb, ...]:
    """The branches of this crown, thick ones first."""
    species = SPECIES[kind]
    dice = Dice(11, number, species.clumps)
    trunk = 1.7 * species.girth / (1 - species.clear)
    found: list[Limb] = []
    queue = [(0.0, 0.0, dice.between(-0.06, 0.06), 0.42, trunk, 0, 1.0)]
    while queue:
        queue.extend(_grow(dice, species, found, *queue.pop(0)))
    half = max(max(abs(limb.x1) for limb in found), 1e-3)
    top = max(limb.y1 for limb in found)
    across, up = (0.5 - MARGIN) / half, (1 - 1.5 * MARGIN) / top
    return tuple(Limb(0.5 + a * across, 1 - b * up, 0.5 + c * across, 1 - d * up, width) for a, b, c, d, width in found)


def _grow(
    dice: Dice,
    species: Species,
    found: list[Limb],
    x: float,
    y: float,
    lean: float,
    length: float,
    width: float,
    level: int,
    flat: float,
) -> list[tuple[float, float, float, float, float, int, float]]:
    """One branch, bending a little upwards, in a few pieces; returns the branches that leave it."""
    steps = 4 if level < 3 else 2
    children = []
    droop = 0.16 if species.hang and level > 2 else -0.07
    for step in range(steps):
        lean += dice.between(-0.16, 0.16) + droop * (1 if lean > 0 else -1) * min(1.0, abs(lean))
        x1, y1 = x + length / steps * sin(lean) * flat, y + length / steps * cos(lean)
        found.append(Limb(x, y, x1, y1, width * (1 - 0.12 * step)))
        x, y = x1, y1
        if level + 1 < species.fine and (step > 0 or level > 0):
            turn = species.spread * dice.between(0.6, 1.5) * (1 if (step + dice.integer(0, 1)) % 2 else -1)
            share = dice.between(0.5, 0.78) * (1 - 0.35 * step / steps if level == 0 else 1)
            children.append((x, y, lean + turn, length * share, width * 0.47, level + 1, dice.between(0.45, 1.0)))
    if level + 1 < species.fine:
        children.append((x, y, lean + dice.between(-0.2, 0.2), length * 0.72, width * 0.55, level + 1, flat))
    return children


def draw_limbs(
    pen: ImageDraw.ImageDraw, branches: tuple[Limb, ...], size: tuple[float, float], origin: tuple[float, float]
) -> None:
    """Draw branches on a picture whose crown is `size` pixels (across, down) from `origin`; thick ones look round."""
    (across, down), (left, top) = size, origin
    for x0, y0, x1, y1, width in branches:
        wide = width * down
        ends = (left + x0 * across, top + y0 * down, left + x1 * across, top + y1 * down)
        if wide < 3:
            pen.line(ends, fill=(140, 140, 150, 255), width=max(1, round(wide)))
            continue
        pen.line(ends, fill=(96, 96, 120, 255), width=round(wide))
        r = wide / 2
        pen.ellipse((ends[2] - r, ends[3] - r, ends[2] + r, ends[3] + r), (96, 96, 120, 255))
        for shift, tone in ((-0.27, (225, 40, 150, 255)), (0.27, (40, 225, 150, 255))):
            moved = (ends[0] + shift * wide, ends[1], ends[2] + shift * wide, ends[3])
            pen.line(moved, fill=tone, width=max(1, round(wide * 0.4)))


def _grow_leafy(species: Species, kind: str, number: int, side: int) -> Image.Image:
    picture = Image.new("RGBA", (round(side * species.aspect), side), (*_LIMB_TONE, 0))
    pen = ImageDraw.Draw(picture)
    places, light, lengths = _leaves(species, number, max(1.0, 0.45 * LEVELS[-1] / side))
    order = np.argsort(places[:, 2], kind="stable")
    behind = int(0.45 * len(order))
    for part, seed in ((order[:behind], 0), (order[behind:], 1)):
        _draw_leaves(pen, species, (places[part], light[part], lengths[part]), side, seed)
        if seed == 0 and species.clear > 0.1:
            for x0, y0, x1, y1, width in limbs(kind, number)[1:90]:
                ends = (x0 * picture.width, y0 * side, x1 * picture.width, y1 * side)
                pen.line(ends, fill=(*_LIMB_TONE, 255), width=max(1, round(width * side)))
    return picture


def _grow_bare(species: Species, kind: str, number: int, side: int) -> Image.Image:
    fine = 3
    picture = Image.new("RGBA", (round(side * species.aspect) * fine, side * fine), (130, 130, 140, 0))
    pen = ImageDraw.Draw(picture)
    draw_limbs(pen, limbs(kind, number), (picture.width, picture.height), (0, 0))
    return picture.reduce(fine)


def _grow_level(kind: str, number: int, level: int) -> Image.Image:
    species = SPECIES[kind]
    if level == 0:
        size = (max(6, round(LEVELS[0] * species.aspect)), LEVELS[0])
        return crown(kind, number, 1).resize(size, Image.Resampling.BOX)
    grow = _grow_bare if species.bare else _grow_leafy
    return grow(species, kind, number, LEVELS[level]).convert("RGBa")


_small = lru_cache(maxsize=96)(_grow_level)
_large = lru_cache(maxsize=10)(_grow_level)


def crown(kind: str, number: int, level: int) -> Image.Image:
    """The picture of a crown, LEVELS[level] rows high; mode RGBa: light times alpha, to be scaled as it is."""
    return (_large if level == len(LEVELS) - 1 else _small)(kind, number, level)
