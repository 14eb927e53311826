"""A home folder for tests: a small made-up street with round numbers."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from unetkd_core.runs.home_grid import HomeCell, HomeGrid, Measured, Network
from unetkd_core.runs.home_scene import write_home

HEIGHT, WIDTH = 64, 128
TWIN = (0.86, 0.88, 0.60, 0.74, 0.38, 0.52)
WEIGHTS = (0.2, 0.6, 1.4, 0.9, 1.4, 1.5)
"""How many times the whole gain each class gains; their mean is 1."""


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


def logits_of(labels: np.ndarray) -> np.ndarray:
    """(6, h, w) float16 of a network that is rather sure of these labels, at half their size."""
    small = labels[::2, ::2]
    return np.where(np.arange(6)[:, None, None] == small, 4.0, -1.0).astype(np.float16)


def home_grid(gain: float = 0.042) -> HomeGrid:
    """T 1 and 4, α 0.1 and 0.9, two seeds of which the second is pictured. At T 4 and α 0.9 students gain `gain`, at
    T 1 and α 0.1 they lose a point, and both other cells gain half of `gain`: seed 0 0.4 points more, seed 1 less.
    """
    photo, labels = street()
    twins = (Measured(0.666, TWIN, "twin-0"), Measured(0.672, TWIN, "twin-1"))
    told = {(0.1, 1.0): -0.01, (0.1, 4.0): gain / 2, (0.9, 1.0): gain / 2, (0.9, 4.0): gain}
    cells = tuple(_cell(*where, mean, twins) for where, mean in told.items())
    missed = ((3, 4, 5), (5,), (5,), (4,))
    return HomeGrid(
        dataset="streets:test",
        index=7,
        scenes=500,
        seeds=(0, 1),
        shown=1,
        student=Network("M128", 482_000),
        teacher=Network("M256", 1_940_000),
        teacher_scores=Measured(0.806, (0.95, 0.97, 0.91, 0.94, 0.76, 0.70)),
        twins=twins,
        cells=cells,
        photo=photo,
        truth=labels,
        twin_seen=logits_of(without(labels, 4, 5)),
        cells_seen=tuple(logits_of(without(labels, *classes)) for classes in missed),
    )


def _cell(alpha: float, temperature: float, gain: float, twins: tuple[Measured, ...]) -> HomeCell:
    half = 0.004
    students = tuple(
        Measured(
            twin.miou + gain + off, tuple(v + gain * w for v, w in zip(TWIN, WEIGHTS, strict=True)), f"run-{place}"
        )
        for place, (twin, off) in enumerate(zip(twins, (half, -half), strict=True))
    )
    return HomeCell(alpha, temperature, students)


def make_home_folder(folder: Path, gain: float = 0.042) -> Path:
    """Write `home_grid` into `folder`."""
    write_home(folder, home_grid(gain), {"command": "made for a test"})
    return folder


def make_single_folder(folder: Path) -> Path:
    """One student at T 4 and α 0.9 beside one twin: a command line may ask for no more."""
    whole = home_grid()
    twin, student = whole.twins[0], whole.cells[3]
    alone = replace(student, students=student.students[:1])
    one = replace(whole, seeds=(0,), shown=0, twins=(twin,), cells=(alone,), cells_seen=whole.cells_seen[3:])
    write_home(folder, one, {"command": "for a test"})
    return folder
