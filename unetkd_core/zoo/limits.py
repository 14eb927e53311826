"""How large the files of a checkpoint may be, known before one is read or downloaded. Numbers only; needs no torch."""

from typing import Final

MAX_CONFIG_BYTES: Final = 4 * 1024 * 1024
MAX_CARD_BYTES: Final = 1024 * 1024
MAX_HEADER_BYTES: Final = 1024 * 1024
"""A U-Net's header has about 100 bytes a tensor; one that is larger is damaged or hostile."""


def can_hold(size: int, parameters: int) -> bool:
    """Whether a safetensors file of `size` bytes can be the weights of so many parameters.

    At least two bytes a parameter; at most four, the header, and as much again for buffers.
    """
    return 2 * parameters <= size <= 8 * parameters + 2 * MAX_HEADER_BYTES
