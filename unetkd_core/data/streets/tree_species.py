"""Kinds of trees and bushes as a table: how they grow, how large, what colour. Draws nothing."""

from dataclasses import dataclass, replace

from unetkd_core.data.streets.dice import Colour

GREEN: Colour = (0.052, 0.076, 0.026)
DARK_GREEN: Colour = (0.022, 0.036, 0.018)
BARK: Colour = (0.082, 0.074, 0.065)
PALE_BARK: Colour = (0.40, 0.39, 0.36)
PLANE_BARK: Colour = (0.17, 0.16, 0.125)


@dataclass(frozen=True)
class Species:
    """Lengths as shares of the crown's height unless said.

    `outline` is the crown's radius (1: the widest) from its foot to its top at even steps; `clear` the share of the
    whole height that is trunk; `spread` how far limbs lean out (radians), `fine` how many times they branch; `height`
    in metres, least and most; `pale` bark has dark bands.
    """

    outline: tuple[float, ...]
    aspect: float
    clear: float
    clumps: int
    clump: float
    leaf: float
    leaves: int
    height: tuple[float, float]
    girth: float = 0.016
    hang: float = 0.0
    spread: float = 0.6
    fine: int = 6
    bare: bool = False
    knobs: bool = False
    pale: bool = False
    stake: bool = False
    leaf_colour: Colour = GREEN
    bark: Colour = BARK
    evergreen: bool = False


_DOME = (0.62, 0.90, 1.0, 0.98, 0.82, 0.55, 0.20)
_LIME = Species(_DOME, 1.02, 0.30, 75, 0.135, 0.0085, 20000, (6.5, 12.0))
_MAPLE = Species((0.45, 0.80, 1.0, 1.0, 0.86, 0.62, 0.22), 0.78, 0.28, 62, 0.125, 0.009, 17000, (6.0, 11.0))
_POPLAR = Species(
    (0.55, 0.85, 1.0, 0.95, 0.80, 0.55, 0.18), 0.30, 0.18, 80, 0.075, 0.0058, 11000, (10.0, 16.0), 0.013, spread=0.28
)
_BIRCH = Species(
    (0.60, 0.95, 1.0, 0.85, 0.65, 0.42, 0.14), 0.62, 0.26, 60, 0.085, 0.0062, 11000, (6.0, 11.0), 0.011, hang=0.11
)
_CHERRY = Species((0.55, 0.88, 1.0, 0.98, 0.85, 0.60, 0.25), 1.12, 0.30, 58, 0.135, 0.0105, 14000, (4.2, 6.8))
_PLANE = Species((0.55, 0.85, 0.98, 1.0, 0.88, 0.60, 0.22), 0.92, 0.34, 84, 0.12, 0.0088, 21000, (8.0, 14.0))
_YOUNG = Species((0.40, 0.85, 1.0, 0.92, 0.70, 0.45, 0.15), 0.72, 0.50, 26, 0.13, 0.013, 6000, (4.2, 5.6), 0.009)
_POLLARD = Species((0.70, 0.95, 1.0, 0.90, 0.60, 0.30, 0.10), 1.15, 0.46, 11, 0.24, 0.010, 13000, (4.8, 7.0), 0.030)

SPECIES: dict[str, Species] = {
    "lime": replace(_LIME, spread=0.62),
    "maple": _MAPLE,
    "plane": replace(_PLANE, bark=PLANE_BARK, leaf_colour=(0.058, 0.085, 0.030)),
    "cherry": _CHERRY,
    "poplar": _POPLAR,
    "birch": replace(_BIRCH, bark=PALE_BARK, pale=True, leaf_colour=(0.062, 0.084, 0.028)),
    "young tree": replace(_YOUNG, stake=True),
    "pollard": replace(_POLLARD, knobs=True),
    "bare lime": replace(_LIME, bare=True, aspect=1.05),
    "bare maple": replace(_MAPLE, bare=True, spread=0.5),
    "bare plane": replace(_PLANE, bare=True, bark=PLANE_BARK),
    "bare cherry": replace(_CHERRY, bare=True, spread=0.7),
    "bare poplar": replace(_POPLAR, bare=True),
    "bare birch": replace(_BIRCH, bare=True, bark=PALE_BARK, pale=True, spread=0.5),
    "bare young tree": replace(_YOUNG, bare=True, stake=True, fine=5, spread=0.45),
    "bare pollard": replace(_POLLARD, bare=True, knobs=True),
    "pine": Species(
        (1.0, 0.92, 0.78, 0.62, 0.45, 0.27, 0.05),
        0.52,
        0.12,
        90,
        0.085,
        0.0065,
        13000,
        (7.0, 14.0),
        leaf_colour=DARK_GREEN,
        hang=0.03,
        evergreen=True,
    ),
    "cypress": Species(
        (0.75, 0.95, 1.0, 0.92, 0.75, 0.5, 0.12),
        0.30,
        0.03,
        80,
        0.07,
        0.006,
        12000,
        (4.0, 8.0),
        leaf_colour=DARK_GREEN,
        evergreen=True,
    ),
    "yew": Species(
        (0.80, 0.98, 1.0, 0.93, 0.80, 0.55, 0.2),
        0.95,
        0.04,
        75,
        0.13,
        0.008,
        15000,
        (2.6, 5.5),
        leaf_colour=(0.026, 0.040, 0.018),
        evergreen=True,
    ),
    "bush": Species(
        (0.85, 1.0, 1.0, 0.92, 0.78, 0.55, 0.25),
        1.45,
        0.0,
        44,
        0.24,
        0.015,
        9000,
        (0.6, 1.7),
        leaf_colour=(0.042, 0.062, 0.024),
        evergreen=True,
    ),
    "flower bed": Species(
        (0.92, 1.0, 0.95, 0.85, 0.70, 0.45, 0.2),
        3.4,
        0.0,
        60,
        0.34,
        0.028,
        7000,
        (0.3, 0.5),
        leaf_colour=(0.055, 0.085, 0.028),
        evergreen=True,
    ),
}
