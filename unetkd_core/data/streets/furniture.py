"""Street furniture on posts (posts/pylons): lamps of several kinds, traffic lights, beacons, bollards, meters."""

from math import cos, pi, sin

from unetkd_core.data.streets.canvas import Canvas, Point
from unetkd_core.data.streets.dice import Colour, scaled
from unetkd_core.data.streets.layout import Thing
from unetkd_core.data.streets.stand import Stand, rectangle, ring

POLE = 4
WARM: Colour = (1.6, 1.15, 0.62)
_ARMS: tuple[tuple[Point, ...], ...] = (
    ((0.0, -0.5), (0.06, -0.18), (0.3, 0.08), (0.65, 0.2), (1.0, 0.24)),
    ((0.0, 0.06), (0.45, 0.10), (0.75, 0.14), (1.0, 0.16)),
    ((0.0, -0.05), (0.04, 0.05), (0.5, 0.16), (1.0, 0.30)),
)
"""An arm's line, across in its reach and up in metres, for each kind of lamp but the last: a lantern on its post."""
_LENSES: tuple[Colour, ...] = ((1.6, 0.06, 0.03), (1.5, 0.7, 0.05), (0.1, 1.3, 0.5))


def paint_lamp(canvas: Canvas, thing: Thing, x: float, z: float, lit: float) -> None:
    """A street lamp; `facing` is its side of the street, `look` holds its arm's reach (3 bits) and kind (2 bits)."""
    stand = Stand(canvas, POLE, x, z, lit)
    kind, top, side = (thing.look >> 3) % 4, thing.size, -thing.facing
    if kind == 3:
        return _paint_lantern(stand, thing, top * 0.72)
    reach = side * (0.9 + 0.1 * (thing.look % 8))
    stand.post([(0.0, 0.10), (1.25, 0.095), (1.3, 0.062), (top - 0.1, 0.045)], thing.colour)
    thick = max(0.035, 0.55 / stand.scale)
    arm = [(reach * along, top + up) for along, up in _ARMS[kind]]
    stand.fill([(px, py - thick) for px, py in arm] + [(px, py + thick) for px, py in arm[::-1]], thing.colour)
    tip, up = arm[-1]
    flat = 0.07 if kind == 1 else 0.12
    head = [(-0.05, -0.03), (0.5, -0.05), (0.58, 0.0), (0.5, 0.4 * flat), (0.2, flat), (-0.05, 0.05)]
    stand.fill([(tip + side * px, up + py) for px, py in head], (0.28, 0.28, 0.28), 0, 0.4)
    if canvas.weather.lamps > 0.5:
        glass = [(tip + side * px, up + py) for px, py in ((0.08, -0.10), (0.48, -0.10), (0.5, -0.02), (0.05, -0.02))]
        _shine(stand, glass, tip + side * 0.28, up - 0.05)


def _paint_lantern(stand: Stand, thing: Thing, top: float) -> None:
    """An old one: a fluted post with a ladder bar and a glazed lantern on it."""
    profile = (
        (0.0, 0.15),
        (0.12, 0.15),
        (0.16, 0.10),
        (0.85, 0.095),
        (0.9, 0.12),
        (0.96, 0.06),
        (top - 0.1, 0.045),
        (top, 0.09),
    )
    stand.post(profile, thing.colour)
    stand.fill(rectangle(-0.26, top - 0.42, 0.26, top - 0.38), thing.colour)
    glass = [(-0.11, top), (0.11, top), (0.20, top + 0.42), (-0.20, top + 0.42)]
    stand.fill(glass, (0.45, 0.46, 0.44))
    stand.fill(
        [(-0.23, top + 0.42), (0.23, top + 0.42), (0.08, top + 0.58), (0.0, top + 0.68), (-0.08, top + 0.58)],
        thing.colour,
    )
    if stand.canvas.weather.lamps > 0.5:
        _shine(stand, glass, 0.0, top + 0.2)
    if stand.scale > 30:
        for s in (-1, 1):
            bar = [(s * 0.04, top), (s * 0.06, top), (s * 0.09, top + 0.42), (s * 0.07, top + 0.42)]
            stand.hint(bar, thing.colour)


def _shine(stand: Stand, glass: list[Point], x: float, y: float) -> None:
    canvas = stand.canvas
    canvas.detail(stand.place(glass), canvas.weather.film((3, 2.4, 1.5), 0))
    ((gx, gy),) = stand.place([(x, y)])
    canvas.glow(stand.item, gx, gy, stand.scale * 0.9, scaled(WARM, 0.8 * canvas.weather.lamps))


