"""Home's files: what is written is read; what is damaged, foreign or too large is refused."""

import errno
import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.pages.home_folder import home_grid, make_home_folder
from unetkd_core.errors import DataError
from unetkd_core.runs import home_plan, home_scene
from unetkd_core.runs.home_scene import read_home, write_home


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    made = home_grid()
    read = read_home(make_home_folder(tmp_path))
    assert read is not None
    assert (read.photo == made.photo).all() and (read.truth == made.truth).all()
    np.testing.assert_array_equal(read.twin_seen, made.twin_seen)
    np.testing.assert_array_equal(read.cells_seen, made.cells_seen)
    assert read.cells == made.cells and (read.seeds, read.shown) == ((0, 1), 1)
    assert (read.teacher, read.student) == (made.teacher, made.student)
    assert read.gain(3) == pytest.approx(0.042)


def test_nothing_in_the_logits_file_is_pickled(tmp_path: Path) -> None:
    with np.load(make_home_folder(tmp_path) / "logits.npz", allow_pickle=False) as file:
        assert {name: file[name].dtype for name in file} == dict.fromkeys(("cells", "twin"), np.float16)


def test_another_releases_files_are_refused_in_a_sentence(tmp_path: Path) -> None:
    make_home_folder(tmp_path)
    data = json.loads((tmp_path / "scene.json").read_text())
    for version in (2, 4):
        (tmp_path / "scene.json").write_text(json.dumps({**data, "format_version": version}))
        with pytest.raises(DataError, match=rf"format version {version}.*reads 3.*unetkd paper home"):
            read_home(tmp_path)


@pytest.mark.parametrize("name", ["scene.json", "photo.png", "truth.png", "logits.npz"])
def test_a_damaged_file_is_one_sentence(tmp_path: Path, name: str) -> None:
    file = make_home_folder(tmp_path) / name
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(DataError, match=r"cannot be read .*Check out assets/home/ .*anew: unetkd paper home\."):
        read_home(tmp_path)


def test_logits_of_another_grid_are_refused(tmp_path: Path) -> None:
    make_home_folder(tmp_path)
    data = json.loads((tmp_path / "scene.json").read_text())
    data["cells"].pop()
    (tmp_path / "scene.json").write_text(json.dumps(data))
    with pytest.raises(DataError, match="do not belong together"):
        read_home(tmp_path)


def test_files_of_two_grids_are_not_mixed(tmp_path: Path) -> None:
    """As a reader meets them while a new grid is written over an old one."""
    make_home_folder(tmp_path)
    other = make_home_folder(tmp_path / "other", 0.01)
    Image.new("RGB", (128, 64)).save(other / "photo.png")
    (other / "photo.png").replace(tmp_path / "photo.png")
    with pytest.raises(DataError, match=r"photo\.png is not the one"):
        read_home(tmp_path)


def test_a_full_disk_leaves_the_old_grid_and_nothing_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_home_folder(tmp_path)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    write = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if "logits" in path.name:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(DataError, match="No space left"):
        write_home(tmp_path, home_grid(0.01), {})
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_a_label_map_that_is_no_palette_png_is_refused(tmp_path: Path) -> None:
    make_home_folder(tmp_path)
    Image.new("RGB", (128, 64)).save(tmp_path / "truth.png")
    data = json.loads((tmp_path / "scene.json").read_text())
    data["files"]["truth.png"] = hashlib.sha256((tmp_path / "truth.png").read_bytes()).hexdigest()
    (tmp_path / "scene.json").write_text(json.dumps(data))
    with pytest.raises(DataError, match=r"truth\.png is RGB"):
        read_home(tmp_path)


def test_what_is_too_large_is_not_written_and_what_was_there_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_home_folder(tmp_path)
    before = (tmp_path / "scene.json").read_bytes()
    monkeypatch.setattr(home_scene, "LIMIT_BYTES", 2_000)
    with pytest.raises(DataError, match="smaller --size"):
        write_home(tmp_path, home_grid(0.01), {})
    assert (tmp_path / "scene.json").read_bytes() == before


def test_what_is_shipped_is_what_the_command_makes_within_the_limit_and_can_be_read() -> None:
    home = read_home()
    assert home is not None and (home.alphas, home.temperatures) == (home_plan.ALPHAS, home_plan.TEMPERATURES)
    told = json.loads((home_scene.FOLDER / "scene.json").read_text())
    assert (told["command"], told["taught_by"]) == ("unetkd paper home", home_plan.TEACHER)
    for part, usual in home_plan.USUAL.items():
        assert told["config"][part].items() >= usual.items()
    assert sum(file.stat().st_size for file in home_scene.FOLDER.iterdir()) <= home_scene.LIMIT_BYTES
