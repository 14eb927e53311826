"""Where one pixel's story begins: at a vehicle's edge, where the teacher is right and yet most in two minds.

Pure functions on arrays; knows no page, no file and no network.
"""

from typing import Final

import numpy as np

from unetkd_core.classes import CLASSES, VOID

LARGE: Final = 0.02
"""Share of the picture that vehicles must cover for a scene to open the page with."""
WINDOW: Final = 13
"""Pixels a side of the lens that shows a pixel's surroundings."""
NEARBY: Final = 0.25
"""Share of that window that is the pixel's own class, so that what is shown is a thing's edge and not a speck."""
_VEHICLE: Final = next(i for i, c in enumerate(CLASSES) if c.name == "vehicle")
Pixel = tuple[int, int]
"""(column, row), from 0."""


def has_large_vehicle(labels: np.ndarray) -> bool:
    """Whether a scene's labels (H, W) uint8 show enough of a vehicle to begin at its edge."""
    return bool((labels == _VEHICLE).mean() >= LARGE)


def first_pixel(labels: np.ndarray, teacher: np.ndarray) -> Pixel:
    """The pixel to begin with, (column, row).

    labels: (H, W) uint8. teacher: (6, h, w) float logits at any size. Of the pixels on a vehicle's edge at which the
    teacher is right at T = 1, the one where its second class is likeliest. Without such a vehicle any class's edge
    will do, without any edge the middle.
    """
    edge = _edges(labels) & _surrounded(labels)
    for candidates in (edge & (labels == _VEHICLE), edge):
        rows, columns = np.nonzero(candidates)
        doubt = _doubt(logits_at(teacher, rows, columns, labels.shape), labels[rows, columns])
        if doubt.size and doubt.max() > 0:
            best = int(doubt.argmax())
            return int(columns[best]), int(rows[best])
    return labels.shape[1] // 2, labels.shape[0] // 2


def logits_at(logits: np.ndarray, rows: np.ndarray, columns: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """(N, 6) float64: logits (6, h, w) at N pixels of a picture of `size` (H, W), bilinear with half-pixel centres."""
    y0, y1, b = _between(rows, logits.shape[1], size[0])
    x0, x1, a = _between(columns, logits.shape[2], size[1])
    field = logits.astype(np.float64)
    upper = (1 - a) * field[:, y0, x0] + a * field[:, y0, x1]
    lower = (1 - a) * field[:, y1, x0] + a * field[:, y1, x1]
    mixed: np.ndarray = ((1 - b) * upper + b * lower).T
    return mixed


def _between(places: np.ndarray, source: int, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The source pixel before each place, the one after it, and how far it lies towards that."""
    centre = np.clip((places + 0.5) * source / size - 0.5, 0, source - 1)
    before = np.floor(centre).astype(np.intp)
    return before, np.minimum(before + 1, source - 1), centre - before


def _edges(labels: np.ndarray) -> np.ndarray:
    """(H, W) bool: labelled pixels beside another class. Void beside a pixel is no edge: nobody said what is there."""
    known, found = labels < len(CLASSES), np.zeros(labels.shape, dtype=bool)
    for here, there in (
        ((slice(None, -1), slice(None)), (slice(1, None), slice(None))),
        ((slice(None), slice(None, -1)), (slice(None), slice(1, None))),
    ):
        meets = (labels[here] != labels[there]) & known[here] & known[there]
        found[here] |= meets
        found[there] |= meets
    return found


def _surrounded(labels: np.ndarray) -> np.ndarray:
    """(H, W) bool: the whole window lies in the picture, free of void, and NEARBY of it is the pixel's own class."""
    near, half = np.zeros(labels.shape, dtype=bool), WINDOW // 2
    if min(labels.shape) < WINDOW:
        return near
    inner = (slice(half, labels.shape[0] - half), slice(half, labels.shape[1] - half))
    whole = _window_share(labels == VOID) == 0
    for index in range(len(CLASSES)):
        enough = _window_share(labels == index) >= NEARBY
        near[inner] |= (labels[inner] == index) & enough & whole
    return near


def _window_share(mask: np.ndarray) -> np.ndarray:
    """Share of `mask` in every whole window: (H - 12, W - 12)."""
    total = np.pad(mask.astype(np.int64).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    n = WINDOW
    share: np.ndarray = (total[n:, n:] - total[:-n, n:] - total[n:, :-n] + total[:-n, :-n]) / n**2
    return share


def _doubt(logits: np.ndarray, label: np.ndarray) -> np.ndarray:
    """(N,): the second class's probability where the first is the label, 0 where it is not."""
    probs = softened(logits, 1.0)
    second = np.sort(probs, axis=1)[:, -2]
    doubt: np.ndarray = np.where(probs.argmax(axis=1) == label, second, 0.0)
    return doubt


def telling_pixel(labels: np.ndarray, teacher: np.ndarray, *, second: float = 0.12) -> Pixel:
    """The pixel of a lesson: as `first_pixel`, but where the teacher is nearly sure.

    Of those at a vehicle's edge at which it is right and two classes share nearly all, the one whose second class comes
    nearest to `second` at T = 1: enough to be heard when it is softened, too little to be seen before.
    """
    edge = _edges(labels) & _surrounded(labels) & (labels == _VEHICLE)
    rows, columns = np.nonzero(edge)
    if not rows.size:
        return first_pixel(labels, teacher)
    probs = softened(logits_at(teacher, rows, columns, labels.shape), 1.0)
    ranked = np.sort(probs, axis=1)
    telling = (probs.argmax(axis=1) == _VEHICLE) & (ranked[:, -1] + ranked[:, -2] > 0.95)
    if not telling.any():
        return first_pixel(labels, teacher)
    best = int(np.where(telling, np.abs(ranked[:, -2] - second), np.inf).argmin())
    return int(columns[best]), int(rows[best])


def softened(logits: np.ndarray, temperature: float) -> np.ndarray:
    """softmax(logits / T) over the last axis."""
    shifted = np.exp((logits - logits.max(axis=-1, keepdims=True)) / temperature)
    shares: np.ndarray = shifted / shifted.sum(axis=-1, keepdims=True)
    return shares
