"""Maps at named levels: as wide as the arch says, showing what the image shows, whoever runs the network and how."""

import weakref
from typing import Any

import pytest
import torch
from torch import nn

from unetkd_core.errors import ConfigError
from unetkd_core.models.features import Taps
from unetkd_core.models.levels import widths_of
from unetkd_core.models.names import arch_of
from unetkd_core.models.registry import build
from unetkd_core.training.setup import make_accelerator


def network(name: str = "M128", **options: Any) -> Any:
    torch.manual_seed(0)
    return build(arch_of(name, **options)).eval()


@pytest.mark.parametrize("name", ["M128", "M256", "MobileNetV2", "ResNet50", "VGG16"])
def test_every_level_has_the_width_that_the_arch_says_at_its_stride(name: str) -> None:
    made, widths = network(name), widths_of(arch_of(name))
    taps = Taps(made, list(widths))
    with torch.inference_mode():
        _, maps = taps.read(made, torch.rand(1, 3, 64, 96))
    depth = 1 << (len(widths) - 1)
    strides = {level: depth if level == "bridge" else int(level.removeprefix("up")) for level in widths}
    assert {level: tuple(found.shape) for level, found in maps.items()} == {
        level: (1, width, 64 // strides[level], 96 // strides[level]) for level, width in widths.items()
    }
    assert taps.widths == widths


def test_levels_are_named_by_their_stride_whatever_the_depth() -> None:
    assert widths_of(arch_of("M128")) == {"up1": 16, "up2": 32, "up4": 64, "bridge": 128}
    assert list(widths_of(arch_of("M256"))) == ["up1", "up2", "up4", "up8", "bridge"]
    assert widths_of(arch_of("MobileNetV2")) == {"up1": 32, "up2": 32, "up4": 64, "up8": 128, "bridge": 576}


@pytest.mark.parametrize("size", [(32, 48), (33, 50), (17, 31), (16, 21)])
def test_the_last_map_is_what_the_head_reads_cropped_to_the_image(size: tuple[int, int]) -> None:
    made = network()
    taps = Taps(made, ["up1", "up4"])
    logits, maps = taps.read(made, torch.rand(2, 3, *size))
    torch.testing.assert_close(made.head(maps["up1"]), logits)
    rows, columns = maps["up4"].shape[-2:]
    assert 0 <= rows * 4 - size[0] < 8 and 0 <= columns * 4 - size[1] < 8, "every pixel, and no cell of padding alone"


def test_a_map_carries_the_gradient() -> None:
    made = network().train()
    _, maps = Taps(made, ["up2"]).read(made, torch.rand(1, 3, 16, 16))
    maps["up2"].sum().backward()
    assert made.bridge[0].weight.grad is not None and made.head.weight.grad is None


@torch.no_grad()
def test_no_map_is_held_on_to_whoever_calls_the_network() -> None:
    made, alive = network(), []
    made.decoder[-1].register_forward_hook(lambda block, arguments, output: alive.append(weakref.ref(output)))
    taps = Taps(made, ["up1"])
    made(torch.rand(1, 3, 16, 16))
    _, maps = taps.read(made, torch.rand(1, 3, 16, 16))
    assert [ref() is None for ref in alive] == [True, False] and maps["up1"].shape == (1, 16, 16, 16)
    del maps
    with pytest.raises(RuntimeError):
        taps.read(made, torch.rand(1, 4, 16, 16))
    made(torch.rand(1, 3, 16, 16))
    assert not any(ref() is not None for ref in alive)


def test_maps_are_read_under_autocast_and_wrapped_by_accelerate() -> None:
    made = network()
    wrapped = make_accelerator("cpu", "bf16").prepare(made)
    taps = Taps(made, ["bridge"])
    logits, maps = taps.read(wrapped, torch.rand(1, 3, 16, 16))
    assert logits.dtype == torch.float32 and maps["bridge"].dtype == torch.bfloat16


def test_what_is_not_there_is_said() -> None:
    with pytest.raises(ConfigError, match="M128 has no maps at up8; its levels are up1, up2, up4, bridge"):
        Taps(network(), ["up1", "up8"])
    with pytest.raises(ConfigError, match="only a U-Net"):
        Taps(nn.Conv2d(3, 6, 1), ["up1"])


def test_no_level_leaves_the_network_without_a_hook() -> None:
    made = network()
    Taps(made, [])
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in made.modules())
