"""Cells of upper floors: one bay of one storey each, windows of many kinds with their reveals, sills and shadows."""

from collections.abc import Callable

from unetkd_core.data.streets.sketch import GLASS, NOTHING, SIGN, TRIM, WALL, Sketch


def opening(s: Sketch, x0: float, y0: float, x1: float, y1: float, bars: tuple[int, int] = (1, 2)) -> None:
    """A framed pane in its reveal: `bars` panes across and up, the shadow of its top and of its sunward side."""
    edge = 0.016
    s.box(x0, y0, x1, y1, TRIM, 0.8)
    s.box(x0 + edge, y0 + edge, x1 - edge, y1 - edge, GLASS)
    across, up = bars
    for i in range(1, across):
        x = x0 + (x1 - x0) * i / across
        s.box(x - 0.007, y0, x + 0.007, y1, TRIM, 0.85)
    for i in range(1, up):
        y = y0 + (y1 - y0) * i / up
        s.box(x0, y - 0.008, x1, y + 0.008, TRIM, 0.85)
    s.box(x0, y0, x0 + 0.02, y1, None, 0.45)
    s.box(x0, y1 - 0.035, x1, y1, None, 0.4)


def sill(s: Sketch, x0: float, y: float, x1: float) -> None:
    s.box(x0 + 0.01, y - 0.11, x1 - 0.005, y - 0.03, WALL, 0.9)
    s.box(x0, y - 0.065, x1 + 0.03, y - 0.03, WALL, 0.6)
    s.box(x0 - 0.03, y - 0.03, x1 + 0.03, y, TRIM, 1.12)


def _sash(s: Sketch) -> None:
    s.box(0.29, 0.25, 0.71, 0.85, TRIM)
    opening(s, 0.32, 0.26, 0.68, 0.82)
    sill(s, 0.30, 0.25, 0.70)


def _tall(s: Sketch) -> None:
    s.box(0.27, 0.86, 0.73, 0.93, TRIM, 1.0)
    s.box(0.28, 0.83, 0.72, 0.86, WALL, 0.65)
    opening(s, 0.31, 0.14, 0.69, 0.86, (3, 4))
    sill(s, 0.29, 0.14, 0.71)


def _pair(s: Sketch) -> None:
    for x in (0.17, 0.53):
        s.box(x - 0.02, 0.82, x + 0.32, 0.88, TRIM)
        opening(s, x, 0.27, x + 0.30, 0.82, (1, 2))
    sill(s, 0.15, 0.27, 0.85)


def _casement(s: Sketch) -> None:
    s.box(0.20, 0.80, 0.80, 0.86, WALL, 0.86)
    opening(s, 0.22, 0.28, 0.78, 0.80, (3, 1))
    s.box(0.41, 0.63, 0.59, 0.642, TRIM, 0.85)
    sill(s, 0.21, 0.28, 0.79)


def _shutters(s: Sketch) -> None:
    opening(s, 0.34, 0.18, 0.66, 0.84, (2, 3))
    for x in (0.17, 0.67):
        s.box(x + 0.01, 0.15, x + 0.18, 0.83, WALL, 0.6)
        s.box(x, 0.18, x + 0.16, 0.84, SIGN, 0.95)
        for i in range(14):
            y = 0.21 + i * 0.044
            s.box(x + 0.02, y, x + 0.14, y + 0.014, SIGN, 0.6)
    sill(s, 0.33, 0.18, 0.67)


def _arched(s: Sketch) -> None:
    s.disc(0.5, 0.62, 0.26, 0.26, TRIM, 0.98)
    s.box(0.24, 0.20, 0.76, 0.62, TRIM, 0.98)
    s.box(0.29, 0.22, 0.71, 0.62, TRIM, 0.42)
    s.disc(0.5, 0.62, 0.21, 0.21, TRIM, 0.42)
    s.disc(0.5, 0.61, 0.185, 0.185, GLASS, 0.9)
    s.box(0.325, 0.23, 0.685, 0.61, GLASS)
    s.box(0.493, 0.23, 0.507, 0.79, TRIM, 0.7)
    s.box(0.32, 0.605, 0.69, 0.625, TRIM, 0.7)
    s.outline([(0.46, 0.80), (0.54, 0.80), (0.56, 0.92), (0.44, 0.92)], TRIM, 1.1)
    sill(s, 0.25, 0.22, 0.75)


def _wide(s: Sketch) -> None:
    opening(s, 0.10, 0.30, 0.90, 0.80, (4, 1))
    s.box(0.10, 0.63, 0.90, 0.645, TRIM, 0.85)
    sill(s, 0.10, 0.30, 0.90)


