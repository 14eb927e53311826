"""What a scene consists of, in metres: the street, its walls, and what stands on it. Decides and draws nothing.

`u` is the distance from the street's axis (which bends) to the right, `z` the distance ahead.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from unetkd_core.data.streets.camera import Lens
from unetkd_core.data.streets.dice import Colour, Dice
from unetkd_core.data.streets.weather import Weather

REACH = 170.0
"""Metres ahead that are built."""


@dataclass(frozen=True)
class Road:
    """The carriageway and its paint. Metres; `half` is from the axis to the kerb; drive is +1 right, -1 left."""

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


class Look(NamedTuple):
    """What one building (or hedge) looks like all round. Metres; names are of cells and skins.

    `street` is what its ground floor is: a row of `unit`s. `floor`, `ground_floor` and a wall's height are multiples
    of EIGHTH, so that what is stacked meets. `base` is the ground floor's own colour.
    """

    skin: str
    windows: str
    street: str
    top: str
    tiles: str
    quoins: bool
    colour: Colour
    base: Colour
    trim: Colour
    sign: Colour
    roof_colour: Colour
    floor: float
    ground_floor: float
    bay: float
    unit: float
    salt: int


EIGHTH = 0.125
RIDGE = 5.5
"""Metres from a building's front to under its ridge, half-way to its back."""


class Wall(NamedTuple):
    """One upright face from (x0, z0) to (x1, z1): a facade, the side of a building, a hedge or a garden wall.

    `height` is that of the eaves, `roof` the metres from there up to the ridge (0: flat), `away` how far the facade's
    plane is from the camera.
    """

    x0: float
    z0: float
    x1: float
    z1: float
    height: float
    roof: float
    away: float
    normal: tuple[float, float, float]
    look: Look
    side: bool = False


class Thing(NamedTuple):
    """Anything that stands on the street: what it is and where; `look` is a seed for its details."""

    kind: str
    u: float
    z: float
    facing: float
    size: float
    colour: Colour
    second: Colour
    look: int

    @classmethod
    def drawn(
        cls,
        dice: Dice,
        kind: str,
        u: float,
        z: float,
        facing: float = 0.0,
        size: float = 1.0,
        colour: Colour = (0.2, 0.2, 0.2),
        second: Colour = (0.1, 0.1, 0.1),
    ) -> "Thing":
        """With a `look` by lot."""
        return cls(kind, u, z, facing, size, colour, second, dice.integer(0, 1 << 20))


@dataclass
class Layout:
    lens: Lens
    weather: Weather
    road: Road
    walls: list[Wall] = field(default_factory=list)
    things: list[Thing] = field(default_factory=list)
    skyline: dict[int, np.ndarray] = field(default_factory=dict)
