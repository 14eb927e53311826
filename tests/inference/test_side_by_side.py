"""Answers held against each other: shares by hand, void pixels left out, entropy at its two ends."""

import math

import numpy as np
import pytest

from unetkd_core.classes import UNLABELLED, VOID
from unetkd_core.inference.side_by_side import agreement, mean_entropy, only_right, unanimous

TRUTH = np.array([[0, 1, 2, 3], [3, VOID, UNLABELLED, 5]], np.uint8)
ONE = np.array([[0, 1, 2, 0], [3, 1, 1, 0]], np.uint8)
OTHER = np.array([[0, 1, 0, 3], [3, 1, 2, 0]], np.uint8)


def test_agreement_is_the_share_of_pixels_that_say_the_same() -> None:
    found = agreement([ONE, OTHER])
    assert found.shape == (2, 2) and found[0, 0] == found[1, 1] == 1
    assert found[0, 1] == found[1, 0] == 5 / 8


def test_where_there_is_a_truth_only_labelled_pixels_count() -> None:
    assert agreement([ONE, OTHER], TRUTH)[0, 1] == pytest.approx(4 / 6)
    assert unanimous([ONE, OTHER, ONE], TRUTH) == pytest.approx(4 / 6)
    assert unanimous([ONE]) == 1


def test_only_right_tells_gain_from_loss() -> None:
    # ONE alone has the marking, OTHER alone has the first car; both miss the person; void counts for nobody.
    assert only_right(ONE, OTHER, TRUTH) == (pytest.approx(1 / 6), pytest.approx(1 / 6))
    assert only_right(TRUTH, ONE, TRUTH) == (pytest.approx(2 / 6), 0)


def test_nothing_labelled_is_no_number_rather_than_a_zero() -> None:
    nothing = np.full_like(TRUTH, VOID)
    assert math.isnan(agreement([ONE, OTHER], nothing)[0, 1]) and math.isnan(only_right(ONE, OTHER, nothing)[0])


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_entropy_is_one_when_all_are_alike_and_zero_when_one_class_has_it_all(dtype: type) -> None:
    alike = np.full((6, 3, 4), 7, dtype)
    sure = np.zeros((6, 3, 4), dtype)
    sure[2] = 30_000
    assert mean_entropy(alike) == pytest.approx(1) and mean_entropy(sure) == pytest.approx(0, abs=1e-12)
    halves = np.full((6, 1, 2), -30_000, dtype)
    halves[:2] = 0
    assert mean_entropy(halves) == pytest.approx(math.log(2) / math.log(6))
