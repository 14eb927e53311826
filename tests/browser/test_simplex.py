"""The triangle of weights in a real browser: picture, mIoU and winners follow the handle, by the core's numbers."""

import base64
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser import networks
from tests.browser.conftest import ROOT
from tests.browser.test_viewer import Frames, colors_of, pixels
from unetkd_core.classes import CLASSES, PALETTES, encode
from unetkd_core.metrics import SegmentationMeter
from unetkd_core.models.weighting import Weighting

OpenPage = Callable[..., Page]
TALL = 3**0.5 / 2
SIDE = 408


@pytest.fixture(scope="module")
def address(serve: Callable[..., str]) -> str:
    return serve(Path(__file__).parent / "simplex_page.py")


@pytest.fixture
def page(open_page: OpenPage, address: str) -> Page:
    return ready(open_page(address, ready=".st-key-photo [data-ready]"))


def ready(page: Page) -> Page:
    for key in ("here", "split", "photo"):
        page.wait_for_selector(f".st-key-{key} [data-ready=simplex]")
    return page


def part(page: Page, key: str, selector: str) -> Locator:
    return page.locator(f".st-key-{key} {selector}")


def to_place(page: Page, key: str, weights: tuple[float, ...]) -> tuple[float, float]:
    """Where these weights are on the screen."""
    box = part(page, key, ".plane").bounding_box()
    assert box
    left, top = box["x"] + (box["width"] - SIDE) / 2, box["y"] + 12
    return left + SIDE * (weights[0] / 2 + weights[2]), top + SIDE * TALL * (1 - weights[0])


def drag(page: Page, key: str, weights: tuple[float, ...], *, release: bool = True) -> None:
    part(page, key, ".plane").scroll_into_view_if_needed()
    knot = part(page, key, ".knot").bounding_box()
    assert knot
    start, end = (knot["x"] + knot["width"] / 2, knot["y"] + knot["height"] / 2), to_place(page, key, weights)
    page.mouse.move(*start)
    page.mouse.down()
    for step in range(1, 13):
        page.mouse.move(*(a + (b - a) * step / 12 for a, b in zip(start, end, strict=True)))
    page.wait_for_timeout(250)
    if release:
        page.mouse.up()


def shown_weights(page: Page, key: str) -> list[float]:
    by_place = [part(page, key, f".weight.at-{where} b") for where in ("top", "left", "right")]
    return [float(weight.inner_text()) for weight in by_place]


def miou(labels: np.ndarray) -> tuple[float, np.ndarray]:
    """(mIoU, IoU of each class) in percent, by the core's meter on the whole picture."""
    meter = SegmentationMeter()
    meter.update(
        torch.from_numpy(labels.astype(np.int64))[None], torch.from_numpy(networks.truth().astype(np.int64))[None]
    )
    found = meter.compute()
    return 100 * found.miou, 100 * np.array(found.iou)


def chip(page: Page, key: str) -> str:
    return part(page, key, ".seen .chip.tag.left").inner_text()


def shown_miou(page: Page, key: str) -> float:
    return float(part(page, key, ".seen .chip.tag.left b").inner_text().removesuffix(" %"))


def bars(page: Page, key: str) -> dict[str, str]:
    """Class -> what stands at its bar."""
    rows = part(page, key, ".wins li").all()
    return {row.locator("button").inner_text(): row.locator(".over b").inner_text() for row in rows}


def check_picture(page: Page, weights: tuple[float, ...], weighting: Weighting = "fixed") -> None:
    """The canvas, mIoU and bars of the first triangle are the core's."""
    got = pixels(page, ".st-key-here .seen .pic > .painted .fill")
    expected = networks.three(weights, *got.shape[:2], weighting)
    wrong = (got[..., :3] != np.where((expected == 0)[..., None], 0, encode(expected))).any(-1)
    assert wrong.mean() <= 0.002
    mean, iou = miou(networks.three(weights, *networks.truth().shape, weighting))
    assert shown_miou(page, "here") == pytest.approx(mean, abs=0.11)
    gains = iou - miou(networks.three((0, 1, 0), *networks.truth().shape))[1]
    for name, text in bars(page, "here").items():
        gain = gains[[c.name for c in CLASSES].index(name)]
        assert float(text.replace("−", "-").split()[0]) == pytest.approx(gain, abs=0.11)
        assert ("Net student alone is better" in text) == text.startswith("−")


