"""Heads, seen from any side: hair, hats, a hint of a face. Knows neither bodies nor streets."""

from unetkd_core.data.streets.dice import Colour, scaled
from unetkd_core.data.streets.figure import CLOSE, Figure
from unetkd_core.data.streets.layout import Thing
from unetkd_core.data.streets.skeleton import Pose
from unetkd_core.data.streets.wardrobe import Outfit

_CHEEK = ((0.9, 0.62), (1.0, 0.0), (0.82, -0.55), (0.35, -1.0))
_FACE = ((0.0, 0.72), *_CHEEK, *((-a, b) for a, b in _CHEEK[::-1]))
_DARK_SIDE = ((0.3, 0.9), (0.85, 0.4), (0.8, -0.5), (0.35, -0.8))
_HIGH, _EYE, _MOUTH = 0.064, 0.45, -0.52
"""Half a face's height in body heights; where eyes and mouth are, in halves of its width and height."""


def paint_head(figure: Figure, thing: Thing, outfit: Outfit, pose: Pose, helmet: Colour | None = None) -> None:
    f, rise, big = pose.lean * 1.12 + 0.012, pose.rise, outfit.head
    up = 0.862 + 0.066 * big + rise
    turned = max(-1.0, min(1.0, figure.ahead))
    wide = (0.046 + 0.009 * abs(turned)) * big
    bald, hooded = outfit.hairdo == "bald", outfit.hat == "hood" and helmet is None
    hair = thing.colour if hooded else outfit.skin if bald else outfit.hair
    long_hair = outfit.hairdo in ("long", "bob") and not hooded
    neck = ((pose.lean, 0.0, 0.83 + rise), (f, 0.0, up - 0.03))
    if long_hair:
        _paint_long_hair(figure, outfit, f, up, wide, rise)
    if not long_hair or figure.away < 0:
        figure.strip(neck, (0.032, 0.028), scaled(outfit.skin, 0.7))
    grown = 1.14 if hooded else 1.03
    figure.fill(figure.oval(f, up + 0.004, wide * grown, 0.067 * big * grown, 14), hair)
    if figure.scale > CLOSE:
        _paint_skull_shade(figure, hair, f, up, wide * grown, big)
    if figure.away < 0.55:
        _paint_face(figure, outfit, f, up, turned, big)
    if helmet is not None:
        figure.fill(figure.oval(f, up + 0.018, wide * 1.16, 0.062 * big, 8, 0.5), helmet)
    elif outfit.hat in ("beanie", "cap"):
        figure.fill(figure.oval(f, up + 0.02, wide * 1.1, 0.056 * big, 8, 0.52), thing.second)
    elif outfit.hairdo in ("bun", "ponytail") and figure.away > -0.8:
        figure.fill(figure.oval(f - 0.055, up + 0.02, 0.024, 0.03, 8), outfit.hair)


def _paint_skull_shade(figure: Figure, hair: Colour, f: float, up: float, wide: float, big: float) -> None:
    x, y = figure.place(f, 0.0, up)
    s, w, h = figure.sunny, wide * figure.scale, 0.06 * big * figure.scale
    figure.hint([(x - s * w * a, y - h * b) for a, b in _DARK_SIDE], hair, -1)


def _paint_long_hair(figure: Figure, outfit: Outfit, f: float, up: float, wide: float, rise: float) -> None:
    end = (0.80 if outfit.hairdo == "bob" else 0.755) + rise
    back = f - 0.022
    rows = ((end, 0.75, 0.035), (end + 0.05, 1.15, 0.045), (up - 0.02, 1.12, 0.045), (up + 0.03, 0.9, 0.04))
    figure.loft([(height, back, wide * part, thick) for height, part, thick in rows], outfit.hair)


def _paint_face(figure: Figure, outfit: Outfit, f: float, up: float, turned: float, big: float) -> None:
    front = max(0.0, -figure.away)
    w, h = (0.024 + 0.015 * front) * big * figure.scale, _HIGH * big * figure.scale
    x, y = figure.place(f, 0.0, up)
    x += 0.026 * turned * big * figure.scale
    figure.fill([(x + a * w, y - b * h) for a, b in _FACE], outfit.skin)
    if figure.scale < CLOSE:
        return
    dark = -figure.sunny * w
    figure.hint([(x + dark * a, y - b * h) for a, b in ((0.35, 0.65), *_CHEEK)], outfit.skin, -1)
    shadow = scaled(outfit.skin, 0.42)
    for eye in (-_EYE, _EYE) if front > 0.5 else (_EYE if turned > 0 else -_EYE,):
        figure.hint([(x + (eye + a) * w, y - b * h) for a, b in ((-0.2, 0.16), (0.2, 0.16), (0.0, 0.0))], shadow)
    lips = ((-0.3, _MOUTH), (0.3, _MOUTH), (0.0, _MOUTH - 0.12))
    figure.hint([(x + (0.3 * turned + a) * w, y - b * h) for a, b in lips], shadow)
