"""Who hides whom: things from far to near, and none inside another. Plain geometry on the ground, metres.

Sorting by distance alone fails beside a long vehicle: whoever stands behind its near half is nearer than its middle.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import cos, pi, sin

from unetkd_core.data.streets.layout import Thing
from unetkd_core.data.streets.shapes import SHAPES, is_vehicle

Corner = tuple[float, float]
ROOM = 0.3
"""Metres between a vehicle and whoever stands or rides beside it."""
MOVABLE = ("person", "standing", "cyclist")


def far_to_near(places: Sequence[Corner], outlines: Sequence[Sequence[Corner] | None]) -> list[int]:
    """The order to paint in. places: (x, z) of each thing's middle; outlines: its corners if it is long, else None."""
    depth = [z for _, z in places]
    keys = list(depth)
    for number, outline in enumerate(outlines):
        if outline is None:
            continue
        nearest = min(z for _, z in outline)
        for other, (x, z) in enumerate(places):
            if nearest < z < depth[number] and _in_the_way(outline, x, z):
                keys[other] = max(keys[other], depth[number] + 1e-3)
    return sorted(range(len(places)), key=lambda i: -keys[i])


def _in_the_way(outline: Sequence[Corner], x: float, z: float) -> bool:
    """Whether the line of sight to (x, z) crosses an edge of this outline."""
    for (ax, az), (bx, bz) in pairwise([*outline, outline[0]]):
        from_a, from_b = x * az - z * ax, x * bz - z * bx
        across, origin = (bx - ax) * (z - az) - (bz - az) * (x - ax), (bx - ax) * -az + (bz - az) * ax
        if from_a * from_b < 0 and across * origin < 0:
            return True
    return False


def without_collisions(things: Sequence[Thing]) -> list[Thing]:
    """Leaves out whoever would stand in a vehicle."""
    vehicles = [thing for thing in things if is_vehicle(thing.kind)]
    return [t for t in things if t.kind not in MOVABLE or not any(_inside(v, t.u, t.z) for v in vehicles)]


def _inside(vehicle: Thing, u: float, z: float) -> bool:
    shape, turn = SHAPES[vehicle.kind].scaled(vehicle.size), pi * vehicle.facing
    du, dz = u - vehicle.u, z - vehicle.z
    aside, along = du * cos(turn) - dz * sin(turn), du * sin(turn) + dz * cos(turn)
    return abs(aside) < shape.width / 2 + ROOM and abs(along) < shape.length / 2 + ROOM
