"""What a browser makes of logits: every view against the core, live temperature and weights, keys, phones."""

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Page, expect

from pages.ui import kit
from tests.browser import networks
from tests.browser.test_viewer import Frames, colors_of, pixels
from unetkd_core.classes import PALETTES, encode
from unetkd_core.losses.distill import kd_divergence
from unetkd_core.metrics import SegmentationMeter
from unetkd_core.models.ensemble import EnsembleTeacher

ROLE_COLOR = (98, 184, 242)  # the student's, on pictures


@pytest.fixture
def page(open_page: Callable[..., Page], serve: Callable[..., str]) -> Page:
    opened = open_page(serve(Path(__file__).parent / "views_page.py"), ready=".st-key-views [data-ready]")
    expect(opened.get_by_text("view labels")).to_be_visible()
    return opened


def canvas(page: Page, role: str) -> np.ndarray:
    return pixels(page, f".st-key-views .cell .pic > .painted[data-role={role}] .fill")


def choose(page: Page, view: str) -> None:
    page.locator(f".st-key-views .seg[data-view={view}]").click()
    page.mouse.move(0, 0)


def warm(page: Page, temperature: float) -> None:
    page.locator(".st-key-views input.dial").fill(str(round(1000 * np.log(temperature) / np.log(50))))


def label_at(role: str, shape: tuple[int, ...]) -> np.ndarray:
    return networks.at(role, *shape[:2]).argmax(0).numpy().astype(np.uint8)


def truth_at(shape: tuple[int, ...]) -> np.ndarray:
    labels, (height, width) = networks.truth(), shape[:2]
    rows = ((np.arange(height) + 0.5) * labels.shape[0] / height).astype(int)
    return labels[rows][:, ((np.arange(width) + 0.5) * labels.shape[1] / width).astype(int)]


def same(got: np.ndarray, expected: np.ndarray, allowed: float = 0.001) -> None:
    """Equal but for `allowed` of the pixels: ties of two classes fall either way in single precision."""
    wrong = (np.asarray(got) != np.asarray(expected)).reshape(*got.shape[:2], -1).any(-1)
    assert wrong.mean() <= allowed, f"{wrong.mean():.2%} of the pixels differ"


def test_labels_are_ranked_after_interpolation_and_exact_on_palette(page: Page) -> None:
    page.locator(".st-key-views .legend").get_by_role("button", name="background").click()
    page.mouse.move(0, 0)
    page.wait_for_timeout(300)
    for role in networks.SEEDS:
        got = canvas(page, role)
        assert colors_of(got) <= {(*c, 255) for c in PALETTES["table1"].tolist()}
        same(got[..., :3], encode(label_at(role, got.shape)))
    shot = page.locator(".st-key-views .pic:has(> .painted[data-role=twin])").screenshot()
    inner = np.asarray(Image.open(io.BytesIO(shot)).convert("RGB"))[12:-12, 12:-12]
    assert colors_of(inner) <= {tuple(c) for c in PALETTES["table1"].tolist()}


def test_second_choice_is_the_runner_up(page: Page) -> None:
    choose(page, "second")
    got = canvas(page, "teacher")
    second = networks.at("teacher", *got.shape[:2]).topk(2, dim=0).indices[1].numpy().astype(np.uint8)
    same(np.where(second == 0, 0, 255), got[..., 3])
    same(got[..., :3], np.where((second == 0)[..., None], 0, encode(second)))


@pytest.mark.parametrize("temperature", [1.0, 4.0, 50.0])
def test_entropy_is_white_light_at_the_temperature(page: Page, temperature: float) -> None:
    choose(page, "entropy")
    warm(page, temperature)
    got = canvas(page, "student")
    probs = (networks.at("student", *got.shape[:2]) / temperature).softmax(0)
    share = (-(probs * probs.log()).sum(0) / np.log(6)).numpy()
    assert (got[..., :3][got[..., 3] > 0] == 255).all()
    np.testing.assert_allclose(got[..., 3] / 255, share, atol=0.02)
    note = page.locator(".st-key-views .cell", has_text="Student").locator(".v")
    assert float(note.inner_text().removeprefix("mean ")) == pytest.approx(share.mean(), abs=0.01)


