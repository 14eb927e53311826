"""Directions of vectors, and what has none."""

import torch

from unetkd_core.losses.cosine import unit


def test_a_direction_has_length_one_and_nothing_has_none_and_no_gradient():
    vectors = torch.tensor([[3.0, 0.0, 1e-9], [4.0, 0.0, 0.0]], requires_grad=True)
    got = unit(vectors, dim=0)
    torch.testing.assert_close(got, torch.tensor([[0.6, 0, 0], [0.8, 0, 0]]))
    (gradient,) = torch.autograd.grad(got[0].sum(), vectors)
    # d (x / r) / d (x, y) = (y^2, -x y) / r^3
    torch.testing.assert_close(gradient, torch.tensor([[16 / 125, 0, 0], [-12 / 125, 0, 0]]))
