"""Where one pixel's story begins: at a vehicle's edge where the teacher is right and in two minds."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from pages.ui.soft_pixel import first_pixel, has_large_vehicle, logits_at
from unetkd_core.classes import VOID

VEHICLE, ROAD, PERSON = 3, 1, 5


def street() -> np.ndarray:
    """(48, 64) uint8: a vehicle of 20 × 24 pixels on a road."""
    labels = np.full((48, 64), ROAD, np.uint8)
    labels[14:34, 20:44] = VEHICLE
    return labels


def sure(labels: np.ndarray) -> np.ndarray:
    """(6, H, W) float32 logits of a teacher that is right everywhere, and sure of it."""
    return (np.eye(6, dtype=np.float32)[np.minimum(labels, 5)] * 9).transpose(2, 0, 1).copy()


def test_it_is_the_vehicles_edge_pixel_with_the_likeliest_second_class() -> None:
    labels = street()
    said = sure(labels)
    said[ROAD, 20, 43], said[ROAD, 33, 30] = 8.5, 7  # both on the edge; the first is nearer to a tie
    said[ROAD, 24, 32] = 8.9  # inside the vehicle
    said[VEHICLE, 20, 44] = 8.9  # on the road beside it
    assert first_pixel(labels, said) == (43, 20)


def test_where_the_teacher_is_wrong_is_not_where_the_story_begins() -> None:
    labels = street()
    said = sure(labels)
    said[ROAD, 20, 43], said[ROAD, 33, 30] = 9.5, 4
    assert first_pixel(labels, said) == (30, 33)


def test_specks_borders_and_edges_to_void_are_left_out() -> None:
    labels = street()
    labels[40, 40] = VEHICLE  # a speck
    labels[:, 44] = VOID  # nobody said what lies right of the vehicle
    said = sure(labels)
    said[ROAD, 40, 40], said[ROAD, 20, 43] = 8.9, 8.9
    said[ROAD, 33, 25] = 8
    assert first_pixel(labels, said) == (25, 33)


def test_without_a_vehicle_any_edge_will_do_and_without_any_the_middle() -> None:
    labels = np.where(street() == VEHICLE, PERSON, ROAD).astype(np.uint8)
    said = sure(labels)
    said[ROAD, 20, 20] = 8
    assert first_pixel(labels, said) == (20, 20)
    plain = np.full((40, 60), ROAD, np.uint8)
    assert first_pixel(plain, sure(plain)) == (30, 20)
    assert first_pixel(plain[:8, :8], sure(plain[:8, :8])) == (4, 4)


def test_a_vehicle_is_large_from_a_fiftieth_of_the_picture_on() -> None:
    labels = np.full((100, 100), ROAD, np.uint8)
    labels[:10, :20] = VEHICLE
    assert has_large_vehicle(labels)
    labels[0, 0] = ROAD
    assert not has_large_vehicle(labels)


@pytest.mark.parametrize("size", [(20, 30), (33, 47), (9, 11)])
def test_logits_between_pixels_are_torchs(size: tuple[int, int]) -> None:
    field = np.random.default_rng(0).normal(0, 5, (6, 20, 30)).astype(np.float32)
    rows, columns = np.mgrid[: size[0], : size[1]]
    got = logits_at(field, rows.ravel(), columns.ravel(), size)
    whole = F.interpolate(torch.from_numpy(field)[None], size=size, mode="bilinear", align_corners=False)[0]
    np.testing.assert_allclose(got, whole.reshape(6, -1).T.numpy(), atol=2e-4)
