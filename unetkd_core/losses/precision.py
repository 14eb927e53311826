"""Losses reckon in float32, also where the networks run in mixed precision: there a matrix product of float32 tensors
would be handed to bfloat16 without a word, and in half precision most probabilities of a large map underflow.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import torch
from torch import Tensor

P = ParamSpec("P")
R = TypeVar("R")


def full_precision(loss: Callable[P, R]) -> Callable[P, R]:
    """`loss` with autocast switched off and every half-precision tensor among its arguments made float32.

    Wider tensors stay as they are (float64 for checks of gradients), and so does what is no floating-point tensor.
    """

    @wraps(loss)
    def exact(*args: P.args, **kwargs: P.kwargs) -> R:
        device = next(x.device.type for x in (*args, *kwargs.values()) if isinstance(x, Tensor))
        with torch.autocast(device, enabled=False):
            widened: dict[str, Any] = {name: _widened(x) for name, x in kwargs.items()}
            return loss(*(_widened(x) for x in args), **widened)

    return exact


def _widened(x: Any) -> Any:
    half = isinstance(x, Tensor) and x.dtype in (torch.float16, torch.bfloat16)
    return x.float() if half else x
