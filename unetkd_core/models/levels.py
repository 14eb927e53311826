"""Names for the maps inside a U-Net, and how many channels each has. Needs no torch; features.py reads the maps.

A level is named by its stride: up1 is the decoder's last map, at the image's own size and just before the head; up2 and
up4 lie above it at a half and a quarter; the bridge is the deepest map, wherever that is.
"""

from collections.abc import Mapping
from typing import Any, Literal

from unetkd_core.models.backbones import BACKBONES

Level = Literal["up1", "up2", "up4", "up8", "up16", "up32", "bridge"]


def widths_of(arch: Mapping[str, Any]) -> dict[str, int]:
    """Level -> channels of the map there, finest first, of the network that `arch` describes."""
    if arch["type"] == "backbone_unet":
        upward = list(reversed(arch["decoder"]))
        bridge = BACKBONES[arch["backbone"]].channels[-1]
    else:
        upward = [arch["base_width"] << level for level in range(arch["levels"])]
        bridge = arch["base_width"] << arch["levels"]
    return {f"up{1 << level}": width for level, width in enumerate(upward)} | {"bridge": bridge}
