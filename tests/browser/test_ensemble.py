"""Ensemble in a real browser: a click on the triangle, no side-scrolling, and nothing that keeps anybody out."""

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.pages.trio_folder import make_trio

ROOT = Path(__file__).resolve().parents[2]
OpenPage = Callable[..., Page]
SLOW = 60_000
"""Milliseconds until three networks have read a picture in a server that has not loaded torch yet."""


@pytest.fixture(scope="module")
def address(serve: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("checkpoints")
    make_trio(folder)
    return serve(ROOT / "app.py", UNETKD_CHECKPOINTS=str(folder))


def ensemble(open_page: OpenPage, address: str, **window: object) -> Page:
    page = open_page(f"{address}/ensemble?scene=3&weights=1,1,1", **window)
    expect(page.locator(".ukd-answer")).to_contain_text("On this street", timeout=SLOW)
    expect(page.locator("[data-testid=stVegaLiteChart] svg path.background").first).to_be_attached()
    return page


def click_until(page: Page, corner: Literal["left", "right"], address: str) -> None:
    """`click_near`, and again where the chart was drawn anew under the mouse, until the address says it was heard."""
    for _ in range(3):
        click_near(page, corner)
        with suppress(AssertionError):
            expect(page).to_have_url(re.compile(address), timeout=4000)
            return
    expect(page).to_have_url(re.compile(address))


def click_near(page: Page, corner: Literal["left", "right"]) -> None:
    """A tenth of the triangle's side away from one of its lower corners."""
    chart = page.locator("[data-testid=stVegaLiteChart] svg")
    expect(chart).to_have_count(1)  # after a preset the old one stays until the new one is there
    box = chart.bounding_box()
    assert box
    side = min(408, box["width"] - 28)
    x = box["x"] + box["width"] / 2 + (0.4 * side if corner == "right" else -0.4 * side)
    page.mouse.click(x, box["y"] + 12 + 0.866 * side - 4)


def test_a_click_on_the_triangle_moves_the_weights_and_again_after_a_preset(open_page: OpenPage, address: str) -> None:
    page = ensemble(open_page, address)
    click_until(page, "right", r"weights=0%2C0.1%2C0.9")
    expect(page.locator(".uke-weight-right b")).to_have_text("0.90")
    page.get_by_role("radio", name="Even thirds").click()
    expect(page.locator(".uke-weight-right b")).to_have_text("0.33")
    click_near(page, "right")
    expect(page.locator(".uke-weight-right b")).to_have_text("0.90")
    click_near(page, "left")
    expect(page.locator(".uke-weight-left b")).to_have_text("0.90")


def test_weights_are_set_by_keyboard_alone(open_page: OpenPage, address: str) -> None:
    page = ensemble(open_page, address)
    field = page.get_by_label(re.compile("weight$")).first
    field.focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("2")
    page.keyboard.press("Enter")
    expect(page.locator(".uke-weight-top b")).to_have_text("0.50")


def test_on_a_phone_the_picture_comes_first_and_nothing_scrolls_sideways(open_page: OpenPage, address: str) -> None:
    page = ensemble(open_page, address, width=390, height=844)
    tops = [
        page.locator(f".st-key-ensemble_{part}").bounding_box() for part in ("picture", "triangle", "go", "pixels_4")
    ]
    assert [box["y"] for box in tops if box] == sorted(box["y"] for box in tops if box) and all(tops)
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(open_page: OpenPage, address: str, scheme: str) -> None:
    page = ensemble(open_page, address, scheme=scheme)
    # The uploader's dropzone is Streamlit's own, with a role and a label that contradict each other.
    context = {"include": [["[data-testid=stMain]"]], "exclude": [["[data-testid=stFileUploaderDropzone]"]]}
    found = Axe().run(page, context=context)
    assert not found.response["violations"], found.generate_report()
