"""Soft targets, through app.py: what the browser is sent, what an address restores, and what a bad one breaks."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.ui import caches
from pages.ui.blob import unpack
from tests.pages.test_overlays import text
from tests.pages.trio_folder import make_trio, plain_street
from unetkd_core.data import streets
from unetkd_core.inference.predict import predict

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def trio_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoints")
    make_trio(folder)
    return folder


@pytest.fixture(autouse=True)
def quick_streets(monkeypatch: pytest.MonkeyPatch, trio_folder: Path) -> Iterator[None]:
    monkeypatch.setattr(streets, "render", plain_street)
    monkeypatch.setenv("UNETKD_CHECKPOINTS", str(trio_folder))
    st.cache_data.clear()
    yield
    st.cache_data.clear()
    st.cache_resource.clear()


def opened(**address: str) -> AppTest:
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    at.switch_page("pages/learn/soft_targets.py")
    for name, value in address.items():
        at.query_params[name] = value
    at.run()
    assert not at.exception
    return at


def sent(at: AppTest) -> tuple[dict[str, Any], list[bytes]]:
    blob = next(c for c in at.main.get("bidi_component") if c.proto.component_name.endswith("unetkd_viewer"))
    return unpack(blob.proto.bytes)


def start(at: AppTest) -> dict[str, Any]:
    """What the browser was told to begin with."""
    return dict(sent(at)[0]["start"])


def test_it_opens_at_a_vehicles_edge_with_the_papers_setting_and_says_so_in_the_address() -> None:
    at = opened()
    header, _ = sent(at)
    assert [layer["role"] for layer in header["layers"]] == ["teacher", "student", "truth"]
    begun = start(at)
    assert (begun["temperature"], begun["alpha"], begun["scale_by_t2"]) == (10.0, 0.1, False)
    column, row = begun["pixel"]
    labels = caches.scene("streets:val", 242).labels
    assert (labels[row - 1 : row + 2, column - 1 : column + 2] != labels[row, column]).any()
    assert dict(at.query_params) == {
        "T": "10",
        "alpha": "0.1",
        "t2": "0",
        "kl": "forward",
        "col": str(column),
        "row": str(row),
        "data": "streets:val",
        "scene": "243",
        "teacher": "big",
        "student": "taught",
    }


def test_the_logits_are_the_networks_own_at_their_working_size() -> None:
    at = opened(scene="5")
    header, parts = sent(at)
    described = header["layers"][1]["logits"]
    assert (described["classes"], described["height"], described["width"]) == (6, 32, 64)
    model = caches.load_model("taught")
    image = caches.scene("streets:val", 4).image
    own = predict(model.model, image, training_size=(32, 64)).logits
    assert own.shape == (6, 32, 64) and own.dtype == np.float32
    np.testing.assert_array_equal(caches.predict("taught", model.info.sha256, image)[1], own.astype(np.float16))
    assert parts[described["part"]]


def test_an_address_restores_the_view() -> None:
    at = opened(T="4", alpha="0.5", t2="1", kl="reverse", col="33", row="21", scene="7", teacher="alone")
    begun = start(at)
    del begun["token"]
    assert begun == {
        "temperature": 4.0,
        "alpha": 0.5,
        "scale_by_t2": True,
        "direction": "reverse",
        "pixel": [33, 21],
    }
    assert at.query_params["teacher"] == "alone" and at.query_params["scene"] == "7"


def test_a_bad_address_gives_sensible_values_and_a_quiet_sentence_each() -> None:
    at = opened(T="abc", alpha="7", col="99999", row="1", teacher="gone", data="nowhere:val")
    told = text(at)
    begun = start(at)
    assert (begun["temperature"], begun["alpha"]) == (10.0, 1.0) and begun["pixel"] is not None
    assert "the address says abc; this is T = 10" in told and "this is α = 1" in told
    assert "the address says column 99999, row 1" in told and "The teacher gone is not here any more" in told
    assert "nowhere:val is not among the datasets here" in told
    assert at.query_params["T"] == "10" and at.query_params["teacher"] == "big"


def test_the_browser_keeps_its_values_until_another_street_brings_another_pixel() -> None:
    at = opened(col="33", row="21", T="4")
    first = start(at)
    at.get_by_key("soft_teacher").set_value("taught").run()
    assert start(at) == first, "another teacher is asked about the same pixel"
    at.get_by_key("soft_scene").set_value(3).run()
    other = start(at)
    assert other["token"] != first["token"] and other["temperature"] == 4.0 and other["pixel"] != [33, 21]


def test_who_leaves_by_the_menu_and_comes_back_finds_what_was_set() -> None:
    at = opened(T="30", alpha="0.35")
    began = start(at)
    looked = replace(at.session_state["soft_now"], temperature=4.0)
    at.session_state["soft_now"] = looked  # as the browser tells when the slider is let go
    at.switch_page("pages/learn/home.py").run()
    at.query_params.clear()  # as the menu does
    at.switch_page("pages/learn/soft_targets.py").run()
    assert not at.exception
    assert start(at) == {**began, "temperature": 4.0}


def test_launching_carries_the_values_into_the_form_and_starts_nothing() -> None:
    at = opened(T="30", alpha="0.35", t2="1")
    at.button(key="soft_go").click().run()
    assert at.get_by_key("distill_temperature").value == 30.0 and at.get_by_key("distill_alpha").value == 0.35
    assert at.get_by_key("distill_scale_by_t2").value is True and at.get_by_key("distill_kd").value == "custom"
    assert at.get_by_key("distill_teacher").value == "big" and "Nothing has been trained yet" in text(at)


def test_the_photo_comes_first_where_torch_is_not_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caches, "torch_is_loaded", lambda: False)
    asked: list[str] = []
    monkeypatch.setattr(caches, "predict", lambda ref, *_: asked.append(ref) or (_ for _ in ()).throw(Stop()))
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    at.switch_page("pages/learn/soft_targets.py").run()
    header, _ = sent(at)
    assert [layer["role"] for layer in header["layers"]] == ["truth"] and asked == ["big"]
    assert header["waiting"].startswith("The two networks are reading")


class Stop(Exception):
    """Ends the page where the seconds of torch would begin."""


def test_a_network_that_cannot_be_read_is_told_in_place(trio_folder: Path, tmp_path: Path, monkeypatch: Any) -> None:
    shutil.copytree(trio_folder, tmp_path / "damaged")
    (tmp_path / "damaged" / "big" / "model.safetensors").write_bytes(b"no weights")
    monkeypatch.setenv("UNETKD_CHECKPOINTS", str(tmp_path / "damaged"))
    at = opened()
    assert "The teacher cannot be read" in text(at)
    assert "cannot be read by both" in sent(at)[0]["waiting"]


def test_without_networks_it_says_what_will_be_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNETKD_CHECKPOINTS", str(tmp_path))
    at = opened()
    assert "No networks yet" in text(at) and not at.main.get("bidi_component")
