"""Soft targets in a real browser: its numbers against torch's, answers without the server, keys, phones, addresses."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser import networks
from tests.browser.test_viewer import Frames
from tests.pages.trio_folder import make_trio
from unetkd_core.classes import CLASSES
from unetkd_core.losses.distill import kd_divergence
from unetkd_core.losses.task import cross_entropy

ROOT = Path(__file__).resolve().parents[2]
SLOW = 60_000
"""Milliseconds until two networks have read a picture in a server that has not loaded torch yet."""
OpenPage = Callable[..., Page]
HEIGHT, WIDTH = networks.truth().shape
NAMES = [c.name for c in CLASSES]


@pytest.fixture(scope="module")
def soft_address(serve: Callable[..., str]) -> str:
    return serve(Path(__file__).parent / "soft_page.py")


@pytest.fixture
def page(open_page: OpenPage, soft_address: str) -> Page:
    return open_page(soft_address, ready="[data-ready=probe]")


@pytest.fixture(scope="module")
def app(serve: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("checkpoints")
    make_trio(folder)
    return serve(ROOT / "app.py", UNETKD_CHECKPOINTS=str(folder))


def said_at(role: str, column: int, row: int) -> torch.Tensor:
    """(1, 6, 1, 1): the network's logits at a pixel."""
    return networks.at(role, HEIGHT, WIDTH)[None, :, row : row + 1, column : column + 1].double()


def expected(column: int, row: int, alpha: float, temperature: float, t2: bool, direction: Any) -> dict[str, Any]:
    """The same pixel by the core's losses and torch's gradients."""
    target = torch.tensor([[[int(networks.truth()[row, column])]]])
    teacher, student = (said_at(role, column, row) for role in ("teacher", "student"))
    student.requires_grad_()
    options = {"temperature": temperature, "direction": direction, "scale_by_t2": t2}
    ce, kl = cross_entropy(student, target).total, kd_divergence(student, teacher, target, **options).total
    (hard,) = torch.autograd.grad(alpha * ce, student)
    (soft,) = torch.autograd.grad((1 - alpha) * kl, student)
    norms = [float(g.norm()) for g in (hard, soft)]
    return {
        "teacher": [(said_at("teacher", column, row) / t).softmax(1).flatten().tolist() for t in (1.0, temperature)],
        "student": [(student / t).softmax(1).flatten().tolist() for t in (1.0, temperature)],
        "ce": ce.item(),
        "kl": kl.item() / (temperature**2 if t2 else 1),
        "total": (alpha * ce + (1 - alpha) * kl).item(),
        "share": norms[0] / sum(norms),
        "gradients": [g.flatten().tolist() for g in (hard, soft)],
    }


def number(text: str) -> float:
    """What is written, as a number; "<0.01" is near enough to 0."""
    return 0.0 if text.startswith("<") else float(text.replace("−", "-").removesuffix(" %"))


def shown(page: Page) -> dict[str, Any]:
    """Every number that the page shows of its pixel."""
    bars: dict[str, dict[int, list[float]]] = {"teacher": {}, "student": {}}
    for row in page.locator(".softbars .row").all():
        for role, found in bars.items():
            words = row.locator(f".bar-s.{role} .said").inner_text().split(" → ")
            found[int(row.get_attribute("data-class") or -1)] = [number(words[0]), number(words[-1])]
    rows = page.locator(".grad").all()
    parts = {int(r.get_attribute("data-class") or -1): r.locator(":scope > span").all_inner_texts()[2:] for r in rows}
    share = page.locator(".shares.on").get_attribute("aria-label") or ""
    total, ce, kl = (page.locator(f".eq .n.{name}").inner_text() for name in ("n-total", "n-ce", "n-kl"))
    return {
        **{role: [[found[c][i] for c in range(6)] for i in (0, 1)] for role, found in bars.items()},
        "ce": number(ce),
        "kl": number(kl),
        "total": number(total),
        "share": number(share.split(" ", 1)[1].split(",")[0].replace(">99", "99.6").replace("<1 %", "0.4 %")) / 100,
        "gradients": [[number(parts[c][i]) for c in range(6)] for i in (0, 1)],
    }


def turn(page: Page, name: str, place: float) -> None:
    """Move a dial to a share of its length, without letting go."""
    page.get_by_role("slider", name=name).evaluate(
        "(range, at) => { range.value = String(Math.round(1000 * at)); range.dispatchEvent(new Event('input')); }",
        place,
    )


