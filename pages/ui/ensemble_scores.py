"""What averaging bought: the mean's scores beside each member's, on one picture or a whole split, and that in words.

Numbers and sentences; knows no network, no widget.
"""

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from pages.ui import kit
from unetkd_core.classes import CLASSES, NUM_CLASSES
from unetkd_core.inference.searched import Searched, Weights, integer_grid, simplex_grid
from unetkd_core.models.weighting import on_simplex

_FELT: Final = 0.0005
"""A twentieth of a point: less is shown as 0.0."""


@dataclass(frozen=True)
class Scored:
    """confusion (6, 6), iou, miou: of the mean; alone_iou, alone: of each member; fractions, NaN for an absent class.
    near: the weights that were measured where the present ones were not, else None.
    """

    confusion: np.ndarray
    iou: np.ndarray
    miou: float
    alone_iou: list[np.ndarray]
    alone: list[float]
    near: Weights | None = None

    @property
    def best(self) -> int:
        """The member that is best alone."""
        return int(np.argmax(self.alone))

    @property
    def gain(self) -> float:
        """mIoU of the mean less that of the best member alone, as a fraction."""
        return self.miou - self.alone[self.best]

    @property
    def as_json(self) -> dict[str, Any]:
        """Scores JSON of the mean, as a checkpoint's card holds it."""
        pixels = int(self.confusion.sum())
        return {
            "miou": self.miou,
            "iou": [None if math.isnan(v) else float(v) for v in self.iou],
            "pixel_accuracy": float(np.trace(self.confusion) / max(1, pixels)),
            "loss_ce": None,
            "agreement": None,
            "pixels": pixels,
        }

    @property
    def class_gains(self) -> list[tuple[int, float]]:
        """(class, IoU of the mean less the best member's), largest first, without classes that do not occur."""
        pairs = [(c, float(self.iou[c] - self.alone_iou[self.best][c])) for c in range(NUM_CLASSES)]
        return sorted((p for p in pairs if not math.isnan(p[1])), key=lambda p: -p[1])

    @property
    def invented(self) -> list[int]:
        """Classes that only the mean sees where there are none: its mIoU counts them with 0, the best member's not."""
        alone = self.alone_iou[self.best]
        return [c for c in range(NUM_CLASSES) if math.isnan(alone[c]) and not math.isnan(self.iou[c])]


def of_labels(mean: np.ndarray, members: Sequence[np.ndarray], truth: np.ndarray) -> Scored:
    """Scores of label maps (H, W) uint8 on one picture."""
    confusion = np.stack([_confusion(labels, truth) for labels in (mean, *members)])
    scores = Searched(tuple((float(i),) for i in range(len(confusion))), confusion, 1)
    iou, miou = scores.iou, scores.miou
    return Scored(confusion[0], iou[0], float(miou[0]), list(iou[1:]), [float(v) for v in miou[1:]])


def _confusion(labels: np.ndarray, truth: np.ndarray) -> np.ndarray:
    counted = truth < NUM_CLASSES
    codes = truth[counted].astype(np.int64) * NUM_CLASSES + labels[counted]
    return np.bincount(codes, minlength=NUM_CLASSES**2).reshape(NUM_CLASSES, NUM_CLASSES)


def of_search(searched: Searched, shares: Weights) -> Scored:
    """Scores over a split, at the present weights or at the nearest that were measured."""
    iou, miou = searched.iou, searched.miou
    points = all_shares(searched)
    at = int(np.argmin(np.abs(points - np.asarray(shares)).sum(axis=1)))
    exact = np.abs(points[at] - np.asarray(shares)).max() < 1e-6
    corners = [int(np.argmax(points[:, i])) for i in range(points.shape[1])]
    near = None if exact else tuple(map(float, points[at]))
    return Scored(
        searched.confusion[at],
        iou[at],
        float(miou[at]),
        [iou[k] for k in corners],
        [float(miou[k]) for k in corners],
        near,
    )


def all_shares(searched: Searched) -> np.ndarray:
    """(K, members): every candidate with sum 1."""
    return np.array([on_simplex(c, len(c)) for c in searched.candidates])


def best_of(searched: Searched, kind: str, members: int) -> Weights:
    """The best weights of a kind: grid (the paper's integers), fine (steps of 0.05) or alone (one network)."""
    wanted = {
        "grid": lambda: integer_grid(members),
        "fine": lambda: simplex_grid(members),
        "alone": lambda: [tuple(float(i == k) for i in range(members)) for k in range(members)],
    }[kind]()
    place = {candidate: k for k, candidate in enumerate(searched.candidates)}
    kept = [place[w] for w in wanted]
    part = Searched(tuple(wanted), searched.confusion[kept], searched.scenes)
    return part.candidates[part.best()]


def answer(scored: Scored, names: Sequence[str], where: str) -> str:
    """The sentence under the question, with its number, as HTML. where: "On camvid:val"."""
    best, mean = kit.percent(scored.alone[scored.best]), kit.percent(scored.miou)
    name, gain = html.escape(names[scored.best]), scored.gain
    # As they are shown: what stands in one sentence adds up.
    shown = round(scored.miou, 3) - round(scored.alone[scored.best], 3)
    points = f"{kit.points(shown).lstrip('+' + kit.MINUS)} points of {kit.term('mIoU')}"
    if abs(gain) < _FELT:
        return f"{where} it makes no difference: {mean} with them, {best} for {name} alone."
    if gain < 0:
        return f"{where}, no: {name} alone is better by {points}, {best} against {mean}."
    return f"{where}, yes, by {points}: {mean} against {best} for {name}, the best alone. {_who_pays(scored)}"


def _who_pays(scored: Scored) -> str:
    losers = [CLASSES[c].name for c, gain in scored.class_gains if gain <= -_FELT]
    losers += [CLASSES[c].name for c in scored.invented]
    if not losers:
        return "No class pays for it."
    if len(losers) == 1:
        return f"{losers[0][:1].upper()}{losers[0][1:]} {'pay' if losers[0].endswith('s') else 'pays'} for it."
    return f"{ {2: 'Two', 3: 'Three', 4: 'Four', 5: 'Five', 6: 'Six'}[len(losers)] } classes pay for it."
