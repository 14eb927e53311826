"""What a vehicle's body is in tables: outlines along its length, and what is laid on nose, tail and flanks.

Lengths are metres: along from the tail, up from the ground, across from the middle. Knows no kind and no mesh.
"""

from dataclasses import dataclass

Outline = tuple[tuple[float, float], ...]

NEAR, MIDDLE, FAR, TINY = 0, 1, 2, 3
"""Levels of detail."""


@dataclass(frozen=True)
class Detail:
    """An outline laid on a side: (across, up) on nose and tail, (along, up) on the flanks. Not drawn beyond `level`."""

    material: str
    outline: Outline
    level: int = TINY
    both: bool = False


@dataclass(frozen=True)
class Body:
    """A lofted solid. `top` is its middle line; `belt` where the flank ends; `lean` the roof's narrowing.

    `corner` is the radius of the edge of the roof; `cab` marks a second solid that stands before the first.
    """

    top: Outline
    belt: Outline
    low: Outline
    plan: Outline
    lean: float
    corner: float = 0.10
    material: str = "paint"
    nose: tuple[Detail, ...] = ()
    tail: tuple[Detail, ...] = ()
    flank: tuple[Detail, ...] = ()


@dataclass(frozen=True)
class Frame:
    """One kind: its solids (the first in the middle), wheels, and what stands out."""

    length: float
    solids: tuple[Body, ...]
    axles: tuple[float, ...]
    wheel: float
    track: float
    mirror: tuple[float, float, float] | None = None
    lamps: tuple[tuple[float, float], tuple[float, float]] = ((0.62, 0.72), (0.65, 0.85))
    cladding: bool = False
    sign: float = 0.0
    rails: tuple[float, float, float] | None = None


def box(x0: float, y0: float, x1: float, y1: float) -> Outline:
    return ((x0, y0), (x0, y1), (x1, y1), (x1, y0))


def _slant(low: float, high: float, *edges: float) -> tuple[Outline, ...]:
    """Windows between two heights: four along each: foot and head behind, head and foot before."""
    four = zip(edges[::4], edges[1::4], edges[2::4], edges[3::4], strict=True)
    return tuple(((a, low), (b, high), (c, high), (d, low)) for a, b, c, d in four)


def panes(low: float, high: float, *edges: float, level: int = FAR) -> tuple[Detail, ...]:
    return tuple(Detail("glass", outline, level) for outline in _slant(low, high, *edges))


def screen(low: float, high: float, foot: float, head: float, level: int = TINY) -> Detail:
    """Glass across the whole nose or tail."""
    mid, rise = (foot + head) / 2 + 0.01, (low + high) / 2
    right = ((foot * 0.5, low - 0.012), (foot, low), (mid, rise), (head, high), (head * 0.5, high + 0.012))
    return Detail("glass", right + tuple((-x, y) for x, y in right[::-1]), level)


def people(low: float, high: float, wide: float) -> tuple[Detail, ...]:
    """Head rests, or those who sit before them, behind the glass."""
    rest = ((-0.12, 0.0), (-0.13, 0.55), (-0.08, 0.95), (0.0, 1.05), (0.08, 0.95), (0.13, 0.55), (0.12, 0.0))
    tall = (high - low) * 0.55
    return (Detail("inside", tuple((wide + x, low + 0.03 + y * tall) for x, y in rest), NEAR, True),)


def number_plate(y: float, material: str) -> tuple[Detail, ...]:
    plate = Detail(material, box(-0.26, y - 0.055, 0.26, y + 0.055), FAR)
    marks = (-0.215, -0.145, -0.075, -0.005, 0.09, 0.16, 0.23)
    return (plate, *(Detail("mark", box(x - 0.022, y - 0.034, x + 0.022, y + 0.034), NEAR) for x in marks))


