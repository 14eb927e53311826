"""What vehicles are made of, and how that looks: diffuse light plus a mirrored street, weighed by the angle of view.

Knows the weather, but neither shapes nor pixels.
"""

import numpy as np

from unetkd_core.data.streets.dice import Colour
from unetkd_core.data.streets.weather import CLAY, Weather

_TABLE: dict[str, tuple[float, float, float, float]] = {
    "paint": (0.3, 0.3, 0.3, 0.075),
    "second": (0.3, 0.3, 0.3, 0.03),
    "glass": (0.012, 0.014, 0.016, 0.065),
    "inside": (0.035, 0.033, 0.032, 0.06),
    "trim": (0.018, 0.018, 0.019, 0.012),
    "seam": (0.008, 0.008, 0.008, 0.0),
    "rubber": (0.016, 0.016, 0.016, 0.004),
    "dark": (0.004, 0.004, 0.004, 0.0),
    "steel": (0.16, 0.16, 0.165, 0.12),
    "alloy": (0.26, 0.265, 0.275, 0.14),
    "chrome": (0.20, 0.20, 0.20, 0.45),
    "grille": (0.010, 0.010, 0.011, 0.02),
    "handle": (0.10, 0.10, 0.10, 0.10),
    "plate": (0.66, 0.66, 0.62, 0.02),
    "rear plate": (0.66, 0.66, 0.62, 0.02),
    "mark": (0.012, 0.012, 0.014, 0.0),
    "head": (0.34, 0.35, 0.36, 0.16),
    "eye": (0.16, 0.165, 0.17, 0.40),
    "tail": (0.24, 0.008, 0.010, 0.06),
    "orange": (0.50, 0.17, 0.01, 0.06),
    "white": (0.55, 0.55, 0.52, 0.06),
    "amber": (0.55, 0.26, 0.02, 0.02),
    "sign": (0.62, 0.58, 0.44, 0.03),
}
"""Name -> linear albedo, and the share it mirrors looked at straight on."""

MATERIALS = {name: number for number, name in enumerate(_TABLE)}
_PROPERTIES = np.array([(*row, 0.0, 0.0, 0.0) for row in _TABLE.values()], np.float32)


CLAY_ALL_OVER = np.array([(*CLAY, 0.0, 0.0, 0.0, 0.0)] * len(_TABLE), np.float32)
"""A palette of one matt grey."""


def palette(colours: dict[str, Colour], light: dict[str, Colour], gloss: float) -> np.ndarray:
    """(materials, 7): albedo, mirrored share, own light. `gloss` is the paint's mirrored share."""
    table = _PROPERTIES.copy()
    for name, colour in colours.items():
        table[MATERIALS[name], :3] = colour
    for name, colour in light.items():
        table[MATERIALS[name], 4:] = colour
    table[0, 3] = gloss
    return table


def _surroundings(weather: Weather, mirrored: np.ndarray, across: np.ndarray) -> np.ndarray:
    """(N, 3) light from the directions (N, 3): street below, houses to both sides, sky above and along the street."""
    ambient, sun = np.asarray(weather.ambient, np.float32), np.asarray(weather.sun, np.float32)
    horizon, zenith = np.asarray(weather.horizon, np.float32), np.asarray(weather.zenith, np.float32)
    up = mirrored[:, 1]
    sky = np.clip((up - 0.55 * np.abs(across)) * 4 + 0.3, 0, 1)[:, None]
    ground = np.clip(0.4 - up * 6, 0, 1)[:, None]
    houses = ambient * 0.24 + sun * 0.07
    street = ambient * 0.15 + sun * 0.05
    light = houses + sky * (horizon - houses + np.clip(up * 1.3, 0, 1)[:, None] * (zenith - horizon))
    light += ground * (street - light)
    return np.asarray(light)


def shade(
    weather: Weather,
    properties: np.ndarray,
    normals: np.ndarray,
    to_eye: np.ndarray,
    height: np.ndarray,
    turn: tuple[float, float],
    lit: float,
    depth: float,
) -> np.ndarray:
    """Display colours (N, 3) 0-255.

    properties: (N, 7) from a palette; normals, to_eye: (N, 3) unit, in the vehicle's axes; height: (N,) metres above
    the ground; turn: cosine and sine of its yaw; lit: 1 in the sun; depth: metres of haze.
    """
    cos, sin = turn
    sx, sy, sz = weather.to_sun
    sun_way = np.array((sx * cos - sz * sin, sy, sx * sin + sz * cos), np.float32)
    sun, ambient = np.asarray(weather.sun, np.float32), np.asarray(weather.ambient, np.float32)
    facing = np.maximum((normals * to_eye).sum(1), 0.0)
    mirrored = (2 * facing)[:, None] * normals - to_eye
    across = mirrored[:, 0] * np.float32(cos) + mirrored[:, 2] * np.float32(sin)
    graze = 1 - facing
    graze *= graze
    graze *= graze * (1 - facing)
    share = properties[:, 3]
    share = share + np.minimum(share * 8, 0.75) * graze
    straight = np.maximum(normals @ sun_way, 0.0) * np.float32(lit)
    open_sky = (0.66 + 0.34 * normals[:, 1]) * np.clip(0.45 + 0.7 * height, 0, 1)
    light = properties[:, :3] * (straight[:, None] * sun + open_sky[:, None] * ambient)
    light += share[:, None] * _surroundings(weather, mirrored, across)
    if lit > 0.05 and weather.casts_shadows:
        glint = np.maximum(mirrored @ sun_way, 0.0)
        for _ in range(6):
            glint *= glint
        light += (glint * share * np.float32(14 * lit))[:, None] * sun
    light += properties[:, 4:]
    clear = np.float32(np.exp(-weather.haze * depth))
    light *= clear
    light += np.asarray(weather.horizon, np.float32) * (1 - clear)
    return weather.encode(light)
