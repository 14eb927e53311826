"""U-Nets on torchvision's encoders: taps by name, sizes, costs, ImageNet weights from disk, and what is refused."""

import hashlib
from http.client import BadStatusLine

import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torchvision import models

from unetkd_core.errors import CheckpointError, ConfigError
from unetkd_core.models import pretrained
from unetkd_core.models.backbone_unet import BackboneUNet
from unetkd_core.models.backbones import BACKBONES, ENCODERS, INPUT
from unetkd_core.models.complexity import macs, parameters
from unetkd_core.models.names import arch_of
from unetkd_core.models.registry import build

NAMES = sorted(ENCODERS)
# Keras' blocks 1, 3, 6 and 13 are the inverted residuals that first have each stride: their indices in torchvision.
KERAS_FIRST_OF_STRIDE = (2, 4, 7, 14)


@pytest.fixture(scope="module")
def networks() -> dict[str, nn.Module]:
    return {name: build(arch_of(name)).eval() for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_counted_parameters_are_the_modules(networks, name):
    assert parameters(arch_of(name)) == sum(p.numel() for p in networks[name].parameters())


@pytest.mark.parametrize("name", NAMES)
def test_counted_macs_are_what_hooks_on_the_convolutions_count(networks, name):
    counted, handles = 0, []

    def count(module, inputs, output):
        nonlocal counted
        if isinstance(module, nn.ConvTranspose2d):
            counted += inputs[0][0].numel() * module.out_channels * 4
        else:
            seen = module.in_channels // module.groups
            counted += output[0].numel() * seen * module.kernel_size[0] * module.kernel_size[1]

    for module in networks[name].modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            handles.append(module.register_forward_hook(count))
    networks[name](torch.rand(1, 3, 33, 50))
    for handle in handles:
        handle.remove()
    assert macs(arch_of(name), 33, 50) == counted


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [(16, 16), (16, 71), (33, 47)])
def test_any_size_from_16_pixels_gives_logits_of_that_size(networks, name, size):
    with torch.inference_mode():
        assert networks[name](torch.rand(1, 3, *size)).shape == (1, 6, *size)


def test_mobilenet_is_tapped_at_the_expansions_that_keras_names_and_not_at_their_neighbours_of_equal_size():
    expected = tuple(f"features.{i}.conv.0" for i in KERAS_FIRST_OF_STRIDE)
    assert BACKBONES["mobilenet_v2"].taps == (INPUT, *expected)
    blocks = models.mobilenet_v2(weights=None).features
    for index in KERAS_FIRST_OF_STRIDE:  # the depthwise convolution behind the expansion is the one that strides
        assert blocks[index].conv[1][0].stride == (2, 2)
        assert isinstance(blocks[index].conv[0][2], nn.ReLU6)


def test_vgg_is_tapped_at_the_last_relu_of_each_block():
    features = list(models.vgg16(weights=None, num_classes=1).features)
    before_pooling = [i - 1 for i, layer in enumerate(features) if isinstance(layer, nn.MaxPool2d)]
    assert BACKBONES["vgg16"].taps == tuple(f"features.{i}" for i in before_pooling)
    assert all(isinstance(features[i], nn.ReLU) for i in before_pooling)


@pytest.mark.parametrize("name", NAMES)
def test_taps_hold_what_torchvisions_own_network_computes_there(networks, name):
    backbone = ENCODERS[name]
    whole = models.get_model(backbone.factory, weights=None, num_classes=2).eval()
    whole.load_state_dict(networks[name].encoder.state_dict(), strict=False)
    image, seen = torch.rand(1, 3, 32, 48), {}
    taps = [tap for tap in backbone.taps if tap != INPUT]
    for tap in taps:
        # A copy: layers behind a tap may work in place.
        whole.get_submodule(tap).register_forward_hook(
            lambda module, inputs, output, tap=tap: seen.setdefault(tap, output.clone())
        )
    with torch.inference_mode():
        whole(image)
        ours = networks[name].encoder(image)
    for number, tap in enumerate(backbone.taps):
        if tap != INPUT:
            torch.testing.assert_close(ours[tap], seen[tap])
            assert ours[tap].shape[1:] == (backbone.channels[number], 32 >> number, 48 >> number)


@pytest.mark.parametrize("name", NAMES)
def test_the_addresses_of_the_weights_are_torchvisions(name):
    weights = models.get_model_weights(ENCODERS[name].factory)["IMAGENET1K_V1"]
    assert ENCODERS[name].weights_url == weights.url


def test_the_first_weights_are_a_function_of_the_seed():
    states = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        states.append(build(arch_of("MobileNetV2")).state_dict())
    same = [all(torch.equal(states[0][k], other[k]) for k in states[0]) for other in states[1:]]
    assert same == [True, False]


def test_all_features_are_finite_and_alive_from_scratch(networks):
    with torch.inference_mode():
        for network in networks.values():
            logits = network(torch.rand(2, 3, 32, 32))
            assert logits.isfinite().all() and logits.std() > 1e-3


