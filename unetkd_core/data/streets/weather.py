"""Hour and weather: where the sun is, what colour light, sky and haze have. Knows no geometry.

Colours are linear light (albedo 1 in full sun is about 3); `encode` is the film: exposure, shoulder and gamma 2 in one.
"""

from dataclasses import dataclass
from math import cos, exp, radians, sin

import numpy as np

from unetkd_core.data.streets.dice import Colour, Dice


@dataclass(frozen=True)
class Weather:
    """The light of one scene. `to_sun` is a unit vector; `haze` is the extinction per metre; shares are in [0, 1]."""

    kind: str
    to_sun: tuple[float, float, float]
    sun: Colour
    ambient: Colour
    zenith: Colour
    horizon: Colour
    clouds: float
    cloud_lit: Colour
    cloud_dark: Colour
    haze: float
    wet: float
    exposure: float
    lamps: float

    @property
    def casts_shadows(self) -> bool:
        return self.sun[0] > 0.3

    def shade(
        self, albedo: Colour, normal: tuple[float, float, float], lit: float, depth: float
    ) -> tuple[int, int, int]:
        """Display colour of a face: albedo, unit normal, `lit` (1 in the sun, 0 in shadow), metres away."""
        sx, sy, sz = self.to_sun
        sun = (normal[0] * sx + normal[1] * sy + normal[2] * sz) * lit
        if sun < 0:
            sun = 0.0
        sky = 0.72 + 0.28 * normal[1]
        s, a = self.sun, self.ambient
        return self.film(
            (
                albedo[0] * (s[0] * sun + a[0] * sky),
                albedo[1] * (s[1] * sun + a[1] * sky),
                albedo[2] * (s[2] * sun + a[2] * sky),
            ),
            depth,
        )

    def film(self, light: Colour, depth: float) -> tuple[int, int, int]:
        """Linear light `depth` metres away -> display colour 0-255 seen through the haze."""
        clear = exp(-self.haze * depth) * self.exposure
        air, veil = self.horizon, self.exposure - clear
        r, g, b = light[0] * clear + air[0] * veil, light[1] * clear + air[1] * veil, light[2] * clear + air[2] * veil
        return (
            min(255, int(255 * (r * (1 + r / 6) / (0.75 + r)) ** 0.5)),
            min(255, int(255 * (g * (1 + g / 6) / (0.75 + g)) ** 0.5)),
            min(255, int(255 * (b * (1 + b / 6) / (0.75 + b)) ** 0.5)),
        )

    def encode(self, light: np.ndarray) -> np.ndarray:
        """`film` without haze for arrays: (..., 3) float32 linear -> (..., 3) float32 in 0-255."""
        seen = np.maximum(light, 0) * np.float32(self.exposure)
        return np.minimum(np.sqrt(seen * (1 + seen / 6) / (seen + np.float32(0.75))) * 255, 255)


_LOTS = (
    ("clear", 0.34),
    ("broken", 0.22),
    ("overcast", 0.17),
    ("rain", 0.08),
    ("fog", 0.05),
    ("dusk", 0.08),
    ("night", 0.06),
)

KINDS = tuple(kind for kind, _ in _LOTS)


def _sun(dice: Dice, low: float, high: float) -> tuple[float, float, float]:
    elevation, azimuth = radians(dice.between(low, high)), radians(dice.between(-180, 180))
    return (cos(elevation) * sin(azimuth), sin(elevation), cos(elevation) * cos(azimuth))


def sample_weather(dice: Dice, kind: str | None = None, hour: float | None = None) -> Weather:
    """Draw one scene's light; `kind` (one of KINDS) and `hour` (0-24) override what is drawn."""
    drawn = dice.weighted(_LOTS)
    kind = kind or drawn
    exposure = dice.between(0.82, 1.2)
    warm = dice.between(0.0, 1.0)
    if kind in ("clear", "broken"):
        strength = dice.between(2.0, 2.9) if kind == "clear" else dice.between(0.9, 2.1)
        return Weather(
            kind,
            _sun(dice, 16, 58),
            (strength, strength * (0.93 - 0.06 * warm), strength * (0.82 - 0.16 * warm)),
            (0.56, 0.62, 0.76),
            (0.20, 0.40, 0.84),
            (0.95, 1.08, 1.25),
            dice.between(0.0, 0.45) if kind == "clear" else dice.between(0.5, 0.8),
            (1.75, 1.72, 1.68),
            (0.62, 0.68, 0.80),
            dice.between(0.0005, 0.0026),
            0.0,
            exposure * 1.25,
            0.0,
        )
    if kind == "dusk":
        return Weather(
            kind,
            _sun(dice, 4, 11),
            (1.05, 0.52, 0.22),
            (0.30, 0.32, 0.46),
            (0.13, 0.19, 0.42),
            (1.10, 0.62, 0.36),
            dice.between(0.3, 0.7),
            (1.15, 0.62, 0.45),
            (0.26, 0.24, 0.34),
            dice.between(0.003, 0.006),
            0.0,
            exposure * 1.35,
            0.7,
        )
    if kind == "night":
        return Weather(
            kind,
            (0.1, 0.99, 0.1),
            (0.0, 0.0, 0.0),
            (0.105, 0.10, 0.115),
            (0.012, 0.017, 0.04),
            (0.085, 0.07, 0.07),
            dice.between(0.2, 0.6),
            (0.07, 0.06, 0.065),
            (0.022, 0.024, 0.036),
            dice.between(0.003, 0.008),
            dice.choice((0.0, 0.0, 0.6)),
            exposure * 2.6,
            1.0,
        )
    grey = dice.between(0.8, 1.15)
    haze = {
        "overcast": dice.between(0.001, 0.004),
        "rain": dice.between(0.004, 0.010),
        "fog": dice.between(0.016, 0.036),
    }[kind]
    sky = (0.80 * grey, 0.86 * grey, 0.93 * grey)
    return Weather(
        kind,
        _sun(dice, 30, 60),
        (0.16, 0.16, 0.15),
        (0.86 * grey, 0.90 * grey, 0.96 * grey),
        (0.52 * grey, 0.58 * grey, 0.68 * grey) if kind != "fog" else sky,
        sky,
        0.85 if kind != "fog" else 0.2,
        (1.05 * grey, 1.07 * grey, 1.10 * grey),
        (0.45 * grey, 0.50 * grey, 0.57 * grey),
        haze,
        dice.between(0.5, 0.9) if kind == "rain" else dice.choice((0.0, 0.0, 0.25)),
        exposure * 1.1,
        0.35 if kind == "rain" else 0.0,
    )
