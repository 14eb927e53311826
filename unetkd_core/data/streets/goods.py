"""What is behind the glass of ground floors: shops with shelves or clothes, lobbies; colours as they are lit."""

from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from unetkd_core.data.streets.atlas import Atlas
from unetkd_core.data.streets.dice import Dice

SIZE = 256
SHOP_KINDS, LOBBY_KINDS = 4, 4
"""Shops' pictures come first, then those of lobbies."""
_HUES = (
    (0.34, 0.06, 0.05),
    (0.55, 0.50, 0.42),
    (0.06, 0.11, 0.22),
    (0.40, 0.30, 0.10),
    (0.10, 0.24, 0.10),
    (0.60, 0.60, 0.58),
    (0.05, 0.05, 0.06),
    (0.32, 0.16, 0.09),
    (0.38, 0.22, 0.24),
)


@cache
def goods() -> Atlas:
    """All pictures, each as wide and high as one unit of a ground floor: red, green, blue, 255 for 1."""
    return Atlas(np.stack([_picture(kind) for kind in range(SHOP_KINDS + LOBBY_KINDS)]))


def _picture(kind: int) -> np.ndarray:
    dice, picture = Dice(71, kind), Image.new("RGBA", (SIZE, SIZE), _ink((0.10, 0.09, 0.08)))
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, SIZE * 0.74, SIZE, SIZE), fill=_ink((0.05, 0.045, 0.04)))
    for i in range(7):
        x = (i + 0.5) * SIZE / 7
        pen.ellipse((x - 5, 26, x + 5, 32), fill=_ink((1.0, 0.93, 0.78)))
        pen.ellipse((x - 14, 36, x + 14, 70), fill=_ink((0.17, 0.15, 0.12)))
    draw = _lobby if kind >= SHOP_KINDS else (_shelves, _figures, _tables, _figures)[kind]
    draw(pen, dice)
    return np.asarray(picture.filter(ImageFilter.GaussianBlur(1.2)), np.uint8).copy()


def _shelves(pen: ImageDraw.ImageDraw, dice: Dice) -> None:
    for floor in (96, 130, 164, 202):
        x = 4.0
        while x < SIZE - 8:
            wide, tall = dice.between(4, 14), dice.between(9, 24)
            if dice.chance(0.85):
                pen.rectangle((x, floor - tall, x + wide, floor), fill=_ink(dice.vary(dice.choice(_HUES), 0.4)))
            x += wide + dice.between(0, 4)
        pen.rectangle((0, floor, SIZE, floor + 3), fill=_ink((0.28, 0.24, 0.2)))


def _tables(pen: ImageDraw.ImageDraw, dice: Dice) -> None:
    """A cafe: a counter before a pale wall, lamps over tables."""
    pen.rectangle((0, 84, SIZE, 172), fill=_ink((0.24, 0.17, 0.11)))
    pen.rectangle((30, 96, 120, 128), fill=_ink((0.06, 0.06, 0.055)))
    for y in (102, 110, 118):
        pen.rectangle((38, y, dice.between(70, 112), y + 2), fill=_ink((0.45, 0.43, 0.38)))
    pen.rectangle((140, 140, SIZE, 200), fill=_ink((0.17, 0.09, 0.05)))
    pen.rectangle((140, 136, SIZE, 142), fill=_ink((0.34, 0.31, 0.27)))
    for x in (46, 128, 206):
        pen.rectangle((x, 30, x + 1, 84), fill=_ink((0.03, 0.03, 0.03)))
        pen.polygon([(x - 9, 96), (x + 10, 96), (x + 4, 84), (x - 3, 84)], fill=_ink((0.7, 0.5, 0.25)))
    for x in (24, 84):
        pen.rectangle((x, 186, x + 42, 190), fill=_ink((0.36, 0.26, 0.16)))
        pen.rectangle((x + 19, 190, x + 22, 226), fill=_ink((0.03, 0.03, 0.03)))
        pen.ellipse((x + 8, 176, x + 15, 187), fill=_ink(dice.choice(_HUES)))


def _figures(pen: ImageDraw.ImageDraw, dice: Dice) -> None:
    x = dice.between(14, 30)
    while x < SIZE - 10:
        coat, top = _ink(dice.vary(dice.choice(_HUES), 0.4)), dice.between(92, 108)
        pen.ellipse((x - 5, top - 14, x + 5, top - 2), fill=_ink((0.45, 0.40, 0.35)))
        pen.polygon([(x - 12, top), (x + 12, top), (x + 9, top + 62), (x - 9, top + 62)], fill=coat)
        pen.rectangle((x - 6, top + 62, x + 6, top + 104), fill=_ink(dice.choice(_HUES)))
        x += dice.between(30, 60)
    pen.rectangle((0, 206, SIZE, 212), fill=_ink((0.35, 0.32, 0.28)))
    left = dice.between(20, 180)
    pen.rectangle((left, 76, left + 42, 150), fill=_ink(dice.vary(dice.choice(_HUES), 0.3)))
    pen.rectangle((left + 8, 88, left + 34, 96), fill=_ink((0.7, 0.7, 0.68)))


def _lobby(pen: ImageDraw.ImageDraw, dice: Dice) -> None:
    pen.rectangle((0, 80, SIZE, 190), fill=_ink(dice.vary((0.20, 0.17, 0.14), 0.3)))
    for _ in range(dice.integer(1, 3)):
        x, wide = dice.between(0, SIZE), dice.between(30, 90)
        pen.rectangle((x, 80, x + wide, 190), fill=_ink(dice.vary((0.10, 0.10, 0.10), 0.4)))
    x = dice.between(10, 150)
    pen.rectangle((x, 160, x + 80, 212), fill=_ink(dice.vary((0.30, 0.22, 0.15), 0.3)))
    x = dice.between(10, 230)
    pen.rectangle((x - 7, 200, x + 7, 222), fill=_ink((0.30, 0.29, 0.27)))
    for _ in range(14):
        px, py = x + dice.between(-14, 14), dice.between(150, 202)
        pen.ellipse((px - 5, py - 8, px + 5, py + 8), fill=_ink(dice.vary((0.04, 0.10, 0.04), 0.4)))


def _ink(colour: tuple[float, float, float]) -> tuple[int, int, int, int]:
    return (min(255, round(255 * colour[0])), min(255, round(255 * colour[1])), min(255, round(255 * colour[2])), 255)
