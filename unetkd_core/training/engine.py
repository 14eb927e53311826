"""One epoch of training and one pass of validation, on tensors. Touches no file and reads no config.

The data order, views and jitter are functions of (seed, epoch, index), so any epoch can be run again and gives the
same. The teacher sees the clean view; colour jitter touches the student's input only.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor, nn

from unetkd_core.classes import UNLABELLED, VOID
from unetkd_core.data import augment
from unetkd_core.data.views import View, choose_views, epoch_order, view_in_turn
from unetkd_core.errors import TrainingError
from unetkd_core.losses.task import cross_entropy
from unetkd_core.metrics import Scores, SegmentationMeter
from unetkd_core.training.ranks import ALONE, Ranks
from unetkd_core.training.step import ArrayData, Batch, Beside, Objective, Said, Seen, Teacher

Draw = Callable[[np.ndarray, int], np.ndarray]
"""(indices, epoch) -> the number of the view that each scene shows in that epoch."""


def training_batches(
    data: ArrayData,
    views: Sequence[View],
    *,
    draw: Draw,
    batch_size: int,
    seed: int,
    epoch: int,
    jitter: float,
    device: torch.device,
    ranks: Ranks = ALONE,
) -> Iterator[Batch]:
    """The epoch's batches, every scene once, the last one possibly smaller. A function of (seed, epoch) alone.

    ranks: of each batch, this process's share. One without a scene of its own looks at the batch's first, all of it
    VOID: every process takes every step, and nothing is learned from that.
    """
    order = epoch_order(len(data), seed=seed, epoch=epoch)
    for start in range(0, len(order), batch_size):
        batch = order[start : start + batch_size]
        indices, first = ranks.share(batch)
        stands_in = len(indices) == 0
        if stands_in:
            indices = batch[:1]
        images, labels = data.gather(indices)
        if stands_in:
            labels = np.full_like(labels, VOID)
        image, target = augment.apply_views(
            torch.from_numpy(images).to(device), torch.from_numpy(labels).to(device), draw(indices, epoch), views
        )
        student_image = augment.jitter(image, jitter, seed=seed, epoch=epoch, indices=indices) if jitter else image
        yield Batch(image, student_image, target, indices, bool((labels < UNLABELLED).any()), first, len(batch))


def drawing(views: int, *, seed: int, turns: int | None) -> Draw:
    """How the views are drawn: `turns` of them in turn, whatever the seed; none: by chance."""
    if turns is None:
        return lambda indices, epoch: choose_views(views, indices, seed=seed, epoch=epoch)
    return lambda indices, epoch: view_in_turn(views, indices, turn=epoch % turns)


def train_epoch(
    model: nn.Module,
    batches: Iterator[Batch],
    *,
    objective: Objective,
    teacher: Teacher | None,
    optimizer: torch.optim.Optimizer,
    accelerator: Accelerator,
    learning_rate: Callable[[int], float],
    first_step: int,
    clip_norm: float | None,
    on_step: Callable[[int, int], None],
    frozen: nn.Module | None = None,
    needs_labels: bool = True,
    ask: Callable[[Tensor], Said] | None = None,
    beside: Beside | None = None,
    adapters: Sequence[nn.Parameter] = (),
    ranks: Ranks = ALONE,
) -> dict[str, float]:
    """Train on every batch once; returns the mean of each of the objective's parts over the images of its steps.

    needs_labels: nothing is learned from a batch without a label, so that it is no step: no momentum, no decay. A part
    is averaged over the batches that hold something of it (StepLoss.weights), and left out where none did.

    learning_rate: global step -> rate; a parameter group takes its `rate` share of it. frozen: a part of `model` that
    stays in eval, so that its statistics do not move; whoever freezes it switches its gradients off. ask: calls
    `model`, where the objective wants to see more than its logits. beside: learns after each of the student's
    steps, and its losses are averaged too. adapters: move with the student and are no part of `model`. ranks: the
    processes that take each step together; every one is given the same means. on_step(step in this epoch from 1,
    images of the step) is called after each step; what it raises ends the epoch. Raises TrainingError naming the term
    when a loss is NaN or infinite, or when there was nothing to learn from.
    """
    model.train()
    if frozen is not None:
        frozen.eval()
    check_every = 1 if accelerator.device.type == "cpu" else 20  # on an accelerator every look waits for the queue
    means = _Means()
    step = taken = 0
    for step, batch in enumerate(batches, start=1):
        if needs_labels and not ranks.any(batch.labelled):
            continue
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(first_step + step - 1) * group.get("rate", 1.0)
        said = teacher(batch) if teacher is not None else None
        seen = Seen(Said(model(batch.student_image)) if ask is None else ask(batch.student_image), batch, said)
        loss = objective(seen)
        if step % check_every == 0:
            require_finite({**loss.parts, "total": loss.total}, where=f"at step {step} of the epoch")
        optimizer.zero_grad(set_to_none=True)
        accelerator.backward(loss.total)
        ranks.add_gradients(adapters, scale=1 / ranks.count)  # DDP does so with the model's
        if clip_norm is not None:
            accelerator.clip_grad_norm_(model.parameters(), clip_norm)
        optimizer.step()
        taken += 1
        means.add(loss.parts, batch.scenes, loss.weights)
        if beside is not None:
            means.add(beside(seen, first_step + step - 1), batch.scenes)
        on_step(step, batch.scenes)
    if not taken:
        raise TrainingError(f"None of the epoch's {step} batches has a label, and nothing here teaches without.")
    return means.close(where=f"within the epoch's {step} steps")


class _Means:
    """Sums of named losses over an epoch's images, kept where they are computed: reading one waits for the device."""

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._images: dict[str, Tensor] = {}

    def add(self, parts: Mapping[str, Tensor], images: int, weights: Mapping[str, Tensor] | None = None) -> None:
        for name, value in parts.items():
            weight = (weights or {}).get(name)
            counted = value.new_tensor(images) if weight is None else (weight > 0) * images
            self._images[name] = self._images.get(name, 0) + counted
            self._sums[name] = self._sums.get(name, torch.zeros((), device=value.device)) + value.detach() * counted

    def close(self, *, where: str) -> dict[str, float]:
        """Raises TrainingError, with `where`, when one is no number."""
        require_finite(self._sums, where=where)
        images = {name: int(count) for name, count in self._images.items()}
        return {name: float(value) / images[name] for name, value in self._sums.items() if images[name]}


