"""One convolution as a line of data, and the lines that make up a block or a decoder. Needs no torch.

What a network costs is counted from these lines (complexity.py); each family of networks lists its own.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Convolution(NamedTuple):
    """`level` is the number of halvings of its output; `inputs` are channels that one output channel sees (1 where it
    is depthwise); `taps` are input values per output value and such channel, `kernel` weights of them.
    """

    level: int
    inputs: int
    outputs: int
    taps: int
    kernel: int
    bias: bool
    norm: bool


def square(level: int, inputs: int, outputs: int, side: int, *, norm: bool) -> Convolution:
    """A `side` x `side` convolution, with a bias where no batch normalisation follows."""
    return Convolution(level, inputs, outputs, side * side, side * side, not norm, norm)


def block(level: int, inputs: int, outputs: int, *, norm: bool) -> Iterator[Convolution]:
    """Two 3x3 convolutions: models.blocks.conv_block."""
    yield square(level, inputs, outputs, 3, norm=norm)
    yield square(level, outputs, outputs, 3, norm=norm)


def decoder(
    bridge: int, skips: Sequence[int], widths: Sequence[int], num_classes: int, *, norm: bool
) -> Iterator[Convolution]:
    """The way up from `bridge` channels and the head. skips, widths: channels by level, deepest first."""
    below = bridge
    for level, skip, width in zip(reversed(range(len(widths))), skips, widths, strict=True):
        # A 2x2 transposed convolution of stride 2: each output value sees one input position.
        yield Convolution(level, below, width, 1, 4, True, False)
        yield from block(level, width + skip, width, norm=norm)
        below = width
    yield square(0, below, num_classes, 1, norm=False)
