"""A pencil for the cells of walls: outlines of wall, trim, sign colour or glass, and how much light each gets.

Coordinates run from 0 to 1, x to the right, y up. The sun stands at the upper left.
"""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SIZE = 256
"""Of the drawing; a cell has half as many texels each way."""
UNIT = 200
"""A texel's byte that stands for 1: room for what is lighter than its surroundings."""
WALL, TRIM, SIGN, GLASS, NOTHING = (
    (UNIT, 0, 0, 0),
    (0, UNIT, 0, 0),
    (0, 0, UNIT, 0),
    (0, 0, 0, UNIT),
    (0, 0, 0, 0),
)
Material = tuple[int, int, int, int]


class Sketch:
    """One cell in the making."""

    def __init__(self, ground: Material = WALL, size: int = SIZE) -> None:
        self.size = size
        self._materials = Image.new("RGBA", (size, size), ground)
        self._tones = Image.new("L", (size, size), UNIT)
        self._draw, self._tone = ImageDraw.Draw(self._materials), ImageDraw.Draw(self._tones)

    def box(self, x0: float, y0: float, x1: float, y1: float, material: Material | None, tone: float = 1.0) -> None:
        """Fill; without a material only the light changes."""
        left, right = round(x0 * self.size), round(x1 * self.size) - 1
        top, bottom = round((1 - y1) * self.size), round((1 - y0) * self.size) - 1
        area = (left, top, max(left, right), max(top, bottom))
        if material is not None:
            self._draw.rectangle(area, fill=material)
        self._tone.rectangle(area, fill=_byte(tone))

    def outline(self, points: Sequence[tuple[float, float]], material: Material | None, tone: float = 1.0) -> None:
        scaled = [(x * self.size, (1 - y) * self.size) for x, y in points]
        if material is not None:
            self._draw.polygon(scaled, fill=material)
        self._tone.polygon(scaled, fill=_byte(tone))

    def disc(self, x: float, y: float, rx: float, ry: float, material: Material | None, tone: float = 1.0) -> None:
        area = [(x - rx) * self.size, (1 - y - ry) * self.size, (x + rx) * self.size, (1 - y + ry) * self.size]
        if material is not None:
            self._draw.ellipse(area, fill=material)
        self._tone.ellipse(area, fill=_byte(tone))

    def stamp(self, mask: Image.Image, material: Material) -> None:
        """Through a mask, squeezed to the cell's size."""
        self._materials.paste(material, (0, 0), mask.resize((self.size, self.size), Image.Resampling.BOX))

    def texels(self) -> np.ndarray:
        """(SIZE / 2, SIZE / 2, 4) uint8: shares of the four materials, UNIT for a whole one, with the light in them."""
        soft = np.asarray(self._tones.filter(ImageFilter.GaussianBlur(self.size / 200)), np.float32) / UNIT
        lit = np.minimum(np.asarray(self._materials, np.float32) * soft[..., None], 255)
        half = self.size // 2
        return np.asarray(lit.reshape(half, 2, half, 2, 4).mean(axis=(1, 3)), np.uint8)


def _byte(tone: float) -> int:
    return min(255, round(tone * UNIT))
