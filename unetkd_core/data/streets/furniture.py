"""Street furniture: lamps, signs and traffic lights (posts/pylons); bins, benches, bicycles, cabinets (background)."""

from math import cos, sin

from unetkd_core.data.streets.canvas import Canvas, Point
from unetkd_core.data.streets.dice import Colour, scaled
from unetkd_core.data.streets.layout import Thing

POLE, BACKGROUND = 4, 0


class _Stand:
    """Metres about the foot of a thing (x right, y up) -> canvas pixels."""

    def __init__(self, canvas: Canvas, x: float, z: float, lit: float) -> None:
        self.canvas, self.x, self.z, self.lit = canvas, x, z, lit
        self.scale = canvas.camera.focal / z

    def place(self, outline: list[Point]) -> list[Point]:
        camera = self.canvas.camera
        return [(camera.x(self.x + px, self.z), camera.y(py, self.z)) for px, py in outline]

    def tone(self, colour: Colour, side: float = 0.0, up: float = 0.0) -> tuple[int, int, int]:
        return self.canvas.weather.shade(colour, (side, up, -max(0.0, 1 - abs(side))), self.lit, self.z)

    def box(self, item: int, x0: float, x1: float, y0: float, y1: float, colour: Colour) -> None:
        """An upright slab, lit on one side: never thinner than one canvas pixel."""
        least = 1.1 / self.scale
        if x1 - x0 < least:
            middle = (x0 + x1) / 2
            x0, x1 = middle - least / 2, middle + least / 2
        side = 0.6 if self.canvas.weather.to_sun[0] > 0 else -0.6
        self.canvas.polygon(item, self.place([(x0, y0), (x1, y0), (x1, y1), (x0, y1)]), self.tone(colour, side))
        if (x1 - x0) * self.scale > 3:
            split = x0 + (x1 - x0) * (0.42 if side > 0 else 0.58)
            shaded = (
                [(x0, y0), (split, y0), (split, y1), (x0, y1)]
                if side > 0
                else [(split, y0), (x1, y0), (x1, y1), (split, y1)]
            )
            self.canvas.detail(self.place(shaded), self.tone(colour, -side, -0.2))


def _ring(x: float, y: float, r: float, count: int = 14) -> list[Point]:
    return [(x + r * cos(6.2832 * (i + 0.5) / count), y + r * sin(6.2832 * (i + 0.5) / count)) for i in range(count)]


def paint_lamp(canvas: Canvas, thing: Thing, x: float, z: float, lit: float) -> None:
    """A street lamp on a tapered post with an arm over the road; `facing` is its side of the street."""
    stand = _Stand(canvas, x, z, lit)
    item = canvas.begin(POLE, z)
    top, side = thing.size, -thing.facing
    stand.box(item, -0.11, 0.11, 0.0, 1.1, thing.colour)
    stand.box(item, -0.065, 0.065, 1.1, top, thing.colour)
    reach = side * (0.9 + 0.1 * (thing.look % 8))
    thick = max(0.05, 0.6 / stand.scale)
    canvas.polygon(
        item,
        stand.place(
            [
                (0, top - thick),
                (reach * 0.6, top + 0.22),
                (reach, top + 0.26),
                (reach, top + 0.26 + thick),
                (reach * 0.6, top + 0.24 + thick),
                (0, top + thick),
            ]
        ),
        stand.tone(thing.colour),
    )
    canvas.polygon(
        item,
        stand.place(
            [
                (reach - 0.1 * side, top + 0.20),
                (reach + side * 0.55, top + 0.22),
                (reach + side * 0.5, top + 0.36),
                (reach - 0.1 * side, top + 0.36),
            ]
        ),
        stand.tone((0.3, 0.3, 0.3), 0, 0.5),
    )
    if canvas.weather.lamps > 0.5:
        ((lx, ly),) = stand.place([(reach + side * 0.25, top + 0.24)])
        warm = (1.6, 1.15, 0.62)
        canvas.detail(
            stand.place(
                [
                    (reach, top + 0.18),
                    (reach + side * 0.5, top + 0.18),
                    (reach + side * 0.5, top + 0.26),
                    (reach, top + 0.26),
                ]
            ),
            canvas.weather.film((3, 2.4, 1.5), 0),
        )
        canvas.glow(item, lx, ly, stand.scale * 0.9, scaled(warm, 0.8 * canvas.weather.lamps))


