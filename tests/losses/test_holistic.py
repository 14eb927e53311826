"""The holistic term and its critic's loss against critics whose scores and slopes one can work out by hand."""

import math

import pytest
import torch
from torch import nn

from unetkd_core.classes import UNLABELLED, VOID
from unetkd_core.losses.holistic import critic_loss, holistic
from unetkd_core.models.critic import Critic


class Linear(nn.Module):
    """Score: the mean over all pixels of a . map, plus the photo's mean. Its slope is the length of a at any map."""

    def __init__(self, *a):
        super().__init__()
        self.a = nn.Parameter(torch.tensor(a))

    def forward(self, image, maps):
        return torch.einsum("nchw,c->nhw", maps, self.a).mean((1, 2)) + image.mean((1, 2, 3))


class Square(nn.Module):
    """Score: half the mean over pixels of |map|^2, whose gradient by the map is map / pixels."""

    def forward(self, image, maps):
        return maps.square().sum(1).mean((1, 2)) / 2


def maps_of(*images):
    """(N, 2, 1, P) probabilities; each image is a list of the shares of class 0."""
    shares = torch.tensor(images)
    return torch.stack([shares, 1 - shares], dim=1)[:, :, None]


def photo(images=1, pixels=2, value=0.5):
    return torch.full((images, 3, 1, pixels), value)


STUDENT, TEACHER = maps_of([0.5, 0.5]), maps_of([1.0, 0.0])


def test_the_students_term_is_minus_the_critics_mean_score_by_hand():
    student = torch.cat([STUDENT, maps_of([0.9, 0.7])]).log()
    # (3, 1): pixels score 2 and 2, mean 2; 2.8 and 2.4, mean 2.6; the photo adds 0.5.
    term = holistic(Linear(3.0, 1.0), photo(2), student)
    assert term.weight.item() == 2
    assert term.mean().item() == pytest.approx(-(2.5 + 3.1) / 2, rel=1e-6)


def test_the_critics_loss_by_hand():
    # Slope |(3, 4)| = 5. Student and teacher score (0.5 * 3 + 0.5 * 4) and (3 + 4) / 2 alike: 3.5.
    critic, image = Linear(3.0, 4.0), photo()
    loss, parts = critic_loss(critic, image, STUDENT, TEACHER)
    assert parts["distance"].item() == pytest.approx(0, abs=1e-6)
    assert parts["penalty"].item() == pytest.approx((5 - 1) ** 2, rel=1e-6)
    assert loss.item() == pytest.approx(160, rel=1e-6)
    # A teacher that is sure of class 1 everywhere scores 4, half a point above the student.
    loss, parts = critic_loss(critic, image, STUDENT, maps_of([0.0, 0.0]), penalty=2.0)
    assert parts["distance"].item() == pytest.approx(0.5, rel=1e-6)
    assert loss.item() == pytest.approx(2 * 16 - 0.5, rel=1e-6)


def test_the_critics_gradient_by_hand():
    critic = Linear(3.0, 4.0)
    loss, _ = critic_loss(critic, photo(), STUDENT, maps_of([0.0, 0.0]), penalty=2.0)
    loss.backward()
    # Of 2 (|a| - 1)^2: 4 (5 - 1) a / 5; of the distance: mean teacher - mean student = (0, 1) - (1/2, 1/2).
    assert critic.a.grad.tolist() == pytest.approx([16 * 3 / 5 + 0.5, 16 * 4 / 5 - 0.5], rel=1e-5)


def test_the_slope_is_that_of_a_random_point_between_the_two_maps():
    students, teachers = maps_of([0.5, 0.5], [0.3, 0.6]), maps_of([1.0, 0.0], [0.1, 0.9])
    _, parts = critic_loss(Square(), photo(2), students, teachers, generator=torch.Generator().manual_seed(3))
    shares = torch.rand(2, 1, 1, 1, generator=torch.Generator().manual_seed(3)).flatten().tolist()
    squares = []
    for share, student, teacher in zip(shares, students, teachers, strict=True):
        between = [a + share * (b - a) for a, b in zip(student.flatten(), teacher.flatten(), strict=True)]
        root_mean_square = math.sqrt(sum(float(x) ** 2 for x in between) / 2)  # over two pixels
        squares.append((root_mean_square - 1) ** 2)
    assert parts["penalty"].item() == pytest.approx(sum(squares) / 2, rel=1e-4)


def test_the_slope_is_the_same_at_every_size():
    values = [
        critic_loss(Linear(3.0, 4.0), photo(1, p), maps_of([0.5] * p), maps_of([1.0] * p))[1]["penalty"].item()
        for p in (1, 7, 512)
    ]
    assert values == pytest.approx([16] * 3, rel=1e-5)


def test_void_is_zero_in_both_maps_and_in_the_photo_and_unlabelled_is_seen():
    target = torch.tensor([[[VOID, UNLABELLED]]])
    image = photo()
    image[..., 0] = float("nan")
    # One of two pixels is left: (3 * 0.5 + 4 * 0.5) / 2 + 0.25; its slope is half, and per root of one pixel.
    critic = Linear(3.0, 4.0)
    assert holistic(critic, image, STUDENT.log(), target).mean().item() == pytest.approx(-2.0, rel=1e-6)
    teacher = maps_of([float("nan"), 0.0])
    loss, parts = critic_loss(critic, image, STUDENT, teacher, target, penalty=1.0)
    assert parts["distance"].item() == pytest.approx((4 - 3.5) / 2, rel=1e-6)
    assert parts["penalty"].item() == pytest.approx((5 / 2 - 1) ** 2, rel=1e-5)
    assert loss.item() == pytest.approx(2.25 - 0.25, rel=1e-5)


