"""DIST against correlations worked out by hand and against a loop over pixels and classes."""

import math

import pytest
import torch

from unetkd_core.classes import UNLABELLED, VOID
from unetkd_core.losses.correlation import dist, unlike


def logits_of(rows):
    """(1, C, 1, P) logits whose softmax at T = 1 is each row of `rows` (P, C)."""
    return torch.tensor(rows, dtype=torch.float64).log().T[None, :, None, :]


def values(*args, **options):
    return [term.mean().item() for term in dist(*args, **options)]


# Two pixels, three classes. Over classes, from the mean 1/3, in tenths:
#   student (6, 3, 1) -> (8, -1, -7) / 3, (2, 2, 6) -> (-4, -4, 8) / 3
#   teacher (7, 1, 2) -> (11, -7, -4) / 3, (1, 2, 7) -> (-7, -4, 11) / 3
# Pixel 1: (88 + 7 + 28) / sqrt(114 * 186); pixel 2: (28 + 16 + 88) / sqrt(96 * 186).
# Over two pixels each class is a pair of numbers, so it correlates with 1 or -1:
#   class 0 falls in both, class 1 falls in the student's and rises in the teacher's, class 2 rises in both.
STUDENT = [[0.6, 0.3, 0.1], [0.2, 0.2, 0.6]]
TEACHER = [[0.7, 0.1, 0.2], [0.1, 0.2, 0.7]]
FIRST, SECOND = 123 / math.sqrt(114 * 186), 132 / math.sqrt(96 * 186)


def test_by_hand_over_classes_and_over_pixels():
    inter, intra = values(logits_of(STUDENT), logits_of(TEACHER))
    assert inter == pytest.approx(1 - (FIRST + SECOND) / 2, abs=1e-9)
    assert intra == pytest.approx((0 + 2 + 0) / 3, abs=1e-9)


def test_the_sums_and_their_weights_are_kept_apart():
    inter, intra = dist(logits_of(STUDENT), logits_of(TEACHER))
    assert (inter.weight.item(), intra.weight.item()) == (2, 3)
    assert inter.total.item() == pytest.approx(2 - FIRST - SECOND, abs=1e-9)


def test_temperature_divides_the_logits_and_its_square_multiplies_both_terms():
    warm = values(2 * logits_of(STUDENT), 2 * logits_of(TEACHER), temperature=2.0)
    assert warm == pytest.approx([4 * value for value in values(logits_of(STUDENT), logits_of(TEACHER))], abs=1e-9)


def test_it_asks_for_the_teachers_order_and_not_for_its_sureness():
    # 1/3 + (p - 1/3) / 2 keeps every correlation at 1.
    teacher = [[0.7, 0.1, 0.2], [0.1, 0.2, 0.7]]
    unsure = [[1 / 6 + p / 2 for p in row] for row in teacher]
    assert values(logits_of(unsure), logits_of(teacher)) == pytest.approx([0, 0], abs=1e-9)


def test_the_opposite_answer_costs_two():
    assert values(logits_of([[0.7, 0.3], [0.4, 0.6]]), logits_of([[0.3, 0.7], [0.6, 0.4]])) == pytest.approx([2, 2])


def test_void_is_out_of_both_and_unlabelled_is_in():
    student, teacher = logits_of([*STUDENT, [0.1, 0.8, 0.1]]), logits_of([*TEACHER, [0.5, 0.4, 0.1]])
    teacher[..., 2] = float("inf")
    target = torch.tensor([[[UNLABELLED, 0, VOID]]])
    assert values(student, teacher, target) == pytest.approx(values(logits_of(STUDENT), logits_of(TEACHER)))


def test_where_the_teacher_says_one_thing_there_is_nothing_to_correlate_with():
    # A pixel that it finds all alike.
    student, teacher = logits_of([*STUDENT, [0.5, 0.4, 0.1]]), logits_of([*TEACHER, [1 / 3, 1 / 3, 1 / 3]])
    inter, _ = dist(student, teacher)
    assert inter.weight.item() == 2 and inter.mean().item() == pytest.approx(1 - (FIRST + SECOND) / 2, abs=1e-6)
    # Class 0 has the same share of both pixels; of the others one falls in both networks, one in the student's alone.
    _, intra = dist(logits_of([[0.2, 0.5, 0.3], [0.6, 0.3, 0.1]]), logits_of([[0.5, 0.3, 0.2], [0.5, 0.2, 0.3]]))
    assert intra.weight.item() == 2 and intra.mean().item() == pytest.approx((0 + 2) / 2, abs=1e-9)


@pytest.mark.parametrize("share", [0.1, 0.3, 0.7])
@pytest.mark.parametrize("pixels", [35_840, 1_048_576])
def test_a_class_of_which_the_teacher_says_one_thing_everywhere_is_left_out_in_single_precision(share, pixels):
    torch.manual_seed(0)
    teacher = torch.empty(3, pixels)
    teacher[0] = share
    teacher[1] = (1 - share) * torch.rand(pixels)
    teacher[2] = 1 - share - teacher[1]
    student = torch.rand(3, pixels).softmax(0)
    term = unlike(student, teacher)
    assert term.weight.item() == 2
    assert term.mean().item() == pytest.approx(unlike(student[1:], teacher[1:]).mean().item())
    assert unlike(torch.full((1, pixels), share), teacher[1:2]).mean().item() == pytest.approx(
        1
    )  # a student of no opinion


def test_one_pixel_has_an_inter_term_and_no_intra_term():
    inter, intra = dist(logits_of(STUDENT[:1]), logits_of(TEACHER[:1]))
    assert inter.mean().item() == pytest.approx(1 - FIRST, abs=1e-9)
    assert intra.weight.item() == 0 and intra.mean().item() == 0


def test_a_loop_over_every_pixel_and_class_says_the_same():
    torch.manual_seed(0)
    student, teacher = torch.randn(2, 4, 3, 5), torch.randn(2, 4, 3, 5)
    target = torch.randint(0, 4, (2, 3, 5))
    target[0, 1, 2], target[1, 0, 0] = VOID, UNLABELLED
    probabilities = [(x / 3).softmax(1).double() for x in (student, teacher)]
    where = [(n, i, j) for n in range(2) for i in range(3) for j in range(5) if target[n, i, j] != VOID]
    over_classes = [pearson(*(p[n, :, i, j].tolist() for p in probabilities)) for n, i, j in where]
    over_pixels = [pearson(*([p[n, c, i, j].item() for n, i, j in where] for p in probabilities)) for c in range(4)]
    expected = [9 * (1 - sum(rows) / len(rows)) for rows in (over_classes, over_pixels)]
    assert values(student, teacher, target, temperature=3.0) == pytest.approx(expected, rel=1e-4)


def pearson(x, y):
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    products = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    return products / math.sqrt(sum((a - mean_x) ** 2 for a in x) * sum((b - mean_y) ** 2 for b in y))


@pytest.mark.parametrize("which", [0, 1])
def test_the_gradient_is_right(which):
    torch.manual_seed(1)
    student = torch.randn(2, 3, 2, 2, dtype=torch.float64, requires_grad=True)
    teacher = torch.randn(2, 3, 2, 2, dtype=torch.float64)
    target = torch.tensor([[[0, VOID], [UNLABELLED, 2]], [[0, 0], [1, 1]]])
    assert torch.autograd.gradcheck(lambda x: dist(x, teacher, target, temperature=2.0)[which].total, student)