@pytest.mark.parametrize(
    ("keys", "column", "row"), [([], 160, 60), (["Shift+ArrowLeft"] * 5, 110, 60), (["ArrowUp"] * 6, 160, 54)]
)
def test_every_number_at_a_pixel_is_torchs(page: Page, keys: list[str], column: int, row: int) -> None:
    picture = page.locator(".pic.probed")
    for key in keys:
        picture.press(key)
    expect(page.get_by_text(f"Column {column}, row {row}", exact=True)).to_be_visible()
    settings = [(10.0, 0.1, False, "forward"), (10.0, 0.1, True, "forward"), (10.0, 0.1, True, "reverse")]
    for temperature, alpha, t2, direction in settings:
        if t2 and direction == "forward":
            page.get_by_role("switch").click()
        if direction == "reverse":
            page.get_by_role("button", name="Reverse").click()
        page.wait_for_timeout(300)
        compare(shown(page), expected(column, row, alpha, temperature, t2, direction))
    page.get_by_role("button", name="Hinton").click()
    page.wait_for_timeout(300)
    compare(shown(page), expected(column, row, 0.5, 4.0, True, "forward"))


def compare(got: dict[str, Any], wanted: dict[str, Any]) -> None:
    for name, value in wanted.items():
        np.testing.assert_allclose(got[name], value, atol=1e-2, rtol=1e-2, err_msg=name)


def test_moving_dials_and_ring_sends_nothing_and_letting_go_tells_python(
    open_page: OpenPage, soft_address: str
) -> None:
    frames = Frames()
    page = open_page(soft_address, ready="[data-ready=probe]", on_start=frames.listen)
    page.wait_for_timeout(800)
    before, kl = frames.sent, page.locator(".n-kl").inner_text()
    for place in np.linspace(0.2, 0.8, 20):
        turn(page, "Temperature", float(place))
        turn(page, "Weight of the labels", float(place))
    box = page.locator(".pic.probed").bounding_box()
    assert box
    for step in range(20):
        page.mouse.move(box["x"] + 20 + 10 * step, box["y"] + 30 + 5 * step)
    page.wait_for_timeout(500)
    assert frames.sent == before
    assert page.locator(".n-kl").inner_text() != kl and page.locator(".n-alpha").inner_text() == "0.8"
    page.get_by_role("slider", name="Temperature").dispatch_event("change")
    expect(page.get_by_text(re.compile(r"T 23 alpha 0.8 t2 False forward at \(160, 60\)"))).to_be_visible()


def test_the_ring_follows_comes_back_and_stays_where_it_is_pinned(page: Page) -> None:
    picture, box = page.locator(".pic.probed"), page.locator(".pic.probed").bounding_box()
    assert box
    at = (box["x"] + box["width"] * 40.5 / WIDTH, box["y"] + box["height"] * 20.5 / HEIGHT)
    page.mouse.move(*at)
    expect(page.get_by_text("Column 40, row 20", exact=True)).to_be_visible()
    page.mouse.move(5, 5)
    expect(page.get_by_text("Column 160, row 60", exact=True)).to_be_visible()
    page.mouse.click(*at)
    page.mouse.move(at[0] + 60, at[1])
    expect(page.get_by_text("Column 40, row 20", exact=True)).to_be_visible()
    expect(page.get_by_text(re.compile(r"at \(40, 20\)"))).to_be_visible()
    picture.press("Escape")
    page.mouse.move(at[0] + 61, at[1])
    expect(page.get_by_text("Column 40, row 20", exact=True)).to_have_count(0)


def test_by_keyboard_alone_everything_moves_and_is_said(page: Page) -> None:
    heat = page.get_by_role("slider", name="Temperature")
    heat.focus()
    heat.press("End")
    expect(heat).to_have_attribute("aria-valuetext", "50")
    heat.press("Home")
    heat.press("ArrowRight")
    expect(heat).to_have_attribute("aria-valuetext", "1.1")
    expect(page.get_by_text(re.compile("^T 1.1 "))).to_be_visible()
    page.get_by_role("button", name="Paper").press("Enter")
    expect(page.get_by_role("button", name="Paper")).to_have_attribute("aria-pressed", "true")
    page.locator(".pic.probed").press("ArrowRight")
    said = page.locator(".soft [aria-live]")
    expect(said).to_have_text(re.compile(r"^Column 161, row 60: label \w+; teacher \w+ 0\.\d\d; student"))


