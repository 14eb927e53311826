"""Cityscapes in its official layout (leftImg8bit/ and gtFine/, labels as labelIds), by torchvision's own class.

torchvision (and with it torch) is imported only when a split is opened; looking at what is there needs neither. The
test split is not offered: its public label files are blank.
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


def open_cityscapes(root: Path, split: str, *, name: str = "cityscapes") -> PairedSource:
    """The train or val split under `root`. Raises DataError for missing folders or an unknown split."""
    if not looks_like(root):
        raise DataError(f"No Cityscapes in {root}. {HOW_TO_GET}")
    if split not in OWN_SPLITS:
        raise unknown_split(name, split, list(splits(root)))
    for folder in (root / "leftImg8bit" / split, root / "gtFine" / split):
        if not folder.is_dir():  # before torchvision, which would unpack a zip file that it finds beside it
            raise DataError(f"Cityscapes lacks the folder {folder.relative_to(root)} in {root}. {HOW_TO_GET}")
    pairs = _listed_by_torchvision(root, split)
    missing = next((p.labels for p in pairs if not p.labels.is_file()), None)
    problem = None
    if missing is not None:
        problem = f"{missing.relative_to(root.parent)} is not there: its picture has no labels. Unpack gtFine again."
    return PairedSource(
        name=name, split=split, root=root, pairs=pairs, mapping="cityscapes", licence=LICENCE, problem=problem
    )


def splits(root: Path) -> dict[str, int]:
    """Every split that is there and its number of pictures; empty when there is no Cityscapes. Reads no picture."""
    counts = {split: sum(1 for _ in (root / "leftImg8bit" / split).glob("*/*_leftImg8bit.png")) for split in OWN_SPLITS}
    return {split: count for split, count in counts.items() if count and (root / "gtFine" / split).is_dir()}


def looks_like(root: Path) -> bool:
    """Whether a folder has Cityscapes' two top folders."""
    return (root / "leftImg8bit").is_dir() and (root / "gtFine").is_dir()


def _listed_by_torchvision(root: Path, split: str) -> list[Pair]:
    from torchvision.datasets import Cityscapes

    try:
        dataset = Cityscapes(str(root), split=split, mode="fine", target_type="semantic")
    except (RuntimeError, OSError, ValueError) as error:
        raise DataError(
            f"Cityscapes in {root} cannot be listed ({str(error).splitlines()[0]}). {HOW_TO_GET}"
        ) from error
    stem_end = len("_leftImg8bit")
    pairs = [
        Pair(Path(image).stem[:-stem_end], Path(image), Path(target[0]))
        for image, target in zip(dataset.images, dataset.targets, strict=True)
    ]
    return sorted(pairs)
