"""Directions of vectors: what losses compare that ask how two things point and not how large they are."""

from typing import Final

import torch
from torch import Tensor

SHORTEST: Final = 1e-6
"""A vector below this length has no direction that rounding would leave."""


def unit(vectors: Tensor, dim: int) -> Tensor:
    """`vectors` scaled along `dim` to length 1; one shorter than SHORTEST becomes 0, with a gradient of 0.

    So a cosine with a vector of nothing (a ReLU's map that is 0 in every channel) is 0 and pulls nowhere. Adding a tiny
    number to the length instead, as public code does, gives that vector a gradient of up to 1e12.
    """
    length = torch.linalg.vector_norm(vectors, dim=dim, keepdim=True)
    return torch.where(length > SHORTEST, vectors / length.clamp_min(SHORTEST), 0.0)
