"""What water does to a finished picture: wet ground that mirrors, rain, drops on the lens. Knows no metres."""

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from unetkd_core.data.streets.dice import Dice

GROUND = (1, 2)
DAMP = 0.1
"""Less wet than this, the ground mirrors nothing."""


def mirror(image: np.ndarray, labels: np.ndarray, wet: np.ndarray, drops: np.ndarray) -> None:
    """Wet ground shows, upside down, whatever stands above it in the same column. image (H, W, 3) uint8, in place.

    drops: the camera's; the steeper the view, the less is mirrored. wet: (H, W) float32; rough wet asphalt smears
    upwards and downwards, standing water (wet over a half) is clear.
    """
    rows = np.arange(len(labels), dtype=np.int32)[:, None]
    ground = (labels == GROUND[0]) | (labels == GROUND[1])
    foot = np.maximum.accumulate(np.where(ground, 0, rows), axis=0)
    place = np.flatnonzero(ground & (wet > DAMP))
    if not len(place):
        return
    columns = labels.shape[1]
    row, column = place // columns, place % columns
    foot = foot.reshape(-1)[place]
    below = (row - foot).astype(np.float32)
    flat = image.reshape(-1, 3)
    smeared = np.zeros((len(place), 3), np.float32)
    for stretch, weight in ((0.7, 0.3), (1.0, 0.4), (1.4, 0.3)):
        source = np.maximum(foot + 1 - (below * np.float32(stretch)).astype(np.int32), 0)
        smeared += np.float32(weight) * flat[source * columns + column]
    clear = flat[np.maximum(2 * foot + 1 - row, 0) * columns + column].astype(np.float32)
    share = wet.reshape(-1)[place]
    standing = np.clip(share * 4 - 1.6, 0, 1)[:, None]
    smeared += standing * (clear - smeared)
    grazing = (1.35 / (1 + np.maximum(drops, 0) / 0.16)).astype(np.float32)[row]
    share = np.minimum(share * grazing, 0.85)[:, None]
    own = flat[place].astype(np.float32)
    own += share * (smeared * np.float32(0.92) - own)
    flat[place] = own.astype(np.uint8)


def rain_fall(picture: Image.Image, dice: Dice, strength: float, bright: tuple[int, int, int]) -> Image.Image:
    """Fine streaks of rain, the nearest long and blurred, in the air's own colour."""
    columns, rows = picture.size
    unit, lean = max(rows, columns / 2), dice.between(-0.25, 0.25)
    layer = Image.new("L", picture.size, 0)
    pen = ImageDraw.Draw(layer)
    for i in range(170):
        x, y, near = dice.between(-0.1, 2.1) * columns / 2, dice.between(-0.1, 1.0) * rows, dice.unit() ** 3
        length = unit * (0.025 + 0.11 * near)
        tone = int((30 + 40 * (i % 3) / 2) * strength)
        pen.line(
            [(x, y), (x + lean * length, y + length)], fill=tone, width=max(1, round(unit * 0.0035 * (near + 0.3)))
        )
    layer = layer.filter(ImageFilter.BoxBlur(unit / 700))
    return Image.composite(Image.new("RGB", picture.size, bright), picture, layer)


def lens_drops(picture: Image.Image, dice: Dice) -> Image.Image:
    """A few drops on the lens: each shows a blurred piece of the scene upside down."""
    columns, rows = picture.size
    unit = max(rows, columns / 2)
    for _ in range(dice.integer(3, 9)):
        x, y = dice.unit() * columns, dice.unit() * rows
        wide = unit * dice.between(0.012, 0.04)
        tall = wide * dice.between(0.9, 1.3)
        box = (int(x - wide), int(y - tall), int(x + wide) + 2, int(y + tall) + 2)
        size = (box[2] - box[0], box[3] - box[1])
        seen = (int(x - 3 * wide), int(y - 3 * tall), int(x + 3 * wide) + 2, int(y + 3 * tall) + 2)
        seen = (max(seen[0], 0), max(seen[1], 0), min(seen[2], columns), min(seen[3], rows))
        if seen[2] - seen[0] < 2 or seen[3] - seen[1] < 2:
            continue
        inside = picture.resize(size, Image.Resampling.BILINEAR, box=seen).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
        mask = Image.new("L", (size[0] * 3, size[1] * 3), 0)
        ImageDraw.Draw(mask).ellipse((2, 2, size[0] * 3 - 3, size[1] * 3 - 3), fill=190)
        mask = mask.resize(size, Image.Resampling.BILINEAR).filter(ImageFilter.BoxBlur(unit / 300))
        picture.paste(ImageChops.add(inside, inside, 1.9), box[:2], mask)
    return picture
