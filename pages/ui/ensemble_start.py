"""Whom the Ensemble page starts with: the three encoder teachers where they are here, else the best networks there are.

Plain data in and out; knows no session and draws nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from pages.ui import places, trio
from unetkd_core.models.backbones import ENCODERS
from unetkd_core.zoo.checkpoints import CheckpointInfo
from unetkd_core.zoo.ensembles import EnsembleSpec

SLOTS: Final = 3
NOBODY: Final = trio.NOBODY
_ROLES: Final = ("teacher", "alone", "student", "twin")
Start = tuple[list[str], tuple[float, ...], str, str]
"""(members, weights, weighting, what could not be taken over, in words)."""


def networks(known: trio.Known) -> list[tuple[str, CheckpointInfo]]:
    """All that can be a member: an ensemble cannot."""
    return [(ref, info) for ref, info in known if info.role != "ensemble"]


def ensembles(known: trio.Known) -> list[str]:
    """References of the ensembles that can be opened."""
    return [ref for ref, info in known if info.role == "ensemble"]


def defaults(known: trio.Known, dataset: str | None) -> list[str]:
    """Three references, the last NOBODY where there are two networks: VGG16, ResNet50, MobileNetV2, then the best."""
    there = sorted(networks(known), key=lambda pair: _rank(pair[1], dataset))
    encoders = [next((ref for ref, info in there if trio.size_name(info) == name), None) for name in ENCODERS]
    chosen = [ref for ref in encoders if ref]
    chosen += [ref for ref, _ in there if ref not in chosen]
    return [*chosen, NOBODY][:SLOTS]


def _rank(info: CheckpointInfo, dataset: str | None) -> tuple[bool, int, float]:
    elsewhere = dataset is not None and not any(ref.split(":")[0] == dataset for ref in info.data)
    return elsewhere, _ROLES.index(info.role), -(miou(info, dataset) or 0.0)


def miou(info: CheckpointInfo, dataset: str | None = None) -> float | None:
    """A checkpoint's own mIoU: on a split of `dataset` if it was measured there, else on its validation scenes."""
    order = [k for k in info.metrics if k.split(":")[0] == dataset] + ["packed", *info.metrics]
    scores = (info.metrics.get(k) for k in order)
    return next((s["miou"] for s in scores if isinstance(s, Mapping) and isinstance(s.get("miou"), float)), None)


def home(infos: Iterable[CheckpointInfo], found: Mapping[str, places.Place]) -> str | None:
    """NAME:SPLIT to look at first: of the dataset that all learned from, streets last; None where there is none."""
    learned = [{ref.split(":")[0] for ref in info.data} for info in infos]
    shared = set.intersection(*learned) if learned else set()
    return next((ref for ref, place in found.items() if place.name in shared - {"streets"}), None)


def swapped(chosen: Sequence[str], slot: int, before: str) -> list[str]:
    """The choice after a menu was turned to somebody who sits elsewhere: the two change places."""
    return [before if i != slot and ref == chosen[slot] and ref != NOBODY else ref for i, ref in enumerate(chosen)]


def settled(known: trio.Known, wanted: Sequence[str | None], dataset: str | None) -> tuple[list[str], list[str]]:
    """Three references that exist, none twice, and in words what had to be changed."""
    refs, fallback = {ref for ref, _ in networks(known)}, defaults(known, dataset)
    gone = [ref for ref in wanted if ref and ref not in refs | {NOBODY}]
    told = [f"The network {ref} is not here any more; this is another one." for ref in gone]
    chosen: list[str | None] = []
    for slot in range(SLOTS):
        ref = wanted[slot] if slot < len(wanted) else None
        nobody = ref == NOBODY and slot == SLOTS - 1
        chosen.append(ref if nobody or (ref in refs and ref not in chosen) else None)
    spare = [ref for ref in [*fallback, *sorted(refs)] if ref not in chosen and ref != NOBODY]
    filled = [ref or (spare.pop(0) if spare else NOBODY) for ref in chosen]
    return sorted(filled, key=lambda ref: ref == NOBODY), told


def opened(spec: EnsembleSpec) -> Start:
    """What the page shows of an ensemble that was kept. ValueError with a sentence where it cannot."""
    count = len(spec.members)
    if not 2 <= count <= SLOTS:
        raise ValueError(f"It has {count} networks; this page mixes two or three. `unetkd ensemble` takes any number.")
    weights = spec.weights or (1.0,) * count
    told = ""
    if spec.weighting in ("per_class", "loss"):
        how = "for each class apart" if spec.weighting == "per_class" else "anew for every batch of training"
        told = f"It is weighed {how}, which is no point of the triangle; it is shown with even weights."
    elif spec.space == "logits":
        told = "It averages logits; here probabilities are averaged, as in the paper."
    weighting = "confidence" if spec.weighting == "confidence" else "fixed"
    return [*spec.members, *[NOBODY] * (SLOTS - count)], tuple(weights), weighting, told