def test_soft_answers_mix_the_class_colours(page: Page) -> None:
    page.locator(".st-key-views .legend").get_by_role("button", name="background").click()
    choose(page, "soft")
    warm(page, 4.0)
    got = canvas(page, "teacher")
    probs = (networks.at("teacher", *got.shape[:2]) / 4.0).softmax(0).numpy()
    expected = np.einsum("chw,cd->hwd", probs, PALETTES["table1"].astype(float))
    np.testing.assert_allclose(got[..., :3], expected, atol=4)
    assert (got[..., 3] == 255).all()


def test_one_classs_probability_is_light_while_its_toggle_has_the_focus(page: Page) -> None:
    choose(page, "soft")
    page.locator(".st-key-views .seg").last.focus()
    page.keyboard.press("Tab")
    while "vehicle" not in (focused := page.evaluate(FOCUSED)):
        page.keyboard.press("Tab")
        assert focused, "the legend was not reached"
    got = canvas(page, "teacher")
    share = networks.at("teacher", *got.shape[:2]).softmax(0)[3].numpy()
    np.testing.assert_allclose(got[..., 3] / 255, share, atol=0.03)


NUMBERS = """table => {
  const cells = (row) => [...row.querySelectorAll("td")].map((td) => td.dataset.value ?? td.textContent);
  const rows = (kind, name) => [...table.querySelectorAll(kind)].map((row) => [row.dataset[name], cells(row)]);
  return { classes: Object.fromEntries(rows("tbody tr", "class")), more: Object.fromEntries(rows("tfoot tr", "row")) };
}"""
FOCUSED = """() => {
  let node = document.activeElement;
  while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
  return node?.textContent || node?.getAttribute("aria-label") || node?.tagName || "";
}"""


def test_errors_have_four_states(page: Page) -> None:
    choose(page, "errors")
    got = canvas(page, "student")
    mine, other, is_ = label_at("student", got.shape), label_at("twin", got.shape), truth_at(got.shape)
    known, here, there = is_ < 6, mine == is_, other == is_
    same(got[..., 3], np.where(known & ~(here & there), 255, 0))
    only = known & here & ~there
    assert only.any() and (got[only][:, :3] == ROLE_COLOR).all(-1).mean() > 0.999
    hatched = got[known & ~here & there][:, :3]
    assert {tuple(c) for c in np.unique(hatched, axis=0).tolist()} <= {(0, 0, 0), (255, 255, 255), (12, 12, 14)}
    note = page.locator(".st-key-views .cell", has_text="Student").locator(".v").inner_text()
    full = networks.truth()
    right = {r: label_at(r, full.shape) == full for r in ("student", "twin")}
    gains = (right["student"] & ~right["twin"])[full < 6].mean()
    assert note.startswith(f"+{100 * gains:.1f} −")


def test_errors_against_the_teacher_instead(page: Page) -> None:
    choose(page, "errors")
    page.locator(".st-key-views select[aria-label='Compared with']").select_option(label="with the teacher")
    got = canvas(page, "student")
    mine, other, is_ = label_at("student", got.shape), label_at("teacher", got.shape), truth_at(got.shape)
    same(got[..., 3], np.where((is_ < 6) & ~((mine == is_) & (other == is_)), 255, 0))


def test_the_menu_says_whom_the_pictures_are_compared_with_after_they_were_laid_anew(page: Page) -> None:
    choose(page, "errors")
    menu = page.locator(".st-key-views select[aria-label='Compared with']")
    menu.select_option(label="with the teacher")
    for name in ("Swipe", "Side by side"):
        page.locator(".st-key-views .arrange").get_by_role("button", name=name).click()
    expect(menu).to_have_value("0")
    page.locator(".st-key-views .cells").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".st-key-views .pinned")).to_have_count(1)


