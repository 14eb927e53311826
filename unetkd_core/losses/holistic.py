"""Holistic distillation: the student's whole map is to pass for a teacher's with a critic that learns to tell them
apart (Liu et al., 2019, "Structured Knowledge Distillation for Semantic Segmentation", the holistic term; a Wasserstein
critic with gradient penalty after Gulrajani et al., 2017).

    critic:  mean score(student) - mean score(teacher) + 10 * mean (slope - 1)^2
    student: - mean score(student)

Scores are of softmaxes at T = 1, given the photo. The slope is that of the score at a random point between the two maps
of an image. VOID pixels are 0 in maps and photo, so that neither network's guess there is seen.

Our convention: a change of a map is measured by its root mean square over the pixels that count, as all our terms are
means over pixels, and the slope is per such change. With the plain sum of squares of the authors' code a slope of 1
means a pull that grows with the square root of the picture's size against cross-entropy's (362 times at 256x512).

The authors' code scores raw logits without the photo and trains the critic even where the term weighs 0. Users report
NaN near step 2,600; its square root of a slope of 0 has an infinite gradient, which may be why. Here it has one of 0.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from unetkd_core.losses.pixels import seen
from unetkd_core.losses.precision import full_precision
from unetkd_core.losses.term import Term


@full_precision
def holistic(critic: nn.Module, image: Tensor, student_logits: Tensor, target: Tensor | None = None) -> Term:
    """Minus the sum of the critic's scores of the student's maps, and the number of images with a pixel to see.

    critic: (image, maps) -> scores (N,). image: (N, 3, H, W) float in [0, 1]. student_logits: (N, C, H, W) float,
    unnormalised. target: (N, H, W) int64 or none. The critic learns nothing from it; go backward before its next step.
    """
    counts = seen(target, student_logits)
    with _frozen(critic):
        scores = _scores(critic, image, student_logits.softmax(dim=1), counts)
    images = counts.flatten(1).any(dim=1)
    return Term(-(scores * images).sum(), images.sum().float())


@full_precision
def critic_loss(
    critic: nn.Module,
    image: Tensor,
    student_probs: Tensor,
    teacher_probs: Tensor,
    target: Tensor | None = None,
    *,
    penalty: float = 10.0,
    generator: torch.Generator | None = None,
    place: tuple[int, int] | None = None,
    total: Callable[[Tensor], Tensor] | None = None,
) -> tuple[Tensor, dict[str, Tensor]]:
    """(the critic's own loss, {"distance": how far it tells teacher and student apart, "penalty": without its factor}).

    student_probs, teacher_probs: (N, C, H, W) float, softmaxes; neither network learns from it. The rest as in
    `holistic`. generator: of the CPU, so that every device draws the same points between the maps. 0 where all is VOID.
    place, total: where several processes have a share of a batch each, (place of its first image, the batch's images),
    and the sum over processes: what is given back, and its gradients, are then to be added up over them.
    """
    counts = seen(target, student_probs)
    student, teacher = student_probs.detach(), teacher_probs.detach()
    scores = _scores(critic, torch.cat([image, image]), torch.cat([student, teacher]), torch.cat([counts, counts]))
    fake, real = scores.chunk(2)
    first, whole = place or (0, len(image))
    # A share that is none, of an empty part of the batch, holds a stand-in beyond the batch's images.
    drawn = torch.rand((max(whole, first + len(image)), 1, 1, 1), generator=generator)
    share = drawn[first : first + len(image)].to(image)
    slope = _slope(critic, image, torch.lerp(student, teacher, share), counts)
    images = counts.flatten(1).any(dim=1)
    count = images.sum() if total is None else total(images.sum())
    distance, steep = ((x * images).sum() / count.clamp_min(1) for x in (real - fake, (slope - 1).square()))
    return penalty * steep - distance, {"distance": distance.detach(), "penalty": steep.detach()}


def _scores(critic: nn.Module, image: Tensor, maps: Tensor, counts: Tensor) -> Tensor:
    """(N,) scores of what is seen: VOID pixels are 0 in both."""
    hidden = ~counts[:, None]
    scores: Tensor = critic(image.masked_fill(hidden, 0.0), maps.masked_fill(hidden, 0.0))
    return scores


def _slope(critic: nn.Module, image: Tensor, maps: Tensor, counts: Tensor) -> Tensor:
    """(N,): how much the score changes at most where the map changes by a root mean square of 1 over its pixels."""
    maps = maps.requires_grad_()
    (gradient,) = torch.autograd.grad(_scores(critic, image, maps, counts).sum(), maps, create_graph=True)
    return torch.linalg.vector_norm(gradient.flatten(1), dim=1) * counts.flatten(1).sum(dim=1).sqrt()


@contextmanager
def _frozen(critic: nn.Module) -> Iterator[None]:
    """The critic's parameters take no gradient from what is computed inside."""
    learning = [parameter for parameter in critic.parameters() if parameter.requires_grad]
    try:
        for parameter in learning:
            parameter.requires_grad_(False)
        yield
    finally:
        for parameter in learning:
            parameter.requires_grad_(True)
