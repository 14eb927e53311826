"""The colours of day and night as tables by the sun's elevation. Knows no weather and no scene; linear light."""

from unetkd_core.data.streets.dice import Colour

Keyframes = tuple[tuple[float, tuple[Colour, ...], float], ...]
CLEAR_SKY: Keyframes = (
    (-12, ((0, 0, 0), (0.075, 0.078, 0.105), (0.01, 0.016, 0.04), (0.07, 0.062, 0.07), (0.07, 0.062, 0.07)), 0.0),
    (-7, ((0, 0, 0), (0.105, 0.12, 0.175), (0.03, 0.06, 0.17), (0.13, 0.15, 0.26), (0.34, 0.25, 0.24)), 0.0),
    (-3, ((0, 0, 0), (0.2, 0.215, 0.3), (0.085, 0.15, 0.37), (0.3, 0.31, 0.45), (0.95, 0.54, 0.32)), 0.0),
    (
        0,
        ((0.3, 0.11, 0.03), (0.29, 0.29, 0.37), (0.117, 0.205, 0.459), (0.424, 0.405, 0.511), (1.27, 0.76, 0.409)),
        0.0,
    ),
    (
        3,
        ((1.25, 0.62, 0.24), (0.35, 0.36, 0.45), (0.143, 0.257, 0.543), (0.556, 0.537, 0.612), (1.38, 0.95, 0.589)),
        0.0,
    ),
    (8, ((2.3, 1.52, 0.84), (0.41, 0.44, 0.55), (0.155, 0.302, 0.64), (0.692, 0.718, 0.779), (1.36, 1.14, 0.89)), 0.0),
    (
        15,
        ((2.8, 2.24, 1.58), (0.46, 0.51, 0.64), (0.163, 0.335, 0.705), (0.702, 0.764, 0.858), (1.23, 1.17, 1.07)),
        0.0,
    ),
    (30, ((3.1, 2.8, 2.36), (0.5, 0.56, 0.7), (0.172, 0.361, 0.774), (0.733, 0.827, 0.967), (1.15, 1.17, 1.16)), 0.0),
    (60, ((3.3, 3.1, 2.78), (0.54, 0.6, 0.74), (0.172, 0.361, 0.791), (0.749, 0.842, 0.983), (1.1, 1.14, 1.16)), 0.0),
)
"""Of a clear sky, by degrees of the sun's elevation: sun, ambient, zenith, horizon away from and towards the sun."""
CLOUDS: Keyframes = (
    (-12, ((0.06, 0.052, 0.054), (0.022, 0.024, 0.036), (0.085, 0.075, 0.075)), 2.6),
    (-7, ((0.13, 0.11, 0.15), (0.055, 0.062, 0.105), (0.115, 0.125, 0.17)), 2.3),
    (-3, ((0.62, 0.38, 0.36), (0.15, 0.16, 0.25), (0.23, 0.25, 0.33)), 2.0),
    (0, ((1.02, 0.623, 0.467), (0.233, 0.233, 0.32), (0.37, 0.385, 0.45)), 1.8),
    (3, ((1.28, 0.909, 0.682), (0.31, 0.315, 0.395), (0.49, 0.51, 0.56)), 1.68),
    (8, ((1.49, 1.26, 1.05), (0.4, 0.427, 0.507), (0.66, 0.69, 0.74)), 1.52),
    (15, ((1.55, 1.46, 1.34), (0.459, 0.5, 0.582), (0.82, 0.86, 0.91)), 1.34),
    (30, ((1.68, 1.65, 1.6), (0.525, 0.574, 0.656), (0.96, 1, 1.05)), 1.14),
    (60, ((1.72, 1.7, 1.66), (0.541, 0.59, 0.672), (1.04, 1.08, 1.12)), 1.02),
)
"""By elevation: clouds' lit and shaded sides, a wholly clouded sky, and the exposure that a camera finds."""


def at_elevation(table: Keyframes, degrees: float) -> tuple[list[Colour], float]:
    """The table's colours and its number at this elevation, mixed from the two rows next to it."""
    degrees = min(max(degrees, table[0][0]), table[-1][0])
    above = next(i for i in range(1, len(table)) if degrees <= table[i][0])
    (foot, below, low), (top, over, high) = table[above - 1], table[above]
    part = (degrees - foot) / (top - foot)
    return [mixed(a, b, part) for a, b in zip(below, over, strict=True)], low + (high - low) * part


def mixed(a: Colour, b: Colour, part: float) -> Colour:
    return (a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part, a[2] + (b[2] - a[2]) * part)
