"""Ensemble in a real browser: the handle and the rest of the page, no side-scrolling, nothing that keeps people out."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_viewer import Frames
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
    expect(page.locator(".seen .chip.tag.left b")).to_have_text(re.compile("%"))
    return page


def weight(page: Page, where: str) -> Locator:
    return page.locator(f".weight.at-{where} b")


def field(page: Page, place: int) -> Locator:
    return page.get_by_label(re.compile("weight$")).nth(place)


def press_near_the_right(page: Page) -> None:
    """A tenth of the triangle's side away from its lower right corner."""
    box = page.locator(".plane").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2 + 0.4 * 408, box["y"] + 12 + 0.866 * 408 - 4)


def test_the_handle_the_fields_and_the_address_are_one(open_page: OpenPage, address: str) -> None:
    frames = Frames()
    page = ensemble(open_page, address, on_start=frames.listen)
    ways, number = page.locator(".plane-side .goto").bounding_box(), field(page, 0).bounding_box()
    assert ways and number and 0 < number["y"] - (ways["y"] + ways["height"]) < 100, "nothing empty under the triangle"
    page.wait_for_timeout(1000)
    before = frames.sent
    page.mouse.move(*middle(page))
    page.mouse.down()
    for step in range(10):
        x, y = middle(page)
        page.mouse.move(x + 4, y - 2 * (step % 2))
    page.wait_for_timeout(200)
    assert frames.sent == before and float(weight(page, "right").inner_text()) > 0.34
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"weights=0\.\d+%2C0\.\d+%2C0\.\d+"))
    press_near_the_right(page)
    expect(page).to_have_url(re.compile(r"weights=0\.\d+%2C0\.\d+%2C0\.\d+|weights=0%2C0\.1%2C0\.9"))
    expect(field(page, 2)).to_have_value(re.compile(r"0\.(89|9)"))
    page.locator("[data-way=even]").click()
    expect(page).to_have_url(re.compile("weights=1%2C1%2C1"))
    expect(field(page, 2)).to_have_value("1")
    field(page, 0).fill("2")
    field(page, 0).press("Enter")
    expect(weight(page, "top")).to_have_text("0.50")
    press_near_the_right(page)
    expect(field(page, 2)).to_have_value(re.compile(r"0\.(89|9)"))


def middle(page: Page) -> tuple[float, float]:
    box = page.locator(".knot").bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_weights_are_set_by_keyboard_alone_and_the_focus_stays(open_page: OpenPage, address: str) -> None:
    page = ensemble(open_page, address)
    page.locator(".knot").focus()
    page.keyboard.press("Home")
    expect(page).to_have_url(re.compile("weights=0%2C1%2C0"))
    expect(page.locator(".ukd-answer")).to_contain_text("These weights hear")
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("weights=0%2C0.95%2C0.05"))
    expect(page.locator(".knot")).to_be_focused()


def test_who_comes_back_finds_the_handle_where_it_was(open_page: OpenPage, address: str) -> None:
    page = ensemble(open_page, address)
    page.locator(".knot").focus()
    page.keyboard.press("End")
    expect(page).to_have_url(re.compile("weights=0%2C0%2C1"))
    menu, links = page.get_by_test_id("stTopNav"), page.get_by_test_id("stTopNavDropdownLink")
    menu.get_by_text("Library").click()
    links.filter(has_text="Data").click()
    expect(page.get_by_role("heading", name="What do the nets learn from?")).to_be_visible(timeout=SLOW)
    menu.get_by_text("Compare").click()
    links.filter(has_text="Ensemble").click()
    expect(weight(page, "right")).to_have_text("1.00", timeout=SLOW)
    expect(field(page, 2)).to_have_value("1")


def test_on_a_phone_the_picture_comes_first_and_nothing_scrolls_sideways(open_page: OpenPage, address: str) -> None:
    page = ensemble(open_page, address, width=390, height=844)
    parts = [page.locator(part).bounding_box() for part in (".seen", ".plane-side", ".goto", ".winners")]
    tops = [box["y"] for box in parts if box]
    assert tops == sorted(tops) and len(tops) == 4
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390
    page.locator(".goto").scroll_into_view_if_needed()
    seen = page.locator(".seen").bounding_box()
    assert seen and 0 <= seen["y"] < 80  # it stays in sight
    expect(page.locator(".small-pic").first).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(open_page: OpenPage, address: str, scheme: str) -> None:
    page = ensemble(open_page, address, scheme=scheme)
    # The uploader's dropzone is Streamlit's own, with a role and a label that contradict each other.
    context = {"include": [["[data-testid=stMain]"]], "exclude": [["[data-testid=stFileUploaderDropzone]"]]}
    found = Axe().run(page, context=context)
    assert not found.response["violations"], found.generate_report()
