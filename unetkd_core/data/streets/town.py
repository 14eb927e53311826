"""Draws by lot the road and the two rows of buildings along it. Knows neither who is on the street nor pixels."""

from typing import NamedTuple

import numpy as np

from unetkd_core.data.streets.dice import Colour, Dice
from unetkd_core.data.streets.layout import EIGHTH, REACH, RIDGE, Layout, Look, Road, Wall
from unetkd_core.data.streets.styles import (
    BRICKS,
    COLOURS,
    COPING,
    HEDGES,
    HOARDINGS,
    OFFICE,
    SHARES,
    SHOPFRONTS,
    SIGN_COLOURS,
    SLATES,
    STOREYS,
    TOWER,
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


class Building(NamedTuple):
    """Eaves and ridge over eaves in metres, and what it looks like."""

    height: float
    roof: float
    look: Look


def _eighths(dice: Dice, low: float, high: float) -> float:
    return dice.integer(round(low / EIGHTH), round(high / EIGHTH)) * EIGHTH


def _building(dice: Dice, road: Road, shop: float) -> Building:
    style = dice.weighted(SHARES[road.kind])
    storeys = dice.choice(STOREYS[road.kind]) + (dice.integer(1, 2) if style is TOWER else 0)
    floor = _eighths(dice, 2.75, 3.25)
    is_shop = dice.chance(shop * (0.4 if style in (OFFICE, TOWER) else 1.0))
    ground_floor = _eighths(dice, 3.5, 4.25) if is_shop or road.kind != "residential" else _eighths(dice, 2.9, 3.25)
    skin = dice.choice(style.skins)
    colour = dice.vary(dice.choice(COLOURS[skin]), 0.14)
    trim = dice.choice(style.trims)
    bay, windows, street = dice.between(*style.bay), dice.choice(style.windows), dice.choice(style.streets)
    look = Look(
        skin=skin,
        windows=windows,
        street=dice.weighted(SHOPFRONTS) if is_shop else "bays" if windows == "bay window" else street,
        top=dice.choice(style.tops),
        tiles="tile" if dice.chance(0.3) else "slate",
        quoins=dice.chance(style.quoins),
        colour=colour,
        base=trim if dice.chance(style.painted_base) else colour,
        trim=trim,
        sign=dice.vary(dice.choice(SIGN_COLOURS), 0.25),
        roof_colour=dice.choice(SLATES),
        floor=floor,
        ground_floor=ground_floor,
        bay=bay,
        unit=dice.between(2.7, 3.7) if is_shop else bay,
        salt=dice.integer(0, 1 << 20),
    )
    height = ground_floor + floor * (storeys - 1) + _eighths(dice, 0.375, 0.875)
    return Building(height, dice.between(3.0, 5.2) if dice.chance(style.pitched) else 0.0, look)


def _plain(dice: Dice, skin: str, street: str, colour: Colour, sign: Colour = COPING) -> Look:
    """The look of what has no storeys: hedges, garden walls, hoardings."""
    return Look(
        skin, "blank", street, "blank", skin, False, colour, colour, COPING, sign, colour,
        3.0, 50.0, 3.0, 2.4, dice.integer(0, 1 << 20),
    )  # fmt: skip


def _hoarding(dice: Dice) -> Building:
    sign = dice.vary(dice.choice(HOARDINGS), 0.2)
    return Building(2.5, 0.0, _plain(dice, "boards", "hoarding", dice.choice(SIGN_COLOURS), sign))


def build_side(dice: Dice, layout: Layout, side: int) -> None:
    """One side's row of buildings, with gaps, end walls and, on residential streets, hedges or walls in front."""
    road = layout.road
    front = road.half + road.walk + road.verge
    shop = {"high street": 0.8, "residential": 0.06, "avenue": 0.4}[road.kind]
    fence = dice.choice(("hedge", "garden wall", "hedge", "none")) if road.verge > 1.2 else "none"
    skyline = np.zeros(int(REACH) * 2 + 60)
    z, hidden = dice.between(-6, 0), 0.0
    while z < REACH:
        length = (
            dice.between(5, 9) if road.kind == "residential" else dice.between(6, 12) * dice.choice((1.0, 1.0, 1.7))
        )
        gap = dice.between(1.5, 7) if dice.chance(0.3 if road.kind == "residential" else 0.12) else 0.0
        end = z + length
        if road.junction > 0:
            low, high = road.junction - road.cross_half - road.walk, road.junction + road.cross_half + road.walk
            if z < high and end > low:
                if z > low - 2:
                    z, hidden = max(z, high), 0.0
                    end = z + length
                else:
                    end, gap = low, high - low
        building = _hoarding(dice) if fence == "none" and dice.chance(0.01) else _building(dice, road, shop)
        skyline[max(0, int((z + 30) * 2)) : max(0, int((end + 30) * 2))] = building.height + 0.6 * building.roof
        _add_building(layout, side, front, z, end, building, hidden)
        hidden = 0.0 if gap else building.height
        if fence != "none" and dice.chance(0.8):
            _add_fence(dice, layout, side, fence, z, end + gap if gap < 7 else end)
        z = end + gap
    layout.skyline[side] = skyline


def _add_building(
    layout: Layout, side: int, front: float, z0: float, z1: float, building: Building, hidden: float
) -> None:
    """hidden: metres up to which the house before it stands against its side."""
    road, (height, roof, look) = layout.road, building
    near_x, far_x = road.x(side * front, z0), road.x(side * front, z1)
    dx, dz = far_x - near_x, z1 - z0
    away = max(2.0, abs(near_x * dz - z0 * dx) / (dx * dx + dz * dz) ** 0.5)
    if z1 > 0.6:
        layout.walls.append(Wall(near_x, z0, far_x, z1, height, roof, away, (-float(side), 0.0, 0.0), look))
    if z0 > 0.6 and height + roof > hidden:
        back = near_x + side * 2 * RIDGE
        layout.walls.append(Wall(near_x, z0, back, z0, height, roof, away, (0.0, 0.0, -1.0), look, side=True))


def _add_fence(dice: Dice, layout: Layout, side: int, style: str, z0: float, z1: float) -> None:
    road = layout.road
    u = side * (road.half + road.walk)
    if style == "hedge":
        height, look = _eighths(dice, 0.75, 1.9), _plain(dice, "hedge", "hedge", dice.vary(dice.choice(HEDGES), 0.3))
    else:
        height, look = (
            _eighths(dice, 0.5, 1.1),
            _plain(dice, "brick", "garden wall", dice.vary(dice.choice(BRICKS), 0.2)),
        )
    layout.walls.append(Wall(road.x(u, z0), z0, road.x(u, z1), z1, height, 0.0, abs(u), (-float(side), 0.0, 0.0), look))
