"""Trees of the streets: painted where labelled, never larger than their pictures, the same at every size."""

from dataclasses import replace

import numpy as np
import pytest

from unetkd_core.data.streets.camera import Camera, Lens
from unetkd_core.data.streets.canvas import Canvas
from unetkd_core.data.streets.crowns import crown
from unetkd_core.data.streets.dice import Dice
from unetkd_core.data.streets.layout import Thing
from unetkd_core.data.streets.lots import sample_layout
from unetkd_core.data.streets.tree_species import SPECIES
from unetkd_core.data.streets.trees import MIRRORED, paint_tree
from unetkd_core.data.streets.weather import sample_weather

ROWS, COLUMNS = 128, 256
GAP = 200


def _painted(thing: Thing, clay: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """(picture, labels): one tree ten metres ahead before a grey wall of class 3."""
    lens = Lens(1.5, 1.1, 0.0)
    fine = Camera.at(lens, 2 * ROWS, 2 * COLUMNS)
    weather = replace(sample_weather(Dice(1), "clear", 12.0), clay=clay)
    canvas = Canvas(np.full((ROWS, COLUMNS, 3), GAP, np.uint8), fine, weather)
    paint_tree(canvas, thing, 0.0, 10.0, 1.0)
    labels = np.full((ROWS, COLUMNS), 3, np.uint8)
    picture, labels, _ = canvas.finish(labels, np.full((ROWS, COLUMNS), 50.0, np.float32))
    return np.asarray(picture), labels


def _tree(kind: str, look: int = 0, hidden: float = 0.0) -> Thing:
    species = SPECIES[kind]
    size = min(5.0, species.height[1])
    return Thing(kind, 0.0, 10.0, hidden, size, species.leaf_colour, species.bark, look)


@pytest.mark.parametrize("kind", sorted(SPECIES))
def test_a_tree_hides_what_is_behind_it_only_where_it_is_painted(kind: str) -> None:
    picture, labels = _painted(_tree(kind))
    touched = (picture != GAP).any(axis=-1)
    assert (labels == 0).sum() > 30
    assert not ((labels == 0) & ~touched).any()


@pytest.mark.parametrize("kind", sorted(SPECIES))
def test_no_crown_is_cut_off_at_the_top_or_the_sides_of_its_picture(kind: str) -> None:
    solid = np.asarray(crown(kind, 0, 1))[..., 3] > 127
    assert solid[0].mean() < 0.02
    assert solid[:, 0].mean() < 0.05
    assert solid[:, -1].mean() < 0.05


def test_a_crown_has_gaps_within_its_outline() -> None:
    alpha = np.asarray(crown("lime", 0, 1))[..., 3]
    assert 0.3 < (alpha > 127).mean() < 0.8


def test_a_fence_hides_the_foot_of_a_tree() -> None:
    whole, cut = (_painted(_tree("lime", hidden=hidden))[1] == 0 for hidden in (0.0, 1.0))
    assert cut.any(axis=1).nonzero()[0].max() < whole.any(axis=1).nonzero()[0].max()
    assert (cut & ~whole).sum() < 8  # a trunk that is cut is rounded to pixels anew


def test_the_mirror_bit_turns_a_tree_round() -> None:
    plain, mirrored = (_painted(_tree("maple", look))[1] for look in (0, MIRRORED))
    same = (plain == mirrored[:, ::-1]).mean()
    assert same > 0.97
    assert (plain != mirrored).any()


def test_a_tree_of_clay_is_grey() -> None:
    picture, labels = _painted(_tree("maple"), clay=True)
    inside = picture[labels == 0].astype(int)
    other, _ = _painted(_tree("maple")._replace(colour=(0.4, 0.0, 0.0), second=(0.0, 0.4, 0.0)), clay=True)
    assert (other[labels == 0] == inside).all()


def test_light_leaves_the_greenery_as_it_is() -> None:
    noon, dusk = (sample_layout(2, 2, 5, hour=hour) for hour in (12.0, 19.0))
    trees = [[thing for thing in layout.things if thing.kind in SPECIES] for layout in (noon, dusk)]
    assert trees[0]
    assert trees[0] == trees[1]
