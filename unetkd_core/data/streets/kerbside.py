"""Draws by lot what stands along the kerb: lamps, signs, traffic lights, bins, bicycles. Knows no pixels."""

from unetkd_core.data.streets.dice import Colour, Dice
from unetkd_core.data.streets.layout import Layout, Thing

CLUTTER_COLOURS: tuple[Colour, ...] = (
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


def add_street_furniture(dice: Dice, layout: Layout) -> None:
    road = layout.road
    metal = dice.choice(((0.05, 0.06, 0.06), (0.22, 0.23, 0.24), (0.12, 0.13, 0.13), (0.30, 0.31, 0.31)))
    for side in (-1, 1):
        kerb = road.half + 0.45
        spacing, z = dice.between(18, 32), dice.between(7, 24)
        while z < 140:
            layout.things.append(
                Thing.drawn(dice, "lamp", side * kerb, z, float(side), dice.between(5.5, 8.5), dice.vary(metal, 0.15))
            )
            z += spacing * dice.between(0.85, 1.15)
        for _ in range(dice.integer(3, 8)):
            z = 7 + 80 * dice.unit() ** 1.3
            layout.things.append(
                Thing.drawn(
                    dice,
                    "sign",
                    side * (kerb + dice.between(-0.1, 0.5)),
                    z,
                    float(side),
                    dice.between(2.2, 3.2),
                    dice.vary(metal, 0.3),
                )
            )
        for _ in range(dice.integer(1, 7)):
            kind = dice.choice(("bin", "bench", "bicycle", "bicycle", "bollard", "bollard", "cabinet", "planter"))
            z = 6 + 50 * dice.unit()
            u = side * (kerb if kind in ("bollard", "bin", "bicycle") else road.half + road.walk - 0.4)
            for repeat in range(dice.integer(2, 5) if kind in ("bollard", "bicycle") else 1):
                layout.things.append(
                    Thing.drawn(dice, kind, u, z + 1.8 * repeat, 0.0, 1.0, dice.vary(dice.choice(CLUTTER_COLOURS), 0.3))
                )
    _add_traffic_lights(dice, layout, metal)


def _add_traffic_lights(dice: Dice, layout: Layout, metal: Colour) -> None:
    road = layout.road
    for stop in (
        (road.junction - road.cross_half, road.junction + road.cross_half)
        if road.junction > 0 and dice.chance(0.75)
        else (road.zebra,)
        if road.zebra > 0
        else ()
    ):
        for side in (-1, 1):
            layout.things.append(
                Thing.drawn(
                    dice,
                    "traffic light",
                    side * (road.half + 0.5),
                    stop,
                    float(dice.integer(0, 2)),
                    dice.between(3.1, 3.6),
                    dice.vary(metal, 0.2),
                )
            )
