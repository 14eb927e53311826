"""What the camera adds: light that spills from lamps, lens faults, tone curve, noise, compression.

Knows only pictures and lights. Every draw is made for every scene, whatever is then seen of it.
"""

from functools import lru_cache
from io import BytesIO
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from unetkd_core.data.streets.dice import Colour, Dice

GREY = (0.30, 0.59, 0.11)
GRAIN_SIDE = 1024
GRAIN_UNIT = 24
"""Levels of one standard deviation in the grain's picture."""
FAINT = 0.12
"""Lamps whose radius in pixels times light is less leave no halo."""
SHARP = 0.15
"""Pixels of softness that nobody sees."""


def spill(image: np.ndarray, glows: list[tuple[float, float, float, Colour]], wet: np.ndarray | None) -> None:
    """Add each lamp's halo to the image (H, W, 3) uint8, in place; where the ground is wet its streak too."""
    rows, columns, _ = image.shape
    for x, y, radius, light in glows:
        if radius * max(light) < FAINT:
            continue
        radius = max(radius, 0.8)
        reach = radius * 3
        left, right = max(0, int(x - reach)), min(columns, int(x + reach) + 2)
        top, bottom = max(0, int(y - reach)), min(rows, int(y + reach) + 2)
        if right <= left or bottom <= top:
            continue
        tint = np.asarray(light, np.float32)
        dx = (np.arange(left, right, dtype=np.float32) + 0.5 - np.float32(x)) / np.float32(radius)
        dy = (np.arange(top, bottom, dtype=np.float32) + 0.5 - np.float32(y)) / np.float32(radius)
        halo = np.maximum(1 / (1 + 2.5 * (dx[None] ** 2 + dy[:, None] ** 2)) - 0.043, 0)
        _brighten(image[top:bottom, left:right], halo[..., None] * tint * np.float32(120))
        if wet is not None:
            foot = min(rows, int(y + 14 * radius) + 2)
            fall = np.clip(1 - (np.arange(top, foot, dtype=np.float32) - np.float32(y)) / np.float32(14 * radius), 0, 1)
            streak = np.exp(-(dx[None] ** 2) * 5) * fall[:, None] * wet[top:foot, left:right]
            _brighten(image[top:foot, left:right], streak[..., None] * tint * np.float32(110))


def _brighten(part: np.ndarray, light: np.ndarray) -> None:
    """As on film: the brighter a pixel is, the less of the light shows."""
    light *= (255 - part) * np.float32(1.35 / 255)
    light += part
    part[:] = np.minimum(light, 255, out=light).astype(np.uint8)


@lru_cache(maxsize=1)
def _grain() -> Image.Image:
    """(GRAIN_SIDE square, RGB) normal noise about 128, taken at random offsets: drawing it afresh costs too much.

    Mostly the same in all channels, as a camera's own smoothing leaves it.
    """
    rng = np.random.Generator(np.random.PCG64(5))
    grey = rng.standard_normal((GRAIN_SIDE, GRAIN_SIDE, 1), dtype=np.float32)
    hue = rng.standard_normal((GRAIN_SIDE, GRAIN_SIDE, 3), dtype=np.float32)
    return Image.fromarray(np.clip(128 + GRAIN_UNIT * (0.92 * grey + 0.4 * hue), 0, 255).astype(np.uint8))


@lru_cache(maxsize=8)
def _corners(columns: int, rows: int) -> Image.Image:
    """(mode L) 0 in the middle, 255 in the corners, as the square of the distance."""
    y = ((np.arange(rows, dtype=np.float32) + 0.5) / rows - 0.5)[:, None]
    x = ((np.arange(columns, dtype=np.float32) + 0.5) / columns - 0.5)[None]
    return Image.fromarray((np.minimum(510 * (x * x + y * y), 255)).astype(np.uint8))


