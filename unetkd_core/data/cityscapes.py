"""Cityscapes in its official layout (leftImg8bit/ and gtFine/, labels as labelIds).

The test split is not offered: its public label files are blank. Needs no torch.
"""

from pathlib import Path
from typing import Final

from unetkd_core.data.paired import Pair, PairedSource
from unetkd_core.data.source import unknown_split
from unetkd_core.errors import DataError

LICENCE: Final = "Cityscapes: non-commercial research and teaching only, by its own licence"
HOW_TO_GET: Final = (
    "Register at cityscapes-dataset.com, get leftImg8bit_trainvaltest.zip and gtFine_trainvaltest.zip, unpack "
    "both into one folder, then set UNETKD_CITYSCAPES to it or run `unetkd data add cityscapes PATH`. Expected in it: "
    "leftImg8bit/train and gtFine/train."
)
OWN_SPLITS: Final = ("train", "val")
_IMAGE: Final = "_leftImg8bit.png"
_LABELS: Final = "_gtFine_labelIds.png"


def open_cityscapes(root: Path, split: str, *, name: str = "cityscapes") -> PairedSource:
    """The train or val split under `root`. Raises DataError for missing folders or an unknown split."""
    if not looks_like(root):
        raise DataError(f"No Cityscapes in {root}. {HOW_TO_GET}")
    if split not in OWN_SPLITS:
        raise unknown_split(name, split, list(splits(root)))
    for folder in (root / "leftImg8bit" / split, root / "gtFine" / split):
        if not folder.is_dir():
            raise DataError(f"Cityscapes lacks the folder {folder.relative_to(root)} in {root}. {HOW_TO_GET}")
    pairs = _pairs(root, split)
    missing = next((p.labels for p in pairs if not p.labels.is_file()), None)
    problem = None
    if missing is not None:
        problem = f"{missing.relative_to(root.parent)} is not there: its picture has no labels. Unpack gtFine again."
    return PairedSource(
        name=name, split=split, root=root, pairs=pairs, mapping="cityscapes", licence=LICENCE, problem=problem
    )


def splits(root: Path) -> dict[str, int]:
    """Every split that is there and its number of pictures; empty when there is no Cityscapes. Reads no picture."""
    counts = {split: len(_images(root, split)) for split in OWN_SPLITS}
    return {split: count for split, count in counts.items() if count and (root / "gtFine" / split).is_dir()}


def looks_like(root: Path) -> bool:
    """Whether a folder has Cityscapes' two top folders."""
    return (root / "leftImg8bit").is_dir() and (root / "gtFine").is_dir()


def _images(root: Path, split: str) -> list[Path]:
    """Every picture of a split, whatever else lies between them (a file manager's, say)."""
    found = (root / "leftImg8bit" / split).glob(f"*/*{_IMAGE}")
    return sorted(path for path in found if not path.name.startswith(".") and not path.parent.name.startswith("."))


def _pairs(root: Path, split: str) -> list[Pair]:
    """Each picture with the label file that belongs to it, whether or not that is there."""
    stems = [(path, path.name.removesuffix(_IMAGE)) for path in _images(root, split)]
    labels = root / "gtFine" / split
    return sorted(Pair(stem, path, labels / path.parent.name / f"{stem}{_LABELS}") for path, stem in stems)
