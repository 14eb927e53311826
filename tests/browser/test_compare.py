"""Compare and Data in a real browser: own photos, a refused file, the strip, downloads, a page that works offline, and
no side-scrolling.
"""

import base64
import io
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Locator, Page, expect

from tests.browser.test_viewer import Frames, colors_of, pixels
from tests.pages.trio_folder import make_trio
from unetkd_core.classes import PALETTES

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


def bring(page: Page, *files: FilePayload) -> None:
    """Into the uploader; the one that took the last files may still fade out."""
    expect(page.locator("input[type=file]")).to_have_count(1, timeout=SLOW)
    page.locator("input[type=file]").set_input_files(list(files))


def own(page: Page) -> Locator:
    return page.locator('.strip .s[data-index^="-"]')


def test_own_photo_is_read_and_a_refused_file_leaves_it_on_the_page(open_page: OpenPage, address: str) -> None:
    page = compare(open_page, address)
    bring(page, png(60, 120))
    expect(page.locator(".ukd-answer")).to_contain_text("of this photo", timeout=SLOW)
    bring(page, {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"GIF89a"})
    expect(page.locator(".ukd-problem")).to_contain_text("This picture", timeout=SLOW)
    expect(page.locator(".ukd-answer")).to_contain_text("of this photo")
    page.locator(".strip .s").nth(1).click()
    expect(page.locator(".ukd-answer")).to_contain_text("Of this street", timeout=SLOW)


def test_several_photos_stand_in_the_strip_and_one_is_taken_out(open_page: OpenPage, address: str) -> None:
    page = compare(open_page, address)
    bring(page, {**png(60, 120), "name": "a.png"}, {**png(64, 100), "name": "b.png"})
    expect(own(page)).to_have_count(2, timeout=SLOW)
    expect(page.locator('.strip .s[aria-pressed="true"]')).to_have_attribute("title", "Your photo: a.png")
    page.get_by_role("button", name="Your photo: b.png").click()
    expect(page.locator('.strip .s[aria-pressed="true"]')).to_have_attribute("title", "Your photo: b.png", timeout=SLOW)
    page.get_by_role("button", name="Take this photo out").click()
    expect(own(page)).to_have_count(1, timeout=SLOW)


PASTE = """async encoded => {
  const bytes = Uint8Array.from(atob(encoded), letter => letter.charCodeAt(0)), data = new DataTransfer()
  data.items.add(new File([bytes], "image.png", { type: "image/png" }))
  document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }))
}"""


def test_a_pasted_picture_is_a_photo_unless_somebody_types(open_page: OpenPage, address: str) -> None:
    page = compare(open_page, address)
    picture = base64.b64encode(png(60, 120)["buffer"]).decode()
    page.get_by_label("Scene, of 500").focus()
    page.evaluate(PASTE, picture)
    page.get_by_role("button", name="Paste a picture").focus()
    expect(own(page)).to_have_count(0)
    page.evaluate(PASTE, picture)
    expect(page.locator(".ukd-answer")).to_contain_text("of this photo", timeout=SLOW)
    expect(own(page)).to_have_count(1)


def test_a_click_on_a_scene_goes_into_the_address(open_page: OpenPage, address: str) -> None:
    page = compare(open_page, address)
    expect(page.locator('.strip .s[aria-pressed="true"]')).to_have_attribute("data-index", "2")
    page.locator(".strip .s").nth(1).click()
    expect(page).to_have_url(re.compile("scene=4"), timeout=SLOW)
    expect(page.locator('.strip .s[aria-pressed="true"]')).to_have_attribute("data-index", "3", timeout=SLOW)
    page.go_back()
    expect(page.locator('.strip .s[aria-pressed="true"]')).to_have_attribute("data-index", "2", timeout=SLOW)


def save(page: Page, name: str) -> Path:
    page.locator("[data-testid=stPopoverButton]", has_text="Save").click()
    with page.expect_download(timeout=SLOW) as download:
        page.get_by_role("button", name=name).click()
    return Path(download.value.path())


