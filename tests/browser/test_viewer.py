"""What only a browser shows of the viewer: exact pixels, answers without the server, keys, phones, accessibility."""

import base64
import io
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Page, expect

from tests.pages.home_folder import HEIGHT, WIDTH, street, without
from unetkd_core.classes import PALETTES, encode

PALETTE: set[tuple[int, ...]] = {tuple(int(v) for v in color) for color in PALETTES["table1"]}


def pixels(page: Page, selector: str) -> np.ndarray:
    """(H, W, 4) uint8 of the canvas as it was painted (a PNG is lossless, and alpha is 0 or 255)."""
    url = page.locator(selector).evaluate("canvas => canvas.toDataURL('image/png')")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("RGBA"))


def colors_of(canvas: np.ndarray) -> set[tuple[int, ...]]:
    """The colours (R, G, B, alpha) that occur."""
    return {tuple(int(v) for v in color) for color in np.unique(canvas.reshape(-1, canvas.shape[-1]), axis=0)}


def upscaled(labels: np.ndarray, height: int, width: int) -> np.ndarray:
    rows = ((np.arange(height) + 0.5) * HEIGHT / height).astype(int)
    columns = ((np.arange(width) + 0.5) * WIDTH / width).astype(int)
    return labels[rows][:, columns]


class Frames:
    """Counts what the page sends to the server."""

    def __init__(self) -> None:
        self.sent = 0

    def listen(self, page: Page) -> None:
        page.on("websocket", lambda socket: socket.on("framesent", lambda _: self._add()))

    def _add(self) -> None:
        self.sent += 1


def drag(page: Page, selector: str, to: float, *, release: bool = True) -> None:
    box = page.locator(selector).first.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.6)
    page.mouse.down()
    for step in range(25):
        page.mouse.move(box["x"] + box["width"] * (0.5 + (to - 0.5) * (step + 1) / 25), box["y"] + box["height"] * 0.6)
    if release:
        page.mouse.up()


def test_dragging_sends_nothing_and_releasing_tells_python(open_page: Callable[..., Page], viewer_address: str) -> None:
    frames = Frames()
    page = open_page(viewer_address, ready="[data-ready=swipe]", on_start=frames.listen)
    page.wait_for_timeout(800)
    before = frames.sent
    drag(page, ".st-key-swipe .pic", 0.2, release=False)
    page.wait_for_timeout(300)
    assert frames.sent == before
    assert page.locator(".st-key-swipe .handle").get_attribute("aria-valuenow") == "20"
    page.mouse.up()
    expect(page.get_by_text("swipe 0.20")).to_be_visible()


def test_label_pixels_are_exactly_table_i_nearest_neighbour(
    open_page: Callable[..., Page], viewer_address: str
) -> None:
    page = open_page(viewer_address, ready="[data-ready=grid]")
    got = pixels(page, ".st-key-grid .cell .pic > .painted[data-role=student] .fill")
    expected = upscaled(without(street()[1], 4), *got.shape[:2])
    shown = expected != 0  # background is off to begin with
    assert got.shape[1] > WIDTH
    np.testing.assert_array_equal(got[..., 3], np.where(shown, 255, 0))
    np.testing.assert_array_equal(got[shown][:, :3], encode(expected)[shown])


def test_at_full_opacity_the_screen_itself_is_on_palette(open_page: Callable[..., Page], viewer_address: str) -> None:
    page = open_page(viewer_address, ready="[data-ready=grid]")
    page.locator(".st-key-grid").get_by_role("button", name="background").click()
    page.mouse.move(0, 0)
    shot = page.locator(".st-key-grid .cell .pic:has(> .painted[data-role=twin])").screenshot()
    inner = np.asarray(Image.open(io.BytesIO(shot)).convert("RGB"))[10:-10, 10:-10]
    assert colors_of(inner) <= PALETTE


