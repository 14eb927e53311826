"""What each network says about one picture, and how right it is: the numbers that Compare shows.

Asks the caches for label maps and scores; draws nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pages.ui import caches, kit, trio
from pages.ui.kit import percent
from pages.ui.upload import Photo
from unetkd_core.errors import UnetKDError
from unetkd_core.zoo.checkpoints import CheckpointInfo

if TYPE_CHECKING:
    from unetkd_core.metrics import Scores

SHORT = {"teacher": "Teacher", "student": "Student", "twin": "Twin", "ensemble": "Ensemble"}
CALLED = {
    "teacher": "the teacher",
    "student": "the taught student",
    "twin": "the untaught twin",
    "ensemble": "the ensemble",
}
FEW = 3
"""More networks than this are not told one by one in a sentence."""


@dataclass(frozen=True)
class Picture:
    """What is read: photo (H, W, 3) uint8, truth (H, W) uint8 or None, and whether it is somebody's own."""

    image: np.ndarray
    truth: np.ndarray | None
    private: bool = False


@dataclass(frozen=True)
class Reading:
    """One network's answer.

    labels: (H, W) uint8 at the picture's size; logits: (6, h, w) float16 at the network's own; scores: against the
    truth, or where there is none the judge's answer. `role` is whose colour and shape it has, by what it is: whoever
    was trained alone is a teacher to be. `alone`: nobody else has that role here, so that the role is name enough;
    `name` tells it from the others.
    """

    ref: str
    info: CheckpointInfo
    name: str
    alone: bool = True
    labels: np.ndarray | None = None
    logits: np.ndarray | None = None
    scores: "Scores | None" = None
    problem: str = ""

    @property
    def role(self) -> str:
        return role_of(self.info)

    @property
    def title(self) -> str:
        """As a caption."""
        return kit.ROLE[self.role].name if self.alone else self.name

    @property
    def detail(self) -> str:
        """Beside the title: M128; nothing where the title is a name itself."""
        return trio.size_name(self.info) if self.alone else ""

    @property
    def short(self) -> str:
        """As a table's row."""
        return SHORT[self.role] if self.alone else self.name

    @property
    def called(self) -> str:
        """In a sentence."""
        return CALLED[self.role] if self.alone else self.name

    @property
    def right(self) -> float | None:
        """Fraction of pixels that are right (or as the judge says), once it was read."""
        return self.scores.pixel_accuracy if self.scores else None


def role_of(info: CheckpointInfo) -> str:
    """teacher, student, twin or ensemble."""
    return "teacher" if info.role == "alone" else info.role


def cast(known: trio.Known, refs: Sequence[str]) -> list[Reading]:
    """The networks of these references, each once and in their order, before they have read anything."""
    infos = dict(known)
    chosen = [ref for ref in dict.fromkeys(refs) if ref in infos]
    roles = [role_of(infos[ref]) for ref in chosen]
    names = _names(known, chosen)
    return [
        Reading(ref, infos[ref], name, roles.count(role) == 1)
        for ref, name, role in zip(chosen, names, roles, strict=True)
    ]


def _names(known: trio.Known, refs: Sequence[str]) -> list[str]:
    """M256, M512, ... where that tells them apart, else what the menus call them."""
    infos = dict(known)
    sizes = [trio.size_name(infos[ref]) for ref in refs]
    return [
        trio.label(known, ref) if sizes.count(size) > 1 or infos[ref].role == "ensemble" else size
        for ref, size in zip(refs, sizes, strict=True)
    ]


def first(readings: Sequence[Reading], role: str) -> Reading | None:
    """The first network of a role."""
    return next((r for r in readings if r.role == role), None)


def judge(readings: Sequence[Reading]) -> Reading | None:
    """Whose answer stands for the truth where there is none: the first that teaches and could read the picture."""
    return next((r for r in readings if r.role in ("teacher", "ensemble") and r.labels is not None), None)


def label(readings: Sequence[Reading], picture: Picture) -> list[Reading]:
    """The same with what they say, or with why a network cannot be loaded. Imports torch: seconds the first time."""
    return [_labelled(r, picture) for r in readings]


