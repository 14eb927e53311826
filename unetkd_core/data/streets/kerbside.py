"""Draws by lot what stands along the kerb: lamps, signs, traffic lights, rails, bins. Knows no pixels."""

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
CLUTTER = (
    ("bin", 0.22),
    ("bench", 0.08),
    ("bicycle", 0.22),
    ("bollard", 0.18),
    ("cabinet", 0.12),
    ("planter", 0.06),
    ("meter", 0.06),
    ("phone box", 0.06),
)
AT_KERB = ("bollard", "bicycle", "meter")
RAIL_COLOURS: tuple[Colour, ...] = ((0.16, 0.17, 0.18), (0.03, 0.03, 0.03), (0.02, 0.06, 0.03))
RAIL = 2.0
"""Metres of one length of guard rail."""


def add_street_furniture(dice: Dice, layout: Layout) -> None:
    road = layout.road
    metal = dice.choice(((0.05, 0.06, 0.06), (0.22, 0.23, 0.24), (0.12, 0.13, 0.13), (0.30, 0.31, 0.31)))
    lamp, tall = dice.integer(0, 31), dice.between(5.5, 8.5)
    for side in (-1, 1):
        kerb = road.half + 0.45
        spacing, z = dice.between(24, 36), dice.between(7, 28)
        while z < 140:
            if not road.in_junction(z, road.corner + 0.5):
                layout.things.append(
                    Thing("lamp", side * kerb, z, float(side), tall, dice.vary(metal, 0.15), metal, lamp)
                )
            z += spacing * dice.between(0.85, 1.15)
        _add_signs(dice, layout, side, metal)
        _add_clutter(dice, layout, side)
        _add_rails(dice, layout, side)
    _add_traffic_lights(dice, layout, metal)


def _add_signs(dice: Dice, layout: Layout, side: int, metal: Colour) -> None:
    """Those on our side of the road mostly speak to us, those on the other mostly show their back."""
    road = layout.road
    for _ in range(dice.integer(1, 3)):
        u, z = side * (road.half + dice.between(0.35, 0.8)), 7 + 80 * dice.unit() ** 1.3
        front = dice.chance(0.85 if side == road.drive else 0.35)
        size, colour = dice.between(2.3, 3.0), dice.vary(metal, 0.3)
        sign = Thing.drawn(dice, "sign", u, z, float(front), size, colour)
        posts = [post.z for post in layout.things if post.kind in ("lamp", "sign") and post.u * side > 0]
        if not road.in_junction(z, road.corner + 0.3) and all(abs(z - post) > 3 for post in posts):
            layout.things.append(sign)


def _add_clutter(dice: Dice, layout: Layout, side: int) -> None:
    road = layout.road
    for _ in range(dice.integer(1, 6)):
        kind = dice.weighted(CLUTTER)
        z, kerb = 6 + 50 * dice.unit(), kind in AT_KERB
        u = side * (road.half + (0.45 if kerb else road.walk - 0.5))
        for repeat in range(dice.integer(2, 5) if kind in ("bollard", "bicycle") else 1):
            place = z + (1.8 if kind == "bollard" else 0.7) * repeat
            thing = Thing.drawn(dice, kind, u, place, 0.0, 1.0, dice.vary(dice.choice(CLUTTER_COLOURS), 0.3))
            if not road.in_junction(place, road.corner + 0.3):
                layout.things.append(thing)
    if road.kind != "residential" and dice.chance(0.3):
        z, colour = 9 + 40 * dice.unit(), dice.vary(dice.choice(CLUTTER_COLOURS), 0.3)
        if road.walk > 2.2 and not road.in_junction(z, road.corner + 5):
            u = side * (road.half + road.walk - 1.5)
            layout.things.append(Thing.drawn(dice, "shelter", u, z, float(side), 1.0, colour))


def _add_rails(dice: Dice, layout: Layout, side: int) -> None:
    """Guard rails along the kerb before a junction or about a crossing."""
    road = layout.road
    end = road.junction - road.cross_half - road.corner if road.junction > 0 else road.zebra - 2.0
    if road.kind == "residential" or end < 8 or not dice.chance(0.4):
        return
    count, colour = dice.integer(2, 5), dice.vary(dice.choice(RAIL_COLOURS), 0.2)
    for i in range(count):
        z = end - RAIL * (i + 1)
        if z > 4 and not (road.zebra > 0 and abs(z + RAIL / 2 - road.zebra) < 3.5):
            slope = (road.x(0.0, z + RAIL) - road.x(0.0, z)) / RAIL
            layout.things.append(Thing.drawn(dice, "guard rail", side * (road.half + 0.25), z, slope, 1.0, colour))


def _add_traffic_lights(dice: Dice, layout: Layout, metal: Colour) -> None:
    """At a junction before and behind it, at a crossing beside it; where a crossing has none it has beacons."""
    road = layout.road
    clear = road.cross_half + road.corner - 0.5
    signals = road.junction > 0 and dice.chance(0.75)
    crossing = road.zebra > 0 and not road.in_junction(road.zebra, road.corner)
    stops = (road.junction - clear, road.junction + clear) if signals else (road.zebra,) if crossing else ()
    beacons = not signals and dice.chance(0.55)
    on = dice.weighted(((0, 0.45), (1, 0.1), (2, 0.45)))
    for number, stop in enumerate(stops):
        for side in (-1, 1):
            u, away = side * (road.half + 0.5), side != road.drive and dice.chance(0.6 if number else 0.35)
            height, colour = dice.between(3.1, 3.6), dice.vary(metal, 0.2)
            kind = "beacon" if beacons else "traffic light"
            layout.things.append(Thing.drawn(dice, kind, u, stop, -1.0 if away else float(on), height, colour))