def test_void_pixels_show_the_photo(open_page: Callable[..., Page], viewer_address: str) -> None:
    page = open_page(viewer_address, ready="[data-ready=grid]")
    page.locator(".st-key-grid").get_by_role("button", name="background").click()
    got = pixels(page, ".st-key-grid .cell .pic > .painted[data-role=truth] .fill")
    assert not got[: got.shape[0] // HEIGHT * 4, :, 3].any()
    assert got[got.shape[0] // 2 :, :, 3].all()


def test_swipe_by_keyboard(open_page: Callable[..., Page], viewer_address: str) -> None:
    page = open_page(viewer_address, ready="[data-ready=swipe]")
    handle = page.locator(".st-key-swipe .handle")
    handle.focus()
    for keys, place in (
        ("ArrowRight", 52),
        ("Shift+ArrowLeft", 42),
        ("ArrowLeft", 40),
        ("Home", 0),
        ("End", 100),
        ("ArrowRight", 100),
    ):
        page.keyboard.press(keys)
        assert handle.get_attribute("aria-valuenow") == str(place), keys
    assert handle.get_attribute("aria-valuetext") == "Untaught twin left, Student, taught right, 100 percent"


def test_a_move_by_key_is_told_even_if_the_focus_leaves_before_the_key_is_up(
    open_page: Callable[..., Page], viewer_address: str
) -> None:
    page = open_page(viewer_address, ready="[data-ready=swipe]")
    page.locator(".st-key-swipe .handle").focus()
    page.keyboard.down("ArrowRight")
    page.locator(".st-key-grid .cells").focus()
    expect(page.get_by_text("swipe 0.52")).to_be_visible()


def test_number_keys_toggle_classes_in_the_legends_order(open_page: Callable[..., Page], viewer_address: str) -> None:
    page = open_page(viewer_address, ready="[data-ready=swipe]")
    legend = page.locator(".st-key-swipe .legend button")
    assert legend.all_inner_texts() == ["road", "road markings", "vehicle", "posts/pylons", "person", "background"]
    assert [b.get_attribute("aria-pressed") for b in legend.all()] == ["true"] * 5 + ["false"]
    page.locator(".st-key-swipe .handle").focus()
    page.keyboard.press("3")
    page.keyboard.press("6")
    assert [b.get_attribute("aria-pressed") for b in legend.all()] == ["true", "true", "false", "true", "true", "true"]
    colors = colors_of(pixels(page, ".st-key-swipe .side.right .fill"))
    assert (*PALETTES["table1"][3].tolist(), 255) not in colors
    assert (*PALETTES["table1"][0].tolist(), 255) in colors


def test_holding_t_shows_the_true_label(open_page: Callable[..., Page], viewer_address: str) -> None:
    page = open_page(viewer_address, ready="[data-ready=swipe]")
    page.locator(".st-key-swipe .handle").focus()
    over = page.locator(".st-key-swipe .truth-over")
    expect(over).to_be_hidden()
    page.keyboard.down("t")
    expect(over).to_be_visible()
    expect(page.locator(".st-key-swipe .side.left .painted")).to_be_hidden()
    page.keyboard.up("t")
    expect(over).to_be_hidden()


def test_one_probe_reads_the_class_in_every_cell(open_page: Callable[..., Page], viewer_address: str) -> None:
    page = open_page(viewer_address, ready="[data-ready=grid]")
    first = page.locator(".st-key-grid .cell .pic").first
    first.scroll_into_view_if_needed()
    box = first.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 53.5 / WIDTH, box["y"] + box["height"] * 40.5 / HEIGHT)
    answers = page.locator(".st-key-grid .here")
    assert answers.all_inner_texts() == ["person", "road", "person"]
    page.mouse.move(0, 0)
    grid = page.locator(".st-key-grid .cells")
    grid.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowUp")
    expect(page.get_by_text("pixel (63, 22)")).to_be_visible()
    expect(page.locator(".st-key-grid [aria-live]")).to_have_text(
        "Column 63, row 22: Student, taught background; Untaught twin background; True label background"
    )


def over(page: Page, selector: str, x: float, y: float) -> None:
    """The pointer goes to a pixel of the small street."""
    box = page.locator(selector).first.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * (x + 0.5) / WIDTH, box["y"] + box["height"] * (y + 0.5) / HEIGHT)


def test_a_pinned_pixel_holds_until_escape_and_python_hears_of_both(
    open_page: Callable[..., Page], viewer_address: str
) -> None:
    page = open_page(viewer_address, ready="[data-ready=grid]")
    page.locator(".st-key-grid .cell .pic").first.scroll_into_view_if_needed()
    over(page, ".st-key-grid .cell .pic", 53, 40)
    page.keyboard.press("3")  # somebody changes something else: where the pointer happens to be is not kept
    expect(page.get_by_text("pixel None shown [1, 2, 4, 5]")).to_be_visible()
    page.mouse.down()
    page.mouse.up()
    expect(page.get_by_text("pixel (53, 40)")).to_be_visible()
    grid = page.locator(".st-key-grid .cells")
    over(page, ".st-key-grid .cell .pic", 10, 10)
    page.mouse.move(0, 0)
    expect(grid).to_have_class(re.compile("probing.*pinned"))
    grid.focus()
    page.keyboard.press("Escape")
    expect(page.get_by_text("pixel None")).to_be_visible()
    expect(grid).not_to_have_class(re.compile("probing|pinned"))


def test_a_pixel_reached_by_keys_comes_back_when_the_pointer_has_passed(
    open_page: Callable[..., Page], viewer_address: str
) -> None:
    page = open_page(viewer_address, ready="[data-ready=grid]")
    grid = page.locator(".st-key-grid .cells")
    grid.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_text("pixel (63, 32)")).to_be_visible()
    place = grid.evaluate("node => node.style.getPropertyValue('--px')")
    over(page, ".st-key-grid .cell .pic", 10, 10)
    assert grid.evaluate("node => node.style.getPropertyValue('--px')") != place
    page.mouse.move(0, 0)
    assert grid.evaluate("node => node.style.getPropertyValue('--px')") == place
    expect(page.get_by_text("pixel (63, 32)")).to_be_visible()


