"""The sweep's heatmap in a real browser: by mouse, by keyboard, for those who do not see it, and on a phone."""

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, TimeoutError, expect

from tests.pages import fake_run
from tests.pages.fake_run import Where
from tests.pages.fake_sweep import DONE, spec, write_sweep

ROOT = Path(__file__).resolve().parents[2]
READY = ".heat button[data-number]"


@pytest.fixture
def address(serve: Callable[..., str], unetkd_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    checkpoints = str(tmp_path / "checkpoints")
    monkeypatch.setenv("UNETKD_CHECKPOINTS", checkpoints)
    fake_run.write_teacher()
    runs = {f"{i}/0": (DONE, gain) for i, gain in enumerate((2.1, 3.0, 1.2, 3.6, 4.2, 2.8, 0.6, -0.8))}
    runs["8/0"] = (Where("failed", 2, error=("It stopped.", "Free 200 MB.")), 1.0)
    write_sweep(spec(), runs)
    grid = spec(alpha=[0.5], temperature=[1, 2, 5, 10, 20], student=["M128", "M256"])
    write_sweep(grid, {f"{i}/0": (DONE, i - 2.0) for i in range(10)}, sweep_id="20260201-000000-wide")
    return serve(ROOT / "app.py", UNETKD_HOME=str(unetkd_home), UNETKD_CHECKPOINTS=checkpoints)


def test_a_click_and_the_arrow_keys_open_a_cell(open_page: Callable[..., Page], address: str) -> None:
    page = open_page(f"{address}/sweeps", ready=READY)
    page.get_by_role("gridcell", name="α 0.5, T 4: +4.2 points, the best").click()
    expect(page.get_by_text("What happened at α 0.5, T 4?")).to_be_visible()
    expect(page).to_have_url(re.compile("cell=5"))
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("gridcell", name=re.compile(r"^α 0\.9, T 10"))).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("What happened at α 0.9, T 10?")).to_be_visible()
    expect(page.get_by_role("gridcell", name=re.compile(r"^α 0\.9, T 10"))).to_be_focused()
    page.go_back()
    expect(page.get_by_text("What happened at α 0.5, T 4?")).to_be_visible()


def test_another_sweep_is_shown_once_it_is_chosen_and_the_next_one_once_it_is_deleted(
    open_page: Callable[..., Page], address: str
) -> None:
    page = open_page(f"{address}/sweeps", ready=READY)
    expect(page.locator(READY)).to_have_count(9)
    page.get_by_role("combobox", name="Sweep", exact=True).click()
    page.get_by_role("option").filter(has_text="5 T").click()
    expect(page).to_have_url(re.compile("sweep=20260201-000000-wide"))
    expect(page.locator(READY)).to_have_count(10)
    # Let the page come to rest: a popover that opens while it is drawn anew closes again.
    expect(page.locator("[data-testid=stApp]")).to_have_attribute("data-test-script-state", "notRunning")
    page.wait_for_timeout(500)
    for _ in range(3):
        page.get_by_role("button", name="Delete", exact=True).click()
        with suppress(TimeoutError):
            page.get_by_role("button", name="Delete the sweep").click(timeout=4000)
            break
    expect(page.locator(READY)).to_have_count(9)
    assert page.get_by_text("cannot be read").count() == 0


def test_shades_are_the_students_a_loss_is_outlined_and_a_failure_marked(
    open_page: Callable[..., Page], address: str
) -> None:
    page = open_page(f"{address}/sweeps", ready=READY)
    best, loss = page.locator(".heat button[data-best]"), page.locator(".heat button[data-loss]")
    expect(best).to_have_count(1)
    r, g, b = _color(best)
    assert b > g > r
    expect(loss).to_contain_text("a loss")
    assert loss.evaluate("e => getComputedStyle(e).boxShadow") != "none"
    expect(page.locator(".heat .mark")).to_have_count(1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_can_be_read_and_reached(
    open_page: Callable[..., Page], address: str, scheme: Literal["light", "dark"]
) -> None:
    page = open_page(f"{address}/sweeps?cell=5", ready=READY, scheme=scheme)
    expect(page.get_by_text("What happened at")).to_be_visible()
    rules = ["color-contrast", "button-name", "aria-required-children", "aria-required-parent"]
    found = Axe().run(page, options={"runOnly": {"type": "rule", "values": rules}})
    mine = [v for v in found.response["violations"] if any("heat" in str(n["target"]) for n in v["nodes"])]
    assert mine == [], found.generate_report()
    assert page.locator(".heat button[tabindex='0']").count() == 1


def test_a_wide_grid_scrolls_within_itself_on_a_phone(open_page: Callable[..., Page], address: str) -> None:
    page = open_page(f"{address}/sweeps?sweep=20260201-000000-wide", ready=READY, width=390, height=844)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    boxes = [b.bounding_box() for b in page.locator(".heat button").all()]
    assert all(box and box["height"] >= 44 and box["width"] >= 44 for box in boxes)
    scroll = page.locator(".heat .scroll").first
    assert scroll.evaluate("e => e.scrollWidth > e.clientWidth")


def _color(cell: object) -> tuple[int, int, int]:
    text = cell.evaluate(  # type: ignore[attr-defined]
        """e => { const c = document.createElement("canvas").getContext("2d");
                  c.fillStyle = getComputedStyle(e).backgroundColor; c.fillRect(0, 0, 1, 1);
                  return [...c.getImageData(0, 0, 1, 1).data].slice(0, 3) }"""
    )
    return int(text[0]), int(text[1]), int(text[2])
