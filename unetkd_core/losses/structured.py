"""Pair-wise distillation: which regions of a picture look alike to the network (Liu et al., 2019, "Structured Knowledge
Distillation for Semantic Segmentation", the pair-wise term).

    a(i, j) = cosine of the features at nodes i and j of a coarse grid
    loss = mean over pairs (i, j) of (a_student - a_teacher)^2

A node is the largest value of each channel in its cell. The paper's 1 / (number of nodes)^2 is the mean over ordered
pairs, each node with itself (which adds 0) included. Widths may differ, and so may sizes: cells are parts of a picture.

The authors' code (`sim_dis_compute`) pools with a kernel of half the height, which makes 3 x 3 nodes of 65 x 65
features; here the number of nodes is asked for. Its gradient takes the lengths for constants, so that a part of it only
stretches features, which no cosine sees; here it is the cosine's own. It knows no mask; here VOID pixels are kept out
of their cell, and a cell of nothing else out of the pairs.
"""

from itertools import product

import torch
from torch import Tensor

from unetkd_core.losses.cosine import unit
from unetkd_core.losses.pixels import seen
from unetkd_core.losses.precision import full_precision
from unetkd_core.losses.term import Term


@full_precision
def pair_wise(student: Tensor, teacher: Tensor, target: Tensor | None = None, *, nodes: int = 3) -> Term:
    """Sum of the squared differences of the cosines over ordered pairs of nodes, and the number of pairs.

    student, teacher: (N, any width, any size) float features. target: (N, H, W) int64 or none. nodes: along each side,
    so that an image without VOID has nodes^4 pairs. The mean lies in [0, 4].
    """
    ours, visible = affinities(student, target, nodes)
    theirs, visible_there = affinities(teacher.detach(), target, nodes)
    pairs = visible & visible_there
    return Term(((ours - theirs).square() * pairs).sum(), pairs.sum().float())


def affinities(features: Tensor, target: Tensor | None, nodes: int) -> tuple[Tensor, Tensor]:
    """(N, nodes^2, nodes^2) cosines between the nodes of features (N, C, h, w), and bool: both nodes see a pixel."""
    counts = seen(target, features)[:, None]
    sees = largest_in_cells(counts.float(), nodes) > 0
    largest = largest_in_cells(features.masked_fill(~counts, -torch.inf), nodes)
    node = unit(torch.where(sees, largest, 0.0), dim=1)
    return node.mT @ node, sees.mT & sees


def largest_in_cells(features: Tensor, nodes: int) -> Tensor:
    """(N, C, nodes^2): F.adaptive_max_pool2d, its gradient to the first of equals included, on every device.

    Torch's own is silently wrong on MPS where nodes does not divide the size (pytorch issue 190064, torch 2.13).
    """
    height, width = features.shape[-2:]
    with torch.no_grad():
        places = []
        for (top, bottom), (left, right) in product(_cells(height, nodes), _cells(width, nodes)):
            inside = features[..., top:bottom, left:right].flatten(2).max(dim=2, keepdim=True).indices
            row, column = inside // (right - left), inside % (right - left)
            places.append((top + row) * width + left + column)
    return features.flatten(2).gather(2, torch.cat(places, dim=2))


def _cells(size: int, nodes: int) -> list[tuple[int, int]]:
    """Where each cell begins and ends along a side; neighbours share a row where nodes does not divide the size."""
    return [(i * size // nodes, -(-(i + 1) * size // nodes)) for i in range(nodes)]
