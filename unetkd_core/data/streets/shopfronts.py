"""Cells of ground floors, one unit each: shop windows, doors, awnings, garages; and the boards above with words."""

from collections.abc import Callable
from functools import partial

from PIL import Image, ImageDraw

from unetkd_core.data.streets.facade_windows import opening, sill
from unetkd_core.data.streets.sketch import GLASS, NOTHING, SIGN, SIZE, TRIM, WALL, Sketch

GLYPHS = {
    "A": "04 02 10 22 24|03 23",
    "B": "00 04 14 23 12 02|12 21 10 00",
    "C": "20 00 04 24",
    "D": "00 04 14 23 21 10 00",
    "E": "20 00 04 24|02 12",
    "F": "20 00 04|02 12",
    "G": "20 00 04 24 22 12",
    "H": "00 04|20 24|02 22",
    "I": "10 14",
    "K": "00 04|20 02 24",
    "L": "00 04 24",
    "M": "04 00 12 20 24",
    "N": "04 00 24 20",
    "O": "00 20 24 04 00",
    "P": "04 00 20 22 02",
    "R": "04 00 20 22 02 24",
    "S": "20 00 02 22 24 04",
    "T": "00 20|10 14",
    "U": "00 04 24 20",
    "W": "00 04 12 24 20",
    "Y": "00 12 20|12 14",
}
"""Strokes of capitals on a lattice of 3 x 5: column and row from the top; | lifts the pen."""
WORDS = ("BAKERY", "BOOKS", "FLORIST", "PHARMACY", "SHOES", "CAFE", "HARDWARE", "THE CROWN", "OPTICIAN", "FABRICS")


def _shell(s: Sketch) -> None:
    """Shop: painted frame, stall riser, darker foot."""
    s.box(0, 0, 1, 1, SIGN, 0.9)
    s.box(0.0, 0.0, 1.0, 0.03, SIGN, 0.5)
    for x in (0.0, 0.955):
        s.box(x, 0, x + 0.045, 1, SIGN, 1.1)
    s.box(0.955, 0, 0.962, 1, None, 0.55)


def _pane(s: Sketch, x0: float, y0: float, x1: float, y1: float) -> None:
    s.box(x0 - 0.01, y0 - 0.012, x1 + 0.01, y1, SIGN, 1.15)
    s.box(x0, y0, x1, y1, GLASS)
    s.box(x0, y1 - 0.07, x1, y1, None, 0.45)
    s.box(x0, y0, x0 + 0.012, y1, None, 0.5)


def _shop_wide(s: Sketch) -> None:
    _shell(s)
    s.box(0.08, 0.05, 0.92, 0.17, SIGN, 0.75)
    _pane(s, 0.06, 0.2, 0.62, 0.97)
    _pane(s, 0.645, 0.2, 0.94, 0.97)
    s.box(0.06, 0.80, 0.94, 0.815, SIGN, 0.9)


def _shop_door(s: Sketch) -> None:
    _shell(s)
    _pane(s, 0.06, 0.2, 0.36, 0.97)
    _pane(s, 0.72, 0.2, 0.94, 0.97)
    s.box(0.39, 0, 0.69, 0.97, NOTHING)
    s.box(0.39, 0, 0.69, 0.06, WALL, 0.5)
    s.box(0.43, 0.05, 0.66, 0.97, SIGN, 0.5)
    s.box(0.46, 0.12, 0.63, 0.74, GLASS, 0.75)
    s.box(0.45, 0.79, 0.64, 0.93, GLASS, 0.7)
    s.box(0.45, 0.36, 0.475, 0.46, TRIM, 0.7)


def _shop_panes(s: Sketch) -> None:
    _shell(s)
    s.box(0.06, 0.04, 0.94, 0.2, SIGN, 0.8)
    for i in range(3):
        x = 0.065 + i * 0.3
        _pane(s, x, 0.24, x + 0.27, 0.76)
        _pane(s, x, 0.8, x + 0.27, 0.95)
        s.box(x + 0.02, 0.06, x + 0.25, 0.17, SIGN, 1.05)


def _awning(s: Sketch) -> None:
    _shop_wide(s)
    s.box(0.02, 0.46, 0.98, 0.70, None, 0.4)
    for i in range(12):
        x = 0.02 + i * 0.08
        material = SIGN if i % 2 else TRIM
        s.outline([(x, 0.66), (x + 0.08, 0.66), (0.04 + (i + 1) * 0.077, 1.0), (0.04 + i * 0.077, 1.0)], material, 1.1)
        s.disc(x + 0.04, 0.66, 0.04, 0.045, material, 0.8)


