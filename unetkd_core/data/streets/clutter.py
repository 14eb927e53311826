"""What stands about and is none of the classes: bins, benches, cabinets, planters, rails, shelters, parked bicycles."""

from collections.abc import Callable

from unetkd_core.data.streets.canvas import Canvas, Point
from unetkd_core.data.streets.dice import Colour, scaled
from unetkd_core.data.streets.kerbside import RAIL
from unetkd_core.data.streets.layout import Thing
from unetkd_core.data.streets.stand import Stand, rectangle, ring

BACKGROUND = 0
BLACK: Colour = (0.02, 0.02, 0.02)
STEEL: Colour = (0.22, 0.23, 0.24)
SHELTER = 3.6
"""Metres along the street of a bus shelter."""
_FRAME = (
    (-0.5, 0.34),
    (-0.12, 0.30),
    (0.38, 0.85),
    (-0.2, 0.82),
    (-0.12, 0.30),
    (-0.5, 0.34),
    (-0.22, 0.88),
    (0.38, 0.85),
    (0.5, 0.34),
)
_LEAVES = ((-0.5, 0.48), (-0.55, 0.8), (-0.3, 0.95), (-0.1, 0.85), (0.15, 1.05), (0.4, 0.85), (0.55, 0.75), (0.5, 0.48))


def paint_clutter(canvas: Canvas, thing: Thing, x: float, z: float, lit: float) -> None:
    _PAINTERS[thing.kind](Stand(canvas, BACKGROUND, x, z, lit), thing)


def _bicycle(stand: Stand, thing: Thing) -> None:
    wide = 0.55 + 0.1 * (thing.look % 5)
    squeezed = lambda outline: stand.place([(px * wide, py) for px, py in outline])  # noqa: E731
    for dx in (-0.5, 0.5):
        wheel = ring(dx, 0.34, 0.33, 18)
        stand.line(squeezed([*wheel, wheel[0]]), 0.032, BLACK)
    stand.line(squeezed(_FRAME), 0.035, thing.colour)
    stand.line(squeezed(((0.28, 1.0), (0.42, 0.98), (0.38, 0.85))), 0.035, BLACK)
    stand.line(squeezed(((-0.32, 0.90), (-0.12, 0.91))), 0.06, BLACK)


def _bench(stand: Stand, thing: Thing) -> None:
    wood = (0.15, 0.085, 0.04)
    for dx in (-0.72, 0.72):
        stand.fill(rectangle(dx - 0.04, 0.0, dx + 0.04, 0.88), BLACK)
    stand.fill(rectangle(-0.8, 0.38, 0.8, 0.46), wood, 0, 0.5)
    for y in (0.56, 0.67, 0.78):
        stand.fill(rectangle(-0.8, y, 0.8, y + 0.075), wood)


def _bin(stand: Stand, thing: Thing) -> None:
    if thing.look % 2:  # on wheels
        colour = ((0.02, 0.06, 0.03), (0.03, 0.03, 0.035), (0.02, 0.05, 0.14), (0.06, 0.04, 0.02))[
            (thing.look >> 1) % 4
        ]
        stand.box(-0.25, 0.25, 0.08, 0.98, colour, 0.6)
        stand.fill([(-0.29, 0.96), (0.29, 0.96), (0.27, 1.06), (-0.27, 1.06)], colour, 0, 0.5)
        stand.fill(rectangle(-0.24, 0.0, -0.16, 0.12), BLACK)
        return stand.fill(rectangle(0.16, 0.0, 0.24, 0.12), BLACK)
    stand.post([(0.0, 0.22), (0.9, 0.25), (0.94, 0.28), (1.05, 0.22), (1.12, 0.06)], (0.025, 0.028, 0.03))
    stand.hint(rectangle(-0.19, 0.76, 0.19, 0.87), (0.006, 0.006, 0.006))
    stand.hint(rectangle(-0.24, 0.62, 0.24, 0.66), (0.35, 0.28, 0.08))


def _cabinet(stand: Stand, thing: Thing) -> None:
    colour = (0.035, 0.06, 0.04) if thing.look % 3 else (0.26, 0.26, 0.25)
    stand.box(-0.42, 0.42, 0.0, 1.25, colour, 0.4)
    stand.fill(rectangle(-0.45, 1.25, 0.45, 1.31), colour, 0, 0.6)
    stand.hint(rectangle(-0.01, 0.08, 0.01, 1.2), scaled(colour, 0.4))
    stand.hint(rectangle(0.04, 0.6, 0.08, 0.72), (0.3, 0.3, 0.3))


