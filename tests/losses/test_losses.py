"""Cross-entropy and the distillation term against values worked out by hand."""

import math

import numpy as np
import pytest
import torch

from unetkd_core.classes import UNLABELLED, VOID
from unetkd_core.losses.distill import kd_divergence
from unetkd_core.losses.task import cross_entropy, sqrt_class_weights


def logits_of(probabilities):
    """(1, C, 1, P) logits whose softmax at T = 1 is each row of `probabilities` (P, C)."""
    return torch.tensor(probabilities, dtype=torch.float64).log().T[None, :, None, :].float()


def target_of(*labels):
    return torch.tensor(labels)[None, None, :]


def test_cross_entropy_is_the_mean_over_labelled_pixels_by_hand():
    logits = logits_of([[0.5, 0.5], [0.9, 0.1], [0.2, 0.8]])
    term = cross_entropy(logits, target_of(0, 1, VOID))
    assert term.weight.item() == 2
    assert term.mean().item() == pytest.approx((math.log(2) - math.log(0.1)) / 2, rel=1e-5)


def test_class_weights_weigh_numerator_and_denominator():
    logits = logits_of([[0.5, 0.5], [0.9, 0.1]])
    term = cross_entropy(logits, target_of(0, 1), torch.tensor([1.0, 3.0]))
    assert term.mean().item() == pytest.approx((math.log(2) - 3 * math.log(0.1)) / 4, rel=1e-5)


def test_cross_entropy_of_a_sure_right_answer_is_zero_and_of_a_sure_wrong_one_is_the_margin():
    logits = torch.tensor([[[[60.0]], [[0.0]]]])
    assert cross_entropy(logits, target_of(0)).mean().item() == pytest.approx(0, abs=1e-6)
    assert cross_entropy(logits, target_of(1)).mean().item() == pytest.approx(60)


@pytest.mark.parametrize("label", [VOID, UNLABELLED])
def test_no_labelled_pixel_means_a_hard_term_of_zero_with_zero_gradient(label):
    logits = torch.randn(1, 6, 2, 3, requires_grad=True)
    loss = cross_entropy(logits, torch.full((1, 2, 3), label)).mean()
    loss.backward()
    assert loss.item() == 0 and not logits.grad.any()


def test_kd_is_the_kl_per_pixel_by_hand():
    teacher, student = [0.7, 0.2, 0.1], [0.5, 0.25, 0.25]
    expected = sum(t * math.log(t / s) for t, s in zip(teacher, student, strict=True))
    term = kd_divergence(logits_of([student]), logits_of([teacher]), temperature=1)
    assert term.mean().item() == pytest.approx(expected, rel=1e-5)
    reverse = kd_divergence(logits_of([student]), logits_of([teacher]), temperature=1, direction="reverse")
    assert reverse.mean().item() == pytest.approx(
        sum(s * math.log(s / t) for t, s in zip(teacher, student, strict=True)), rel=1e-5
    )


def test_temperature_divides_the_logits_of_both_networks():
    # sigmoid(2/2) against sigmoid(0): two classes, logits (2, 0) and (0, 0) at T = 2.
    p = 1 / (1 + math.exp(-1))
    expected = p * math.log(p / 0.5) + (1 - p) * math.log((1 - p) / 0.5)
    teacher, student = torch.tensor([[[[2.0]], [[0.0]]]]), torch.zeros(1, 2, 1, 1)
    assert kd_divergence(student, teacher, temperature=2).mean().item() == pytest.approx(expected, rel=1e-5)
    scaled = kd_divergence(student, teacher, temperature=2, scale_by_t2=True)
    assert scaled.mean().item() == pytest.approx(4 * expected, rel=1e-5)


def test_the_term_is_a_mean_over_pixels_and_does_not_grow_with_size_or_batch():
    one = kd_divergence(logits_of([[0.5, 0.5]]), logits_of([[0.9, 0.1]]), temperature=1).mean()
    many = kd_divergence(
        logits_of([[0.5, 0.5]]).expand(3, 2, 5, 7), logits_of([[0.9, 0.1]]).expand(3, 2, 5, 7), temperature=1
    ).mean()
    torch.testing.assert_close(one, many)


def test_without_t2_the_gradient_shrinks_as_one_over_t_squared_and_t2_repairs_it():
    torch.manual_seed(0)
    teacher, start = torch.randn(2, 6, 4, 4), torch.randn(2, 6, 4, 4)

    def norm(temperature, scale):
        student = start.clone().requires_grad_()
        kd_divergence(student, teacher, temperature=temperature, scale_by_t2=scale).mean().backward()
        return student.grad.norm().item()

    assert norm(20, False) / norm(40, False) == pytest.approx(4, rel=0.05)
    assert norm(20, True) / norm(40, True) == pytest.approx(1, rel=0.05)


def test_equal_networks_have_no_soft_loss_and_no_gradient():
    logits = torch.randn(1, 6, 3, 3)
    student = logits.clone().requires_grad_()
    loss = kd_divergence(student, logits, temperature=4).mean()
    loss.backward()
    assert loss.item() == pytest.approx(0, abs=1e-6) and student.grad.abs().max() < 1e-7


