"""The three encoders as data: where torchvision's networks are tapped, how wide the decoder beside them is, where their
ImageNet weights lie, and what they cost. Needs no torch.

Each tier of the U-Net's encoder is one activation of the backbone (the paper, section III-B). The taps, from the skip
at full size down to the bridge at a sixteenth:

    VGG16        the last ReLU of each of the five blocks
    ResNet50     the input, the stem's ReLU, layer1, layer2, layer3
    MobileNetV2  the input, then the expansion's ReLU6 of the first block of each stride (Keras' blocks 1, 3, 6, 13).
                 Their neighbours features.3, .6 and .13 have equal sizes, so a wrong tap passes every check of shapes.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from unetkd_core.classes import NUM_CLASSES
from unetkd_core.models.convolution import Convolution, square

INPUT: Final = "input"
"""The tap that is the normalised image itself."""
HALVINGS: Final = 4
_URL: Final = "https://download.pytorch.org/models/"


def _vgg16() -> Iterator[Convolution]:
    inputs = 3
    for level, (width, count) in enumerate(((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))):
        for _ in range(count):
            yield square(level, inputs, width, 3, norm=False)
            inputs = width


def _resnet50() -> Iterator[Convolution]:
    yield square(1, 3, 64, 7, norm=True)
    inputs = 64
    for level, (planes, count) in enumerate(((64, 3), (128, 4), (256, 6)), start=2):
        for index in range(count):
            # torchvision strides in the 3x3 convolution ("v1.5"), so the 1x1 before it works at the level above.
            before = level - 1 if index == 0 and level > 2 else level
            yield square(before, inputs, planes, 1, norm=True)
            yield square(level, planes, planes, 3, norm=True)
            yield square(level, planes, 4 * planes, 1, norm=True)
            if index == 0:
                yield square(level, inputs, 4 * planes, 1, norm=True)
            inputs = 4 * planes


def _mobilenet_v2() -> Iterator[Convolution]:
    yield square(1, 3, 32, 3, norm=True)
    inputs, level = 32, 1
    # Expansion, channels, blocks, stride of the first: Sandler et al. (2018), table 2, as far as the last tap.
    for expansion, width, count, stride in ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1)):
        for index in range(count):
            hidden = expansion * inputs
            if expansion > 1:
                yield square(level, inputs, hidden, 1, norm=True)
            level += int(index == 0 and stride == 2)
            yield square(level, 1, hidden, 3, norm=True)
            yield square(level, hidden, width, 1, norm=True)
            inputs = width
    yield square(level, inputs, 6 * inputs, 1, norm=True)


@dataclass(frozen=True)
class Backbone:
    """One encoder.

    factory: torchvision.models' function. taps, channels: from full size down to the bridge. decoder: widths of the way
    up, deepest first. weights_url: torchvision's ImageNet weights, the first set (IMAGENET1K_V1).
    probe: the last tensor that is needed of them, which the other two do not have.
    """

    name: str
    factory: str
    taps: tuple[str, ...]
    channels: tuple[int, ...]
    decoder: tuple[int, ...]
    weights_url: str
    probe: str
    convolutions: Callable[[], Iterator[Convolution]]


BACKBONES: Final = {
    backbone.factory: backbone
    for backbone in (
        Backbone(
            "VGG16",
            "vgg16",
            ("features.3", "features.8", "features.15", "features.22", "features.29"),
            (64, 128, 256, 512, 512),
            (256, 128, 64, 32),
            _URL + "vgg16-397923af.pth",
            "features.28.weight",
            _vgg16,
        ),
        Backbone(
            "ResNet50",
            "resnet50",
            (INPUT, "relu", "layer1", "layer2", "layer3"),
            (3, 64, 256, 512, 1024),
            (256, 128, 64, 32),
            _URL + "resnet50-0676ba61.pth",
            "layer3.5.conv3.weight",
            _resnet50,
        ),
        Backbone(
            "MobileNetV2",
            "mobilenet_v2",
            (INPUT, "features.2.conv.0", "features.4.conv.0", "features.7.conv.0", "features.14.conv.0"),
            (3, 96, 144, 192, 576),
            (128, 64, 32, 32),
            _URL + "mobilenet_v2-b0353104.pth",
            "features.14.conv.0.0.weight",
            _mobilenet_v2,
        ),
    )
}
"""torchvision's name -> encoder."""
ENCODERS: Final = {backbone.name: backbone for backbone in BACKBONES.values()}
"""The paper's name -> encoder: VGG16, ResNet50, MobileNetV2."""


def encoder_arch(name: str, norm: str = "batch") -> dict[str, Any]:
    """The arch of the U-Net with this encoder; KeyError for another name. norm: the decoder's, batch or none."""
    backbone = ENCODERS[name]
    return {
        "type": "backbone_unet",
        "name": name,
        "backbone": backbone.factory,
        "decoder": list(backbone.decoder),
        "norm": norm,
        "num_classes": NUM_CLASSES,
    }
