"""The critic of holistic distillation: a network that scores a map of class probabilities, seen beside its photo.

Knows no loss: `losses/holistic.py` says what the scores are for. After Liu et al. (2019), who took SAGAN's (Zhang et
al., 2019): spectrally normalised 4x4 convolutions of stride 2 with LeakyReLU, self-attention after each of the last
two, and a score from a convolution without that norm. Theirs reads maps of 65x65 logits, without the photo that the
paper conditions on, by 64 filters and four halvings. This one reads whole pictures, so it halves five times, which
keeps attention to 512 places at 256x512 (after three it would be 2,048, and 134 MB for each product of a batch of
eight), and starts at 16 filters: 0.8 million parameters, 0.41 G multiply-accumulates a map where M128 takes 4.6 G.
"""

from itertools import pairwise
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from unetkd_core.classes import NUM_CLASSES

HALVINGS: Final = 5


class Critic(nn.Module):
    """forward: image (N, 3, H, W) float in [0, 1] and maps (N, classes, H, W) float, probabilities -> scores (N,),
    unbounded; higher means more like a teacher's.

    Any size works: the picture is padded with zeros, which is also what VOID pixels are to hold. Reckons in float32,
    whatever the precision around it. In training mode each pass improves the estimates of the spectral norms, which
    are buffers and part of the state.
    """

    def __init__(self, classes: int = NUM_CLASSES, width: int = 16) -> None:
        super().__init__()
        widths = [3 + classes, *(width << level for level in range(HALVINGS))]
        layers: list[nn.Module] = []
        for level, (inputs, outputs) in enumerate(pairwise(widths)):
            layers += [spectral_norm(nn.Conv2d(inputs, outputs, 4, stride=2, padding=1)), nn.LeakyReLU(0.1)]
            if level >= HALVINGS - 2:
                layers.append(SelfAttention(outputs))
        self.body = nn.Sequential(*layers)
        self.head = nn.Conv2d(widths[-1], 1, 1)

    def forward(self, image: Tensor, maps: Tensor) -> Tensor:
        """One score for each image: the mean over places."""
        with torch.autocast(image.device.type, enabled=False):
            x = torch.cat([image.float(), maps.float()], dim=1)
            height, width = x.shape[-2:]
            x = F.pad(x, (0, -width % (1 << HALVINGS), 0, -height % (1 << HALVINGS)))
            scores: Tensor = self.head(self.body(x)).mean(dim=(1, 2, 3))
            return scores


class SelfAttention(nn.Module):
    """x + gamma * (what x holds at the places that each place attends to); gamma is learned from 0 on.

    forward: (N, C, h, w) -> the same shape. Written out, since the fused kernels cannot be differentiated twice.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.query = nn.Conv2d(channels, channels // 8, 1)
        self.key = nn.Conv2d(channels, channels // 8, 1)
        self.value = nn.Conv2d(channels, channels, 1)
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        """Every place looks at every other."""
        query, key, value = (layer(x).flatten(2) for layer in (self.query, self.key, self.value))
        attention = (query.mT @ key).softmax(dim=2)  # (N, place, place it looks at)
        return x + self.gamma * (value @ attention.mT).unflatten(2, x.shape[-2:])