def test_enter_on_a_pictures_save_button_saves_and_pins_nothing(page: Page) -> None:
    button = page.locator(".st-key-views .cell button.save").first
    button.focus()
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename.endswith(".png")
    expect(page.locator(".st-key-views .pinned")).to_have_count(0)


def test_disagreement_counts_the_others(page: Page) -> None:
    choose(page, "disagreement")
    got = canvas(page, "twin")
    mine = label_at("twin", got.shape)
    mixed = networks.mixed((0.5, 0.5), *got.shape[:2])
    others = [label_at("teacher", got.shape), label_at("student", got.shape), mixed]
    count = sum((o != mine).astype(int) for o in others)
    same(got[..., 3], np.round(232 * count / 3).astype(int), 0.002)


def test_gain_is_the_true_classs_probability_against_the_twin(page: Page) -> None:
    choose(page, "gain")
    warm(page, 2.0)
    got = canvas(page, "student")
    is_ = truth_at(got.shape)
    index = torch.from_numpy(np.minimum(is_, 5).astype(np.int64))[None]
    probs = [(networks.at(r, *got.shape[:2]) / 2.0).softmax(0).gather(0, index)[0].numpy() for r in ("student", "twin")]
    gain = np.where(is_ < 6, probs[0] - probs[1], 0)
    np.testing.assert_allclose(got[..., 3] / 255, np.abs(gain), atol=0.02)
    clear = np.abs(gain) > 0.05
    np.testing.assert_array_equal(got[clear][:, 0], np.where(gain[clear] > 0, 255, 0))


@pytest.mark.parametrize("temperature", [1.0, 10.0])
def test_the_probes_numbers_are_pythons(page: Page, temperature: float) -> None:
    warm(page, temperature)
    page.locator(".st-key-views").get_by_role("button", name="numbers").click()
    grid = page.locator(".st-key-views .cells")
    grid.focus()
    for keys in ("ArrowLeft", "Shift+ArrowUp", "Shift+ArrowRight"):
        page.keyboard.press(keys)
    column, row = 128 - 1 + 10, 64 - 10
    values: dict[str, Any] = page.locator(".st-key-views .numbers").evaluate(NUMBERS)
    given = {r: networks.at(r, 128, 256)[:, row, column].double() for r in networks.SEEDS}
    ensemble = EnsembleTeacher([torch.nn.Identity()] * 2, weights=[0.5, 0.5])
    given["both"] = ensemble.mix([given[r][None, :, None, None] for r in ("teacher", "student")])[0, :, 0, 0].double()
    label = int(networks.truth()[row, column])
    for place, z in enumerate(given.values()):
        probs = (z / temperature).softmax(0)
        for c in range(6):
            shown_logit, shown_prob = values["classes"][str(c)][2 * place : 2 * place + 2]
            assert float(shown_logit.replace("−", "-")) == pytest.approx(float(z[c]), abs=1e-2)
            assert float(shown_prob) == pytest.approx(float(probs[c]), abs=1e-2)
        assert float(values["more"]["ce"][place]) == pytest.approx(float(-z.log_softmax(0)[label]), abs=1e-2)
        assert float(values["more"]["entropy"][place]) == pytest.approx(float(-(probs * probs.log()).sum()), abs=1e-2)
        if place:
            pair = [t[None, :, None, None] for t in (z, given["teacher"])]
            kl = float(kd_divergence(pair[0], pair[1], temperature=temperature).total)
            assert float(values["more"]["kl"][place]) == pytest.approx(kl, abs=1e-2)


