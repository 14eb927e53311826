"""Losses reckon in float32, inside a mixed-precision region too."""

import pytest
import torch

from unetkd_core.losses.precision import full_precision


@full_precision
def product(a, b, *, note=""):
    assert note == "kept"
    return a @ b


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
def test_a_product_inside_autocast_is_float32_to_its_last_digit(dtype):
    a, b = torch.tensor([[1.0, 2.0**-12]]).to(dtype), torch.ones(2, 1)
    with torch.autocast("cpu", torch.bfloat16):
        assert (a.float() @ b).item() == 1, "autocast would round it"
        got = product(a, b=b, note="kept")
        assert torch.is_autocast_enabled("cpu")
    assert got.dtype == torch.float32 and got.item() == 1 + 2.0**-12


def test_float64_stays_float64():
    assert product(torch.ones(1, 2).double(), torch.ones(2, 1).double(), note="kept").dtype == torch.float64
