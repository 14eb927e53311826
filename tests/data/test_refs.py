"""Which split a reference means, and which splits share scenes, told from the text alone."""

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from unetkd_core.data import catalog
from unetkd_core.data.refs import full_ref, sharing_scenes


@pytest.mark.parametrize(("ref", "full"), [
    ("streets", "streets:train"),
    ("streets:", "streets:train"),
    (" streets:val ", "streets:val"),
    ("camvid:train-only-0006R0", "camvid:train-only-0006R0"),
    ("not-here", "not-here:train"),
])  # fmt: skip
def test_a_reference_without_a_split_means_train(ref: str, full: str) -> None:
    assert full_ref(ref) == full


def test_a_source_calls_itself_by_its_full_reference() -> None:
    for ref in ("streets", "streets:", " streets:val"):
        assert catalog.open_source(ref).ref == full_ref(ref)


def test_the_same_split_is_found_however_it_is_written() -> None:
    assert sharing_scenes(["streets:train", "streets:val"], ["streets"]) == ["streets:train"]
    assert sharing_scenes(["streets"], ["camvid:train", "streets:val"]) == []
    assert sharing_scenes(["camvid:val"], []) == [] and sharing_scenes([], ["camvid:val"]) == []


def test_sequences_share_scenes_exactly_where_their_files_do(
    camvid_root: Path, write_pairs: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pairs(camvid_root / "train/images", camvid_root / "train/labels", ["0016E5_9"], 3)
    monkeypatch.setenv("UNETKD_CAMVID", str(camvid_root))
    (info,) = (one for one in catalog.describe() if one.name == "camvid")
    opened = {split: catalog.open_source(f"camvid:{split}") for split in info.splits}
    stems = {split: {f"{_own(split)}/{s.stem(i)}" for i in range(len(s))} for split, s in opened.items()}
    assert len(stems) == 8, "train, val, and three sequences, each alone and left out"
    for one, other in itertools.product(stems, repeat=2):
        found = sharing_scenes([f"camvid:{one}"], [f"camvid:{other}"])
        assert found == ([f"camvid:{one}"] if stems[one] & stems[other] else []), (one, other)


def _own(split: str) -> str:
    return split.split("-")[0]
