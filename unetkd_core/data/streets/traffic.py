"""Draws by lot which vehicles drive and park on the street. Knows no pixels."""

from unetkd_core.data.streets.dice import Colour, Dice
from unetkd_core.data.streets.layout import Layout, Thing

CAR_COLOURS: tuple[tuple[Colour, float], ...] = (
    ((0.62, 0.63, 0.65), 3),
    ((0.34, 0.35, 0.37), 3),
    ((0.10, 0.105, 0.115), 3),
    ((0.025, 0.027, 0.03), 3),
    ((0.72, 0.72, 0.70), 3),
    ((0.04, 0.08, 0.22), 2),
    ((0.30, 0.03, 0.03), 1.6),
    ((0.05, 0.14, 0.10), 0.7),
    ((0.16, 0.24, 0.34), 1),
    ((0.36, 0.28, 0.18), 0.7),
    ((0.50, 0.33, 0.03), 0.3),
)


def add_vehicles(dice: Dice, layout: Layout) -> None:
    road = layout.road
    kinds = (("hatch", 5.0), ("saloon", 3.0), ("estate", 2.0), ("suv", 2.0), ("van", 1.3))
    for side in (-1, 1):
        z = dice.between(5.0, 14.0)
        while road.parking and z < 95:
            if dice.chance(0.5) and not road.in_junction(z, 5.0) and abs(z - road.zebra) > 5:
                facing = 0.0 if side == road.drive or dice.chance(0.2) else 1.0
                layout.things.append(
                    Thing.drawn(
                        dice,
                        dice.weighted(kinds),
                        side * (road.half - 1.05 + dice.between(-0.12, 0.12)),
                        z,
                        facing,
                        dice.between(0.94, 1.06),
                        dice.vary(dice.weighted(CAR_COLOURS), 0.2),
                    )
                )
            z += dice.between(5.2, 8.5)
        lane_width = (road.half - road.parking) / road.lanes
        for lane in range(road.lanes):
            u = side * (lane + 0.5) * lane_width
            same = side == road.drive
            z = dice.between(12, 40) if same else dice.between(7, 30)
            while z < 150:
                kind = dice.weighted((*kinds, ("bus", 0.9), ("lorry", 0.7)))
                colour = dice.vary(dice.weighted(CAR_COLOURS), 0.2)
                if kind == "bus":
                    colour = dice.vary(
                        dice.choice(((0.40, 0.03, 0.03), (0.05, 0.14, 0.32), (0.62, 0.62, 0.60), (0.06, 0.22, 0.12))),
                        0.2,
                    )
                layout.things.append(
                    Thing.drawn(
                        dice,
                        kind,
                        u + dice.between(-0.25, 0.25),
                        z + (4 if kind in ("bus", "lorry") else 0),
                        0.0 if same else 1.0,
                        dice.between(0.95, 1.05),
                        colour,
                    )
                )
                z += 8.0 * (kind in ("bus", "lorry"))
                z += dice.between(9, 16) if dice.chance(0.35) else dice.between(20, 80)
