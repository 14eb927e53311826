"""The paper's U-Net: an encoder and a decoder built from one list of widths. Knows nothing of losses, data or names of
files.

Each level is two 3x3 convolutions with ReLU; 2x2 max pooling goes down, a 2x2 transposed convolution goes up, the skip
is a concatenation, the head a 1x1 convolution (Ronneberger et al., 2015; sizes from the paper, see models/names.py).
Any input of at least 16x16 pixels works: it is padded by repeating its border and the logits are cropped back.
"""

from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unetkd_core.classes import NUM_CLASSES

# ImageNet's mean and deviation, as torchvision's backbones expect: one raw image serves unlike networks.
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class UNet(nn.Module):
    """A U-Net of `levels` halvings, `base_width` filters at the first level, doubled at each.

    forward: image (N, 3, H, W) float in [0, 1], raw RGB -> logits (N, num_classes, H, W), unnormalised. H, W >= 16.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        base_width: int = 16,
        levels: int = 3,
        norm: Literal["none", "batch"] = "none",
        num_classes: int = NUM_CLASSES,
        name: str = "",
    ) -> None:
        super().__init__()
        self.arch: dict[str, Any] = {
            "type": "unet",
            "name": name,
            "base_width": base_width,
            "levels": levels,
            "norm": norm,
            "num_classes": num_classes,
        }
        widths = [base_width << level for level in range(levels + 1)]
        self.register_buffer("mean", torch.tensor(_MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(_STD).view(1, 3, 1, 1), persistent=False)
        self.encoder = nn.ModuleList(
            _block(inputs, outputs, norm) for inputs, outputs in zip([3, *widths[:-2]], widths[:-1], strict=True)
        )
        self.bridge = _block(widths[-2], widths[-1], norm)
        steps = list(zip(widths[:0:-1], widths[-2::-1], strict=True))  # (deep, shallow) pairs, deepest first
        self.up = nn.ModuleList(nn.ConvTranspose2d(deep, shallow, 2, stride=2) for deep, shallow in steps)
        self.decoder = nn.ModuleList(_block(2 * shallow, shallow, norm) for _, shallow in steps)
        self.head = nn.Conv2d(base_width, num_classes, 1)
        self.apply(_initialise)

    def forward(self, image: Tensor) -> Tensor:
        """Logits at the image's own size."""
        height, width = image.shape[-2:]
        top, left, x = self._pad((image - self.mean) / self.std)
        skips = []
        for block in self.encoder:
            x = block(x)
            skips.append(x)
            x = F.max_pool2d(x, 2)
        x = self.bridge(x)
        for up, block, skip in zip(self.up, self.decoder, reversed(skips), strict=True):
            x = block(torch.cat([skip, up(x)], dim=1))
        logits: Tensor = self.head(x)
        return logits[..., top : top + height, left : left + width]

    def _pad(self, x: Tensor) -> tuple[int, int, Tensor]:
        """Repeat the border until both sides divide by 2**levels; returns where the image now starts (top, left)."""
        unit = 1 << len(self.encoder)
        rows, columns = -x.shape[-2] % unit, -x.shape[-1] % unit
        if not rows and not columns:
            return 0, 0, x
        top, left = rows // 2, columns // 2
        return top, left, F.pad(x, (left, columns - left, top, rows - top), mode="replicate")


def _block(inputs: int, outputs: int, norm: str) -> nn.Sequential:
    """Two 3x3 convolutions, each followed by ReLU (and batch normalisation before it)."""
    layers: list[nn.Module] = []
    for channels in (inputs, outputs):
        layers.append(nn.Conv2d(channels, outputs, 3, padding=1, bias=norm == "none"))
        if norm == "batch":
            layers.append(nn.BatchNorm2d(outputs))
        layers.append(nn.ReLU(inplace=True))
    return nn.Sequential(*layers)


def _initialise(module: nn.Module) -> None:
    """He et al. (2015). With PyTorch's default a deep U-Net without normalisation barely trains: M128 reached 0.33 mIoU
    instead of 0.47.
    """
    if isinstance(module, nn.Conv2d) and module.kernel_size == (3, 3):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    elif isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        # No ReLU follows; a stride-2 2x2 transposed convolution has one input position per output, so fan-in is the
        # channels.
        nn.init.normal_(module.weight, std=module.in_channels**-0.5)
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d) and module.bias is not None:
        nn.init.zeros_(module.bias)
