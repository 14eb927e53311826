"""At which size a network looks at an image: the scale of its training, without a crop. Needs no torch.

A network knows streets at one scale. Packing scales an image until it covers the training size and crops the rest away;
predicting uses the same scale and keeps the whole image.
"""

from typing import Final

from unetkd_core.data.images import MIN_SIDE
from unetkd_core.data.resize import training_scale
from unetkd_core.errors import ImageError

MAX_WORKING_PIXELS: Final = 8 * 1024 * 1024
"""What a network looks at, at most: four times Cityscapes. A checkpoint's config may name any training size."""


def working_size(height: int, width: int, train_height: int, train_width: int) -> tuple[int, int]:
    """(h', w') in pixels for an image of (height, width), each at least MIN_SIDE.

    Raises ImageError for an image that is smaller than MIN_SIDE on a side.
    """
    if height < MIN_SIDE or width < MIN_SIDE:
        raise ImageError(
            f"The image is {width} x {height} pixels; expected at least {MIN_SIDE} on each side. Use a larger one."
        )
    scale = training_scale(height, width, train_height, train_width)
    return max(MIN_SIDE, round(height * scale)), max(MIN_SIDE, round(width * scale))