def test_weights_mix_the_members_and_python_hears_them_on_release(page: Page) -> None:
    slider = page.locator(".st-key-views input[aria-label='Weight of Teacher']")
    slider.fill("100")
    page.locator(".st-key-views input[aria-label='Weight of Student, taught']").fill("25")
    expect(page.get_by_text("weights [0.8, 0.2]")).to_be_visible()
    page.mouse.move(0, 0)
    got = canvas(page, "ensemble")
    expected = networks.mixed((0.8, 0.2), *got.shape[:2])
    same(got[..., :3], np.where((expected == 0)[..., None], 0, encode(expected)), 0.002)
    meter = SegmentationMeter()
    full = networks.truth()
    meter.update(
        torch.from_numpy(networks.mixed((0.8, 0.2), *full.shape).astype(np.int64))[None],
        torch.from_numpy(full.astype(np.int64))[None],
    )
    note = page.locator(".st-key-views .cell", has_text="Both").locator(".v").inner_text()
    assert float(note.split()[1]) == pytest.approx(100 * meter.compute().miou, abs=0.11)


def test_dragging_the_temperature_sends_nothing(open_page: Callable[..., Page], serve: Callable[..., str]) -> None:
    frames = Frames()
    page = open_page(
        serve(Path(__file__).parent / "views_page.py"), ready=".st-key-views [data-ready]", on_start=frames.listen
    )
    choose(page, "entropy")
    page.wait_for_timeout(1200)
    before, first = frames.sent, canvas(page, "twin")
    box = page.locator(".st-key-views input.dial").bounding_box()
    assert box
    page.mouse.move(box["x"] + 8, box["y"] + box["height"] / 2)
    page.mouse.down()
    for step in range(20):
        page.mouse.move(box["x"] + 8 + step * 8, box["y"] + box["height"] / 2)
    page.wait_for_timeout(300)
    assert frames.sent == before
    assert canvas(page, "twin")[..., 3].mean() > first[..., 3].mean() + 20
    page.mouse.up()
    expect(page.get_by_text(re.compile("view entropy T 1[0-9]"))).to_be_visible()
    assert frames.sent > before


def test_keys_choose_views_and_zoom(page: Page) -> None:
    root = page.locator(".st-key-views .ukd")
    page.locator(".st-key-views .cells").focus()
    for key, view in (("e", "errors"), ("n", "entropy"), ("d", "disagreement"), ("l", "labels")):
        page.keyboard.press(key)
        expect(root).to_have_attribute("data-view", view)
    expect(page.locator(".st-key-bare .ukd")).to_have_attribute("data-view", "entropy")  # it has not the focus
    page.keyboard.press("+")
    page.keyboard.press("+")
    assert root.evaluate("node => node.style.getPropertyValue('--zoom')") == "4"
    page.keyboard.press("0")
    assert root.evaluate("node => node.style.getPropertyValue('--zoom')") == "1"


def test_zoomed_labels_are_ranked_anew_as_far_as_there_is_room(page: Page) -> None:
    page.locator(".st-key-views .legend").get_by_role("button", name="background").click()
    before = canvas(page, "twin").shape[1]
    page.locator(".st-key-views .cells").focus()
    zoomed = page.locator(".st-key-views .switches output")
    page.keyboard.press("+")
    expect(zoomed).to_have_text("× 2")
    page.wait_for_timeout(1500)
    expect(zoomed).to_have_text("× 2")
    got = canvas(page, "twin")
    assert got.shape[1] == 2 * before
    same(got[..., :3], encode(label_at("twin", got.shape)))
    page.keyboard.press("+")
    page.keyboard.press("+")
    expect(zoomed).to_have_text("× 8, magnified")
    page.keyboard.press("0")
    expect(zoomed).to_have_text("")
    page.wait_for_timeout(1500)
    assert canvas(page, "twin").shape[1] == before


