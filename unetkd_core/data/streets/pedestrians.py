"""Draws by lot who walks, stands and cycles on the street. Knows no pixels."""

from unetkd_core.data.streets.dice import Colour, Dice
from unetkd_core.data.streets.layout import Layout, Thing

CLOTH_COLOURS: tuple[Colour, ...] = (
    (0.02, 0.02, 0.025),
    (0.05, 0.055, 0.07),
    (0.03, 0.05, 0.12),
    (0.10, 0.10, 0.10),
    (0.26, 0.24, 0.21),
    (0.14, 0.10, 0.06),
    (0.40, 0.38, 0.35),
    (0.30, 0.03, 0.03),
    (0.06, 0.12, 0.07),
    (0.10, 0.18, 0.30),
    (0.60, 0.58, 0.55),
    (0.34, 0.20, 0.10),
    (0.42, 0.30, 0.06),
)


def add_people(dice: Dice, layout: Layout) -> None:
    road = layout.road
    groups = {"high street": dice.integer(6, 17), "residential": dice.integer(3, 9), "avenue": dice.integer(4, 12)}[
        road.kind
    ]
    for _ in range(groups):
        z = 6 + 70 * dice.unit() ** 1.4
        side = dice.choice((-1, 1))
        u = side * (road.half + dice.between(0.3, max(0.5, road.walk - 0.3)))
        if dice.chance(0.12):
            u = dice.between(-road.half, road.half)
            z = road.zebra if road.zebra > 0 else max(z, 14.0)
        elif road.parking and dice.chance(0.15):
            u = side * (road.half - dice.between(-0.3, 0.2))
        facing = dice.choice((-1.0, -1.0, 1.0, 1.0, 0.0))
        for _ in range(dice.weighted(((1, 0.6), (2, 0.28), (3, 0.12)))):
            standing = dice.chance(0.25)
            layout.things.append(
                Thing(
                    "person" if not standing else "standing",
                    u,
                    z,
                    facing if abs(u) > road.half else 0.5,
                    dice.between(1.5, 1.9) if not dice.chance(0.1) else dice.between(1.0, 1.4),
                    dice.vary(dice.choice(CLOTH_COLOURS), 0.3),
                    dice.vary(dice.choice(CLOTH_COLOURS[:8]), 0.3),
                    dice.integer(0, 1 << 20),
                )
            )
            u, z = u + dice.between(0.45, 0.8) * dice.choice((-1, 1)), z + dice.between(-0.5, 0.7)


def add_cyclists(dice: Dice, layout: Layout) -> None:
    road = layout.road
    for side in (-1, 1):
        if dice.chance(0.25):
            layout.things.append(
                Thing.drawn(
                    dice,
                    "cyclist",
                    side * (road.half - road.parking - 0.7),
                    dice.between(9, 45),
                    0.0 if side == road.drive else 1.0,
                    1.72,
                    dice.vary(dice.choice(CLOTH_COLOURS), 0.3),
                    (0.04, 0.04, 0.05),
                )
            )
