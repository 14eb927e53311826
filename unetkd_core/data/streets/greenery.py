"""Draws by lot what grows along the street: rows of trees, and what stands in front gardens. Knows no pixels."""

from unetkd_core.data.streets.dice import Colour, Dice
from unetkd_core.data.streets.layout import Layout, Thing
from unetkd_core.data.streets.tree_species import SPECIES

SEASONS = (("summer", 0.42), ("winter", 0.30), ("autumn", 0.17), ("spring", 0.11))
ROWS = {
    "high street": (("lime", 2.0), ("young tree", 3.0), ("maple", 2.0), ("plane", 1.5), ("birch", 1.0)),
    "residential": (
        ("lime", 2.0),
        ("maple", 2.0),
        ("cherry", 3.0),
        ("birch", 2.0),
        ("young tree", 2.0),
        ("pollard", 1.0),
    ),
    "avenue": (("plane", 3.0), ("lime", 3.0), ("maple", 2.0), ("poplar", 1.0), ("pollard", 1.0), ("young tree", 1.0)),
}
PLANTED = {"high street": 0.35, "residential": 0.75, "avenue": 0.85}
"""How often a side has its row of trees."""
GARDEN = (
    ("bush", 6.0),
    ("yew", 2.0),
    ("cypress", 1.5),
    ("pine", 0.4),
    ("flower bed", 2.0),
    ("cherry", 1.0),
    ("birch", 0.8),
)
AUTUMN: dict[str, tuple[Colour, ...]] = {
    "maple": ((0.20, 0.070, 0.030), (0.25, 0.125, 0.034), (0.16, 0.050, 0.028)),
    "birch": ((0.28, 0.20, 0.045), (0.24, 0.18, 0.05)),
    "cherry": ((0.19, 0.075, 0.032), (0.20, 0.11, 0.038)),
}
TURNING: tuple[Colour, ...] = ((0.20, 0.145, 0.038), (0.13, 0.115, 0.034), (0.17, 0.10, 0.034))
"""Other kinds in autumn."""
BLOSSOM: tuple[Colour, ...] = ((0.62, 0.40, 0.44), (0.68, 0.60, 0.58))
SPRING: Colour = (0.085, 0.125, 0.028)
FLOWERS: tuple[Colour, ...] = ((0.055, 0.085, 0.028), (0.20, 0.07, 0.12), (0.24, 0.17, 0.04), (0.13, 0.08, 0.20))
_HEDGES = ("hedge", "garden wall")


def add_greenery(dice: Dice, layout: Layout) -> None:
    road = layout.road
    season = dice.weighted(SEASONS)
    for side in (-1, 1):
        if dice.chance(PLANTED[road.kind]):
            _add_row(dice, layout, side, season)
        if road.verge > 1.4:
            _add_garden(dice, layout, side, season)


def _add_row(dice: Dice, layout: Layout, side: int, season: str) -> None:
    """One kind of tree at even distances, along the kerb or behind the pavement."""
    road = layout.road
    kind = dice.weighted(ROWS[road.kind])
    leaf = _leaf_colour(dice, kind, season)
    low, high = SPECIES[kind].height
    age = dice.unit()
    spacing = dice.between(6, 10) if high < 7.5 else dice.between(8, 16)
    kerb = road.verge < 2 or dice.chance(0.6)
    u = side * (road.half + 0.85 if kerb else road.half + road.walk + 1.2)
    z = dice.between(6, 16)
    while z < 95:
        if dice.chance(0.85) and not road.in_junction(z, 3):
            height = low + (high - low) * min(1.0, max(0.0, age + dice.between(-0.25, 0.25)))
            _plant(dice, layout, kind, season, u, z, height, dice.vary(leaf, 0.16))
        z += spacing * dice.between(0.85, 1.2)


def _add_garden(dice: Dice, layout: Layout, side: int, season: str) -> None:
    """Bushes and small trees between the pavement and the houses."""
    road = layout.road
    for _ in range(dice.integer(2, 7)):
        kind, z = dice.weighted(GARDEN), 6 + 75 * dice.unit() ** 1.3
        species = SPECIES[kind]
        height = dice.between(*species.height) * (0.6 if species.height[1] > 9 else 1.0)
        reach = min(0.35 * height * species.aspect, 0.45 * road.verge)
        u = side * (road.half + road.walk + dice.between(reach, max(reach, road.verge - reach)))
        leaf = _leaf_colour(dice, kind, season)
        if not road.in_junction(z, road.walk + 1):
            _plant(dice, layout, kind, season, u, z, height, dice.vary(leaf, 0.2))


def _leaf_colour(dice: Dice, kind: str, season: str) -> Colour:
    species = SPECIES[kind]
    if kind == "flower bed":
        return dice.choice(FLOWERS)
    if species.evergreen or season == "summer":
        return species.leaf_colour
    if season == "autumn":
        return dice.choice(AUTUMN.get(kind, TURNING))
    return dice.choice(BLOSSOM) if kind == "cherry" else SPRING


def _plant(dice: Dice, layout: Layout, kind: str, season: str, u: float, z: float, height: float, leaf: Colour) -> None:
    species = SPECIES[kind]
    grown = kind if season != "winter" or species.evergreen else f"bare {kind}"
    bark = dice.vary(species.bark, 0.15)
    layout.things.append(Thing.drawn(dice, grown, u, z, _hidden(layout, u, z), height, leaf, bark))


def _hidden(layout: Layout, u: float, z: float) -> float:
    """Metres of something at u, z that a hedge or garden wall in front of it hides; 0 for none."""
    road = layout.road
    edge = road.half + road.walk
    if abs(u) <= edge:
        return 0.0
    slope = road.x(u, z) / z - road.yaw
    fence = (edge if u > 0 else -edge) + road.offset
    if abs(slope) < 1e-3 or not 0 < fence / slope < z:
        return 0.0
    z_fence = fence / slope
    eye = layout.lens.height_m
    for wall in layout.walls:
        on_this_side = wall.normal[0] * u < 0
        if on_this_side and wall.look.street in _HEDGES and wall.z0 <= z_fence <= wall.z1:
            return max(0.0, eye - (eye - wall.height) * z / z_fence)
    return 0.0
