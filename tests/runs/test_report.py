"""A run as one page: what it says, that nothing is fetched or run, and that no name breaks out of it."""

import base64
import dataclasses
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from unetkd_core.errors import ExportError
from unetkd_core.runs import folder, panel, report
from unetkd_core.runs.folder import Run
from unetkd_core.training.config import RunConfig, TeachingConfig


class Page(HTMLParser):
    """Every tag with its attributes, and the text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.open: list[str] = []
        self.feed(source)
        assert self.open == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))
        if tag not in {"meta", "img"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def add_epochs(run: Run, mious: list[float]) -> None:
    with (run.run_dir / "metrics.jsonl").open("a") as file:
        for epoch, miou in enumerate(mious, start=1):
            iou = [miou, miou, None, miou, miou, miou]
            val = {"miou": miou, "iou": iou, "pixel_accuracy": 0.5, "loss_ce": 1.0, "agreement": None, "pixels": 9}
            kd = None if run.config.teaching is None else 0.25
            line = {"epoch": epoch, "loss": 1.0, "loss_ce": 1.5 / epoch, "loss_kd": kd, "images_per_second": 5.0}
            file.write(json.dumps({**line, "val": val}) + "\n")


def draw(run: Run, epoch: int) -> None:
    labels = np.zeros((1, 16, 32), np.uint8)
    panel.write_scenes(run.run_dir / "panel", np.zeros((1, 16, 32, 3), np.uint8), labels, ["street <1>"])
    panel.write_epoch(run.run_dir / "panel", epoch, labels)


@pytest.fixture
def pair() -> tuple[Run, Run]:
    config = RunConfig(teaching=TeachingConfig(teacher="sage", alpha=0.3), name="<script>alert('x')</script>")
    student = folder.create(config)
    twin = folder.create(config.twin(student.id), pair=student.id)
    add_epochs(student, [0.31, 0.4249, 0.3])
    add_epochs(twin, [0.3, 0.3951])
    student.add_to_meta("teacher_miou", 0.5123)
    for run in (student, twin):
        draw(run, 2)
    return student, twin


def test_the_answer_is_the_difference_over_epochs_that_both_have(pair: tuple[Run, Run]) -> None:
    page = Page(report.report(pair[0]))
    assert "taught 42.5 % and untaught 39.5 %: +3.0 points, after 2 of 20 epochs, one seed." in page.words
    assert Page(report.report(pair[1])).words.count("taught 42.5 % and untaught 39.5 %: +3.0 points") == 1


def test_curves_classes_scenes_settings_and_epochs_are_there(pair: tuple[Run, Run]) -> None:
    source = report.report(pair[0])
    page = Page(source)
    charts = [a for tag, a in page.tags if tag == "svg"]
    assert len(charts) == 3 and all(a["role"] == "img" for a in charts)
    assert "taught ends at 30.0; untaught ends at 39.5; teacher ends at 51.2" in str(charts[0]["aria-label"])
    assert len([a for tag, a in page.tags if tag == "path"]) == 6  # mIoU three, labels two, KL one
    pictures = [a for tag, a in page.tags if tag == "img"]
    assert [a["alt"] for a in pictures if a["alt"]] == [
        *("street <1>, photo", "truth", "untaught, epoch 2", "taught, epoch 2")
    ]
    assert "road markings" in page.words and "teaching.alpha" in page.words and "difference in points" in page.words
    assert page.words.count("Every epoch") == 2
    assert "machine.processor" in page.words and "machine.host" not in page.words


def test_nothing_is_fetched_one_script_runs_and_no_name_breaks_out(pair: tuple[Run, Run]) -> None:
    source = report.report(pair[0])
    page = Page(source)
    assert not {"link", "iframe", "a"} & {tag for tag, _ in page.tags}
    assert all(str(a["src"]).startswith("data:image/png;base64,") for tag, a in page.tags if "src" in a)
    assert not re.search(r"https?://|url\(|@import|fetch\(|XMLHttpRequest", source)
    policy = next(a["content"] for tag, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    scripts = re.findall(r"<script>(.*?)</script>", source, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    assert len(scripts) == [tag for tag, _ in page.tags].count("script") == 1
    assert str(policy).startswith("default-src 'none'") and f"script-src 'sha256-{digest}'" in str(policy)
    assert "<script>alert('x')</script>" in page.words


def test_a_run_alone_has_a_page_without_a_difference() -> None:
    run = folder.create(RunConfig())
    add_epochs(run, [0.2])
    page = Page(report.report(run))
    assert "Best mIoU at the packed size, alone 20.0 %, after 1 of 20 epochs." in page.words
    assert "difference" not in page.words


def test_a_run_without_an_epoch_has_nothing_to_report(tmp_path: Path) -> None:
    run = folder.create(RunConfig())
    with pytest.raises(ExportError, match="no whole epoch yet"):
        report.report(run)


def test_a_twin_that_has_no_epoch_yet_is_left_out(pair: tuple[Run, Run]) -> None:
    (pair[1].run_dir / "metrics.jsonl").unlink()
    pair[1].write_status(dataclasses.replace(pair[1].written_status(), epoch=0))
    page = Page(report.report(pair[0]))
    assert "untaught" not in page.words and "taught 42.5 %" in page.words


def test_a_scene_has_the_pictures_of_24_epochs_at_most_the_first_and_the_last_among_them(pair: tuple[Run, Run]) -> None:
    for run in pair:
        for epoch in range(1, 61):
            draw(run, epoch)
    page = Page(report.report(pair[0]))
    for side in ("taught", "untaught"):
        epochs = [int(str(a["data-epoch"])) for tag, a in page.tags if tag == "img" and a.get("data-side") == side]
        assert len(epochs) == len(set(epochs)) == report.FRAMES and {min(epochs), max(epochs)} == {1, 60}
    scene = next(a for tag, a in page.tags if a.get("class") == "scene")
    assert scene["data-sides"] == "untaught|taught"


def test_a_scene_whose_picture_went_missing_is_left_out(pair: tuple[Run, Run]) -> None:
    (pair[1].run_dir / "panel" / "truth_0.png").unlink()
    page = Page(report.report(pair[0]))
    assert "42.5 %" in page.words and not [tag for tag, _ in page.tags if tag == "img"]
