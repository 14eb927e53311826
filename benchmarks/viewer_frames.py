"""The viewer while something is dragged: 95th percentile of the time between frames, view by view, in a real Chromium.

    python -m benchmarks.viewer_frames [--quick] [--size 256x512] [--frames 240]

Three networks' logits at --size stand side by side, each at the screen as large as it is, in a browser without a GPU.
Before every frame something is moved as a hand would: in views that it changes the temperature's slider, else an
ensemble's weights (two networks, and their mean as the third picture), the swipe line, or the triangle's handle. 60
frames a second are 16.7 ms. Then it is let go: the milliseconds until all is drawn at the screen's own resolution. A
row in which the canvases are not painted anew in every frame measures nothing, and ends the benchmark. Needs an idle
machine and, as the browser tests, playwright and a Chromium.
"""

import argparse
import base64
import json
import shutil
from dataclasses import replace
from typing import Any, Final

import numpy as np
from playwright.sync_api import Page, sync_playwright

from benchmarks import report
from benchmarks.report import Result
from pages.ui import blob, component
from pages.ui.layers import VIEWS, Layer, Mix, Settings, ViewName, described
from pages.ui.readings import Picture
from pages.ui.simplex import Basis, Corner, Start, Surface, sent
from pages.ui.viewer import MODULES, SHEETS
from unetkd_core.data import streets
from unetkd_core.models.weighting import on_simplex

FRAME: Final = 1000 / 60
SLACK: Final = 0.7
"""Milliseconds: what a browser's clock for frames is rounded by."""
RELEASE: Final = 150.0
TEMPERED: Final[tuple[ViewName, ...]] = ("entropy", "soft", "gain")
"""Views that the temperature changes."""
PAGE: Final = 1120
"""CSS pixels that a page of the app is wide."""
ARGUMENTS: Final = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]

# Counts how often a canvas is painted.
COUNT = """(() => {
  const own = CanvasRenderingContext2D.prototype.putImageData;
  window.painted = 0;
  CanvasRenderingContext2D.prototype.putImageData = function (...given) {
    window.painted++;
    return own.apply(this, given);
  };
})()"""

# Moves a slider before every frame, there and back; gives the times between frames, how often something was painted
# meanwhile, and how long the last draw takes.
DRAG = """async ([selector, frames]) => {
  const slider = document.querySelector(selector), least = Number(slider.min), span = Number(slider.max) - least;
  const times = [];
  window.painted = 0;
  await new Promise((done) => {
    let before = 0, k = 0;
    const step = (now) => {
      if (before) times.push(now - before);
      before = now;
      if (k++ >= frames) return done();
      slider.value = String(least + span * (0.1 + 0.8 * Math.abs(((k / 60) % 2) - 1)));
      slider.dispatchEvent(new Event("input"));
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  });
  await new Promise(requestAnimationFrame);
  const { painted } = window, start = performance.now();
  slider.dispatchEvent(new Event("change"));
  document.querySelector(".fill").getContext("2d").getImageData(0, 0, 1, 1);
  return { times, painted, release: performance.now() - start };
}"""
# The same for what a pointer drags from left to right and back, at half its height: the swipe's line, the handle. The
# line paints nothing: it moves a property of the picture, and these moves are counted.
POINTER = """async ([selector, frames, property]) => {
  const dragged = document.querySelector(selector), box = dragged.getBoundingClientRect(), times = [];
  let moved = 0, place = "";
  window.painted = 0;
  for (const node of [dragged, ...dragged.querySelectorAll("*")])
    node.setPointerCapture = () => undefined; // there is no pointer to capture
  const at = (type, share) => {
    const clientX = box.left + share * box.width, clientY = box.top + box.height / 2;
    const place = { clientX, clientY, button: 0, buttons: 1, bubbles: true, pointerId: 1, pointerType: "mouse" };
    dragged.dispatchEvent(new PointerEvent(type, place));
  };
  at("pointerdown", 0.5);
  await new Promise((done) => {
    let before = 0, k = 0;
    const step = (now) => {
      if (before) times.push(now - before);
      before = now;
      if (k++ >= frames) return done();
      at("pointermove", 0.1 + 0.8 * Math.abs(((k / 60) % 2) - 1));
      const there = dragged.style.getPropertyValue(property);
      moved += there !== place;
      place = there;
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  });
  await new Promise(requestAnimationFrame);
  const painted = property === "--x" ? moved : window.painted, start = performance.now();
  at("pointerup", 0.5);
  document.querySelector(".fill").getContext("2d").getImageData(0, 0, 1, 1);
  return { times, painted, release: performance.now() - start };
}"""


def networks(height: int, width: int) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """(photo, truth, three networks' logits (6, H, W)): right on surfaces, unsure at edges, noisy everywhere."""
    scene, rng = streets.render(streets.SPLIT_SEEDS["val"], 3, height, width), np.random.default_rng(0)
    hot = np.stack([scene.labels == c for c in range(6)]).astype(np.float32)
    blurred = (hot + np.roll(hot, 2, 1) + np.roll(hot, 2, 2)) / 3
    return scene.image, scene.labels, [6 * blurred + rng.normal(0, k, hot.shape) for k in (0.6, 1.0, 1.4)]


