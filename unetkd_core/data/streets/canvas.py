"""Two canvases painted together: colours (twice the size, for smooth edges) and what stands there (label, depth).

Whatever is painted lands on both with the same outline, so labels are exact. Knows no street, only outlines in pixels.
"""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImagePath

from unetkd_core.data.streets.camera import Camera
from unetkd_core.data.streets.dice import Colour
from unetkd_core.data.streets.weather import Weather

SUPERSAMPLING = 2
Point = tuple[float, float]
Glow = tuple[float, float, float, Colour]
"""A light that the lens smears: x, y, radius in the picture's pixels, and its linear light."""


def _most_of_four(ids: np.ndarray) -> np.ndarray:
    """(2H, 2W) things by number, later ones nearer -> (H, W): what most of a pixel shows, the nearer one on a tie.

    That is the second largest of its four numbers: a thing that has half of a pixel has it.
    """
    high, low = np.maximum(ids[:, ::2], ids[:, 1::2]), np.minimum(ids[:, ::2], ids[:, 1::2])
    return np.asarray(np.maximum(np.minimum(high[::2], high[1::2]), np.maximum(low[::2], low[1::2])))


class Canvas:
    """Painted back to front. `camera` is in the canvas' own (supersampled) pixels.

    An outline covers every pixel that it touches, half a pixel of the canvas too much on each side: nothing that is
    there gets lost, however thin, and the picture shows it as wide as the labels have it.
    """

    def __init__(self, background: np.ndarray, camera: Camera, weather: Weather) -> None:
        """background: (H, W, 3) uint8 at the picture's size; camera: of (2H, 2W)."""
        self.camera, self.weather = camera, weather
        self.colours = Image.fromarray(background).resize((camera.columns, camera.rows), Image.Resampling.NEAREST)
        self.ids = Image.new("I", (camera.columns, camera.rows), 0)
        self._paint = ImageDraw.Draw(self.colours)
        self._mark = ImageDraw.Draw(self.ids)
        self._things: list[tuple[int, float]] = [(0, 0.0)]
        self._lamps: list[tuple[int, float, float, float, Colour]] = []

    def begin(self, label: int, depth: float) -> int:
        """A new thing of this class, metres away; what follows is painted as it by its number."""
        self._things.append((label, depth))
        return len(self._things) - 1

    def polygon(self, thing: int, points: Sequence[Point], colour: tuple[int, int, int]) -> None:
        path = ImagePath.Path([v for point in points for v in point])
        self._paint.polygon(path, fill=colour)
        self._mark.polygon(path, fill=thing)

    def detail(self, points: Sequence[Point], colour: tuple[int, int, int]) -> None:
        """Paint inside something already outlined: colour only."""
        self._paint.polygon(ImagePath.Path([v for point in points for v in point]), fill=colour)

    def line(self, thing: int, points: Sequence[Point], width: float, colour: tuple[int, int, int]) -> None:
        pixels = max(1, round(width))
        path = ImagePath.Path([v for point in points for v in point])
        self._paint.line(path, fill=colour, width=pixels)
        self._mark.line(path, fill=thing, width=pixels)

    def ellipse(self, thing: int, x: float, y: float, rx: float, ry: float, colour: tuple[int, int, int]) -> None:
        box = (x - rx, y - ry, x + rx, y + ry)
        self._paint.ellipse(box, fill=colour)
        self._mark.ellipse(box, fill=thing)

    def stamp(self, thing: int, colours: Image.Image, alpha: Image.Image, left: int, top: int) -> None:
        """Paste a picture through its alpha (mode L); it counts as there where alpha is above one half."""
        self.colours.paste(colours, (left, top), alpha)
        self.ids.paste(
            thing, (left, top, left + alpha.width, top + alpha.height), alpha.convert("1", dither=Image.Dither.NONE)
        )

    def glow(self, thing: int, x: float, y: float, radius: float, light: Colour) -> None:
        """A light on this thing that the lens will smear later; canvas pixels."""
        self._lamps.append((thing, x, y, radius, light))

    def glows(self) -> list[Glow]:
        """Lights that nothing nearer hides: (x, y, radius, light) in the picture's pixels."""
        seen = []
        for thing, x, y, radius, light in self._lamps:
            column, row = int(x), int(y)
            inside = 0 <= column < self.camera.columns and 0 <= row < self.camera.rows
            if not inside or self.ids.getpixel((column, row)) == thing:
                seen.append((x / SUPERSAMPLING, y / SUPERSAMPLING, radius / SUPERSAMPLING, light))
        return seen

    def finish(self, labels: np.ndarray, depth: np.ndarray) -> tuple[Image.Image, np.ndarray, np.ndarray]:
        """Background labels and depth (H, W) -> picture (RGB, W x H), labels uint8, depth float32 (both in place)."""
        ids = _most_of_four(np.asarray(self.ids)).ravel()
        painted = np.flatnonzero(ids)
        things = ids[painted]
        labels.reshape(-1)[painted] = np.array([label for label, _ in self._things], np.uint8)[things]
        depth.reshape(-1)[painted] = np.array([z for _, z in self._things], np.float32)[things]
        return self.colours.reduce(SUPERSAMPLING), labels, depth
