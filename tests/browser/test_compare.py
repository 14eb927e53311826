"""Compare and Data in a real browser: one's own photo, a refused file, the strip, downloads, and no side-scrolling."""

import io
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

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


def png(height: int, width: int) -> FilePayload:
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (height, width, 3), dtype=np.uint8)).save(buffer, "PNG")
    return {"name": "street.png", "mimeType": "image/png", "buffer": buffer.getvalue()}


def compare(open_page: OpenPage, address: str, **window: object) -> Page:
    page = open_page(f"{address}/overlays?scene=3", **window)
    expect(page.locator(".ukd-answer")).to_contain_text("% right", timeout=SLOW)
    return page


def test_the_first_visitor_of_a_server_finds_a_page_by_its_address(
    open_page: OpenPage, serve: Callable[..., str], tmp_path: Path
) -> None:
    page = open_page(f"{serve(ROOT / 'app.py', UNETKD_CHECKPOINTS=str(tmp_path))}/data?scene=5", ready="h1")
    expect(page.get_by_role("heading", name="What do the nets learn from?")).to_be_visible(timeout=SLOW)
    expect(page.get_by_label("Scene, of 500")).to_have_value("5", timeout=SLOW)
    expect(page.get_by_text("Page not found")).to_have_count(0)


def test_own_photo_is_read_and_a_refused_file_leaves_it_on_the_page(open_page: OpenPage, address: str) -> None:
    page = compare(open_page, address)
    page.locator("input[type=file]").set_input_files(png(60, 120))
    expect(page.locator(".ukd-answer")).to_contain_text("of this photo", timeout=SLOW)
    page.locator("input[type=file]").set_input_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"GIF89a"})
    expect(page.locator(".ukd-problem")).to_contain_text("This picture", timeout=SLOW)
    expect(page.locator(".ukd-answer")).to_contain_text("of this photo")
    page.locator(".strip .s").nth(1).click()
    expect(page.locator(".ukd-answer")).to_contain_text("Of this street", timeout=SLOW)


def test_a_click_on_a_scene_goes_into_the_address(open_page: OpenPage, address: str) -> None:
    page = compare(open_page, address)
    expect(page.locator('.strip .s[aria-pressed="true"]')).to_have_attribute("data-index", "2")
    page.locator(".strip .s").nth(1).click()
    expect(page).to_have_url(re.compile("scene=4"), timeout=SLOW)
    expect(page.locator('.strip .s[aria-pressed="true"]')).to_have_attribute("data-index", "3", timeout=SLOW)
    page.go_back()
    expect(page.locator('.strip .s[aria-pressed="true"]')).to_have_attribute("data-index", "2", timeout=SLOW)


def test_the_label_map_is_saved_with_every_pixel_on_the_palette(open_page: OpenPage, address: str) -> None:
    page = compare(open_page, address)
    page.get_by_text("Save as PNG").click()
    with page.expect_download(timeout=SLOW) as download:
        page.get_by_role("button", name="Label map").click()
    with Image.open(download.value.path()) as image:
        assert image.mode == "P" and image.size == (512, 256)
        assert set(np.unique(np.asarray(image))) <= set(range(6))


@pytest.mark.parametrize("path", ["overlays", "data"])
def test_nothing_scrolls_sideways_on_a_phone(open_page: OpenPage, address: str, path: str) -> None:
    page = open_page(f"{address}/{path}", width=390, height=844)
    expect(page.locator(".strip .s").first).to_be_visible(timeout=SLOW)
    wide = page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth")
    assert wide <= 390
