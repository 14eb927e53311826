"""Data, through app.py: scenes, the balance of classes, Table I, and datasets that are here, missing or wrong."""

import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from pages.ui import carry, class_chart, depth_map, street_light, table_one
from pages.ui.blob import quantity_part, unpack
from pages.ui.places import FIRST_STREET
from tests.pages.trio_folder import plain_street
from unetkd_core.data import catalog, streets
from unetkd_core.runs.standalone import Line

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def quick_streets(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(streets, "render", plain_street)
    monkeypatch.setattr(streets, "render_light", lambda *args, **light: plain_street(*args, **light).image)
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


OWN = streets.conditions(streets.SPLIT_SEEDS["val"], FIRST_STREET - 1)
"""The light that the default scene draws."""


def layers(at: AppTest) -> list[str]:
    """Titles of the layers that the street's viewer was sent."""
    blob = next(c for c in at.main.get("bidi_component") if c.proto.component_name.endswith("unetkd_viewer"))
    header, _ = unpack(blob.proto.bytes)
    return [layer["title"] for layer in header["layers"]]


def test_weather_and_hour_are_as_drawn_until_they_are_chosen_and_can_be_given_back() -> None:
    at = opened()
    assert at.selectbox(key="data_weather_menu").options[0].startswith("As drawn (")
    assert at.button(key="data_as_drawn").disabled
    assert "weather" not in at.query_params and "hour" not in at.query_params
    at.selectbox(key="data_weather_menu").set_value("rain").run()
    at.select_slider(key="data_hour_slider").set_value("17:30").run()
    assert not at.exception
    assert (at.query_params["weather"], at.query_params["hour"]) == ("rain", "17:30")
    at.button(key="data_as_drawn").click().run()
    at.selectbox(key="data_weather_menu").set_value("").run()
    assert not at.exception
    assert abs(street_light.hour_of(at.select_slider(key="data_hour_slider").value) - OWN.hour) <= 1 / 8 + 1e-9
    assert "weather" not in at.query_params and "hour" not in at.query_params


def test_the_chosen_light_is_what_is_rendered(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def spy(*args: int, **light: object) -> streets.StreetScene:
        asked.append(light)
        return plain_street(*args, **light)

    monkeypatch.setattr(streets, "render", spy)
    opened(data="streets:val", scene="7", weather="fog", hour="23:45")
    assert {"weather": "fog", "hour": 23.75} in asked


def test_the_light_stays_with_the_next_scene_and_with_the_way_to_another_dataset(folder: Path) -> None:
    catalog.register("mine", folder)
    at = opened(data="streets:val", scene="7", weather="fog", hour="6:00")
    at.number_input(key="data_scene").set_value(8).run()
    assert (at.query_params["weather"], at.query_params["hour"]) == ("fog", "6:00")
    at.selectbox(key="data_data").set_value("mine:train").run()
    assert not at.exception
    assert at.selectbox(key="data_data").value == "mine:train"
    assert "weather" not in at.query_params
    at.selectbox(key="data_data").set_value("streets:test").run()
    assert not at.exception
    assert at.query_params["weather"] == "fog" and at.query_params["data"] == "streets:test"


def test_every_layer_can_be_looked_at_alone() -> None:
    at = opened()
    assert layers(at) == ["Picture", "Labels", "Depth", "Light"]
    assert "Depth, metres" in text(at)
    for layer in ("Picture", "Labels", "Depth", "Light"):
        at.segmented_control(key="data_layer").set_value(layer).run()
        assert not at.exception
        assert layers(at) == [layer]
        assert ("Depth, metres" in text(at)) == (layer == "Depth")


def test_the_dice_turn_to_another_scene() -> None:
    at = opened()
    at.button(key="data_dice").click().run()
    assert not at.exception
    number = at.number_input(key="data_scene").value
    assert number != FIRST_STREET and 1 <= number <= 500
    assert at.query_params["scene"] == str(number)


@pytest.mark.parametrize(("name", "value", "said"), [
    ("scene", "9999", "There is no scene 9999 in streets:val, which has 500; this is scene 243."),
    ("scene", "x", "There is no scene x in streets:val"),
    ("weather", "hail", "There is no weather “hail” here, so it is as drawn"),
    ("hour", "١٧:30", "is no hour of the day"),
    ("scene", "9" * 5000, "There is no scene 999"),
    ("data", "[x](http://evil)", "[x](http://evil) is not among the datasets here"),
    ("hour", "25:00", "“25:00” is no hour of the day, so it is as drawn"),
])  # fmt: skip
def test_an_address_that_cannot_be_is_said_and_the_page_stays(name: str, value: str, said: str) -> None:
    at = opened(**{"data": "streets:val", name: value})
    assert said in text(at) and not at.exception
    assert not any("evil" in line.value for line in (*at.caption, *at.markdown))  # plain text, not a link
    assert layers(at) == ["Picture", "Labels", "Depth", "Light"]
    assert at.query_params.get(name) != value


def test_labels_that_training_does_not_get_are_shown_and_said() -> None:
    at = opened(data="streets:unlabelled")
    blob = next(c for c in at.main.get("bidi_component") if c.proto.component_name.endswith("unetkd_viewer"))
    assert [layer["note"] for layer in unpack(blob.proto.bytes)[0]["layers"]][1] == "withheld in training"
    assert "vehicle: 3.1 % of the pixels" in text(at) and "there is no average beside it" in text(at)
    assert "unlabelled 4,000" in text(at)


def test_the_scenes_shares_stand_beside_the_splits_average(folder: Path) -> None:
    mask = np.full((32, 64), 5, np.uint8)
    Image.fromarray(mask).save(folder / "masks" / "b.png")
    catalog.register("mine", folder)
    shown = text(opened(data="mine:train", scene="2"))
    assert "person: 100.0 % of the pixels; on average 62.5 %" in shown
    assert "Bars: this scene. Ticks: the split’s average." in shown


def test_how_far_streets_carry_is_shown_where_it_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carry, "tables", list)
    assert "How far do made-up streets carry?" not in text(opened())
    line = Line("M128", "camvid:val", 0.4, None, (0.4,) * 6, (0,))
    found = [carry.Trained("streets", (128, 256), [line]), carry.Trained("camvid", (144, 192), [line])]
    monkeypatch.setattr(carry, "tables", lambda: found)
    shown = text(opened())
    assert "How far do made-up streets carry?" in shown and "reads CamVid at 40.0 %" in shown


def test_depth_is_brightest_near_dark_far_and_grey_in_the_sky() -> None:
    shown = depth_map.picture(np.array([[2.0, 4.0, 16.0, 64.0, 256.0, 900.0, np.inf]], np.float32))[0]
    light = shown[:6].astype(int).sum(axis=1)
    assert light[0] == light[1] > light[2] > light[3] > light[4] == light[5]
    assert tuple(shown[6]) == depth_map.SKY


def test_hours_are_read_and_written_as_on_a_clock() -> None:
    assert street_light.hour_of("17:30") == 17.5
    assert street_light.hour_of("24:00") == 24.0
    assert [street_light.hour_of(t) for t in ("24:01", "7:60", "noon", "")] == [None] * 4
    assert street_light.clock(8.601) == "8:36"
    assert len(street_light.QUARTERS) == 97


def test_a_quantity_is_sent_in_tenths_with_infinity_apart() -> None:
    sent = np.frombuffer(zlib.decompress(quantity_part(np.array([[1.26, np.inf, 9000.0]]))), "<u2")
    assert sent.tolist() == [13, 65535, 65535]
