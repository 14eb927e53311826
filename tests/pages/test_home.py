"""Home, through the whole app: what it sends of its files, the address, the empty state, damage, and no torch."""

import dataclasses
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.ui import blob, home_figures, kit, story
from tests.pages.home_folder import home_grid, make_home_folder, make_single_folder
from unetkd_core.runs import home_scene
from unetkd_core.runs.home_grid import HomeGrid
from unetkd_core.settings import PROJECT_ROOT

APP = str(PROJECT_ROOT / "app.py")


def shown(at: AppTest) -> str:
    """All HTML of the page."""
    return "".join(element.proto.body for element in at.get("html"))


def open_home(monkeypatch: pytest.MonkeyPatch, folder: Path, **address: str) -> AppTest:
    monkeypatch.setattr(home_scene, "FOLDER", folder)
    at = AppTest.from_file(APP, default_timeout=30)
    for name, value in address.items():
        at.query_params[name] = value
    at.run()
    assert not at.exception
    return at


def sent(at: AppTest) -> dict[str, Any]:
    """The header of what the component got."""
    (component,) = at.get("bidi_component")
    return blob.unpack(component.proto.bytes)[0]


def test_everything_of_every_cell_is_sent_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at = open_home(monkeypatch, make_home_folder(tmp_path))
    assert at.title[0].value == "What can a small network learn from a large one?"
    header = sent(at)
    told = header["story"]
    assert (told["temperatures"], told["alphas"]) == ([1.0, 4.0], [0.1, 0.9])
    assert [(c["alpha"], c["temperature"], c["gain"]) for c in told["cells"]] == [
        (0.1, 1.0, "\u22121.0"), (0.1, 4.0, "+2.1"), (0.9, 1.0, "+2.1"), (0.9, 4.0, "+4.2"),
    ]  # fmt: skip
    assert {c["spread"] for c in told["cells"]} == {"±\u00a00.6"} and told["seeds"] == "two seeds"
    assert (told["cells"][3]["miou"], told["twin"], told["streets"]) == (
        "71.1 %", "66.9 %", "on 500 streets neither has seen",
    )  # fmt: skip
    assert [layer["role"] for layer in header["layers"]] == ["twin"] * 2 + ["student"] * 4 + ["truth"]
    assert [e.proto.page for e in at.get("page_link")] != []


def test_a_cell_that_lost_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lost, *others = sent(open_home(monkeypatch, make_home_folder(tmp_path)))["story"]["cells"]
    assert lost["lost"] and lost["heading"] == "Where it lost" and all(row["lost"] for row in lost["rows"])
    assert not any(cell["lost"] for cell in others) and others[0]["heading"] == "Where it gained"
    assert not any(cell["level"] for cell in (lost, *others))


def test_a_cell_whose_gain_rounds_to_nothing_is_level(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lost, *others = sent(open_home(monkeypatch, make_home_folder(tmp_path, 0.0004)))["story"]["cells"]
    assert lost["lost"] and not lost["level"]
    assert [(cell["gain"], cell["level"], cell["lost"]) for cell in others] == [("0.0", True, False)] * 3


@pytest.mark.parametrize(("address", "cell"), [
    ({}, 1),  # α 0.5, T 4: as near to 0.1 as to 0.9
    ({"T": "1", "alpha": "0.9"}, 2),
    ({"T": "3", "alpha": "0.6"}, 3),
    ({"T": "much", "alpha": "nan"}, 1),
    ({"T": "-1", "alpha": "7"}, 2),
])  # fmt: skip
def test_the_sliders_start_where_the_address_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: dict[str, str], cell: int
) -> None:
    assert sent(open_home(monkeypatch, make_home_folder(tmp_path), **address))["story"]["start"] == cell


def test_a_rerun_sends_the_very_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at = open_home(monkeypatch, make_home_folder(tmp_path), T="1")
    before = sent(at)["digest"]
    assert sent(at.run())["digest"] == before