def paint_sign(canvas: Canvas, thing: Thing, x: float, z: float, lit: float) -> None:
    """A traffic sign: disc, triangle, blue plate or a street's name, on a thin post."""
    stand = _Stand(canvas, x, z, lit)
    item = canvas.begin(POLE, z)
    top, kind = thing.size, thing.look % 7
    stand.box(item, -0.038, 0.038, 0.0, top, thing.colour)
    red, white, blue, y = (0.42, 0.02, 0.025), (0.62, 0.62, 0.60), (0.02, 0.09, 0.34), top - 0.05
    if thing.look % 3 == 0:  # its back: it speaks to those who come the other way
        outline = (
            _ring(0, y, 0.29)
            if kind < 4
            else [(-0.28, y - 0.35), (0.28, y - 0.35), (0.28, y + 0.25), (-0.28, y + 0.25)]
        )
        canvas.polygon(item, stand.place(outline), stand.tone((0.16, 0.165, 0.17)))
    elif kind in (0, 1):
        canvas.polygon(item, stand.place(_ring(0, y, 0.30)), stand.tone(red if kind else blue))
        canvas.detail(stand.place(_ring(0, y, 0.22 if kind else 0.26)), stand.tone(white if kind else blue))
        mark = (
            [(-0.13, y - 0.05), (0.13, y - 0.05), (0.13, y + 0.05), (-0.13, y + 0.05)]
            if kind
            else [
                (-0.15, y - 0.03),
                (0.02, y - 0.03),
                (0.02, y - 0.13),
                (0.17, y),
                (0.02, y + 0.13),
                (0.02, y + 0.03),
                (-0.15, y + 0.03),
            ]
        )
        canvas.detail(stand.place(mark), stand.tone((0.03, 0.03, 0.03) if kind else white))
    elif kind in (2, 3):
        canvas.polygon(item, stand.place([(-0.40, y - 0.26), (0.40, y - 0.26), (0.0, y + 0.42)]), stand.tone(red))
        canvas.detail(stand.place([(-0.24, y - 0.17), (0.24, y - 0.17), (0.0, y + 0.24)]), stand.tone(white))
    elif kind in (4, 5):
        tall = 0.35 + 0.15 * (thing.look % 3)
        canvas.polygon(
            item,
            stand.place([(-0.30, y - tall), (0.30, y - tall), (0.30, y + 0.25), (-0.30, y + 0.25)]),
            stand.tone(blue if kind == 4 and thing.look % 2 else (0.30, 0.30, 0.29)),
        )
        canvas.detail(
            stand.place([(-0.14, y - 0.2), (0.14, y - 0.2), (0.14, y + 0.1), (-0.14, y + 0.1)]),
            stand.tone(white if kind == 4 else (0.05, 0.05, 0.06)),
        )
    else:
        canvas.polygon(
            item,
            stand.place([(-0.6, y - 0.12), (0.6, y - 0.12), (0.6, y + 0.14), (-0.6, y + 0.14)]),
            stand.tone((0.03, 0.14, 0.07)),
        )
        canvas.detail(
            stand.place([(-0.45, y - 0.03), (0.4, y - 0.03), (0.4, y + 0.05), (-0.45, y + 0.05)]), stand.tone(white)
        )