def test_the_label_map_is_saved_with_every_pixel_on_the_palette(open_page: OpenPage, address: str) -> None:
    with Image.open(save(compare(open_page, address), "Label map")) as image:
        assert image.mode == "P" and image.size == (512, 256)
        assert set(np.unique(np.asarray(image))) <= set(range(6))


@pytest.fixture(scope="module")
def saved_page(chromium: Browser, address: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The comparison as the file that somebody sends on."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{address}/overlays?scene=3")
    expect(page.locator(".ukd-answer")).to_contain_text("% right", timeout=SLOW)
    target = tmp_path_factory.mktemp("saved") / "compared.html"
    target.write_bytes(save(page, "Page (HTML)").read_bytes())
    context.close()
    return target


def offline(open_page: OpenPage, file: Path, **window: object) -> Page:
    """Opened from the disk, without a network; any request that leaves the file fails the test."""
    asked: list[str] = []

    def watch(page: Page) -> None:
        page.context.set_offline(True)
        page.on("request", lambda request: asked.append(request.url))

    page = open_page(file.as_uri(), ready="[data-ready=grid]", on_start=watch, **window)
    assert [url for url in asked if not url.startswith(("file:", "blob:", "data:"))] == []
    return page


def test_the_saved_page_paints_exact_pixels_without_a_network(open_page: OpenPage, saved_page: Path) -> None:
    page = offline(open_page, saved_page)
    page.get_by_role("button", name="outlines").click()
    page.locator(".legend").get_by_role("button", name="background").click()
    page.mouse.move(0, 0)
    page.wait_for_timeout(300)
    for role in ("truth", "teacher", "student", "twin"):
        got = colors_of(pixels(page, f".cell .pic > .painted[data-role={role}] .fill"))
        assert got and got <= {(*color, 255) for color in PALETTES["table1"].tolist()}, role


def test_the_saved_pages_probe_and_swipe_answer(open_page: OpenPage, saved_page: Path) -> None:
    page = offline(open_page, saved_page)
    page.locator(".cells").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("[aria-live=polite]").first).to_contain_text("Column 257, row 128")
    page.get_by_role("button", name="Swipe").click()
    line = page.get_by_role("slider", name=re.compile("left"))
    line.focus()
    page.keyboard.press("Home")
    expect(line).to_have_attribute("aria-valuenow", "0")
    page.keyboard.press("ArrowRight")
    expect(line).to_have_attribute("aria-valuenow", "2")
    expect(page.get_by_role("table").first).to_contain_text("multiply-accumulates")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_the_saved_page_is_accessible_and_fits(open_page: OpenPage, saved_page: Path, scheme: str, width: int) -> None:
    page = offline(open_page, saved_page, scheme=scheme, width=width, height=844)
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == {"light": "rgb(252, 251, 249)", "dark": "rgb(21, 22, 26)"}[scheme]
    found = Axe().run(page)
    assert not found.response["violations"], found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_name_in_the_class_chart_hides_its_class_in_the_pictures(open_page: OpenPage, address: str) -> None:
    page = compare(open_page, address)
    chart, legend = page.locator(".ukc-tog", has_text="vehicle"), page.locator(".legend .tog", has_text="vehicle")
    background = page.locator(".ukc-tog", has_text="background")
    expect(background).to_have_attribute("aria-pressed", "false", timeout=SLOW)
    chart.click()
    expect(legend).to_have_attribute("aria-pressed", "false")
    legend.click()
    expect(chart).to_have_attribute("aria-pressed", "true")


def test_a_view_chosen_in_the_pictures_goes_into_sentence_and_address(open_page: OpenPage, address: str) -> None:
    page = compare(open_page, address)
    page.locator(".seg[data-view=disagreement]").click()
    expect(page.locator(".ukd-answer")).to_contain_text("All say the same on", timeout=SLOW)
    expect(page).to_have_url(re.compile("view=disagreement"))
    page.reload()
    expect(page.locator(".seg[data-view=disagreement]")).to_have_attribute("aria-pressed", "true", timeout=SLOW)