def test_one_student_is_a_story_of_one_cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = sent(open_home(monkeypatch, make_single_folder(tmp_path)))["story"]
    assert [cell["gain"] for cell in told["cells"]] == ["+4.6"]  # 4.2 and a deviation's half: this seed's own
    assert told["seeds"] == "one seed" and told["cells"][0]["spread"] == told["cells"][0]["pictured"] == ""


def test_without_the_files_home_says_what_will_be_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at = open_home(monkeypatch, tmp_path / "nothing")
    assert "No street to show yet" in shown(at)
    at.button(key="home_train").click().run()
    assert not at.exception
    assert at.title[0].value != "What can a small network learn from a large one?"  # the button leads to Distill


def test_a_damaged_file_is_told_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_home_folder(tmp_path)
    (tmp_path / "logits.npz").write_bytes(b"not an archive")
    html = shown(open_home(monkeypatch, tmp_path))
    assert 'role="alert"' in html and "unetkd paper home" in html


def test_which_seed_is_in_the_picture_is_said() -> None:
    two = home_grid()
    cells = story.told(two)["cells"]
    assert {cell["pictured"] for cell in cells} == {"In the picture: seed 1, which gained less"}
    three = dataclasses.replace(
        two, seeds=(4, 5, 6), twins=(*two.twins, two.twins[0]),
        cells=tuple(dataclasses.replace(c, students=(*c.students, c.students[0]), shown=2) for c in two.cells),
    )  # fmt: skip
    assert story.told(three)["cells"][0]["pictured"] == "In the picture: seed 6, the middle one"


def test_one_scale_holds_for_all_cells() -> None:
    home = home_grid()
    order = home_figures.class_order(home)
    best, worst = home_figures.bars(home, 3, order), home_figures.bars(home, 0, order)
    zero = home_figures.zero(home)
    assert best[0] == {"start": zero, "width": round(100 - zero, 2)}  # the largest gain of all reaches the end
    assert min(bar["start"] for bar in worst if bar) == 0.0
    assert all(bar and bar["start"] + bar["width"] == pytest.approx(zero) for bar in worst)


def test_students_stand_in_the_order_of_their_miou_and_names_keep_apart() -> None:
    home = home_grid()
    at = [home_figures.student_on_line(home, n)["student"] for n in range(4)]
    assert at == sorted(at) and 0 < at[0] < home_figures.line(home)["twin"] < at[3] < 100
    for number in range(4):
        names = sorted(home_figures.student_on_line(home, number)["names"].values())
        assert min(b - a for a, b in pairwise(names)) >= 16.9


def test_a_class_that_a_cell_cannot_compare_has_no_bar() -> None:
    home = home_grid()
    first = home.cells[0]
    blind = tuple(dataclasses.replace(s, iou=(*s.iou[:5], float("nan"))) for s in first.students)
    grid: HomeGrid = dataclasses.replace(home, cells=(dataclasses.replace(first, students=blind), *home.cells[1:]))
    order = home_figures.class_order(grid)
    assert home_figures.bars(grid, 0, order)[order.index(5)] is None
    assert story.told(grid)["cells"][0]["rows"][order.index(5)] == {"text": kit.MISSING, "lost": False}


def test_home_loads_no_torch(tmp_path: Path) -> None:
    make_home_folder(tmp_path)
    code = (
        "import sys; from pathlib import Path; from unetkd_core.runs import home_scene; "
        f"home_scene.FOLDER = Path({str(tmp_path)!r}); "
        "from streamlit.testing.v1 import AppTest; "
        f"at = AppTest.from_file({APP!r}, default_timeout=30).run(); "
        "assert not at.exception and len(at.get('bidi_component')) == 1; "
        "assert 'torch' not in sys.modules, 'Home imported torch'"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT_ROOT, capture_output=True, text=True, timeout=90)
    assert done.returncode == 0, done.stderr[-800:]
