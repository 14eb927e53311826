"""Draws by lot which vehicles park, drive, queue and cross on the street. Knows no pixels."""

from math import cos, pi, sin

from unetkd_core.data.streets.dice import Colour, Dice
from unetkd_core.data.streets.layout import Layout, Thing
from unetkd_core.data.streets.shapes import BRAKING, INDICATING, PARKED, SHAPES, UK_PLATES

Lots = tuple[tuple[str, float], ...]

CAR_COLOURS: tuple[tuple[Colour, float], ...] = (
    ((0.30, 0.31, 0.33), 3.2),
    ((0.16, 0.165, 0.175), 2.6),
    ((0.07, 0.072, 0.078), 2.6),
    ((0.022, 0.023, 0.026), 3.2),
    ((0.62, 0.62, 0.60), 2.8),
    ((0.022, 0.035, 0.10), 2.0),
    ((0.035, 0.065, 0.16), 0.9),
    ((0.24, 0.018, 0.02), 1.3),
    ((0.025, 0.06, 0.045), 0.5),
    ((0.12, 0.15, 0.19), 0.7),
    ((0.26, 0.21, 0.14), 0.5),
    ((0.46, 0.17, 0.02), 0.15),
    ((0.48, 0.36, 0.03), 0.15),
)
_WORK_COLOURS: tuple[tuple[Colour, float], ...] = (
    ((0.64, 0.64, 0.62), 6.0),
    ((0.28, 0.29, 0.30), 1.5),
    ((0.03, 0.06, 0.18), 1.2),
    ((0.30, 0.02, 0.02), 1.0),
    ((0.03, 0.03, 0.033), 0.8),
    ((0.52, 0.36, 0.03), 0.4),
)
_BUS_COLOURS: tuple[tuple[Colour, float], ...] = (
    ((0.36, 0.022, 0.025), 3.0),
    ((0.04, 0.11, 0.28), 1.5),
    ((0.60, 0.60, 0.57), 1.5),
    ((0.05, 0.20, 0.11), 1.0),
    ((0.50, 0.43, 0.26), 1.0),
)
_TAXI_COLOURS: tuple[tuple[Colour, float], ...] = (
    ((0.022, 0.022, 0.024), 3.0),
    ((0.60, 0.60, 0.57), 1.5),
    ((0.50, 0.40, 0.22), 1.0),
)
_SECOND_COLOURS: tuple[tuple[Colour, float], ...] = (
    ((0.58, 0.58, 0.56), 3.0),
    ((0.06, 0.12, 0.30), 1.5),
    ((0.36, 0.03, 0.025), 1.2),
    ((0.05, 0.18, 0.09), 0.8),
    ((0.50, 0.32, 0.03), 0.6),
    ((0.16, 0.17, 0.18), 0.8),
)
_COLOURS = {
    "van": _WORK_COLOURS,
    "minibus": _WORK_COLOURS,
    "lorry": _WORK_COLOURS,
    "tipper": _WORK_COLOURS,
    "bus": _BUS_COLOURS,
    "decker": _BUS_COLOURS,
    "taxi": _TAXI_COLOURS,
}
"""Kinds that have colours of their own; all others are painted like cars."""

_PARKED: Lots = (
    ("hatch", 4.5),
    ("city", 1.8),
    ("saloon", 2.6),
    ("estate", 1.7),
    ("suv", 2.0),
    ("mpv", 1.2),
    ("pickup", 0.25),
    ("van", 0.9),
)
_DRIVING: Lots = (*_PARKED, ("taxi", 0.9), ("van", 0.6), ("minibus", 0.35))
_HEAVY: dict[str, Lots] = {
    "high street": (("bus", 0.7), ("decker", 0.7), ("lorry", 0.5), ("tipper", 0.2)),
    "residential": (("bus", 0.15), ("lorry", 0.2), ("tipper", 0.2)),
    "avenue": (("bus", 0.6), ("decker", 0.4), ("lorry", 0.8), ("tipper", 0.4)),
}
_HEAVY_LANE = 2.75
"""Metres of lane below which no bus or lorry drives."""
_OPEN = 13.0
"""Metres ahead of us that our own side of the road stays free."""


def add_vehicles(dice: Dice, layout: Layout) -> None:
    traffic = _Traffic(dice, layout)
    busy = layout.road.junction > 0 and dice.chance(0.5)
    if busy:
        traffic.cross()
    for side in (-1, 1):
        for lane in range(layout.road.lanes):
            traffic.drive(side, lane, busy or dice.chance(0.35))
        if layout.road.parking:
            traffic.park(side)