def paint_traffic_light(canvas: Canvas, thing: Thing, x: float, z: float, lit: float) -> None:
    """Three lamps under hoods in a dark case with a backing board; `facing` is which one is on, or -1 from behind."""
    stand = Stand(canvas, POLE, x, z, lit)
    top, black = thing.size, (0.02, 0.02, 0.02)
    stand.post([(0.0, 0.057), (top - 0.2, 0.057)], thing.colour)
    if stand.scale > 20:  # the box with the button
        stand.fill(rectangle(-0.07, 1.0, 0.07, 1.3), (0.55, 0.38, 0.02) if thing.look % 2 else (0.03, 0.03, 0.03))
    board = [
        (-0.21, top - 1.1),
        (0.21, top - 1.1),
        (0.25, top - 1.0),
        (0.25, top),
        (0.21, top + 0.1),
        (-0.21, top + 0.1),
        (-0.25, top),
        (-0.25, top - 1.0),
    ]
    stand.fill(board, (0.45, 0.45, 0.44) if thing.facing >= 0 else (0.05, 0.05, 0.05))
    if thing.facing < 0:
        stand.hint(rectangle(-0.14, top - 1.02, 0.14, top + 0.02), black, -0.4)
        return stand.post([(top - 1.3, 0.05), (top - 0.4, 0.05)], thing.colour)
    stand.hint([(px * 0.92, py + (0.02 if py < top - 0.5 else -0.02)) for px, py in board], black)
    for i, colour in enumerate(_LENSES):
        _paint_lens(stand, top - 0.14 - 0.345 * i, colour, i == int(thing.facing))


def _paint_lens(stand: Stand, y: float, colour: Colour, on: bool) -> None:
    canvas = stand.canvas
    lens = canvas.weather.film(colour, stand.z) if on else stand.tone(scaled(colour, 0.03))
    if stand.scale > 30:  # the hood, an arch over the glass
        arch = [(0.155 * cos(pi * i / 6), y + 0.155 * sin(pi * i / 6)) for i in range(7)]
        stand.hint([(0.155, y - 0.06), *arch, (-0.155, y - 0.06)], (0.045, 0.045, 0.045), 0, 0.4)
        stand.hint(ring(0, y, 0.128, 12), (0.008, 0.008, 0.008))
    canvas.detail(stand.place(ring(0, y - 0.012, 0.108, 12)), lens)
    if on:
        ((gx, gy),) = stand.place([(0, y)])
        canvas.glow(stand.item, gx, gy, stand.scale * 0.35, scaled(colour, 0.10 + 0.5 * canvas.weather.lamps))


def paint_beacon(canvas: Canvas, thing: Thing, x: float, z: float, lit: float) -> None:
    """A black and white banded post with an amber globe, at a zebra crossing."""
    stand = Stand(canvas, POLE, x, z, lit)
    stand.post([(0.0, 0.055), (2.75, 0.055)], (0.55, 0.55, 0.53))
    if stand.scale > 8:
        for band in range(5):
            stand.hint(rectangle(-0.055, 0.3 + 0.55 * band, 0.055, 0.57 + 0.55 * band), (0.02, 0.02, 0.02))
    globe, ((gx, gy),) = ring(0, 2.88, 0.16, 14), stand.place([(0.0, 2.88)])
    on = thing.look % 2 == 0
    canvas.polygon(
        stand.item,
        stand.place(globe),
        canvas.weather.film((1.5, 0.50, 0.03), z) if on else stand.tone((0.60, 0.25, 0.02)),
    )
    if on:
        canvas.glow(stand.item, gx, gy, stand.scale * 0.5, scaled((1.5, 0.55, 0.05), 0.1 + 0.4 * canvas.weather.lamps))


_BOLLARDS: tuple[tuple[tuple[tuple[float, float], ...], Colour, Colour], ...] = (
    (
        ((0.0, 0.085), (0.06, 0.085), (0.08, 0.065), (0.86, 0.06), (0.9, 0.08), (0.95, 0.07), (1.0, 0.02)),
        (0.025, 0.025, 0.025),
        (0.5, 0.5, 0.5),
    ),
    (((0.0, 0.06), (0.93, 0.06), (0.97, 0.04)), (0.30, 0.31, 0.32), (0.30, 0.03, 0.03)),
    (((0.0, 0.12), (0.68, 0.10), (0.74, 0.06)), (0.30, 0.28, 0.25), (0.22, 0.21, 0.19)),
)
"""Profile, colour and the colour of its band: cast iron, steel, concrete."""


def paint_bollard(canvas: Canvas, thing: Thing, x: float, z: float, lit: float) -> None:
    stand = Stand(canvas, POLE, x, z, lit)
    profile, colour, band = _BOLLARDS[thing.look % 3]
    stand.post(profile, colour)
    if stand.scale > 12:
        high, wide = profile[-1][0] - 0.22, profile[-3][1] * 0.95
        stand.hint(rectangle(-wide, high, wide, high + 0.07), band)


def paint_meter(canvas: Canvas, thing: Thing, x: float, z: float, lit: float) -> None:
    """A parking meter: a narrow case with a screen on a post."""
    stand = Stand(canvas, POLE, x, z, lit)
    stand.post([(0.0, 0.05), (1.0, 0.05)], thing.colour)
    stand.fill(
        [(-0.15, 0.95), (0.15, 0.95), (0.16, 1.55), (0.1, 1.68), (-0.1, 1.68), (-0.16, 1.55)], (0.04, 0.06, 0.09)
    )
    stand.hint(rectangle(-0.1, 1.32, 0.1, 1.5), (0.30, 0.32, 0.32))
    stand.hint(rectangle(-0.1, 1.08, 0.1, 1.22), (0.5, 0.5, 0.48))