def require_finite(losses: Mapping[str, Tensor], *, where: str) -> None:
    """Raise TrainingError naming the first term that is NaN or infinite."""
    for name, value in losses.items():
        number = float(value.detach())
        if not math.isfinite(number):
            raise TrainingError(
                f"The {name} loss became {'not a number' if math.isnan(number) else 'infinite'} {where}; "
                "a lower learning rate, a norm to clip to, or fp32 usually helps."
            )


class Validation(NamedTuple):
    """scores: over the whole set at its packed size; kept: (K, H, W) uint8, predictions of the scenes asked for."""

    scores: Scores
    kept: np.ndarray


def validate(
    model: nn.Module,
    data: ArrayData,
    *,
    batch_size: int,
    accelerator: Accelerator,
    memory_format: torch.memory_format,
    teacher_pred: np.ndarray | None = None,
    keep: Sequence[int] = (),
    on_step: Callable[[int], None] = lambda images: None,
    ranks: Ranks = ALONE,
) -> Validation:
    """Scores of `model` on every scene, unaugmented, with unweighted cross-entropy; `on_step(images)` after each batch.

    ranks: each process takes every so many-th batch, and all are given the scores of all; what each has counted is
    added up, so that they are those of one process.

    teacher_pred: (N, H, W) uint8, the teacher's classes for the agreement, or None. keep: indices whose predictions
    are given back. Raises TrainingError when the loss is NaN or infinite.
    """
    model.eval()
    meter = SegmentationMeter()
    kept: dict[int, np.ndarray] = {}
    for start in range(ranks.rank * batch_size, len(data), batch_size * ranks.count):
        indices = np.arange(start, min(start + batch_size, len(data)))
        images, labels = data.gather(indices)
        image = _to_image(images, accelerator.device, memory_format)
        target = torch.from_numpy(labels).to(accelerator.device).long()
        with torch.inference_mode():
            logits = model(image).float()
            term = cross_entropy(logits, target)
            require_finite({"validation": term.total}, where=f"on scenes {start} to {indices[-1]}")
            pred = logits.max(dim=1).indices  # four times as fast as argmax on a CPU
            theirs = None if teacher_pred is None else torch.from_numpy(teacher_pred[indices]).to(accelerator.device)
            meter.update(pred, target, loss_total=term.total, loss_weight=term.weight, teacher_pred=theirs)
        for index in set(keep).intersection(indices.tolist()):
            kept[index] = pred[index - start].to(torch.uint8).cpu().numpy()
        on_step(len(indices))
    if ranks.count > 1:
        meter.add_up(ranks.total)
    return Validation(meter.compute(), _of_all(kept, keep, data, ranks))


def _of_all(kept: Mapping[int, np.ndarray], keep: Sequence[int], data: ArrayData, ranks: Ranks) -> np.ndarray:
    """(K, H, W) uint8: what is kept, whichever process has it."""
    if not keep:
        return np.zeros((0, 0, 0), np.uint8)
    if ranks.count == 1:
        return np.stack([kept[index] for index in keep])
    nothing = np.zeros_like(data.gather(np.zeros(1, np.int64))[1][0])
    mine = np.stack([kept.get(index, nothing) for index in keep])
    return np.asarray(ranks.total(torch.from_numpy(mine)).numpy())


def predict_labels(
    network: Callable[[Tensor], Tensor], images: np.ndarray, *, device: torch.device, memory_format: torch.memory_format
) -> np.ndarray:
    """Classes (B, H, W) uint8 of images (B, H, W, 3) uint8, at that size."""
    with torch.inference_mode():
        pred = network(_to_image(images, device, memory_format)).argmax(dim=1)
    labels: np.ndarray = pred.to(torch.uint8).cpu().numpy()
    return labels


def _to_image(images: np.ndarray, device: torch.device, memory_format: torch.memory_format) -> Tensor:
    """(B, H, W, 3) uint8 -> (B, 3, H, W) float32 in [0, 1]."""
    return (torch.from_numpy(images).to(device).permute(0, 3, 1, 2).float() / 255.0).contiguous(
        memory_format=memory_format
    )