class _Traffic:
    """What stands on the carriageway so far; a vehicle that would touch another is left out."""

    def __init__(self, dice: Dice, layout: Layout) -> None:
        self.dice, self.layout, self.road = dice, layout, layout.road
        self.taken: list[tuple[float, float, float, float]] = []
        self.lane = (self.road.half - self.road.parking) / self.road.lanes
        self.lots = _DRIVING + (_HEAVY[self.road.kind] if self.lane > _HEAVY_LANE else ())

    def _place(
        self, kind: str, u: float, z: float, facing: float, braking: float, indicating: float, parked: bool = False
    ) -> None:
        """Unless there is no room. braking, indicating: chances."""
        dice, shape = self.dice, SHAPES[kind]
        size = dice.between(0.96, 1.04)
        colour = dice.vary(dice.weighted(_COLOURS.get(kind, CAR_COLOURS)), 0.2)
        second = dice.vary(dice.weighted(_SECOND_COLOURS), 0.2)
        look = dice.integer(0, UK_PLATES - 1) + (UK_PLATES if self.road.drive < 0 else 0)
        look += BRAKING * dice.chance(braking) + INDICATING * dice.chance(indicating) + PARKED * parked
        c, s = abs(cos(pi * facing)), abs(sin(pi * facing))
        half_u = (shape.width * c + shape.length * s) / 2 * size + 0.12
        half_z = (shape.length * c + shape.width * s) / 2 * size + 0.30
        if any(abs(u - a) < half_u + b and abs(z - d) < half_z + e for a, b, d, e in self.taken):
            return
        self.taken.append((u, half_u, z, half_z))
        self.layout.things.append(Thing(kind, u, z, facing, size, colour, second, look))

    def _free(self, z: float, half: float) -> bool:
        """Neither in the junction nor on the zebra."""
        road = self.road
        return not road.in_junction(z, half + 0.5) and not (road.zebra > 0 and abs(z - road.zebra) < half + 2.2)

    def park(self, side: int) -> None:
        """A row along the kerb with gaps, not quite parallel."""
        dice, road = self.dice, self.road
        share = dice.between(0.15, 0.6)
        z = dice.between(5.0, 10.0)
        while z < 85:
            kind = dice.weighted(_PARKED)
            half = SHAPES[kind].length / 2
            z += half
            if dice.chance(share) and self._free(z, half + 2.5):
                facing = 0.0 if (side == road.drive) != dice.chance(0.15) else 1.0
                gap = dice.between(0.12, 0.42)
                u = side * (road.half - gap - SHAPES[kind].width / 2)
                self._place(kind, u, z, facing + dice.between(-0.012, 0.012), 0.0, 0.03, True)
            z += half + dice.between(0.7, 1.9)

    def drive(self, side: int, lane: int, queue: bool) -> None:
        """A lane's vehicles: those that wait at the stop line, then those that move."""
        dice, road = self.dice, self.road
        same = side == road.drive
        u = side * (lane + 0.5) * self.lane
        first = _OPEN if same else 5.0
        if queue:
            self._queue(u, same, first)
        z = first + dice.between(0, 22)
        while z < 125:
            kind = dice.weighted(self.lots)
            half = SHAPES[kind].length / 2
            z += half
            if self._free(z, half):
                self._place(kind, u + dice.between(-0.22, 0.22), z, self._steer(same), 0.14, 0.06)
            z += half + (dice.between(4, 10) if dice.chance(0.28) else dice.between(16, 80))

    def _steer(self, same: bool) -> float:
        return (0.0 if same else 1.0) + self.dice.between(-0.008, 0.008)

    def _queue(self, u: float, same: bool, first: float) -> None:
        """Bumper to bumper from the stop line on, away from it."""
        dice, road = self.dice, self.road
        way = -1 if same else 1
        if road.junction > 0:
            stop = road.junction + way * (road.cross_half + 2.6)
        elif road.zebra > 0:
            stop = road.zebra + way * 3.2
        else:
            return
        for _ in range(dice.integer(1, 4)):
            kind = dice.weighted(self.lots)
            half = SHAPES[kind].length / 2 * 1.04
            z = stop + way * half
            if z - half < first:
                return
            if self._free(z, half - 0.6):
                self._place(kind, u + dice.between(-0.15, 0.15), z, self._steer(same), 0.85 if same else 0.3, 0.15)
            stop = z + way * (half + dice.between(1.2, 2.6))

    def cross(self) -> None:
        """Vehicles that cross before us, and one that turns."""
        dice, road = self.dice, self.road
        reach = road.half + road.walk + 6
        for way in (-1, 1):
            z = road.junction - way * road.drive * road.cross_half * 0.5
            for _ in range(dice.integer(0, 2)):
                kind = dice.weighted(_DRIVING)
                u, facing = dice.between(-reach, reach), 0.5 * way + dice.between(-0.02, 0.02)
                if z - 1.2 > _OPEN or abs(u + road.offset) > 6:
                    self._place(kind, u, z, facing, 0.1, 0.1)
        if dice.chance(0.35):
            turn = dice.between(0.12, 0.36)
            u = -road.drive * dice.between(0.3, 0.6) * road.half
            z = road.junction + dice.between(0.1, 0.6) * road.cross_half
            self._place(dice.weighted(_DRIVING), u, z, 1.0 + turn * dice.choice((-1, 1)), 0.3, 1.0)