def test_of_two_viewers_the_one_with_the_focus_hears_a_key(page: Page) -> None:
    errors: list[Any] = []
    page.on("pageerror", lambda error: errors.append(error))
    page.locator(".st-key-bare .handle").focus()
    page.locator(".st-key-views .cells").hover()
    page.keyboard.press("d")
    expect(page.locator(".st-key-bare .ukd")).to_have_attribute("data-view", "disagreement")
    expect(page.locator(".st-key-views .ukd")).to_have_attribute("data-view", "labels")
    page.evaluate("document.dispatchEvent(new Event('keydown'))")  # as a browser does that fills in a form
    assert not errors


def test_the_true_label_is_held_by_pointer_and_by_space(page: Page) -> None:
    choose(page, "entropy")
    hold, over = page.locator(".st-key-views .hold"), page.locator(".st-key-views .truth-over").first
    expect(over).to_be_hidden()
    hold.hover()
    page.mouse.down()
    expect(over).to_be_visible()
    expect(hold).to_have_attribute("aria-pressed", "true")
    page.mouse.move(0, 0)  # a finger slips
    expect(over).to_be_visible()
    page.mouse.up()
    expect(over).to_be_hidden()
    hold.focus()
    page.keyboard.down(" ")
    expect(over).to_be_visible()
    page.keyboard.up(" ")
    expect(over).to_be_hidden()


def test_a_finger_finds_the_true_label_on_a_phone(open_page: Callable[..., Page], serve: Callable[..., str]) -> None:
    address = serve(Path(__file__).parent / "views_page.py")
    page = open_page(address, ready=".st-key-views [data-ready]", width=390, height=844)
    expect(page.locator(".st-key-views .hold")).to_be_visible()


def test_a_screen_reader_hears_what_the_pictures_show(page: Page) -> None:
    picture, live = page.locator(".st-key-views .painted[data-role=student] .fill"), ".st-key-views [aria-live=polite]"
    assert picture.first.get_attribute("aria-label") == "Classes as Student, taught sees them"
    page.locator(".st-key-views .cells").focus()
    page.keyboard.press("e")
    expect(page.locator(live)).to_have_text("Shown: Errors")
    said = "Where Student, taught is right and Untaught twin is not, and the other way round"
    assert picture.first.get_attribute("aria-label") == said
    page.keyboard.press("n")
    expect(page.locator(live)).to_have_text("Shown: Entropy")
    assert picture.first.get_attribute("aria-label") == "How unsure Student, taught is: the brighter, the less sure"


ASKED = """const own = window.matchMedia, asked = (window.asked = []);
window.matchMedia = (text) => {
  const query = own.call(window, text);
  if (text.includes("resolution")) asked.push(query);
  return query;
};"""


def test_another_screens_density_redraws(open_page: Callable[..., Page], serve: Callable[..., str]) -> None:
    address = serve(Path(__file__).parent / "views_page.py")
    page = open_page(address, ready=".st-key-views [data-ready]", on_start=lambda opened: opened.add_init_script(ASKED))
    before = canvas(page, "twin").shape[1]
    session = page.context.new_cdp_session(page)
    metrics = {"width": 1280, "height": 900, "deviceScaleFactor": 2, "mobile": False}
    session.send("Emulation.setDeviceMetricsOverride", metrics)
    page.evaluate("asked.forEach((query) => query.dispatchEvent(new Event('change')))")  # without a screen none is sent
    page.wait_for_function(
        """before => {
          const host = [...document.querySelectorAll(".st-key-views *")].find((node) => node.shadowRoot);
          return host.shadowRoot.querySelector(".cell .painted[data-role=twin] .fill").width === 2 * before;
        }""",
        arg=before,
    )


def test_tab_walks_swipe_then_probe_then_legend(page: Page) -> None:
    page.locator(".st-key-bare .handle").focus()
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) == "Probe: arrow keys move it, Enter pins it, Escape frees it"
    page.keyboard.press("ArrowRight")
    expect(page.locator(".st-key-bare [aria-live]")).to_contain_text("Column 129, row 64: Student, taught")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) == "road"


