"""Which street Home shows."""

import numpy as np
import pytest

from unetkd_core.runs import home_street
from unetkd_core.runs.home_street import image_miou, nearest_to_mean


def test_the_scene_is_the_typical_one_not_the_best() -> None:
    gains = [[0.30], [0.05], [0.11], [0.02]]
    assert nearest_to_mean(gains, [True, True, True, True]) == 2
    assert nearest_to_mean(gains, [True, True, False, True]) == 1
    assert nearest_to_mean(gains, [False, False, False, False]) == 2, "where none is complete, all may be it"


def test_a_scene_is_typical_in_every_cell_and_not_in_the_mean_of_cells_alone() -> None:
    gains = [[-0.04, 0.04], [0.05, -0.03], [0.03, -0.02], [0.04, -0.03]]
    assert nearest_to_mean(gains, [True] * 4) == 2, "the first is nearest in the mean alone"


def test_the_street_is_looked_for_by_what_the_pictured_networks_gain_on_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Streets:
        def __len__(self) -> int:
            return 3

    class Known:
        def gains(self, photo: np.ndarray, labels: np.ndarray) -> list[float]:
            return [[0.5, 0.5], [0.1, 0.2], [0.0, -0.1]][int(photo[0, 0, 0])]

    labels = np.arange(6, dtype=np.uint8)[None]
    monkeypatch.setattr(home_street, "read_scene", lambda _, i: (np.full((1, 6, 3), i, np.uint8), labels))
    assert home_street.typical_scene(Streets(), Known(), lambda *_: None) == 1  # type: ignore[arg-type]


def test_an_images_miou_leaves_out_absent_classes_and_void() -> None:
    labels = np.array([[1, 1], [3, 255]], np.uint8)
    pred = np.array([[1, 3], [3, 0]], np.uint8)
    assert image_miou(pred, labels) == pytest.approx((1 / 2 + 1 / 2) / 2)
