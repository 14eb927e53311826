"""What the camera adds: light that spills from lamps, vignetting, softness, noise. Knows only pictures and lights."""

from functools import lru_cache

import numpy as np
from PIL import Image, ImageFilter

from unetkd_core.data.streets.dice import Dice


def spill(
    image: np.ndarray, glows: list[tuple[float, float, float, tuple[float, float, float]]], wet: np.ndarray | None
) -> None:
    """Add each lamp's halo to the image (H, W, 3) float32 0-255, in place; where the ground is wet its streak too."""
    rows, columns, _ = image.shape
    for x, y, radius, light in glows:
        radius = max(radius, 0.8)
        reach = radius * 3
        left, right = max(0, int(x - reach)), min(columns, int(x + reach) + 2)
        top, bottom = max(0, int(y - reach)), min(rows, int(y + reach) + 2)
        if right <= left or bottom <= top:
            continue
        dx = (np.arange(left, right, dtype=np.float32) + 0.5 - np.float32(x)) / np.float32(radius)
        dy = (np.arange(top, bottom, dtype=np.float32) + 0.5 - np.float32(y)) / np.float32(radius)
        halo = np.maximum(1 / (1 + 2.5 * (dx[None] ** 2 + dy[:, None] ** 2)) - 0.043, 0)
        image[top:bottom, left:right] += halo[..., None] * np.asarray(light, np.float32) * 120
        if wet is not None:
            foot = min(rows, int(y + 14 * radius) + 2)
            fall = np.clip(1 - (np.arange(top, foot, dtype=np.float32) - np.float32(y)) / np.float32(14 * radius), 0, 1)
            streak = np.exp(-(dx[None] ** 2) * 5) * fall[:, None] * wet[top:foot, left:right]
            image[top:foot, left:right] += streak[..., None] * np.asarray(light, np.float32) * 110


@lru_cache(maxsize=1)
def _grain() -> np.ndarray:
    """(1024, 1024) float32 standard normal noise, taken at random offsets: drawing it afresh costs a millisecond."""
    return np.random.Generator(np.random.PCG64(5)).standard_normal((1024, 1024), dtype=np.float32)


def _grain_at(dice: Dice, rows: int, columns: int) -> np.ndarray:
    row = (np.arange(rows) + dice.integer(0, 1023)) & 1023
    column = (np.arange(columns) + dice.integer(0, 1023)) & 1023
    return np.asarray(_grain()[row[:, None], column[None]])


def develop(image: np.ndarray, dice: Dice, dark: float) -> np.ndarray:
    """(H, W, 3) float32 0-255 -> uint8: vignette, cast, slight blur, sensor noise (the more so, `dark` in [0, 1])."""
    rows, columns, _ = image.shape
    strength = dice.between(0.04, 0.22)
    y = ((np.arange(rows, dtype=np.float32) + 0.5) / rows - 0.5)[:, None]
    x = ((np.arange(columns, dtype=np.float32) + 0.5) / columns - 0.5)[None]
    vignette = 1 - np.float32(strength) * (x * x + y * y) * 2
    contrast, lift = dice.between(0.98, 1.20), dice.between(-5, 8)
    colour = np.float32(dice.between(1.0, 1.35))
    cast = np.asarray([dice.between(0.982, 1.018) for _ in range(3)], np.float32)
    grey = image @ np.asarray((0.3, 0.6, 0.1), np.float32)
    image = image * colour + grey[..., None] * (1 - colour)
    image = (image - 118) * np.float32(contrast) + np.float32(118 + lift)
    image = image * (vignette[..., None] * cast)
    softness = dice.between(0.1, 0.55) * max(1.0, rows / 256)
    picture = Image.fromarray(np.clip(image, 0, 255, out=image).astype(np.uint8)).filter(ImageFilter.BoxBlur(softness))
    grain = np.float32(dice.between(0.8, 3.2) + 3.5 * dark)
    image = np.asarray(picture, np.float32) + np.float32(0.5)
    image += grain * _grain_at(dice, rows, columns)[..., None]
    for channel in range(3):
        image[..., channel] += np.float32(0.4) * grain * _grain_at(dice, rows, columns)
    return np.asarray(np.clip(image, 0, 255, out=image)).astype(np.uint8)
