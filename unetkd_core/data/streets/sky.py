"""The sky behind everything: gradient, clouds, the sun and its glare, and what rises far off at its foot.

Knows no walls, only how high they reach.
"""

import numpy as np
from PIL import Image

from unetkd_core.data.streets.camera import Camera
from unetkd_core.data.streets.clouds import HALF_WIDTH, TOP, VARIANTS, panorama
from unetkd_core.data.streets.dice import lattice_hash, noise_tile, sample_smooth
from unetkd_core.data.streets.layout import Layout
from unetkd_core.data.streets.weather import Weather

SKYLINE = 0.14
"""Nothing far off rises above this slope."""
WIDEST = 0.95
"""Greatest slope to the side that a 2:1 picture shows."""
_FAR = ("woods", "roofs", "hills", "roofs", "towers", "woods", "hills", "spire")
_FAR_M = {"woods": 230.0, "roofs": 280.0, "hills": 900.0, "towers": 420.0, "spire": 260.0}


def sky(layout: Layout, camera: Camera, peaks: np.ndarray) -> np.ndarray:
    """(H, W, 3) float32 linear light of the sky, down to the horizon; plain haze below it.

    peaks: (W,) slope of the highest wall in each column, -inf where none.
    """
    weather = layout.weather
    frame = np.empty((camera.rows, camera.columns, 3), np.float32)
    rise = -camera.drops().astype(np.float32)
    rows = min(int((rise > -1.5 / camera.focal).sum()), camera.rows)
    frame[rows:] = np.asarray(weather.horizon, np.float32)
    open_columns = np.flatnonzero(peaks < rise[0] + 0.01) if rows else np.empty(0, int)
    if not len(open_columns):
        frame[:rows] = np.asarray(weather.horizon, np.float32)
        return frame
    left, right = int(open_columns[0]), int(open_columns[-1]) + 1
    frame[:rows, :left] = frame[:rows, right:] = np.asarray(weather.horizon, np.float32)
    up, slope = np.maximum(rise[:rows], 0), camera.slopes().astype(np.float32)[left:right]
    air = frame[:rows, left:right]
    air[:] = _air(weather, up, slope)
    if weather.clouds > 0:
        _add_clouds(layout, air, camera, left)
    if weather.casts_shadows and weather.to_sun[2] > 0.1:
        _add_sun(weather, air, up, slope)
    _add_far_skyline(layout, air, up, slope, camera.focal)
    return frame


