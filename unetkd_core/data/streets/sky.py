"""The sky behind everything: gradient, clouds, glare and the far treeline. Knows no walls, only how high they reach."""

import numpy as np

from unetkd_core.data.streets.camera import Camera
from unetkd_core.data.streets.dice import noise_tile, sample_smooth
from unetkd_core.data.streets.layout import Layout


def sky(layout: Layout, camera: Camera, peaks: np.ndarray) -> np.ndarray:
    """(H, W, 3) float32 linear light of the sky with a far treeline at its foot; plain horizon wherever walls hide it.

    peaks: (W,) slope of the highest wall in each column, -inf where none.
    """
    weather = layout.weather
    horizon = np.asarray(weather.horizon, np.float32)
    frame = np.empty((camera.rows, camera.columns, 3), np.float32)
    frame[:] = horizon
    rise = -camera.drops()
    margin = 1.5 / camera.focal
    index = np.flatnonzero((rise[:, None] > peaks[None] - margin) & (rise[:, None] > -margin))
    up = np.maximum(rise, 0.0).astype(np.float32)[index // camera.columns]
    slope = camera.slopes().astype(np.float32)[index % camera.columns]
    light = _air(layout, up, slope)
    tile, shift = noise_tile(4, 6, 0.55), layout.road.salt % 512
    ridge = (
        0.030
        + 0.022 * sample_smooth(tile, np.full_like(slope, shift), 90 * slope + 256)
        + 0.006 * sample_smooth(tile, np.full_like(slope, 7), 900 * slope + 512)
    )
    far = np.clip((ridge - up) * np.float32(camera.focal), 0, 1)[:, None]
    clear = np.float32(np.exp(-weather.haze * 260))
    woods = np.asarray((0.05, 0.065, 0.05), np.float32) * np.asarray(weather.ambient, np.float32) * 1.6
    frame.reshape(-1, 3)[index] = light + far * (woods * clear + horizon * (1 - clear) - light)
    return frame


def _air(layout: Layout, up: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """(P, 3) light of the open sky towards (slope aside, up): gradient, clouds on a plane overhead, glare."""
    weather = layout.weather
    zenith, horizon = np.asarray(weather.zenith, np.float32), np.asarray(weather.horizon, np.float32)
    blend = 1 - (1 + 3.2 * up) ** np.float32(-1.5)
    light = horizon + blend[:, None] * (zenith - horizon)
    tile, shift = noise_tile(4, 6, 0.55), layout.road.salt % 512
    row, column = 42 / (up + 0.10) + shift, 30 * slope / (up + 0.10) + 2 * shift
    puffs = sample_smooth(tile, row, column)
    cover = np.clip((puffs + 3.2 * weather.clouds - 1.6) * 0.8, 0, 1) * np.clip(up * 9, 0, 1)
    thick = np.clip(0.5 + 0.35 * sample_smooth(tile, row * 1.1, column * 1.1 + 6), 0, 1)
    lit, dark = np.asarray(weather.cloud_lit, np.float32), np.asarray(weather.cloud_dark, np.float32)
    light += cover[:, None] * (lit + thick[:, None] * (dark - lit) - light)
    sx, sy, sz = weather.to_sun
    if weather.casts_shadows and sz > 0.1:
        distance = (slope - np.float32(sx / sz)) ** 2 + (up - np.float32(sy / sz)) ** 2
        glare = (0.9 * np.exp(-distance * 9) + 3 * np.exp(-distance * 260)) * np.float32(1 - 0.7 * weather.clouds)
        light += glare[:, None] * np.asarray(weather.sun, np.float32)
    return np.asarray(light, dtype=np.float32)
