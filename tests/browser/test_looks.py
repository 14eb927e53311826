"""For who cannot tell the hues apart: hatching and the safe palette, wherever classes are drawn."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_viewer import colors_of, pixels
from unetkd_core.classes import PALETTES

ROOT = Path(__file__).resolve().parents[2]
SAFE = {tuple(color) for color in PALETTES["safe"].tolist()}
PLACES = {
    "Home": (ROOT / "app.py", ".st-key-home_scene"),
    "Ensemble": (ROOT / "tests" / "browser" / "simplex_page.py", ".st-key-here"),
    "Soft targets": (ROOT / "tests" / "browser" / "soft_page.py", ".st-key-probe"),
    "label maps": (ROOT / "tests" / "browser" / "viewer_page.py", ".st-key-grid"),
}


@pytest.mark.parametrize("name", PLACES)
def test_hatching_and_safe_colours_are_offered_and_kept_for_the_session(
    open_page: Callable[..., Page], serve: Callable[..., str], name: str
) -> None:
    script, key = PLACES[name]
    page = open_page(serve(script), ready=f"{key} [data-ready]")
    fill = f"{key} .painted:not(.truth-over .painted) .fill >> nth=0"
    assert not {c[:3] for c in colors_of(pixels(page, fill)) if c[3] == 255} <= SAFE
    for switch in ("safe colours", "hatching"):
        page.locator(key).get_by_role("button", name=switch).click()
    page.mouse.move(0, 0)
    for _ in range(2):
        assert {c[:3] for c in colors_of(pixels(page, fill)) if c[3] == 255} <= SAFE
        lines = page.locator(f"{key} .painted:not(.truth-over .painted) .lines").first
        expect(lines).to_be_visible()
        page.reload()
        page.wait_for_selector(f"{key} [data-ready]")
        for switch in ("safe colours", "hatching"):
            expect(page.locator(key).get_by_role("button", name=switch)).to_have_attribute("aria-pressed", "true")
