"""One pass gives what the two definitions give: values, denominators and gradients, with masks and weights."""

import math

import pytest
import torch

from unetkd_core.classes import UNLABELLED, VOID
from unetkd_core.losses import hard_and_soft as module
from unetkd_core.losses.distill import kd_divergence
from unetkd_core.losses.hard_and_soft import hard_and_soft
from unetkd_core.losses.task import cross_entropy

WEIGHT = torch.tensor([0.3, 1.0, 2.5, 0.7, 4.0, 6.0])


def scene(size=(3, 6, 9, 14), seed=0, scale=3.0):
    """(student, teacher, target) with void and unlabelled pixels."""
    generator = torch.Generator().manual_seed(seed)
    student, teacher = (scale * torch.randn(size, generator=generator) for _ in range(2))
    target = torch.randint(0, 6, (size[0], *size[2:]), generator=generator)
    target[0, 0, :5], target[-1, -1, :4] = VOID, UNLABELLED
    return student, teacher, target


def gradients(student, total):
    (gradient,) = torch.autograd.grad(total, student)
    return gradient


@pytest.mark.parametrize("direction", ["forward", "reverse"])
@pytest.mark.parametrize("temperature", [1.0, 4.0, 10.0, 100.0])
@pytest.mark.parametrize("soft_weighted", [True, False])
def test_it_is_the_reference_to_1e_5_in_values_and_gradients(direction, temperature, soft_weighted):
    student, teacher, target = scene()
    soft_weight = WEIGHT if soft_weighted else None
    student.requires_grad_()
    hard = cross_entropy(student, target, WEIGHT)
    soft = kd_divergence(
        student, teacher, target, temperature=temperature, direction=direction, scale_by_t2=True,
        class_weight=soft_weight,
    )  # fmt: skip
    got_hard, got_soft = hard_and_soft(
        student, target, teacher, temperature=temperature, direction=direction, scale_by_t2=True, class_weight=WEIGHT,
        soft_class_weight=soft_weight,
    )  # fmt: skip
    for got, expected in ((got_hard, hard), (got_soft, soft)):
        torch.testing.assert_close(got.total, expected.total, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(got.weight, expected.weight, rtol=1e-6, atol=0)
    expected = gradients(student, 0.3 * hard.mean() + 0.7 * soft.mean())
    got = gradients(student, 0.3 * got_hard.mean() + 0.7 * got_soft.mean())
    assert (got - expected).abs().max() <= 1e-5 * expected.abs().max()


@pytest.mark.parametrize("direction", ["forward", "reverse"])
def test_the_gradient_of_each_term_and_of_their_sum_is_right(direction):
    student, teacher, target = scene((2, 3, 2, 3), scale=1.0)
    target = torch.where(target < UNLABELLED, target % 3, target)
    student, teacher = student.double().requires_grad_(), teacher.double()

    def terms(x):
        return [
            term.mean()
            for term in hard_and_soft(
                x, target, teacher, temperature=3.0, direction=direction, scale_by_t2=True,
                class_weight=WEIGHT[:3], soft_class_weight=WEIGHT[:3],
            )
        ]  # fmt: skip

    # The sums of weights are float32 by design: they are constants to the gradient.
    for which in (lambda x: terms(x)[0], lambda x: terms(x)[1], lambda x: 0.2 * terms(x)[0] + 0.8 * terms(x)[1]):
        assert torch.autograd.gradcheck(which, student)


def test_by_hand_on_one_pixel():
    student = torch.tensor([0.5, 0.25, 0.25]).log().view(1, 3, 1, 1).requires_grad_()
    teacher = torch.tensor([0.7, 0.2, 0.1]).log().view(1, 3, 1, 1)
    hard, soft = hard_and_soft(student, torch.tensor([[[1]]]), teacher, temperature=1)
    assert hard.mean().item() == pytest.approx(math.log(4), rel=1e-5)
    expected = sum(p * math.log(p / q) for p, q in ((0.7, 0.5), (0.2, 0.25), (0.1, 0.25)))
    assert soft.mean().item() == pytest.approx(expected, rel=1e-5)
    assert gradients(student, hard.mean()).flatten().tolist() == pytest.approx([0.5, -0.75, 0.25], abs=1e-6)
    _, soft = hard_and_soft(student, torch.tensor([[[1]]]), teacher, temperature=1)
    assert gradients(student, soft.mean()).flatten().tolist() == pytest.approx([-0.2, 0.05, 0.15], abs=1e-6)


@pytest.mark.parametrize("label", [VOID, UNLABELLED])
def test_nothing_labelled_leaves_no_hard_term_and_all_void_no_soft_one(label):
    student, teacher, _ = scene((1, 6, 2, 3))
    student.requires_grad_()
    hard, soft = hard_and_soft(student, torch.full((1, 2, 3), label), teacher, temperature=4)
    assert hard.mean().item() == 0 and not gradients(student, hard.mean()).any()
    assert (soft.weight.item() == 0) == (label == VOID)


def test_an_infinite_logit_of_the_teacher_on_a_void_pixel_reaches_nothing():
    student, teacher, target = scene()
    student.requires_grad_()
    teacher[0, 2, 0, 1] = float("inf")
    hard, soft = hard_and_soft(student, target, teacher, temperature=4)
    total = hard.mean() + soft.mean()
    assert math.isfinite(total.item()) and torch.isfinite(gradients(student, total)).all()


@pytest.mark.parametrize("direction", ["forward", "reverse"])
def test_extreme_logits_stay_finite(direction):
    student, teacher, target = scene(scale=1e4)
    student.requires_grad_()
    hard, soft = hard_and_soft(student, target, teacher, temperature=1, direction=direction)
    total = hard.mean() + soft.mean()
    assert math.isfinite(total.item()) and torch.isfinite(gradients(student, total)).all()


def test_the_teacher_comes_as_it_lies_in_a_cache_and_learns_nothing():
    student, teacher, target = scene()
    teacher = (teacher - teacher.mean(1, keepdim=True)).half().requires_grad_()
    hard, soft = hard_and_soft(student.requires_grad_(), target, teacher, temperature=4)
    expected = kd_divergence(student, teacher.float(), target, temperature=4)
    torch.testing.assert_close(soft.total, expected.total, rtol=1e-5, atol=1e-5)
    (hard.mean() + soft.mean()).backward()
    assert teacher.grad is None and student.grad is not None


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("block", [1, 10**9])
def test_neither_the_layout_nor_the_block_nor_bfloat16_changes_the_answer(monkeypatch, layout, block):
    student, teacher, target = scene()
    plain = [t.total for t in hard_and_soft(student.bfloat16().float(), target, teacher, temperature=4)]
    monkeypatch.setattr(module, "_BLOCK_VALUES", block)
    leaf = student.bfloat16().contiguous(memory_format=layout).requires_grad_()
    before = leaf.detach().clone()
    got = hard_and_soft(leaf, target, teacher, temperature=4)
    for term, expected in zip(got, plain, strict=True):
        torch.testing.assert_close(term.total, expected, rtol=1e-5, atol=1e-5)
    gradient = gradients(leaf, sum(term.mean() for term in got))
    assert gradient.dtype == torch.bfloat16 and torch.equal(leaf.detach(), before), "the input is not worked in"
