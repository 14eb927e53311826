"""Scores of a segmentation, from one confusion matrix over a whole split: torchmetrics behind our class names.

Knows no model and no dataset: it is handed predictions and labels. `Scores` needs no torch, so that pages and folders
can read them; the meter imports it when it is made. All fractions lie in [0, 1]. The mean of per-image IoUs is another,
larger number.
"""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from unetkd_core.classes import NUM_CLASSES, UNLABELLED, VOID

if TYPE_CHECKING:
    from torch import Tensor

NAN = float("nan")


@dataclass(frozen=True)
class Scores:
    """What was measured over a split. NaN in Python and null in JSON where there is nothing to measure.

    miou: mean of `iou` over the classes that occur in prediction or label. iou: one a class, NaN where it occurs in
    neither. pixel_accuracy: share of labelled pixels that are right. loss_ce: unweighted cross-entropy in nats, mean
    over labelled pixels. agreement: share of labelled pixels with the teacher's class. pixels: how many are labelled.
    """

    miou: float
    iou: tuple[float, ...]
    pixel_accuracy: float
    loss_ce: float = NAN
    agreement: float = NAN
    pixels: int = 0

    def to_json(self) -> dict[str, Any]:
        """A dict of JSON values: what is not a finite number becomes null."""
        return {
            key: [_to_null(v) for v in value] if key == "iou" else _to_null(value)
            for key, value in asdict(self).items()
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Scores":
        """The inverse of `to_json`; fields that are not known are left out. Raises KeyError, TypeError, ValueError for
        other data.
        """
        return cls(
            miou=_from_null(data["miou"]),
            iou=tuple(_from_null(v) for v in data["iou"]),
            pixel_accuracy=_from_null(data["pixel_accuracy"]),
            loss_ce=_from_null(data.get("loss_ce")),
            agreement=_from_null(data.get("agreement")),
            pixels=int(data.get("pixels") or 0),
        )


def _to_null(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _from_null(value: float | None) -> float:
    return NAN if value is None else float(value)


class SegmentationMeter:
    """Adds up batches; `compute` gives the scores of everything so far.

    Pixels whose target is VOID or UNLABELLED count nowhere, whatever was predicted there.
    """

    def __init__(self, num_classes: int = NUM_CLASSES) -> None:
        from torchmetrics.classification import MulticlassConfusionMatrix

        self.num_classes = num_classes
        # validate_args looks for the distinct values of every batch, which costs more than counting; `_labelled` checks
        # instead.
        self._confusion = MulticlassConfusionMatrix(num_classes, validate_args=False)
        self._loss_total = self._loss_weight = 0.0
        self._agreeing = self._taught = 0

    def update(
        self,
        pred: "Tensor",
        target: "Tensor",
        *,
        loss_total: "Tensor | float | None" = None,
        loss_weight: "Tensor | float | None" = None,
        teacher_pred: "Tensor | None" = None,
    ) -> None:
        """Count one batch.

        pred, teacher_pred: (N, H, W) integers 0 to num_classes - 1. target: (N, H, W) integers, the same or VOID or
        UNLABELLED. loss_total, loss_weight: a `losses.Term`'s two numbers, unweighted by class. Raises ValueError for
        other values and shapes.
        """
        if pred.shape != target.shape:
            raise ValueError(f"pred is {tuple(pred.shape)} and target {tuple(target.shape)}; expected equal shapes")
        keep = self._labelled(target)
        kept = self._classes(pred, keep)
        if kept.numel():
            self._confusion.to(kept.device).update(kept.long(), target[keep].long())
        if loss_total is not None and loss_weight is not None:
            self._loss_total += float(loss_total)
            self._loss_weight += float(loss_weight)
        if teacher_pred is not None:
            self._agreeing += int((self._classes(teacher_pred, keep) == kept).sum())
            self._taught += kept.numel()

    def _labelled(self, target: "Tensor") -> "Tensor":
        keep = (target >= 0) & (target < self.num_classes)
        if not bool((keep | (target == VOID) | (target == UNLABELLED)).all()):
            raise ValueError(f"target has values other than 0 to {self.num_classes - 1}, {UNLABELLED} and {VOID}")
        return keep

    def _classes(self, pred: "Tensor", keep: "Tensor") -> "Tensor":
        kept = pred[keep]
        if kept.numel() and not 0 <= int(kept.min()) <= int(kept.max()) < self.num_classes:
            raise ValueError(f"pred has values other than 0 to {self.num_classes - 1}")
        return kept

    def confusion(self) -> "Tensor":
        """(num_classes, num_classes) int64 on the CPU: rows are labels, columns predictions, entries pixels."""
        return self._confusion.confmat.detach().cpu().long().clone()

    def add_up(self, summed: "Callable[[Tensor], Tensor]") -> None:
        """Count what other processes counted too. summed: a tensor -> its sum over processes, which all call this."""
        import torch

        self._confusion.confmat = summed(self._confusion.confmat.cpu())  # one that counted nothing knows no device
        losses = torch.tensor([self._loss_total, self._loss_weight], dtype=torch.float64)
        self._loss_total, self._loss_weight = summed(losses).tolist()
        self._agreeing, self._taught = summed(torch.tensor([self._agreeing, self._taught])).tolist()

    def compute(self) -> Scores:
        """Scores of all batches so far. An absent class (in neither) is NaN and left out of the mean; torchmetrics' own
        `average="none"` would give 0 for it."""
        matrix = self.confusion().double()
        right = matrix.diagonal()
        union = matrix.sum(0) + matrix.sum(1) - right
        pixels = int(matrix.sum())
        iou = right / union  # 0 / 0 is NaN: the absent class
        return Scores(
            miou=float(iou.nanmean()),
            iou=tuple(iou.tolist()),
            pixel_accuracy=_ratio(float(right.sum()), pixels),
            loss_ce=_ratio(self._loss_total, self._loss_weight),
            agreement=_ratio(self._agreeing, self._taught),
            pixels=pixels,
        )


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else NAN
