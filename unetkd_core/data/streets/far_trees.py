"""Trees a few pixels high: the outline of the crown in two tones, or a few twigs; a crown's picture costs more."""

from unetkd_core.data.streets.canvas import Canvas, Point
from unetkd_core.data.streets.dice import scaled
from unetkd_core.data.streets.layout import Thing
from unetkd_core.data.streets.tree_species import Species

SMALL = 32.0
"""Pixels of the canvas (twice the picture's) that a tree drawn so is high at most."""
_TWIGS = ((-0.75, 0.8), (-0.35, 0.97), (0.05, 1.0), (0.4, 0.93), (0.7, 0.75))
"""Where the twigs of a bare tree end: across (shares of the half width) and up (of the crown)."""


def paint_far_tree(
    canvas: Canvas, item: int, thing: Thing, species: Species, x: float, foot: float, hidden: float, lit: float
) -> None:
    """x, foot: where it stands on the canvas; hidden: the row below which a fence hides it."""
    tall = thing.size * canvas.camera.focal / thing.z
    start, top = foot - tall * species.clear, foot - tall
    half = 0.5 * (start - top) * species.aspect
    shade, z = canvas.weather.shade, thing.z
    bark = shade(thing.second, (0.2, 0.0, -0.98), lit, z)
    if species.clear > 0 and hidden > start:
        thick = max(0.6, 0.85 * species.girth * tall)
        trunk = [(x - thick, hidden), (x + thick, hidden), (x + thick, start), (x - thick, start)]
        canvas.polygon(item, trunk, bark)
    if species.bare:
        for across, up in _TWIGS:
            end = (x + across * half, start + up * (top - start))
            if end[1] < hidden:
                canvas.line(item, [(x, min(start, hidden)), end], 1.0, bark)
        return
    side = 1 if canvas.weather.to_sun[0] >= 0 else -1
    crown = _crown(species, x, start, top, half)
    crown = [(px, min(py, hidden)) for px, py in crown]
    canvas.polygon(item, crown, shade(scaled(thing.colour, 0.55), (0.0, 0.25, -0.9), 0.5 * lit, z))
    lit_part = [(x + (px - x) * (0.9 if (px - x) * side > 0 else 0.25), 0.88 * py + 0.12 * top) for px, py in crown]
    canvas.detail(lit_part, shade(scaled(thing.colour, 0.85), (0.4 * side, 0.5, -0.75), lit, z))


def _crown(species: Species, x: float, start: float, top: float, half: float) -> list[Point]:
    radii = species.outline
    rows = [start + (top - start) * i / (len(radii) - 1) for i in range(len(radii))]
    right = [(x + half * max(r, 0.08), y) for r, y in zip(radii, rows, strict=True)]
    return right + [(2 * x - px, y) for px, y in reversed(right)]
