"""Pair-wise distillation against cosines worked out by hand and against a loop over cells and pairs."""

import itertools
import math

import pytest
import torch
from torch.nn import functional as F

from unetkd_core.classes import UNLABELLED, VOID
from unetkd_core.losses.structured import largest_in_cells, pair_wise

HALF = 1 / math.sqrt(2)


def grid(*rows):
    """(1, C, h, w) features from rows of vectors, one a pixel."""
    return torch.tensor(rows, dtype=torch.float64).permute(2, 0, 1)[None]


# Four nodes. The student's point right, up, right and between; the teacher's, three channels wide, all one way.
STUDENT = grid([[2, 0], [0, 3]], [[1, 0], [4, 4]])
TEACHER = grid([[1, 2, 3], [2, 4, 6]], [[1, 2, 3], [1, 2, 3]])
# The student's pairs: right-up twice (with either right) 0; right-right 1; between with each of the three HALF.
# Each counts in both orders; the four of a node with itself agree.
APART = 2 * (2 * 1 + 0 + 3 * (1 - HALF) ** 2)


def test_by_hand_over_ordered_pairs():
    term = pair_wise(STUDENT, TEACHER, nodes=2)
    assert term.weight.item() == 16
    assert term.mean().item() == pytest.approx(APART / 16, rel=1e-9)


def test_more_images_do_not_make_it_larger():
    term = pair_wise(STUDENT.expand(3, 2, 2, 2), TEACHER.expand(3, 3, 2, 2), nodes=2)
    assert term.weight.item() == 48 and term.mean().item() == pytest.approx(APART / 16, rel=1e-9)


def test_nine_nodes_by_default():
    term = pair_wise(torch.randn(2, 3, 9, 12), torch.randn(2, 5, 9, 12))
    assert term.weight.item() == 2 * 9 * 9


def test_a_node_is_the_largest_value_of_each_channel_in_its_cell():
    # Largest on the left (3, 4), on the right (2, 0): cosine 3/5, where the teacher has 0.
    student = grid([[3, 1], [0, 0], [2, -1], [1, 0]], [[1, 4], [-7, 2], [0, 0], [2, -5]])
    both = torch.cat([student, student], dim=2)  # the same again below, so that there are four cells
    teacher = grid([[1, 0], [0, 1]], [[1, 0], [0, 1]])
    # Of 16 ordered pairs 8 are left-right.
    assert pair_wise(both, teacher, nodes=2).mean().item() == pytest.approx(8 * 0.36 / 16, rel=1e-9)


def test_equal_and_scaled_features_cost_nothing():
    features = torch.randn(2, 4, 7, 5)
    assert pair_wise(100 * features, features).mean().item() == pytest.approx(0, abs=1e-10)


def test_the_opposite_costs_four_a_pair():
    student, teacher = grid([[1, 0], [-1, 0]], [[1, 0], [-1, 0]]), grid([[1, 0], [1, 0]], [[1, 0], [1, 0]])
    assert pair_wise(student, teacher, nodes=2).mean().item() == pytest.approx(8 * 4 / 16)


def test_void_pixels_are_kept_out_of_their_cell():
    student = STUDENT.repeat_interleave(2, 2).repeat_interleave(2, 3)
    teacher = TEACHER.repeat_interleave(2, 2).repeat_interleave(2, 3)
    student[0, :, 0, 0], teacher[0, :, 3, 3] = 1e6, float("inf")
    target = torch.zeros(1, 4, 4, dtype=torch.int64)
    target[0, 0, 0], target[0, 3, 3], target[0, 2, 2] = VOID, VOID, UNLABELLED
    term = pair_wise(student.requires_grad_(), teacher, target, nodes=2)
    assert term.weight.item() == 16 and term.mean().item() == pytest.approx(APART / 16, rel=1e-9)
    (gradient,) = torch.autograd.grad(term.total, student)
    assert torch.isfinite(gradient).all() and not gradient[0, :, 0, 0].any()


def test_a_cell_of_nothing_but_void_is_kept_out_of_the_pairs():
    # Without the node between: 9 ordered pairs, of which the right-up ones are apart.
    target = torch.tensor([[[0, 0], [0, VOID]]])
    term = pair_wise(STUDENT, TEACHER, target, nodes=2)
    assert term.weight.item() == 9 and term.mean().item() == pytest.approx(2 * 2 / 9, rel=1e-9)


