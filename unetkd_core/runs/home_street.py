"""One street for Home: a typical one, not the best; and what each of the pictured networks says of it."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from unetkd_core.classes import NUM_CLASSES
from unetkd_core.data.source import Source
from unetkd_core.errors import DataError
from unetkd_core.runs.home_plan import SIZE
from unetkd_core.zoo import references
from unetkd_core.zoo.references import Reference

if TYPE_CHECKING:
    from unetkd_core.zoo.references import Loaded

CANDIDATES: Final = 60
"""The scene is looked for among this many first scenes of the split."""
Say = Callable[[str, int, int], None]
"""(what is being done, how many of it are done, of how many)."""


class Pictured:
    """The networks that are shown, loaded: of one seed the twin, and the student of every cell."""

    def __init__(self, twin: Reference, students: Sequence[Reference]) -> None:
        self.twin = references.load_model(twin, "auto")
        self.students = [references.load_model(ref, "auto") for ref in students]

    def seen(self, image: np.ndarray) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
        """What twin and students say of the image, as HomeGrid keeps it."""
        return _logits(self.twin, image), tuple(_logits(one, image) for one in self.students)

    def gains(self, photo: np.ndarray, labels: np.ndarray) -> list[float]:
        """Cell by cell, the student's mIoU on one scene minus its twin's."""
        twin = image_miou(_labels(self.twin, photo), labels)
        return [image_miou(_labels(one, photo), labels) - twin for one in self.students]


def _logits(loaded: "Loaded", image: np.ndarray) -> np.ndarray:
    """(6, h, w) float16, centred: a constant means nothing to softmax, and float16 is finest near zero."""
    from unetkd_core.inference.predict import predict

    logits = predict(loaded.model, image, training_size=(loaded.info.height, loaded.info.width)).logits
    return (logits - logits.mean(axis=0, keepdims=True)).clip(-60000, 60000).astype(np.float16)


def _labels(loaded: "Loaded", image: np.ndarray) -> np.ndarray:
    from unetkd_core.inference.predict import predict

    return predict(loaded.model, image, training_size=(loaded.info.height, loaded.info.width)).labels


def read_scene(source: Source, index: int, *, large: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """(photo (H, W, 3), labels (H, W)), both uint8; large: as the page shows a street that is drawn.

    Raises DataError where there are no labels.
    """
    scene = source.read_at(index, *SIZE) if large and source.rendered else source.read(index)
    if scene.labels is None:
        raise DataError(f"{source.ref} has no labels; Home needs the true ones. Choose a labelled split.")
    return scene.image, scene.labels


def typical_scene(source: Source, pictured: Pictured, say: Say) -> int:
    """Index of the scene to show: of the first 60 that show all six classes, the one whose own gains, cell by cell, lie
    nearest to the mean gains of those 60.
    """
    found: list[list[float]] = []
    complete: list[bool] = []
    count = min(CANDIDATES, len(source))
    for index in range(count):
        say("Looking for a typical street", index, count)
        photo, labels = read_scene(source, index)
        found.append(pictured.gains(photo, labels))
        complete.append(len(np.unique(labels[labels < NUM_CLASSES])) == NUM_CLASSES)
    return nearest_to_mean(found, complete)


def nearest_to_mean(gains: Sequence[Sequence[float]], complete: Sequence[bool]) -> int:
    """Index of the scene whose gains (one a cell) are least far from the mean of all scenes, the distance averaged over
    cells; among those where `complete` (among all, where none is).
    """
    rows = np.asarray(gains, np.float64)
    far = np.abs(rows - rows.mean(axis=0)).mean(axis=1)
    allowed = [i for i, whole in enumerate(complete) if whole] or list(range(len(rows)))
    return min(allowed, key=lambda i: float(far[i]))


def image_miou(pred: np.ndarray, labels: np.ndarray) -> float:
    """Mean IoU of one image's (H, W) labels over the classes in either; void and unlabelled pixels count nowhere.

    Only for choosing a scene: what is reported is the IoU over a whole split, which is another, smaller number.
    """
    known = labels < NUM_CLASSES
    pred, labels = pred[known], labels[known]
    ious = []
    for c in range(NUM_CLASSES):
        union = np.count_nonzero((pred == c) | (labels == c))
        if union:
            ious.append(np.count_nonzero((pred == c) & (labels == c)) / union)
    return float(np.mean(ious)) if ious else float("nan")
