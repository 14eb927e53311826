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

BY_SEED = (("\u22120.6", "\u22121.4"), ("+2.5", "+1.7"), ("+2.5", "+1.7"), ("+4.6", "+3.8"))
"""What seed 0 and seed 1 gain, cell by cell."""
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
    assert [c["by_seed"] for c in told["cells"]] == [f"seed by seed {a} and {b}" for a, b in BY_SEED]
    assert {c["sure"] for c in told["cells"]} == {"seed"} <= told["terms"].keys()
    assert (told["cells"][3]["miou"], told["twin"], told["streets"]) == (
        "71.1 %", "66.9 %", "on 500 streets neither has seen",
    )  # fmt: skip
    assert [layer["role"] for layer in header["layers"]] == ["twin", *["student"] * 4, "truth"]
    assert [e.proto.page for e in at.get("page_link")] != []


def test_a_picture_has_its_own_networks_miou_and_all_pictures_are_of_one_seed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = sent(open_home(monkeypatch, make_home_folder(tmp_path)))
    assert [layer["note"] for layer in header["layers"]] == ["67.2 %", "65.8 %", "68.9 %", "68.9 %", "71.0 %", ""]
    assert [cell["seen"] for cell in header["story"]["cells"]] == ["65.8 %", "68.9 %", "68.9 %", "71.0 %"]
    assert [cell["pictured"] for cell in header["story"]["cells"]] == [
        f"In the picture: seed 1, {gain}\u00a0points" for _, gain in BY_SEED
    ]


def test_a_cell_that_lost_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lost, *others = sent(open_home(monkeypatch, make_home_folder(tmp_path)))["story"]["cells"]
    assert lost["outcome"] == "lost" and lost["heading"] == "Where it lost" and all(row["lost"] for row in lost["rows"])
    assert [cell["outcome"] for cell in others] == ["gained"] * 3 and others[0]["heading"] == "Where it gained"


def test_a_gain_that_rounds_to_nothing_is_level_and_one_that_few_seeds_disagree_about_is_open() -> None:
    home = home_grid(0.006)
    _, *others = story.told(home)["cells"]
    assert [(cell["gain"], cell["outcome"]) for cell in others] == [("+0.3", "open")] * 2 + [("+0.6", "gained")]
    assert {cell["outcome"] for cell in story.told(home_grid(0.0004))["cells"][1:]} == {"open"}, "0.4 up, 0.4 down"
    same = dataclasses.replace(home, cells=(dataclasses.replace(home.cells[0], students=home.twins),))
    (level,) = story.told(dataclasses.replace(same, cells_seen=home.cells_seen[:1]))["cells"]
    assert (level["gain"], level["outcome"], level["heading"]) == ("0.0", "level", "Class by class")
    many = dataclasses.replace(
        home, seeds=(0, 1, 2, 3), twins=home.twins * 2,
        cells=tuple(dataclasses.replace(c, students=c.students * 2) for c in home.cells),
    )  # fmt: skip
    assert [cell["outcome"] for cell in story.told(many)["cells"][1:]] == ["gained"] * 3, "their spread is told"


@pytest.mark.parametrize(("address", "cell"), [
    ({}, 1),  # α 0.5, T 4: as near to 0.1 as to 0.9
    ({"T": "1", "alpha": "0.9"}, 2),
    ({"T": "3", "alpha": "0.6"}, 3),
    ({"T": "much", "alpha": "nan"}, 1),
    ({"T": "nan", "alpha": "0.9"}, 3),
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
    assert [cell["gain"] for cell in told["cells"]] == ["+4.6"]  # this seed's own
    assert (told["cells"][0]["by_seed"], told["cells"][0]["pictured"]) == ("one seed", "")


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


@pytest.mark.parametrize(("seeds", "said"), [
    (1, "one seed"),
    (3, "seed by seed +4.6, +3.8 and +4.6"),
    (4, "±\u00a00.5 over four seeds"),
])  # fmt: skip
def test_few_seeds_have_their_gains_told_and_many_a_spread(seeds: int, said: str) -> None:
    two = home_grid()
    some = dataclasses.replace(
        two, seeds=tuple(range(seeds)), shown=0, twins=(two.twins * 2)[:seeds],
        cells=tuple(dataclasses.replace(c, students=(c.students * 2)[:seeds]) for c in two.cells),
    )  # fmt: skip
    assert story.told(some)["cells"][3]["by_seed"] == said


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