def test_without_a_truth_errors_say_why_they_cannot_be_shown(page: Page) -> None:
    button = page.locator(".st-key-bare .seg[data-view=errors]")
    assert button.get_attribute("title") == "There is no true label here to compare with."
    button.click(force=True)  # it says that it is disabled, and keeps the focus for its reason
    expect(page.locator(".st-key-bare .ukd")).to_have_attribute("data-view", "entropy")


def test_two_of_a_grid_can_be_swiped(page: Page) -> None:
    page.locator(".st-key-views .arrange").get_by_role("button", name="Swipe").click()
    handle = page.locator(".st-key-views .handle")
    assert handle.get_attribute("aria-label") == "Untaught twin left, Student, taught right"
    page.locator(".st-key-views select[aria-label='On the left']").select_option(label="Teacher M256")
    assert handle.get_attribute("aria-label") == "Teacher left, Student, taught right"
    page.locator(".st-key-views .arrange").get_by_role("button", name="Side by side").click()
    assert page.locator(".st-key-views .cell").count() == 5


def test_a_pinned_pixel_stays_pinned_in_another_arrangement(page: Page) -> None:
    page.locator(".st-key-views .cells").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.locator(".st-key-views .arrange").get_by_role("button", name="Swipe").click()
    picture = page.locator(".st-key-views .viewer .pic")
    box = picture.bounding_box()
    assert box
    page.mouse.move(box["x"] + 30, box["y"] + 30)
    page.mouse.move(0, 0)
    expect(picture).to_have_class(re.compile("probing.*pinned"))
    assert picture.evaluate("node => node.style.getPropertyValue('--px')") == f"{100 * 129.5 / 256}%"


def test_hatching_and_the_other_palette(page: Page) -> None:
    lines = ".st-key-views .cell .pic > .painted[data-role=teacher] .lines"
    expect(page.locator(lines)).to_be_hidden()  # no outlines, no hatching
    page.locator(".st-key-views").get_by_role("button", name="hatching").click()
    page.mouse.move(0, 0)
    drawn = pixels(page, lines)
    assert 0.02 < (drawn[..., 3] > 0).mean() < 0.6
    page.locator(".st-key-views").get_by_role("button", name="safe colours").click()
    page.mouse.move(0, 0)
    assert {c[:3] for c in colors_of(canvas(page, "teacher")) if c[3]} <= {tuple(c) for c in PALETTES["safe"].tolist()}


def swatches(page: Page, selector: str) -> list[str]:
    return page.locator(selector).evaluate_all("all => all.map((one) => one.style.getPropertyValue('--c'))")


def test_safe_colours_stay_through_another_arrangement_and_another_visit(page: Page) -> None:
    views = page.locator(".st-key-views")
    views.get_by_role("button", name="numbers").click()
    views.get_by_role("button", name="safe colours").click()
    safe = [f"rgb({r} {g} {b})" for r, g, b in PALETTES["safe"].tolist()]
    assert swatches(page, ".st-key-views .numbers tbody .sw") == [*safe[1:], safe[0]]
    page.locator(".st-key-views .cells").focus()
    page.keyboard.press("+")
    views.locator(".arrange").get_by_role("button", name="Swipe").click()

    def are_safe() -> None:
        expect(views.get_by_role("button", name="safe colours")).to_have_attribute("aria-pressed", "true")
        assert swatches(page, ".st-key-views .legend .sw") == [*safe[1:], safe[0]]
        drawn = pixels(page, ".st-key-views .painted[data-role=twin] .fill >> nth=0")
        page.mouse.move(0, 0)
        assert {c[:3] for c in colors_of(drawn) if c[3]} <= {tuple(c) for c in PALETTES["safe"].tolist()}

    are_safe()
    expect(views.locator(".switches output")).to_contain_text("× 2")
    page.reload()
    page.wait_for_selector(".st-key-views [data-ready]")
    are_safe()