@pytest.mark.parametrize(
    ("change", "what"), [({"backbone": "vgg19"}, "vgg19"), ({"decoder": [8, 8]}, "2 widths"), ({"depth": 1}, "depth")]
)
def test_a_wrong_description_is_refused_in_a_sentence(change, what):
    with pytest.raises(CheckpointError, match=what):
        build({**arch_of("VGG16"), **change})


# -- ImageNet weights ----------------------------------------------------------------------------------------------


@pytest.fixture
def no_cache(monkeypatch, tmp_path):
    """No weights anywhere, until a test puts some."""
    monkeypatch.delenv("UNETKD_WEIGHTS", raising=False)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return tmp_path


def encoder_tensors(network: nn.Module, value: float) -> dict[str, torch.Tensor]:
    state = network.encoder.state_dict()
    return {k: torch.full_like(v, value) for k, v in state.items() if not k.endswith("num_batches_tracked")}


def test_a_folder_gives_each_encoder_its_own_file_and_leaves_the_classifier_out(no_cache, monkeypatch, networks):
    tensors = {**encoder_tensors(networks["MobileNetV2"], 0.5), "classifier.1.weight": torch.zeros(2, 3)}
    save_file(tensors, no_cache / "mobilenet_v2_encoder.safetensors")
    monkeypatch.setenv("UNETKD_WEIGHTS", str(no_cache))
    model = BackboneUNet("mobilenet_v2", weights="imagenet")
    assert float(model.encoder.state_dict()["features.0.0.weight"].mean()) == 0.5
    assert pretrained.find("VGG16").path is None


def test_torchvisions_own_download_is_taken_when_its_hash_is_what_its_name_says(no_cache, monkeypatch, networks):
    torch.save(encoder_tensors(networks["ResNet50"], 0.25), no_cache / "raw")
    digest = hashlib.sha256((no_cache / "raw").read_bytes()).hexdigest()[:8]
    (no_cache / "raw").rename(no_cache / f"resnet50-{digest}.pth")
    monkeypatch.setenv("UNETKD_WEIGHTS", str(no_cache / f"resnet50-{digest}.pth"))
    model = BackboneUNet("resnet50", weights="imagenet")
    assert float(model.encoder.state_dict()["conv1.weight"].mean()) == 0.25


def test_a_file_that_is_damaged_lacks_a_tensor_or_is_another_network_is_refused(no_cache, monkeypatch, networks):
    tensors = encoder_tensors(networks["MobileNetV2"], 0.5)
    cases = {
        "lacks features.0.0.weight": {k: v for k, v in tensors.items() if k != "features.0.0.weight"},
        "as .* expected": {**tensors, "features.0.0.weight": torch.zeros(1)},
    }
    path = no_cache / "mobilenet_v2.safetensors"
    monkeypatch.setenv("UNETKD_WEIGHTS", str(no_cache))
    for what, content in cases.items():
        save_file(content, path)
        with pytest.raises(ConfigError, match=what):
            BackboneUNet("mobilenet_v2", weights="imagenet")
    tensors.pop(ENCODERS["MobileNetV2"].probe)
    save_file(tensors, path)
    with pytest.raises(ConfigError, match="is no MobileNetV2"):  # and that before anything runs
        pretrained.check("MobileNetV2")
    path.write_bytes(b"no weights")
    with pytest.raises(ConfigError, match="cannot be read as weights"):
        BackboneUNet("mobilenet_v2", weights="imagenet")
    path.unlink()
    (no_cache / "mobilenet_v2-b0353104.pth").write_bytes(b"truncated")
    with pytest.raises(ConfigError, match="not what its name says"):
        BackboneUNet("mobilenet_v2", weights="imagenet")


def test_one_file_for_all_is_the_encoders_whose_tensors_it_has(no_cache, monkeypatch, networks):
    path = no_cache / "mine.safetensors"
    save_file(encoder_tensors(networks["ResNet50"], 0.5), path)
    monkeypatch.setenv("UNETKD_WEIGHTS", str(path))
    assert {name: pretrained.find(name).path for name in NAMES} == {
        "MobileNetV2": None, "ResNet50": path, "VGG16": None,
    }  # fmt: skip
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert pretrained.check("ResNet50").provenance() == {"file": "mine.safetensors", "sha256": digest}


def test_a_server_that_answers_nonsense_is_said_in_a_sentence(no_cache, monkeypatch):
    def nonsense(*args, **kwargs):
        raise BadStatusLine("HTTP/9 what")

    monkeypatch.setattr(pretrained.urllib.request, "urlopen", nonsense)
    with pytest.raises(ConfigError, match="cannot be fetched"):
        pretrained.check("VGG16")


def test_without_weights_and_without_network_it_says_so_before_anything_runs(no_cache):
    with pytest.raises(ConfigError, match=r"VGG16's ImageNet weights are not on this machine .* UNETKD_WEIGHTS"):
        pretrained.check("VGG16")


def test_a_variable_that_names_nothing_is_an_error_of_its_own(no_cache, monkeypatch):
    monkeypatch.setenv("UNETKD_WEIGHTS", str(no_cache / "nowhere"))
    with pytest.raises(ConfigError, match="does not exist"):
        pretrained.find("VGG16")
