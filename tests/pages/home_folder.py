"""A home folder for tests: a small made-up street with round numbers."""

import math
from pathlib import Path

import numpy as np

from unetkd_core.runs.home_scene import HomeScene, Measured, write_home

HEIGHT, WIDTH = 64, 128


def street() -> tuple[np.ndarray, np.ndarray]:
    """(photo (64, 128, 3) uint8, labels (64, 128) uint8) with all six classes."""
    labels = np.zeros((HEIGHT, WIDTH), np.uint8)
    labels[32:] = 1
    labels[32:, :24] = 2
    labels[28:44, 80:112] = 3
    labels[8:40, 30:32] = 4
    labels[24:50, 50:56] = 5
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    photo = np.stack([columns + 60, rows * 2 + 60, 200 - columns], axis=-1).astype(np.uint8)
    return photo, labels


def without(labels: np.ndarray, *classes: int) -> np.ndarray:
    """The labels as a network would give them that misses `classes`."""
    return np.where(np.isin(labels, classes), 1, labels).astype(np.uint8)


def home_scene(gain: float = 0.042) -> HomeScene:
    """A scene whose student beats its twin by `gain`, a fraction; the person gains most."""
    photo, labels = street()
    twin = (0.86, 0.88, 0.60, 0.74, 0.38, 0.52)
    student = tuple(v + gain * w for v, w in zip(twin, (0.2, 0.6, 1.4, 0.9, 1.4, 1.5), strict=True))
    return HomeScene(
        dataset="streets:val",
        index=7,
        scenes=500,
        seeds=1,
        photo=photo,
        settings={"alpha": 0.5, "temperature": 4.0, "scale_by_t2": True, "epochs": 20, "height": 128, "width": 256},
        teacher=Measured("m256", "M256", 1_940_000, 0.806, (0.95, 0.97, 0.91, 0.94, 0.76, math.nan)),
        student=Measured("m128", "M128", 482_000, 0.669 + gain, student),
        twin=Measured("m128-twin", "M128", 482_000, 0.669, twin),
        labels={"truth": labels, "teacher": labels, "student": without(labels, 4), "twin": without(labels, 4, 5)},
    )


def make_home_folder(folder: Path, gain: float = 0.042) -> Path:
    """Write `home_scene` into `folder`."""
    write_home(folder, home_scene(gain), "made for a test")
    return folder
