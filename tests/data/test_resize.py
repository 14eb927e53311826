"""The one rule of scaling: cover and crop for packing, the same scale for predicting."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unetkd_core.data.resize import (
    cover_box,
    cover_image,
    cover_labels,
    resize_image,
    training_scale,
)

SIDE = st.integers(1, 60)


@pytest.mark.parametrize(
    ("size", "to", "box"),
    [
        ((360, 480), (144, 192), (0, 0, 480, 360)),
        ((360, 480), (128, 256), (0, 60, 480, 300)),
        ((100, 400), (100, 100), (150, 0, 250, 100)),
        ((16, 16), (32, 64), (0, 4, 16, 12)),
    ],
)
def test_the_kept_part_is_central_and_has_the_wanted_shape(
    size: tuple[int, int], to: tuple[int, int], box: tuple[float, ...]
) -> None:
    assert cover_box(*size, *to) == pytest.approx(box)


@given(SIDE, SIDE, SIDE, SIDE, st.randoms(use_true_random=False))
def test_covering_gives_the_size_asked_and_no_new_label(h: int, w: int, to_h: int, to_w: int, random) -> None:  # type: ignore[no-untyped-def]
    labels = np.array([[random.choice([0, 3, 5, 254, 255]) for _ in range(w)] for _ in range(h)], dtype=np.uint8)
    covered = cover_labels(labels, to_h, to_w)
    assert covered.shape == (to_h, to_w)
    assert set(np.unique(covered)) <= set(np.unique(labels))
    image = cover_image(np.repeat(labels[..., None], 3, axis=2), to_h, to_w)
    assert image.shape == (to_h, to_w, 3)


@pytest.mark.parametrize("to", [(30, 50), (24, 24), (120, 200), (48, 200)])
def test_image_and_labels_stay_on_top_of_each_other(to: tuple[int, int]) -> None:
    labels = np.zeros((60, 100), dtype=np.uint8)
    labels[:, 47:] = 1
    labels[35:] = 2
    image = np.repeat((labels * 100)[..., None], 3, axis=2)
    packed, label = cover_image(image, *to)[..., 0] / 100, cover_labels(labels, *to)
    blurred = max(2, math.ceil(max(to) * 2 / 60)) * (to[0] + to[1])  # a pixel or two along each edge
    assert (np.abs(packed - label) > 0.5).sum() <= blurred
    assert np.abs(packed.mean() - label.mean()) < 0.05


def test_shrinking_an_image_averages_and_shrinking_labels_picks() -> None:
    checks = (np.indices((64, 64)).sum(axis=0) % 2 * 255).astype(np.uint8)
    assert np.abs(resize_image(np.repeat(checks[..., None], 3, axis=2), 8, 8).astype(int) - 127).max() < 8
    assert set(np.unique(cover_labels(checks, 8, 8))) <= {0, 255}


def test_the_predicting_scale_is_that_of_packing() -> None:
    assert training_scale(360, 480, 144, 192) == pytest.approx(0.4)
    assert training_scale(360, 480, 128, 256) == pytest.approx(256 / 480)


@given(st.integers(16, 12_000), st.integers(16, 12_000))
def test_no_image_predicts_on_more_than_four_training_images_of_pixels(h: int, w: int) -> None:
    scale = training_scale(h, w, 128, 256)
    assert h * w * scale**2 <= 4 * 128 * 256 * (1 + 1e-9)
