"""Table I: ids, colours and mappings, against the paper's values written out here by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from unetkd_core import classes
from unetkd_core.errors import DataError

LABELS = npst.arrays(np.uint8, npst.array_shapes(min_dims=2, max_dims=2, max_side=8), elements=st.integers(0, 5))


def test_table_one_is_the_papers() -> None:
    rows = [(c.index, c.name, c.color) for c in classes.CLASSES]
    assert rows == [
        (0, "background", (81, 0, 81)),
        (1, "road", (128, 64, 128)),
        (2, "road markings", (244, 35, 232)),
        (3, "vehicle", (0, 0, 142)),
        (4, "posts/pylons", (220, 220, 0)),
        (5, "person", (220, 20, 60)),
    ]


def test_every_cityscapes_id_has_one_class_and_five_ids_are_not_background() -> None:
    ids = classes.MAPPINGS["cityscapes"].ids
    assert sorted(ids) == list(range(-1, 34))
    assert {raw: index for raw, index in ids.items() if index != 0} == {7: 1, 8: 2, 26: 3, 20: 4, 24: 5}


def test_cityscapes_licence_plate_id_is_stored_as_255_and_is_background() -> None:
    raw = np.array([[255, 7], [33, 0]], dtype=np.uint8)
    assert classes.MAPPINGS["cityscapes"].apply(raw, where="x").tolist() == [[0, 1], [0, 0]]


def test_camvid_ids_as_the_project_reads_them() -> None:
    raw = np.arange(12, dtype=np.uint8)[None]
    mapped = classes.MAPPINGS["camvid"].apply(raw, where="x")[0].tolist()
    assert mapped == [0, 0, 4, 1, 2, 0, 4, 0, 3, 5, 0, classes.VOID]


def test_class_indices_map_to_themselves_with_both_ignored_values() -> None:
    raw = np.array([[0, 1, 2, 3, 4, 5, 254, 255]], dtype=np.uint8)
    assert np.array_equal(classes.MAPPINGS["classes"].apply(raw, where="x"), raw)


@pytest.mark.parametrize(
    ("mapping", "value", "known"),
    [
        ("camvid", 12, "0 to 11:"),
        ("cityscapes", 34, "0 to 33 and 255:"),
        ("classes", 6, "0 to 5, 254 and 255:"),
    ],
)
def test_a_value_out_of_range_names_file_value_and_mapping(mapping: str, value: int, known: str) -> None:
    raw = np.array([[0, value]], dtype=np.uint8)
    with pytest.raises(
        DataError, match=rf"street_07\.png has label value {value}; the {mapping} mapping expects {known}"
    ):
        classes.MAPPINGS[mapping].apply(raw, where="street_07.png")


@pytest.mark.parametrize("palette", sorted(classes.PALETTES))
def test_palettes_hold_six_different_colours_none_of_them_black(palette: str) -> None:
    colors = {tuple(c) for c in classes.PALETTES[palette].tolist()}
    assert len(colors) == 6
    assert (0, 0, 0) not in colors


@pytest.mark.parametrize("palette", sorted(classes.PALETTES))
@given(labels=LABELS)
def test_decoding_colours_undoes_encoding(palette: str, labels: np.ndarray) -> None:
    assert np.array_equal(classes.decode(classes.encode(labels, palette), palette), labels)


def test_ignored_pixels_are_black_and_black_is_void() -> None:
    colors = classes.encode(np.array([[classes.VOID, classes.UNLABELLED]], dtype=np.uint8))
    assert not colors.any()
    assert classes.decode(colors).tolist() == [[classes.VOID, classes.VOID]]


def test_a_colour_off_the_palette_names_file_and_colour() -> None:
    colors = classes.encode(np.zeros((2, 2), dtype=np.uint8))
    colors[1, 1] = (81, 0, 82)
    with pytest.raises(DataError, match=r"m\.png has colour \(81, 0, 82\).*JPEG"):
        classes.decode(colors, where="m.png")


def test_palette_bytes_start_with_the_classes_and_are_black_after_them() -> None:
    flat = classes.palette_bytes()
    assert len(flat) == 768
    assert flat[3:6] == [128, 64, 128]
    assert not any(flat[18:])