def test_dragging_sends_nothing_and_everything_follows(open_page: OpenPage, address: str) -> None:
    frames = Frames()
    page = ready(open_page(address, ready=".st-key-photo [data-ready]", on_start=frames.listen))
    page.wait_for_timeout(1000)
    before, first = frames.sent, (chip(page, "here"), bars(page, "here"))
    canvas = pixels(page, ".st-key-here .seen .pic > .painted .fill")
    drag(page, "here", (0.1, 0.1, 0.8), release=False)
    assert frames.sent == before
    assert shown_weights(page, "here") == pytest.approx([0.1, 0.1, 0.8], abs=0.011)
    assert chip(page, "here") != first[0] and bars(page, "here") != first[1]
    assert (pixels(page, ".st-key-here .seen .pic > .painted .fill") != canvas).any()
    rays = part(page, "here", ".ray").evaluate_all(
        "rays => rays.map((ray) => Number(ray.getAttribute('stroke-width')))"
    )
    assert rays == pytest.approx([1 + 5 * 0.1, 1 + 5 * 0.1, 1 + 5 * 0.8], abs=0.06)
    page.mouse.up()
    expect(page.get_by_text(re.compile(r"^here Released\(weights=\(0\.1\d?, 0\.1\d?, 0\.(8|79|81)\)"))).to_be_visible()
    assert frames.sent > before
    weights = shown_weights(page, "here")
    check_picture(page, tuple(weights))
    expect(part(page, "here", "[aria-live]")).to_contain_text(f"mIoU {shown_miou(page, 'here')} % on this street")


def test_a_press_on_the_handle_that_moves_nothing_changes_nothing(page: Page) -> None:
    part(page, "here", "[data-way=even]").click()
    expect(page.get_by_text(re.compile("^here .*way='even'"))).to_be_visible()
    part(page, "here", ".knot").click()
    page.wait_for_timeout(400)
    assert shown_weights(page, "here") == [0.33, 0.33, 0.33]
    expect(part(page, "here", "[data-way=even]")).to_have_attribute("aria-pressed", "true")
    expect(part(page, "here", ".knot")).to_be_focused()


def test_what_the_server_sends_during_a_drag_waits_for_its_end(page: Page) -> None:
    ring = part(page, "here", ".best").get_attribute("cy")
    drag(page, "here", (0.1, 0.1, 0.8), release=False)
    page.evaluate("document.querySelector('.st-key-news button').click()")
    page.wait_for_timeout(1500)
    page.mouse.move(*to_place(page, "here", (0.2, 0.1, 0.7)))
    page.wait_for_timeout(100)
    assert shown_weights(page, "here") == pytest.approx([0.2, 0.1, 0.7], abs=0.011)
    assert part(page, "here", ".best").get_attribute("cy") == ring
    page.mouse.up()
    expect(part(page, "here", ".best")).not_to_have_attribute("cy", ring or "")
    expect(page.get_by_text(re.compile(r"^here Released\(weights=\(0\.(2|19|21)"))).to_be_visible()
    assert shown_weights(page, "here") == pytest.approx([0.2, 0.1, 0.7], abs=0.011)


def test_a_key_that_is_down_when_the_focus_leaves_is_told_all_the_same(page: Page) -> None:
    part(page, "here", ".knot").focus()
    page.keyboard.down("ArrowUp")
    page.keyboard.press("Tab")
    page.keyboard.up("ArrowUp")
    expect(page.get_by_text(re.compile(r"^here Released\(weights=\(0\.25, "))).to_be_visible()


def test_what_is_drawn_at_first_is_the_cores_ensemble_and_on_palette(page: Page) -> None:
    check_picture(page, (0.2, 0.3, 0.5))
    got = pixels(page, ".st-key-here .seen .pic > .painted .fill")
    assert colors_of(got) <= {(*c, 255) for c in PALETTES["table1"].tolist()} | {(0, 0, 0, 0)}
    # The corners show the members themselves.
    small = pixels(page, ".st-key-here .corner.at-left .fill")
    labels = networks.at("student", *small.shape[:2]).argmax(0).numpy().astype(np.uint8)
    assert (small[..., :3] != np.where((labels == 0)[..., None], 0, encode(labels))).any(-1).mean() <= 0.002


