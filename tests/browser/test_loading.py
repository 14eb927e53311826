"""The component alone, without a server: what is seen while a blob is read, and which of two blobs is shown."""

import base64
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from pages.ui import blob, component, story
from pages.ui.layers import Layer, Settings, described
from pages.ui.viewer import MODULES, SHEETS
from tests.browser.conftest import WAIT
from tests.pages.home_folder import make_home_folder, street
from unetkd_core.runs import home_scene

LONG = 200_000_000  # bytes that take a browser a while to inflate
MOUNT = """async ([script, ...blobs]) => {
  const { default: viewer } = await import(`data:text/javascript;base64,${script}`);
  const host = document.querySelector("#host"), text = (selector) => host.querySelector(selector)?.textContent;
  const read = (packed) => Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  window.seen = [];
  new MutationObserver(() => {
    const words = text(".skeleton > .chip") ?? text("[role=alert]");
    if (words && !seen.includes(words)) seen.push(words);
  }).observe(host, { childList: true, subtree: true });
  for (const data of blobs.map(read)) viewer({ parentElement: host, data, setStateValue() {} });
}"""


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 900, "height": 700}, reduced_motion="reduce")
    context.set_default_timeout(WAIT)
    opened = context.new_page()
    opened.set_content('<div id="host"><div class="ukd"><div class="skeleton"></div></div></div>')
    opened.add_style_tag(content=component.style(SHEETS))
    yield opened
    context.close()


def grid(*titles: str, broken: bool = False) -> bytes:
    """A blob; broken: its last layer is found to be wrong only after a while."""
    layers = [Layer("student", title, "", street()[1]) for title in titles]
    header, parts = described(street()[0], layers, "grid", Settings())
    if broken:
        parts[-1] = zlib.compress(bytes(LONG))
    return blob.pack(header, parts)


def mount(page: Page, *blobs: bytes) -> None:
    given: list[Any] = [component.script(MODULES).encode(), *blobs]
    page.evaluate(MOUNT, [base64.b64encode(part).decode() for part in given])


def test_the_photo_comes_first_and_says_what_is_still_read(page: Page) -> None:
    mount(page, grid("Student", "Twin"))
    expect(page.locator(".ukd")).to_have_attribute("data-ready", "grid")
    assert page.evaluate("seen") == ["Two layers, 0.0 MB"]


@pytest.mark.parametrize(("times", "size"), [(16, (2048, 1024)), (20, (2048, 1024))])
def test_what_is_saved_has_the_photos_own_size_or_says_the_one_that_is_meant(
    page: Page, times: int, size: tuple[int, int]
) -> None:
    photo = np.kron(street()[0], np.ones((times, times, 1), np.uint8))
    said = [Layer("teacher", name, "", logits=np.eye(6)[street()[1][::2, ::2]].transpose(2, 0, 1)) for name in "AB"]
    mount(page, blob.pack(*described(photo, said, "grid", Settings())))
    names = []
    for name in "AB":
        with page.expect_download() as waited:
            page.get_by_role("button", name=f"Save {name} as PNG, {size[0]} × {size[1]} pixels").click()
        names.append(waited.value.suggested_filename)
        assert Image.open(waited.value.path()).size == size
    assert names == ["a_labels_2048x1024.png", "b_labels_2048x1024.png"]


def test_a_student_of_homes_that_cannot_be_read_is_said(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(home_scene, "FOLDER", make_home_folder(tmp_path))
    home = home_scene.read_home()
    assert home
    header, parts = story.sent(home)
    last = header["layers"][-2]  # the truth is after it
    parts[last["logits"]["part"] if "logits" in last else last["part"]] = b"no student"
    told = {**header["story"], "start": 0, "token": "begin"}
    layers = story._first_pair(header["layers"], 0)
    mount(page, blob.pack({**header, "story": told, "layers": layers}, parts))
    expect(page.locator(".ukd")).to_have_attribute("data-ready", "failed", timeout=WAIT)
    expect(page.locator("[role=alert] p")).to_contain_text("The photo is all that could be read.")


def test_an_older_blobs_failure_does_not_replace_a_newer_picture(page: Page) -> None:
    mount(page, grid("Late", broken=True), grid("Student"))
    expect(page.locator(".ukd")).to_have_attribute("data-ready", "grid")
    page.wait_for_timeout(1500)
    expect(page.locator(".ukd")).to_have_attribute("data-ready", "grid")
    assert not [words for words in page.evaluate("seen") if "could not" in words]
