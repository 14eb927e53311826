"""A few tiny street-like scenes as a registered folder dataset, and a config that trains on them in a second or two."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from unetkd_core.data import catalog
from unetkd_core.training.config import RunConfig, parse_config


@pytest.fixture
def tiny_data(tmp_path: Path, unetkd_home: Path) -> str:
    """A dataset named `tiny`: 8 scenes of 16x32 pixels to train on, 4 to validate on, bands of all six classes."""
    generator = np.random.default_rng(0)
    for split, count in (("train", 8), ("val", 4)):
        for part in ("images", "masks"):
            (tmp_path / "tiny" / split / part).mkdir(parents=True)
        for i in range(count):
            labels = np.repeat(generator.permutation(6), 6)[:32].astype(np.uint8)[None].repeat(16, 0)
            image = (labels[..., None] * 40 + generator.integers(0, 30, (16, 32, 3))).astype(np.uint8)
            Image.fromarray(image).save(tmp_path / "tiny" / split / "images" / f"{i:02d}.png")
            Image.fromarray(labels).save(tmp_path / "tiny" / split / "masks" / f"{i:02d}.png")
    catalog.register("tiny", tmp_path / "tiny")
    return "tiny"


@pytest.fixture
def tiny_config(tiny_data: str) -> RunConfig:
    """Two epochs of two steps, everything of the hardware fixed, so that nothing is measured."""
    return parse_config(
        {
            "data": {"train": ["tiny:train"], "val": ["tiny:val"], "height": 16, "width": 32},
            "optim": {"epochs": 2, "batch_size": 4},
            "hardware": {"device": "cpu", "precision": "fp32", "memory_format": "channels_last", "threads": 1},
        }
    )
