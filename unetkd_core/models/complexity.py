"""What a U-Net costs: parameters and multiply-accumulates, counted from its arch alone. Needs no torch.

A test holds these closed forms against the real module (parameters) and against hooks on its convolutions (MACs).
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from unetkd_core.errors import CheckpointError


class _Convolution(NamedTuple):
    """One convolution: `level` is the number of halvings of its output; `taps` are input values per output value and
    channel.
    """

    level: int
    inputs: int
    outputs: int
    taps: int
    kernel: int
    bias: bool
    norm: bool


def _convolutions(arch: Mapping[str, Any]) -> Iterator[_Convolution]:
    if arch.get("type") != "unet":
        raise CheckpointError(
            f"The network's type is {arch.get('type')!r}; this release can count and build 'unet' only."
        )
    width, levels, batch = int(arch["base_width"]), int(arch["levels"]), arch["norm"] == "batch"

    def pair(level: int, inputs: int, outputs: int) -> Iterator[_Convolution]:
        for channels in (inputs, outputs):
            yield _Convolution(level, channels, outputs, 9, 9, not batch, batch)

    inputs = 3
    for level in range(levels + 1):
        yield from pair(level, inputs, width << level)
        inputs = width << level
    for level in reversed(range(levels)):
        # A 2x2 transposed convolution of stride 2: each output value sees one input position.
        yield _Convolution(level, width << level + 1, width << level, 1, 4, True, False)
        yield from pair(level, 2 * (width << level), width << level)
    yield _Convolution(0, width, int(arch["num_classes"]), 1, 1, True, False)


def parameters(arch: Mapping[str, Any]) -> int:
    """Trainable numbers of the network that `arch` describes."""
    return sum(
        c.inputs * c.outputs * c.kernel + c.outputs * (int(c.bias) + 2 * int(c.norm)) for c in _convolutions(arch)
    )


def macs(arch: Mapping[str, Any], height: int, width: int) -> int:
    """Multiply-accumulates of one forward pass of one (height, width) image in pixels, padding included."""
    unit = 1 << int(arch["levels"])
    pixels = (-(-height // unit) * unit) * (-(-width // unit) * unit)
    return sum((pixels >> 2 * c.level) * c.inputs * c.outputs * c.taps for c in _convolutions(arch))
