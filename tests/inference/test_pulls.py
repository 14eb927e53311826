"""Pulls over a picture: at the labels' size, weighed by nobody yet, and nothing where there is no label."""

import numpy as np
import pytest

from unetkd_core.classes import VOID
from unetkd_core.inference.pulls import pulls


def test_they_are_the_two_gradients_with_weights_of_one() -> None:
    student, teacher = np.zeros((6, 1, 1), np.float32), np.zeros((6, 1, 1), np.float32)
    teacher[0] = 4.0
    found = pulls(student, teacher, np.array([[0, 0], [0, VOID]], np.uint8), temperature=2.0)
    assert found.hard.shape == found.soft.shape == (2, 2)
    sixth = np.full(6, 1 / 6)
    assert found.hard[0, 0] == pytest.approx(np.linalg.norm(sixth - np.eye(6)[0]), rel=1e-5)
    softened = np.exp(np.eye(6)[0] * 2)
    assert found.soft[0, 1] == pytest.approx(np.linalg.norm(sixth - softened / softened.sum()) / 2, rel=1e-5)
    assert found.hard[1, 1] == found.soft[1, 1] == 0
