"""Views and jitter: stateless, label-exact, and image and labels moved alike."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from unetkd_core.data import views
from unetkd_core.data.augment import apply_views, jitter
from unetkd_core.data.views import IDENTITY, View, choose_views, epoch_order, make_views, view_in_turn

VALUES = np.array([0, 1, 5, 254, 255], dtype=np.uint8)
# Written down once; a change would move the data under runs that are resumed.
ORDER = [3, 6, 4, 7, 2, 5, 0, 1]
VIEWS = [14, 15, 36, 19, 32, 15, 14, 21]
IN_TURN = [21, 22, 21, 19, 26, 1, 33, 32]
views_strategy = st.builds(
    lambda flip, size, top, left: View(flip, top * (1 - size), left * (1 - size), size),
    st.booleans(), st.floats(0.25, 1), st.floats(0, 1), st.floats(0, 1),
)  # fmt: skip


def batch(count: int = 2, height: int = 24, width: int = 40, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = np.random.default_rng(seed)
    images = generator.integers(0, 256, (count, height, width, 3), dtype=np.uint8)
    return torch.from_numpy(images), torch.from_numpy(generator.choice(VALUES, (count, height, width)))


def test_the_default_list_has_the_identity_first_and_no_view_twice() -> None:
    views = make_views(True, (1.0, 1.25, 1.5), 3)
    assert views[0] == IDENTITY
    assert len(views) == len(set(views)) == 2 * (1 + 9 + 9)
    assert all(0 <= v.top <= 1 - v.size + 1e-9 and 0 <= v.left <= 1 - v.size + 1e-9 for v in views)


def test_no_flip_no_zoom_is_the_identity_alone_and_one_place_is_the_middle() -> None:
    assert make_views(False, (1.0,), 3) == (IDENTITY,)
    assert make_views(False, (2.0,), 1) == (IDENTITY, View(False, 0.25, 0.25, 0.5))
    with pytest.raises(ValueError, match=r"0\.5"):
        make_views(True, (0.5,), 3)


def test_the_identity_changes_nothing_but_the_type() -> None:
    images, labels = batch()
    image, target = apply_views(images, labels, np.array([0, 0]), (IDENTITY,))
    assert (image.dtype, target.dtype) == (torch.float32, torch.int64)
    assert image.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal((image * 255).round().to(torch.uint8), images.permute(0, 3, 1, 2))
    assert torch.equal(target, labels.long())
    assert image.min() >= 0 and image.max() <= 1


def test_a_flip_mirrors_image_and_labels() -> None:
    images, labels = batch()
    image, target = apply_views(images, labels, np.array([0, 1]), (IDENTITY, View(True, 0.0, 0.0, 1.0)))
    assert torch.equal((image[1] * 255).round().to(torch.uint8), images[1].flip(1).permute(2, 0, 1))
    assert torch.equal(target[1], labels[1].flip(1).long())
    assert torch.equal(target[0], labels[0].long())


def test_a_doubled_quarter_is_every_label_twice() -> None:
    images, labels = batch(1)
    _, target = apply_views(images, labels, np.array([0]), (View(False, 0.5, 0.5, 0.5),))
    quarter = labels[0, 12:, 20:]
    assert torch.equal(target[0], quarter.repeat_interleave(2, 0).repeat_interleave(2, 1).long())


@pytest.mark.parametrize("view", make_views(False, (1.25, 1.5, 3.0), 3)[1:])
def test_each_pixel_takes_the_label_under_its_centre(view: View) -> None:
    images, labels = batch(1, 40, 60)
    _, target = apply_views(images, labels, np.array([0]), (view,))
    rows, columns = round(view.size * 40), round(view.size * 60)
    top, left = min(round(view.top * 40), 40 - rows), min(round(view.left * 60), 60 - columns)
    part = labels[:, None, top : top + rows, left : left + columns].float()
    assert torch.equal(target, torch.nn.functional.interpolate(part, (40, 60), mode="nearest-exact")[:, 0].long())


@settings(max_examples=60, deadline=None)
@given(view=views_strategy, height=st.integers(16, 40), width=st.integers(16, 60), seed=st.integers(0, 9))
def test_labels_through_any_view_keep_the_values_they_had(view: View, height: int, width: int, seed: int) -> None:
    images, labels = batch(2, height, width, seed)
    image, target = apply_views(images, labels, np.array([0, 1]), (view, IDENTITY))
    assert set(target[0].unique().tolist()) <= set(labels[0].unique().tolist())
    assert image.shape == (2, 3, height, width)
    assert image.is_contiguous(memory_format=torch.channels_last)
    assert image.min() >= 0 and image.max() <= 1


@settings(max_examples=40, deadline=None)
@given(view=views_strategy)
def test_image_and_labels_are_moved_alike(view: View) -> None:
    labels = np.zeros((1, 48, 64), dtype=np.uint8)
    labels[:, :, 30:], labels[:, 20:] = 1, 2
    images = np.repeat((labels * 100)[..., None], 3, axis=3)
    image, target = apply_views(torch.from_numpy(images), torch.from_numpy(labels), np.array([0]), (view,))
    apart = (image[0, 0] * 2.55 - target[0]).abs() > 0.5
    assert apart.sum() <= 4 * (48 + 64)  # only along the two edges, which the image smooths


def test_views_depend_on_seed_epoch_and_index_not_on_the_batch() -> None:
    chosen = choose_views(38, np.arange(1000), seed=1, epoch=2)
    shuffled = np.random.default_rng(0).permutation(1000)
    assert np.array_equal(choose_views(38, shuffled, seed=1, epoch=2), chosen[shuffled])
    for seed, epoch in ((1, 3), (2, 2), (2, 1)):
        assert (choose_views(38, np.arange(1000), seed=seed, epoch=epoch) == chosen).mean() < 0.1


def test_every_view_is_chosen_about_as_often() -> None:
    counts = np.bincount(choose_views(38, np.arange(38_000), seed=0, epoch=0), minlength=38)
    assert counts.min() > 800
    assert counts.max() < 1200


def test_in_turn_each_scene_shows_every_view_once_in_an_order_of_its_own() -> None:
    indices = np.arange(200)
    turns = np.stack([view_in_turn(38, indices, turn=turn) for turn in range(38)])
    assert (np.sort(turns, axis=0) == np.arange(38)[:, None]).all()
    assert len({tuple(order) for order in turns.T}) == 200
    assert np.bincount(turns[0], minlength=38).max() < 20, "a turn mixes the views"
    assert np.array_equal(view_in_turn(38, indices[::-7], turn=5), turns[5][::-7])
    with pytest.raises(IndexError, match="turn is 38"):
        view_in_turn(38, indices, turn=38)


def test_an_epochs_order_is_a_permutation_of_its_own() -> None:
    orders = [epoch_order(500, seed=3, epoch=e) for e in range(3)]
    assert all(np.array_equal(np.sort(order), np.arange(500)) for order in orders)
    assert np.array_equal(orders[1], epoch_order(500, seed=3, epoch=1))
    assert (orders[0] == orders[1]).mean() < 0.05
    assert np.abs(np.corrcoef(orders[0], np.arange(500))[0, 1]) < 0.2


def test_choices_are_the_same_in_every_release() -> None:
    assert epoch_order(8, seed=0, epoch=0).tolist() == ORDER
    assert choose_views(38, np.arange(8), seed=0, epoch=0).tolist() == VIEWS
    assert view_in_turn(38, np.arange(8), turn=3).tolist() == IN_TURN


def test_no_jitter_returns_the_image_itself() -> None:
    image = torch.rand(2, 3, 8, 8)
    assert jitter(image, 0.0, seed=0, epoch=0, indices=np.arange(2)) is image


def test_jitter_is_brightness_then_contrast_then_saturation(monkeypatch: pytest.MonkeyPatch) -> None:
    draws = iter([np.array([0.75]), np.array([0.25]), np.array([1.0])])  # factors 1.2, 0.8, 1.4 at strength 0.4
    monkeypatch.setattr(views, "_uniform", lambda _: next(draws))
    image = torch.rand(1, 3, 8, 12) * 0.5 + 0.2
    out = jitter(image, 0.4, seed=0, epoch=0, indices=np.array([0]))

    def grey(x: torch.Tensor) -> torch.Tensor:
        return (x * torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(1, keepdim=True)

    bright = image * 1.2
    contrasted = bright * 0.8 + grey(bright).mean() * 0.2
    expected = (contrasted * 1.4 + grey(contrasted) * -0.4).clamp(0, 1)
    torch.testing.assert_close(out, expected)


def test_jitter_depends_on_the_index_and_not_on_the_batch_and_keeps_the_range() -> None:
    image = torch.rand(4, 3, 16, 16).contiguous(memory_format=torch.channels_last)
    before = image.clone()
    out = jitter(image, 0.9, seed=0, epoch=1, indices=np.array([5, 6, 7, 8]))
    again = jitter(image.flip(0), 0.9, seed=0, epoch=1, indices=np.array([8, 7, 6, 5])).flip(0)
    torch.testing.assert_close(out, again)
    assert out.min() >= 0 and out.max() <= 1
    assert out.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(image, before)
    same = image[:1].expand(4, -1, -1, -1)
    assert len({round(float(x.mean()), 5) for x in jitter(same, 0.2, seed=0, epoch=0, indices=np.arange(4))}) == 4
