"""Trees and bushes: a trunk with bark, and a crown's picture lit from the sun's side, scaled and stamped.

Knows no street: where a tree stands, its colours, and how much of its foot a fence hides come with the thing.
"""

from math import exp
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from unetkd_core.data.streets.canvas import Canvas
from unetkd_core.data.streets.crowns import LEVELS, NUMBERS, crown, limbs
from unetkd_core.data.streets.dice import Colour, Dice, scaled
from unetkd_core.data.streets.far_trees import SMALL, paint_far_tree
from unetkd_core.data.streets.layout import Thing
from unetkd_core.data.streets.tree_species import SPECIES, Species
from unetkd_core.data.streets.weather import CLAY, Weather

BACKGROUND = 0
MIRRORED = 1 << 8
"""Bit of a tree's `look`: seen in a mirror."""
_ENLARGED = 2.2
"""How far a crown's picture may be enlarged (on a canvas of twice the size) before the next larger one is taken."""
_SOFT = 0.32
"""Share of the sky's light that leaves pass on into the dark of a crown."""
_COARSE = 700
"""Rows of a canvas that needs no crowns of the largest level: those take long to grow."""
_STRIPS = ((0.0, -0.90), (0.2, -0.55), (0.4, 0.0), (0.6, 0.45), (0.8, 0.85))
"""A trunk's strips, from left to right: where each begins (share of its width) and its normal's x."""
_TRUNK_IN_CROWN = 2
"""Pieces of the lowest branch that a leafy tree's trunk follows up into the crown."""
_WOOD: Colour = (0.21, 0.16, 0.11)
Ribbon = list[tuple[float, float, float]]
"""A trunk from its foot up: x, y and half its width, in pixels."""


class _Stand(NamedTuple):
    """A tree on the canvas: middle and foot in pixels, pixels to the metre, the row below which a fence hides it."""

    x: float
    foot: float
    scale: float
    hidden: float
    mirrored: bool


def paint_tree(canvas: Canvas, thing: Thing, x: float, z: float, lit: float) -> None:
    """A tree `thing.size` metres tall; `thing.facing` is how many metres of it a fence hides."""
    camera, species = canvas.camera, SPECIES[thing.kind]
    foot = camera.y(0, z)
    hidden = camera.y(thing.facing, z) if thing.facing > 0 else foot
    stand = _Stand(camera.x(x, z), foot, camera.focal / z, hidden, bool(thing.look & MIRRORED))
    item = canvas.begin(BACKGROUND, z)
    if thing.size * stand.scale < SMALL:
        paint_far_tree(canvas, item, thing, species, stand.x, foot, min(hidden, foot), lit)
        return
    if species.clear > 0:
        _paint_trunk(canvas, item, thing, species, stand, lit)
    _stamp_crown(canvas, item, thing, species, stand, lit)


def _number(thing: Thing) -> int:
    return thing.look % NUMBERS


def _ribbon(thing: Thing, species: Species, stand: _Stand) -> Ribbon:
    """The trunk from its roots up to where the crown's picture goes on with it."""
    height = thing.size * stand.scale
    crown_height = height * (1 - species.clear)
    half = max(0.85 * species.girth * height, 0.6)
    flare = min(2.6 * half, 0.6 * height * species.clear)
    ribbon = [
        (stand.x, stand.foot + 0.1 * half, 2.0 * half),
        (stand.x, stand.foot - 0.3 * flare, 1.45 * half),
        (stand.x, stand.foot - flare, 1.2 * half),
        (stand.x, stand.foot - height * species.clear, half),
    ]
    if species.bare:
        return ribbon
    top = stand.foot - height
    for step, piece in enumerate(limbs(thing.kind, _number(thing))[:_TRUNK_IN_CROWN]):
        aside = (piece.x1 - 0.5) * species.aspect * crown_height * (-1 if stand.mirrored else 1)
        ribbon.append((stand.x + aside, top + piece.y1 * crown_height, half * (0.85 - 0.2 * step)))
    return ribbon


def _cut(ribbon: Ribbon, row: float) -> Ribbon:
    """What of a trunk is above this row."""
    first = next((i for i, knot in enumerate(ribbon) if knot[1] < row), len(ribbon))
    above = ribbon[first:]
    if first == 0 or not above:
        return above
    x, y, half = ribbon[first - 1]
    share = (y - row) / (y - above[0][1])
    return [(x + share * (above[0][0] - x), row, half + share * (above[0][2] - half)), *above]


