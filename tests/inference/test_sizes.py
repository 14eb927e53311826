"""At which size a network sees an image: packing's scale without the crop."""

import pytest

from unetkd_core.errors import ImageError
from unetkd_core.inference.sizes import working_size


def test_an_image_of_the_training_size_stays() -> None:
    assert working_size(128, 256, 128, 256) == (128, 256)


def test_an_image_of_the_same_shape_is_scaled_to_the_training_size() -> None:
    assert working_size(1024, 2048, 128, 256) == (128, 256)


def test_another_shape_covers_the_training_size_and_keeps_its_aspect() -> None:
    assert working_size(360, 480, 128, 192) == (144, 192)  # CamVid: the width fits, the height stands over
    assert working_size(480, 360, 128, 192) == (256, 192)


def test_a_panorama_has_at_most_four_training_images_of_pixels() -> None:
    height, width = working_size(500, 40_000, 128, 256)
    assert height * width <= 4.1 * 128 * 256
    assert width / height == pytest.approx(80, rel=0.02)


@pytest.mark.parametrize("size", [(16, 16), (16, 100_000), (100_000, 16), (5000, 8000), (17, 33)])
def test_every_side_is_at_least_what_a_network_takes(size: tuple[int, int]) -> None:
    assert min(working_size(*size, 64, 128)) >= 16


def test_an_image_that_is_too_small_is_refused_with_its_size() -> None:
    with pytest.raises(ImageError, match=r"40 x 15 pixels; expected at least 16"):
        working_size(15, 40, 128, 256)