def paint_traffic_light(canvas: Canvas, thing: Thing, x: float, z: float, lit: float) -> None:
    """Three lamps in a dark case with a backing board; `facing` is which one is on."""
    stand = _Stand(canvas, x, z, lit)
    item = canvas.begin(POLE, z)
    top = thing.size
    stand.box(item, -0.06, 0.06, 0.0, top, thing.colour)
    canvas.polygon(
        item,
        stand.place([(-0.24, top - 1.05), (0.24, top - 1.05), (0.24, top + 0.1), (-0.24, top + 0.1)]),
        stand.tone((0.03, 0.03, 0.03)),
    )
    for i, colour in enumerate(((1.6, 0.06, 0.03), (1.5, 0.7, 0.05), (0.1, 1.3, 0.5))):
        y = top - 0.14 - 0.33 * i
        on = i == int(thing.facing)
        canvas.detail(
            stand.place(_ring(0, y, 0.125, 10)),
            canvas.weather.film(colour, z) if on else stand.tone(scaled(colour, 0.035)),
        )
        if on:
            ((gx, gy),) = stand.place([(0, y)])
            strength = 0.10 + 0.5 * canvas.weather.lamps
            canvas.glow(item, gx, gy, stand.scale * 0.35, scaled(colour, strength))


def paint_bollard(canvas: Canvas, thing: Thing, x: float, z: float, lit: float) -> None:
    stand = _Stand(canvas, x, z, lit)
    item = canvas.begin(POLE, z)
    stand.box(item, -0.08, 0.08, 0.0, 0.95, (0.03, 0.03, 0.03))
    canvas.detail(stand.place([(-0.08, 0.74), (0.08, 0.74), (0.08, 0.84), (-0.08, 0.84)]), stand.tone((0.5, 0.5, 0.5)))


def paint_clutter(canvas: Canvas, thing: Thing, x: float, z: float, lit: float) -> None:
    """What stands about and is none of the classes: bins, benches, cabinets, planters, parked bicycles."""
    stand = _Stand(canvas, x, z, lit)
    item = canvas.begin(BACKGROUND, z)
    if thing.kind == "bicycle":
        for dx in (-0.5, 0.5):
            ring = stand.place([*_ring(dx, 0.34, 0.34, 16), *_ring(dx, 0.34, 0.34, 16)[:1]])
            canvas.line(item, ring, max(1.0, stand.scale * 0.035), stand.tone((0.02, 0.02, 0.02)))
        frame = [
            (-0.5, 0.34),
            (-0.12, 0.30),
            (0.38, 0.85),
            (-0.2, 0.82),
            (-0.12, 0.30),
            (-0.5, 0.34),
            (-0.22, 0.88),
            (0.38, 0.85),
            (0.5, 0.34),
        ]
        canvas.line(item, stand.place(frame), max(1.0, stand.scale * 0.04), stand.tone(thing.colour))
        canvas.line(
            item, stand.place([(0.3, 1.0), (0.38, 0.85)]), max(1.0, stand.scale * 0.04), stand.tone((0.03, 0.03, 0.03))
        )
    elif kind_is_bench(thing):
        stand.box(item, -0.8, 0.8, 0.40, 0.46, (0.16, 0.09, 0.04))
        stand.box(item, -0.8, 0.8, 0.62, 0.85, (0.18, 0.10, 0.05))
        stand.box(item, -0.72, -0.62, 0.0, 0.6, (0.03, 0.03, 0.03))
        stand.box(item, 0.62, 0.72, 0.0, 0.6, (0.03, 0.03, 0.03))
    elif thing.kind == "bin":
        stand.box(item, -0.24, 0.24, 0.0, 0.95, thing.colour)
        canvas.detail(
            stand.place([(-0.2, 0.72), (0.2, 0.72), (0.2, 0.84), (-0.2, 0.84)]), stand.tone((0.01, 0.01, 0.01))
        )
    elif thing.kind == "cabinet":
        stand.box(item, -0.42, 0.42, 0.0, 1.35, (0.07, 0.10, 0.075) if thing.look % 2 else (0.26, 0.26, 0.25))
    else:
        stand.box(item, -0.5, 0.5, 0.0, 0.5, (0.22, 0.20, 0.18))
        leaf = [
            (-0.5, 0.48),
            (-0.55, 0.8),
            (-0.3, 0.95),
            (-0.1, 0.85),
            (0.15, 1.05),
            (0.4, 0.85),
            (0.55, 0.75),
            (0.5, 0.48),
        ]
        canvas.polygon(item, stand.place(leaf), stand.tone((0.05, 0.085, 0.03), 0, 0.4))


def kind_is_bench(thing: Thing) -> bool:
    return thing.kind == "bench"