def _strip(ribbon: Ribbon, left: float, right: float) -> list[tuple[float, float]]:
    """The outline of the part of a ribbon between two shares of its width."""
    low, high = 2 * left - 1, 2 * right - 1
    return [(x + low * w, y) for x, y, w in ribbon] + [(x + high * w, y) for x, y, w in reversed(ribbon)]


def _paint_trunk(canvas: Canvas, item: int, thing: Thing, species: Species, stand: _Stand, lit: float) -> None:
    whole = _ribbon(thing, species, stand)
    ribbon = _cut(whole, stand.hidden) if stand.hidden < stand.foot else whole
    if len(ribbon) < 2:
        return
    weather, z, half = canvas.weather, thing.z, whole[3][2]
    if species.stake and thing.size * stand.scale > 40 and stand.hidden >= stand.foot:
        _paint_stakes(canvas, item, thing, stand, lit)
    canvas.polygon(item, _strip(ribbon, 0, 1), weather.shade(thing.second, (0.2, 0.0, -0.98), lit, z))
    if half < 3:
        return
    for start, turn in _STRIPS:
        tone = weather.shade(thing.second, (turn, 0.0, -((1 - turn * turn) ** 0.5)), lit, z)
        canvas.detail(_strip(ribbon, start, min(1.0, start + 0.2)), tone)
    if half > 7:
        _paint_bark(canvas, thing, ribbon, species.pale, lit)


def _paint_bark(canvas: Canvas, thing: Thing, ribbon: Ribbon, pale: bool, lit: float) -> None:
    """Furrows up the trunk, or dark bands across a birch's."""
    dice, shade = Dice(thing.look), canvas.weather.shade
    tones = [shade(scaled(thing.second, gain), (0.0, 0.0, -1.0), 0.6 * lit, thing.z) for gain in (0.35, 0.55, 1.25)]
    low, high = ribbon[0][1], ribbon[-1][1]
    knots = [y for _, y, _ in ribbon[::-1]]
    middles, halves = [x for x, _, _ in ribbon[::-1]], [w for _, _, w in ribbon[::-1]]
    thick = ribbon[-1][2]
    for _ in range(70):
        y, across, tone = dice.between(high, low), dice.between(-0.92, 0.92), dice.choice(tones)
        tall = thick * (dice.between(0.05, 0.16) if pale else dice.between(0.5, 1.6))
        wide = (dice.between(0.10, 0.35) if pale else 0.035) * thick
        y1 = max(high, y - tall)
        (x0, w0), (x1, w1) = (
            (float(np.interp(row, knots, middles)), float(np.interp(row, knots, halves))) for row in (y, y1)
        )
        near, far = x0 + across * w0, x1 + across * w1
        keep = min(wide, w0 * (1 - abs(across)))
        canvas.detail([(near - keep, y), (near + keep, y), (far + 0.6 * keep, y1), (far - 0.6 * keep, y1)], tone)


def _paint_stakes(canvas: Canvas, item: int, thing: Thing, stand: _Stand, lit: float) -> None:
    """Two stakes and the strap between them, as beside any young street tree."""
    shade, scale = canvas.weather.shade, stand.scale
    wood = shade(_WOOD, (0.2, 0.0, -0.98), lit, thing.z)
    high, wide, apart = stand.foot - 1.35 * scale, max(0.035 * scale, 0.6), 0.27 * scale
    for x in (stand.x - apart, stand.x + apart):
        canvas.polygon(item, [(x - wide, stand.foot), (x + wide, stand.foot), (x + wide, high), (x - wide, high)], wood)
    strap = [(stand.x - apart, high + 0.12 * scale), (stand.x + apart, high + 0.12 * scale)]
    canvas.line(item, strap, 0.05 * scale, shade((0.03, 0.03, 0.03), (0.0, 0.0, -1.0), lit, thing.z))


def _stamp_crown(canvas: Canvas, item: int, thing: Thing, species: Species, stand: _Stand, lit: float) -> None:
    tall = thing.size * (1 - species.clear) * stand.scale
    x0, y0 = stand.x - tall * species.aspect / 2, stand.foot - thing.size * stand.scale
    left, right = max(0, int(x0)), min(canvas.camera.columns, int(x0 + tall * species.aspect) + 1)
    top, bottom = max(0, int(y0)), min(canvas.camera.rows, int(min(y0 + tall, stand.foot)) + 1)
    if right <= left or bottom <= top:
        return
    last = len(LEVELS) - (2 if canvas.camera.rows < _COARSE else 1)
    level = next((i for i, rows in enumerate(LEVELS[:last]) if rows * _ENLARGED >= tall), last)
    shares = ((left - x0) / tall, (top - y0) / tall, (right - x0) / tall, (bottom - y0) / tall)
    picture = crown(thing.kind, _number(thing), level)
    leaves = _cut_out(picture, shares, species.aspect, (right - left, bottom - top), stand.mirrored)
    if leaves is None:
        return
    light = np.asarray(leaves)
    alpha = Image.fromarray(light[..., 3])
    if stand.hidden < y0 + tall and stand.hidden < stand.foot:
        _hide_below(alpha, canvas, stand, left, top)
    levels = 16 if tall < 90 else 32
    albedo = thing.second if species.bare else thing.colour
    index = _levels(light, _sun_at_right(canvas.weather), stand.mirrored, levels)
    colours = _palette(canvas.weather, albedo, lit, thing.z, levels).take(index, axis=0)
    canvas.stamp(item, Image.fromarray(colours), alpha, left, top)


