"""Home in a browser: picture, number, line and bars follow the sliders without the server; it hears of the release."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import WAIT
from tests.browser.test_viewer import Frames, colors_of, drag, pixels
from tests.pages.home_folder import make_single_folder
from unetkd_core.classes import PALETTES

READY = "[data-ready=story]"
SECONDS = 3.0
"""From the server's first answer until a slider moves the number; what the front page promises on an idle machine."""


def slider(page: Page, name: str) -> Locator:
    return page.get_by_role("slider", name=name, exact=True)


def gain(page: Page) -> Locator:
    return page.locator(".gained b")


def slide(page: Page, name: str, to: float, *, release: bool = True) -> None:
    """Drag the thumb of a slider to a share of its track."""
    at = slider(page, name)
    box = at.bounding_box()
    assert box
    now = float(at.input_value()) / 1000
    place = [box["x"] + 8 + share * (box["width"] - 16) for share in (now, to)]
    page.mouse.move(place[0], box["y"] + box["height"] / 2)
    page.mouse.down()
    for step in range(1, 11):
        page.mouse.move(place[0] + (place[1] - place[0]) * step / 10, box["y"] + box["height"] / 2)
    if release:
        page.mouse.up()


def classes_of_student(page: Page) -> set[int]:
    palette = [tuple(int(v) for v in color) for color in PALETTES["table1"]]
    return {palette.index(c[:3]) for c in colors_of(pixels(page, ".side.right .fill")) if c[3]}


def bar(page: Page, name: str) -> float:
    """Width of a class's bar as it is drawn, in CSS pixels."""
    row = page.get_by_role("row", name=name)
    width: float = row.locator(".much").evaluate("node => node.getBoundingClientRect().width")
    return width


def test_on_a_large_stage_no_doors_drawing_lies_over_its_words(
    open_page: Callable[..., Page], app_address: str
) -> None:
    page = open_page(f"{app_address}/?stage=1", width=1920, height=1080, ready=READY)
    for door in page.locator("[class*=st-key-door_]").all():
        art, word, words = (door.locator(part).first.bounding_box() for part in (".art img", "a p", ".ukd-door p"))
        assert art and word and words
        assert art["x"] + art["width"] < min(word["x"], words["x"])


def test_while_a_slider_is_dragged_all_follows_and_nothing_is_sent(
    open_page: Callable[..., Page], app_address: str
) -> None:
    frames = Frames()
    page = open_page(f"{app_address}/?T=4&alpha=0.9", ready=READY, on_start=frames.listen)
    page.wait_for_timeout(800)
    before, wide = frames.sent, bar(page, "person")
    expect(gain(page)).to_have_text("+4.2")
    assert 5 in classes_of_student(page) and 3 in classes_of_student(page)
    slide(page, "Weight of the labels", 0.1)
    slide(page, "Temperature", 0.0, release=False)
    page.wait_for_timeout(80)
    now = frames.sent
    expect(gain(page)).to_have_text("−1.0")
    assert not classes_of_student(page) & {3, 4, 5}  # at T 1 and α 0.1 the made-up student misses all of them
    expect(page.locator(".tag.right .m")).to_have_text("65.8 %")  # its own network's; the line has the mean
    expect(page.locator(".tag.left .m")).to_have_text("67.2 %")
    expect(page.locator(".mious")).to_have_attribute("aria-label", "mIoU: twin 66.9 %, student 65.9 %, teacher 80.6 %")
    assert bar(page, "person") < wide / 2
    page.wait_for_timeout(300)
    assert frames.sent == now > before  # the release of α was told, the drag of T was not
    page.mouse.up()
    expect(page).to_have_url(f"{app_address}/?T=1&alpha=0.1")


def test_back_brings_the_sliders_back(open_page: Callable[..., Page], app_address: str) -> None:
    page = open_page(f"{app_address}/?T=4&alpha=0.9", ready=READY)
    slide(page, "Temperature", 0.0)
    expect(page).to_have_url(f"{app_address}/?T=1&alpha=0.9")
    page.go_back()
    expect(page).to_have_url(f"{app_address}/?T=4&alpha=0.9")
    expect(gain(page)).to_have_text("+4.2")
    page.wait_for_timeout(500)
    expect(page).to_have_url(f"{app_address}/?T=4&alpha=0.9")


def test_where_teaching_lost_it_is_said_in_the_same_place(open_page: Callable[..., Page], app_address: str) -> None:
    page = open_page(f"{app_address}/?T=1&alpha=0.1", ready=READY)
    expect(page.locator(".lead")).to_have_text("The taught student is behind its untaught twin:")
    expect(page.locator(".gained.lost b")).to_have_text("−1.0")
    expect(page.get_by_role("heading", name="Where it lost")).to_be_visible()
    assert page.locator(".much.lost").count() == 6
    expect(page.locator(".fine")).to_contain_text("neither has seen; seed by seed −0.6 and −1.4.")


def test_between_two_dots_the_nearest_is_taken_and_named_and_release_rests_on_it(
    open_page: Callable[..., Page], app_address: str
) -> None:
    page = open_page(f"{app_address}/?T=4&alpha=0.9", ready=READY)
    slide(page, "Temperature", 0.7, release=False)  # T = 4 ** 0.7 = 2.6
    knob = page.locator(".knob", has=slider(page, "Temperature"))
    expect(knob.locator(".value")).to_have_text("nearest to 2.6:4")
    expect(slider(page, "Temperature")).to_have_attribute(
        "aria-valuetext", "Temperature 2.6; the nearest student was trained at 4"
    )
    expect(gain(page)).to_have_text("+4.2")
    page.mouse.up()
    expect(knob.locator(".value")).to_have_text("4")
    expect(slider(page, "Temperature")).to_have_value("1000")
    expect(slider(page, "Temperature")).to_have_attribute("aria-valuetext", "Temperature 4, a student was trained here")


