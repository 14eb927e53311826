"""Draws by lot the road and the two rows of buildings along it. Knows neither who is on the street nor pixels."""

from typing import Any

import numpy as np

from unetkd_core.data.streets.dice import Colour, Dice
from unetkd_core.data.streets.layout import REACH, Layout, Road, Wall

WALL_COLOURS: tuple[Colour, ...] = (
    (0.34, 0.16, 0.10),
    (0.40, 0.22, 0.14),
    (0.46, 0.36, 0.24),
    (0.55, 0.50, 0.42),
    (0.62, 0.58, 0.50),
    (0.70, 0.67, 0.60),
    (0.50, 0.44, 0.33),
    (0.30, 0.27, 0.24),
    (0.42, 0.42, 0.42),
    (0.58, 0.42, 0.30),
    (0.36, 0.40, 0.42),
    (0.66, 0.60, 0.44),
)
SIGN_COLOURS: tuple[Colour, ...] = (
    (0.30, 0.03, 0.03),
    (0.03, 0.08, 0.25),
    (0.02, 0.14, 0.08),
    (0.04, 0.04, 0.04),
    (0.45, 0.42, 0.36),
    (0.40, 0.26, 0.05),
    (0.16, 0.05, 0.14),
)


def sample_road(dice: Dice) -> Road:
    kind = dice.weighted((("high street", 0.42), ("residential", 0.33), ("avenue", 0.25)))
    half = {
        "high street": dice.between(3.8, 5.4),
        "residential": dice.between(3.3, 4.6),
        "avenue": dice.between(5.6, 7.4),
    }[kind]
    parking = 2.1 if dice.chance({"high street": 0.45, "residential": 0.85, "avenue": 0.3}[kind]) else 0.0
    if parking:  # two cars abreast need 2.6 m beside those parked
        half = max(half, parking + dice.between(2.6, 3.4))
    drive = 1 if dice.chance(0.5) else -1
    lanes = 2 if half - parking > 4.9 else 1
    lane = (half - parking) / lanes
    grey = dice.between(0.075, 0.16)
    paving = dice.choice(
        (
            (0.30, 0.28, 0.25),
            (0.24, 0.24, 0.24),
            (0.20, 0.195, 0.19),
            (0.33, 0.29, 0.24),
            (0.28, 0.21, 0.17),
            (0.15, 0.15, 0.155),
        )
    )
    return Road(
        kind=kind,
        half=half,
        walk=dice.between(1.9, 3.6),
        verge={"high street": 0.0, "residential": dice.between(1.5, 5.0), "avenue": dice.choice((0.0, 0.0, 3.0, 6.0))}[
            kind
        ],
        offset=-drive * (lane * dice.choice(tuple(0.5 + i for i in range(lanes))) + dice.between(-0.5, 0.4)),
        yaw=dice.between(-0.05, 0.05),
        bend=dice.choice((0.0, 1.0, 1.0)) * dice.between(-1.0, 1.0) * 0.0022,
        bend_from=dice.between(8, 45),
        drive=drive,
        parking=parking,
        lanes=lanes,
        junction=dice.between(13, 55) if dice.chance(0.45) else -1.0,
        cross_half=dice.between(3.2, 5.5),
        corner=dice.between(2.0, 5.0),
        zebra=dice.between(9, 38) if dice.chance(0.4) else -1.0,
        asphalt=(grey, grey * dice.between(0.97, 1.02), grey * dice.between(0.94, 1.06)),
        paving=dice.vary(paving, 0.15),
        paving_size=dice.choice((0.45, 0.6, 0.9, 1.4)),
        edge_line=dice.integer(0, 3),
        centre_line=dice.integer(0, 4),
        salt=dice.integer(0, 1 << 20),
    )


