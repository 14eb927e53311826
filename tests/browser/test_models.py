"""Models in a real browser: a mark and a row choose, light and dark, and a phone."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.pages import fake_run
from tests.pages.fake_run import Where
from tests.pages.trio_folder import make_trio

ROOT = Path(__file__).resolve().parents[2]
ACROSS = """Math.max(document.documentElement.scrollWidth,
    document.querySelector('[data-testid=stMain]').scrollWidth)"""
MARKS = ".stVegaLiteChart svg path[aria-roledescription='point']"


@pytest.fixture
def address(serve: Callable[..., str], tmp_path: Path, unetkd_home: Path) -> str:
    make_trio(tmp_path / "checkpoints")
    home = {"UNETKD_HOME": str(unetkd_home), "UNETKD_CHECKPOINTS": str(tmp_path / "checkpoints")}
    return serve(ROOT / "app.py", **home) + "/models"


def test_a_click_on_a_mark_and_on_a_row_chooses(open_page: Callable[..., Page], address: str) -> None:
    page = open_page(f"{address}?net=alone&on=streets:val", ready=MARKS)
    expect(page.get_by_role("heading", name="M128 alone")).to_be_visible()
    box = page.locator(f"{MARKS}[aria-label*='M256 big']").last.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.get_by_role("heading", name="M256 big")).to_be_visible()
    expect(page).to_have_url(re.compile("net=big"))


def test_a_click_on_a_rows_name_chooses_it_and_a_second_click_keeps_it(
    open_page: Callable[..., Page], address: str
) -> None:
    page = open_page(f"{address}?net=alone&on=streets:val", ready="[data-testid='stDataFrame'] canvas")
    expect(page.get_by_role("heading", name="M128 alone")).to_be_visible()
    table = page.locator("[data-testid='stDataFrame']")
    for across, row, title in ((130, 1, "M256 big"), (320, 2, "M128 taught"), (16, 1, "M256 big"), (16, 1, "M256 big")):
        table.click(position={"x": across, "y": 35 * row + 52})
        expect(page.get_by_role("heading", name=title)).to_be_visible()
        page.wait_for_selector("[data-testid='stApp'][data-test-script-state='notRunning']")
    expect(page).to_have_url(re.compile("net=big"))


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)])
@pytest.mark.parametrize(("action", "button"), [("Push", "Push it"), ("Export", "Make the file")])
def test_an_actions_form_stands_in_the_page_and_is_not_cut(
    open_page: Callable[..., Page], address: str, width: int, height: int, action: str, button: str
) -> None:
    page = open_page(f"{address}?net=big", ready=MARKS, width=width, height=height)
    page.locator("[data-testid='stButtonGroup'] button", has_text=action).click()
    last = page.get_by_role("button", name=button)
    last.scroll_into_view_if_needed()
    expect(last).to_be_in_viewport(ratio=1)
    if width == 1280:
        assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_can_be_read(open_page: Callable[..., Page], address: str, scheme: Literal["light", "dark"]) -> None:
    page = open_page(f"{address}?net=taught", ready=MARKS, scheme=scheme)
    expect(page.get_by_role("heading", name="M128 taught")).to_be_visible()
    options = {"runOnly": {"type": "rule", "values": ["color-contrast", "button-name", "aria-allowed-attr", "list"]}}
    found = Axe().run(page, options=options)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_form_that_keeps_a_run_can_be_read(
    open_page: Callable[..., Page], address: str, scheme: Literal["light", "dark"]
) -> None:
    fake_run.write_run(fake_run.config(teacher=None), Where("done"), run_id="r1")
    page = open_page(f"{address}?shown=runs&net=run:r1", ready="[data-testid='stDataFrame'] canvas", scheme=scheme)
    page.locator("[data-testid='stButtonGroup'] button", has_text="Keep it").click()
    expect(page.get_by_text("streets:val", exact=True)).to_be_visible()
    found = Axe().run(
        page, context=".st-key-models_panel", options={"runOnly": {"type": "rule", "values": ["color-contrast"]}}
    )
    assert found.violations_count == 0, found.generate_report()


def test_a_phone_needs_no_scrolling_sideways(open_page: Callable[..., Page], address: str) -> None:
    page = open_page(address, ready=MARKS, width=390, height=844)
    assert page.evaluate(ACROSS) <= 390
    page.get_by_text("Model card").click()
    expect(page.get_by_role("heading", name="Licence")).to_be_visible()
    assert page.evaluate(ACROSS) <= 390
