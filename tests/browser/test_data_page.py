"""What only a browser shows of the Data page: one pointer that reads a street's layers, a phone, accessibility."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from unetkd_core.classes import CLASS_NAMES
from unetkd_core.data import streets

SCENE = 243
ADDRESS = f"/data?data=streets:val&scene={SCENE}&weather=rain&hour=18:00"
HEIGHT, WIDTH = streets.NATIVE_SIZE


@pytest.mark.parametrize(("column", "row"), [(256, 250), (256, 4)], ids=["road", "sky"])
def test_one_pointer_reads_class_and_depth_as_they_were_rendered(
    open_page: Callable[..., Page], app_address: str, column: int, row: int
) -> None:
    scene = streets.render(streets.SPLIT_SEEDS["val"], SCENE - 1, HEIGHT, WIDTH, weather="rain", hour=18.0)
    page = open_page(app_address + ADDRESS, ready="[data-ready=grid]", height=1400)
    light = page.locator(".cell .pic").last
    box = light.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * (column + 0.5) / WIDTH, box["y"] + box["height"] * (row + 0.5) / HEIGHT)
    metres = scene.depth[row, column]
    depth = "sky" if metres == float("inf") else f"{round(10 * float(metres)) / 10:.1f} m"
    expect(page.locator(".cell .here")).to_have_text([CLASS_NAMES[scene.labels[row, column]], depth])


def test_a_phone_shows_all_four_layers_and_scrolls_down_only(open_page: Callable[..., Page], app_address: str) -> None:
    page = open_page(app_address + ADDRESS, ready="[data-ready=grid]", width=390, height=844)
    page.wait_for_timeout(500)
    expect(page.locator(".cell:visible")).to_have_count(4)
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") == 390


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_data_page_has_no_accessibility_violations(
    open_page: Callable[..., Page], app_address: str, scheme: str, width: int
) -> None:
    page = open_page(app_address + ADDRESS, ready="[data-ready=grid]", width=width, height=844, scheme=scheme)
    page.wait_for_selector(".ukc-mean")
    page.locator(".cells").focus()
    page.keyboard.press("ArrowRight")  # the probe's answers are judged too
    page.wait_for_timeout(800)
    # Left out: Streamlit's own folded menu, whose list holds its section headings as <div>.
    found: Any = Axe().run(page, context={"exclude": [["[data-testid=stSidebar]"]]})
    assert not found.response["violations"], found.generate_report()
