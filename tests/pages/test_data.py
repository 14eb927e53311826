"""Data, through app.py: scenes, the balance of classes, Table I, and datasets that are here, missing or wrong."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from pages.ui import class_chart, table_one
from tests.pages.trio_folder import plain_street
from unetkd_core.data import catalog, streets

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def quick_streets(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(streets, "render", plain_street)
    for name in ("UNETKD_CAMVID", "UNETKD_CITYSCAPES"):
        monkeypatch.delenv(name, raising=False)
    st.cache_data.clear()
    yield
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two scenes of 32 x 64: three quarters road, a quarter person."""
    root = tmp_path / "mine"
    for part in ("images", "masks"):
        (root / part).mkdir(parents=True)
    mask = np.ones((32, 64), np.uint8)
    mask[:, :16] = 5
    for name in ("a", "b"):
        Image.fromarray(np.full((32, 64, 3), 128, np.uint8)).save(root / "images" / f"{name}.png")
        Image.fromarray(mask).save(root / "masks" / f"{name}.png")
    return root


def opened(**address: str) -> AppTest:
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    at.run()
    at.switch_page("pages/library/data.py")
    for name, value in address.items():
        at.query_params[name] = value
    at.run()
    assert not at.exception
    return at


def text(at: AppTest) -> str:
    return "\n".join([h.value for h in at.html] + [c.value for c in at.caption])


def test_the_answer_counts_pixels_and_table_one_is_whole() -> None:
    shown = text(opened())
    assert "In streets:val there are" in shown
    for name in ("road markings", "posts/pylons", "#804080", "#0072B2", "sidewalk"):
        assert name in shown
    assert "Counted on 96 of 500 scenes" in shown


def test_a_dataset_that_is_missing_says_how_to_get_it() -> None:
    shown = text(opened())
    assert "camvid is not on this machine yet." in shown
    assert "<code>unetkd data add camvid PATH</code>" in shown
    assert "research and non-commercial use only" in shown


def test_a_folder_is_added_in_place_looked_at_and_forgotten(folder: Path) -> None:
    at = opened()
    at.text_input(key="data_name").set_value("mine")
    at.text_input(key="data_path").set_value(str(folder))
    at.button(key="data_add").click().run()
    assert not at.exception
    assert "mine is here: 2 scenes" in text(at)
    at.selectbox(key="data_data").set_value("mine:train").run()
    assert not at.exception
    assert "75.0 %" in text(at) and "25.0 %" in text(at)
    assert "all 2 scenes" in text(at)
    at.button(key="data_forget").click().run()
    assert not at.exception
    assert at.selectbox(key="data_data").value == "streets:val"
    assert [info.name for info in catalog.describe()] == ["streets", "camvid", "cityscapes"]
    assert (folder / "images" / "a.png").is_file()


@pytest.mark.parametrize(("name", "path", "said"), [
    ("mine", "/no/such/folder", "is not a folder"),
    ("bad name", ".", "cannot be a dataset"),
    ("", "", "A name and a folder are needed"),
])  # fmt: skip
def test_a_folder_that_cannot_be_used_is_refused_where_it_was_typed(name: str, path: str, said: str) -> None:
    at = opened()
    at.text_input(key="data_name").set_value(name)
    at.text_input(key="data_path").set_value(path)
    at.button(key="data_add").click().run()
    assert not at.exception
    assert said in text(at)
    assert "streets" in text(at)


def test_a_broken_scene_is_named_and_the_rest_of_the_page_stays(folder: Path) -> None:
    catalog.register("mine", folder)
    (folder / "images" / "b.png").write_bytes(b"broken")
    at = opened(data="mine:train", scene="2")
    assert "b.png" in text(at)
    assert "Table I" in text(at)


def test_a_damaged_register_is_said_in_place(unetkd_home: Path) -> None:
    unetkd_home.mkdir(parents=True)
    (unetkd_home / "datasets.json").write_text("{ broken")
    assert "datasets.json" in text(opened())


def test_the_scene_in_the_address_is_the_scene_on_the_page() -> None:
    at = opened(data="streets:train", scene="1234")
    assert at.number_input(key="data_scene").value == 1234
    assert at.query_params["data"] == "streets:train"


def test_shares_are_written_in_percent_with_two_digits_where_small() -> None:
    assert class_chart.share_text(0.0042) == "0.42 %"
    assert class_chart.share_text(0.282) == "28.2 %"
    assert class_chart.share_text(0.0) == "none"
    shown = class_chart.share_rows([0.5, 0.25, 0.25, 0, 0, 0], log=True)
    assert shown.count("ukc-dot") == 3


def test_ids_are_written_as_ranges() -> None:
    assert table_one.ranges((-1, 0, 1, 2, 9, 11, 12)) == "−1 to 2, 9, 11, 12"
