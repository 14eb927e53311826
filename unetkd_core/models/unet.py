"""The paper's U-Net: an encoder and a decoder built from one list of widths. Knows nothing of losses, data or names of
files.

Each level is two 3x3 convolutions with ReLU; 2x2 max pooling goes down, a 2x2 transposed convolution goes up, the skip
is a concatenation, the head a 1x1 convolution (Ronneberger et al., 2015; sizes from the paper, see models/names.py).
Any input of at least 16x16 pixels works: it is padded by repeating its border and the logits are cropped back.
"""

from typing import Any, Literal

from torch import Tensor, nn
from torch.nn import functional as F

from unetkd_core.classes import NUM_CLASSES
from unetkd_core.models.blocks import ImageNetInput, conv_block, expand, initialise, pad_to_multiple, up_steps


class UNet(nn.Module):
    """A U-Net of `levels` halvings, `base_width` filters at the first level, doubled at each.

    forward: image (N, 3, H, W) float in [0, 1], raw RGB -> logits (N, num_classes, H, W), unnormalised. H, W >= 16.
    """

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
        upward = widths[-2::-1]
        self.normalise = ImageNetInput()
        self.encoder = nn.ModuleList(
            conv_block(inputs, outputs, norm) for inputs, outputs in zip([3, *widths[:-2]], widths[:-1], strict=True)
        )
        self.bridge = conv_block(widths[-2], widths[-1], norm)
        self.up = up_steps(widths[-1], upward)
        self.decoder = nn.ModuleList(conv_block(2 * width, width, norm) for width in upward)
        self.head = nn.Conv2d(base_width, num_classes, 1)
        self.apply(initialise)

    def forward(self, image: Tensor) -> Tensor:
        """Logits at the image's own size."""
        height, width = image.shape[-2:]
        top, left, x = pad_to_multiple(self.normalise(image), 1 << len(self.encoder))
        skips = []
        for block in self.encoder:
            x = block(x)
            skips.append(x)
            x = F.max_pool2d(x, 2)
        x = expand(self.bridge(x), reversed(skips), self.up, self.decoder)
        logits: Tensor = self.head(x)
        return logits[..., top : top + height, left : left + width]
