"""Models in a real browser: a mark and a row choose, light and dark, and a phone."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.pages.trio_folder import make_trio

ROOT = Path(__file__).resolve().parents[2]
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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_can_be_read(open_page: Callable[..., Page], address: str, scheme: Literal["light", "dark"]) -> None:
    page = open_page(f"{address}?net=taught", ready=MARKS, scheme=scheme)
    expect(page.get_by_role("heading", name="M128 taught")).to_be_visible()
    options = {"runOnly": {"type": "rule", "values": ["color-contrast", "button-name", "aria-allowed-attr", "list"]}}
    found = Axe().run(page, options=options)
    assert found.violations_count == 0, found.generate_report()


def test_a_phone_needs_no_scrolling_sideways(open_page: Callable[..., Page], address: str) -> None:
    page = open_page(address, ready=MARKS, width=390, height=844)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
