"""The measurement proposes what it was left free to propose, fastest first, and disturbs no random state."""

import pytest
import torch

from unetkd_core.errors import ConfigError
from unetkd_core.inference.device import pick_device
from unetkd_core.models.names import m_arch
from unetkd_core.training.precision import choose

CPU = torch.device("cpu")


def test_all_candidates_are_measured_and_the_fastest_comes_first() -> None:
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    found = choose(m_arch("M128"), 16, 32, device=CPU, batch_size=2, seconds=0.05)
    assert torch.equal(torch.rand(1), expected)
    assert {(m.precision, m.memory_format) for m in found} == {
        ("fp32", "contiguous"),
        ("fp32", "channels_last"),
        ("bf16", "channels_last"),
    }
    assert [m.train_seconds for m in found] == sorted(m.train_seconds for m in found)
    assert all(m.forward_seconds > 0 for m in found)


@pytest.mark.parametrize(
    ("precision", "memory_format", "expected"),
    [
        ("fp32", "auto", {("fp32", "contiguous"), ("fp32", "channels_last")}),
        ("bf16", "auto", {("bf16", "channels_last")}),
        ("bf16", "contiguous", {("bf16", "contiguous")}),
        ("fp32", "contiguous", {("fp32", "contiguous")}),
    ],
)
def test_what_was_fixed_stays_fixed(precision: str, memory_format: str, expected: set[tuple[str, str]]) -> None:
    found = choose(
        m_arch("M128"),
        16,
        32,
        device=CPU,
        batch_size=1,
        precision=precision,
        memory_format=memory_format,
        seconds=0.0,
    )
    assert {(m.precision, m.memory_format) for m in found} == expected


def test_a_device_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pick_device("auto") == "cpu"  # UNETKD_DEVICE is cpu in tests
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(ConfigError, match="cuda:1"):
        pick_device("cuda:1")
