"""What Home tells, as data: one street read by students that were really taught at every cell of a grid of T and α, by
their untaught twins and by the teacher, with scores over a whole split. Numbers and arrays; touches no file.

Numbers are means over seeds. The pictures are of one seed throughout, so that only α and T change what is seen.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class Measured:
    """One trained network's scores over the split at native resolution, in [0, 1]; NaN for a class that is absent."""

    miou: float
    iou: tuple[float, ...]
    run: str = ""


@dataclass(frozen=True)
class Network:
    """Which network it is: title for people, parameters."""

    title: str
    parameters: int


@dataclass(frozen=True)
class HomeCell:
    """One way of teaching. students: one a seed, in the order of the grid's seeds."""

    alpha: float
    temperature: float
    students: tuple[Measured, ...]


@dataclass(frozen=True)
class HomeGrid:
    """Everything that Home shows.

    cells: α by α and within it T by T, both rising. twins: one a seed. shown: the place, among the seeds, of the one
    whose networks are pictured. teacher_scores: at the size of the pictures that it taught from. photo: (H, W, 3)
    uint8; truth: (H, W) uint8. twin_seen, cells_seen: what the pictured networks say of the photo, (6, h, w) float16
    logits at their own resolution.
    """

    dataset: str
    index: int
    scenes: int
    seeds: tuple[int, ...]
    shown: int
    student: Network
    teacher: Network
    teacher_scores: Measured
    twins: tuple[Measured, ...]
    cells: tuple[HomeCell, ...]
    photo: np.ndarray
    truth: np.ndarray
    twin_seen: np.ndarray
    cells_seen: tuple[np.ndarray, ...]

    @cached_property
    def temperatures(self) -> tuple[float, ...]:
        """Where a student was trained, rising."""
        return tuple(sorted({cell.temperature for cell in self.cells}))

    @cached_property
    def alphas(self) -> tuple[float, ...]:
        """Where a student was trained, rising."""
        return tuple(sorted({cell.alpha for cell in self.cells}))

    @property
    def twin_miou(self) -> float:
        """The untaught twins' mean mIoU."""
        return mean([twin.miou for twin in self.twins])

    def nearest(self, alpha: float, temperature: float) -> int:
        """The number of the cell that is nearest: α by its distance, T by its ratio."""
        a = min(self.alphas, key=lambda one: abs(one - alpha))
        t = min(self.temperatures, key=lambda one: abs(math.log(one / temperature)))
        return next(i for i, cell in enumerate(self.cells) if (cell.alpha, cell.temperature) == (a, t))

    def miou(self, number: int) -> float:
        """The mean mIoU of a cell's students."""
        return mean([student.miou for student in self.cells[number].students])

    def gains(self, number: int) -> list[float]:
        """Of a cell's students, seed by seed: mIoU minus its own twin's, a difference of fractions."""
        return gains(self.cells[number].students, self.twins)

    def gain(self, number: int) -> float:
        """The mean of those gains."""
        return mean(self.gains(number))

    def spread(self, number: int) -> float | None:
        """The sample standard deviation of those gains; none from one seed."""
        found = self.gains(number)
        return statistics.stdev(found) if len(found) > 1 else None

    def class_gains(self, number: int) -> list[tuple[int, float]]:
        """(class, mean gain of its IoU), the largest first; classes that no seed can compare are left out."""
        students = self.cells[number].students
        found = []
        for index in range(len(self.teacher_scores.iou)):
            one = mean([s.iou[index] - t.iou[index] for s, t in zip(students, self.twins, strict=True)])
            if not math.isnan(one):
                found.append((index, one))
        return sorted(found, key=lambda pair: -pair[1])


def mean(values: Sequence[float]) -> float:
    """Of those that are numbers; NaN where none is."""
    known = [value for value in values if not math.isnan(value)]
    return statistics.fmean(known) if known else math.nan


def gains(students: Sequence[Measured], twins: Sequence[Measured]) -> list[float]:
    """Each student's mIoU minus that of the twin of its seed."""
    return [student.miou - twin.miou for student, twin in zip(students, twins, strict=True)]


def pictured(cells: Sequence[HomeCell], twins: Sequence[Measured]) -> int:
    """The place of the seed to show: the one whose gain, the mean over all cells, is the middle one."""
    return middle([mean(of_seed) for of_seed in zip(*(gains(cell.students, twins) for cell in cells), strict=True)])


def middle(values: Sequence[float]) -> int:
    """The place of the middle value; of an even number, of the lower of the two in the middle."""
    return sorted(range(len(values)), key=lambda place: values[place])[(len(values) - 1) // 2]