def _ribbon(s: Sketch) -> None:
    s.box(0, 0.36, 1, 0.86, TRIM, 0.45)
    s.box(0, 0.38, 1, 0.83, GLASS)
    for x in (0.0, 0.25, 0.5, 0.75):
        s.box(x, 0.38, x + 0.014, 0.83, TRIM, 0.6)
    s.box(0, 0.78, 1, 0.84, None, 0.4)
    s.box(0, 0.27, 1, 0.34, WALL, 0.8)
    s.box(0, 0.34, 1, 0.37, TRIM, 1.1)
    s.box(0, 0.0, 1, 0.012, WALL, 0.6)


def _curtain_wall(s: Sketch) -> None:
    s.box(0, 0, 1, 1, GLASS)
    s.box(0, 0, 1, 0.2, SIGN, 1.0)
    for x in (0.0, 0.5):
        s.box(x, 0, x + 0.02, 1, TRIM, 0.9)
        s.box(x + 0.02, 0, x + 0.035, 1, None, 0.7)
    for y in (0.0, 0.2):
        s.box(0, y, 1, y + 0.02, TRIM, 0.9)


def _slits(s: Sketch) -> None:
    for x in (0.12, 0.62):
        s.box(x - 0.04, 0, x, 1, WALL, 1.1)
        s.box(x + 0.26, 0, x + 0.32, 1, WALL, 0.7)
        opening(s, x, 0.14, x + 0.26, 0.9, (1, 1))
        s.box(x, 0.0, x + 0.26, 0.14, SIGN, 0.9)


def _bay_window(s: Sketch) -> None:
    s.box(0.12, 0.02, 0.95, 1.0, WALL, 0.72)
    s.box(0.10, 0.0, 0.90, 1.0, TRIM, 0.95)
    s.box(0.10, 0.0, 0.24, 1.0, TRIM, 1.1)
    s.box(0.76, 0.0, 0.90, 1.0, TRIM, 0.6)
    for x0, x1, tone in ((0.12, 0.23, 1.0), (0.27, 0.49, 1.0), (0.51, 0.73, 1.0), (0.77, 0.88, 0.75)):
        s.box(x0, 0.30, x1, 0.84, GLASS, tone)
        s.box(x0, 0.80, x1, 0.84, None, 0.45)
        s.box(x0, 0.57, x1, 0.585, TRIM, 0.8)
    s.box(0.08, 0.26, 0.92, 0.30, TRIM, 1.15)
    s.box(0.08, 0.88, 0.92, 0.92, TRIM, 1.15)
    s.box(0.10, 0.85, 0.90, 0.88, TRIM, 0.55)


def _balcony(s: Sketch) -> None:
    opening(s, 0.24, 0.06, 0.76, 0.84, (2, 1))
    s.box(0.10, 0.0, 0.94, 0.03, WALL, 0.5)
    s.box(0.08, 0.03, 0.90, 0.07, TRIM, 1.1)
    for i in range(21):
        x = 0.085 + i * 0.04
        s.box(x, 0.07, x + 0.010, 0.36, NOTHING)
    s.box(0.08, 0.36, 0.90, 0.385, NOTHING)


def _loggia(s: Sketch) -> None:
    s.box(0.06, 0.06, 0.94, 0.92, WALL, 0.42)
    opening(s, 0.30, 0.06, 0.86, 0.80, (3, 1))
    s.box(0.06, 0.84, 0.94, 0.92, None, 0.3)
    s.box(0.06, 0.05, 0.94, 0.36, SIGN, 1.0)
    s.box(0.06, 0.35, 0.94, 0.375, TRIM, 1.0)
    s.box(0.02, 0.0, 0.98, 0.05, TRIM, 0.95)
    s.box(0.06, 0.05, 0.94, 0.08, None, 0.8)


def _small(s: Sketch) -> None:
    opening(s, 0.36, 0.38, 0.64, 0.76, (2, 2))
    sill(s, 0.35, 0.38, 0.65)


def _blank(s: Sketch) -> None:
    s.box(0, 0, 1, 1, None)


def _alarm(s: Sketch) -> None:
    _sash(s)
    s.box(0.845, 0.14, 0.93, 0.24, WALL, 0.55)
    s.box(0.83, 0.16, 0.91, 0.26, SIGN, 1.2)
    s.box(0.10, 0.62, 0.17, 0.68, NOTHING)


def _quoins(s: Sketch) -> None:
    for i in range(8):
        y, long = i / 8, i % 2
        s.box(0, y, 0.98 if long else 0.6, y + 0.115, TRIM, 1.0)
        s.box(0, y + 0.115, 0.98 if long else 0.6, y + 0.125, TRIM, 0.6)


STOREY_CELLS: dict[str, Callable[[Sketch], None]] = {
    "blank": _blank,
    "sash": _sash,
    "sash alarm": _alarm,
    "tall": _tall,
    "pair": _pair,
    "casement": _casement,
    "shutters": _shutters,
    "arched": _arched,
    "wide": _wide,
    "ribbon": _ribbon,
    "curtain wall": _curtain_wall,
    "slits": _slits,
    "bay window": _bay_window,
    "balcony": _balcony,
    "loggia": _loggia,
    "small": _small,
    "quoins": _quoins,
}
