"""Full precision is full precision, wherever a network is loaded or trained."""

import pytest
import torch

from unetkd_core.training.setup import make_accelerator
from unetkd_core.zoo import references


@pytest.fixture(autouse=True)
def _as_torch_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)


def test_a_loaded_network_computes_without_tf32() -> None:
    references.load_model("m128-alone")
    assert not torch.backends.cudnn.allow_tf32


def test_training_computes_without_tf32() -> None:
    make_accelerator("cpu", "fp32")
    assert not torch.backends.cudnn.allow_tf32