def _building(dice: Dice, road: Road, shop: float, previous: float) -> dict[str, Any]:
    residential = road.kind == "residential"
    floors = dice.integer(2, 3) if residential else dice.integer(2, 5 if road.kind == "high street" else 7)
    floor = dice.between(2.8, 3.5)
    ground_floor = dice.between(3.2, 4.2)
    modern = not residential and dice.chance(0.3)
    trim = dice.choice(((0.72, 0.71, 0.68), (0.60, 0.57, 0.50), (0.10, 0.10, 0.10), (0.35, 0.33, 0.30)))
    return {
        "height": ground_floor + floor * (floors - 1) + dice.between(0.3, 1.1),
        "roof": 0.0 if modern else dice.between(0.8, 3.2),
        "style": dice.choice(("panel", "glass"))
        if modern
        else dice.choice(("brick", "brick", "plaster", "plaster", "stone")),
        "colour": dice.vary(dice.choice(WALL_COLOURS), 0.22),
        "trim": dice.vary(trim, 0.2),
        "glass": dice.between(0.3, 1.0),
        "floor": floor,
        "ground_floor": ground_floor,
        "bay": dice.between(1.7, 3.4),
        "window": (dice.between(0.6, 0.9) if modern else dice.between(0.34, 0.58), dice.between(0.45, 0.66)),
        "shop": dice.between(1.8, 4.2) if dice.chance(shop) else 0.0,
        "sign": dice.vary(dice.choice(SIGN_COLOURS), 0.3),
        "salt": dice.integer(0, 1 << 20),
    }


def build_side(dice: Dice, layout: Layout, side: int) -> None:
    """One side's row of buildings, with gaps, end walls and, on residential streets, hedges or walls in front."""
    road = layout.road
    front = road.half + road.walk + road.verge
    shop = {"high street": 0.8, "residential": 0.06, "avenue": 0.4}[road.kind]
    fence = dice.choice(("hedge", "garden wall", "hedge", "none")) if road.verge > 1.2 else "none"
    skyline = np.zeros(int(REACH) * 2 + 60)
    z = dice.between(-6, 0)
    height = 8.0
    while z < REACH:
        length = dice.between(5, 9) if road.kind == "residential" else dice.between(6, 20)
        gap = dice.between(1.5, 7) if dice.chance(0.3 if road.kind == "residential" else 0.12) else 0.0
        end = z + length
        if road.junction > 0:
            low, high = road.junction - road.cross_half - road.walk, road.junction + road.cross_half + road.walk
            if z < high and end > low:
                if z > low - 2:
                    z = max(z, high)
                    end = z + length
                else:
                    end, gap = low, high - low
        spec = _building(dice, road, shop, height)
        height = spec["height"]
        skyline[max(0, int((z + 30) * 2)) : max(0, int((end + 30) * 2))] = height + 0.6 * spec["roof"]
        _add_building(layout, side, front, z, end, spec)
        if fence != "none" and dice.chance(0.8):
            _add_fence(dice, layout, side, fence, z, end + gap if gap < 7 else end)
        z = end + gap
    layout.skyline[side] = skyline


def _add_building(layout: Layout, side: int, front: float, z0: float, z1: float, spec: dict[str, Any]) -> None:
    road = layout.road
    near_x, far_x = road.x(side * front, z0), road.x(side * front, z1)
    if z1 > 0.6:
        layout.walls.append(Wall(near_x, z0, far_x, z1, normal=(-float(side), 0.0, 0.0), **spec))
    if z0 > 0.6:
        end_wall = {
            **spec,
            "shop": 0.0,
            "bay": spec["bay"] * 1.6,
            "window": (spec["window"][0] * 0.5, spec["window"][1]),
        }
        layout.walls.append(Wall(near_x, z0, near_x + side * 11.0, z0, normal=(0.0, 0.0, -1.0), **end_wall))


def _add_fence(dice: Dice, layout: Layout, side: int, style: str, z0: float, z1: float) -> None:
    road = layout.road
    u = side * (road.half + road.walk)
    height = dice.between(0.7, 1.9) if style == "hedge" else dice.between(0.5, 1.1)
    colour = dice.vary((0.045, 0.075, 0.025) if style == "hedge" else dice.choice(WALL_COLOURS), 0.3)
    layout.walls.append(
        Wall(
            road.x(u, z0),
            z0,
            road.x(u, z1),
            z1,
            height,
            0.0,
            (-float(side), 0.0, 0.0),
            style,
            colour,
            colour,
            0.0,
            3.0,
            3.0,
            2.0,
            (0.0, 0.0),
            0.0,
            colour,
            dice.integer(0, 1 << 20),
        )
    )
