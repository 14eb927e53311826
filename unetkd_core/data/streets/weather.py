"""Hour and weather: where the sun is, what colour light, sky and haze have. Knows no geometry.

Light follows the sun's elevation through keyframes, so that an hour earlier is only a little different. Colours are
linear light (albedo 1 in full sun is about 3; night is far brighter than it is in truth, the camera having a stop to
lose only); `encode` is the film: exposure, shoulder and gamma 2 in one.
"""

from dataclasses import dataclass, replace
from math import acos, asin, atan2, cos, degrees, exp, isfinite, pi, radians, sin, sqrt

import numpy as np

from unetkd_core.data.streets.daylight import CLEAR_SKY, CLOUDS, at_elevation, mixed
from unetkd_core.data.streets.dice import Colour, Dice, scaled
from unetkd_core.errors import DataError

KINDS = ("clear", "broken", "overcast", "rain", "fog")
_LOTS = (("clear", 0.40), ("broken", 0.24), ("overcast", 0.21), ("rain", 0.09), ("fog", 0.06))
_ELEVATIONS = (((10.0, 60.0), 0.75), ((2.5, 10.0), 0.12), ((-6.0, 2.5), 0.07), ((-40.0, -8.0), 0.06))
"""Degrees of the sun's elevation that are drawn: day, golden hour, twilight, night."""
CLAY: Colour = (0.30, 0.30, 0.30)
LOWEST_SUN = sin(radians(2.5))
"""Shadows grow no longer than at this height of the sun: by then it has next to no strength."""


@dataclass(frozen=True)
class Weather:
    """The light of one scene. `to_sun` is a unit vector; `haze` is the extinction per metre; shares are in [0, 1].

    `horizon` is the sky's foot straight ahead, `sunward` and `away` what it is towards the sun and opposite; `clay`
    shows everything in one matt grey; `lamps` is 0 by day, 1 at night.
    """

    kind: str
    hour: float
    to_sun: tuple[float, float, float]
    sun: Colour
    ambient: Colour
    zenith: Colour
    horizon: Colour
    sunward: Colour
    away: Colour
    clouds: float
    cloud_lit: Colour
    cloud_dark: Colour
    haze: float
    wet: float
    exposure: float
    lamps: float
    clay: bool = False

    @property
    def casts_shadows(self) -> bool:
        return self.kind in ("clear", "broken") and self.sun[0] > 0.02

    def albedo(self, colours: np.ndarray) -> np.ndarray:
        """(..., 3) as it is, or one grey all over in a clay rendering."""
        return np.full_like(colours, CLAY[0]) if self.clay else colours

    def sunwards(self, slope: np.ndarray | float) -> np.ndarray:
        """How far a direction (X / Z) is from opposite the sun, 0, to towards it, 1."""
        sx, _, sz = self.to_sun
        across = (sx * slope + sz) / np.sqrt((1 + np.square(slope)) * (sx * sx + sz * sz + 1e-9))
        return np.asarray((0.5 + 0.5 * across) ** 2)

    def shade(
        self, albedo: Colour, normal: tuple[float, float, float], lit: float, depth: float
    ) -> tuple[int, int, int]:
        """Display colour of a face: albedo, unit normal, `lit` (1 in the sun, 0 in shadow), metres away."""
        if self.clay:
            albedo = CLAY
        sx, sy, sz = self.to_sun
        sun = (normal[0] * sx + normal[1] * sy + normal[2] * sz) * lit
        if sun < 0:
            sun = 0.0
        sky = 0.72 + 0.28 * normal[1]
        s, a = self.sun, self.ambient
        beam = self.headlights(depth) * max(0.15, -normal[2]) if self.lamps > 0.5 else 0.0
        return self.film(
            (
                albedo[0] * (s[0] * sun + a[0] * sky + beam),
                albedo[1] * (s[1] * sun + a[1] * sky + beam),
                albedo[2] * (s[2] * sun + a[2] * sky + 0.85 * beam),
            ),
            depth,
        )

    def headlights(self, depth: float) -> float:
        """What our own headlights throw on something upright, metres away."""
        return (self.lamps - 0.5) * 55 / (70 + depth * depth)

    def film(self, light: Colour, depth: float) -> tuple[int, int, int]:
        """Linear light `depth` metres away -> display colour 0-255 seen through the haze."""
        clear = exp(-self.haze * depth) * self.exposure
        air, veil = self.horizon, self.exposure - clear
        r, g, b = light[0] * clear + air[0] * veil, light[1] * clear + air[1] * veil, light[2] * clear + air[2] * veil
        return (
            min(255, int(255 * sqrt(r * (1 + r / 6) / (0.75 + r)))),
            min(255, int(255 * sqrt(g * (1 + g / 6) / (0.75 + g)))),
            min(255, int(255 * sqrt(b * (1 + b / 6) / (0.75 + b)))),
        )

    def encode(self, light: np.ndarray) -> np.ndarray:
        """`film` without haze for arrays: (..., 3) float32 linear -> (..., 3) float32 in 0-255, in its place."""
        np.maximum(light, 0, out=light)
        light *= np.float32(self.exposure)
        gain = light + np.float32(0.75)
        np.divide(light * np.float32(1 / 6) + 1, gain, out=gain)
        light *= gain
        np.sqrt(light, out=light)
        light *= np.float32(255)
        return np.minimum(light, 255, out=light)


