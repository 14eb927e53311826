"""Intra-class feature variation: how far each pixel is from the middle of its class (Wang et al., 2020, "Intra-class
Feature Variation Distillation for Semantic Segmentation").

    prototype(class) = mean of the features over the image's pixels of that class
    M(pixel) = cosine of the pixel's feature and its class's prototype
    loss = mean over pixels of (M_student - M_teacher)^2

A cosine is a number whatever the features' width, so that student and teacher need not have equal ones. Used beside the
pixel-wise term: alone it teaches no class. The prototype is part of the gradient, as it is in the authors' code.

The authors' code (`CriterionIFV`) goes through the classes in a loop that writes the whole map anew each time; here one
matrix product with the one-hot labels gives all prototypes, and another the cosine to each. Theirs makes an unlabelled
pixel its own prototype, which adds 0 to the sum and 1 to the number of pixels; here the mean is over labelled ones.
"""

import torch
from torch import Tensor

from unetkd_core.classes import NUM_CLASSES
from unetkd_core.losses.cosine import SHORTEST, unit
from unetkd_core.losses.pixels import labels_at
from unetkd_core.losses.precision import full_precision
from unetkd_core.losses.term import Term


@full_precision
def intra_class_variation(student: Tensor, teacher: Tensor, target: Tensor, *, classes: int = NUM_CLASSES) -> Term:
    """Sum of the squared differences of the two cosine maps over labelled pixels, and their number.

    student: (N, C, h, w) float; teacher: (N, any width, h, w) float. target: (N, H, W) int64; what is no class (VOID,
    UNLABELLED) belongs to no prototype and is not counted. The mean lies in [0, 4].
    """
    labels = labels_at(target, student).flatten(1)
    of_class = torch.arange(classes, device=labels.device)[:, None] == labels[:, None]
    ours, theirs = (closeness(features, of_class) for features in (student, teacher.detach()))
    return Term((ours - theirs).square().sum(), of_class.sum().float())


def closeness(features: Tensor, of_class: Tensor) -> Tensor:
    """(N, P): cosine of each pixel's feature and its class's prototype, 0 for pixels of no class.

    features: (N, C, h, w) float. of_class: (N, K, P) bool, the one-hot labels.
    """
    pixels, members = features.flatten(2), of_class.to(features.dtype)
    prototypes = pixels @ members.mT / members.sum(dim=2)[:, None].clamp_min(1)
    along = (unit(prototypes, dim=1).mT @ pixels * members).sum(dim=1)  # the feature's length along its own prototype
    length = torch.linalg.vector_norm(pixels, dim=1)
    return torch.where(length > SHORTEST, along / length.clamp_min(SHORTEST), 0.0)
