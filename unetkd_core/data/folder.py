"""Any folder of street scenes: pictures, and for each a PNG mask of the same name.

Layout: `images/` + `masks/` (or `labels/`), at the top (one split, "train") or inside one sub-folder a split
(`train/images`, `val/images`, ...). A mask holds class indices 0-5 (254 unlabelled, 255 void) or Table I's colours
(black: void).
"""

from pathlib import Path
from typing import Final

import numpy as np

from unetkd_core import classes
from unetkd_core.data.images import label_palette, read_labels
from unetkd_core.data.paired import PairedSource, count_files, pair_files
from unetkd_core.data.source import unknown_split
from unetkd_core.errors import DataError

BLACK: Final = (0, 0, 0)
LICENCE: Final = "Not stated: what the folder's owner allows"
HOW_TO_GET: Final = (
    "Expected in it: images/ and masks/ (or labels/), or the same inside train/ and val/; masks are PNGs of class "
    "indices 0-5 or of Table I's colours."
)


def open_folder(root: Path, split: str, *, name: str) -> PairedSource:
    """One split of a folder dataset. Raises DataError for a missing folder or an unknown split."""
    layout = _layout(root)
    if not layout:
        raise DataError(f"No images and masks in {root}. {HOW_TO_GET}")
    if split not in layout:
        raise unknown_split(name, split, list(layout))
    pairs, problem = pair_files(*layout[split], root=root)
    return PairedSource(
        name=name,
        split=split,
        root=root,
        pairs=pairs,
        mapping="classes",
        licence=LICENCE,
        read_classes=read_mask,
        problem=problem,
    )


def splits(root: Path) -> dict[str, int]:
    """Every split and its number of pictures; empty when the layout is not there. Reads no picture."""
    return {split: count_files(images) for split, (images, _) in _layout(root).items()}


def read_mask(path: Path, shown: str) -> np.ndarray:
    """A mask file as labels (H, W) uint8, from class indices or Table I's colours. Raises DataError naming the file."""
    raw = read_labels(path, name=shown)
    if raw.ndim == 3:
        return classes.decode(raw, where=shown)
    palette = label_palette(path, name=shown)
    if palette is not None and _colors_speak(raw, palette):
        return classes.decode(palette[raw], where=shown)
    return classes.MAPPINGS["classes"].apply(raw, where=shown)


def _colors_speak(raw: np.ndarray, palette: np.ndarray) -> bool:
    """Whether a palette mask shows Table I's colours, and no others but black, under other indices than ours.

    Painting programs number colours as they come; then the colours are what was meant. Black under an index that has a
    meaning of its own, as background's 0 in many palettes, is that index.
    """
    own = {tuple(int(v) for v in color): index for index, color in enumerate(classes.PALETTES["table1"])}
    seen = {int(index): tuple(int(v) for v in palette[index]) for index in np.unique(raw)}
    if any(color not in own and color != BLACK for color in seen.values()):
        return False
    return any(
        index not in classes.MAPPINGS["classes"].ids if color == BLACK else own[color] != index
        for index, color in seen.items()
    )


def _layout(root: Path) -> dict[str, tuple[Path, Path]]:
    """Split -> (images, masks)."""
    if not root.is_dir():
        return {}
    top = _image_and_mask_folders(root)
    if top is not None:
        return {"train": top}
    inner = {
        p.name: _image_and_mask_folders(p) for p in sorted(root.iterdir()) if p.is_dir() and not p.name.startswith(".")
    }
    found = {split: folders for split, folders in inner.items() if folders is not None}
    return dict(sorted(found.items(), key=lambda item: (item[0] != "train", item[0])))


def _image_and_mask_folders(base: Path) -> tuple[Path, Path] | None:
    for masks in ("masks", "labels"):
        if (base / "images").is_dir() and (base / masks).is_dir():
            return base / "images", base / masks
    return None
