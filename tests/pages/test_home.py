"""Home, through the whole app: the story from its files, the empty state, the damaged file, and no torch."""

import subprocess
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.home_folder import home_scene, make_home_folder
from unetkd_core.errors import DataError
from unetkd_core.runs import home_scene as home_files
from unetkd_core.runs.home_scene import image_miou, nearest_to_mean, read_home
from unetkd_core.settings import PROJECT_ROOT

APP = str(PROJECT_ROOT / "app.py")


def shown(at: AppTest) -> str:
    """All HTML of the page."""
    return "".join(element.proto.body for element in at.get("html"))


def open_home(monkeypatch: pytest.MonkeyPatch, folder: Path) -> AppTest:
    monkeypatch.setattr(home_files, "FOLDER", folder)
    at = AppTest.from_file(APP, default_timeout=30).run()
    assert not at.exception
    return at


def test_the_gain_is_shown_with_its_sign_and_its_one_seed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at = open_home(monkeypatch, make_home_folder(tmp_path))
    assert at.title[0].value == "What can a small network learn from a large one?"
    html = shown(at)
    assert "<b>+4.2</b>" in html
    assert "71.1 %" in html and "66.9 %" in html
    assert "500 streets neither has seen" in html
    assert ">one seed</abbr>" in html
    assert [e.proto.page for e in at.get("page_link")] != []


def test_a_student_that_lost_is_not_called_a_winner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    html = shown(open_home(monkeypatch, make_home_folder(tmp_path, gain=-0.012)))
    assert "<b>\u22121.2</b>" in html
    assert "ukd-lost" in html
    assert "gained and lost" in html


def test_without_the_files_home_says_what_will_be_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at = open_home(monkeypatch, tmp_path / "nothing")
    assert "No street to show yet" in shown(at)
    at.button(key="home_train").click().run()
    assert not at.exception
    assert at.title[0].value != "What can a small network learn from a large one?"  # the button leads to Distill


def test_a_damaged_file_is_told_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_home_folder(tmp_path)
    (tmp_path / "student.png").write_bytes(b"not a picture")
    html = shown(open_home(monkeypatch, tmp_path))
    assert 'role="alert"' in html
    assert "python -m unetkd_core.runs.home_scene" in html


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    made = home_scene()
    read = read_home(make_home_folder(tmp_path))
    assert read is not None
    assert (read.photo == made.photo).all()
    assert all((read.labels[role] == labels).all() for role, labels in made.labels.items())
    assert read.student == made.student
    assert read.gain == pytest.approx(0.042)
    assert next(iter(read.class_gains()))[0] == 5


def test_a_label_map_that_is_no_palette_png_is_refused(tmp_path: Path) -> None:
    from PIL import Image

    make_home_folder(tmp_path)
    Image.new("RGB", (128, 64)).save(tmp_path / "twin.png")
    with pytest.raises(DataError, match=r"twin\.png is RGB"):
        read_home(tmp_path)


def test_the_scene_is_the_typical_one_not_the_best() -> None:
    assert nearest_to_mean([0.30, 0.05, 0.11, 0.02], [True, True, True, True]) == 2
    assert nearest_to_mean([0.30, 0.05, 0.11, 0.02], [True, True, False, True]) == 1
    assert nearest_to_mean([0.0, 0.1], [False, False]) in (0, 1)


def test_an_images_miou_leaves_out_absent_classes_and_void() -> None:
    import numpy as np

    labels = np.array([[1, 1], [3, 255]], np.uint8)
    pred = np.array([[1, 3], [3, 0]], np.uint8)
    assert image_miou(pred, labels) == pytest.approx((1 / 2 + 1 / 2) / 2)


def test_home_loads_no_torch(tmp_path: Path) -> None:
    make_home_folder(tmp_path)
    code = (
        "import sys; from pathlib import Path; from unetkd_core.runs import home_scene; "
        f"home_scene.FOLDER = Path({str(tmp_path)!r}); "
        "from streamlit.testing.v1 import AppTest; "
        f"at = AppTest.from_file({APP!r}, default_timeout=30).run(); "
        "assert not at.exception and '+4.2' in ''.join(e.proto.body for e in at.get('html')); "
        "assert 'torch' not in sys.modules, 'Home imported torch'"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT_ROOT, capture_output=True, text=True, timeout=90)
    assert done.returncode == 0, done.stderr[-800:]
