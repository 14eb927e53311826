"""What the things on the street take of the ground's light: cast shadows and the dark under them. Paints no colour."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from unetkd_core.data.streets.camera import Camera
from unetkd_core.data.streets.dice import Dice
from unetkd_core.data.streets.layout import Layout, Thing
from unetkd_core.data.streets.tree_species import SPECIES
from unetkd_core.data.streets.vehicles import Vehicle

NEAREST = 0.4
"""Metres ahead: shadows are cut off there."""
PENUMBRA = 0.0093
"""Width of a shadow's soft edge for each metre from what casts it: the sun's own width."""
PEOPLE = ("person", "standing", "cyclist")
SLIM = ("lamp", "sign", "traffic light")
UNDER = ((1.34, 0.45, 205), (1.18, 0.24, 150), (1.04, 0.06, 84), (0.86, -0.12, 34))
"""The dark around and under a vehicle: scale across, metres added along, sky left of 255."""
AROUND = ((2.1, 214), (1.3, 160), (0.7, 98))
"""The same about a foot: scale of its radius, sky left."""
CROWNS = ((180.0, 500), (70.0, 48), (25.0, 16), (0.0, 7))
"""Clumps of leaves in the shadow of a tree's crown, by the tree's height in pixels."""
FILLED = 72
"""So many clumps of the sizes drawn fill a crown; more of them are smaller."""
Points = Sequence[tuple[float, float]]


def shadow_masks(
    layout: Layout, camera: Camera, vehicles: list[Vehicle], others: list[tuple[Thing, float]]
) -> tuple[np.ndarray, np.ndarray]:
    """(H, W) float32 each: sun left by what stands on the ground, and sky left under it (contact shadows)."""
    first = min(max(int(camera.horizon) - 1, 0), camera.rows - 1)
    blur = camera.focal / 160
    sky = _Mask(camera, first)
    for vehicle in vehicles:
        frame = _Frame.of(vehicle)
        for scale, more, tone in UNDER if sky.size(1.7, vehicle.z) > 24 else UNDER[1::2]:
            sky.polygon(frame.grown(scale, more), tone)
    for thing, x in others:
        foot = _foot(thing)
        for scale, tone in AROUND if sky.size(foot, thing.z) > 3 else AROUND[1:2]:
            sky.ellipse(x, thing.z, scale * foot, tone)
    lit = np.ones((camera.rows, camera.columns), np.float32)
    if layout.weather.casts_shadows:
        sun = _Mask(camera, first)
        sx, sy, sz = layout.weather.to_sun
        lean = (-sx / sy, -sz / sy)
        for thing, x in others:
            _cast_thing(sun, thing, x, lean)
        for vehicle in vehicles:
            _cast_vehicle(sun, vehicle, lean)
        sun.read(lit, 0.35 * blur)
    open_sky = np.ones((camera.rows, camera.columns), np.float32)
    sky.read(open_sky, 0.8 * blur)
    return lit, open_sky


class _Mask:
    """A picture of the ground, from row `first` down, to draw shapes on that lie flat: points are (x, z) in metres."""

    def __init__(self, camera: Camera, first: int) -> None:
        self.camera, self.first = camera, first
        self.image = Image.new("L", (camera.columns, camera.rows - first), 255)
        self.pen = ImageDraw.Draw(self.image)
        self.horizon = camera.horizon - first
        self.fall = camera.focal * camera.height_m

    def size(self, metres: float, z: float) -> float:
        """Pixels."""
        return self.camera.focal * metres / max(z, 1.0)

    def polygon(self, points: Points, tone: int) -> None:
        flat, focal, centre = [], self.camera.focal, self.camera.centre
        for x, z in points:
            z = max(z, NEAREST)
            flat.append((centre + focal * x / z, self.horizon + self.fall / z))
        self.pen.polygon(flat, fill=tone)

    def ellipse(self, x: float, z: float, radius: float, tone: int) -> None:
        """Round on the ground; left out where it would reach behind the camera."""
        if z - radius < NEAREST:
            return
        camera = self.camera
        wide, left = camera.focal * radius / z, camera.x(x, z)
        top, bottom = self.horizon + self.fall / (z + radius), self.horizon + self.fall / (z - radius)
        if wide > 0.3:
            self.pen.ellipse((left - wide, top, left + wide, bottom), fill=tone)

    def darken(self, other: "_Mask", blur: float) -> None:
        """Take over what is darker on another mask, blurred."""
        soft = other.image.filter(ImageFilter.BoxBlur(blur)).filter(ImageFilter.BoxBlur(0.6 * blur))
        self.image.paste(ImageChops.darker(self.image, soft))

    def read(self, share: np.ndarray, blur: float) -> None:
        """Into share (H, W) float32, 1 where nothing was drawn."""
        soft = self.image.filter(ImageFilter.BoxBlur(blur))
        np.multiply(np.asarray(soft), np.float32(1 / 255), out=share[self.first :])


class _Frame(NamedTuple):
    """A vehicle on the ground: its middle, and half its width and half its length as vectors (x, z)."""

    x: float
    z: float
    right: tuple[float, float]
    ahead: tuple[float, float]
    half: float

    @classmethod
    def of(cls, vehicle: Vehicle) -> "_Frame":
        (ax, az), (bx, bz), _, (dx, dz) = vehicle.outline()
        right, ahead = ((bx - ax) / 2, (bz - az) / 2), ((dx - ax) / 2, (dz - az) / 2)
        return cls(vehicle.x, vehicle.z, right, ahead, vehicle.shape.length / 2)

    def grown(self, scale: float, more: float, dx: float = 0.0, dz: float = 0.0) -> list[tuple[float, float]]:
        """Its outline, scaled across, longer by `more` metres at each end, moved by (dx, dz)."""
        stretch = 1 + more / self.half
        rx, rz = self.right[0] * scale, self.right[1] * scale
        fx, fz = self.ahead[0] * stretch, self.ahead[1] * stretch
        x, z = self.x + dx, self.z + dz
        return [
            (x - rx - fx, z - rz - fz),
            (x + rx - fx, z + rz - fz),
            (x + rx + fx, z + rz + fz),
            (x - rx + fx, z - rz + fz),
        ]


def _foot(thing: Thing) -> float:
    """Radius in metres of what touches the ground."""
    return 0.30 if thing.kind in SPECIES or thing.kind in ("bin", *PEOPLE) else 0.13


def _cast_vehicle(sun: _Mask, vehicle: Vehicle, lean: tuple[float, float]) -> None:
    """The hull of its outline on the ground, of its waist's and of its roof's, which is smaller, thrown by the sun."""
    frame, h = _Frame.of(vehicle), vehicle.shape.height
    x, z = lean[0] * h, lean[1] * h
    if sun.size(h, vehicle.z) < 6:
        sun.polygon(_hull(frame.grown(1, 0) + frame.grown(0.82, -0.5, x, z)), 30)
        return
    for part, tone in ((1.0, 84), (0.95, 20)):
        low, middle = frame.grown(part, 0), frame.grown(part, 0, 0.6 * part * x, 0.6 * part * z)
        sun.polygon(_hull(low + middle + frame.grown(0.82 * part, -0.5, part * x, part * z)), tone)


def _cast_thing(sun: _Mask, thing: Thing, x: float, lean: tuple[float, float]) -> None:
    if sun.size(thing.size, thing.z) < 8:
        return
    if thing.kind in SPECIES:
        _cast_post(sun, x, thing.z, 0.13, min(thing.size, 3.2), lean)
        _cast_crown(sun, thing, x, lean)
    elif thing.kind in PEOPLE:
        _cast_person(sun, x, thing.z, thing.size, lean)
    else:
        _cast_post(sun, x, thing.z, 0.07, min(thing.size, 9.0) if thing.kind in SLIM else 1.0, lean)


def _cast_person(sun: _Mask, x: float, z: float, size: float, lean: tuple[float, float]) -> None:
    """Legs, a body and a head, laid on the ground."""
    outline = ((0.0, 0.11), (0.45, 0.16), (0.55, 0.24), (0.80, 0.23), (0.85, 0.09), (0.93, 0.11), (1.0, 0.06))
    side = _across(lean)
    right = [(x + lean[0] * h * size + side[0] * w, z + lean[1] * h * size + side[1] * w) for h, w in outline]
    left = [(x + lean[0] * h * size - side[0] * w, z + lean[1] * h * size - side[1] * w) for h, w in outline]
    sun.polygon(right + left[::-1], 40)


def _across(lean: tuple[float, float]) -> tuple[float, float]:
    """Unit vector across a shadow on the ground."""
    long = max((lean[0] ** 2 + lean[1] ** 2) ** 0.5, 1e-6)
    return -lean[1] / long, lean[0] / long


def _cast_post(sun: _Mask, x: float, z: float, half: float, height: float, lean: tuple[float, float]) -> None:
    """Higher parts of a post throw a wider and fainter shadow."""
    side, slant = _across(lean), (1 + lean[0] ** 2 + lean[1] ** 2) ** 0.5
    steps = 1 + int(height > 1.5) + int(height > 4) if sun.size(height, z) > 40 else 1
    for i in range(steps):
        low, high = height * i / steps, height * (i + 1) / steps
        soft = PENUMBRA * slant * (low + high) / 2
        wide = half + soft / 2
        tone = 255 - int(215 * half / wide)
        foot, tip = (x + lean[0] * low, z + lean[1] * low), (x + lean[0] * high, z + lean[1] * high)
        a, b = side[0] * wide, side[1] * wide
        sun.polygon(
            [
                (foot[0] - a, foot[1] - b),
                (foot[0] + a, foot[1] + b),
                (tip[0] + a, tip[1] + b),
                (tip[0] - a, tip[1] - b),
            ],
            tone,
        )


@lru_cache(maxsize=1)
def _leaves() -> list[tuple[float, float, float]]:
    """(along -1..1, across -1..1, radius in metres): one crown's clumps; each tree starts elsewhere in the list."""
    dice = Dice(20_011)
    return [(dice.between(-1, 1), dice.between(-1, 1), dice.between(0.1, 0.55)) for _ in range(512)]


