"""Draws by lot who and what is on the street: vehicles, people, lamps, signs, trees, clutter. Knows no pixels."""

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


def _thing(
    dice: Dice,
    kind: str,
    u: float,
    z: float,
    facing: float = 0.0,
    size: float = 1.0,
    colour: Colour = (0.2, 0.2, 0.2),
    second: Colour = (0.1, 0.1, 0.1),
) -> Thing:
    return Thing(kind, u, z, facing, size, colour, second, dice.integer(0, 1 << 20))


def add_vehicles(dice: Dice, layout: Layout) -> None:
    road = layout.road
    kinds = (("hatch", 5.0), ("saloon", 3.0), ("estate", 2.0), ("suv", 2.0), ("van", 1.3))
    for side in (-1, 1):
        z = dice.between(5.0, 14.0)
        while road.parking and z < 95:
            if dice.chance(0.5) and not road.in_junction(z, 5.0) and abs(z - road.zebra) > 5:
                facing = 0.0 if side == road.drive or dice.chance(0.2) else 1.0
                layout.things.append(
                    _thing(
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
                    _thing(
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


def add_street_furniture(dice: Dice, layout: Layout) -> None:
    road = layout.road
    metal = dice.choice(((0.05, 0.06, 0.06), (0.22, 0.23, 0.24), (0.12, 0.13, 0.13), (0.30, 0.31, 0.31)))
    trees = {"high street": 0.3, "residential": 0.75, "avenue": 0.85}[road.kind]
    bare = dice.chance(0.35)
    leaf = dice.vary(
        dice.choice(((0.06, 0.10, 0.025), (0.045, 0.085, 0.03), (0.09, 0.11, 0.03), (0.16, 0.10, 0.03))), 0.25
    )
    for side in (-1, 1):
        kerb = road.half + 0.45
        spacing, z = dice.between(18, 32), dice.between(7, 24)
        while z < 140:
            layout.things.append(
                _thing(dice, "lamp", side * kerb, z, float(side), dice.between(5.5, 8.5), dice.vary(metal, 0.15))
            )
            z += spacing * dice.between(0.85, 1.15)
        for _ in range(dice.integer(3, 8)):
            z = 7 + 80 * dice.unit() ** 1.3
            layout.things.append(
                _thing(
                    dice,
                    "sign",
                    side * (kerb + dice.between(-0.1, 0.5)),
                    z,
                    float(side),
                    dice.between(2.2, 3.2),
                    dice.vary(metal, 0.3),
                )
            )
        if dice.chance(trees):
            z, spacing = dice.between(6, 16), dice.between(7, 15)
            u = kerb + 0.4 if road.verge < 2 or dice.chance(0.5) else road.half + road.walk + 1.2
            while z < 130:
                if dice.chance(0.8) and not road.in_junction(z, 3):
                    layout.things.append(
                        _thing(
                            dice,
                            "bare tree" if bare else "tree",
                            side * u,
                            z,
                            0.0,
                            dice.between(5.0, 10.5),
                            dice.vary(leaf, 0.2),
                            dice.vary((0.07, 0.055, 0.045), 0.2),
                        )
                    )
                z += spacing * dice.between(0.8, 1.3)
        for _ in range(dice.integer(1, 7)):
            kind = dice.choice(("bin", "bench", "bicycle", "bicycle", "bollard", "bollard", "cabinet", "planter"))
            z = 6 + 50 * dice.unit()
            u = side * (kerb if kind in ("bollard", "bin", "bicycle") else road.half + road.walk - 0.4)
            for repeat in range(dice.integer(2, 5) if kind in ("bollard", "bicycle") else 1):
                layout.things.append(
                    _thing(dice, kind, u, z + 1.8 * repeat, 0.0, 1.0, dice.vary(dice.choice(CLOTH_COLOURS), 0.3))
                )
        if dice.chance(0.25):
            layout.things.append(
                _thing(
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
                _thing(
                    dice,
                    "traffic light",
                    side * (road.half + 0.5),
                    stop,
                    float(dice.integer(0, 2)),
                    dice.between(3.1, 3.6),
                    dice.vary(metal, 0.2),
                )
            )
