"""Cityscapes in its official layout; a tiny imitation of it is built here."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from unetkd_core.data.cityscapes import open_cityscapes, splits
from unetkd_core.errors import DataError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    base = tmp_path / "cityscapes"
    ids = np.array([[7, 8, 26, 20], [24, 0, 33, 255]], dtype=np.uint8).repeat(10, axis=0).repeat(8, axis=1)
    for split, city, frame in (("train", "ulm", 2), ("train", "aachen", 1), ("val", "munster", 1)):
        stem = f"{city}_{frame:06d}_000019"
        image = base / "leftImg8bit" / split / city / f"{stem}_leftImg8bit.png"
        label = base / "gtFine" / split / city / f"{stem}_gtFine_labelIds.png"
        for path in (image, label):
            path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (32, 20), (9, 9, 9)).save(image)
        Image.fromarray(ids).save(label)
    return base


@pytest.mark.parametrize("backwards", [False, True])
def test_scenes_come_in_order_however_the_disk_lists_them(
    root: Path, monkeypatch: pytest.MonkeyPatch, backwards: bool
) -> None:
    glob = Path.glob

    def listed(path: Path, pattern: str) -> Iterator[Path]:
        return iter(sorted(glob(path, pattern), reverse=backwards))

    monkeypatch.setattr(Path, "glob", listed)
    source = open_cityscapes(root, "train")
    assert [source.stem(i) for i in range(len(source))] == ["aachen_000001_000019", "ulm_000002_000019"]


def test_labels_become_table_ones_classes(root: Path) -> None:
    source = open_cityscapes(root, "train")
    source.check()
    labels = source.read(0).labels
    assert labels is not None
    assert labels[::10, ::8].tolist() == [[1, 2, 3, 4], [5, 0, 0, 0]]
    assert source.mapping == "cityscapes"
    assert len(source.fingerprint()) == 64


def test_splits_are_counted(root: Path) -> None:
    assert splits(root) == {"train": 2, "val": 1}
    assert splits(root / "gtFine") == {}


def test_a_picture_whose_labels_are_missing_is_named(root: Path) -> None:
    (root / "gtFine/train/ulm/ulm_000002_000019_gtFine_labelIds.png").unlink()
    with pytest.raises(DataError, match=r"ulm_000002_000019_gtFine_labelIds\.png is not there"):
        open_cityscapes(root, "train").check()


def test_missing_folders_say_where_cityscapes_comes_from(root: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"No Cityscapes in .*Register at cityscapes-dataset\.com"):
        open_cityscapes(tmp_path, "train")
    for city in (root / "gtFine/val").rglob("*.png"):
        city.unlink()
    (root / "gtFine/val/munster").rmdir()
    (root / "gtFine/val").rmdir()
    with pytest.raises(DataError, match=r"lacks the folder gtFine.val"):
        open_cityscapes(root, "val")


def test_what_file_managers_leave_behind_is_no_picture(root: Path) -> None:
    for stray in (".DS_Store", "aachen/.DS_Store", "aachen/._aachen_000001_000019_leftImg8bit.png", "Thumbs.db"):
        (root / "leftImg8bit/train" / stray).write_bytes(b"stray")
    source = open_cityscapes(root, "train")
    source.check()
    assert len(source) == splits(root)["train"] == 2


def test_the_test_split_is_not_offered(root: Path) -> None:
    with pytest.raises(DataError, match=r"has no split 'test'; it has train, val"):
        open_cityscapes(root, "test")
