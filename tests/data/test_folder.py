"""Plain folders: layouts, masks as indices and as Table I's colours, and their errors."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from unetkd_core import classes
from unetkd_core.data.folder import open_folder, read_mask, splits
from unetkd_core.errors import DataError

LABELS = np.array([[0, 1, 2, 3], [4, 5, 255, 1]], dtype=np.uint8)


def test_a_flat_folder_is_one_split_called_train(folder_root: Path) -> None:
    assert splits(folder_root) == {"train": 5}
    source = open_folder(folder_root, "train", name="mine")
    source.check()
    assert (source.ref, source.mapping, len(source)) == ("mine:train", "classes", 5)
    labels = source.read(0).labels
    assert labels is not None
    assert (labels == 1).all()


@pytest.mark.parametrize("masks", ["masks", "labels"])
def test_sub_folders_are_splits(tmp_path: Path, write_pairs: Callable[..., None], masks: str) -> None:
    for split, stems in (("train", "abc"), ("val", "d")):
        write_pairs(tmp_path / split / "images", tmp_path / split / masks, stems)
    assert list(splits(tmp_path).items()) == [("train", 3), ("val", 1)]
    assert len(open_folder(tmp_path, "val", name="mine")) == 1


def test_masks_as_indices_as_colours_and_as_palettes_are_the_same(tmp_path: Path) -> None:
    colors = Image.fromarray(classes.encode(LABELS))
    ours = Image.fromarray(LABELS).convert("P")
    ours.putpalette(classes.palette_bytes())
    painted = colors.quantize(8, dither=Image.Dither.NONE)  # a painting program's own order of colours
    assert not np.array_equal(np.array(painted), LABELS)
    for number, image in enumerate((Image.fromarray(LABELS), colors, ours, painted)):
        image.save(tmp_path / f"{number}.png")
        assert np.array_equal(read_mask(tmp_path / f"{number}.png", "m.png"), LABELS), number


def test_a_palette_of_other_colours_is_decoration(tmp_path: Path) -> None:
    image = Image.fromarray(LABELS).convert("P")
    image.putpalette([v for i in range(256) for v in (i, 255 - i, 7)])
    image.save(tmp_path / "m.png")
    assert np.array_equal(read_mask(tmp_path / "m.png", "m.png"), LABELS)


def test_black_under_an_index_of_its_own_is_that_index(tmp_path: Path) -> None:
    """Background is black in many palettes, Cityscapes' among them; it is no void."""
    image = Image.fromarray(LABELS).convert("P")
    image.putpalette([0, 0, 0, *classes.palette_bytes()[3:]])
    image.save(tmp_path / "m.png")
    assert np.array_equal(read_mask(tmp_path / "m.png", "m.png"), LABELS)


def test_a_mask_of_background_alone_is_read_as_its_neighbours_are(tmp_path: Path) -> None:
    """PASCAL VOC's palette: black, dark red, ...; a street without a vehicle has black alone."""
    for name, labels in (("both", [[0, 1]]), ("one", [[0, 0]])):
        image = Image.fromarray(np.array(labels, np.uint8)).convert("P")
        image.putpalette([0, 0, 0, 128, 0, 0, *[0] * 762])
        image.save(tmp_path / f"{name}.png")
        assert read_mask(tmp_path / f"{name}.png", "m.png").tolist() == labels


def test_black_under_an_index_without_a_meaning_is_void(tmp_path: Path) -> None:
    image = Image.fromarray(np.array([[1, 2, 9]], np.uint8)).convert("P")
    image.putpalette(classes.palette_bytes())
    image.save(tmp_path / "m.png")
    assert read_mask(tmp_path / "m.png", "m.png").tolist() == [[1, 2, classes.VOID]]


def test_unlabelled_pixels_stay_unlabelled(tmp_path: Path) -> None:
    from unetkd_core.data.images import write_labels_png

    labels = np.full((20, 20), classes.UNLABELLED, dtype=np.uint8)
    write_labels_png(labels, tmp_path / "m.png")
    assert np.array_equal(read_mask(tmp_path / "m.png", "m.png"), labels)


def test_values_and_colours_outside_table_one_name_the_file(tmp_path: Path) -> None:
    Image.fromarray(np.full((4, 4), 212, dtype=np.uint8)).save(tmp_path / "street_07.png")
    with pytest.raises(DataError, match=r"street_07\.png has label value 212"):
        read_mask(tmp_path / "street_07.png", "street_07.png")
    Image.new("RGB", (4, 4), (129, 64, 128)).save(tmp_path / "street_08.png")
    with pytest.raises(DataError, match=r"street_08\.png has colour \(129, 64, 128\)"):
        read_mask(tmp_path / "street_08.png", "street_08.png")


def test_a_folder_without_the_layout_says_what_was_expected(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    with pytest.raises(DataError, match=r"No images and masks in .*images/ and masks/"):
        open_folder(tmp_path, "train", name="mine")


def test_an_empty_folder_and_an_unknown_split_are_said(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "masks").mkdir()
    with pytest.raises(DataError, match="mine:train has no scenes"):
        open_folder(tmp_path, "train", name="mine").check()
    with pytest.raises(DataError, match="mine has no split 'val'; it has train"):
        open_folder(tmp_path, "val", name="mine")
