"""An upright thing on its foot: metres about it -> canvas pixels and lit colours. Knows no kinds of things."""

from collections.abc import Sequence
from math import cos, sin

from unetkd_core.data.streets.canvas import Canvas, Point
from unetkd_core.data.streets.dice import Colour


class Stand:
    """Metres about the foot of a thing (x right, y up, z ahead) -> canvas pixels."""

    def __init__(self, canvas: Canvas, label: int, x: float, z: float, lit: float) -> None:
        self.canvas, self.x, self.z, self.lit = canvas, x, z, lit
        self.scale = canvas.camera.focal / z
        self.item = canvas.begin(label, z)
        self._left, self._foot = canvas.camera.x(x, z), canvas.camera.y(0.0, z)
        self.sunny = 1 if canvas.weather.to_sun[0] > 0 else -1

    def place(self, outline: Sequence[Point]) -> list[Point]:
        return [(self._left + px * self.scale, self._foot - py * self.scale) for px, py in outline]

    def beyond(self, x: float, y: float, z: float) -> Point:
        """One point that much farther than the foot."""
        camera = self.canvas.camera
        return camera.x(self.x + x, self.z + z), camera.y(y, self.z + z)

    def tone(self, colour: Colour, side: float = 0.0, up: float = 0.0) -> tuple[int, int, int]:
        return self.canvas.weather.shade(colour, (side, up, -max(0.0, 1 - abs(side))), self.lit, self.z)

    def fill(self, outline: Sequence[Point], colour: Colour, side: float = 0.0, up: float = 0.0) -> None:
        self.canvas.polygon(self.item, self.place(outline), self.tone(colour, side, up))

    def hint(self, outline: Sequence[Point], colour: Colour, side: float = 0.0, up: float = 0.0) -> None:
        """Colour only: inside what is outlined already."""
        self.canvas.detail(self.place(outline), self.tone(colour, side, up))

    def line(self, points: Sequence[Point], width: float, colour: Colour) -> None:
        """Through canvas points, `width` metres wide but never under a canvas pixel."""
        self.canvas.line(self.item, points, max(1.0, width * self.scale), self.tone(colour))

    def post(self, profile: Sequence[tuple[float, float]], colour: Colour) -> None:
        """Round and upright: (height, radius) from the foot up; light on one side, dark on the other."""
        least = 0.55 / self.scale
        rows = [(max(radius, least), y) for y, radius in profile]
        s, dark = self.sunny, max(r for r, _ in rows) * self.scale > 1.5
        self.fill([(-r, y) for r, y in rows] + [(r, y) for r, y in rows[::-1]], colour, 0.55 * s)
        if dark:
            self.hint(
                [(-s * r, y) for r, y in rows] + [(-0.1 * s * r, y) for r, y in rows[::-1]], colour, -0.6 * s, -0.2
            )

    def box(self, x0: float, x1: float, y0: float, y1: float, colour: Colour, deep: float = 0.0) -> None:
        """A case seen from the front and, `deep` metres long, from the side that is turned to us."""
        if deep > 0 and self.scale > 12:
            edge = x0 if self.x + x0 > 0 else x1
            if self.x + x0 > 0 or self.x + x1 < 0:
                corners = [self.beyond(edge, y, z) for y, z in ((y0, 0), (y0, deep), (y1, deep), (y1, 0))]
                self.canvas.polygon(self.item, corners, self.tone(colour, -0.8 if edge == x0 else 0.8, -0.1))
        self.fill(rectangle(x0, y0, x1, y1), colour)


def rectangle(x0: float, y0: float, x1: float, y1: float) -> list[Point]:
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def ring(x: float, y: float, r: float, count: int = 16) -> list[Point]:
    return [(x + r * cos(6.2832 * (i + 0.5) / count), y + r * sin(6.2832 * (i + 0.5) / count)) for i in range(count)]
