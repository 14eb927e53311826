"""A small checkpoint to look at, copy and damage."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from tests.zoo.hub_here import hub as hub
from unetkd_core.models.names import m_arch
from unetkd_core.models.registry import build
from unetkd_core.zoo.checkpoints import CheckpointInfo, save

SMALL = {**m_arch("M128"), "base_width": 2, "name": "tiny"}


def make_model(arch: dict[str, Any] | None = None, seed: int = 0) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return build(arch or SMALL)


def make_info(**changes: Any) -> CheckpointInfo:
    fields: dict[str, Any] = {
        "name": "tiny", "title": "Tiny from M256", "role": "student", "arch": dict(SMALL), "mapping": ["camvid"],
        "height": 32, "width": 64, "data": ["streets:train", "camvid:train"], "seed": 7, "licence": "MIT",
        "metrics": {
            "packed": {"miou": 0.5, "iou": [0.9, 0.8, 0.4, 0.3, None, 0.1], "pixel_accuracy": 0.85},
            "camvid:val": {"miou": 0.4321, "iou": [0.9, 0.8, 0.4, 0.3, None, 0.1], "pixel_accuracy": 0.85},
            "note": "free form",
        },
    }  # fmt: skip
    return CheckpointInfo(**{**fields, **changes})


def checkpoint_files(tmp_path: Path, seed: int = 0, prefix: str = "", **changes: Any) -> dict[str, bytes]:
    """The three files of a small checkpoint, by their path in a repository."""
    save(make_model(changes.get("arch"), seed=seed), tmp_path / "made", make_info(**changes))
    return {prefix + file.name: file.read_bytes() for file in (tmp_path / "made").iterdir()}


@pytest.fixture
def checkpoints_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "checkpoints"
    monkeypatch.setenv("UNETKD_CHECKPOINTS", str(folder))
    return folder
