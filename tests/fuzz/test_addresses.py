"""Addresses of pages from anybody: every page opens, at what it can make of them, with a sentence for the rest."""

from collections.abc import Callable
from typing import Any, Final

import pytest
import streamlit as st
from hypothesis import given
from hypothesis import strategies as hy
from streamlit.testing.v1 import AppTest

from pages.ui import (
    compare_view,
    ensemble_choice,
    lesson_progress,
    lesson_steps,
    networks,
    places,
    run_form_state,
    scene_choice,
    soft_choice,
    stage_address,
    street_light,
    trio,
    url_state,
)
from tests.fuzz.cases import FULL, cases, texts
from tests.fuzz.test_checkpoints import INFO
from tests.pages.lab_app import ROOT, lab
from unetkd_core.data import catalog

__all__ = ["lab"]

KNOWN: Final = [
    (name, INFO.model_copy(update={"name": name, "role": role, "sha256": 64 * str(k)}))
    for k, (name, role) in enumerate((("big", "teacher"), ("taught", "student"), ("alone", "twin"), ("more", "alone")))
]
FOUND: Final = {
    place.ref: place
    for place in (places.Place("streets", "val", 500, "", "classes"), places.Place("x", "a", 1, "/x", "y"))
}
OVERLAYS: Final = {**networks.keys("o"), **scene_choice.keys("o"), **compare_view.keys("o")}
DATA: Final = {**scene_choice.keys("d"), **street_light.keys("d")}


def overlays() -> list[str]:
    taken = url_state.restore(OVERLAYS)
    place, _, told = scene_choice.settle("o", FOUND, taken)
    told += networks.settle("o", KNOWN, taken, place.name, None) + compare_view.settle("o", taken)
    assert set(networks.chosen("o")) <= set(dict(KNOWN)) and 1 <= scene_choice.number("o") <= place.count
    assert all(isinstance(v, str | None) for v in {**networks.address("o"), **compare_view.address("o")}.values())
    compare_view.begin("o")
    return told


def data() -> list[str]:
    taken = url_state.restore(DATA)
    place, _, told = scene_choice.settle("d", FOUND, taken)
    told += street_light.settle("d", taken)
    street_light.chosen("d")
    assert 1 <= scene_choice.number("d") <= place.count
    return told


def ensemble() -> list[str]:
    taken = url_state.restore(ensemble_choice.ADDRESS)
    _, _, told = scene_choice.settle(ensemble_choice.PAGE, FOUND, taken)
    told += ensemble_choice.settle(KNOWN, taken, "streets")
    choice = ensemble_choice.now()
    assert abs(sum(choice.shares) - 1) < 1e-6 and all(share >= 0 for share in choice.shares)
    ensemble_choice.values(choice)
    return told


def soft() -> list[str]:
    choice, told = soft_choice.read(dict(st.query_params), (40, 60))
    assert 1 <= choice.temperature <= 1000 and 0 <= choice.alpha <= 1
    soft_choice.address(choice)
    return told


def stage() -> list[str]:
    found, told = stage_address.read(dict(st.query_params))
    stage_address.write(found)
    return told


def lessons() -> list[str]:
    taken = lesson_progress.take()
    return [*lesson_steps.asked()[2], *([taken] if taken else [])]


def distill() -> list[str]:
    run_form_state.settle(KNOWN, [one for one in catalog.describe() if one.name == "streets"])
    run_form_state.values()
    assert isinstance(trio.defaults(KNOWN, "streets"), dict)
    return []


READERS: Final[tuple[tuple[Callable[[], list[str]], tuple[str, ...]], ...]] = (
    (overlays, tuple(OVERLAYS)),
    (data, tuple(DATA)),
    (ensemble, tuple(ensemble_choice.ADDRESS)),
    (soft, soft_choice.NAMES),
    (stage, stage_address.NAMES),
    (lessons, ("lesson", "step", lesson_progress.NAME)),
    (distill, ("teacher", "data", "T", "alpha", "t2")),
)
words: Final = hy.one_of(
    texts,
    hy.integers(-5, 10**12).map(str),
    hy.floats().map(str),
    hy.lists(hy.one_of(texts, hy.sampled_from(("big", "taught", "confidence", "0", "1", "9"))), max_size=12).map(
        ",".join
    ),
    hy.sampled_from(("big", "streets:val", "predict", "1", "0,0", "١", "²", "1_0", "1e3", "inf", "½")),
)


@cases("addresses")
@given(which=hy.sampled_from(READERS), more=hy.data())
def test_any_address_is_read_and_its_nonsense_told_in_text(which: Any, more: hy.DataObject) -> None:
    read, names = which
    st.session_state.clear()
    asked = more.draw(hy.dictionaries(hy.sampled_from(names), words, min_size=1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(st, "query_params", asked)
        told = read()
    assert all(isinstance(sentence, str) and sentence for sentence in told)


PAGES: Final = ("lab/runs", "lab/sweeps", "lab/distill", "compare/tables", "library/models", "learn/lessons")
NASTY: Final = (
    "<script>alert(1)</script>", "../../etc/passwd", "x" * 5000, "\x00\x1b[31m\n", "\u202egnp", "-1", "9" * 400,
    "[](javascript:1)",
)  # fmt: skip
EVERY: Final = (
    *("run", "sweep", "cell", "net", "shown", "on", "data", "table", "row", "lesson", "step", "teacher", "T", "alpha"),
    *("t2", "nets", "members", "weights", "stage", "hide", "class", "answers", lesson_progress.NAME),
)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_whatever_its_address_says(page: str) -> None:
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=100).run()
    at.switch_page(f"pages/{page}.py")
    for value in NASTY if FULL else [NASTY[PAGES.index(page)], NASTY[0]]:
        for name in EVERY:
            at.query_params[name] = value
        at.run()
        assert not at.exception, value
        written = "".join(one.value for one in [*at.html, *at.markdown])
        assert "<script>alert" not in written and "\x1b" not in written