@dataclass(frozen=True)
class _Lots:
    """Everything that is drawn for a scene's light, the same number of draws whatever is overridden."""

    kind: str
    hour: float
    latitude: float
    season: float
    street: float
    cover: float
    strength: float
    warm: float
    murk: float
    wet: float
    adaptation: float


def _draw(dice: Dice) -> _Lots:
    kind = dice.weighted(_LOTS)
    latitude, season, street = radians(dice.between(38, 56)), radians(dice.between(-20, 23.4)), dice.between(-pi, pi)
    low, high = dice.weighted(_ELEVATIONS)
    part, evening = dice.unit(), dice.chance(0.5)
    noon = 90 - degrees(latitude - season)
    high = min(high, max(noon, low))
    height = (sin(radians(low + (high - low) * part)) - sin(latitude) * sin(season)) / (cos(latitude) * cos(season))
    away = degrees(acos(min(max(height, -1.0), 1.0))) / 15
    lag = dice.unit()
    adaptation = dice.between(0.92, 1.26)
    if lag < 0.08:
        adaptation *= 0.6 + 3 * lag
    elif lag > 0.90:
        adaptation *= 1.15 + 2.5 * (lag - 0.90)
    cover, strength, warm, murk, wet = (dice.unit() for _ in range(5))
    hour = 12 + away if evening else 12 - away
    return _Lots(kind, hour, latitude, season, street, cover, strength, warm, murk, wet, adaptation)


def _sun_at(lots: _Lots, hour: float) -> tuple[float, tuple[float, float, float]]:
    """Elevation in degrees, and the unit vector towards the sun (no lower than LOWEST_SUN) along this street."""
    angle = radians(15 * (hour - 12))
    up = sin(lots.latitude) * sin(lots.season) + cos(lots.latitude) * cos(lots.season) * cos(angle)
    west = cos(lots.season) * sin(angle)
    south = cos(angle) * cos(lots.season) * sin(lots.latitude) - sin(lots.season) * cos(lots.latitude)
    azimuth = atan2(west, south) + lots.street
    held = max(up, LOWEST_SUN)
    flat = (1 - held * held) ** 0.5
    return degrees(asin(up)), (flat * sin(azimuth), held, flat * cos(azimuth))


