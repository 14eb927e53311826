"""Somebody on a bicycle, from any side: background, as in Table I, and so easily taken for someone on foot."""

from math import cos, pi, sin

from unetkd_core.data.streets.canvas import Canvas
from unetkd_core.data.streets.dice import Colour
from unetkd_core.data.streets.figure import TINY, Figure
from unetkd_core.data.streets.heads import paint_head
from unetkd_core.data.streets.layout import Thing
from unetkd_core.data.streets.people import paint_arm, paint_legs, paint_rucksack, paint_torso
from unetkd_core.data.streets.skeleton import Joint, riding
from unetkd_core.data.streets.wardrobe import dress

BACKGROUND = 0
BLACK: Colour = (0.018, 0.018, 0.018)
HELMETS: tuple[Colour | None, ...] = ((0.5, 0.5, 0.5), (0.03, 0.03, 0.03), (0.35, 0.03, 0.03), None, None)
_REAR, _FRONT, _RADIUS = -0.15, 0.45, 0.197
_TUBES: tuple[tuple[Joint, ...], ...] = (
    ((_REAR, 0.0, _RADIUS), (0.12, 0.0, 0.17), (0.37, 0.0, 0.50), (0.01, 0.0, 0.47), (0.12, 0.0, 0.17)),
    ((_REAR, 0.0, _RADIUS), (0.0, 0.0, 0.54)),
    ((_FRONT, 0.0, _RADIUS), (0.35, 0.0, 0.59)),
    ((0.35, -0.15, 0.60), (0.35, 0.15, 0.60)),
)


def paint_cyclist(canvas: Canvas, thing: Thing, x: float, z: float, lit: float) -> None:
    """A rider `thing.size` metres tall, heading `facing` half turns from straight away, to the right first."""
    figure = Figure(canvas, thing, x, z, lit, BACKGROUND)
    outfit = dress(thing, False)
    pose = riding((thing.look >> 5) % 16, (thing.look >> 9) % 3)
    arms = sorted(pose.arms, key=lambda arm: -figure.depth(arm[0]))
    coming = figure.away < 0
    if not coming:
        _paint_bicycle(figure, thing)
        paint_arm(figure, thing, outfit, arms[0], 0.82)
    paint_legs(figure, thing, outfit, pose)
    figure.loft(((0.545, -0.03, 0.03, 0.07), (0.57, -0.03, 0.045, 0.08)), BLACK)
    if coming:
        _paint_bicycle(figure, thing)
        paint_rucksack(figure, outfit, pose)
        paint_arm(figure, thing, outfit, arms[0], 0.82)
    paint_torso(figure, thing, outfit._replace(top_hem=0.47), pose)
    paint_head(figure, thing, outfit, pose, HELMETS[thing.look % 5])
    if not coming:
        paint_rucksack(figure, outfit, pose)
    paint_arm(figure, thing, outfit, arms[1], 1.0)


def _paint_bicycle(figure: Figure, thing: Thing) -> None:
    far = figure.scale < TINY
    for hub in (_REAR, _FRONT):
        rim = [figure.place(hub + _RADIUS * cos(pi * i / 10), 0.0, _RADIUS * (1 + sin(pi * i / 10))) for i in range(21)]
        figure.canvas.line(figure.item, rim, max(1.0, 0.020 * figure.scale), figure.tone(BLACK))
    colour = BLACK if thing.look % 3 else (0.25, 0.05, 0.04)
    for tube in _TUBES[:1] if far else _TUBES:
        points = [figure.place(*joint) for joint in tube]
        figure.canvas.line(figure.item, points, max(1.0, 0.016 * figure.scale), figure.tone(colour))
    if not far and figure.away > 0.3:  # the rear light
        x, y = figure.place(-0.03, 0.0, 0.50)
        s = 0.014 * figure.scale
        figure.fill([(x - s, y - s), (x + s, y - s), (x + s, y + s), (x - s, y + s)], (0.5, 0.02, 0.02))
