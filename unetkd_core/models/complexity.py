"""What a network costs: parameters and multiply-accumulates, counted from its arch alone. Needs no torch.

A test holds these closed forms against the real module (parameters) and against hooks on its convolutions (MACs).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from unetkd_core.errors import CheckpointError
from unetkd_core.models.backbones import BACKBONES, HALVINGS
from unetkd_core.models.convolution import Convolution, block, decoder

MAX_WIDTH: Final = 4096
"""Channels of a map at the finest level, and classes, at most."""
MAX_LEVELS: Final = 12
"""Halvings at most; the paper's largest network has 6."""


def parameters(arch: Mapping[str, Any]) -> int:
    """Trainable numbers of the network that `arch` describes; of an ensemble, of all its members."""
    if arch.get("type") == "ensemble":
        return sum(parameters(member) for member in arch["members"])
    convolutions, _ = _plan(arch)
    return sum(c.inputs * c.outputs * c.kernel + c.outputs * (int(c.bias) + 2 * int(c.norm)) for c in convolutions)


def macs(arch: Mapping[str, Any], height: int, width: int) -> int:
    """Multiply-accumulates of one forward pass of one (height, width) image in pixels, padding included; of an
    ensemble, of the members that are run.
    """
    if arch.get("type") == "ensemble":
        return sum(macs(member, height, width) for member in run_members(arch))
    convolutions, halvings = _plan(arch)
    unit = 1 << halvings
    pixels = (-(-height // unit) * unit) * (-(-width // unit) * unit)
    return sum((pixels >> 2 * c.level) * c.inputs * c.outputs * c.taps for c in convolutions)


def normalises_one_value(arch: Mapping[str, Any], height: int, width: int) -> bool:
    """Whether batch normalisation sees a single value a channel of one (height, width) image: it cannot learn then."""
    convolutions, halvings = _plan(arch)
    return max(height, width) <= 1 << halvings and any(c.norm and c.level == halvings for c in convolutions)


def run_members(arch: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Of an ensemble's members those that have a say (`heard`, their places), as arches; one of weight 0 never runs."""
    members: Sequence[Mapping[str, Any]] = arch["members"]
    heard: Sequence[int] = arch.get("heard", range(len(members)))
    return [members[place] for place in heard]


def _plan(arch: Mapping[str, Any]) -> tuple[Iterator[Convolution], int]:
    """Every convolution, and how often the network halves its input."""
    kind = arch.get("type")
    if kind == "unet":
        return _unet(arch), _whole(arch["levels"], MAX_LEVELS)
    if kind == "backbone_unet":
        return _backbone_unet(arch), HALVINGS
    raise CheckpointError(f"The network's type is {kind!r}; this release knows 'unet' and 'backbone_unet' only.")


def _unet(arch: Mapping[str, Any]) -> Iterator[Convolution]:
    width, levels, norm = _whole(arch["base_width"]), _whole(arch["levels"], MAX_LEVELS), arch["norm"] == "batch"
    widths = [width << level for level in range(levels + 1)]
    for level, (inputs, outputs) in enumerate(zip([3, *widths[:-1]], widths, strict=True)):
        yield from block(level, inputs, outputs, norm=norm)
    upward = widths[-2::-1]
    yield from decoder(widths[-1], upward, upward, _whole(arch["num_classes"]), norm=norm)


def _backbone_unet(arch: Mapping[str, Any]) -> Iterator[Convolution]:
    if arch["backbone"] not in BACKBONES:
        raise CheckpointError(f"The backbone is {arch['backbone']!r}; this release has {', '.join(sorted(BACKBONES))}.")
    backbone = BACKBONES[arch["backbone"]]
    yield from backbone.convolutions()
    *skips, bridge = backbone.channels
    yield from decoder(
        bridge,
        skips[::-1],
        [_whole(w) for w in arch["decoder"]],
        _whole(arch["num_classes"]),
        norm=arch["norm"] == "batch",
    )


def _whole(value: Any, most: int = MAX_WIDTH) -> int:
    """A number of channels or levels. Raises ValueError for anything else: a text of digits would be a number too, and
    a network of 100,000 levels takes gigabytes to count.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise ValueError(f"{str(value)[:40]!r} is no whole number from 1 to {most}")
    return value