class Camerawork(NamedTuple):
    """One scene's camera by lot; lengths in frame units (the picture's height at 2:1)."""

    vignette: float
    saturation: float
    softness: float
    zoom: float
    fringe: float
    gamma: float
    contrast: float
    gain: float
    lift: float
    cast: Colour
    grain: float
    quality: int

    @classmethod
    def drawn(cls, dice: Dice) -> "Camerawork":
        warm, green = dice.between(-0.055, 0.045), dice.between(-0.015, 0.015)
        return cls(
            vignette=dice.between(0.04, 0.30),
            saturation=dice.between(0.85, 1.2),
            softness=dice.between(0.0004, 0.0024) * (2.0 if dice.chance(0.12) else 1.0),
            zoom=dice.between(0.006, 0.020) * dice.chance(0.18),
            fringe=dice.between(-0.0013, 0.0013) * dice.chance(0.35),
            gamma=dice.between(1.35, 1.75),
            contrast=dice.between(0.5, 1.05),
            gain=dice.between(1.10, 1.34),
            lift=dice.between(-0.01, 0.025),
            cast=(1 + warm, 1 + green, 1 - warm),
            grain=dice.between(0.5, 2.2),
            quality=dice.integer(58, 95),
        )

    def curve(self, glare: float) -> list[int]:
        """A look-up table for R, G and B: shadows deepened, highlights held, `glare` (0-1) lifting the blacks."""
        x = np.arange(256) / 255
        table = []
        for balance in self.cast:
            y = np.minimum(self.gain * x**self.gamma, 1.0)
            y = y + self.contrast * (y * y * (3 - 2 * y) - y)
            y = 1 - (1 - y * balance) * (1 - self.lift - 0.16 * glare)
            table += np.clip(255 * y + 0.5, 0, 255).astype(int).tolist()
        return table


_FAULTLESS = Camerawork(0, 1, 0, 0, 0, 1.45, 0.9, 1.22, 0, (1, 1, 1), 0, 95)


def neutral(picture: Image.Image) -> Image.Image:
    """Through the tone curve alone, by no lot."""
    return picture.point(_FAULTLESS.curve(0.0))


def _saturated(picture: Image.Image, amount: float) -> Image.Image:
    rest = [(1 - amount) * share for share in GREY]
    r, g, b = rest
    matrix = (r + amount, g, b, 0.0, r, g + amount, b, 0.0, r, g, b + amount, 0.0)
    return picture.convert("RGB", matrix)


def _lens(picture: Image.Image, work: Camerawork) -> Image.Image:
    """Softness, fringes of colour towards the edges, the blur of driving, vignette."""
    columns, rows = picture.size
    unit, corners = max(rows, columns / 2), _corners(columns, rows)
    if work.fringe:
        red, green, blue = picture.split()
        dx, dy = abs(work.fringe) * columns, abs(work.fringe) * rows
        box = (dx, dy, columns - dx, rows - dy)
        if work.fringe > 0:
            red = red.resize(picture.size, Image.Resampling.BILINEAR, box=box)
        else:
            blue = blue.resize(picture.size, Image.Resampling.BILINEAR, box=box)
        picture = Image.merge("RGB", (red, green, blue))
    if work.zoom:
        smeared = picture
        for share in (1.0, 0.5):
            dx, dy = work.zoom * share * columns / 2, work.zoom * share * rows / 2
            nearer = smeared.resize(smeared.size, Image.Resampling.BILINEAR, box=(dx, dy, columns - dx, rows - dy))
            smeared = Image.blend(smeared, nearer, 0.5)
        picture = Image.composite(smeared, picture, corners)
    if work.softness * unit > SHARP:
        picture = picture.filter(ImageFilter.BoxBlur(work.softness * unit))
    shade = corners.point([round(255 * (1 - work.vignette * i / 255)) for i in range(256)])
    return ImageChops.multiply(picture, Image.merge("RGB", (shade, shade, shade)))


def develop(picture: Image.Image, dice: Dice, dark: float, glare: float) -> np.ndarray:
    """RGB picture -> (H, W, 3) uint8 as a dashboard camera would hand it over.

    dark, glare: in [0, 1]; how far the gain is turned up, and how much of the sun strays in the lens.
    """
    work = Camerawork.drawn(dice)
    row, column = dice.integer(0, GRAIN_SIDE - 1), dice.integer(0, GRAIN_SIDE - 1)
    picture = _lens(_saturated(picture, work.saturation), work)
    picture = picture.point(work.curve(glare))
    picture = _grained(picture, work.grain * (1 + 0.9 * dark), row, column)
    stream = BytesIO()
    picture.save(stream, "JPEG", quality=work.quality)
    stream.seek(0)
    return np.asarray(Image.open(stream, formats=("JPEG",)))


def _grained(picture: Image.Image, strength: float, row: int, column: int) -> Image.Image:
    columns, rows = picture.size
    grain = _grain()
    wide, tall = min(columns, GRAIN_SIDE), min(rows, GRAIN_SIDE)
    left, top = column % (GRAIN_SIDE - wide + 1), row % (GRAIN_SIDE - tall + 1)
    piece = grain.crop((left, top, left + wide, top + tall))
    piece = Image.blend(Image.new("RGB", piece.size, (128, 128, 128)), piece, strength / GRAIN_UNIT)
    if (wide, tall) != (columns, rows):
        whole = Image.new("RGB", (columns, rows))
        for y in range(0, rows, tall):
            for x in range(0, columns, wide):
                whole.paste(piece, (x, y))
        piece = whole
    return ImageChops.add(picture, piece, 1.0, -128)
