"""`streets` as a Source: sizes, names, determinism; how it looks is tested elsewhere."""

import numpy as np
import pytest

from unetkd_core.data import streets
from unetkd_core.data.packed import load
from unetkd_core.data.source_streets import StreetsSource
from unetkd_core.errors import DataError


def test_scenes_are_rendered_at_the_size_asked_with_class_labels() -> None:
    source = StreetsSource("train")
    image, labels = source.read_at(3, 48, 96)
    assert (image.shape, image.dtype) == ((48, 96, 3), np.uint8)
    assert labels is not None
    assert (labels.shape, labels.dtype) == ((48, 96), np.uint8)
    assert set(np.unique(labels)) <= {0, 1, 2, 3, 4, 5, 254, 255}
    assert source.mapping == "camvid"


def test_reading_is_rendering_at_the_native_size() -> None:
    assert StreetsSource("val").read(0).image.shape == (*streets.NATIVE_SIZE, 3)


def test_splits_differ_in_scenes_and_fingerprint_and_end_where_they_end() -> None:
    train, val = StreetsSource("train"), StreetsSource("val")
    assert (len(train), len(val)) == (2000, 500)
    assert not np.array_equal(train.read_at(0, 32, 64).image, val.read_at(0, 32, 64).image)
    assert train.fingerprint() != val.fingerprint()
    assert train.stem(7) != val.stem(7)
    with pytest.raises(IndexError):
        val.read_at(500, 32, 64)


def test_a_new_version_of_streets_is_packed_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    before = StreetsSource("val").fingerprint()
    monkeypatch.setattr(streets, "VERSION", streets.VERSION + 1)
    assert StreetsSource("val").fingerprint() != before


def test_an_unknown_split_lists_those_there_are() -> None:
    with pytest.raises(DataError, match="streets has no split 'tain'; it has train, val, test"):
        StreetsSource("tain")


def test_streets_pack_the_same_twice() -> None:
    images, labels = load(["streets:val"], 32, 64, limit=3).gather(np.arange(3))
    again = StreetsSource("val").read_at(166, 32, 64)
    assert np.array_equal(images[1], again.image)
    assert np.array_equal(labels[1], again.labels)


def test_labels_of_unlabelled_are_kept_back() -> None:
    source = StreetsSource("unlabelled")
    scene = source.read_at(3, 32, 64)
    assert scene.labels is None and scene.image.shape == (32, 64, 3)
    assert not source.labelled and StreetsSource("train").labelled
    seen = [StreetsSource(split).read_at(3, 32, 64).image for split in ("train", "val", "test")]
    assert not any(np.array_equal(scene.image, image) for image in seen)
