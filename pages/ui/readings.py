"""What each network says about one picture, and how right it is: the numbers that Compare shows.

Asks the caches for label maps and scores; draws nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pages.ui import caches, trio
from pages.ui.kit import percent
from pages.ui.upload import Photo
from unetkd_core.errors import UnetKDError
from unetkd_core.zoo.checkpoints import CheckpointInfo

if TYPE_CHECKING:
    from unetkd_core.metrics import Scores


@dataclass(frozen=True)
class Picture:
    """What is read: photo (H, W, 3) uint8, truth (H, W) uint8 or None, and whether it is somebody's own."""

    image: np.ndarray
    truth: np.ndarray | None
    private: bool = False


@dataclass(frozen=True)
class Reading:
    """One network's answer: labels (H, W) uint8, scores against the truth, or the teacher where there is none."""

    role: str
    ref: str
    info: CheckpointInfo
    labels: np.ndarray | None = None
    scores: "Scores | None" = None
    problem: str = ""

    @property
    def shown_as(self) -> str:
        """The role whose colour and shape it has on the screen: an ensemble that teaches is still an ensemble."""
        return "ensemble" if self.info.role == "ensemble" else self.role

    @property
    def right(self) -> float | None:
        """Fraction of pixels that are right (or as the teacher says), once it was read."""
        return self.scores.pixel_accuracy if self.scores else None


def cast(known: trio.Known, chosen: Mapping[str, str]) -> list[Reading]:
    """The networks that were chosen, in the order teacher, student, twin, before they have read anything."""
    infos = dict(known)
    return [Reading(role, ref, infos[ref]) for role in trio.ROLES if (ref := chosen.get(role, trio.NOBODY)) in infos]


def label(readings: list[Reading], picture: Picture) -> list[Reading]:
    """The same with label maps, or with why a network cannot be loaded. Imports torch: seconds the first time."""
    return [_labelled(r, picture) for r in readings]


def _labelled(reading: Reading, picture: Picture) -> Reading:
    ref, sha256 = reading.ref, reading.info.sha256
    try:
        return replace(reading, labels=caches.predict_labels(ref, sha256, picture.image, private=picture.private))
    except UnetKDError as error:
        # One damaged checkpoint must not take the other two off the screen.
        return replace(reading, problem=str(error))


def score(readings: list[Reading], picture: Picture) -> list[Reading]:
    """The same with scores, against the truth or else the teacher. Imports torchmetrics: seconds the first time."""
    truth, judged = _judged(readings, picture)
    found = {r.role: caches.score(r.labels, truth) for r in judged if r.labels is not None and truth is not None}
    return [replace(r, scores=found.get(r.role)) for r in readings]


def _judged(readings: list[Reading], picture: Picture) -> tuple[np.ndarray | None, list[Reading]]:
    """(what is held to be right, who is judged by it): the label, or else the teacher's answer for the two others."""
    done = [r for r in readings if r.labels is not None]
    if picture.truth is not None:
        return picture.truth, done
    teacher = next((r.labels for r in done if r.role == "teacher"), None)
    return teacher, [r for r in done if r.role != "teacher"] if teacher is not None else []


def read(readings: list[Reading], picture: Picture) -> tuple[list[Reading], Callable[[], object] | None]:
    """What can be said at once, and what to call once that is painted, before the next run; None when all is said."""
    if readings and not caches.torch_is_loaded():
        return readings, lambda: label(readings, picture)
    labelled = label(readings, picture)
    if _judged(labelled, picture)[1] and not caches.metrics_are_loaded():
        return labelled, lambda: score(labelled, picture)
    return score(labelled, picture), None


def note(reading: Reading, picture: Picture) -> str:
    """The one number of a caption."""
    if reading.problem:
        return "cannot be read"
    if reading.labels is None:
        return "reading …"
    if reading.right is None:
        return "" if caches.metrics_are_loaded() else "counting …"
    return (
        f"{percent(reading.right)} right"
        if picture.truth is not None
        else f"as the teacher on {percent(reading.right)}"
    )


def answer(readings: list[Reading], picture: Picture) -> str:
    """The sentence under the question, with its number."""
    by_role = {r.role: r for r in readings}
    student, twin, teacher = by_role.get("student"), by_role.get("twin"), by_role.get("teacher")
    if not readings:
        return "Nobody yet: there is no trained network here."
    if all(r.problem for r in readings):
        return "None of the networks that were chosen can be read."
    if any(r.labels is None and not r.problem for r in readings):
        return "The networks are reading it now."
    if picture.truth is not None and not any(r.scores for r in readings):
        return "The networks have read it; counting."
    if picture.truth is None:
        if not teacher or not student or student.right is None:
            return "There is no label for this photo: judge by eye."
        told = f"The taught student says what its teacher says on {percent(student.right)} of this photo"
        return told + (f", its untaught twin on {percent(twin.right)}." if twin and twin.right is not None else ".")
    parts = [
        f"{who} {percent(r.right)}"
        for who, r in (("the taught student gets", student), ("its untaught twin", twin))
        if r
    ]
    if not student:
        parts = [f"the {r.role} gets {percent(r.right)}" for r in readings]
    sentence = ", ".join(parts)
    first, _, rest = sentence.partition(",")
    return f"Of this street’s pixels {first} right{',' if rest else ''}{rest}."


def photo_remarks(readings: list[Reading], photo: Photo) -> list[str]:
    """For whoever looks at their own photo: what the networks learned from, and at what size it is read."""
    told = []
    learned = sorted({ref.split(":")[0] for r in readings for ref in r.info.data})
    if learned:
        kind = "your photo is a picture of another kind, so expect more misses"
        told.append(f"These networks learned from {' and '.join(learned)}: {kind}.")
    (height, width), (rows, columns) = photo.original, photo.image.shape[:2]
    if (height, width) != (rows, columns):
        told.append(f"Your photo has {width} × {height} pixels; it is read and shown at {columns} × {rows}.")
    return told