def _cut_out(
    picture: Image.Image,
    shares: tuple[float, float, float, float],
    aspect: float,
    size: tuple[int, int],
    mirrored: bool,
) -> Image.Image | None:
    """The part of a crown's picture that the canvas shows, at that size (columns, rows); None when there is none.

    shares: its left, top, right and bottom, in heights of the crown.
    """
    columns, rows = picture.size
    x0, x1 = max(0.0, shares[0] / aspect * columns), min(float(columns), shares[2] / aspect * columns)
    y0, y1 = max(0.0, shares[1] * rows), min(float(rows), shares[3] * rows)
    if x1 - x0 < 0.01 or y1 - y0 < 0.01:
        return None
    if mirrored:
        x0, x1 = columns - x1, columns - x0
    smaller = size[1] < (y1 - y0)
    how = Image.Resampling.BOX if smaller else Image.Resampling.BILINEAR
    leaves = picture.resize(size, how, box=(x0, y0, x1, y1)).convert("RGBA")
    return leaves.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if mirrored else leaves


def _levels(light: np.ndarray, at_right: float, mirrored: bool, levels: int) -> np.ndarray:
    """Entry in the palette of each pixel of a crown (h, w, 4): sun from the left and the right mixed, then sky."""
    share = np.uint16(256 * (1 - at_right if mirrored else at_right))
    suns = light[..., :2].astype(np.uint16)
    sun = (suns[..., 0] * (np.uint16(256) - share) + suns[..., 1] * share) // np.uint16(65536 // levels)
    return np.asarray(sun * np.uint16(levels) + light[..., 2] // np.uint8(256 // levels))


def _hide_below(alpha: Image.Image, canvas: Canvas, stand: _Stand, left: int, top: int) -> None:
    """Clear what is below a fence's top edge, which runs through the trunk towards the vanishing point."""
    away = stand.x - canvas.camera.centre
    slope = (stand.hidden - canvas.camera.horizon) / away if abs(away) > 1 else 0.0
    at_left = stand.hidden - top + slope * (left - stand.x)
    at_right = at_left + slope * alpha.width
    ground = alpha.height + abs(at_left) + abs(at_right) + 1
    ImageDraw.Draw(alpha).polygon([(0, at_left), (alpha.width, at_right), (alpha.width, ground), (0, ground)], fill=0)


def _sun_at_right(weather: Weather) -> float:
    """0 when the sun stands at the left, 1 at the right."""
    sx, _, sz = weather.to_sun
    flat = (sx * sx + sz * sz) ** 0.5
    return 0.5 + 0.5 * sx / flat if flat > 1e-6 else 0.5


def _palette(weather: Weather, albedo: Colour, lit: float, depth: float, levels: int) -> np.ndarray:
    """(levels^2, 3) uint8: display colours by (level of sun, level of sky) of a crown's leaves or twigs."""
    if weather.clay:
        albedo = CLAY
    steps = (np.arange(levels, dtype=np.float32) + np.float32(0.5)) / levels
    sunny = lit * (0.72 - 0.30 * weather.to_sun[2])
    beam = weather.headlights(depth) * 0.6 if weather.lamps > 0.5 else 0.0
    clear = exp(-weather.haze * depth)
    sun = np.array([a * s * sunny * clear for a, s in zip(albedo, weather.sun, strict=True)], np.float32)
    sky = np.array([a * s * clear for a, s in zip(albedo, weather.ambient, strict=True)], np.float32)
    air = np.array([(1 - clear) * a for a in weather.horizon], np.float32)
    glow = np.float32(1.5) * steps[None, :, None] + np.float32(_SOFT)
    near = np.array([a * beam * clear for a in albedo], np.float32)
    light = steps[:, None, None] * sun + (glow * sky + (air + near))
    return weather.encode(light.reshape(-1, 3)).astype(np.uint8)