def test_a_node_of_nothing_has_cosine_zero_and_no_gradient_that_explodes():
    student = grid([[2, 0], [0, 0]], [[1, 0], [3, 0]]).requires_grad_()
    term = pair_wise(student, TEACHER, nodes=2)
    # Its cosine with the three others, in both orders, and with itself is 0 where the teacher has 1.
    assert term.mean().item() == pytest.approx(7 / 16)
    (gradient,) = torch.autograd.grad(term.total, student)
    assert torch.isfinite(gradient).all() and gradient.abs().max() < 10


def test_maps_smaller_than_the_grid_and_of_other_sizes_work():
    term = pair_wise(torch.randn(2, 3, 2, 2), torch.randn(2, 8, 9, 12))
    assert term.weight.item() == 2 * 81 and math.isfinite(term.mean().item())


def test_a_loop_over_every_cell_and_pair_says_the_same():
    torch.manual_seed(0)
    student, teacher = torch.randn(2, 4, 6, 9), torch.randn(2, 7, 6, 9)
    target = torch.randint(0, 6, (2, 6, 9))
    target[0, :2, :3], target[1, 4, 5] = VOID, VOID
    squares = []
    for n in range(2):
        cells = [node_pixels(target[n], a, b) for a in range(3) for b in range(3)]
        for i, j in itertools.product([cell for cell in cells if cell], repeat=2):
            squares.append((cosine(student[n], i, j) - cosine(teacher[n], i, j)) ** 2)
    assert len(squares) == 8 * 8 + 9 * 9
    term = pair_wise(student, teacher, target)
    assert term.weight.item() == len(squares)
    assert term.mean().item() == pytest.approx(sum(squares) / len(squares), rel=1e-4)


def node_pixels(target, a, b):
    """Pixels of cell (a, b) of a 6 x 9 map in 3 x 3 cells that are not VOID."""
    inside = itertools.product(range(2 * a, 2 * a + 2), range(3 * b, 3 * b + 3))
    return [pixel for pixel in inside if target[pixel] != VOID]


def cosine(features, first, second):
    x, y = ([max(channel[pixel].item() for pixel in cell) for channel in features] for cell in (first, second))
    return sum(a * b for a, b in zip(x, y, strict=True)) / math.hypot(*x) / math.hypot(*y)


def test_the_gradient_is_right():
    torch.manual_seed(1)
    student = torch.randn(2, 3, 4, 4, dtype=torch.float64, requires_grad=True)
    teacher = torch.randn(2, 2, 4, 4, dtype=torch.float64)
    target = torch.zeros(2, 4, 4, dtype=torch.int64)
    target[0, :2, :2] = VOID
    assert torch.autograd.gradcheck(lambda x: pair_wise(x, teacher, target, nodes=2).mean(), student)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("size", [(7, 5), (2, 2), (6, 9), (33, 50)])
@pytest.mark.parametrize("nodes", [2, 3, 5])
def test_cells_are_those_of_adaptive_max_pooling_values_and_gradients(nodes, size, ties, layout):
    torch.manual_seed(0)
    features = torch.randn(2, 4, *size).to(memory_format=layout)
    features = ((4 * features).round().relu() if ties else features).requires_grad_()
    weight = torch.randn(2, 4, nodes**2)
    found = []
    for largest in (largest_in_cells(features, nodes), F.adaptive_max_pool2d(features, nodes).flatten(2)):
        (gradient,) = torch.autograd.grad((largest * weight).sum(), features)
        found.append((largest, gradient))
    assert torch.equal(found[0][0], found[1][0])
    torch.testing.assert_close(found[0][1], found[1][1])


def test_pooling_leaves_nothing_to_the_device(monkeypatch):
    """Torch's adaptive pooling is wrong on MPS for sizes that the grid does not divide."""

    def forbidden(*arguments, **options):
        raise AssertionError("adaptive_max_pool2d")

    monkeypatch.setattr(F, "adaptive_max_pool2d", forbidden)
    assert pair_wise(torch.randn(1, 2, 5, 5), torch.randn(1, 3, 5, 5)).weight.item() == 81
