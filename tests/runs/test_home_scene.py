"""The home page's scene made in miniature: tiny untrained networks, the scores that their checkpoints carry."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from unetkd_core.errors import CheckpointError
from unetkd_core.models.registry import build
from unetkd_core.runs import home_scene
from unetkd_core.runs.home_scene import main, make_home, read_home
from unetkd_core.training.config import RunConfig, TeachingConfig
from unetkd_core.zoo.checkpoints import CheckpointInfo, save

IOU = [0.9, 0.8, 0.7, 0.6, 0.5, None]


@pytest.fixture
def checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three named checkpoints; only the student was taught."""
    folder = tmp_path / "checkpoints"
    monkeypatch.setenv("UNETKD_CHECKPOINTS", str(folder))
    teaching = TeachingConfig(teacher="big", alpha=0.3, temperature=4.0)
    runs = {"big": RunConfig(), "taught": RunConfig(teaching=teaching), "alone": RunConfig()}
    for place, (name, run) in enumerate(runs.items()):
        arch: dict[str, Any] = {"type": "unet", "name": "M128", "base_width": 4, "levels": 1, "norm": "none"}
        arch["num_classes"] = 6
        info = CheckpointInfo(
            name=name,
            title=name,
            role="alone",
            arch=arch,
            mapping=["camvid"],
            height=32,
            width=64,
            data=["streets:train"],
            licence="MIT",
            run=run.model_dump(mode="json"),
            metrics={
                "streets:val": {"miou": 0.7 - place / 100, "iou": IOU, "pixel_accuracy": 0.9},
            },
        )
        save(build(arch), folder / name, info)
    return folder


def test_making_writes_what_home_reads(checkpoints: Path, tmp_path: Path) -> None:
    made = make_home(tmp_path / "home", "big", "taught", "alone", scene_index=3, size=(64, 128))
    read = read_home(tmp_path / "home")
    assert read is not None
    assert read.index == 3
    assert read.scenes == 500
    assert read.settings == {
        "alpha": 0.3, "temperature": 4.0, "scale_by_t2": False, "epochs": 20, "height": 32, "width": 64,
    }  # fmt: skip
    assert read.student.miou == pytest.approx(0.69)  # the checkpoint's own, over the whole split
    assert np.isnan(read.student.iou[5])
    assert read.gain == pytest.approx(0.01)
    assert read.photo.shape == (64, 128, 3)
    for role, labels in made.labels.items():
        np.testing.assert_array_equal(read.labels[role], labels)


def test_the_command_chooses_a_scene_by_itself(
    checkpoints: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(home_scene, "CANDIDATES", 2)
    main(["big", "taught", "alone", "--folder", str(tmp_path / "home")])
    read = read_home(tmp_path / "home")
    assert read is not None
    assert read.index in (0, 1)


def test_an_untaught_student_is_refused(checkpoints: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="alone was not taught"):
        make_home(tmp_path / "home", "big", "alone", "taught")
    assert not (tmp_path / "home").exists()
