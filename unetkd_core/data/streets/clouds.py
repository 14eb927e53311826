"""Clouds, painted once as panoramas (how dense, how lit) from which every scene cuts its piece. Knows no colours."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from PIL import Image

from unetkd_core.data.streets.dice import noise_tile, sample_smooth

HALF_WIDTH, TOP = 2.2, 1.1
"""A panorama spans slopes (X / Z) of +- this, and from the horizon up to this slope (Y / Z)."""
VARIANTS = 2
_ROWS, _COLUMNS = 224, 896


class Style(NamedTuple):
    """Texels of noise per unit on the cloud plane across and away, its offset, and how the noise is stretched."""

    across: float
    away: float
    slant: float
    octaves: int
    fall: float


STYLES = {
    "cumulus": Style(72.0, 58.0, 0.0, 7, 0.54),
    "stratus": Style(40.0, 70.0, 0.15, 7, 0.55),
    "cirrus": Style(22.0, 90.0, 0.9, 6, 0.62),
}


@lru_cache(maxsize=VARIANTS * len(STYLES))
def panorama(name: str, variant: int) -> tuple[Image.Image, Image.Image]:
    """(density, light), mode L, the horizon at the foot: density 128 is the mean, 40 a standard deviation; light is 255
    on tops in the sun, 0 on bases."""
    style = STYLES[name]
    up = (TOP * (1 - (np.arange(_ROWS) + 0.5) / _ROWS))[:, None].astype(np.float32)
    slope = (HALF_WIDTH * (2 * (np.arange(_COLUMNS) + 0.5) / _COLUMNS - 1))[None].astype(np.float32)
    tile = noise_tile(4, style.octaves, style.fall)
    here = _density(tile, style, up, slope, variant)
    above = _density(tile, style, up * 1.09 + 0.012, slope + 0.01, variant)
    light = 150 + 95 * (here - above) - 42 * here
    as_picture = lambda values: Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))  # noqa: E731
    return as_picture(128 + 40 * here), as_picture(light)


def _density(tile: np.ndarray, style: Style, up: np.ndarray, slope: np.ndarray, variant: int) -> np.ndarray:
    """Noise on a plane overhead seen in perspective, flattened towards the horizon."""
    away = 1 / (up + np.float32(0.16))
    row, column = style.away * away + 177 * variant, style.across * slope * away + style.slant * style.away * away
    plane = sample_smooth(tile, row + np.zeros_like(slope), column + 91 * variant)
    side = sample_smooth(tile, 330 * up + 31 * variant + np.zeros_like(slope), 190 * slope + 211 * variant)
    return np.asarray(0.72 * plane + 0.5 * side)