def test_presets_and_the_switch_name_what_the_values_are(page: Page) -> None:
    pressed = page.locator(".softbar .seg[aria-pressed=true]")
    expect(pressed).to_have_text("Paper")
    page.get_by_role("button", name="Hinton").click()
    expect(page.get_by_role("switch")).to_have_attribute("aria-checked", "true")
    expect(page.locator(".n-t2")).to_have_text("× 16")
    page.get_by_role("switch").click()
    expect(pressed).to_have_text("Custom")
    turn(page, "Temperature", np.log(10) / np.log(50))
    turn(page, "Weight of the labels", 0.1)
    expect(pressed).to_have_text("Paper")


def test_without_a_label_the_hard_term_says_so(page: Page) -> None:
    for _ in range(6):
        page.locator(".pic.probed").press("Shift+ArrowUp")
    expect(page.locator(".part-hard .w")).to_have_text("no label here")
    expect(page.locator(".says")).to_contain_text("void")
    expect(page.locator(".shares.on")).to_have_attribute("aria-label", "labels 0 %, teacher 100 %")
    assert "NaN" not in page.locator(".soft").inner_text()


def test_at_the_ends_of_the_dials_nothing_breaks(page: Page) -> None:
    turn(page, "Weight of the labels", 1.0)
    expect(page.locator(".plot")).to_contain_text("With α = 1")
    expect(page.locator(".shares.on")).to_have_attribute("aria-label", "labels 100 %, teacher 0 %")
    turn(page, "Weight of the labels", 0.0)
    turn(page, "Temperature", 1.0)
    expect(page.locator(".shares.on")).to_have_attribute("aria-label", "labels 0 %, teacher 100 %")
    expect(page.locator(".plot svg")).to_have_attribute("aria-label", re.compile("at T = 50$"))
    assert "NaN" not in page.locator(".soft").inner_html()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_accessibility_violations(open_page: OpenPage, soft_address: str, scheme: str) -> None:
    page = open_page(soft_address, ready="[data-ready=probe]", scheme=scheme)
    found = Axe().run(page, context=".st-key-probe")
    assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in found.response["violations"]] == []


def test_the_app_restores_an_address_and_writes_it_on_release(open_page: OpenPage, app: str) -> None:
    page = open_page(
        f"{app}/soft_targets?T=4&alpha=0.5&t2=1&kl=reverse&col=40&row=90&scene=3", ready="[data-ready=probe]"
    )
    expect(page.get_by_text("Column 40, row 90", exact=True)).to_be_visible(timeout=SLOW)
    expect(page.get_by_role("slider", name="Temperature")).to_have_attribute("aria-valuetext", "4")
    expect(page.get_by_role("button", name="Reverse")).to_have_attribute("aria-pressed", "true")
    expect(page).to_have_url(re.compile("student=taught"))
    page.locator(".pic.probed").press("Shift+ArrowRight")
    expect(page).to_have_url(re.compile("col=50&row=90"))
    page.get_by_role("button", name="Paper").click()
    expect(page).to_have_url(re.compile(r"T=10&alpha=0\.1&t2=0&kl=forward&col=50"))
    page.go_back()
    expect(page.get_by_role("slider", name="Temperature")).to_have_attribute("aria-valuetext", "4", timeout=SLOW)
    page.get_by_text("Launch a run with these values").click()
    expect(page.get_by_role("heading", name="How much is a teacher worth?")).to_be_visible(timeout=SLOW)
    expect(page.get_by_role("slider").nth(1)).to_have_value("4", timeout=SLOW)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_stacks_in_order_without_scrolling_sideways(open_page: OpenPage, app: str, scheme: str) -> None:
    page = open_page(f"{app}/soft_targets", width=390, height=844, scheme=scheme, ready="[data-ready=probe]")
    expect(page.locator(".softbars .row").first).to_be_visible(timeout=SLOW)
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390
    order = [".softbar .segs", ".softbar .dial-s", ".pic.probed", ".softbars", ".part-hard", ".part-soft", ".split"]
    tops = [page.locator(name).first.bounding_box() for name in order]
    assert all(tops) and [box["y"] for box in tops if box] == sorted(box["y"] for box in tops if box)
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= 390 for box in tops if box)
