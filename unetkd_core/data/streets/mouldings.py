"""Cells of what is neither storey nor shop: cornices, parapets, eaves, roofs, chimneys, garden walls, hoardings."""

from collections.abc import Callable

from unetkd_core.data.streets.facade_windows import opening
from unetkd_core.data.streets.sketch import GLASS, NOTHING, SIGN, TRIM, WALL, Sketch


def _cornice(s: Sketch) -> None:
    s.box(0, 0, 1, 0.30, WALL, 0.62)
    for y0, y1, tone in ((0.30, 0.45, 0.62), (0.45, 0.62, 0.9), (0.62, 0.70, 0.7), (0.70, 1.0, 1.1)):
        s.box(0, y0, 1, y1, TRIM, tone)


def _dentils(s: Sketch) -> None:
    _cornice(s)
    for i in range(14):
        s.box(i / 14, 0.34, i / 14 + 0.036, 0.52, TRIM, 1.1)


def _parapet(s: Sketch) -> None:
    s.box(0, 0, 1, 0.12, TRIM, 0.95)
    s.box(0, 0.78, 1, 0.84, WALL, 0.6)
    s.box(0, 0.84, 1, 1, TRIM, 1.0)


def _eaves(s: Sketch) -> None:
    s.box(0, 0.35, 1, 0.7, WALL, 0.55)
    s.box(0, 0.7, 1, 0.85, TRIM, 0.7)
    s.box(0, 0.85, 1, 1, NOTHING)
    s.box(0, 0.88, 1, 0.96, TRIM, 0.25)


def _flat_edge(s: Sketch) -> None:
    s.box(0, 0, 1, 1, TRIM, 0.8)
    s.box(0, 0, 1, 0.15, TRIM, 0.5)


def _string_course(s: Sketch) -> None:
    s.box(0, 0, 1, 0.3, WALL, 0.6)
    s.box(0, 0.3, 1, 1, TRIM, 1.05)


def _roof(s: Sketch) -> None:
    s.box(0, 0, 1, 0.04, WALL, 0.6)
    s.box(0, 0.93, 1, 1, WALL, 1.25)
    s.box(0, 0.92, 1, 0.93, WALL, 0.6)


def _roof_light(s: Sketch) -> None:
    _roof(s)
    s.box(0.38, 0.32, 0.62, 0.76, TRIM, 0.3)
    s.box(0.395, 0.35, 0.605, 0.73, GLASS, 1.0)


def _dormer(s: Sketch) -> None:
    _roof(s)
    s.box(0.68, 0.0, 0.78, 0.72, WALL, 0.6)
    s.box(0.26, 0.78, 0.74, 0.86, TRIM, 0.75)
    s.box(0.29, 0.0, 0.71, 0.78, TRIM, 0.85)
    opening(s, 0.35, 0.10, 0.65, 0.72, (2, 2))


def _chimney(s: Sketch) -> None:
    s.box(0, 0.55, 1, 0.6, WALL, 0.6)


def _hedge(s: Sketch) -> None:
    for i in range(24):
        s.box(0, i / 24, 1, (i + 1) / 24, WALL, min(1.15, 0.45 + 0.9 * i / 24))


def _garden_wall(s: Sketch) -> None:
    s.box(0, 0, 1, 0.1, WALL, 0.75)
    s.box(0, 0.78, 1, 0.84, WALL, 0.6)
    s.box(0, 0.84, 1, 1, TRIM, 1.05)


def _pier(s: Sketch) -> None:
    _garden_wall(s)
    s.box(0.78, 0, 0.98, 1, WALL, 1.12)
    s.box(0.98, 0, 1, 1, WALL, 0.6)
    s.box(0.76, 0.84, 1, 1, TRIM, 1.1)


def _hoarding(s: Sketch) -> None:
    s.box(0, 0, 1, 1, SIGN, 1.0)
    for x in (0.0, 0.5):
        s.box(x, 0, x + 0.008, 1, SIGN, 0.5)
    s.box(0, 0, 1, 0.05, NOTHING)
    s.box(0, 0.95, 1, 1, TRIM, 0.9)


def _posters(s: Sketch) -> None:
    _hoarding(s)
    for x, tone in ((0.06, 1.0), (0.3, 0.7), (0.56, 0.9)):
        s.box(x, 0.3, x + 0.2, 0.82, TRIM, tone)
        s.box(x + 0.02, 0.5, x + 0.18, 0.8, WALL, tone)
        s.box(x + 0.03, 0.36, x + 0.15, 0.39, NOTHING)
        s.box(x + 0.03, 0.42, x + 0.17, 0.45, NOTHING)


def _billboard(s: Sketch) -> None:
    s.box(0.05, 0.08, 0.95, 0.92, WALL, 0.6)
    s.box(0.04, 0.11, 0.93, 0.94, NOTHING)
    s.box(0.055, 0.135, 0.915, 0.915, TRIM, 1.15)
    s.outline([(0.055, 0.135), (0.60, 0.135), (0.42, 0.915), (0.055, 0.915)], SIGN, 1.2)
    s.disc(0.28, 0.60, 0.13, 0.18, TRIM, 0.9)
    s.box(0.60, 0.62, 0.86, 0.72, SIGN, 0.7)
    s.box(0.62, 0.48, 0.84, 0.53, NOTHING)
    s.box(0.62, 0.38, 0.80, 0.43, NOTHING)


def _pipe(s: Sketch) -> None:
    s.box(0.66, 0, 0.8, 1, WALL, 0.7)
    s.box(0.36, 0, 0.66, 1, NOTHING)
    s.box(0.40, 0, 0.5, 1, TRIM, 0.3)
    s.box(0.30, 0.5, 0.72, 0.54, TRIM, 0.3)


def _blank_side(s: Sketch) -> None:
    s.box(0, 0, 1, 0.04, WALL, 0.85)


MOULDINGS: dict[str, Callable[[Sketch], None]] = {
    "cornice": _cornice,
    "dentils": _dentils,
    "parapet": _parapet,
    "eaves": _eaves,
    "flat edge": _flat_edge,
    "string course": _string_course,
    "roof": _roof,
    "roof light": _roof_light,
    "dormer": _dormer,
    "chimney": _chimney,
    "hedge": _hedge,
    "garden wall": _garden_wall,
    "pier": _pier,
    "hoarding": _hoarding,
    "posters": _posters,
    "billboard": _billboard,
    "pipe": _pipe,
    "blank side": _blank_side,
}
