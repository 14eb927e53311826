"""Where everything stands, in metres: the street, its buildings, and what is on it. Draws nothing.

A scene is drawn by lot from (VERSION, seed, index) alone; the picture's size never enters. `u` is the distance from the
street's axis (which bends) to the right, `z` the distance ahead.
"""

from dataclasses import dataclass, field

import numpy as np

from unetkd_core.data.streets.camera import Lens
from unetkd_core.data.streets.dice import Colour, Dice
from unetkd_core.data.streets.weather import Weather, sample_weather

REACH = 170.0
"""Metres ahead that are built."""


@dataclass(frozen=True)
class Road:
    """The carriageway and its paint. Widths in metres; `half` is from the axis to the kerb; drive is +1 right, -1 left."""

    kind: str
    half: float
    walk: float
    verge: float
    offset: float
    yaw: float
    bend: float
    bend_from: float
    drive: int
    parking: float
    lanes: int
    junction: float
    cross_half: float
    corner: float
    zebra: float
    asphalt: Colour
    paving: Colour
    paving_size: float
    edge_line: int
    centre_line: int
    salt: int

    def axis(self, z: np.ndarray | float) -> np.ndarray:
        """X of the axis at z, metres."""
        beyond = np.maximum(np.asarray(z, dtype=np.float64) - self.bend_from, 0.0)
        return np.asarray(self.offset + self.yaw * np.asarray(z, dtype=np.float64) + self.bend * beyond * beyond)

    def x(self, u: float, z: float) -> float:
        beyond = max(z - self.bend_from, 0.0)
        return u + self.offset + self.yaw * z + self.bend * beyond * beyond

    def heading(self, z: float) -> float:
        """Slope dX/dZ of the axis."""
        return self.yaw + 2 * self.bend * max(z - self.bend_from, 0.0)

    def in_junction(self, z: float, margin: float = 0.0) -> bool:
        return self.junction > 0 and abs(z - self.junction) < self.cross_half + margin


@dataclass(frozen=True)
class Wall:
    """One upright face from (x0, z0) to (x1, z1): a facade, an end wall, a hedge or a garden wall."""

    x0: float
    z0: float
    x1: float
    z1: float
    height: float
    roof: float
    normal: tuple[float, float, float]
    style: str
    colour: Colour
    trim: Colour
    glass: float
    floor: float
    ground_floor: float
    bay: float
    window: tuple[float, float]
    shop: float
    sign: Colour
    salt: int


@dataclass(frozen=True)
class Thing:
    """Anything that stands on the street: what it is and where; `look` is a seed for its details."""

    kind: str
    u: float
    z: float
    facing: float
    size: float
    colour: Colour
    second: Colour
    look: int


@dataclass
class Layout:
    lens: Lens
    weather: Weather
    road: Road
    walls: list[Wall] = field(default_factory=list)
    things: list[Thing] = field(default_factory=list)
    skyline: dict[int, np.ndarray] = field(default_factory=dict)


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


def _sample_road(dice: Dice) -> Road:
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


def _building(dice: Dice, road: Road, shop: float, previous: float) -> dict:
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


def _build_side(dice: Dice, layout: Layout, side: int) -> None:
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


def _add_building(layout: Layout, side: int, front: float, z0: float, z1: float, spec: dict) -> None:
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


def _add_vehicles(dice: Dice, layout: Layout) -> None:
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


def _add_people(dice: Dice, layout: Layout) -> None:
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


def _add_street_furniture(dice: Dice, layout: Layout) -> None:
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


def sample_layout(dice: Dice) -> Layout:
    """Draw a whole scene by lot."""
    weather = sample_weather(dice)
    lens = Lens(dice.between(1.25, 2.1), dice.between(1.1, 1.6), dice.between(-0.10, 0.06))
    layout = Layout(lens, weather, _sample_road(dice))
    for side in (-1, 1):
        _build_side(dice, layout, side)
    _add_vehicles(dice, layout)
    _add_people(dice, layout)
    _add_street_furniture(dice, layout)
    return layout
