"""A network's scores over a whole split, by this project's definition of mIoU: the labels' native resolution, logits
upsampled bilinearly, then argmax, one confusion matrix. Full precision (fp32). Knows no checkpoint and no dataset's
layout.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from unetkd_core.data.packed import spaced
from unetkd_core.data.source import Source
from unetkd_core.errors import DataError
from unetkd_core.inference.readout import Readout, read
from unetkd_core.inference.upsample import largest
from unetkd_core.inference.views import check_image
from unetkd_core.losses.task import cross_entropy
from unetkd_core.metrics import Scores, SegmentationMeter
from unetkd_core.models.ensemble import EnsembleTeacher

BATCH_PIXELS = 400_000
"""Pixels at the working size that go through a network at once: about 12 images of 128x256."""


class Batch(NamedTuple):
    """Scenes of one native size: images (N) of (H, W, 3) uint8, target (N, H, W) uint8."""

    images: list[np.ndarray]
    target: Tensor


def evaluate(
    model: nn.Module,
    source: Source,
    *,
    training_size: tuple[int, int],
    teacher: nn.Module | None = None,
    teacher_size: tuple[int, int] | None = None,
    limit: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Scores:
    """Scores of `model` on `source`, with its agreement with `teacher` where one is given.

    training_size, teacher_size: (height, width) that each was trained at; the teacher's is the model's when none.
    limit: at most so many scenes, evenly spaced over the split. progress(done, total) is called after each batch.
    Raises DataError when the split is empty or a scene has no labels.
    """
    indices = _scenes(source, limit)
    meter = SegmentationMeter()
    done = 0
    for batch in batches(source, indices, training_size):
        size = (batch.target.shape[1], batch.target.shape[2])
        with torch.inference_mode():
            teacher_pred = None
            if teacher is not None:
                teacher_pred = read(teacher, batch.images, teacher_size or training_size).labels(size).cpu()
            _count(meter, read(model, batch.images, training_size), batch.target, teacher_pred)
        done += len(batch.images)
        if progress is not None:
            progress(done, len(indices))
    return meter.compute()


def evaluate_ensemble(
    ensemble: EnsembleTeacher,
    source: Source,
    *,
    training_size: tuple[int, int],
    limit: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Scores, list[Scores]]:
    """Scores of the mean and of every member, each of which sees a scene once; raises as `evaluate` does."""
    indices = _scenes(source, limit)
    sizes = ensemble.sizes or (training_size,) * len(ensemble.members)
    mean, members = SegmentationMeter(), [SegmentationMeter() for _ in sizes]
    done = 0
    for batch in batches(source, indices, training_size):
        with torch.inference_mode():
            said = [read(m, batch.images, size) for m, size in zip(ensemble.members, sizes, strict=True)]
            for meter, one in zip(members, said, strict=True):
                _count(meter, one, batch.target, None)
            _count(mean, Readout([said[i].parts[0] for i in ensemble.heard], ensemble), batch.target, None)
        done += len(batch.images)
        if progress is not None:
            progress(done, len(indices))
    return mean.compute(), [meter.compute() for meter in members]


def _scenes(source: Source, limit: int | None) -> list[int]:
    indices = spaced(len(source), limit)
    if not indices:
        raise DataError(
            f"{source.ref} has no scenes; expected at least one. Check the folder, or choose another split."
        )
    return indices


def batches(source: Source, indices: list[int], training_size: tuple[int, int]) -> Iterator[Batch]:
    """Scenes in order, neighbours of equal size together. Raises DataError for one without labels."""
    most = max(1, BATCH_PIXELS // (training_size[0] * training_size[1]))
    images: list[np.ndarray] = []
    labels: list[np.ndarray] = []
    for index in indices:
        scene = source.read(index)
        check_image(scene.image)
        if scene.labels is None:
            raise DataError(
                f"{source.ref}: {source.stem(index)} has no labels; scores need them. Choose a labelled split."
            )
        if images and (len(images) >= most or images[0].shape != scene.image.shape):
            yield Batch(images, torch.from_numpy(np.stack(labels)))
            images, labels = [], []
        images.append(scene.image)
        labels.append(scene.labels)
    if images:
        yield Batch(images, torch.from_numpy(np.stack(labels)))


def _count(meter: SegmentationMeter, readout: Readout, target: Tensor, teacher_pred: Tensor | None) -> None:
    """Add one batch to the meter, in strips of rows of the labels' own size."""
    for rows, strip in readout.strips((target.shape[1], target.shape[2])):
        labels = target[:, rows].to(strip.device)
        term = cross_entropy(strip, labels.long())
        meter.update(
            largest(strip),
            labels,
            loss_total=term.total,
            loss_weight=term.weight,
            teacher_pred=None if teacher_pred is None else teacher_pred[:, rows].to(strip.device),
        )