def _shutter(s: Sketch) -> None:
    _shell(s)
    s.box(0.06, 0.02, 0.94, 0.96, TRIM, 0.62)
    for i in range(26):
        s.box(0.06, 0.03 + i * 0.0357, 0.94, 0.045 + i * 0.0357, TRIM, 0.42)
    s.box(0.06, 0.9, 0.94, 0.96, SIGN, 0.6)


def _bank(s: Sketch) -> None:
    for i in range(7):
        s.box(0, i / 7, 1, i / 7 + 0.012, WALL, 0.55)
        s.box(0.5 * (i % 2) + 0.2, i / 7, 0.5 * (i % 2) + 0.208, i / 7 + 0.14, WALL, 0.6)
    s.box(0.24, 0.0, 0.76, 0.6, WALL, 0.45)
    s.disc(0.5, 0.6, 0.26, 0.3, WALL, 0.45)
    s.disc(0.5, 0.59, 0.22, 0.26, GLASS)
    s.box(0.28, 0.22, 0.72, 0.6, GLASS)
    s.box(0.26, 0.0, 0.74, 0.22, WALL, 0.8)
    s.box(0.26, 0.2, 0.76, 0.235, TRIM, 1.1)
    s.box(0.492, 0.22, 0.508, 0.84, TRIM, 0.6)
    s.box(0.28, 0.585, 0.72, 0.6, TRIM, 0.6)


def _pub(s: Sketch) -> None:
    _shell(s)
    s.box(0.06, 0.04, 0.94, 0.3, SIGN, 0.7)
    for x in (0.1, 0.38, 0.66):
        s.box(x, 0.08, x + 0.22, 0.26, SIGN, 1.1)
        _pane(s, x, 0.35, x + 0.24, 0.92)
        for y in (0.49, 0.63, 0.77):
            s.box(x, y, x + 0.24, y + 0.012, SIGN, 0.9)
        s.box(x + 0.115, 0.35, x + 0.127, 0.92, SIGN, 0.9)


def _lobby(s: Sketch) -> None:
    s.box(0, 0.0, 1, 0.94, GLASS)
    s.box(0, 0.84, 1, 0.94, None, 0.4)
    for x in (0.0, 0.33, 0.66):
        s.box(x, 0, x + 0.018, 0.94, TRIM, 0.7)
    s.box(0, 0.66, 1, 0.68, TRIM, 0.7)
    s.box(0, 0, 1, 0.04, TRIM, 0.5)
    s.box(0.42, 0.04, 0.425, 0.66, TRIM, 0.8)


def _pillars(s: Sketch) -> None:
    _lobby(s)
    s.box(0, 0, 1, 0.94, None, 0.5)
    s.box(0.0, 0, 0.16, 1, WALL, 1.05)
    s.box(0.16, 0, 0.2, 1, WALL, 0.6)
    s.box(0, 0.92, 1, 1, WALL, 1.0)


def _arcade(s: Sketch) -> None:
    s.box(0.12, 0, 0.88, 0.52, WALL, 0.2)
    s.disc(0.5, 0.52, 0.38, 0.36, WALL, 0.16)
    s.box(0.2, 0.08, 0.88, 0.56, GLASS, 0.55)
    s.box(0.40, 0.0, 0.68, 0.5, SIGN, 0.45)
    s.box(0.53, 0.0, 0.545, 0.5, SIGN, 0.2)
    s.box(0.12, 0.0, 0.22, 0.56, WALL, 0.4)
    s.box(0.05, 0.50, 0.16, 0.54, WALL, 1.15)
    s.box(0.86, 0.50, 0.97, 0.54, WALL, 1.15)


def _house_window(s: Sketch) -> None:
    s.box(0.22, 0.74, 0.78, 0.80, TRIM)
    opening(s, 0.25, 0.30, 0.75, 0.74, (2, 2))
    sill(s, 0.24, 0.30, 0.76)
    s.box(0, 0, 1, 0.05, WALL, 0.72)