def test_arrow_keys_go_from_dot_to_dot_and_are_told_aloud_and_to_the_address(
    open_page: Callable[..., Page], app_address: str
) -> None:
    page = open_page(app_address, ready=READY)
    expect(gain(page)).to_have_text("+2.1")  # the usual α 0.5, T 4: as near to 0.1 as to 0.9, and the first is taken
    slider(page, "Weight of the labels").focus()
    page.keyboard.press("ArrowRight")
    expect(gain(page)).to_have_text("+4.2")
    page.keyboard.press("ArrowRight")  # there is no further one
    expect(page.locator(".story > [aria-live]")).to_have_text(
        "Trained at temperature 4, weight of the labels 0.9: +4.2 points, seed by seed +4.6 and +3.8; "
        "mIoU 71.1 % against 66.9 %"
    )
    expect(page).to_have_url(f"{app_address}/?alpha=0.9&T=4")
    for chord in ("Alt+ArrowLeft", "Meta+ArrowLeft"):
        page.keyboard.press(chord)  # the browser's own, to go back
        page.wait_for_timeout(200)
        assert slider(page, "Weight of the labels").input_value() == "900"
    page.keyboard.press("Home")
    expect(page).to_have_url(f"{app_address}/?alpha=0.1&T=4")
    assert page.evaluate("document.activeElement.shadowRoot.activeElement.ariaLabel") == "Weight of the labels"


def test_whoever_comes_back_finds_the_sliders_as_they_were(open_page: Callable[..., Page], app_address: str) -> None:
    page = open_page(f"{app_address}/?T=4&alpha=0.9", ready=READY)
    slider(page, "Temperature").focus()
    page.keyboard.press("Home")
    expect(page).to_have_url(f"{app_address}/?T=1&alpha=0.9")
    page.locator(".st-key-door_distill a").first.click()
    expect(page.locator("h1")).to_have_text("How much is a teacher worth?", timeout=WAIT)
    page.get_by_test_id("stTopNav").get_by_text("Learn").click()
    page.get_by_test_id("stTopNavDropdownLink").first.click()
    expect(gain(page)).to_have_text("+2.1")
    expect(slider(page, "Temperature")).to_have_attribute("aria-valuetext", "Temperature 1, a student was trained here")


def test_the_swipe_and_the_classes_need_no_server_either(open_page: Callable[..., Page], app_address: str) -> None:
    frames = Frames()
    page = open_page(app_address, ready=READY, on_start=frames.listen)
    page.wait_for_timeout(800)
    before = frames.sent
    drag(page, ".pic", 0.75)
    page.get_by_role("button", name="vehicle").click()
    page.wait_for_timeout(500)
    assert page.locator(".handle").get_attribute("aria-valuenow") == "75"
    assert frames.sent == before


def test_on_a_phone_scene_sliders_number_doors_then_details(open_page: Callable[..., Page], app_address: str) -> None:
    page = open_page(app_address, width=390, height=844, ready=READY)
    page.wait_for_timeout(500)
    tops = [
        page.locator(s).first.evaluate("node => node.getBoundingClientRect().top")
        for s in ("h1", ".pic", ".legend", ".taught", ".knob", ".result", ".st-key-home_doors", ".detail")
    ]
    assert tops == sorted(tops)
    drawn = page.locator(".side.right .fill").evaluate("node => node.width")
    assert drawn >= 300  # the picture is drawn at its own size, though its root has none


def test_one_cell_needs_no_sliders(open_page: Callable[..., Page], serve_home: Callable[..., str]) -> None:
    page = open_page(serve_home(make_single_folder), ready=READY)
    expect(gain(page)).to_have_text("+4.6")
    expect(page.locator(".fine")).to_contain_text("neither has seen; one seed.")
    assert page.locator(".knob.single .value").all_inner_texts() == ["4", "0.9"]
    assert not page.locator(".knobs input").count()
    assert classes_of_student(page) == {1, 2, 3, 5}


def test_home_is_interactive_soon(open_page: Callable[..., Page], app_address: str) -> None:
    """Generously: five times what is promised, on two busy cores; the line that is printed says what it was."""
    began: list[float] = []
    open_page(app_address, ready=READY)  # the server has imported what it imports once
    page = open_page(
        app_address,
        ready=READY,
        on_start=lambda p: p.on("response", lambda _: began.append(time.monotonic()) if not began else None),
    )
    slider(page, "Weight of the labels").press("End")
    expect(gain(page)).to_have_text("+4.2")
    took = time.monotonic() - began[0]
    print(f"Home answers {took:.1f} s after the server did")
    assert took < 5 * SECONDS


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_home_has_no_accessibility_violations(
    open_page: Callable[..., Page], app_address: str, scheme: str, width: int
) -> None:
    page = open_page(f"{app_address}/?T=1&alpha=0.1", width=width, height=844, scheme=scheme, ready=READY)
    page.wait_for_timeout(500)
    # Left out: Streamlit's own folded menu, whose list holds its section headings as <div>.
    found: Any = Axe().run(page, context={"exclude": [["[data-testid=stSidebar]"]]})
    assert not found.response["violations"], found.generate_report()
