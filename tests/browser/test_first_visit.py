"""A deep link to a server that has just started."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.browser.conftest import ROOT, WAIT


def test_the_first_visitor_of_a_server_gets_the_page_that_the_link_names(
    serve: Callable[..., str], chromium: Browser, tmp_path: Path
) -> None:
    address = serve(ROOT / "app.py", UNETKD_HOME=str(tmp_path))
    page = chromium.new_page()
    page.goto(f"{address}/runs")
    expect(page.locator("h1")).to_contain_text("What did each run find?", timeout=WAIT)
    expect(page.locator("[role=dialog]")).to_have_count(0)
    assert page.url.startswith(f"{address}/runs")
    page.close()
