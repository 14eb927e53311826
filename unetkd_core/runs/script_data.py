"""The first half of a training script (script.py), as text: imports, the network, and the data. Knows no run.

Each part says what its namesake in the package says, in the same order of operations, so that a script's numbers are
the run's: models/unet.py, data/views.py, data/augment.py, training/engine.py.
"""

from typing import Final

IMPORTS: Final = """
import argparse
import json
import math
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
"""

NETWORK: Final = '''
# ---- the network -------------------------------------------------------------------------------------------------


class UNet(nn.Module):
    """(N, 3, H, W) float in [0, 1] -> logits (N, 6, H, W): `levels` halvings, `width` filters at the first level."""

    def __init__(self, width, levels, norm):
        super().__init__()
        widths = [width << level for level in range(levels + 1)]
        upward = widths[-2::-1]
        self.encoder = nn.ModuleList(block(i, o, norm) for i, o in zip([3, *widths[:-2]], widths[:-1]))
        self.bridge = block(widths[-2], widths[-1], norm)
        self.up = nn.ModuleList(nn.ConvTranspose2d(b, w, 2, stride=2) for b, w in zip([widths[-1], *upward], upward))
        self.decoder = nn.ModuleList(block(2 * w, w, norm) for w in upward)
        self.head = nn.Conv2d(width, CLASSES, 1)
        self.register_buffer("mean", torch.tensor((0.485, 0.456, 0.406)).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor((0.229, 0.224, 0.225)).view(1, 3, 1, 1), persistent=False)
        self.apply(first_weights)

    def forward(self, image):
        height, width = image.shape[-2:]
        unit = 1 << len(self.encoder)
        rows, columns = -height % unit, -width % unit
        top, left = rows // 2, columns // 2
        x = (image - self.mean) / self.std
        if rows or columns:
            x = F.pad(x, (left, columns - left, top, rows - top), mode="replicate")
        skips = []
        for encode in self.encoder:
            x = encode(x)
            skips.append(x)
            x = F.max_pool2d(x, 2)
        x = self.bridge(x)
        for up, decode, skip in zip(self.up, self.decoder, reversed(skips)):
            x = decode(torch.cat([skip, up(x)], dim=1))
        return self.head(x)[..., top : top + height, left : left + width]


def block(inputs, outputs, norm):
    """Two 3x3 convolutions with ReLU, batch normalisation before it where there is any."""
    layers = []
    for channels in (inputs, outputs):
        layers.append(nn.Conv2d(channels, outputs, 3, padding=1, bias=norm == "none"))
        if norm == "batch":
            layers.append(nn.BatchNorm2d(outputs))
        layers.append(nn.ReLU(inplace=True))
    return nn.Sequential(*layers)


def first_weights(module):
    """He et al. before a ReLU; elsewhere a deviation of 1/sqrt(inputs)."""
    if not isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
        return
    if isinstance(module, nn.Conv2d) and module.kernel_size == (3, 3):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    else:
        nn.init.normal_(module.weight, std=module.in_channels**-0.5)
    if module.bias is not None:
        nn.init.zeros_(module.bias)
'''