def test_opacity_follows_the_slider_at_once(open_page: Callable[..., Page], viewer_address: str) -> None:
    page = open_page(viewer_address, ready="[data-ready=grid]")
    page.locator(".st-key-grid input[type=range]").fill("30")
    fill = page.locator(".st-key-grid .cell .pic > .painted .fill").first
    assert fill.evaluate("node => getComputedStyle(node).opacity") == "0.3"
    expect(page.get_by_text("opacity 0.30")).to_be_visible()


def test_filmstrip_is_scrubbed_by_keys_and_tells_python(open_page: Callable[..., Page], viewer_address: str) -> None:
    page = open_page(viewer_address, ready="[data-ready=filmstrip]")
    film = page.locator(".st-key-film .film")
    # The student is at 12, its twin at 10: what is compared is an epoch that both have.
    assert film.get_attribute("aria-valuetext") == "Epoch 10 of 20"
    expect(page.locator("[data-testid=stText]").get_by_text("epoch 10")).to_be_visible()
    film.focus()
    page.keyboard.press("ArrowLeft")
    assert film.get_attribute("aria-valuetext") == "Epoch 9 of 20"
    expect(page.locator("[data-testid=stText]").get_by_text("epoch 9")).to_be_visible()
    expect(page.get_by_text("next: 13")).to_be_visible()
    colors = colors_of(pixels(page, ".st-key-film .thumb.on .fill >> nth=0"))
    assert {c[:3] for c in colors if c[3]} <= PALETTE and {c[3] for c in colors} == {0, 255}


def test_a_slider_reaches_the_epochs_between_the_thumbnails(
    open_page: Callable[..., Page], viewer_address: str
) -> None:
    page = open_page(viewer_address, ready="[data-ready=filmstrip]")
    film = page.locator(".st-key-film .film")
    assert "epoch 7" not in film.locator(".ep").all_inner_texts()
    page.locator(".st-key-film input.scrub").fill("6")
    assert film.get_attribute("aria-valuetext") == "Epoch 7 of 20"
    expect(page.locator("[data-testid=stText]").get_by_text("epoch 7")).to_be_visible()


def test_what_cannot_be_drawn_is_said_in_place(open_page: Callable[..., Page], viewer_address: str) -> None:
    page = open_page(viewer_address, ready="[data-ready=failed]")
    alert = page.locator(".st-key-broken [role=alert]")
    expect(alert.locator("b")).to_have_text("The pictures could not be drawn")
    expect(alert.locator("p")).to_have_text("Reload the page; if it stays so, try another browser.")


def test_the_photo_stays_where_only_the_layers_cannot_be_read(
    open_page: Callable[..., Page], viewer_address: str
) -> None:
    page = open_page(viewer_address, ready=".st-key-lost [data-ready=failed]")
    expect(page.locator(".st-key-lost [role=alert] p")).to_contain_text("The photo is all that could be read.")
    assert page.locator(".st-key-lost .pic img").evaluate("image => image.naturalWidth") == WIDTH


@pytest.mark.parametrize("place", ["app_address", "viewer_address"])
def test_a_phone_scrolls_down_only(open_page: Callable[..., Page], place: str, request: pytest.FixtureRequest) -> None:
    page = open_page(request.getfixturevalue(place), width=390, height=844)
    page.wait_for_timeout(500)
    widths = page.evaluate(
        "[document.documentElement, document.querySelector('[data-testid=stMain]')].map(n => n.scrollWidth)"
    )
    assert widths == [390, 390]


def test_a_phone_shows_two_layers_of_a_grid_and_chips_for_the_rest(
    open_page: Callable[..., Page], viewer_address: str
) -> None:
    page = open_page(viewer_address, width=390, height=844, ready="[data-ready=grid]")
    cells = page.locator(".st-key-grid .cell:visible")
    assert cells.count() == 2
    page.locator(".st-key-grid").get_by_role("button", name="Photo").click()
    assert cells.count() == 3


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_viewer_has_no_accessibility_violations(
    open_page: Callable[..., Page], viewer_address: str, scheme: str
) -> None:
    page = open_page(viewer_address, scheme=scheme)
    page.wait_for_timeout(500)
    page.locator(".st-key-grid .cells").focus()
    page.keyboard.press("ArrowRight")  # the probe's answers are judged too
    found: Any = Axe().run(
        page, context={"include": [[f".st-key-{key}"] for key in ("swipe", "grid", "film", "broken", "lost")]}
    )
    assert not found.response["violations"], found.generate_report()