def _air(weather: Weather, up: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """Light of the open sky, rows by columns: from the horizon's colour in that direction to the zenith's."""
    away, sunward = np.asarray(weather.away, np.float32), np.asarray(weather.sunward, np.float32)
    foot = away + weather.sunwards(slope).astype(np.float32)[:, None] * (sunward - away)
    blend = (1 - 1 / (1 + 3.6 * up + 9.0 * up * up))[:, None, None]
    return np.asarray(foot + blend * (np.asarray(weather.zenith, np.float32) - foot))


def _style(layout: Layout) -> tuple[str, float, float, float]:
    """Which clouds: their style, cover gain, threshold (in standard deviations) and greatest opacity."""
    weather = layout.weather
    if weather.kind in ("overcast", "rain"):
        return "stratus", 0.9, -1.6, 0.9
    if weather.kind == "clear" and layout.road.salt % 5 < 2:
        return "cirrus", 0.55, 1.1 - 3.2 * weather.clouds, 0.55
    return "cumulus", 2.2, 1.75 - 2.9 * weather.clouds, 1.0


def _add_clouds(layout: Layout, air: np.ndarray, camera: Camera, left: int) -> None:
    """Cut from a panorama, in place. air: rows from the picture's top, columns from `left`."""
    weather, salt = layout.weather, layout.road.salt
    name, gain, threshold, most = _style(layout)
    pictures = panorama(name, salt % VARIANTS)
    rows, columns = air.shape[:2]
    slopes = camera.slopes()
    step = 1 / camera.focal
    shift = ((salt >> 4) % 64 / 63 - 0.5) * 2 * (HALF_WIDTH - WIDEST)
    wide, tall = pictures[0].size
    x0, x1 = slopes[left] - step / 2, slopes[left + columns - 1] + step / 2
    y0 = -camera.drops()[0] + step / 2
    box = (
        max(0.0, (x0 + shift + HALF_WIDTH) / (2 * HALF_WIDTH) * wide),
        max(0.0, (1 - y0 / TOP) * tall),
        min(float(wide), (x1 + shift + HALF_WIDTH) / (2 * HALF_WIDTH) * wide),
        min(float(tall), (1 - (y0 - rows * step) / TOP) * tall),
    )
    if box[2] - box[0] < 0.1 or box[3] - box[1] < 0.1:
        return
    density, light = (picture.resize((columns, rows), Image.Resampling.BILINEAR, box=box) for picture in pictures)
    share = np.clip((np.arange(256) - (128 + 40 * threshold)) * (gain / 40), 0, 1)
    opaque = (255 * share * share * (3 - 2 * share)).astype(int).tolist()
    distance = np.clip(-camera.drops()[:rows] * 7 + 0.1, 0, 1).astype(np.float32) * np.float32(most / 255)
    cover = np.asarray(density.point(opaque)) * distance[:, None]
    lit, dark = np.asarray(weather.cloud_lit, np.float32), np.asarray(weather.cloud_dark, np.float32)
    puffs = (np.asarray(light) * np.float32(1 / 255))[..., None] * (lit - dark)
    puffs += dark
    puffs -= air
    puffs *= cover[..., None]
    air += puffs


def _add_sun(weather: Weather, air: np.ndarray, up: np.ndarray, slope: np.ndarray) -> None:
    """Disc, bloom and the wide glare about it, in place."""
    sx, sy, sz = weather.to_sun
    squared = (slope - np.float32(sx / sz))[None] ** 2 + (up - np.float32(sy / sz))[:, None] ** 2
    if squared.min() > 0.6:
        return
    glare = 0.35 / (1 + 14 * squared) ** 2 + 1.2 / (1 + 220 * squared) ** 2
    glare += 30 * np.clip(1.5 - squared * (1.2 / 0.018**2), 0, 1) * (1 - weather.clouds)
    colour = np.asarray(weather.sun, np.float32) * np.float32(1 - 0.5 * weather.clouds)
    air += glare.astype(np.float32)[..., None] * colour


def _ridge(kind: str, salt: int, slope: np.ndarray) -> np.ndarray:
    """How high what is far off rises, as a slope, in each direction."""
    tile, row = noise_tile(4, 6, 0.55), np.full_like(slope, salt % 512)
    rolling = sample_smooth(tile, row, 90 * slope + 256)
    leafy = sample_smooth(tile, row + 99, 900 * slope + 512)
    if kind == "hills":
        return np.asarray(0.040 + 0.026 * sample_smooth(tile, row, 30 * slope + 256) + 0.0012 * leafy)
    woods = np.asarray(0.026 + 0.014 * rolling + 0.005 * leafy)
    if kind == "woods":
        return woods
    cell = np.floor(slope / (0.045 if kind == "towers" else 0.028))
    height = lattice_hash(cell, np.full_like(cell, salt), 31)
    if kind == "towers":
        return np.maximum(woods, np.where(height > 0.62, 0.13 * height - 0.03 * (height < 0.8), 0.03))
    within = np.abs(slope / 0.028 - cell - 0.5)
    roofs = 0.026 + 0.016 * height - 0.014 * np.maximum(within - 0.1, 0) + 0.008 * (np.abs(within - 0.3) < 0.05)
    if kind == "spire":
        middle = (salt % 21 - 10) * 0.012
        roofs = np.maximum(roofs, np.clip(0.125 - 9 * np.abs(slope - middle), 0, 1))
        roofs = np.maximum(roofs, 0.062 * (np.abs(slope - middle) < 0.010))
    return np.maximum(roofs, woods * 0.9)


def _add_far_skyline(layout: Layout, air: np.ndarray, up: np.ndarray, slope: np.ndarray, focal: float) -> None:
    weather, kind = layout.weather, _FAR[layout.road.salt // 7 % len(_FAR)]
    top = int(np.searchsorted(-up, -SKYLINE))
    if top >= len(up):
        return
    ridge = _ridge(kind, layout.road.salt, slope)
    share = np.clip((ridge[None] - up[top:, None]) * np.float32(focal) + 0.5, 0, 1)[..., None]
    clear = np.float32(np.exp(-(weather.haze + 0.0009) * _FAR_M[kind]))
    tone = (0.06, 0.075, 0.055) if kind in ("woods", "hills") else (0.13, 0.11, 0.10)
    dark = np.asarray(tone, np.float32) * (
        np.asarray(weather.ambient, np.float32) + 0.25 * np.asarray(weather.sun, np.float32)
    )
    haze = np.asarray(weather.horizon, np.float32)
    air[top:] += share * (dark * clear + haze * (1 - clear) - air[top:])