def _labelled(reading: Reading, picture: Picture) -> Reading:
    ref, sha256 = reading.ref, reading.info.sha256
    try:
        labels, logits = caches.predict(ref, sha256, picture.image, private=picture.private)
    except UnetKDError as error:
        # One damaged checkpoint must not take the others off the screen.
        return replace(reading, problem=str(error))
    return replace(reading, labels=labels, logits=logits)


def score(readings: Sequence[Reading], picture: Picture) -> list[Reading]:
    """The same with scores, against the truth or else the judge. Imports torchmetrics: seconds the first time."""
    truth, judged = _judged(readings, picture)
    found = {r.ref: caches.score(r.labels, truth) for r in judged if r.labels is not None and truth is not None}
    return [replace(r, scores=found.get(r.ref)) for r in readings]


def _judged(readings: Sequence[Reading], picture: Picture) -> tuple[np.ndarray | None, list[Reading]]:
    """(what is held to be right, who is judged by it)."""
    done = [r for r in readings if r.labels is not None]
    if picture.truth is not None:
        return picture.truth, done
    told = judge(readings)
    return (None, []) if told is None else (told.labels, [r for r in done if r is not told])


def read(readings: list[Reading], picture: Picture) -> tuple[list[Reading], Callable[[], object] | None]:
    """What can be said at once, and what to call once that is painted, before the next run; None when all is said."""
    if readings and not caches.torch_is_loaded():
        return readings, lambda: label(readings, picture)
    labelled = label(readings, picture)
    if _judged(labelled, picture)[1] and not caches.metrics_are_loaded():
        return labelled, lambda: score(labelled, picture)
    return score(labelled, picture), None


def note(reading: Reading, picture: Picture, judged_by: Reading | None) -> str:
    """The one number of a caption."""
    if reading.problem:
        return "cannot be read"
    if reading.labels is None:
        return "reading …"
    if reading.right is None:
        return "" if caches.metrics_are_loaded() else "counting …"
    if picture.truth is not None:
        return f"{percent(reading.right)} right"
    return f"as {judged_by.called if judged_by else 'the teacher'} on {percent(reading.right)}"


def answer(readings: Sequence[Reading], picture: Picture) -> str:
    """The sentence under the question, with its number, as plain text."""
    if not readings:
        return "Nobody yet: there is no trained network here."
    if all(r.problem for r in readings):
        return "None of the networks that were chosen can be read."
    if any(r.labels is None and not r.problem for r in readings):
        return "The networks are reading it now."
    scored = [r for r in readings if r.right is not None]
    if not scored:
        return "There is no label for this photo: judge by eye." if _lonely(readings, picture) else _COUNTING
    return _of_truth(scored) if picture.truth is not None else _of_judge(scored, judge(readings))


_COUNTING = "The networks have read it; counting."


def _lonely(readings: Sequence[Reading], picture: Picture) -> bool:
    return picture.truth is None and not _judged(readings, picture)[1]


def _of_truth(scored: Sequence[Reading]) -> str:
    student, twin = first(scored, "student"), first(scored, "twin")
    if student and twin and student.alone and twin.alone:
        told = f"the taught student gets {percent(student.right)} right, the untaught twin {percent(twin.right)}"
        return f"Of this street’s pixels {told}."
    if len(scored) <= FEW:
        (one, *others) = scored
        rest = "".join(f", {r.called} {percent(r.right)}" for r in others)
        return f"Of this street’s pixels {one.called} gets {percent(one.right)} right{rest}."
    best, *_, worst = sorted(scored, key=lambda r: -(r.right or 0.0))
    return (
        f"Of this street’s pixels {best.called} gets {percent(best.right)} right, the most of {len(scored)}, "
        f"and {worst.called} {percent(worst.right)}, the fewest."
    )


def _of_judge(scored: Sequence[Reading], told_by: Reading | None) -> str:
    student, twin = first(scored, "student") or scored[0], first(scored, "twin")
    if told_by is None:
        return "There is no label for this photo: judge by eye."
    told = f"{_upper(student.called)} says what {told_by.called} says on {percent(student.right)} of this photo"
    return told + (f", {twin.called} on {percent(twin.right)}." if twin and twin is not student else ".")


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def photo_remarks(readings: Sequence[Reading], photo: Photo) -> list[str]:
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
