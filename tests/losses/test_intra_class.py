"""Intra-class variation against prototypes worked out by hand and against a loop over classes and pixels."""

import math

import pytest
import torch

from unetkd_core.classes import UNLABELLED, VOID
from unetkd_core.losses.intra_class import intra_class_variation


def features_of(*pixels):
    """(1, C, 1, P) features from one vector a pixel."""
    return torch.tensor(pixels, dtype=torch.float64).T[None, :, None, :]


def target_of(*labels):
    return torch.tensor(labels)[None, None, :]


# Class 0 has two pixels, at right angles: the prototype (1/2, 1/2) is 45 degrees from both.
# Class 3 has one, which is its own prototype.
STUDENT = features_of([1, 0], [0, 1], [5, 5])
HALF = 1 / math.sqrt(2)


def test_by_hand():
    # The teacher, three channels wide: both pixels of class 0 point the same way, cosine 1; class 3 as before.
    teacher = features_of([0, 2, 0], [0, 9, 0], [1, 2, 3])
    term = intra_class_variation(STUDENT, teacher, target_of(0, 0, 3))
    assert term.weight.item() == 3
    assert term.mean().item() == pytest.approx((2 * (HALF - 1) ** 2 + 0) / 3, rel=1e-9)


def test_the_prototype_is_the_mean_of_the_features_and_not_of_their_directions():
    # Mean of (3, 0) and (0, 1) is along (3, 1): cosines 3/sqrt(10) and 1/sqrt(10).
    term = intra_class_variation(features_of([3, 0], [0, 1]), features_of([1, 0], [1, 0]), target_of(2, 2))
    expected = ((3 / math.sqrt(10) - 1) ** 2 + (1 / math.sqrt(10) - 1) ** 2) / 2
    assert term.mean().item() == pytest.approx(expected, rel=1e-9)


def test_the_length_of_features_does_not_matter_if_all_of_them_grow():
    teacher = features_of([0, 2], [1, 9], [1, 2])
    target = target_of(0, 0, 3)
    torch.testing.assert_close(
        intra_class_variation(STUDENT, teacher, target).mean(),
        intra_class_variation(1e4 * STUDENT, 1e-2 * teacher, target).mean(),
    )


def test_prototypes_are_each_images_own():
    # Across the images the vectors of class 0 are at right angles; within each they are alike.
    student = torch.cat([features_of([1, 0], [1, 0]), features_of([0, 1], [0, 1])])
    teacher = torch.cat([features_of([2, 1], [2, 1])] * 2)
    assert intra_class_variation(student, teacher, target_of(0, 0).expand(2, 1, 2)).mean().item() == pytest.approx(0)


@pytest.mark.parametrize("label", [VOID, UNLABELLED])
def test_a_pixel_of_no_class_shapes_no_prototype_and_is_not_counted(label):
    student = features_of([1, 0], [0, 1], [5, 5], [-8, 3])
    teacher = features_of([0, 2, 0], [0, 9, 0], [1, 2, 3], [-7, -7, 4])
    term = intra_class_variation(student.requires_grad_(), teacher, target_of(0, 0, 3, label))
    assert term.mean().item() == pytest.approx(2 * (HALF - 1) ** 2 / 3, rel=1e-9)
    (gradient,) = torch.autograd.grad(term.total, student)
    assert gradient[..., :2].any() and not gradient[..., 3].any()


def test_a_feature_of_nothing_has_cosine_zero_and_no_gradient_that_explodes():
    # As a ReLU leaves it. The prototype of class 1, which has that pixel alone, is nothing too.
    student = features_of([1, 0], [0, 0], [0, 0]).requires_grad_()
    term = intra_class_variation(student, features_of([1, 0], [1, 0], [1, 0]), target_of(0, 0, 1))
    assert term.mean().item() == pytest.approx((0 + 1 + 1) / 3)
    (gradient,) = torch.autograd.grad(term.total, student)
    assert torch.isfinite(gradient).all() and gradient.abs().max() < 10


def test_labels_are_read_at_the_features_size_by_the_nearest():
    target = torch.tensor([[[0, VOID, 0, 1], [1, 1, 1, 1]]])
    student, teacher = features_of([1, 0], [0, 1]), features_of([1, 0], [1, 0])
    term = intra_class_variation(student, teacher, target)
    assert term.weight.item() == 2 and term.mean().item() == pytest.approx((HALF - 1) ** 2)


def test_a_loop_over_every_class_and_pixel_says_the_same():
    torch.manual_seed(0)
    student, teacher = torch.randn(2, 4, 3, 5), torch.randn(2, 7, 3, 5)
    target = torch.randint(0, 3, (2, 3, 5))  # classes 3 to 5 are absent
    target[0, 0, 0], target[1, 2, 3] = VOID, UNLABELLED
    squares = []
    for n in range(2):
        for c in range(6):
            members = [(i, j) for i in range(3) for j in range(5) if target[n, i, j] == c]
            for i, j in members:
                ours, theirs = (cosine_to_mean(x[n], members, i, j) for x in (student, teacher))
                squares.append((ours - theirs) ** 2)
    term = intra_class_variation(student, teacher, target)
    assert term.weight.item() == len(squares) == 28
    assert term.mean().item() == pytest.approx(sum(squares) / 28, rel=1e-4)


def cosine_to_mean(features, members, i, j):
    middle = [sum(channel[a, b].item() for a, b in members) / len(members) for channel in features]
    pixel = features[:, i, j].tolist()
    return sum(a * b for a, b in zip(pixel, middle, strict=True)) / math.hypot(*pixel) / math.hypot(*middle)


def test_the_gradient_is_right_through_the_prototypes_too():
    torch.manual_seed(1)
    student = torch.randn(2, 3, 2, 3, dtype=torch.float64, requires_grad=True)
    teacher = torch.randn(2, 2, 2, 3, dtype=torch.float64)
    target = torch.tensor([[[0, VOID, 0], [UNLABELLED, 2, 2]], [[0, 0, 0], [1, 1, 0]]])
    assert torch.autograd.gradcheck(lambda x: intra_class_variation(x, teacher, target).mean(), student)


def test_no_tensor_of_a_pixels_prototype_is_written_out():
    """The largest thing kept for the backward pass is the features themselves: not one copy of them for each class."""
    student, teacher = torch.randn(1, 16, 32, 32, requires_grad=True), torch.randn(1, 16, 32, 32)
    kept = {}
    with torch.autograd.graph.saved_tensors_hooks(lambda x: kept.setdefault(x.data_ptr(), x), lambda x: x):
        intra_class_variation(student, teacher, torch.randint(0, 6, (1, 32, 32)))
    assert sum(x.numel() for x in kept.values()) < 2.5 * student.numel()