DATA: Final = '''
# ---- data: its order, its views, its colours -----------------------------------------------------------------------


def load(folder, split):
    images, labels = (read(folder / f"{split}_{part}.npy") for part in ("images", "labels"))
    if images.shape[1:] != (HEIGHT, WIDTH, 3) or labels.shape != images.shape[:3] or images.dtype != np.uint8:
        raise SystemExit(f"{split}: expected images (N, {HEIGHT}, {WIDTH}, 3) uint8 and labels (N, {HEIGHT}, {WIDTH})")
    return images, labels


def read(path):
    try:
        return np.load(path, mmap_mode="r")
    except (OSError, ValueError, EOFError) as error:
        why = getattr(error, "strerror", None) or error
        raise SystemExit(f"{path} cannot be read ({why}); this script's first lines say what DATA holds.")


def mixed(numbers, *salts):
    """Whole numbers -> well mixed 64 bits (SplitMix64's finaliser once a salt): every draw is a function of these."""
    state = np.asarray(numbers).astype(np.uint64)
    for salt in salts:
        state = state + np.uint64((salt + 1) * 0x9E3779B97F4A7C15 % 2**64)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state = state ^ (state >> np.uint64(31))
    return state


def make_views():
    """Every view of a scene: (mirrored, top, left, share of each side). The whole scene comes first."""
    places = [(0.0, 0.0, 1.0)]
    for scale in SCALES:
        room = 1 - 1 / scale
        steps = [0.5] if CROP_GRID == 1 else [i / (CROP_GRID - 1) for i in range(CROP_GRID)]
        places += [(room * y, room * x, 1 / scale) for y in steps for x in steps]
    flips = (False, True) if FLIP else (False,)
    return list(dict.fromkeys((mirrored, *place) for mirrored in flips for place in places))


def choose_views(indices, epoch, count):
    """Which view each scene shows in this epoch."""
    if TURNS is None:  # by chance
        return (mixed(indices, SEED, epoch, 2) % np.uint64(count)).astype(np.int64)
    where = indices.astype(np.uint64)[:, None] * np.uint64(count) + np.arange(count, dtype=np.uint64)
    return np.argsort(mixed(where, 4), axis=1, kind="stable")[:, epoch % TURNS]  # in turn, whatever the seed


def show(images, labels, chosen):
    """uint8 scenes through their views -> image (B, 3, H, W) float in [0, 1], target (B, H, W) int64."""
    seen, targets = torch.empty_like(images), []
    for number, (mirrored, top, left, size) in enumerate(chosen):
        rows, columns = max(1, round(size * HEIGHT)), max(1, round(size * WIDTH))
        top, left = min(round(top * HEIGHT), HEIGHT - rows), min(round(left * WIDTH), WIDTH - columns)
        part = images[number : number + 1, top : top + rows, left : left + columns]
        if (rows, columns) != (HEIGHT, WIDTH):
            part = stretch(part)
        seen[number : number + 1] = part.flip(2) if mirrored else part
        y = top + ((np.arange(HEIGHT) + 0.5) * rows / HEIGHT).astype(np.int64)  # the label under each pixel's centre
        x = left + ((np.arange(WIDTH) + 0.5) * columns / WIDTH).astype(np.int64)
        x = torch.from_numpy((x[::-1] if mirrored else x).copy()).to(labels.device)
        targets.append(labels[number][torch.from_numpy(y).to(labels.device)][:, x])
    image = seen.permute(0, 3, 1, 2).to(torch.float32, memory_format=torch.preserve_format).mul_(1 / 255)
    return image, torch.stack(targets).long()


def stretch(part):
    planes = part.permute(0, 3, 1, 2)
    if part.device.type == "cpu":
        planes = F.interpolate(planes, (HEIGHT, WIDTH), mode="bilinear", align_corners=False)
    else:
        smooth = F.interpolate(planes.float(), (HEIGHT, WIDTH), mode="bilinear", align_corners=False)
        planes = smooth.round_().to(torch.uint8)
    return planes.permute(0, 2, 3, 1)


def jitter(image, indices, epoch):
    """Brightness, contrast and saturation, each by a factor of 1 - JITTER to 1 + JITTER of its own for each scene."""
    draws = np.stack([(mixed(indices, SEED, epoch, 3, k) >> np.uint64(11)) * 2.0**-53 for k in range(3)])
    factors = (1 + JITTER * (2 * draws - 1)).astype(np.float32)
    bright, contrast, saturation = torch.from_numpy(factors).to(image)[:, :, None, None]
    pixels = image.permute(0, 2, 3, 1).flatten(1, 2)
    luma = torch.tensor((0.299, 0.587, 0.114)).to(image)[:, None]
    matrix = saturation * contrast * bright * torch.eye(3).to(image) + (1 - saturation) * contrast * bright * luma
    offset = (1 - contrast) * bright * (pixels.mean(1, keepdim=True) @ luma)
    out = torch.baddbmm(offset.expand(-1, 1, 3), pixels, matrix).clamp_(0, 1)
    return out.view(len(image), HEIGHT, WIDTH, 3).permute(0, 3, 1, 2)


def batches(images, labels, epoch):
    """(clean image, jittered image, target, whether any pixel has a label), every scene once."""
    views = make_views()
    order = np.argsort(mixed(np.arange(len(images)), SEED, epoch, 1), kind="stable").astype(np.int64)
    for start in range(0, len(order), BATCH_SIZE):
        indices = order[start : start + BATCH_SIZE]
        chosen = [views[i] for i in choose_views(indices, epoch, len(views))]
        scenes, truth = torch.from_numpy(images[indices]).to(DEVICE), torch.from_numpy(labels[indices]).to(DEVICE)
        image, target = show(scenes, truth, chosen)
        yield image, jitter(image, indices, epoch) if JITTER else image, target, bool((truth < UNLABELLED).any())
'''