def test_an_image_that_is_all_void_is_not_counted():
    target = torch.tensor([[[0, 0]], [[VOID, VOID]]])
    critic, twice = Linear(3.0, 4.0), torch.cat([STUDENT, STUDENT])
    term = holistic(critic, photo(2), twice.log(), target)
    assert term.weight.item() == 1 and term.mean().item() == pytest.approx(-4.0, rel=1e-6)
    _, parts = critic_loss(critic, photo(2), twice, maps_of([0.0, 0.0], [0.0, 0.0]), target)
    assert [x.item() for x in parts.values()] == pytest.approx([0.5, 16], rel=1e-5)
    nothing, _ = critic_loss(critic, photo(2), twice, twice, torch.full_like(target, VOID))
    nothing.backward()
    assert nothing.item() == 0 and not critic.a.grad.any()


def test_a_critic_without_any_slope_gets_a_finite_gradient():
    critic = Linear(0.0, 0.0)
    loss, parts = critic_loss(critic, photo(), STUDENT, TEACHER)
    loss.backward()
    assert parts["penalty"].item() == 1 and torch.isfinite(critic.a.grad).all()


def test_each_side_learns_from_its_own_loss_alone():
    critic = Linear(3.0, 1.0)
    frozen = nn.Parameter(torch.ones(1), requires_grad=False)
    critic.register_parameter("frozen", frozen)
    student = STUDENT.log().requires_grad_()
    holistic(critic, photo(), student).mean().backward()
    # p (a - a . p) / pixels, negated: 0.5 (3 - 2) / 2
    assert student.grad.flatten().tolist() == pytest.approx([-0.25, -0.25, 0.25, 0.25])
    assert critic.a.grad is None and critic.a.requires_grad and not frozen.requires_grad
    student.grad = None
    teacher = TEACHER.clone().requires_grad_()
    critic_loss(critic, photo(), student.softmax(1), teacher)[0].backward()
    assert student.grad is None and teacher.grad is None and critic.a.grad is not None


def test_the_critics_gradient_is_right_through_the_penalty_too():
    class Smooth(nn.Module):
        def forward(self, image, maps):
            return (self.weight * torch.cat([image, maps], 1)).tanh().sum((1, 2, 3))

    torch.manual_seed(1)
    image, student, teacher = (torch.rand(2, c, 2, 2, dtype=torch.float64) for c in (3, 2, 2))
    target = torch.tensor([[[0, VOID], [1, 1]], [[0, 0], [UNLABELLED, 1]]])
    critic = Smooth()

    def loss(weight):
        critic.weight = weight
        generator = torch.Generator().manual_seed(0)
        return critic_loss(critic, image, student, teacher, target, generator=generator)[0]

    assert torch.autograd.gradcheck(loss, torch.randn(5, 2, 2, dtype=torch.float64, requires_grad=True))


def test_a_real_critic_learns_to_tell_them_apart_and_the_student_can_follow():
    torch.manual_seed(0)
    critic, image = Critic(width=4), torch.rand(2, 3, 32, 32)
    teacher = torch.randn(2, 6, 4, 4).mul(4).softmax(1).repeat_interleave(8, 2).repeat_interleave(8, 3)
    student = torch.randn(2, 6, 32, 32, requires_grad=True)
    optimiser = torch.optim.Adam(critic.parameters(), 2e-3, betas=(0.0, 0.9))
    distances, penalties = [], []
    for _ in range(25):
        optimiser.zero_grad()
        loss, parts = critic_loss(critic, image, student.softmax(1), teacher)
        loss.backward()
        optimiser.step()
        distances.append(parts["distance"].item())
        penalties.append(parts["penalty"].item())
    assert min(distances[-5:]) > 0.01 > abs(distances[0]) and max(penalties[-5:]) < penalties[0] / 4
    critic.eval()
    before = holistic(critic, image, student).mean()
    before.backward()
    after = holistic(critic, image, student - 0.3 * student.grad / student.grad.std()).mean()
    assert after < before


def test_shares_of_a_batch_add_up_to_it():
    torch.manual_seed(0)
    critic = Critic().eval()
    image = torch.rand(5, 3, 32, 32)
    student, teacher = (torch.randn(5, 6, 32, 32).softmax(1) for _ in range(2))
    target = torch.zeros(5, 32, 32, dtype=torch.long)
    target[1, :20] = target[4] = VOID

    def gradients(part, **shared):
        critic.zero_grad()
        given = (x[part] for x in (image, student, teacher, target))
        generator = torch.Generator().manual_seed(3)
        critic_loss(critic, *given, generator=generator, **shared)[0].backward()
        return torch.cat([p.grad.flatten() for p in critic.parameters()])

    images = torch.tensor(4)  # one is all void
    parts = [slice(0, 3), slice(3, 5)]
    shares = sum(gradients(part, place=(part.start, 5), total=lambda count: images) for part in parts)
    assert torch.allclose(shares, gradients(slice(0, 5)), rtol=1e-4, atol=1e-6)
