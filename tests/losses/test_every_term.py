"""What every term beside the pixel-wise one keeps to: it is never NaN, reckons in float32 whatever comes, minds no
layout, leaves out VOID, and its teacher learns nothing.
"""

import pytest
import torch

from unetkd_core.classes import UNLABELLED, VOID
from unetkd_core.losses.channel_wise import channel_wise
from unetkd_core.losses.correlation import dist
from unetkd_core.losses.holistic import critic_loss, holistic
from unetkd_core.losses.intra_class import intra_class_variation
from unetkd_core.losses.structured import pair_wise
from unetkd_core.models.critic import Critic


def score(student, teacher, target):
    """The holistic term; its critic's loss is beside it, with the same points between the maps each time."""
    torch.manual_seed(0)
    critic = Critic(width=4).eval()
    image = torch.rand(len(student), 3, *student.shape[2:])
    learning, _ = critic_loss(critic, image, student.softmax(1), teacher.softmax(1), target)
    learning.backward()
    gradients = [p.grad for p in critic.parameters() if p.grad is not None]
    assert torch.isfinite(learning) and all(torch.isfinite(g).all() for g in gradients)
    return holistic(critic, image, student, target)


TERMS = {
    "pair-wise": pair_wise,
    "intra-class": intra_class_variation,
    "channel-wise": channel_wise,
    "DIST, inter": lambda *maps: dist(*maps)[0],
    "DIST, intra": lambda *maps: dist(*maps)[1],
    "holistic": score,
}
every_term = pytest.mark.parametrize("term", TERMS.values(), ids=TERMS.keys())


def scene(images=2, scale=2.0, size=(16, 24)):
    """(student, teacher, target) where class 4 is absent and a corner of each image is VOID."""
    generator = torch.Generator().manual_seed(7)
    student, teacher = (scale * torch.randn(images, 6, *size, generator=generator) for _ in range(2))
    target = torch.tensor([0, 1, 2, 3, 5])[torch.randint(0, 5, (images, *size), generator=generator)]
    target[:, :7, :9], target[0, -1, :4] = VOID, UNLABELLED
    return student, teacher, target


def value_and_gradient(term, student, teacher, target):
    student = student.detach().requires_grad_()
    value = term(student, teacher, target).mean()
    (gradient,) = torch.autograd.grad(value, student)
    return value.detach(), gradient


@every_term
@pytest.mark.parametrize("images", [1, 2])
def test_it_is_finite_and_pulls_and_both_are_float32(term, images):
    value, gradient = value_and_gradient(term, *scene(images))
    assert value.dtype == gradient.dtype == torch.float32
    assert torch.isfinite(value) and torch.isfinite(gradient).all() and gradient.any()


@every_term
@pytest.mark.parametrize("scale", [1e4, 1e-4, 0.0])
def test_extreme_and_constant_maps_stay_finite(term, scale):
    value, gradient = value_and_gradient(term, *scene(scale=scale))
    assert torch.isfinite(value) and torch.isfinite(gradient).all()


@every_term
def test_void_everywhere_is_zero_without_a_gradient(term):
    student, teacher, target = scene()
    value, gradient = value_and_gradient(term, student, teacher, torch.full_like(target, VOID))
    assert value == 0 and not gradient.any()


@every_term
def test_void_pixels_reach_nothing(term):
    student, teacher, target = scene()
    void = (target == VOID)[:, None]
    value, gradient = value_and_gradient(term, student, teacher, target)
    others = [torch.where(void, 50 * torch.randn_like(x), x) for x in (student, teacher)]
    other, _ = value_and_gradient(term, *others, target)
    torch.testing.assert_close(other, value)
    assert not gradient[void.expand_as(gradient)].any()


@every_term
def test_bfloat16_channels_last_and_autocast_give_the_float32_value(term):
    student, teacher, target = scene()
    rounded = [x.bfloat16() for x in (student, teacher)]
    value, _ = value_and_gradient(term, *(x.float() for x in rounded), target)
    with torch.autocast("cpu", torch.bfloat16):
        got, gradient = value_and_gradient(
            term, *(x.contiguous(memory_format=torch.channels_last) for x in rounded), target
        )
    assert got.dtype == torch.float32 and gradient.dtype == torch.bfloat16 and torch.isfinite(gradient).all()
    torch.testing.assert_close(got, value)


@every_term
def test_the_teacher_learns_nothing(term):
    student, teacher, target = scene()
    teacher.requires_grad_()
    term(student.requires_grad_(), teacher, target).mean().backward()
    assert teacher.grad is None and student.grad is not None


@every_term
def test_labels_of_no_class_but_seen_are_no_error(term):
    student, teacher, target = scene()
    value, gradient = value_and_gradient(term, student, teacher, torch.full_like(target, UNLABELLED))
    assert torch.isfinite(value) and torch.isfinite(gradient).all()
    assert (value == 0) == (term is intra_class_variation)


@pytest.mark.parametrize("term", [t for t in TERMS.values() if t is not score])
def test_the_teachers_own_answer_costs_nothing(term):
    _, teacher, target = scene()
    assert term(teacher.clone(), teacher, target).mean().item() == pytest.approx(0, abs=1e-6)
