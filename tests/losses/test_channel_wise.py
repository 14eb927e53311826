"""Channel-wise distillation against shares worked out by hand and against a loop over channels."""

import math

import pytest
import torch

from unetkd_core.classes import UNLABELLED, VOID
from unetkd_core.losses.channel_wise import channel_wise


def maps_of(*channels):
    """(1, C, 1, P) logits of which each channel's softmax over its pixels at T = 1 is as given."""
    return torch.tensor(channels, dtype=torch.float64).log()[None, :, None, :]


def kl(p, q):
    return sum(a * math.log(a / b) for a, b in zip(p, q, strict=True))


EVEN, PEAK, SLOPE = [0.25] * 4, [0.7, 0.1, 0.1, 0.1], [0.4, 0.3, 0.2, 0.1]


def test_by_hand_a_channels_shares_add_up_over_the_picture_and_channels_are_averaged():
    # KL(peak || even) = log 4 + 0.7 log 0.7 + 0.3 log 0.1; the second channel agrees.
    term = channel_wise(maps_of(EVEN, SLOPE), maps_of(PEAK, SLOPE), temperature=1)
    assert term.weight.item() == 2
    expected = math.log(4) + 0.7 * math.log(0.7) + 0.3 * math.log(0.1)
    assert term.mean().item() == pytest.approx(expected / 2, rel=1e-9)


def test_the_direction_is_from_the_teacher():
    assert channel_wise(maps_of(PEAK), maps_of(SLOPE), temperature=1).mean().item() == pytest.approx(kl(SLOPE, PEAK))


def test_temperature_divides_the_logits_and_its_square_multiplies_the_term():
    warm = channel_wise(4 * maps_of(EVEN), 4 * maps_of(PEAK)).mean().item()
    assert warm == pytest.approx(16 * kl(PEAK, EVEN), rel=1e-9)


def test_a_channels_level_does_not_matter():
    assert channel_wise(maps_of(SLOPE) + 7, maps_of(SLOPE) - 3).mean().item() == pytest.approx(0, abs=1e-9)


def test_more_images_do_not_make_it_larger_and_more_pixels_do_not_make_it_smaller():
    student, teacher = maps_of(EVEN), maps_of(PEAK)
    one = channel_wise(student, teacher, temperature=1).mean()
    three = channel_wise(student.expand(3, 1, 1, 4), teacher.expand(3, 1, 1, 4), temperature=1)
    assert three.weight.item() == 3
    torch.testing.assert_close(three.mean(), one)
    # Each pixel twice: half of the share in two places.
    torch.testing.assert_close(
        channel_wise(student.repeat(1, 1, 1, 2), teacher.repeat(1, 1, 1, 2), temperature=1).mean(), one
    )


def test_void_has_no_share_and_unlabelled_has_one():
    student, teacher = (
        torch.cat([x, torch.full((1, 1, 1, 1), float("inf"))], dim=3) for x in (maps_of(EVEN), maps_of(PEAK))
    )
    target = torch.tensor([[[0, UNLABELLED, 1, 5, VOID]]])
    term = channel_wise(student.requires_grad_(), teacher, target, temperature=1)
    assert term.mean().item() == pytest.approx(kl(PEAK, EVEN), rel=1e-9)
    (gradient,) = torch.autograd.grad(term.mean(), student)
    # softmax of the student minus that of the teacher
    assert gradient.flatten().tolist() == pytest.approx([-0.45, 0.15, 0.15, 0.15, 0])


def test_an_image_that_is_all_void_is_not_counted():
    student, teacher = (x.expand(2, 1, 1, 4) for x in (maps_of(EVEN), maps_of(PEAK)))
    target = torch.tensor([[[0, 0, 0, 0]], [[VOID] * 4]])
    term = channel_wise(student, teacher, target, temperature=1)
    assert term.weight.item() == 1 and term.mean().item() == pytest.approx(kl(PEAK, EVEN), rel=1e-9)


def test_labels_finer_than_the_maps_are_read_at_the_maps_size():
    student, teacher = maps_of(EVEN).reshape(1, 1, 2, 2), maps_of(PEAK).reshape(1, 1, 2, 2)
    target = torch.zeros(1, 4, 4, dtype=torch.int64)
    target[0, :2, :2] = VOID
    got = channel_wise(student, teacher, target, temperature=1).mean().item()
    assert got == pytest.approx(0, abs=1e-9), "without its peak the teacher is as even as the student"


def test_one_logit_of_120_stays_finite_and_exact():
    student, teacher = torch.zeros(1, 1, 1, 2), torch.tensor([[[[0.0, 120.0]]]])
    assert channel_wise(student, teacher, temperature=1).mean().item() == pytest.approx(math.log(2), rel=1e-6)
    assert channel_wise(teacher, student, temperature=1).mean().item() == pytest.approx(60 - math.log(2), rel=1e-6)


def test_small_shares_of_a_large_map_survive_half_precision_inputs():
    student, teacher = torch.zeros(1, 1, 256, 512), torch.zeros(1, 1, 256, 512)
    teacher[..., :256] = 1.0
    high = math.e / (1 + math.e)  # the share of the left half, that in float16 is 65536 shares of 1.1e-5
    expected = kl([high, 1 - high], [0.5, 0.5])
    got = channel_wise(student.half(), teacher.half(), temperature=1).mean().item()
    assert got == pytest.approx(expected, rel=1e-3)


def test_a_loop_over_every_image_and_channel_says_the_same():
    torch.manual_seed(0)
    student, teacher = torch.randn(2, 3, 4, 5), torch.randn(2, 3, 4, 5)
    target = torch.randint(0, 6, (2, 4, 5))
    target[0, :2], target[1, 3, 4] = VOID, VOID
    divergences = []
    for n in range(2):
        pixels = [(i, j) for i in range(4) for j in range(5) if target[n, i, j] != VOID]
        for c in range(3):
            raised = [[math.exp(x[n, c, i, j].item() / 2) for i, j in pixels] for x in (teacher, student)]
            divergences.append(kl(*([e / sum(row) for e in row] for row in raised)))
    expected = 4 * sum(divergences) / 6
    assert channel_wise(student, teacher, target, temperature=2.0).mean().item() == pytest.approx(expected, rel=1e-4)


def test_the_gradient_is_right():
    torch.manual_seed(1)
    student = torch.randn(2, 3, 2, 2, dtype=torch.float64, requires_grad=True)
    teacher = torch.randn(2, 3, 2, 2, dtype=torch.float64)
    target = torch.tensor([[[0, VOID], [UNLABELLED, 2]], [[VOID, VOID], [VOID, VOID]]])
    assert torch.autograd.gradcheck(lambda x: channel_wise(x, teacher, target).mean(), student)