def _clear(lots: _Lots, kind: str, elevation: float) -> Weather:
    """The light under an open sky ("clear" or "broken")."""
    (sun, ambient, zenith, away, sunward), _ = at_elevation(CLEAR_SKY, elevation)
    (lit, dark, _), exposure = at_elevation(CLOUDS, elevation)
    broken = kind == "broken"
    hidden = 0.22 if broken and lots.strength < 0.3 else 0.8 + 0.2 * lots.strength
    warm = 0.10 * (lots.warm - 0.5)
    sun = (sun[0] * hidden, sun[1] * hidden * (1 - warm), sun[2] * hidden * (1 - 2 * warm))
    ambient = mixed(ambient, scaled(lit, 0.55), 0.35 * lots.cover) if broken else ambient
    return Weather(
        kind,
        0.0,
        (0.0, 1.0, 0.0),
        sun,
        ambient,
        mixed(zenith, away, 0.25 * lots.murk),
        away,
        sunward,
        away,
        0.42 + 0.4 * lots.cover if broken else 0.36 * lots.cover,
        lit,
        dark,
        0.0005 + 0.0026 * lots.murk**2,
        0.0,
        exposure * (1.25 if hidden < 0.3 else 1.0),
        0.0,
    )


_MURK = {"overcast": (0.0008, 0.0035), "rain": (0.003, 0.009), "fog": (0.016, 0.038)}
_FOOT = {"overcast": 1.2, "rain": 1.05, "fog": 1.0}
"""How bright a grey sky's foot, and so its haze, is to the light that falls from it."""
_STOPS = {"overcast": 1.12, "rain": 1.12, "fog": 0.9}
"""What a camera adds to the exposure for this sky; less in fog, which fills the picture with its own light."""
_GLOOM = {"overcast": 0.0, "rain": 0.35, "fog": 0.45}


def _grey(lots: _Lots, kind: str, elevation: float) -> Weather:
    """The light under a closed sky: no shadows, the brighter part of it stands in for the sun."""
    (_, _, sky), exposure = at_elevation(CLOUDS, elevation)
    grey = scaled(sky, (0.80 + 0.35 * lots.strength) * (0.82 if kind == "rain" else 1.0))
    low, high = _MURK[kind]
    foot = scaled(grey, _FOOT[kind])
    rainy = 0.45 + 0.5 * lots.wet
    damp = 0.25 if lots.wet > 0.7 else 0.0
    return Weather(
        kind,
        0.0,
        (0.0, 1.0, 0.0),
        scaled(grey, 0.30),
        scaled(grey, 0.74),
        scaled(grey, 0.9),
        foot,
        scaled(foot, 1.04),
        scaled(foot, 0.97),
        0.0 if kind == "fog" else 0.75 + 0.25 * lots.cover,
        scaled(grey, 1.5),
        scaled(grey, 0.46),
        low + (high - low) * lots.murk,
        rainy if kind == "rain" else damp,
        exposure * _STOPS[kind],
        _GLOOM[kind],
    )


def _check(kind: str | None, hour: float | None) -> None:
    if kind is not None and kind not in KINDS:
        raise DataError(f"streets has no weather {kind!r}: choose one of {', '.join(KINDS)}.")
    if hour is not None and not (isfinite(hour) and 0 <= hour <= 24):
        raise DataError(f"streets was asked for hour {hour}: choose an hour from 0 to 24.")


def sample_weather(dice: Dice, kind: str | None = None, hour: float | None = None) -> Weather:
    """Draw one scene's light; `kind` (one of KINDS) and `hour` (0-24, local solar time) override what is drawn.

    Raises DataError for a weather or an hour that there is not.
    """
    _check(kind, hour)
    lots = _draw(dice)
    kind, hour = kind or lots.kind, lots.hour if hour is None else float(hour)
    elevation, to_sun = _sun_at(lots, hour)
    light = (_clear if kind in ("clear", "broken") else _grey)(lots, kind, elevation)
    dark = min(max((6 - elevation) / 13, 0.0), 1.0)
    dark = dark * dark * (3 - 2 * dark)
    light = replace(
        light,
        hour=hour,
        to_sun=to_sun,
        exposure=light.exposure * (lots.adaptation + (1 - lots.adaptation) * 0.6 * dark),
        haze=light.haze * (1 + 0.8 * dark),
        lamps=max(light.lamps, dark),
    )
    if not light.casts_shadows:
        flat = 0.312 / (to_sun[0] ** 2 + to_sun[2] ** 2) ** 0.5
        light = replace(light, to_sun=(flat * to_sun[0], 0.95, flat * to_sun[2]))
    return replace(light, horizon=mixed(light.away, light.sunward, float(light.sunwards(0.0))))
