"""The panel's scenes: rich ones, people first, from all over the split; drawn exactly, on palette."""

from pathlib import Path

import numpy as np
from PIL import Image

from unetkd_core.classes import PALETTES
from unetkd_core.runs import panel


def test_each_third_gives_its_richest_scene_and_people_come_first() -> None:
    labels = np.zeros((9, 10, 10), dtype=np.uint8)
    labels[1, 0] = 5  # people, though scene 2 has more classes
    labels[2, 0], labels[2, 1], labels[2, 2] = 1, 2, 3
    labels[4, 0], labels[4, 1] = 1, 2
    labels[5, 0] = 1
    labels[8] = 255  # nothing but void
    labels[7, :5] = 1
    chosen = panel.choose_scenes(9, lambda indices: (np.zeros(0), labels[indices]))
    assert chosen == [1, 4, 7]


def test_a_split_of_one_scene_gives_a_panel_of_one() -> None:
    assert panel.choose_scenes(1, lambda indices: (np.zeros(0), np.zeros((len(indices), 4, 4), np.uint8))) == [0]


def test_predictions_are_drawn_to_the_pixel(tmp_path: Path) -> None:
    labels = np.arange(2 * 4 * 6).reshape(2, 4, 6).astype(np.uint8) % 6
    images = np.zeros((2, 4, 6, 3), np.uint8)
    panel.write_scenes(tmp_path, images, labels, ["a", "b"])
    panel.write_epoch(tmp_path, 7, labels)
    for name in ("epoch_0007_1.png", "truth_1.png"):
        with Image.open(tmp_path / name) as drawn:
            assert np.array_equal(np.asarray(drawn.convert("RGB")), PALETTES["table1"][labels[1]])
    assert not list(tmp_path.glob(".*"))
