"""Lessons and the stage in a real browser: keyboard only, phones, nothing that keeps anybody out, large type."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.pages import fake_run
from tests.pages.trio_folder import make_trio

ROOT = Path(__file__).resolve().parents[2]
SLOW = 60_000
"""Milliseconds until two networks have read a picture in a server that has not loaded torch yet."""
OpenPage = Callable[..., Page]
PAGES = (
    *("", "soft_targets", "lessons", "lessons?lesson=capacity&step=do", "lessons?lesson=soft&step=do", "on_stage"),
    *("distill", "runs", "sweeps", "overlays", "ensemble", "data"),
)


@pytest.fixture(scope="module")
def app(serve: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> str:
    folder, home = tmp_path_factory.mktemp("checkpoints"), tmp_path_factory.mktemp("home")
    make_trio(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNETKD_HOME", str(home))
        fake_run.write_pair(epochs=3, teacher="big")
    return serve(ROOT / "app.py", UNETKD_CHECKPOINTS=str(folder), UNETKD_HOME=str(home))


def opened(open_page: OpenPage, address: str, **window: Any) -> Page:
    """The page once its script has ended."""
    page = open_page(address, ready="h1", **window)
    settled(page)
    return page


def settled(page: Page) -> None:
    page.wait_for_function(
        """() => document.querySelector('[data-test-script-state="notRunning"]')
            && !document.querySelector('[data-testid="stSkeleton"]')""",
        timeout=SLOW,
    )


def sideways(page: Page) -> float:
    """Pixels that the page could be scrolled to the side."""
    return float(
        page.evaluate(
            """() => Math.max(...[document.documentElement, document.querySelector('[data-testid="stMain"]')]
                .map((e) => e.scrollWidth - e.clientWidth))"""
        )
    )


def tab_to(page: Page, name: str) -> None:
    """Tab until the focus is on what is called so."""
    for _ in range(60):
        page.keyboard.press("Tab")
        said = page.evaluate(
            """() => document.activeElement.matches('a, button, input')
                ? document.activeElement.innerText || document.activeElement.value : ''"""
        )
        if name in str(said):
            return
    raise AssertionError(f"Tab never came to {name!r}")


def test_a_whole_lesson_by_keyboard_alone(open_page: OpenPage, app: str) -> None:
    page = opened(open_page, f"{app}/lessons")
    tab_to(page, "What does a larger network cost?")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("What does a larger network cost?")
    settled(page)
    page.get_by_role("radiogroup").wait_for()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement.type === 'radio'"):
            break
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Keep this guess, and see")).to_be_enabled()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="About twice as much")).to_be_checked()
    settled(page)
    tab_to(page, "Keep this guess")
    page.keyboard.press("Enter")
    expect(page.locator(".les-verdict")).to_contain_text("As you said: about twice as much")
    tab_to(page, "Try it")
    page.keyboard.press("Enter")
    expect(page.locator(".les-outcome")).to_contain_text("Not yet.")
    expect(page).to_have_url(re.compile("lesson=capacity&step=do&progress=...c.."))
    for first, steps, last in (("M128", 3, "M1024"), ("96 × 192", 1, "128 × 256")):
        tab_to(page, first)
        for _ in range(steps):
            page.keyboard.press("ArrowRight")
        if page.get_by_role("radio", name=last, exact=True).get_attribute("aria-checked") != "true":
            page.keyboard.press("Space")
        expect(page.get_by_role("radio", name=last, exact=True)).to_be_checked()
        settled(page)
    expect(page.locator(".les-outcome")).to_contain_text("Done.")
    page.reload()
    settled(page)
    expect(page.get_by_role("img", name="1 of 6 lessons done")).to_be_visible(timeout=SLOW)


def test_back_goes_to_the_step_before(open_page: OpenPage, app: str) -> None:
    page = opened(open_page, f"{app}/lessons?lesson=capacity&step=reveal")
    page.get_by_role("button", name="Try it").click()
    expect(page.locator(".les-outcome")).to_be_visible()
    page.go_back()
    expect(page.locator(".les-outcome")).to_have_count(0)
    expect(page.locator(".les-verdict")).to_be_visible()


def test_the_temperature_that_is_set_in_the_viewer_is_what_the_task_looks_at(open_page: OpenPage, app: str) -> None:
    page = opened(open_page, f"{app}/lessons?lesson=soft&step=do")
    expect(page.locator(".les-outcome")).to_contain_text("T = 1:", timeout=SLOW)
    slider = page.get_by_role("slider", name="Temperature")
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".les-outcome")).not_to_contain_text("T = 1:")
    expect(page.locator(".les-yours").first).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "path",
    [
        "lessons?progress=Bc...X",
        *(f"lessons?lesson={key}&step=do" for key in ("soft", "alpha", "t2", "capacity", "three", "run")),
        "lessons?lesson=capacity",
        "on_stage?stage=1",
    ],
)
def test_nothing_keeps_anybody_out(open_page: OpenPage, app: str, path: str, scheme: Literal["light", "dark"]) -> None:
    page = opened(open_page, f"{app}/{path}", scheme=scheme)
    if "step=do" in path:
        page.locator(".les-outcome").wait_for(timeout=SLOW)
    found = Axe().run(page).response["violations"]
    assert [(v["id"], [n["target"] for n in v["nodes"]][:3]) for v in found] == []


@pytest.mark.parametrize(
    "path",
    ["lessons", *(f"lessons?lesson={key}&step=do" for key in ("soft", "alpha", "t2", "three", "run")), "on_stage"],
)
def test_a_phone_never_scrolls_sideways(open_page: OpenPage, app: str, path: str) -> None:
    page = opened(open_page, f"{app}/{path}", width=390, height=844)
    if "step=do" in path:
        page.locator(".les-outcome").wait_for(timeout=SLOW)
    assert sideways(page) <= 0


@pytest.mark.parametrize("width", [1280, 1920])
@pytest.mark.parametrize("path", PAGES)
def test_on_stage_every_page_has_larger_type_and_fits(open_page: OpenPage, app: str, path: str, width: int) -> None:
    page = opened(open_page, f"{app}/{path}{'&' if '?' in path else '?'}stage=1", width=width)
    plain = 35
    size = float(page.evaluate("() => parseFloat(getComputedStyle(document.querySelector('h1')).fontSize)"))
    assert size == pytest.approx(plain * (1.45 if width > 1700 else 1.2), rel=0.01)
    assert sideways(page) <= 0
    expect(page.get_by_role("link", name="Reset this page")).to_be_visible()


def test_on_stage_the_viewer_still_answers_where_the_pointer_is(open_page: OpenPage, app: str) -> None:
    page = opened(open_page, f"{app}/?stage=1")
    page.wait_for_selector("[data-ready]")
    picture = page.locator(".pic").first
    box = picture.bounding_box()
    assert box
    page.mouse.click(box["x"] + 0.25 * box["width"], box["y"] + 0.4 * box["height"])
    handle = page.get_by_role("slider").first
    assert float(handle.get_attribute("aria-valuenow") or "nan") == pytest.approx(25, abs=1)
    image = page.evaluate(
        "(e) => { const c = e.querySelector('canvas'); return c.width / e.getBoundingClientRect().width; }",
        picture.element_handle(),
    )
    assert image == pytest.approx(1, abs=0.02)  # a canvas pixel is a screen's pixel, zoomed or not


def test_reset_opens_the_page_as_it_first_was_and_keeps_the_stage_and_the_progress(
    open_page: OpenPage, app: str
) -> None:
    page = opened(open_page, f"{app}/data?stage=1&scene=5&progress=b.....")
    page.get_by_role("link", name="Reset this page").click()
    page.wait_for_url(re.compile("stage=1&progress=b....."))
    settled(page)
    expect(page.get_by_label("Scene, of 500")).not_to_have_value("5")
    expect(page.get_by_role("link", name="Reset this page")).to_be_visible()


def test_what_an_address_hides_is_not_seen(open_page: OpenPage, app: str) -> None:
    page = opened(open_page, f"{app}/overlays?hide=nav,upload,settings")
    expect(page.locator(".st-key-overlays_uploadbox")).to_be_hidden()
    expect(page.locator(".st-key-overlays_tools")).to_be_hidden()
    expect(page.get_by_test_id("stTopNav")).to_be_hidden()
    page = opened(open_page, f"{app}/ensemble?hide=upload")
    expect(page.locator(".st-key-ensemble_uploadbox")).to_be_hidden()
    expect(page.locator(".st-key-ensemble_tools")).to_be_visible()
    for name, path in (("distill_start", "distill"), ("runs_delete", "runs"), ("soft_launch", "soft_targets")):
        assert opened(open_page, f"{app}/{path}").locator(f"[class*='st-key-{name}']").first.is_visible()
        assert opened(open_page, f"{app}/{path}?hide=start").locator(f"[class*='st-key-{name}']").first.is_hidden()