def test_back_takes_the_views_back_one_by_one_and_forward_brings_them_again(open_page: OpenPage, address: str) -> None:
    page = compare(open_page, address)
    expect(page.locator(".ukc-tog")).to_have_count(6, timeout=SLOW)
    pressed = page.locator(".seg[data-view][aria-pressed=true]")

    def stands(view: str) -> None:
        expect(page).to_have_url(re.compile(f"view={view}" if view != "labels" else r"^(?!.*view=)"), timeout=SLOW)
        expect(pressed).to_have_attribute("data-view", view, timeout=SLOW)

    for view in ("errors", "entropy"):
        page.locator(f".seg[data-view={view}]").click()
        stands(view)
    for view in ("errors", "labels"):
        page.go_back()
        stands(view)
    page.wait_for_timeout(1500)  # nothing comes back by itself
    stands("labels")
    page.go_forward()
    stands("errors")
    page.locator(".seg[data-view=second]").click()  # and what is chosen now counts again
    stands("second")


def test_dragging_the_overlay_sends_nothing(open_page: OpenPage, address: str) -> None:
    frames = Frames()
    page = compare(open_page, address, on_start=frames.listen)
    expect(page.locator(".ukc-tog")).to_have_count(6, timeout=SLOW)  # all has come, and nothing moves any more
    expect(page.get_by_text("measured here")).to_be_visible(timeout=SLOW)
    slider = page.get_by_label("Overlay, percent")
    slider.scroll_into_view_if_needed()
    range_ = slider.bounding_box()
    assert range_
    page.mouse.move(range_["x"] + 60, range_["y"] + 10)
    page.mouse.down()
    before = frames.sent
    for step in range(20):
        page.mouse.move(range_["x"] + 40 + 3 * step, range_["y"] + 10)
    assert before > 0 and frames.sent == before
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"opacity=\d"), timeout=SLOW)


def test_classes_and_the_swipe_come_back_from_the_address(open_page: OpenPage, address: str) -> None:
    page = compare(open_page, address)
    expect(page.locator(".ukc-tog")).to_have_count(6, timeout=SLOW)
    page.get_by_role("button", name="Swipe", exact=True).click()
    expect(page).to_have_url(re.compile(r"(?=.*swipe=50)(?=.*sides=\d(,|%2C)\d)"), timeout=SLOW)
    page.keyboard.press("5")  # Table I's fifth: people
    expect(page).to_have_url(re.compile(r"classes=1(,|%2C)2(,|%2C)3(,|%2C)4(&|$)"), timeout=SLOW)
    page.reload()
    handle = page.get_by_role("slider", name=re.compile("left, .* right"))
    expect(handle).to_have_attribute("aria-valuenow", "50", timeout=SLOW)
    expect(page.locator(".ukc-tog[aria-pressed=false]")).to_have_count(2, timeout=SLOW)  # people, and the background


def test_one_network_alone_never_lies_in_a_swipe(open_page: OpenPage, address: str) -> None:
    page = open_page(f"{address}/overlays?scene=3&nets=big&swipe=40")
    expect(page.locator(".ukd-answer")).to_contain_text("% right", timeout=SLOW)
    expect(page.locator(".ukd [data-ready], [data-ready]").first).to_have_attribute("data-ready", "grid")
    expect(page.locator(".failed")).to_have_count(0)
    expect(page.get_by_role("slider", name=re.compile("left, .* right"))).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(open_page: OpenPage, address: str, scheme: str) -> None:
    page = compare(open_page, address, scheme=scheme)
    expect(page.locator(".ukc-tog")).to_have_count(6, timeout=SLOW)
    # The uploader's dropzone is Streamlit's own, with a role and a label that contradict each other.
    context = {"include": [["[data-testid=stMain]"]], "exclude": [["[data-testid=stFileUploaderDropzone]"]]}
    found = Axe().run(page, context=context)
    assert not found.response["violations"], found.generate_report()


@pytest.mark.parametrize("path", ["overlays", "data"])
def test_nothing_scrolls_sideways_on_a_phone(open_page: OpenPage, address: str, path: str) -> None:
    page = open_page(f"{address}/{path}", width=390, height=844)
    expect(page.locator(".strip .s").first).to_be_visible(timeout=SLOW)
    wide = page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth")
    assert wide <= 390
