"""Colours over a photo: exact where they should be, absent where they should not."""

import subprocess
import sys

import numpy as np
import pytest

from unetkd_core.classes import PALETTES, UNLABELLED, VOID
from unetkd_core.errors import ImageError
from unetkd_core.inference.overlay import overlay

GREY = np.full((40, 60, 3), 100, dtype=np.uint8)


def bands(*values: int) -> np.ndarray:
    """(40, 60) uint8: equal vertical bands of these values."""
    return np.repeat(np.array(values, dtype=np.uint8), 60 // len(values))[None].repeat(40, axis=0)


def test_at_full_opacity_without_outlines_every_shown_pixel_is_on_the_palette() -> None:
    labels = bands(0, 1, 2, 3, 4, 5)
    for palette, colors in PALETTES.items():
        shown = overlay(GREY, labels, palette=palette, opacity=1, outline=False, show=range(6))
        assert (shown == colors[labels]).all()


def test_background_and_pixels_of_no_class_show_the_photo() -> None:
    labels = bands(0, UNLABELLED, VOID, 1)
    shown = overlay(GREY, labels, opacity=1, outline=False)
    assert (shown[labels != 1] == 100).all()
    assert (shown[labels == 1] == PALETTES["table1"][1]).all()


def test_opacity_mixes_photo_and_colour() -> None:
    shown = overlay(GREY, bands(3), opacity=0.25, outline=False)
    assert (shown == np.rint(0.75 * 100 + 0.25 * PALETTES["table1"][3].astype(float))).all()
    assert (overlay(GREY, bands(3), opacity=0, outline=False) == GREY).all()


def test_the_outline_is_one_light_pixel_where_classes_meet_and_nowhere_else() -> None:
    labels = bands(1, 1, 2, 0)
    labels[20:, :] = labels[:1, :]
    plain, outlined = (overlay(GREY, labels, outline=o) for o in (False, True))
    changed = (plain != outlined).any(axis=2)
    assert np.flatnonzero(changed.any(axis=0)).tolist() == [30, 45]
    assert changed[:, [30, 45]].all()
    assert (outlined[:, 30] == np.rint(plain[:, 30] * 0.41 + 255 * 0.59)).all()


def test_classes_that_are_not_shown_have_no_outline_between_them() -> None:
    labels = bands(0, VOID, 2, 3)
    shown = overlay(GREY, labels, show={1})
    assert (shown == GREY).all()


def test_strips_leave_no_seams() -> None:
    photo = np.full((1100, 16, 3), 50, dtype=np.uint8)
    labels = np.full((1100, 16), 1, dtype=np.uint8)
    labels[512:700] = 2
    changed = (overlay(photo, labels) != overlay(photo, labels, outline=False)).any(axis=(1, 2))
    assert np.flatnonzero(changed).tolist() == [512, 700]


def test_the_photo_itself_is_left_alone() -> None:
    photo = GREY.copy()
    overlay(photo, bands(1, 2))
    assert (photo == GREY).all()


def test_sizes_that_differ_are_refused() -> None:
    with pytest.raises(ImageError, match="of one size"):
        overlay(GREY, np.zeros((60, 40), np.uint8))


@pytest.mark.parametrize("wrong", [{"opacity": 1.5}, {"show": {6}}, {"show": {-1}}])
def test_other_settings_are_a_programming_mistake(wrong: dict) -> None:
    with pytest.raises(ValueError, match="expected"):
        overlay(GREY, bands(1), **wrong)


def test_overlay_and_sizes_need_no_torch() -> None:
    code = "import sys, unetkd_core.inference.overlay, unetkd_core.inference.sizes; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
