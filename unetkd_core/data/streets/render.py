"""One scene, put together: ground and walls are cast, then everything on the street is painted from far to near."""

from dataclasses import replace
from math import atan, pi
from typing import NamedTuple

import numpy as np
from PIL import Image

from unetkd_core.data.streets import clutter, cyclists, furniture, people, signs, trees
from unetkd_core.data.streets.camera import Camera
from unetkd_core.data.streets.canvas import SUPERSAMPLING, Canvas, Glow
from unetkd_core.data.streets.dice import Dice
from unetkd_core.data.streets.facades import Facades
from unetkd_core.data.streets.film import develop, neutral, spill
from unetkd_core.data.streets.ground import cast_ground
from unetkd_core.data.streets.layout import Layout, Thing
from unetkd_core.data.streets.lots import conditions_by_lot, film_dice, sample_layout
from unetkd_core.data.streets.order import far_to_near
from unetkd_core.data.streets.shadow_masks import shadow_masks
from unetkd_core.data.streets.shadows import Sunlight
from unetkd_core.data.streets.shapes import is_vehicle
from unetkd_core.data.streets.sky import sky
from unetkd_core.data.streets.tree_species import SPECIES
from unetkd_core.data.streets.vehicles import Vehicle
from unetkd_core.data.streets.walls import cast_walls
from unetkd_core.data.streets.weather import Weather
from unetkd_core.data.streets.wet import lens_drops, mirror, rain_fall
from unetkd_core.errors import DataError

VERSION = 2
"""Raised whenever any scene changes: packed data and golden tests go by it."""
MIN_SIDE = 16
PAINTERS = {
    "person": people.paint_person,
    "standing": people.paint_person,
    "cyclist": cyclists.paint_cyclist,
    "lamp": furniture.paint_lamp,
    "sign": signs.paint_sign,
    "beacon": furniture.paint_beacon,
    "meter": furniture.paint_meter,
    "traffic light": furniture.paint_traffic_light,
    "bollard": furniture.paint_bollard,
    **dict.fromkeys(SPECIES, trees.paint_tree),
}
"""Thing.kind -> painter; vehicles have their own, whatever is left is clutter."""
SPREAD = {
    "person": 0.5,
    "standing": 0.5,
    "lamp": 1.8,
    "cyclist": 0.7,
    "shelter": 3.0,
    **dict.fromkeys(SPECIES, 7.0),
}


class StreetScene(NamedTuple):
    """image: (H, W, 3) uint8 RGB; labels: (H, W) uint8, classes 0-5; depth: (H, W) float32 metres, inf in the sky."""

    image: np.ndarray
    labels: np.ndarray
    depth: np.ndarray


class Conditions(NamedTuple):
    """What a scene's light is by its own lot: weather (one of KINDS) and local solar hour, 0-24."""

    weather: str
    hour: float


def render(
    seed: int, index: int, height: int, width: int, *, weather: str | None = None, hour: float | None = None
) -> StreetScene:
    """Scene `index` of the split with this seed at height x width pixels: the same scene whatever the size.

    Drawn by lot from (VERSION, seed, index) alone; `weather` (one of KINDS) and `hour` (0-24) override what was drawn
    and leave the street as it is, but that people put up hoods and umbrellas in rain.

    Raises DataError for a side under 16 pixels, a negative number, or no such weather or hour.
    """
    _check(seed, index, height, width)
    entropy = (VERSION, seed, index)
    return render_layout(sample_layout(*entropy, weather=weather, hour=hour), film_dice(*entropy), height, width)


def render_light(
    seed: int, index: int, height: int, width: int, *, weather: str | None = None, hour: float | None = None
) -> np.ndarray:
    """(H, W, 3) uint8: light and shadow alone, as if the same scene were all of one matt grey; no camera faults.

    Raises what `render` raises.
    """
    _check(seed, index, height, width)
    layout = sample_layout(VERSION, seed, index, weather=weather, hour=hour)
    own = layout.weather
    layout.weather = replace(own, clay=True, wet=0.0, haze=0.4 * own.haze, exposure=0.9 * own.exposure)
    return np.asarray(neutral(_paint(layout, height, width).picture))


def conditions(seed: int, index: int) -> Conditions:
    """A scene's own weather and hour; renders nothing. Raises DataError for a negative number."""
    _check(seed, index, MIN_SIDE, MIN_SIDE)
    return Conditions(*conditions_by_lot(VERSION, seed, index))


def _check(seed: int, index: int, height: int, width: int) -> None:
    if height < MIN_SIDE or width < MIN_SIDE or seed < 0 or index < 0:
        raise DataError(
            f"streets was asked for scene {index} of seed {seed} at {height} x {width}; it expects numbers from 0 up "
            f"and sides of at least {MIN_SIDE} pixels: try 128 x 256."
        )