def test_by_confidence_has_no_handle_and_is_the_cores(page: Page) -> None:
    part(page, "here", "[data-way=confidence]").click()
    expect(part(page, "here", ".knot")).to_be_hidden()
    expect(part(page, "here", ".howto")).to_contain_text("no point of the triangle")
    expect(page.get_by_text("weighting='confidence', way='confidence'")).to_be_visible()
    page.mouse.move(0, 0)
    check_picture(page, (1 / 3, 1 / 3, 1 / 3), "confidence")
    part(page, "here", "[data-way=even]").click()
    expect(part(page, "here", ".knot")).to_be_visible()
    expect(page.get_by_text("weighting='fixed', way='even'")).to_be_visible()


def test_over_a_split_the_numbers_are_the_nearest_candidates_and_the_handle_rests_on_one(page: Page) -> None:
    """Of the made-up search, the third network alone is right; every other weighting by its share."""
    drag(page, "split", (0.1, 0.33, 0.57), release=False)
    assert chip(page, "split").endswith("on all:val, the nearest measured")
    page.mouse.up()
    expect(page.get_by_text(re.compile(r"^split Released\(weights=\(0\.1, 0\.3\d?, 0\.\d+\)"))).to_be_visible()
    weights = shown_weights(page, "split")
    assert all(round(100 * weight) % 5 == 0 for weight in weights) and sum(weights) == pytest.approx(1)
    searched = networks.flat_search(better=2)
    expected = searched.miou[searched.candidates.index(tuple(weights))]
    assert shown_miou(page, "split") == pytest.approx(100 * expected, abs=0.051)
    assert chip(page, "split").endswith("on all:val")
    told = bars(page, "split")
    assert told["road"].endswith("Net twin alone is better") and told["vehicle"] == "does not occur"


def test_keys_alone_move_the_handle(page: Page) -> None:
    knot = part(page, "here", ".knot")
    knot.focus()
    for keys, weights in (
        ("ArrowRight", [0.2, 0.25, 0.55]),
        ("ArrowUp", [0.25, 0.25, 0.5]),
        ("Shift+ArrowLeft", [0.25, 0.26, 0.49]),
        ("ArrowDown", [0.2, 0.3, 0.5]),
        ("Home", [0, 1, 0]),
        ("End", [0, 0, 1]),
        ("PageUp", [1, 0, 0]),
    ):
        page.keyboard.press(keys)
        assert shown_weights(page, "here") == pytest.approx(weights), keys
    assert knot.get_attribute("aria-valuetext") == "Net teacher 1.00, Net student 0.00, Net twin 0.00"
    expect(page.get_by_text("weights=(1.0, 0.0, 0.0)")).to_be_visible()
    expect(part(page, "here", "[aria-live]")).to_contain_text("points against Net student alone")
    page.keyboard.press("PageDown")
    expect(part(page, "here", "[data-way=even]")).to_have_attribute("aria-pressed", "true")


def test_errors_are_against_the_best_member_alone(page: Page) -> None:
    part(page, "here", ".seg[data-view=errors]").click()
    page.mouse.move(0, 0)
    truth, best = networks.truth(), networks.three((0, 1, 0), *networks.truth().shape)
    mean = networks.three((0.2, 0.3, 0.5), *truth.shape)
    wins = 100 * ((mean == truth) & (best != truth))[truth < 6].mean()
    loses = 100 * ((mean != truth) & (best == truth))[truth < 6].mean()
    key = part(page, "here", ".views .key").inner_text()
    found = [float(share) for share in re.findall(r"([\d.]+) %", key)]
    assert found == pytest.approx([wins, loses], abs=0.11) and "only Net student" in key


