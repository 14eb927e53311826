"""Traffic signs on their posts: faces as tables of outlines and marks, and grey backs. Posts/pylons, all of them."""

from typing import NamedTuple

from unetkd_core.data.streets.canvas import Canvas, Point
from unetkd_core.data.streets.dice import Colour
from unetkd_core.data.streets.layout import Thing
from unetkd_core.data.streets.stand import Stand, rectangle, ring

POLE = 4
RED: Colour = (0.42, 0.02, 0.025)
WHITE: Colour = (0.62, 0.62, 0.60)
BLUE: Colour = (0.02, 0.09, 0.34)
GREEN: Colour = (0.01, 0.13, 0.06)
YELLOW: Colour = (0.60, 0.42, 0.02)
BLACK: Colour = (0.02, 0.02, 0.02)
BACK: Colour = (0.15, 0.155, 0.16)
Mark = tuple[Colour, tuple[Point, ...]]
_ARROW: tuple[Point, ...] = (
    (-0.12, 0.14),
    (-0.17, 0.09),
    (0.03, -0.10),
    (-0.06, -0.17),
    (0.17, -0.19),
    (0.15, 0.04),
    (0.08, -0.05),
)


class Face(NamedTuple):
    """rim: the plate's outline; field: what lies inside its border; marks: on top. Metres about its middle."""

    rim: tuple[Point, ...]
    colour: Colour
    field: tuple[Point, ...]
    inner: Colour
    marks: tuple[Mark, ...] = ()


def _bars(colour: Colour, *boxes: tuple[float, float, float, float]) -> tuple[Mark, ...]:
    return tuple((colour, tuple(rectangle(*box))) for box in boxes)


def _digits(tens: int) -> tuple[Mark, ...]:
    notches = (
        ((-0.15, 0.03, -0.06, 0.06), (-0.15, -0.07, -0.06, -0.03))
        if tens == 3
        else ((-0.15, 0.03, -0.06, 0.06), (-0.10, -0.07, 0.0, -0.03))
    )
    return _bars(BLACK, (-0.15, -0.11, -0.02, 0.11), (0.02, -0.11, 0.15, 0.11)) + _bars(
        WHITE, *notches, (0.06, -0.07, 0.11, 0.07)
    )


def _disc(colour: Colour, inside: float, inner: Colour, *marks: Mark) -> Face:
    return Face(tuple(ring(0, 0, 0.30)), colour, tuple(ring(0, 0, inside)), inner, marks)


def _plate(wide: float, high: float, colour: Colour, inner: Colour, *marks: Mark) -> Face:
    field = tuple(rectangle(0.025 - wide, 0.025 - high, wide - 0.025, high - 0.025))
    return Face(tuple(rectangle(-wide, -high, wide, high)), colour, field, inner, marks)


def _triangle(*marks: Mark) -> Face:
    return Face(
        ((-0.36, -0.24), (0.36, -0.24), (0.0, 0.38)), RED, ((-0.25, -0.175), (0.25, -0.175), (0.0, 0.255)), WHITE, marks
    )


_LEGS: tuple[Point, ...] = (
    (-0.10, -0.15),
    (-0.03, 0.01),
    (0.03, 0.01),
    (0.08, -0.15),
    (0.03, -0.15),
    (0.0, -0.07),
    (-0.05, -0.15),
)
_WALKER: tuple[Mark, ...] = (*_bars(BLACK, (-0.03, 0.02, 0.03, 0.08)), (BLACK, _LEGS))
_PARKING = (
    *_bars(WHITE, (-0.10, -0.22, -0.03, 0.24), (-0.03, 0.0, 0.12, 0.24)),
    *_bars(BLUE, (-0.03, 0.07, 0.05, 0.17)),
)
_ROUTES = _bars(WHITE, (-0.48, 0.02, 0.20, 0.09), (-0.48, -0.10, 0.05, -0.03))
_TIP: tuple[Point, ...] = ((0.30, -0.12), (0.52, 0.0), (0.30, 0.12))
_BUS = (
    *_bars(WHITE, (-0.13, -0.02, 0.13, 0.14), (-0.15, -0.18, 0.15, -0.12)),
    *_bars(RED, (-0.10, 0.04, 0.10, 0.10)),
)
FACES = (
    _disc(RED, 0.235, WHITE, *_digits(3)),
    _disc(RED, 0.235, WHITE, *_digits(2)),
    _disc(RED, 0.28, RED, *_bars(WHITE, (-0.21, -0.05, 0.21, 0.05))),
    _disc(WHITE, 0.285, BLUE, (WHITE, _ARROW)),
    _disc(RED, 0.245, BLUE, (RED, ((-0.20, 0.14), (-0.14, 0.20), (0.20, -0.14), (0.14, -0.20)))),
    _triangle(*_bars(BLACK, (-0.025, -0.07, 0.025, 0.12), (-0.025, -0.14, 0.025, -0.10))),
    _triangle(*_WALKER),
    _plate(0.26, 0.36, WHITE, BLUE, *_PARKING),
    _plate(0.62, 0.20, WHITE, GREEN, *_ROUTES, (YELLOW, _TIP)),
    _plate(0.55, 0.17, BLACK, WHITE, *_bars(BLACK, (-0.42, -0.02, 0.25, 0.06)), (BLACK, _TIP)),
    _plate(0.22, 0.28, WHITE, RED, *_BUS),
)
PLATES = (
    _plate(0.20, 0.16, BLACK, WHITE, *_bars(BLACK, (-0.12, 0.02, 0.12, 0.07), (-0.12, -0.07, 0.08, -0.03))),
    _plate(0.16, 0.20, BLACK, YELLOW, *_bars(BLACK, (-0.10, 0.05, 0.10, 0.10), (-0.10, -0.06, 0.06, -0.02))),
)
"""Small ones, under a sign."""


def paint_sign(canvas: Canvas, thing: Thing, x: float, z: float, lit: float) -> None:
    """One sign, sometimes with a plate under it; `facing` is 1 for those who come our way, 0 for the others."""
    stand = Stand(canvas, POLE, x, z, lit)
    face, post = FACES[thing.look % len(FACES)], [(0.0, 0.036), (thing.size, 0.036)]
    high = max(y for _, y in face.rim)
    middles = [(thing.size - high + 0.03, face)]
    if thing.look % 3 == 0 and 0.2 < high < 0.4:
        middles.append((thing.size - 2 * high - 0.20, PLATES[(thing.look >> 5) % 2]))
    if thing.facing > 0.5:
        stand.post(post, thing.colour)
        for y, plate in middles:
            _paint_front(stand, plate, y)
        return
    for y, plate in middles:  # its back, and the post in front of it with its clamps
        stand.fill([(px, y + py) for px, py in plate.rim], BACK)
        if stand.scale > 40:
            low, top = (0.55 * (min if end else max)(py for _, py in plate.rim) for end in (1, 0))
            for clamp in (low, top):
                stand.hint(rectangle(-0.1, y + clamp - 0.02, 0.1, y + clamp + 0.02), (0.25, 0.25, 0.25))
    stand.post(post, thing.colour)


def _paint_front(stand: Stand, face: Face, y: float) -> None:
    up = lambda outline: [(px, y + py) for px, py in outline]  # noqa: E731
    stand.fill(up(face.rim), face.colour)
    if stand.scale < 8:
        return
    stand.hint(up(face.field), face.inner)
    if stand.scale > 22:
        for colour, outline in face.marks:
            stand.hint(up(outline), colour)