def test_void_is_out_of_the_soft_term_and_unlabelled_is_in_it():
    student, teacher = logits_of([[0.5, 0.5]] * 3), logits_of([[0.9, 0.1], [0.8, 0.2], [0.5, 0.5]])
    kept = kd_divergence(student[..., 1:], teacher[..., 1:], temperature=1)
    term = kd_divergence(student, teacher, target_of(VOID, UNLABELLED, 0), temperature=1)
    assert term.weight.item() == 2
    torch.testing.assert_close(term.mean(), kept.mean())


def test_an_infinite_logit_on_a_void_pixel_reaches_neither_the_soft_loss_nor_its_mean():
    student, teacher = logits_of([[0.5, 0.5]] * 2), logits_of([[0.9, 0.1]] * 2)
    teacher[..., 0] = float("inf")
    term = kd_divergence(student, teacher, target_of(VOID, 0), temperature=1)
    assert math.isfinite(term.mean().item())


def test_a_pixel_of_the_soft_term_weighs_by_its_label_or_by_the_teachers_class():
    student, teacher = logits_of([[0.5, 0.5]] * 2), logits_of([[0.9, 0.1], [0.2, 0.8]])
    weight = torch.tensor([1.0, 3.0])
    each = [
        kd_divergence(student[..., i : i + 1], teacher[..., i : i + 1], temperature=1).mean().item() for i in range(2)
    ]
    labelled = kd_divergence(student, teacher, target_of(1, 0), temperature=1, class_weight=weight)
    assert labelled.mean().item() == pytest.approx((3 * each[0] + each[1]) / 4, rel=1e-5)
    unlabelled = kd_divergence(student, teacher, target_of(UNLABELLED, UNLABELLED), temperature=1, class_weight=weight)
    assert unlabelled.mean().item() == pytest.approx((each[0] + 3 * each[1]) / 4, rel=1e-5)
    no_target = kd_divergence(student, teacher, temperature=1, class_weight=weight)
    torch.testing.assert_close(no_target.mean(), unlabelled.mean())


def test_all_void_means_a_soft_term_of_zero():
    student = torch.randn(1, 6, 2, 2, requires_grad=True)
    loss = kd_divergence(student, torch.randn(1, 6, 2, 2), torch.full((1, 2, 2), VOID), temperature=4).mean()
    loss.backward()
    assert loss.item() == 0 and not student.grad.any()


@pytest.mark.parametrize("direction", ["forward", "reverse"])
def test_extreme_logits_stay_finite_forward_and_backward(direction):
    student = (torch.randn(1, 6, 4, 4) * 1e4).requires_grad_()
    loss = kd_divergence(student, torch.randn(1, 6, 4, 4) * 1e4, temperature=1, direction=direction).mean()
    loss.backward()
    assert torch.isfinite(loss) and torch.isfinite(student.grad).all() and loss > 0


@pytest.mark.parametrize("direction", ["forward", "reverse"])
def test_the_gradient_is_right(direction):
    torch.manual_seed(1)
    student = torch.randn(1, 3, 2, 2, dtype=torch.float64, requires_grad=True)
    teacher = torch.randn(1, 3, 2, 2, dtype=torch.float64)
    target = torch.tensor([[[0, VOID], [UNLABELLED, 2]]])
    weight = torch.tensor([1.0, 2.0, 3.0])

    def loss(x):
        soft = kd_divergence(
            x, teacher, target, temperature=3, direction=direction, scale_by_t2=True, class_weight=weight
        ).mean()
        return soft + cross_entropy(x, target, weight).mean()

    # The terms compute in float32 by design, hence the coarse step.
    assert torch.autograd.gradcheck(loss, student, eps=1e-2, atol=2e-3)


def test_channels_last_and_bfloat16_inputs_give_the_float32_value():
    torch.manual_seed(2)
    student, teacher = torch.randn(2, 6, 8, 8).bfloat16(), torch.randn(2, 6, 8, 8).bfloat16()
    target = torch.randint(0, 6, (2, 8, 8))
    plain = (
        kd_divergence(student.float(), teacher.float(), target, temperature=4).mean()
        + cross_entropy(student.float(), target).mean()
    )
    last = [x.contiguous(memory_format=torch.channels_last) for x in (student, teacher)]
    got = kd_divergence(*last, target, temperature=4).mean() + cross_entropy(last[0], target).mean()
    torch.testing.assert_close(got, plain)
    assert got.dtype == torch.float32


def test_sqrt_class_weights_average_to_one_over_pixels_and_favour_the_rare():
    shares = np.array([0.6, 0.3, 0.05, 0.03, 0.015, 0.005])
    weights = sqrt_class_weights(shares)
    assert float((weights.numpy() * shares).sum()) == pytest.approx(1, rel=1e-5)
    assert weights[5] / weights[0] == pytest.approx(math.sqrt(0.6 / 0.005), rel=1e-5)
    assert torch.isfinite(sqrt_class_weights(np.array([1.0, 0, 0, 0, 0, 0]))).all()


def test_an_almost_absent_class_weighs_no_more_than_one_of_a_thousandth():
    weights = sqrt_class_weights(np.array([0.9, 0.098, 0.001, 0.00099, 1e-5, 0.0]))
    assert weights[2] == weights[3] == weights[4] == weights[5] > weights[1]
