"""The dappled shadow of a tree on the ground: one soft spot for each clump of leaves. Knows no light but its slant."""

from math import cos, pi, sin

import numpy as np
from PIL import ImageDraw

from unetkd_core.data.streets.camera import Camera
from unetkd_core.data.streets.dice import Dice
from unetkd_core.data.streets.layout import Thing
from unetkd_core.data.streets.tree_species import SPECIES

_NEAREST = 1.0
"""Metres ahead: nearer ground is not in the picture."""


def tree_shadow(pen: ImageDraw.ImageDraw, camera: Camera, thing: Thing, x: float, slant: tuple[float, float]) -> None:
    """Spots where the crown stops the sun. slant: to the sun, metres (x, z) for each metre up."""
    species, dice = SPECIES[thing.kind], Dice(thing.look)
    crown = thing.size * (1 - species.clear)
    low, widest = thing.size * species.clear, crown * species.aspect / 2
    tone = 130 if species.bare else 50
    for _ in range(36 if thing.z < 45 else 14):
        share, angle, out = dice.unit(), dice.between(0, 2 * pi), dice.unit() ** 0.5
        radius = widest * float(np.interp(6 * share, range(7), species.outline)) * out
        y = low + crown * share
        px, pz = x - slant[0] * y + radius * cos(angle), thing.z - slant[1] * y + radius * sin(angle)
        spot = crown * species.clump * dice.between(0.35, 1.0) * (0.5 if species.bare else 1.0)
        if pz - spot > _NEAREST and camera.sees(px, pz, spot):
            box = (camera.x(px - spot, pz), camera.y(0, pz + spot), camera.x(px + spot, pz), camera.y(0, pz - spot))
            pen.ellipse(box, fill=tone)