def mount(page: Page, mode: str, layers: list[Layer], photo: np.ndarray) -> None:
    """Layers side by side or in a swipe, every picture as wide on the screen as it is."""
    header, parts = described(photo, layers, mode, Settings(views=VIEWS, report=False))
    width = photo.shape[1]
    mount_blob(page, header, parts, width if mode == "swipe" else 4 * width + 48)
    page.add_style_tag(content=f".cells {{ grid-template-columns: repeat(4, {width}px) !important; }}")


def mount_blob(page: Page, header: dict[str, Any], parts: list[bytes], width: int) -> None:
    """The component alone on a page, as Streamlit would mount it, `width` CSS pixels wide."""
    page.set_content('<body style="margin: 0"><div id="host"><div class="ukd"></div></div></body>')
    page.evaluate(COUNT)
    page.add_style_tag(content=component.style(SHEETS))
    page.add_style_tag(content=f"#host {{ width: {width}px; }}")
    given = [base64.b64encode(part).decode() for part in (component.script(MODULES).encode(), blob.pack(header, parts))]
    page.evaluate(
        """async ([script, data]) => {
          const { default: viewer } = await import(`data:text/javascript;base64,${script}`);
          const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
          viewer({ parentElement: document.querySelector("#host"), data: bytes, setStateValue() {} });
        }""",
        given,
    )
    page.wait_for_selector("[data-ready]")
    page.wait_for_timeout(500)


def measured(name: str, found: dict[str, Any], *, full: bool = True) -> list[Result]:
    """p95 of the time between frames and, where something is drawn anew on release, how long that takes.

    RuntimeError where less was painted than half of the frames: then nothing was measured.
    """
    if found["painted"] < len(found["times"]) / 2:
        raise RuntimeError(
            f"{name}: {found['painted']} paintings in {len(found['times'])} frames: nothing was measured"
        )
    p95 = float(np.percentile(found["times"], 95))
    results = [Result(f"{name}: time between frames, p95", p95, "ms", FRAME + SLACK, higher_is_better=False)]
    if full:
        results.append(
            Result(f"{name}: full resolution after release", found["release"], "ms", RELEASE, higher_is_better=False)
        )
    return results


def measure(page: Page, height: int, width: int, frames: int) -> list[Result]:
    """All views of three pictures side by side, an ensemble alone, the swipe, and Ensemble's triangle."""
    photo, truth, said = networks(height, width)
    layers = [Layer(role, role, "", logits=z) for role, z in zip(("teacher", "student", "twin"), said, strict=True)]
    known, results = [Layer("truth", "Truth", "", truth)], []
    hidden = [replace(layer, hidden=True) for layer in layers]
    mixed = [Layer("ensemble", "Ensemble", "", mix=Mix((0, 1, 2), (0.4, 0.3, 0.3)))]
    mount(page, "grid", [*layers, *known], photo)
    for view in TEMPERED:
        page.click(f".seg[data-view={view}]")
        results += measured(f"{view}, temperature", page.evaluate(DRAG, ["input.dial", frames]))
    mount(page, "grid", [hidden[0], *layers[1:], *mixed, *known], photo)
    for view in VIEWS:
        page.click(f".seg[data-view={view}]")
        results += measured(f"{view}, weights", page.evaluate(DRAG, [".weights input", frames]))
    mount(page, "grid", [*hidden, *mixed, *known], photo)
    results += measured("ensemble alone, weights", page.evaluate(DRAG, [".weights input", frames]))
    mount(page, "swipe", [*layers[1:], *known], photo)
    results += measured("swipe", page.evaluate(POINTER, [".pic", frames, "--x"]), full=False)
    mount_triangle(page, photo, truth, said)
    return results + measured("triangle", page.evaluate(POINTER, [".plane", frames, ""]))


def mount_triangle(page: Page, photo: np.ndarray, truth: np.ndarray, said: list[np.ndarray]) -> None:
    """Ensemble's mode as its page lays it: the members in the corners, the picture scored while the handle moves."""
    third = on_simplex((1, 1, 1), 3)
    corners = [Corner(f"Net {n}", z, None) for n, z in enumerate(said)]
    basis = Basis(None, 0, "on this street", "on this street")
    header, parts = sent(Picture(photo, truth), corners, Start("begin", third), Surface([], None, [], None), [], basis)
    mount_blob(page, header, parts, PAGE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few frames: does it run?")
    parser.add_argument("--size", default="256x512", help="of logits and pictures, HEIGHTxWIDTH")
    parser.add_argument("--frames", type=int, default=240)
    args = parser.parse_args()
    height, width = map(int, args.size.split("x"))
    frames = 40 if args.quick else args.frames
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 4 * width + 80, "height": 2 * height + 500})
        results = measure(page, height, width, frames)
        said = {**report.machine(), "browser": f"Chromium {browser.version}", "size": args.size, "frames": frames}
        browser.close()
    report.print_report("viewer_frames", json.loads(json.dumps(said)), results)


if __name__ == "__main__":
    main()
