"""Small datasets made on the spot; no file of anyone else's."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


def _photo(path: Path, height: int, width: int, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)


def _values(path: Path, values: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(path)


@pytest.fixture
def write_pairs() -> Callable[..., None]:
    """(images folder, labels folder, stems, values per label or one array for all) -> the files, 24 x 32 pixels."""

    def write(images: Path, labels: Path, stems: Sequence[str], values: int | np.ndarray = 0) -> None:
        label = np.full((24, 32), values, dtype=np.uint8) if isinstance(values, int) else values
        for number, stem in enumerate(stems):
            _photo(images / f"{stem}.png", *label.shape[:2], seed=number)
            _values(labels / f"{stem}.png", label)

    return write


@pytest.fixture
def camvid_root(tmp_path: Path, write_pairs: Callable[..., None]) -> Path:
    """A CamVid of two sequences in train (3 + 2) and one in val (2); every label is 3, road."""
    root = tmp_path / "camvid"
    stems = ["0001TP_1", "0001TP_2", "0001TP_3", "0006R0_f1", "0006R0_f2"]
    write_pairs(root / "train/images", root / "train/labels", stems, 3)
    write_pairs(root / "val/images", root / "val/labels", ["0016E5_1", "0016E5_2"], 3)
    return root


@pytest.fixture
def folder_root(tmp_path: Path, write_pairs: Callable[..., None]) -> Path:
    """A plain folder of five scenes, all of them class 1."""
    root = tmp_path / "mine"
    write_pairs(root / "images", root / "masks", [f"s{i}" for i in range(5)], 1)
    return root
