"""Counting a network that a file describes: whole numbers within bounds, or ValueError, and never a giant's work."""

from typing import Any

import pytest

from unetkd_core.models.complexity import macs, parameters
from unetkd_core.models.names import m_arch


@pytest.mark.parametrize("field", ["base_width", "levels", "num_classes"])
@pytest.mark.parametrize("value", ["16", "1" * 30, 0, -1, 2.0, True, None, 4097, 2**70])
def test_what_is_no_number_of_channels_or_levels_is_refused(field: str, value: Any) -> None:
    with pytest.raises(ValueError, match="is no whole number from 1 to"):
        parameters({**m_arch("M128"), field: value})


def test_a_tower_of_levels_is_refused_before_it_is_counted() -> None:
    for count in (lambda arch: parameters(arch), lambda arch: macs(arch, 256, 512)):
        with pytest.raises(ValueError, match="from 1 to 12"):
            count({**m_arch("M128"), "levels": 4096})
