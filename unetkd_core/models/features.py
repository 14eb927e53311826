"""Reads a U-Net's maps at named levels (levels.py) out of the forward passes that it makes anyway. Knows no loss.

Hooks on the blocks see every forward pass, whoever makes it and however: wrapped by accelerate, under autocast or under
inference_mode. They keep a map only while somebody reads, so that validation leaves none behind. Networks pad their
input to different multiples; the maps are cropped to the image again, so that a student's and a teacher's show the same
place.
"""

from collections.abc import Callable, Sequence
from typing import Any, cast

from torch import Tensor, nn

from unetkd_core.errors import ConfigError
from unetkd_core.models.levels import widths_of


class Taps:
    """The maps of `network`, a UNet or a BackboneUNet, at `levels`; no level: no hook.

    Raises ConfigError for a network that is no U-Net, or that lacks a level.
    """

    def __init__(self, network: nn.Module, levels: Sequence[str]) -> None:
        self.widths: dict[str, int] = {}
        """Level -> channels, of the levels that are read."""
        self._maps: dict[str, Tensor] = {}
        self._size = (0, 0)
        self._reading = False
        if not levels:
            return
        blocks = _blocks(network)
        missing = [level for level in levels if level not in blocks]
        if missing:
            name = _arch(network)["name"] or "this network"
            raise ConfigError(f"{name} has no maps at {', '.join(missing)}; its levels are {', '.join(blocks)}.")
        self._unit = 1 << (len(blocks) - 1)
        self.widths = {level: width for level, width in widths_of(_arch(network)).items() if level in levels}
        network.register_forward_pre_hook(self._image_seen)
        for level in levels:
            blocks[level].register_forward_hook(self._map_seen(level, network))

    def read(self, ask: Callable[[Tensor], Tensor], image: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """(what `ask` says of `image`, level -> map). ask: calls the network, however wrapped, once.

        A map is (N, C, h, w) in the precision that the network computed in, cropped to the image: at stride s, h is
        H / s rounded up, or a row more where the padding did not divide by s. Nothing is held on to.
        """
        self._reading = True
        try:
            said = ask(image)
            return said, {level: self._cropped(found) for level, found in self._maps.items()}
        finally:
            self._reading, self._maps = False, {}

    def _image_seen(self, network: nn.Module, arguments: tuple[Any, ...]) -> None:
        height, width = arguments[0].shape[-2:]
        self._size = (int(height), int(width))

    def _map_seen(self, level: str, network: nn.Module) -> Any:
        def seen(block: nn.Module, arguments: tuple[Any, ...], output: Any) -> None:
            if self._reading:
                # An encoder of torchvision's gives all its taps at once; the deepest is the bridge.
                self._maps[level] = output if isinstance(output, Tensor) else output[cast(Any, network)._taps[-1]]

        return seen

    def _cropped(self, found: Tensor) -> Tensor:
        rows, columns = (_inside(*pair, self._unit) for pair in zip(found.shape[-2:], self._size, strict=True))
        return found[..., rows, columns]


def _inside(cells: int, pixels: int, unit: int) -> slice:
    """Which of a map's cells along one side the image touches, as models.blocks.pad_to_multiple pads it."""
    padding = -pixels % unit
    stride = (pixels + padding) // cells
    first = padding // 2
    return slice(first // stride, -(-(first + pixels) // stride))


def _blocks(network: nn.Module) -> dict[str, nn.Module]:
    """Level -> the module whose output it is, finest first."""
    if not isinstance(getattr(network, "decoder", None), nn.ModuleList):
        raise ConfigError(f"A {type(network).__name__} has no feature maps with names; only a U-Net has.")
    upward = list(reversed(cast(nn.ModuleList, network.decoder)))
    bridge = cast(nn.Module, getattr(network, "bridge", None) or network.encoder)
    return {f"up{1 << level}": block for level, block in enumerate(upward)} | {"bridge": bridge}


def _arch(network: nn.Module) -> dict[str, Any]:
    return cast(dict[str, Any], network.arch)