def render_layout(layout: Layout, dice: Dice, height: int, width: int) -> StreetScene:
    """Paint a layout. dice: the camera's own lots."""
    weather, painted = layout.weather, _paint(layout, height, width)
    image = np.array(painted.picture)
    if painted.wet is not None:
        mirror(image, painted.labels, painted.wet, painted.camera.drops())
    spill(image, painted.glows, painted.wet)
    picture = Image.fromarray(image)
    if weather.kind == "rain":
        picture = _rain(picture, weather, dice)
    image = develop(picture, dice, weather.lamps, _stray_light(weather, painted.camera))
    return StreetScene(image, painted.labels, painted.depth)


def _rain(picture: Image.Image, weather: Weather, dice: Dice) -> Image.Image:
    air = np.asarray(weather.horizon, np.float32) * np.float32(1.15) + np.float32(0.03)
    red, green, blue = weather.encode(air).tolist()
    picture = rain_fall(picture, dice, weather.wet, (int(red), int(green), int(blue)))
    return lens_drops(picture, dice) if dice.chance(0.4) else picture


def _stray_light(weather: Weather, camera: Camera) -> float:
    """How much sunlight falls into the lens, in [0, 1]: all of it when the sun stands in the picture."""
    sx, sy, sz = weather.to_sun
    if not weather.casts_shadows or sz <= 0.1:
        return 0.0
    aside = max(0.0, abs(sx / sz) - camera.centre / camera.focal)
    above = max(0.0, sy / sz - camera.horizon / camera.focal)
    return min(1.0, weather.sun[0] / 3) * (1 - weather.clouds) / (1 + 6 * (aside * aside + above * above))


class _Painted(NamedTuple):
    """A street painted on the canvas, before the camera: what `render_layout` and `render_light` share."""

    picture: Image.Image
    labels: np.ndarray
    depth: np.ndarray
    wet: np.ndarray | None
    glows: list[Glow]
    camera: Camera


def _paint(layout: Layout, height: int, width: int) -> _Painted:
    camera = Camera.at(layout.lens, height, width)
    fine = Camera.at(layout.lens, height * SUPERSAMPLING, width * SUPERSAMPLING)
    sunlight = Sunlight(layout)
    vehicles = [_place_vehicle(layout, thing, sunlight) for thing in layout.things if is_vehicle(thing.kind)]
    vehicles = [v for v in vehicles if v.z > v.shape.length / 2 + 1.2 and camera.sees(v.x, v.z, v.shape.length)]
    others = [(thing, layout.road.x(thing.u, thing.z)) for thing in layout.things if not is_vehicle(thing.kind)]
    others = [
        (thing, x) for thing, x in others if thing.z > 2.5 and camera.sees(x, thing.z, SPREAD.get(thing.kind, 1.0))
    ]
    light, labels, depth, wet = _cast(layout, camera, sunlight, vehicles, others)
    canvas = Canvas(layout.weather.encode(light).astype(np.uint8), fine, layout.weather)
    places = [(v.x, v.z) for v in vehicles] + [(x, thing.z) for thing, x in others]
    for number in far_to_near(places, [*(v.outline() for v in vehicles), *[None] * len(others)]):
        if number < len(vehicles):
            vehicles[number].paint(canvas)
            continue
        thing, x = others[number - len(vehicles)]
        paint = PAINTERS.get(thing.kind, clutter.paint_clutter)
        paint(canvas, thing, x, thing.z, sunlight.at(thing.u, 0.9, thing.z))
    picture, labels, depth = canvas.finish(labels, depth)
    return _Painted(picture, labels, depth, wet, canvas.glows(), camera)


def _place_vehicle(layout: Layout, thing: Thing, sunlight: Sunlight) -> Vehicle:
    road = layout.road
    return Vehicle(
        thing,
        road.x(thing.u, thing.z),
        thing.z,
        atan(road.heading(thing.z)) + pi * thing.facing,
        sunlight.at(thing.u, 0.9, thing.z),
    )


def _cast(
    layout: Layout, camera: Camera, sunlight: Sunlight, vehicles: list[Vehicle], others: list[tuple[Thing, float]]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None]:
    """Sky, ground and walls: linear light, labels, depth, and how wet the ground is (None when dry)."""
    weather = layout.weather
    hits, peaks = cast_walls(layout, camera)
    light = sky(layout, camera, peaks)
    labels = np.zeros(light.shape[:2], np.uint8)
    depth = np.full(light.shape[:2], np.inf, np.float32)
    shade, contact = shadow_masks(layout, camera, vehicles, others)
    ground = cast_ground(layout, camera, sunlight, shade, contact)
    clear = np.exp(-weather.haze * ground.depth)[..., None]
    seen = light[ground.first :]
    np.multiply(ground.light, clear, out=seen)
    seen += np.asarray(weather.horizon, np.float32) * (1 - clear)
    labels[ground.first :] = ground.labels
    depth[ground.first :] = ground.depth
    Facades(layout, camera, sunlight).paint(hits, light, labels, depth)
    if weather.wet <= 0:
        return light, labels, depth, None
    wet = np.zeros(labels.shape, np.float32)
    wet[ground.first :] = ground.wet
    return light, labels, depth, wet
