"""A run's page as a file, in a browser: line, epochs, truth and classes answer; and what is left without scripts."""

import json
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from unetkd_core.classes import CLASSES
from unetkd_core.runs import folder, panel, report
from unetkd_core.runs.folder import Run
from unetkd_core.training.config import RunConfig, TeachingConfig

ROAD, PERSON = 1, 5


def _run(config: RunConfig, pair: str | None, labels: dict[int, int]) -> Run:
    """A finished run whose one scene is all of one class at an epoch. labels: epoch -> class."""
    run = folder.create(config, pair=pair) if pair else folder.create(config)
    truth = np.full((1, 16, 32), ROAD, np.uint8)
    panel.write_scenes(run.run_dir / "panel", np.full((1, 16, 32, 3), 128, np.uint8), truth, ["street"])
    lines = []
    for epoch, index in labels.items():
        panel.write_epoch(run.run_dir / "panel", epoch, np.full((1, 16, 32), index, np.uint8))
        val = {"miou": 0.4, "iou": [0.4] * 6, "pixel_accuracy": 0.5, "loss_ce": 1.0, "agreement": None, "pixels": 9}
        lines.append(json.dumps({"epoch": epoch, "loss": 1.0, "loss_ce": 1.0, "loss_kd": None, "val": val}))
    (run.run_dir / "metrics.jsonl").write_text("\n".join(lines) + "\n")
    return run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    config = RunConfig(teaching=TeachingConfig(teacher="sage"))
    student = _run(config, None, {1: PERSON, 2: ROAD})
    _run(config.twin(student.id), student.id, {1: PERSON, 2: PERSON})
    path = tmp_path / "run.html"
    path.write_text(report.report(student), encoding="utf-8")
    return path


def _pixel(page: Page, side: str) -> tuple[int, ...]:
    return tuple(
        page.evaluate(
            "side => [...document.querySelector(`canvas.${side}`).getContext('2d').getImageData(3, 3, 1, 1).data]", side
        )
    )


def _is(page: Page, side: str, said: str) -> None:
    page.wait_for_function(
        "([side, said]) => document.querySelector(`.tag.${side}`).textContent === said", arg=[side, said]
    )


def test_both_readings_lie_under_a_line_and_the_epoch_the_truth_and_the_classes_change_them(
    chromium: Browser, file: Path
) -> None:
    page = chromium.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(file.as_uri())
    _is(page, "left", "untaught, epoch 2")
    _is(page, "right", "taught, epoch 2")
    person, road = ((*CLASSES[index].color, 255) for index in (PERSON, ROAD))
    assert (_pixel(page, "left"), _pixel(page, "right")) == (person, road)

    page.locator(".stage").scroll_into_view_if_needed()
    box = page.locator(".stage").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 20, steps=3)
    page.mouse.up()
    line = page.get_by_role("slider", name="untaught left, taught right")
    assert line.get_attribute("aria-valuenow") == "25"
    page.keyboard.press("ArrowRight")  # dragging leaves the focus on the line
    assert line.get_attribute("aria-valuenow") == "27"

    page.get_by_role("slider", name="Epoch").focus()
    page.keyboard.press("Home")
    _is(page, "right", "taught, epoch 1")
    assert _pixel(page, "right") == person
    page.get_by_role("button", name="person").click()
    page.wait_for_function(
        "() => document.querySelector('canvas.right').getContext('2d').getImageData(3, 3, 1, 1).data[3] === 0"
    )
    page.get_by_role("button", name="True label").click()
    _is(page, "left", "true label")
    page.wait_for_function(
        "() => document.querySelector('canvas.left').getContext('2d').getImageData(3, 3, 1, 1).data[3] === 255"
    )
    assert errors == []
    page.close()


def test_without_scripts_the_last_pictures_lie_side_by_side(chromium: Browser, file: Path) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(file.as_uri())
    assert [image.get_attribute("alt") for image in page.locator("img:visible").all()] == [
        *("street, photo", "truth", "untaught, epoch 2", "taught, epoch 2")
    ]
    context.close()
