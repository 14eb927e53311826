"""People on foot, and the rider of a bicycle: flat figures in metres, drawn facing the camera. Knows no street."""

from math import cos, sin

from unetkd_core.data.streets.canvas import Canvas, Point
from unetkd_core.data.streets.dice import Colour
from unetkd_core.data.streets.layout import Thing

PERSON, BACKGROUND = 5, 0
SKIN: tuple[Colour, ...] = (
    (0.46, 0.30, 0.22),
    (0.38, 0.24, 0.16),
    (0.24, 0.14, 0.08),
    (0.11, 0.06, 0.04),
    (0.50, 0.34, 0.26),
)
HAIR: tuple[Colour, ...] = (
    (0.02, 0.015, 0.012),
    (0.06, 0.035, 0.02),
    (0.14, 0.08, 0.035),
    (0.26, 0.18, 0.08),
    (0.22, 0.22, 0.22),
)


def _limb(x0: float, y0: float, x1: float, y1: float, w0: float, w1: float) -> list[Point]:
    length = max(((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5, 1e-6)
    nx, ny = (y1 - y0) / length, -(x1 - x0) / length
    return [
        (x0 - nx * w0, y0 - ny * w0),
        (x0 + nx * w0, y0 + ny * w0),
        (x1 + nx * w1, y1 + ny * w1),
        (x1 - nx * w1, y1 - ny * w1),
    ]


class _Figure:
    """Places outlines given in body heights (x right, y up from the feet) on the canvas."""

    def __init__(self, canvas: Canvas, thing: Thing, x: float, z: float, lit: float) -> None:
        self.canvas, self.z, self.lit, self.size = canvas, z, lit, thing.size
        self.scale = canvas.camera.focal / z * thing.size
        self.x, self.y = canvas.camera.x(x, z), canvas.camera.y(0.0, z)

    def place(self, outline: list[Point]) -> list[Point]:
        return [(self.x + px * self.scale, self.y - py * self.scale) for px, py in outline]

    def tone(self, colour: Colour, side: float = 0.0, up: float = 0.15) -> tuple[int, int, int]:
        return self.canvas.weather.shade(colour, (side, up, -max(0.0, 1 - abs(side))), self.lit, self.z)


def paint_person(canvas: Canvas, thing: Thing, x: float, z: float, lit: float) -> None:
    """A person `thing.size` metres tall; `facing` is +-1 along the street, 0 towards us, 0.5 across it."""
    figure = _Figure(canvas, thing, x, z, lit)
    item = canvas.begin(PERSON, z)
    look = thing.look
    stride = (
        0.0
        if thing.kind == "standing"
        else (0.03 + 0.11 * ((look >> 3) % 8) / 8) * (1.0 if thing.facing == 0.5 else 0.55)
    )
    build = 0.85 + 0.3 * ((look >> 6) % 8) / 8
    coat, skirt = look % 5 == 0, look % 7 == 1
    if figure.scale < 14:
        return _tiny(figure, item, thing, build)
    _legs(figure, item, thing, stride, build, skirt)
    _torso(figure, item, thing, build, stride, coat)
    _head(figure, item, thing)


def _tiny(figure: _Figure, item: int, thing: Thing, build: float) -> None:
    """A few pixels of person: legs, body, head."""
    w = 0.11 * build
    figure.canvas.polygon(
        item,
        figure.place([(-w * 0.7, 0.0), (w * 0.7, 0.0), (w * 0.8, 0.5), (-w * 0.8, 0.5)]),
        figure.tone(thing.second),
    )
    figure.canvas.polygon(
        item,
        figure.place([(-w, 0.46), (w, 0.46), (w * 1.1, 0.78), (0.0, 0.85), (-w * 1.1, 0.78)]),
        figure.tone(thing.colour),
    )
    figure.canvas.polygon(
        item,
        figure.place([(-0.045, 0.86), (0.045, 0.86), (0.045, 0.98), (-0.045, 0.98)]),
        figure.tone(SKIN[thing.look % 5] if thing.facing <= 0.6 else HAIR[(thing.look >> 4) % 5]),
    )


def _legs(figure: _Figure, item: int, thing: Thing, stride: float, build: float, skirt: bool) -> None:
    trousers = thing.second
    for step, shade in ((-1, 0.7), (1, 1.0)):
        colour = (trousers[0] * shade, trousers[1] * shade, trousers[2] * shade)
        knee = step * (stride * 0.65 + 0.02)
        foot = step * (stride + 0.025)
        lift = 0.03 if step < 0 and stride > 0.06 else 0.0
        leg = figure.tone(SKIN[thing.look % 5] if skirt else colour)
        figure.canvas.polygon(
            item, figure.place(_limb(step * 0.035 * build, 0.50, knee, 0.27, 0.050 * build, 0.036)), leg
        )
        figure.canvas.polygon(item, figure.place(_limb(knee, 0.29, foot, 0.02 + lift, 0.036, 0.024)), leg)
        figure.canvas.polygon(
            item,
            figure.place(_limb(foot - 0.03, 0.015 + lift, foot + 0.045, 0.012 + lift, 0.016, 0.014)),
            figure.tone((0.02, 0.018, 0.016)),
        )
    if skirt:
        figure.canvas.polygon(
            item, figure.place([(-0.09, 0.30), (0.09, 0.30), (0.075, 0.52), (-0.075, 0.52)]), figure.tone(trousers)
        )


def _torso(figure: _Figure, item: int, thing: Thing, build: float, stride: float, coat: bool) -> None:
    colour, canvas = thing.colour, figure.canvas
    w = 0.115 * build * (0.8 if thing.facing == 0.5 else 1.0)
    hem = 0.34 if coat else 0.47
    body = [
        (-w * 0.82, hem),
        (w * 0.82, hem),
        (w * 0.80, 0.60),
        (w * 1.0, 0.76),
        (w * 0.80, 0.815),
        (w * 0.3, 0.835),
        (-w * 0.3, 0.835),
        (-w * 0.80, 0.815),
        (-w * 1.0, 0.76),
        (-w * 0.80, 0.60),
    ]
    right_lit = canvas.weather.to_sun[0] > 0
    canvas.polygon(item, figure.place(body), figure.tone(colour, 0.5 if right_lit else -0.5))
    half = [(px, py) for px, py in body if (px <= 0) == right_lit]
    if figure.scale > 24:
        canvas.detail(
            figure.place(
                [*half, (0.0, 0.83), (0.02 if right_lit else -0.02, hem)]
                if right_lit
                else [(0.0, hem), *half, (0.0, 0.83)]
            ),
            figure.tone(colour, -0.6 if right_lit else 0.6, -0.1),
        )
    for side in (-1, 1):
        swing = side * stride * 0.7 * (1 if thing.look % 2 else -1)
        sleeve = figure.tone(colour, 0.6 * side, 0.0)
        elbow, hand = side * (w + 0.012) + swing * 0.5, side * (w + 0.01) + swing
        canvas.polygon(item, figure.place(_limb(side * w * 0.88, 0.79, elbow, 0.63, 0.034, 0.028)), sleeve)
        canvas.polygon(item, figure.place(_limb(elbow, 0.64, hand, 0.48, 0.028, 0.020)), sleeve)
        canvas.polygon(
            item, figure.place(_limb(hand, 0.48, hand, 0.445, 0.018, 0.014)), figure.tone(SKIN[thing.look % 5])
        )
    if thing.look % 3 == 0:
        side = 1 if thing.look % 2 else -1
        bag = thing.second if thing.look % 4 else (0.30, 0.10, 0.05)
        canvas.polygon(
            item,
            figure.place(
                [
                    (side * (w + 0.00), 0.34),
                    (side * (w + 0.09), 0.34),
                    (side * (w + 0.08), 0.47),
                    (side * (w + 0.01), 0.47),
                ]
            ),
            figure.tone(bag),
        )
    if thing.look % 4 == 1 and thing.facing > 0:
        canvas.polygon(
            item,
            figure.place([(-w * 0.7, 0.56), (w * 0.7, 0.56), (w * 0.62, 0.80), (-w * 0.62, 0.80)]),
            figure.tone((thing.second[0] + 0.04, thing.second[1] * 0.8, thing.second[2] * 0.7)),
        )


def _oval(x: float, y: float, rx: float, ry: float, count: int = 10) -> list[Point]:
    return [(x + rx * cos(6.2832 * i / count), y + ry * sin(6.2832 * i / count)) for i in range(count)]


def _head(figure: _Figure, item: int, thing: Thing) -> None:
    canvas = figure.canvas
    skin, hair = SKIN[thing.look % 5], HAIR[(thing.look >> 4) % 5]
    canvas.polygon(
        item, figure.place([(-0.028, 0.82), (0.028, 0.82), (0.026, 0.88), (-0.026, 0.88)]), figure.tone(skin, 0, -0.4)
    )
    canvas.polygon(
        item, figure.place(_oval(0.0, 0.925, 0.048, 0.066)), figure.tone(hair if thing.facing > 0.6 else skin)
    )
    if thing.facing <= 0.6:
        canvas.polygon(
            item,
            figure.place(
                [
                    (-0.050, 0.925),
                    (-0.046, 0.975),
                    (-0.015, 1.0),
                    (0.02, 1.0),
                    (0.047, 0.972),
                    (0.050, 0.93),
                    (0.025, 0.955),
                    (-0.025, 0.955),
                ]
            ),
            figure.tone(hair),
        )
    if thing.look % 6 == 2:
        canvas.polygon(
            item, figure.place([(-0.06, 0.955), (0.06, 0.955), (0.04, 1.01), (-0.04, 1.01)]), figure.tone(thing.colour)
        )


def paint_cyclist(canvas: Canvas, thing: Thing, x: float, z: float, lit: float) -> None:
    """A rider seen from behind or ahead: background, as in Table I, and so easily taken for someone on foot."""
    figure = _Figure(canvas, thing, x, z, lit)
    item = canvas.begin(BACKGROUND, z)
    black = figure.tone((0.02, 0.02, 0.02))
    canvas.polygon(item, figure.place(_oval(0, 0.19, 0.022, 0.19)), black)
    canvas.polygon(item, figure.place([(-0.17, 0.60), (0.17, 0.60), (0.17, 0.62), (-0.17, 0.62)]), black)
    up = 0.10
    for side, knee in ((-1, 0.42), (1, 0.34)):
        canvas.polygon(
            item, figure.place(_limb(side * 0.04, 0.56, side * 0.075, knee, 0.045, 0.034)), figure.tone(thing.second)
        )
        canvas.polygon(
            item,
            figure.place(_limb(side * 0.075, knee, side * 0.06, knee - 0.24, 0.034, 0.024)),
            figure.tone(thing.second),
        )
        canvas.polygon(
            item,
            figure.place(_limb(side * 0.10, 0.80 + up, side * 0.15, 0.63, 0.034, 0.022)),
            figure.tone(thing.colour, side * 0.5),
        )
    canvas.polygon(
        item,
        figure.place(
            [(-0.09, 0.52), (0.09, 0.52), (0.12, 0.76 + up), (0.06, 0.82 + up), (-0.06, 0.82 + up), (-0.12, 0.76 + up)]
        ),
        figure.tone(thing.colour),
    )
    canvas.polygon(
        item,
        figure.place(_oval(0, 0.90 + up, 0.050, 0.062)),
        figure.tone(SKIN[thing.look % 5] if thing.facing > 0.5 else HAIR[thing.look % 5]),
    )
    canvas.polygon(
        item,
        figure.place([(-0.055, 0.92 + up), (0.055, 0.92 + up), (0.04, 0.97 + up), (-0.04, 0.97 + up)]),
        figure.tone(((0.5, 0.5, 0.5), (0.03, 0.03, 0.03), (0.35, 0.03, 0.03))[thing.look % 3]),
    )