def _door(s: Sketch, x0: float, x1: float) -> None:
    s.box(x0 - 0.05, 0.0, x1 + 0.05, 0.80, TRIM, 1.0)
    s.box(x0, 0.06, x1, 0.76, TRIM, 0.4)
    s.box(x0 + 0.015, 0.06, x1, 0.62, SIGN, 0.95)
    s.box(x0 + 0.02, 0.64, x1 - 0.02, 0.74, GLASS)
    middle = (x0 + x1) / 2
    for x in (x0 + 0.035, middle + 0.015):
        s.box(x, 0.12, x + (x1 - x0) / 2 - 0.05, 0.28, SIGN, 0.65)
        s.box(x, 0.34, x + (x1 - x0) / 2 - 0.05, 0.56, SIGN, 0.65)
    s.box(x1 - 0.035, 0.32, x1 - 0.015, 0.345, TRIM, 1.1)
    s.box(x0 - 0.08, 0.03, x1 + 0.08, 0.06, WALL, 1.15)
    s.box(x0 - 0.10, 0.0, x1 + 0.10, 0.03, WALL, 0.8)


def _house_door(s: Sketch) -> None:
    s.box(0, 0, 1, 0.05, WALL, 0.72)
    _door(s, 0.34, 0.64)
    s.box(0.24, 0.80, 0.74, 0.84, TRIM, 1.15)
    s.box(0.26, 0.76, 0.74, 0.80, TRIM, 0.5)


def _house_bay(s: Sketch) -> None:
    s.box(0.12, 0.0, 0.96, 0.93, WALL, 0.7)
    s.box(0.10, 0.0, 0.90, 0.93, WALL, 1.0)
    s.box(0.76, 0.0, 0.90, 0.93, WALL, 0.6)
    for x0, x1, tone in ((0.13, 0.23, 1.0), (0.28, 0.49, 1.0), (0.52, 0.73, 1.0), (0.78, 0.88, 0.75)):
        s.box(x0 - 0.015, 0.28, x1 + 0.015, 0.8, TRIM, tone * 0.95)
        s.box(x0, 0.30, x1, 0.78, GLASS, tone)
        s.box(x0, 0.74, x1, 0.78, None, 0.45)
        s.box(x0, 0.62, x1, 0.635, TRIM, 0.8)
    s.outline([(0.08, 0.82), (0.92, 0.82), (0.86, 0.93), (0.16, 0.93)], SIGN, 0.7)
    s.box(0.08, 0.80, 0.92, 0.83, TRIM, 1.1)


def _garage(s: Sketch) -> None:
    s.box(0.08, 0, 0.92, 0.72, TRIM, 0.42)
    s.box(0.11, 0.0, 0.92, 0.68, SIGN, 0.95)
    for i in range(5):
        s.box(0.11, 0.02 + i * 0.132, 0.92, 0.032 + i * 0.132, SIGN, 0.6)
    s.box(0.08, 0.68, 0.92, 0.72, None, 0.4)


def _word(text: str, high: int, bold: int) -> Image.Image:
    """A mask with the proportions of a board, as white letters so many of its texels high."""
    wide, tall = 7 * SIZE // 2, SIZE // 2
    mask = Image.new("L", (wide, tall))
    pen = ImageDraw.Draw(mask)
    across = 0.55 * high
    pitch = across + 2.2 * bold
    left, top = (wide - pitch * len(text) + 2.2 * bold) / 2, (tall - high) / 2
    for i, letter in enumerate(text):
        for path in GLYPHS.get(letter, "").split("|"):
            points = [(left + pitch * i + across * int(p[0]) / 2, top + high * int(p[1]) / 4) for p in path.split()]
            if points:
                pen.line(points, fill=255, width=bold, joint="curve")
    return mask


def _board(s: Sketch, number: int) -> None:
    s.box(0, 0, 1, 1, SIGN, 1.0)
    s.box(0, 0.88, 1, 1, SIGN, 1.35)
    s.box(0, 0.80, 1, 0.88, SIGN, 0.6)
    s.box(0, 0.0, 1, 0.07, SIGN, 0.55)
    s.box(0, 0, 0.012, 1, WALL, 0.9)
    s.box(0.988, 0, 1, 1, WALL, 0.7)
    s.stamp(_word(WORDS[number], (52, 64, 46)[number % 3], (8, 11)[number % 2]), TRIM)


STREET_CELLS: dict[str, Callable[[Sketch], None]] = {
    "shop wide": _shop_wide,
    "shop door": _shop_door,
    "shop panes": _shop_panes,
    "awning": _awning,
    "shutter": _shutter,
    "bank": _bank,
    "pub": _pub,
    "lobby": _lobby,
    "pillars": _pillars,
    "arcade": _arcade,
    "house window": _house_window,
    "house door": _house_door,
    "house bay": _house_bay,
    "garage": _garage,
    **{f"board {i}": partial(_board, number=i) for i in range(len(WORDS))},
}
