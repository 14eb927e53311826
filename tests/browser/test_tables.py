"""Tables in a real browser: a cell by mouse and by keyboard, what is marked, light and dark, and a phone."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.runs import paper_made
from unetkd_core.runs import paper_file

ROOT = Path(__file__).resolve().parents[2]
READY = ".paper table"


@pytest.fixture
def address(serve: Callable[..., str], tmp_path: Path, unetkd_home: Path) -> str:
    results = tmp_path / "results"
    paper_file.write(paper_made.results(), paper_file.path_of("camvid", results / "camvid"))
    return serve(ROOT / "app.py", UNETKD_HOME=str(unetkd_home), TEST_RESULTS=str(results)) + "/tables"


def test_a_click_and_the_keyboard_open_a_row_and_close_it(open_page: Callable[..., Page], address: str) -> None:
    page = open_page(f"{address}?table=4", ready=READY)
    cell = page.get_by_role("button", name=re.compile(r"gain here \+4\.5 ± 0\.7, M128 from M1024\*"))
    cell.click()
    expect(page.get_by_text("What stands behind M128 from M1024*?")).to_be_visible()
    expect(page).to_have_url(re.compile("row=m1024s-m128"))
    expect(cell).to_have_attribute("aria-pressed", "true")
    expect(cell).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("What stands behind")).to_have_count(0)
    expect(cell).to_have_attribute("aria-pressed", "false")
    expect(cell).to_be_focused()


def test_a_doubtful_number_says_why_to_whoever_comes_by_keyboard(open_page: Callable[..., Page], address: str) -> None:
    page = open_page(f"{address}?table=6", ready=READY)
    mark = page.locator(".paper abbr", has_text="+0.17")
    mark.focus()
    said = mark.evaluate("e => getComputedStyle(e, '::after').content")
    assert "0.4 points" in said


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_can_be_read(open_page: Callable[..., Page], address: str, scheme: Literal["light", "dark"]) -> None:
    page = open_page(f"{address}?table=4&row=m1024s-m128", ready=READY, scheme=scheme)
    expect(page.get_by_text("What stands behind")).to_be_visible()
    rules = ["color-contrast", "button-name", "aria-allowed-attr", "empty-table-header", "th-has-data-cells", "list"]
    found = Axe().run(page, options={"runOnly": {"type": "rule", "values": rules}})
    assert found.violations_count == 0, found.generate_report()


def test_a_phone_shows_the_gains_without_scrolling_sideways(open_page: Callable[..., Page], address: str) -> None:
    page = open_page(f"{address}?table=4", ready=READY, width=390, height=844)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    wide = page.locator(".paper .wide")
    assert wide.evaluate("e => e.scrollWidth - e.clientWidth") <= 0
    expect(page.get_by_role("button", name=re.compile("gain here .*M128 from M1024"))).to_be_visible()
    expect(page.locator(".paper .track").first).to_be_hidden()


def test_a_file_is_what_the_page_shows(open_page: Callable[..., Page], address: str) -> None:
    page = open_page(f"{address}?table=5", ready=READY)
    with page.expect_download() as found:
        page.get_by_role("button", name="LaTeX of Table V").click()
    text = Path(found.value.path()).read_text()
    assert found.value.suggested_filename == "table-5-camvid-val.tex" and "72.86" in text