def _phone_box(stand: Stand, thing: Thing) -> None:
    red = (0.36, 0.015, 0.02)
    stand.box(-0.45, 0.45, 0.0, 2.3, red, 0.9)
    stand.fill([(-0.47, 2.3), (0.47, 2.3), (0.4, 2.42), (-0.4, 2.42)], red, 0, 0.6)
    stand.hint(rectangle(-0.34, 2.12, 0.34, 2.26), (0.5, 0.5, 0.46))
    for row in range(6):
        for x0, x1 in ((-0.33, -0.2), (-0.16, 0.16), (0.2, 0.33)):
            stand.hint(rectangle(x0, 0.55 + 0.25 * row, x1, 0.75 + 0.25 * row), (0.05, 0.06, 0.065))


def _planter(stand: Stand, thing: Thing) -> None:
    stand.box(-0.5, 0.5, 0.0, 0.5, (0.22, 0.20, 0.18), 0.5)
    green = (0.04, 0.075, 0.025)
    stand.fill(_LEAVES, green, 0, 0.3)
    if stand.scale > 20:
        for i in range(9):
            px, py = -0.42 + 0.105 * i, 0.6 + 0.03 * ((thing.look >> i) % 8)
            bloom = (0.35, 0.03, 0.06) if (thing.look >> i) % 3 == 0 else (0.07, 0.12, 0.03)
            stand.hint(ring(px, py, 0.06, 5), bloom, 0, 0.6)


def _guard_rail(stand: Stand, thing: Thing) -> None:
    """A length along the kerb; `facing` is the street's slope there."""
    slope, colour = thing.facing, thing.colour
    at = lambda y, along: stand.beyond(slope * along, y, along)  # noqa: E731
    bars = 14 if abs(at(0, RAIL)[0] - at(0, 0)[0]) > 34 else 0
    for i in range(1, bars):
        along = RAIL * i / bars
        stand.line([at(0.16, along), at(0.98, along)], 0.012, colour)
    for y in (0.14, 1.02):
        stand.line([at(y, 0.0), at(y, RAIL)], 0.035, colour)
    for along in (0.0, RAIL):
        stand.line([at(0.0, along), at(1.05, along)], 0.05, colour)


def _shelter(stand: Stand, thing: Thing) -> None:
    """A bus shelter, its open side to the road; `facing` is its side of the street."""
    back = 1.25 * thing.facing
    at = lambda x, y, along: stand.beyond(x, y, along)  # noqa: E731
    post = lambda x, along: stand.line([at(x, 0.0, along), at(x, 2.35, along)], 0.06, STEEL)  # noqa: E731
    poster: list[Point] = [
        at(x, y, SHELTER) for x, y in ((0.1 * back, 0.25), (back, 0.25), (back, 2.1), (0.1 * back, 2.1))
    ]
    stand.canvas.polygon(stand.item, poster, stand.tone(thing.colour))
    pane = [at(back, y, along) for y, along in ((0.3, 0.0), (0.3, SHELTER), (2.2, SHELTER), (2.2, 0.0))]
    stand.line([*pane, pane[0]], 0.04, STEEL)
    seat = [
        at(px, 0.5, along)
        for px, along in ((back * 0.95, 0.5), (back * 0.6, 0.5), (back * 0.6, 3.1), (back * 0.95, 3.1))
    ]
    stand.canvas.polygon(stand.item, seat, stand.tone((0.30, 0.03, 0.03), 0, 0.8))
    for x, along in ((back, SHELTER), (0.15 * back, SHELTER), (back, SHELTER / 2), (back, 0.0)):
        post(x, along)
    roof = [
        at(x, 2.35, along)
        for x, along in ((-0.15 * back, -0.1), (1.05 * back, -0.1), (1.05 * back, SHELTER), (-0.15 * back, SHELTER))
    ]
    stand.canvas.polygon(stand.item, roof, stand.tone((0.10, 0.10, 0.11), 0, -0.8))
    stand.fill(rectangle(-0.15 * back, 2.35, 1.05 * back, 2.5), (0.28, 0.04, 0.04))


_PAINTERS: dict[str, Callable[[Stand, Thing], None]] = {
    "bicycle": _bicycle,
    "bench": _bench,
    "bin": _bin,
    "cabinet": _cabinet,
    "phone box": _phone_box,
    "planter": _planter,
    "guard rail": _guard_rail,
    "shelter": _shelter,
}
