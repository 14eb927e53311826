"""A body on the canvas: joints in body heights are seen from their side, limbs become strips, garments become lofts.

Knows neither poses nor clothes. Axes of a figure: f forward, r to its right, u up, from the ground between its feet.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from math import cos, pi, sin

from unetkd_core.data.streets.canvas import Canvas, Point
from unetkd_core.data.streets.dice import Colour, scaled
from unetkd_core.data.streets.layout import Thing
from unetkd_core.data.streets.skeleton import Joint

Level = tuple[float, float, float, float]
"""A cross-section of a garment: height, how far forward, half width, half thickness."""
Tone = tuple[int, int, int]

TINY, CLOSE = 28.0, 75.0
"""Canvas pixels of height below which a person is a few outlines, and from which there are a face and folds."""
SHADED_FROM = 5.0
"""Canvas pixels across from which a limb or a garment has a light and a dark side."""


class Figure:
    """Where a person is and how it is lit; `facing` half turns from walking away from us, to the right first."""

    def __init__(self, canvas: Canvas, thing: Thing, x: float, z: float, lit: float, label: int) -> None:
        self.canvas, self.z, self.lit = canvas, z, lit
        self.item = canvas.begin(label, z)
        self.scale = canvas.camera.focal / z * thing.size
        self.x, self.y = canvas.camera.x(x, z), canvas.camera.y(0.0, z)
        turn, aside = pi * thing.facing, x / z
        self.ahead = sin(turn) - aside * cos(turn)
        self.away = cos(turn) + aside * sin(turn)
        self.sunny = 1 if canvas.weather.to_sun[0] * canvas.weather.sun[0] >= 0 else -1
        self._tones: dict[tuple[Colour, int], Tone] = {}

    def place(self, f: float, r: float, u: float) -> Point:
        return (self.x + (f * self.ahead + r * self.away) * self.scale, self.y - u * self.scale)

    def depth(self, joint: Joint) -> float:
        """How far behind the middle of the body, in body heights."""
        return joint[0] * self.away - joint[1] * self.ahead

    def tone(self, colour: Colour, side: int = 0) -> Tone:
        """The colour seen frontally, on the sun's side (1) or on the other (-1)."""
        known = self._tones.get((colour, side))
        if known is None:
            normal = ((0.0, 0.1, -0.99), (0.6 * self.sunny, 0.3, -0.74), (-0.6 * self.sunny, -0.2, -0.78))[side]
            gain = (1.0, 1.04, 0.86)[side]
            known = self.canvas.weather.shade(scaled(colour, gain), normal, self.lit, self.z)
            self._tones[(colour, side)] = known
        return known

    def fill(self, points: Sequence[Point], colour: Colour, side: int = 0) -> None:
        self.canvas.polygon(self.item, points, self.tone(colour, side))

    def hint(self, points: Sequence[Point], colour: Colour, side: int = 0) -> None:
        """Colour only: inside what is outlined already."""
        self.canvas.detail(points, self.tone(colour, side))

    def strip(self, joints: Sequence[Joint], widths: Sequence[float], colour: Colour) -> None:
        """A limb: a strip along the joints, half as wide as `widths` say at each."""
        line = [self.place(*joint) for joint in joints]
        normals = _normals(line)
        halves = [max(0.55, width * self.scale) for width in widths]
        edge = [(x + nx * w, y + ny * w) for (x, y), (nx, ny), w in zip(line, normals, halves, strict=True)]
        other = [(x - nx * w, y - ny * w) for (x, y), (nx, ny), w in zip(line, normals, halves, strict=True)]
        self.fill(edge + other[::-1], colour)
        if 2 * halves[0] > SHADED_FROM:
            dark = edge if (edge[0][0] - line[0][0]) * self.sunny < 0 else other
            inner = [(x + 0.2 * (x - dx), y + 0.2 * (y - dy)) for (x, y), (dx, dy) in zip(line, dark, strict=True)]
            self.hint(dark + inner[::-1], colour, -1)

    def loft(self, levels: Sequence[Level], colour: Colour, r: float = 0.0) -> None:
        """A garment or a bag: elliptic cross-sections one above the other, about `r` to the right."""
        rows = [
            (self.x + (f * self.ahead + r * self.away) * self.scale, self.y - u * self.scale, self._half(wide, thick))
            for u, f, wide, thick in levels
        ]
        self.fill([(x - w, y) for x, y, w in rows] + [(x + w, y) for x, y, w in rows[::-1]], colour)
        widest, s = max(w for _, _, w in rows), self.sunny
        if widest > SHADED_FROM:
            inner = [(x - 0.2 * s * w, y) for x, y, w in rows[::-1]]
            self.hint([(x - s * w, y) for x, y, w in rows] + inner, colour, -1)
        if widest > 1.6 * SHADED_FROM:
            inner = [(x + 0.5 * s * w, y) for x, y, w in rows[::-1]]
            self.hint([(x + s * w, y) for x, y, w in rows] + inner, colour, 1)

    def _half(self, wide: float, thick: float) -> float:
        a, b = wide * self.away, thick * self.ahead
        return float((a * a + b * b) ** 0.5 * self.scale)

    def oval(self, f: float, u: float, wide: float, high: float, count: int = 12, part: float = 1.0) -> list[Point]:
        """An upright ellipse about the body's middle plane, or the upper `part` of it."""
        x, y = self.place(f, 0.0, u)
        wide, high = wide * self.scale, high * self.scale
        return [(x + wide * across, y - high * up) for across, up in _arc(count, part)]


@lru_cache(maxsize=32)
def _arc(count: int, part: float) -> tuple[Point, ...]:
    """The upper `part` of a unit circle, closed in itself where it is all of it."""
    first, points = pi * (1 - 2 * part) / 2, count + (part < 1)
    turns = [first + 2 * pi * part * i / count for i in range(points)]
    return tuple((cos(turn), sin(turn)) for turn in turns)


def _normals(line: Sequence[Point]) -> list[Point]:
    """Unit normals at the points of a line, mitred where it bends."""
    along = []
    for (x0, y0), (x1, y1) in pairwise(line):
        length = max(((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5, 1e-6)
        along.append(((y1 - y0) / length, -(x1 - x0) / length))
    normals = [along[0]]
    for (ax, ay), (bx, by) in pairwise(along):
        mx, my = ax + bx, ay + by
        length = max((mx * mx + my * my) ** 0.5, 0.7)
        normals.append((mx / length, my / length))
    return [*normals, along[-1]]
