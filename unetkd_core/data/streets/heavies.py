"""Vans, buses and lorries as tables. Metres: along from the tail, up from the ground, across from the middle."""

from itertools import pairwise

from unetkd_core.data.streets.bodies import (
    FAR,
    MIDDLE,
    NEAR,
    TINY,
    Body,
    Detail,
    box,
    car_nose,
    doors,
    number_plate,
    panes,
    people,
    plan,
    screen,
)


def van(rear_glass: bool, windows: tuple[Detail, ...], high: float, length: float) -> Body:
    end, roof = length, high
    mark = (
        (
            Detail("second", box(0.30, 0.92, length - 2.05, 1.06), FAR),
            Detail("second", box(0.9, 1.42, 1.35, 1.74), FAR),
            *(Detail("second", box(1.5 + 0.19 * i, 1.46, 1.63 + 0.19 * i, 1.66), MIDDLE) for i in range(6)),
        )
        if not windows
        else ()
    )
    rear_doors = (
        Detail("glass", ((0.10, 1.36), (0.10, 1.92), (0.68, 1.92), (0.74, 1.36)), TINY, True),
        Detail("glass", box(0.10, 1.36, 0.70, 1.92), TINY, True),
    )
    return Body(
        top=(
            (0.0, roof - 0.28), (0.02, roof - 0.12), (0.12, roof - 0.02), (0.6, roof), (end - 2.2, roof),
            (end - 1.80, roof - 0.08), (end - 1.55, roof - 0.22), (end - 0.82, 1.30), (end - 0.42, 1.14),
            (end - 0.16, 0.98), (end - 0.06, 0.86), (end, 0.66),
        ),
        belt=((0.0, 1.10), (end - 1.2, 1.10), (end - 0.6, 1.04), (end - 0.2, 0.84), (end, 0.60)),
        low=((0.0, 0.33), (0.2, 0.32), (end - 0.6, 0.28), (end - 0.2, 0.28), (end, 0.30)),
        plan=plan(length, 0.99, 0.70, 0.90),
        lean=0.14,
        corner=0.14,
        nose=(
            screen(1.36, roof - 0.26, 0.82, 0.74),
            *people(1.38, 1.95, 0.40),
            *car_nose(0.97, 0.96, 1, 0.32),
        ),
        tail=(
            *(rear_doors[:1] if rear_glass else ()),
            Detail("seam", box(-0.01, 0.50, 0.01, roof - 0.12), MIDDLE),
            Detail("tail", box(0.80, 0.86, 0.90, 1.30), TINY, True),
            Detail("orange", box(0.80, 1.20, 0.90, 1.30), NEAR, True),
            Detail("trim", box(-0.92, 0.34, 0.92, 0.52), FAR),
            Detail("handle", box(0.04, 1.06, 0.10, 1.22), NEAR),
            *number_plate(0.74, "rear plate"),
        ),
        flank=(
            *panes(1.24, roof - 0.36, end - 2.02, end - 2.02, end - 1.66, end - 1.02),
            *windows,
            *mark,
            *doors(1.08, 0.36, 1.9, end - 3.30, end - 2.10, end - 0.95),
            Detail("trim", box(0.9, 0.50, end - 1.6, 0.60), MIDDLE),
        ),
    )  # fmt: skip


def coach(length: float, high: float, decks: int) -> Body:
    """A bus: a box with round edges, a tall windscreen, rows of windows."""
    end = length
    edges = [0.55 + (end - 1.9) * i / 6 for i in range(7)]
    rows = ((1.28, 2.36),) if decks == 1 else ((1.28, 2.16), (2.78, 3.66))
    windows = tuple(
        Detail("glass", box(a + 0.03, low, b - 0.03, up), MIDDLE) for low, up in rows for a, b in pairwise(edges)
    )
    bands = tuple(Detail("glass", box(edges[0], low, edges[-1], up), TINY) for low, up in rows)
    sills = tuple(Detail("seam", box(a - 0.03, low, a + 0.03, up), MIDDLE) for low, up in rows for a in edges[1:-1])
    door = Detail("glass", box(end - 1.22, 0.50, end - 0.25, 2.30), FAR)
    upper = (screen(2.80, 3.72, 1.12, 1.08),) if decks == 2 else ()
    blind_y = 2.36 if decks == 2 else high - 0.46
    return Body(
        top=(
            (0.0, high - 0.34), (0.03, high - 0.14), (0.16, high - 0.02), (0.7, high), (end - 0.8, high),
            (end - 0.30, high - 0.03), (end - 0.10, high - 0.16), (end, high - 0.42),
        ),
        belt=((0.0, 1.16), (end, 1.16)),
        low=((0.0, 0.42), (0.3, 0.34), (end - 0.5, 0.32), (end, 0.38)),
        plan=(
            (0.0, 1.12), (0.05, 1.18), (0.16, 1.23), (0.5, 1.26),
            (end - 0.6, 1.26), (end - 0.22, 1.22), (end - 0.06, 1.14), (end, 1.04),
        ),
        lean=0.05,
        corner=0.16,
        nose=(
            screen(1.10, 2.26 if decks == 2 else high - 0.62, 1.14, 1.10),
            *people(1.12, 2.2, 0.50)[:1],
            *upper,
            Detail("trim", box(-0.80, blind_y, 0.80, blind_y + 0.30), FAR),
            Detail("amber", box(-0.62, blind_y + 0.09, 0.30, blind_y + 0.22), MIDDLE),
            Detail("amber", box(0.45, blind_y + 0.07, 0.72, blind_y + 0.24), MIDDLE),
            Detail("second", box(-1.1, 0.92, 1.1, 1.02), FAR),
            Detail("head", ((0.72, 0.66), (0.72, 0.84), (1.06, 0.86), (1.08, 0.68)), TINY, True),
            Detail("trim", box(-1.02, 0.36, 1.02, 0.52), FAR),
            *number_plate(0.62, "plate"),
        ),
        tail=(
            screen(1.62, 2.30, 0.96, 0.92, TINY),
            *((screen(2.95, 3.60, 1.0, 0.96, TINY),) if decks == 2 else ()),
            Detail("grille", box(-0.80, 0.72, 0.80, 1.12), FAR),
            Detail("tail", box(1.00, 0.80, 1.14, 1.30), TINY, True),
            Detail("orange", box(1.00, 1.18, 1.14, 1.30), NEAR, True),
            Detail("trim", box(-1.10, 0.40, 1.10, 0.56), FAR),
            Detail("amber", box(-0.30, 2.38, 0.30, 2.58), MIDDLE),
            *number_plate(1.28, "rear plate"),
        ),
        flank=(
            *bands,
            *windows,
            *sills,
            door,
            Detail("seam", box(end - 0.75, 0.50, end - 0.71, 2.30), MIDDLE),
            Detail("second", box(0.3, 0.92, end - 1.4, 1.10), FAR),
            *((Detail("second", box(0.8, 2.32, end - 1.5, 2.62), FAR),) if decks == 2 else ()),
            *(Detail("seam", box(z, 0.40, z + 0.02, 0.90), NEAR) for z in (2.0, 4.2, 6.4, 7.6)),
        ),
    )  # fmt: skip