def test_the_classes_names_hide_their_class_and_the_probe_asks_everybody(page: Page) -> None:
    part(page, "here", ".wins").get_by_role("button", name="road", exact=True).click()
    page.mouse.move(0, 0)
    road = (*PALETTES["table1"][1].tolist(), 255)
    assert road not in colors_of(pixels(page, ".st-key-here .seen .pic > .painted .fill"))
    assert road not in colors_of(pixels(page, ".st-key-here .corner.at-top .fill"))
    part(page, "here", ".seen .pic").hover(position={"x": 120, "y": 200})
    for answer in part(page, "here", ".here").all():
        expect(answer).to_be_visible()
    assert part(page, "here", ".here").count() == 4


def test_without_a_label_nothing_is_scored_and_who_cannot_be_read_has_no_say(page: Page) -> None:
    part(page, "photo", ".plane").scroll_into_view_if_needed()
    assert chip(page, "photo").split() == ["Ensemble"]
    assert part(page, "photo", ".wins").count() == 0 and part(page, "photo", ".legend .tog").count() == 6
    assert part(page, "photo", ".seg").all_inner_texts() == ["Labels", "Entropy", "Disagreement"]
    expect(part(page, "photo", ".corner.at-top")).to_contain_text("cannot be read")
    got = pixels(page, ".st-key-photo .seen .pic > .painted .fill")
    expected = networks.three((0, 0.375, 0.625), *got.shape[:2])
    assert (got[..., :3] != np.where((expected == 0)[..., None], 0, encode(expected))).any(-1).mean() <= 0.002
    part(page, "photo", ".knot").focus()
    page.keyboard.press("PageUp")
    assert "nobody is heard" in chip(page, "photo")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_no_accessibility_violations_and_no_sideways_scroll(
    open_page: OpenPage, address: str, scheme: str, width: int
) -> None:
    page = ready(open_page(address, ready=".st-key-photo [data-ready]", scheme=scheme, width=width))
    for view in ("labels", "errors"):
        part(page, "here", f".seg[data-view={view}]").click()
        found: Any = Axe().run(page, context={"include": [[f".st-key-{key}"] for key in ("here", "split", "photo")]})
        assert not found.response["violations"], found.generate_report()
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") == width


@pytest.fixture(scope="module")
def plane(chromium: Browser) -> Any:
    """`plane("placeOf", weights)`: a function of simplex_plane.js."""
    page: Page = chromium.new_page()
    source = base64.b64encode((ROOT / "assets" / "viewer" / "simplex_plane.js").read_bytes()).decode()
    page.evaluate("async source => { window.plane = await import(`data:text/javascript;base64,${source}`); }", source)
    yield lambda name, *given: page.evaluate("([name, given]) => window.plane[name](...given)", [name, list(given)])
    page.close()


@pytest.mark.parametrize("count", [2, 3])
def test_a_place_and_its_weights_are_one(plane: Callable[..., Any], count: int) -> None:
    for weights in np.random.default_rng(3).dirichlet([1] * count, 12):
        place = plane("placeOf", weights.tolist())
        np.testing.assert_allclose(plane("weightsAt", place, count), weights, atol=1e-9)
    outside = plane("weightsAt", [1.7, TALL + 0.4], count)
    np.testing.assert_allclose(outside, [0] * (count - 1) + [1], atol=1e-9)  # beyond the right corner


def test_outside_the_triangle_the_nearest_point_counts(plane: Callable[..., Any]) -> None:
    np.testing.assert_allclose(plane("weightsAt", [0.5, TALL + 0.3], 3), [0, 0.5, 0.5], atol=1e-9)
    np.testing.assert_allclose(plane("weightsAt", [0.5, -1], 3), [1, 0, 0], atol=1e-9)


def test_steps_keep_the_sum(plane: Callable[..., Any]) -> None:
    rng = np.random.default_rng(4)
    for step in (0.05, 0.01):
        for weights in [*rng.dirichlet([1, 1, 1], 10), [1 / 3] * 3, [1, 0, 0]]:
            for key in ("ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"):
                got = np.array(plane("stepped", list(weights), key, step))
                assert got.sum() == pytest.approx(1) and (got >= 0).all()
                np.testing.assert_allclose(got / step, np.round(got / step), atol=1e-6)
            rounded = np.array(plane("roundedTo", list(weights), step))
            assert rounded.sum() == pytest.approx(1) and np.abs(rounded - weights).max() < step