def car_nose(half: float, lamp: float, style: int, foot: float = 0.23) -> tuple[Detail, ...]:
    """Lamps, grille, intake and plate; `lamp` is the lamps' upper edge."""
    w, y, f = half, lamp, foot
    slim = (
        (w * 0.52, y - 0.12),
        (w * 0.56, y - 0.02),
        (w * 0.86, y + 0.02),
        (w * 0.93, y - 0.01),
        (w * 0.92, y - 0.13),
    )
    tall = (
        (w * 0.56, y - 0.17),
        (w * 0.58, y - 0.03),
        (w * 0.80, y + 0.06),
        (w * 0.92, y + 0.03),
        (w * 0.91, y - 0.14),
    )
    head = (slim, tall)[style]
    eye = (w * 0.745, y - 0.062)
    ring = tuple((eye[0] + 0.052 * a, eye[1] + 0.045 * b) for a, b in _RING)
    deep = (0.10, 0.16)[style]
    grille = ((-w * 0.46, y - 0.04), (w * 0.46, y - 0.04), (w * 0.40, y - 0.04 - deep), (-w * 0.40, y - 0.04 - deep))
    badge = tuple((0.045 * a, y - 0.04 - deep / 2 + 0.045 * b) for a, b in _RING)
    return (
        Detail("trim", ((-w * 0.60, f + 0.06), (-w * 0.54, f + 0.16), (w * 0.54, f + 0.16), (w * 0.60, f + 0.06)), FAR),
        Detail(
            "trim", ((w * 0.66, f + 0.08), (w * 0.66, f + 0.17), (w * 0.80, f + 0.19), (w * 0.82, f + 0.12)), NEAR, True
        ),
        Detail("trim", box(-w * 0.84, f, w * 0.84, f + 0.035), MIDDLE),
        Detail("grille", grille, FAR),
        *(
            Detail("steel", box(-w * 0.42, y - 0.04 - deep * v - 0.008, w * 0.42, y - 0.04 - deep * v + 0.008), NEAR)
            for v in (0.25, 0.55)
        ),
        Detail("chrome", badge, MIDDLE),
        Detail("head", head, TINY, True),
        Detail("eye", ring, NEAR, True),
        Detail("orange", box(w * 0.875, y - 0.09, w * 0.90, y - 0.03), NEAR, True),
        *number_plate(y - 0.10 - deep, "plate"),
    )


_RING = tuple(
    ((0.0, 1.0), (0.71, 0.71), (1.0, 0.0), (0.71, -0.71), (0.0, -1.0), (-0.71, -0.71), (-1.0, 0.0), (-0.71, 0.71))
)


def car_tail(
    half: float, low: float, high: float, plate: float, inner: float, foot: float = 0.26
) -> tuple[Detail, ...]:
    """Lamps from `low` to `high` and inwards to `inner` of the half width, plate, bumper, exhaust."""
    w = half
    lamp = (
        (w * inner, low + 0.02),
        (w * inner, high - 0.03),
        (w * 0.90, high),
        (w * 0.955, high - 0.04),
        (w * 0.95, low),
    )
    return (
        Detail("trim", ((-w * 0.80, foot), (-w * 0.76, foot + 0.10), (w * 0.76, foot + 0.10), (w * 0.80, foot)), FAR),
        Detail("seam", box(-w * 0.90, foot + 0.28, w * 0.90, foot + 0.292), NEAR),
        Detail("tail", lamp, TINY, True),
        Detail("white", box(w * (inner + 0.03), low + 0.04, w * 0.86, low + 0.075), NEAR, True),
        Detail("orange", box(w * (inner + 0.03), low + 0.085, w * 0.90, low + 0.125), NEAR, True),
        Detail("seam", box(-w * 0.80, plate + 0.085, w * 0.80, plate + 0.10), NEAR),
        *number_plate(plate, "rear plate"),
        Detail("chrome", tuple((w * 0.5 + 0.04 * a, foot + 0.02 + 0.03 * b) for a, b in _RING), NEAR),
    )


def doors(handle: float, low: float, high: float, *along: float) -> tuple[Detail, ...]:
    """Shut lines, and handles behind each but the last."""
    seams = tuple(Detail("seam", box(z - 0.008, low, z + 0.008, high), NEAR) for z in along)
    return seams + tuple(Detail("handle", box(z + 0.10, handle, z + 0.27, handle + 0.035), NEAR) for z in along[:-1])


def sill(z0: float, z1: float) -> tuple[Detail, ...]:
    return (Detail("trim", box(z0, 0.262, z1, 0.315), MIDDLE),)


def plan(length: float, half: float, nose: float, tail: float) -> Outline:
    """Seen from above: rounded corners, `nose` and `tail` the share of the width left at the ends."""
    return (
        (0.0, half * tail),
        (0.05, half * (tail + (1 - tail) * 0.50)),
        (0.16, half * (tail + (1 - tail) * 0.80)),
        (0.55, half * 0.985),
        (length * 0.42, half),
        (length - 0.95, half * 0.985),
        (length - 0.42, half * (nose + (1 - nose) * 0.82)),
        (length - 0.16, half * (nose + (1 - nose) * 0.52)),
        (length, half * nose),
    )
