"""Trees: crowns grown once as small pictures (light and alpha), then tinted, scaled and stamped. Knows no street."""

from functools import lru_cache
from math import cos, pi, sin

import numpy as np
from PIL import Image, ImageDraw

from unetkd_core.data.streets.canvas import Canvas
from unetkd_core.data.streets.dice import Dice, noise_tile, scaled
from unetkd_core.data.streets.layout import Thing

BACKGROUND = 0
SIDE = 256
KINDS = 6


@lru_cache(maxsize=2 * KINDS)
def leafy_crown(kind: int) -> tuple[Image.Image, Image.Image]:
    """(light, alpha), both mode L, SIDE square: clusters of leaves, lit from the upper left."""
    dice = Dice(7, kind)
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE - 0.5
    light, height = np.zeros((SIDE, SIDE)), np.full((SIDE, SIDE), -1.0)
    rough = noise_tile(16, 5, 0.7)[:SIDE, :SIDE] * 0.035
    for _ in range(70):
        angle, r = dice.between(0, 2 * pi), dice.unit() ** 0.6
        cx, cy = 0.36 * r * cos(angle), 0.36 * r * sin(angle) * (0.9 + 0.1 * kind % 2)
        radius = dice.between(0.06, 0.15)
        dx, dy = (x - cx) / radius, (y - cy) / radius
        bulge = 1 - dx * dx - dy * dy + rough * 14
        front = bulge * radius + dice.between(0, 0.05)
        here = (bulge > 0) & (front > height)
        tone = 0.50 + 0.20 * (-dx - 1.3 * dy) / 1.6 - 0.25 * (cy + 0.1) + dice.between(-0.10, 0.10)
        light = np.where(here, tone, light)
        height = np.where(here, front, height)
    leaves = noise_tile(64, 4, 0.8)[:SIDE, :SIDE]
    light = np.clip(light + 0.13 * leaves, 0.05, 1)
    holes = noise_tile(32, 4, 0.7)[:SIDE, SIDE : 2 * SIDE]
    alpha = (height > 0) & (holes < 1.35)
    return _pictures(light, alpha)


def _pictures(light: np.ndarray, alpha: np.ndarray) -> tuple[Image.Image, Image.Image]:
    return Image.fromarray((light * 255).astype(np.uint8)), Image.fromarray(np.where(alpha, 255, 0).astype(np.uint8))


@lru_cache(maxsize=2 * KINDS)
def bare_crown(kind: int) -> tuple[Image.Image, Image.Image]:
    """The same for winter: branches, each splitting in two or three."""
    dice = Dice(11, kind)
    scale = 3
    alpha = Image.new("L", (SIDE * scale, SIDE * scale), 0)
    pen = ImageDraw.Draw(alpha)
    stack = [(0.5, 1.0, -pi / 2 + dice.between(-0.1, 0.1), 0.20, 9.0, 0)]
    while stack:
        x, y, angle, length, width, level = stack.pop()
        x1, y1 = x + length * cos(angle), y + length * sin(angle)
        pen.line(
            [(x * SIDE * scale, y * SIDE * scale), (x1 * SIDE * scale, y1 * SIDE * scale)],
            fill=255,
            width=max(1, round(width * scale / 3)),
        )
        if level < 8:
            for _ in range(2 if dice.chance(0.62) else 3):
                turn = dice.between(-0.62, 0.62)
                stack.append(
                    (
                        x1,
                        y1,
                        angle + turn - 0.04 * cos(angle),
                        length * dice.between(0.66, 0.86),
                        width * 0.68,
                        level + 1,
                    )
                )
    alpha = alpha.resize((SIDE, SIDE), Image.Resampling.BOX).point([min(255, int(v * 1.5)) for v in range(256)])
    grain = noise_tile(64, 4, 0.8)[:SIDE, :SIDE]
    return Image.fromarray(np.clip(110 + 40 * grain, 0, 255).astype(np.uint8)), alpha


def paint_tree(canvas: Canvas, thing: Thing, x: float, z: float, lit: float) -> None:
    """A tree `thing.size` metres tall."""
    camera, weather = canvas.camera, canvas.weather
    item = canvas.begin(BACKGROUND, z)
    bare = thing.kind == "bare tree"
    kind, height = thing.look % KINDS, thing.size
    crown = height * (0.80 if bare else 0.68)
    base = height - crown
    scale = camera.focal / z
    trunk = weather.shade(thing.second, (0.3, 0.0, -0.9), lit, z)
    girth, lean = max(0.014 * height + 0.03, 0.7 / scale), 0.02 * height * ((thing.look >> 4) % 5 - 2) / 2
    foot, fork = camera.y(0, z), camera.y(base + (0.02 if bare else 0.3) * crown, z)
    left, right = camera.x(x - girth, z), camera.x(x + girth, z)
    shift = camera.x(x + lean, z) - camera.x(x, z)
    canvas.polygon(
        item,
        [
            (left - 0.3 * girth * scale, foot),
            (right + 0.3 * girth * scale, foot),
            (right + shift - 0.25 * girth * scale, fork),
            (left + shift + 0.25 * girth * scale, fork),
        ],
        trunk,
    )
    if right - left > 4:
        dark = weather.shade(scaled(thing.second, 0.6), (-0.5, 0, -0.8), 0.0, z)
        middle = (left + right) / 2
        canvas.detail(
            [
                (left - 0.3 * girth * scale, foot),
                (middle, foot),
                (middle + shift, fork),
                (left + shift + 0.25 * girth * scale, fork),
            ],
            dark,
        )
    width = crown * (1.0 if bare else 0.95 + 0.1 * (kind % 3))
    _stamp_crown(canvas, item, (bare_crown if bare else leafy_crown)(kind), thing, x + lean, z, base, crown, width, lit)


def _stamp_crown(
    canvas: Canvas,
    item: int,
    pictures: tuple[Image.Image, Image.Image],
    thing: Thing,
    x: float,
    z: float,
    base: float,
    crown: float,
    width: float,
    lit: float,
) -> None:
    camera, weather = canvas.camera, canvas.weather
    x0, x1 = camera.x(x - width / 2, z), camera.x(x + width / 2, z)
    y0, y1 = camera.y(base + crown, z), camera.y(base, z)
    left, right = max(0, int(x0)), min(camera.columns, int(x1) + 1)
    top, bottom = max(0, int(y0)), min(camera.rows, int(y1) + 1)
    if right <= left or bottom <= top:
        return
    across, up = SIDE / (x1 - x0), SIDE / (y1 - y0)
    source = (
        max(0.0, (left - x0) * across),
        max(0.0, (top - y0) * up),
        min(float(SIDE), (right - x0) * across),
        min(float(SIDE), (bottom - y0) * up),
    )
    if source[2] - source[0] < 0.01 or source[3] - source[1] < 0.01:
        return
    light, alpha = (
        picture.resize((right - left, bottom - top), Image.Resampling.BILINEAR, box=source, reducing_gap=1.5)
        for picture in pictures
    )
    colour = thing.second if thing.kind == "bare tree" else thing.colour
    ramp = [
        weather.shade(
            scaled(colour, 0.28 + 2.3 * step / 16), (0.0, 0.35 + 0.04 * step, -0.6), lit * min(1.0, step / 9), z
        )
        for step in range(17)
    ]
    ends = np.array(ramp, dtype=np.float64)
    table = np.stack([np.interp(np.arange(256), np.arange(17) * 16, ends[:, c]) for c in range(3)], axis=1).astype(
        np.uint8
    )
    canvas.stamp(item, Image.fromarray(table[np.asarray(light)]), alpha, left, top)
