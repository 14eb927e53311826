"""Draws by lot who walks, stands and cycles on the street. Knows no pixels."""

from unetkd_core.data.streets.dice import Colour, Dice
from unetkd_core.data.streets.layout import Layout, Road, Thing

COATS: tuple[tuple[Colour, float], ...] = (
    ((0.032, 0.032, 0.035), 4.0),
    ((0.052, 0.055, 0.064), 3.0),
    ((0.030, 0.042, 0.088), 4.0),
    ((0.075, 0.075, 0.08), 2.5),
    ((0.16, 0.155, 0.15), 1.5),
    ((0.12, 0.085, 0.05), 1.2),
    ((0.055, 0.065, 0.035), 1.4),
    ((0.22, 0.17, 0.11), 0.8),
    ((0.40, 0.38, 0.34), 0.9),
    ((0.60, 0.58, 0.55), 0.5),
    ((0.06, 0.14, 0.30), 0.9),
    ((0.16, 0.02, 0.03), 0.9),
    ((0.40, 0.03, 0.035), 0.5),
    ((0.45, 0.22, 0.03), 0.2),
    ((0.40, 0.14, 0.20), 0.25),
)
TROUSERS: tuple[tuple[Colour, float], ...] = (
    ((0.030, 0.030, 0.033), 4.0),
    ((0.034, 0.052, 0.105), 4.0),
    ((0.075, 0.11, 0.19), 2.5),
    ((0.06, 0.06, 0.062), 2.0),
    ((0.20, 0.16, 0.11), 1.0),
    ((0.10, 0.085, 0.06), 1.0),
)
_GROUPS = {"high street": (5, 13), "residential": (2, 7), "avenue": (3, 9)}
AWAY, ACROSS, TOWARDS = 0.0, 0.5, 1.0
"""Headings in half turns from straight ahead, to the right first."""


def add_people(dice: Dice, layout: Layout) -> None:
    road = layout.road
    for _ in range(dice.integer(*_GROUPS[road.kind])):
        kind, u, z, facing = _place(dice, road)
        size = dice.weighted(((1, 0.55), (2, 0.32), (3, 0.13)))
        child = size > 1 and dice.chance(0.25)
        aside = 1 if u < 0 else -1
        for number in range(size):
            turn = facing + dice.between(-0.07, 0.07)
            if kind == "standing" and size > 1:  # those who stand together look at each other
                turn = ACROSS * (1 if number % 2 else -1) + dice.between(-0.25, 0.25)
            _add_person(dice, layout, kind, u, z, turn, child and number == size - 1)
            u, z = u + aside * dice.between(0.5, 0.75), z + dice.between(-0.3, 0.5)
            if kind == "person" and size > 2 and number == 1:
                u, z = u - aside * 0.9, z + dice.between(0.8, 1.4)


def _place(dice: Dice, road: Road) -> tuple[str, float, float, float]:
    """What a group does, where, and which way it looks."""
    z, side, lot = 6 + 70 * dice.unit() ** 1.4, dice.choice((-1, 1)), dice.unit()
    along = dice.choice((AWAY, TOWARDS)) + dice.between(-0.04, 0.04)
    inwards = -ACROSS * side
    spot, near = dice.between(0.45, max(0.5, road.walk - 0.55)), dice.between(0.25, 0.5)
    if lot < 0.08:
        u = dice.between(-road.half, road.half)
        return "person", u, road.zebra if road.zebra > 0 else max(z, 16.0), inwards
    if lot < 0.15 and road.zebra > 0:
        return "standing", side * (road.half + near), road.zebra + dice.between(-1.0, 1.0), inwards
    if lot < 0.24 and road.parking:
        return "person", side * (road.half - near + 0.2), z, along
    if lot < 0.40:
        z = z if not road.in_junction(z, road.corner) else road.junction + road.cross_half + road.corner
        back = dice.chance(0.5)
        return "standing", side * (road.half + (road.walk - 0.5 if back else spot)), z, inwards if back else along
    return "person", side * (road.half + spot), z, along


def _add_person(dice: Dice, layout: Layout, kind: str, u: float, z: float, facing: float, child: bool) -> None:
    size = dice.between(0.95, 1.4) if child or dice.chance(0.03) else dice.between(1.55, 1.90)
    coat, trousers = dice.vary(dice.weighted(COATS), 0.3), dice.vary(dice.weighted(TROUSERS), 0.3)
    layout.things.append(Thing.drawn(dice, kind, u, z, facing, size, coat, trousers))


def add_cyclists(dice: Dice, layout: Layout) -> None:
    road = layout.road
    for side in (-1, 1):
        if dice.chance(0.25):
            u, z = side * (road.half - road.parking - 0.7), dice.between(9, 45)
            facing = AWAY if side == road.drive else TOWARDS
            coat, trousers = dice.vary(dice.weighted(COATS), 0.3), dice.vary(dice.weighted(TROUSERS), 0.3)
            layout.things.append(Thing.drawn(dice, "cyclist", u, z, facing, 1.74, coat, trousers))
