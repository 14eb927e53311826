"""What every U-Net here is built from: normalisation of the input, padding, pairs of convolutions, the way up, first
weights.

Knows no family of networks; unet.py and backbone_unet.py put these together.
"""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class ImageNetInput(nn.Module):
    """Raw RGB in [0, 1] -> ImageNet's mean 0 and deviation 1, as torchvision's backbones expect.

    It lies inside every network, so that a teacher and a student that normalise differently see the same raw image.
    """

    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        for name, values in (("mean", (0.485, 0.456, 0.406)), ("std", (0.229, 0.224, 0.225))):
            self.register_buffer(name, torch.tensor(values).view(1, 3, 1, 1), persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """(N, 3, H, W) float in [0, 1] -> the same, normalised by channel."""
        return (image - self.mean) / self.std


def pad_to_multiple(x: Tensor, unit: int) -> tuple[int, int, Tensor]:
    """Repeat the border of (N, C, H, W) until both sides divide by `unit`; returns where the image now starts (top,
    left), and it.
    """
    rows, columns = -x.shape[-2] % unit, -x.shape[-1] % unit
    if not rows and not columns:
        return 0, 0, x
    top, left = rows // 2, columns // 2
    return top, left, F.pad(x, (left, columns - left, top, rows - top), mode="replicate")


def conv_block(inputs: int, outputs: int, norm: str) -> nn.Sequential:
    """Two 3x3 convolutions, each followed by ReLU (and batch normalisation before it)."""
    layers: list[nn.Module] = []
    for channels in (inputs, outputs):
        layers.append(nn.Conv2d(channels, outputs, 3, padding=1, bias=norm == "none"))
        if norm == "batch":
            layers.append(nn.BatchNorm2d(outputs))
        layers.append(nn.ReLU(inplace=True))
    return nn.Sequential(*layers)


def up_steps(bridge: int, widths: Sequence[int]) -> nn.ModuleList:
    """2x2 transposed convolutions of stride 2 from `bridge` channels through `widths`, deepest first."""
    below = (bridge, *widths[:-1])
    return nn.ModuleList(nn.ConvTranspose2d(b, w, 2, stride=2) for b, w in zip(below, widths, strict=True))


def expand(x: Tensor, skips: Iterable[Tensor], ups: nn.ModuleList, blocks: nn.ModuleList) -> Tensor:
    """The expansive path: twice the size, beside it the skip of that size (deepest first), then a block."""
    for up, block, skip in zip(ups, blocks, skips, strict=True):
        x = block(torch.cat([skip, up(x)], dim=1))
    return x


def initialise(module: nn.Module) -> None:
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