def cab(tail: float, end: float, high: float, half: float) -> Body:
    """A lorry's cab: flat nose, tall glass."""
    return Body(
        top=(
            (tail, high - 0.10), (tail + 0.1, high), (end - 0.62, high), (end - 0.36, high - 0.10),
            (end - 0.22, high - 0.3), (end - 0.06, 1.62), (end, 1.40),
        ),
        belt=((tail, 1.50), (end - 0.1, 1.44), (end, 1.30)),
        low=((tail, 0.50), (end - 0.3, 0.40), (end, 0.46)),
        plan=(
            (tail, half * 0.96), (tail + 0.2, half), (end - 0.5, half),
            (end - 0.2, half * 0.96), (end - 0.05, half * 0.88), (end, half * 0.80),
        ),
        lean=0.10,
        corner=0.12,
        nose=(
            screen(1.62, high - 0.30, half * 0.90, half * 0.86),
            *people(1.6, high - 0.3, 0.5),
            Detail("grille", ((-0.72, 0.92), (-0.78, 1.38), (0.78, 1.38), (0.72, 0.92)), FAR),
            *(Detail("steel", box(-0.72, y, 0.72, y + 0.02), NEAR) for y in (1.03, 1.14, 1.25)),
            Detail("trim", box(-half * 0.92, 0.46, half * 0.92, 0.62), FAR),
            Detail("head", box(half * 0.62, 0.66, half * 0.90, 0.84), TINY, True),
            *number_plate(0.56, "plate"),
        ),
        flank=(
            *panes(1.56, high - 0.34, tail + 0.55, tail + 0.55, end - 0.42, end - 0.28),
            *doors(1.36, 0.7, 1.54, tail + 0.45, end - 0.25),
            Detail("trim", box(tail + 0.5, 0.52, end - 0.3, 0.70), MIDDLE),
        ),
    )  # fmt: skip


def cargo(end: float, low: float, high: float, half: float, mark: tuple[Detail, ...], tail: tuple[Detail, ...]) -> Body:
    """A box with sharp edges."""
    return Body(
        top=((0.0, high - 0.03), (0.03, high), (end - 0.03, high), (end, high - 0.03)),
        belt=((0.0, (low + high) / 2), (end, (low + high) / 2)),
        low=((0.0, low), (end, low)),
        plan=((0.0, half * 0.985), (0.03, half), (end - 0.03, half), (end, half * 0.985)),
        lean=0.0,
        corner=0.03,
        material="second",
        tail=tail,
        flank=mark,
    )


BOX_MARK = (
    Detail("paint", box(0.9, 2.15, 1.7, 2.85), FAR),
    *(Detail("paint", box(2.0 + 0.42 * i, 2.25, 2.30 + 0.42 * i, 2.70), MIDDLE) for i in range(6)),
    Detail("paint", box(2.0, 1.82, 4.4, 1.94), MIDDLE),
    Detail("steel", box(0.02, 0.98, 5.6, 1.08), MIDDLE),
)
BOX_TAIL = (
    Detail("seam", box(-0.015, 1.05, 0.015, 3.25), MIDDLE),
    Detail("steel", box(0.45, 1.1, 0.49, 3.2), NEAR, True),
    Detail("steel", box(-1.2, 0.97, 1.2, 1.16), MIDDLE),
    Detail("tail", box(0.80, 0.99, 1.16, 1.13), TINY, True),
    *number_plate(1.065, "rear plate"),
)
BED_MARK = (
    *(Detail("seam", box(z, 0.98, z + 0.06, 1.70), MIDDLE) for z in (0.1, 1.1, 2.2, 3.3, 4.4)),
    Detail("seam", box(0.05, 1.62, 4.6, 1.68), MIDDLE),
)
BED_TAIL = (
    Detail("seam", box(-1.12, 1.60, 1.12, 1.64), MIDDLE),
    Detail("trim", box(-1.15, 0.94, 1.15, 1.12), TINY),
    Detail("tail", box(0.78, 0.96, 1.10, 1.09), TINY, True),
    *number_plate(1.03, "rear plate"),
)
MINIBUS_PANES = panes(1.26, 2.0, 0.35, 0.35, 1.30, 1.30, 1.38, 1.38, 2.46, 2.46, 2.54, 2.54, 3.62, 3.62)