def _cast_crown(sun: _Mask, thing: Thing, x: float, lean: tuple[float, float]) -> None:
    """Dappled: a cloud of small ellipses on the ground where the crown's shadow falls."""
    species, leaves = SPECIES[thing.kind], _leaves()
    crown = thing.size * (1 - species.clear)
    height = thing.size - crown / 2
    cx, cz = x + lean[0] * height, thing.z + lean[1] * height
    wide, deep = (crown * (0.45 * species.aspect + 0.35 * abs(part)) for part in lean)
    if cz + deep < 1:
        return
    tall = sun.size(thing.size, max(cz, 2.0))
    own = _Mask(sun.camera, sun.first) if tall >= CROWNS[0][0] else sun
    count = next(count for pixels, count in CROWNS if tall >= pixels)
    grow = (FILLED / count) ** 0.5
    tone = 128 if species.bare else 50
    for i in range(count):
        a, b, radius = leaves[(thing.look + 5 * i) % 512]
        if a * a + b * b < 1.1:
            own.ellipse(cx + a * wide, cz + b * deep, radius * grow, tone + i % 5 * 9)
    if own is not sun:
        sun.darken(own, sun.size(0.6 * PENUMBRA * height * (1 + lean[0] ** 2 + lean[1] ** 2) ** 0.5, max(cz, 2.0)))


def _hull(points: Points) -> list[tuple[float, float]]:
    """Convex hull of points, in order (Andrew's monotone chain): the outline of a shadow."""
    ordered = sorted(points)
    chains = []
    for run in (ordered, ordered[::-1]):
        chain: list[tuple[float, float]] = []
        for p in run:
            while len(chain) > 1 and (chain[-1][0] - chain[-2][0]) * (p[1] - chain[-2][1]) <= (
                chain[-1][1] - chain[-2][1]
            ) * (p[0] - chain[-2][0]):
                chain.pop()
            chain.append(p)
        chains.append(chain[:-1])
    return chains[0] + chains[1]
