"""The stage: what an address may ask for, what it may not, and that it stays while one moves from page to page."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.ui import stage_address
from pages.ui.stage_address import CLASS, HIDEABLE, Stage
from unetkd_core.runs import offline_check
from unetkd_core.runs.offline_check import Finding

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def no_networks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("UNETKD_CHECKPOINTS", str(tmp_path / "none"))
    st.cache_data.clear()
    yield
    st.cache_data.clear()


def opened(page: str = "learn/on_stage", **address: str) -> AppTest:
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    at.switch_page(f"pages/{page}.py")
    for name, value in address.items():
        at.query_params[name] = value
    at.run()
    assert not at.exception
    return at


def html(at: AppTest) -> str:
    """All HTML of the page, without its sheets."""
    bodies = "\n".join(element.proto.body for element in at.get("html"))
    return re.sub(r"<style>.*?</style>", "", bodies, flags=re.DOTALL)


def on_stage(at: AppTest) -> bool:
    return "Reset this page" in html(at)


@pytest.mark.parametrize(
    ("address", "stage"),
    [
        ({}, Stage()),
        ({"stage": "1"}, Stage(True)),
        ({"stage": "0", "class": "0"}, Stage()),
        ({"hide": "nav, Upload"}, Stage(False, frozenset({"nav", "upload"}))),
        ({"hide": ""}, Stage()),
        ({"class": "1"}, Stage(False, CLASS)),
        ({"class": "1", "answers": "1", "stage": "1"}, Stage(True, CLASS - {"answers"})),
        ({"hide": "answers", "answers": "1"}, Stage()),
    ],
)
def test_what_an_address_may_ask_for(address: dict[str, str], stage: Stage) -> None:
    assert stage_address.read(address) == (stage, [])
    assert stage_address.read(stage_address.write(stage)) == (stage, [])


def test_nonsense_is_told_in_one_sentence_each_and_the_rest_counts() -> None:
    stage, told = stage_address.read({"hide": "nav,<b>everything</b>", "stage": "yes"})
    assert stage == Stage(False, frozenset({"nav"}))
    assert len(told) == 2 and "hide <b>everything</b>" in told[0] and all(name in told[0] for name in HIDEABLE)
    assert "stage is 0 or 1" in told[1]


def test_the_documentation_lists_every_name() -> None:
    text = (ROOT / "docs" / "teaching.md").read_text()
    assert [name for name in (*HIDEABLE, "class=1", "answers=1", "stage=1") if f"`{name}`" not in text] == []


def test_nonsense_in_an_address_is_quiet_and_has_no_markup() -> None:
    at = opened(hide="<b>x</b>")
    assert "&lt;b&gt;x&lt;/b&gt;" in html(at) and 'role="alert"' not in html(at)


def test_the_mode_comes_by_address_stays_on_the_next_page_and_is_left_by_its_button() -> None:
    at = opened(stage="1", hide="nav")
    assert on_stage(at) and any("stTopNav" in e.proto.body and "none" in e.proto.body for e in at.get("html"))
    at.switch_page("pages/lab/runs.py").run()
    assert on_stage(at) and at.query_params["stage"] == "1" and at.query_params["hide"] == "nav"
    at.button(key="stage_leave").click().run()
    assert not on_stage(at) and "stage" not in at.query_params and at.query_params["hide"] == "nav"
    at.switch_page("pages/learn/on_stage.py").run()
    assert not on_stage(at)


def test_the_switch_turns_it_on_and_writes_the_address() -> None:
    at = opened()
    assert not on_stage(at)
    at.toggle(key="on_stage_on").set_value(True).run()
    assert on_stage(at) and at.query_params["stage"] == "1"
    at.button(key="stage_leave").click().run()
    assert not on_stage(at) and at.toggle(key="on_stage_on").value is False, "the switch follows the mode"


def test_reset_is_a_link_to_the_page_with_nothing_but_the_stage_and_the_progress() -> None:
    at = opened("lab/runs", stage="1", run="no-such-run", progress="b.....")
    assert 'href="?stage=1&amp;progress=b....."' in html(at)


def test_a_link_is_put_together_from_what_is_chosen() -> None:
    at = opened()
    assert at.code[0].value.endswith("/lessons?class=1")
    at.pills(key="on_stage_hide").set_value(["upload", "settings"]).run()
    at.selectbox(key="on_stage_where").set_value("Overlays").run()
    assert at.code[0].value.endswith("/overlays?hide=settings,upload")


def test_the_check_shows_what_lacks_and_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [Finding("Fonts", True, "All here."), Finding("torch", False, "<torch> is missing.", "Install it.")]
    monkeypatch.setattr(offline_check, "findings", lambda: iter(lines))
    at = opened()
    assert "not looked at yet" in html(at)
    at.button(key="on_stage_look").click().run()
    assert not at.exception
    text = html(at)
    assert (
        "1 of 2 are missing" in text and "&lt;torch&gt; is missing." in text and "<strong>Install it.</strong>" in text
    )
    assert "not looked at yet" not in text
