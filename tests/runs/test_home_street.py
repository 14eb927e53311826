"""Which street Home shows."""

import numpy as np
import pytest

from unetkd_core.runs.home_street import image_miou, nearest_to_mean


def test_the_scene_is_the_typical_one_not_the_best() -> None:
    assert nearest_to_mean([0.30, 0.05, 0.11, 0.02], [True, True, True, True]) == 2
    assert nearest_to_mean([0.30, 0.05, 0.11, 0.02], [True, True, False, True]) == 1
    assert nearest_to_mean([0.0, 0.1], [False, False]) in (0, 1)


def test_an_images_miou_leaves_out_absent_classes_and_void() -> None:
    labels = np.array([[1, 1], [3, 255]], np.uint8)
    pred = np.array([[1, 3], [3, 0]], np.uint8)
    assert image_miou(pred, labels) == pytest.approx((1 / 2 + 1 / 2) / 2)