def test_the_magnifier_shows_13_pixels_around_the_probe(page: Page) -> None:
    page.locator(".st-key-views").get_by_role("button", name="magnifier").click()
    page.locator(".st-key-views .cells").focus()
    page.keyboard.press("ArrowRight")
    loupe = page.locator(".st-key-views .cell", has_text="Teacher").locator(".loupe")
    expect(loupe).to_be_visible()
    image = pixels(page, ".st-key-views .cell:has(.painted[data-role=teacher]) .loupe >> nth=0")
    shown = label_at("teacher", (128, 256))[64 - 6 : 64 + 7, 129 - 6 : 129 + 7]
    corners = image[3::10, 3::10][:13, :13, :3]
    expected = encode(shown)
    assert ((corners == expected).all(-1) | (shown == 0)).mean() > 0.85


def test_a_picture_is_saved_at_the_photos_full_size_on_palette(page: Page) -> None:
    with page.expect_download() as waited:
        page.get_by_role("button", name="Save Untaught twin as PNG, 256 × 128 pixels").click()
    assert waited.value.suggested_filename == "untaught-twin-m128_labels_256x128.png"
    saved = np.asarray(Image.open(waited.value.path()).convert("RGB"))
    labels = label_at("twin", (128, 256))
    assert saved.shape == (128, 256, 3)
    same(np.where((labels == 0)[..., None], 0, saved), np.where((labels == 0)[..., None], 0, encode(labels)), 0.002)


def test_mean_iou_is_of_the_classes_shown(page: Page) -> None:
    full, mine = networks.truth(), label_at("student", networks.truth().shape)
    meter = SegmentationMeter()
    meter.update(torch.from_numpy(mine.astype(np.int64))[None], torch.from_numpy(full.astype(np.int64))[None])
    ious = np.array(meter.compute().iou)
    shown = page.locator(".st-key-views .ious .student b")
    assert float(shown.inner_text().split()[0]) == pytest.approx(100 * np.nanmean(ious[1:]), abs=0.11)
    page.locator(".st-key-views .legend").get_by_role("button", name="posts/pylons").click()
    assert float(shown.inner_text().split()[0]) == pytest.approx(100 * np.nanmean(ious[[1, 2, 3, 5]]), abs=0.11)


def test_every_word_of_art_has_its_sentence(page: Page) -> None:
    views = page.locator(".st-key-views")
    views.get_by_role("button", name="numbers").click()
    for view, term in (("entropy", "entropy"), ("gain", "gain at a pixel"), ("soft", "soft answers")):
        assert views.locator(f".seg[data-view={view}]").get_attribute("title") == kit.definition(term)
    for word, term in (
        ("Temperature", "temperature"),
        ("Mean IoU", "mean IoU"),
        ("logit", "logits"),
        ("softmax", "softmax"),
        ("cross-entropy", "cross-entropy"),
        ("KL divergence", "KL divergence"),
        ("entropy", "entropy"),
    ):
        abbr = views.locator("abbr").get_by_text(word, exact=True).first
        assert abbr.get_attribute("title") == kit.definition(term)
        assert abbr.get_attribute("tabindex") == "0"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_no_accessibility_violations_and_no_sideways_scroll(
    open_page: Callable[..., Page], serve: Callable[..., str], scheme: str, width: int
) -> None:
    page = open_page(
        serve(Path(__file__).parent / "views_page.py"), ready=".st-key-views [data-ready]", scheme=scheme, width=width
    )
    page.locator(".st-key-views").get_by_role("button", name="numbers").click()
    page.locator(".st-key-views .cells").focus()
    page.keyboard.press("ArrowRight")
    for view in ("labels", "errors", "entropy", "disagreement"):
        choose(page, view)
        found: Any = Axe().run(page, context={"include": [[".st-key-views"], [".st-key-bare"]]})
        assert not found.response["violations"], found.generate_report()
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") == width
