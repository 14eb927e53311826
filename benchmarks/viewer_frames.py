"""The viewer while something is dragged: 95th percentile of the time between frames, view by view, in a real Chromium.

    python -m benchmarks.viewer_frames [--quick] [--size 256x512] [--frames 240]

Three networks' logits at --size stand side by side, each at the screen as large as it is, in a browser without a GPU.
Before every frame the temperature's slider (in views that it changes), an ensemble's weights or the swipe line is moved
as a hand would; 60 frames a second are 16.7 ms. Then the slider is let go: the milliseconds until all is drawn at the
screen's own resolution. Needs an idle machine and, as the browser tests, playwright and a Chromium.
"""

import argparse
import base64
import json
import shutil
from typing import Any, Final

import numpy as np
from playwright.sync_api import Page, sync_playwright

from benchmarks import report
from benchmarks.report import Result
from pages.ui import blob, component
from pages.ui.layers import VIEWS, Layer, Mix, Settings, described
from pages.ui.viewer import MODULES, SHEETS
from unetkd_core.data import streets

FRAME: Final = 1000 / 60
SLACK: Final = 0.7
"""Milliseconds: what a browser's clock for frames is rounded by."""
RELEASE: Final = 150.0
ARGUMENTS: Final = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]

# Moves a slider before every frame, there and back; gives the times between frames, and how long the last draw takes.
DRAG = """async ([selector, frames]) => {
  const slider = document.querySelector(selector), least = Number(slider.min), span = Number(slider.max) - least;
  const times = [];
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
  const start = performance.now();
  slider.dispatchEvent(new Event("change"));
  document.querySelector(".fill").getContext("2d").getImageData(0, 0, 1, 1);
  return { times, release: performance.now() - start };
}"""
SWIPE = """async (frames) => {
  const picture = document.querySelector(".pic"), box = picture.getBoundingClientRect(), times = [];
  picture.setPointerCapture = () => undefined; // there is no pointer to capture
  const at = (type, share) => {
    const clientX = box.left + share * box.width, clientY = box.top + 40;
    const place = { clientX, clientY, button: 0, buttons: 1, bubbles: true };
    picture.dispatchEvent(new PointerEvent(type, place));
  };
  at("pointerdown", 0.5);
  await new Promise((done) => {
    let before = 0, k = 0;
    const step = (now) => {
      if (before) times.push(now - before);
      before = now;
      if (k++ >= frames) return done();
      at("pointermove", 0.1 + 0.8 * Math.abs(((k / 60) % 2) - 1));
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  });
  at("pointerup", 0.5);
  return { times, release: 0 };
}"""


def networks(height: int, width: int) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """(photo, truth, three networks' logits (6, H, W)): right on surfaces, unsure at edges, noisy everywhere."""
    scene, rng = streets.render(streets.SPLIT_SEEDS["val"], 3, height, width), np.random.default_rng(0)
    hot = np.stack([scene.labels == c for c in range(6)]).astype(np.float32)
    blurred = (hot + np.roll(hot, 2, 1) + np.roll(hot, 2, 2)) / 3
    return scene.image, scene.labels, [6 * blurred + rng.normal(0, k, hot.shape) for k in (0.6, 1.0, 1.4)]


def mount(page: Page, mode: str, layers: list[Layer], photo: np.ndarray) -> None:
    """The component alone on a page, as Streamlit would mount it."""
    header, parts = described(photo, layers, mode, Settings(views=VIEWS, report=False))
    page.set_content('<body style="margin: 0"><div id="host"><div class="ukd"></div></div></body>')
    width = photo.shape[1]  # every picture as wide on the screen as it is
    page.add_style_tag(content=component.style(SHEETS))
    page.add_style_tag(content=f".cells {{ grid-template-columns: repeat(4, {width}px) !important; }}")
    page.add_style_tag(content=f"#host {{ width: {width if mode == 'swipe' else 4 * width + 48}px; }}")
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


def measured(name: str, found: dict[str, Any], *, full: bool) -> list[Result]:
    """p95 of the time between frames and, where something is drawn anew on release, how long that takes."""
    p95 = float(np.percentile(found["times"], 95))
    results = [Result(f"{name}: time between frames, p95", p95, "ms", FRAME + SLACK, higher_is_better=False)]
    if full:
        results.append(
            Result(f"{name}: full resolution after release", found["release"], "ms", RELEASE, higher_is_better=False)
        )
    return results


def measure(page: Page, height: int, width: int, frames: int) -> list[Result]:
    """All views of three networks side by side, an ensemble of two of them, and the swipe."""
    photo, truth, said = networks(height, width)
    layers = [Layer(role, role, "", logits=z) for role, z in zip(("teacher", "student", "twin"), said, strict=True)]
    known, results = [Layer("truth", "Truth", "", truth)], []
    mount(page, "grid", [*layers, *known], photo)
    for view in VIEWS:
        page.click(f".seg[data-view={view}]")
        results += measured(view, page.evaluate(DRAG, ["input.dial", frames]), full=view in ("entropy", "soft", "gain"))
    mixed = [Layer("ensemble", "Ensemble", "", mix=Mix((0, 1, 2), (0.4, 0.3, 0.3)))]
    hidden = [Layer(one.role, one.title, "", logits=one.logits, hidden=True) for one in layers]
    mount(page, "grid", [*hidden, *mixed, *known], photo)
    results += measured("ensemble of three, weights", page.evaluate(DRAG, [".weights input", frames]), full=True)
    page.click(".seg[data-view=entropy]")
    results += measured("its entropy, weights", page.evaluate(DRAG, [".weights input", frames]), full=True)
    mount(page, "swipe", [*layers[1:], *known], photo)
    return results + measured("swipe", page.evaluate(SWIPE, frames), full=False)


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
