"""A U-Net whose encoder is one of torchvision's backbones, tapped as models/backbones.py lists. Knows no file.

Skips have equal size for any input: it is padded to a multiple of sixteen by repeating its border, and the logits are
cropped back. Images come raw, in [0, 1]; ImageNet's normalisation lies inside.
"""

from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torchvision import models
from torchvision.models.feature_extraction import create_feature_extractor

from unetkd_core.classes import NUM_CLASSES
from unetkd_core.models.backbones import BACKBONES, HALVINGS, INPUT, Backbone
from unetkd_core.models.blocks import ImageNetInput, conv_block, expand, initialise, pad_to_multiple, up_steps


class BackboneUNet(nn.Module):
    """A U-Net on the encoder `backbone` (torchvision's name: vgg16, resnet50, mobilenet_v2).

    decoder: widths of the way up, deepest first; none: the table's. norm: of the decoder's blocks, the encoder has its
    own. weights: "imagenet" loads the encoder's ImageNet weights (models/pretrained.py says from where), none starts
    from scratch. Raises ValueError for an unknown backbone or a wrong number of widths.

    forward: image (N, 3, H, W) float in [0, 1], raw RGB -> logits (N, num_classes, H, W), unnormalised. H, W >= 16.
    """

    def __init__(
        self,
        backbone: str = "mobilenet_v2",
        decoder: Sequence[int] | None = None,
        norm: Literal["none", "batch"] = "batch",
        num_classes: int = NUM_CLASSES,
        name: str = "",
        weights: Literal["imagenet"] | None = None,
    ) -> None:
        super().__init__()
        if backbone not in BACKBONES:
            raise ValueError(f"backbone is {backbone!r}, expected one of {', '.join(sorted(BACKBONES))}")
        table = BACKBONES[backbone]
        widths = list(table.decoder if decoder is None else decoder)
        if len(widths) != HALVINGS:
            raise ValueError(f"decoder has {len(widths)} widths, expected {HALVINGS}, deepest first")
        self.arch: dict[str, Any] = {
            "type": "backbone_unet",
            "name": name or table.name,
            "backbone": backbone,
            "decoder": widths,
            "norm": norm,
            "num_classes": num_classes,
        }
        *skips, bridge = table.channels
        self.normalise = ImageNetInput()
        self.encoder = _feature_extractor(table)
        self.up = up_steps(bridge, widths)
        self.decoder = nn.ModuleList(
            conv_block(skip + width, width, norm) for skip, width in zip(reversed(skips), widths, strict=True)
        )
        self.head = nn.Conv2d(widths[-1], num_classes, 1)
        for module in (self.up, self.decoder, self.head):
            module.apply(initialise)
        self._taps = table.taps
        if weights is not None:
            from unetkd_core.models.pretrained import load_encoder

            load_encoder(self)

    def forward(self, image: Tensor) -> Tensor:
        """Logits at the image's own size."""
        height, width = image.shape[-2:]
        top, left, x = pad_to_multiple(self.normalise(image), 1 << HALVINGS)
        found = {INPUT: x, **self.encoder(x)}
        *skips, bridge = (found[tap] for tap in self._taps)
        logits: Tensor = self.head(expand(bridge, reversed(skips), self.up, self.decoder))
        return logits[..., top : top + height, left : left + width]


def _feature_extractor(backbone: Backbone) -> nn.Module:
    """The backbone up to its last tap, giving a dict of its taps; its weights are named as torchvision names them.

    What lies behind the last tap is never made: VGG16's classifier alone has 124 M parameters.
    """
    with torch.device("meta"):
        whole = models.get_model(backbone.factory, weights=None)
        encoder: nn.Module = create_feature_extractor(whole, [tap for tap in backbone.taps if tap != INPUT])
    encoder.to_empty(device=torch.get_default_device())
    encoder.apply(_first_weights)
    return encoder


def _first_weights(module: nn.Module) -> None:
    """He et al. (2015) by fan-out and untouched normalisation, as torchvision starts all three of these."""
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d):
        module.reset_parameters()
