"""A label map laid over its photo, as a picture for files and reports. Pure numpy: needs no torch. The screen draws its
own.

Fill 55 %, a white hairline of one pixel (59 %) where two shown classes or a shown and a hidden one
meet, background hidden, so that the street shows and a miss reads as a hole.
"""

from collections.abc import Collection

import numpy as np

from unetkd_core.classes import CLASS_NAMES, NUM_CLASSES, PALETTES, VOID
from unetkd_core.errors import ImageError

HAIRLINE = 0.59
_STRIP_ROWS = 512


def overlay(
    image: np.ndarray,
    labels: np.ndarray,
    *,
    palette: str = "table1",
    opacity: float = 0.55,
    outline: bool = True,
    show: Collection[int] | None = None,
) -> np.ndarray:
    """Photo (H, W, 3) uint8 with classes (H, W) uint8 in colour on it -> (H, W, 3) uint8.

    opacity: 0 (photo) to 1 (exactly the palette's colours where a class shows and no outline runs). show: classes that
    are drawn; none: all but background. Pixels of no class (254, 255) always show the photo. Raises ImageError when the
    sizes differ.
    """
    if image.shape != (*labels.shape, 3):
        raise ImageError(
            f"The photo's array is {image.shape} and the label map's {labels.shape}; expected (H, W, 3) and (H, W) of "
            f"one size."
        )
    if not 0 <= opacity <= 1:
        raise ValueError(f"opacity is {opacity}; expected 0 to 1")
    shown = _shown_classes(labels, range(1, NUM_CLASSES) if show is None else show)
    colors = np.zeros((256, 3), dtype=np.float32)
    colors[:NUM_CLASSES] = PALETTES[palette]
    result = image.copy()
    # In strips: floats of a whole 40-megapixel photo would take 480 MB.
    for top in range(0, labels.shape[0], _STRIP_ROWS):
        rows = slice(top, top + _STRIP_ROWS)
        _blend(result[rows], shown[rows] != VOID, colors[shown[rows]], opacity)
    if outline:
        for top in range(0, labels.shape[0], _STRIP_ROWS):
            edge = _edges(shown[max(0, top - 1) : top + _STRIP_ROWS])[min(top, 1) :]
            _blend(result[top : top + _STRIP_ROWS], edge, np.float32(255), HAIRLINE)
    return result


def _shown_classes(labels: np.ndarray, show: Collection[int]) -> np.ndarray:
    """The label map with everything that is not drawn as VOID."""
    table = np.full(256, VOID, dtype=np.uint8)
    for index in show:
        if not 0 <= index < NUM_CLASSES:
            raise ValueError(
                f"show has class {index}; expected 0 ({CLASS_NAMES[0]}) to {NUM_CLASSES - 1} ({CLASS_NAMES[-1]})"
            )
        table[index] = index
    return table[labels]


def _edges(shown: np.ndarray) -> np.ndarray:
    """(H, W) bool: pixels whose upper or left neighbour is of another class; the line is one pixel wide."""
    edge = np.zeros(shown.shape, dtype=bool)
    edge[1:] = shown[1:] != shown[:-1]
    edge[:, 1:] |= shown[:, 1:] != shown[:, :-1]
    return edge


def _blend(image: np.ndarray, where: np.ndarray, color: np.ndarray | np.float32, opacity: float) -> None:
    """Mix `color` into `image` (uint8, in place) by `opacity` where the mask says so."""
    mixed = image * np.float32(1 - opacity) + color * np.float32(opacity)
    np.copyto(image, np.rint(mixed).astype(np.uint8), where=where[..., None])
