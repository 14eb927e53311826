"""The paper's U-Nets: sizes, costs, shapes for any input, initialisation."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from unetkd_core.errors import CheckpointError
from unetkd_core.models.complexity import macs, parameters
from unetkd_core.models.names import M_LEVELS, U_WIDTHS, arch_of, m_arch, u_arch, usual_norm
from unetkd_core.models.registry import build
from unetkd_core.models.unet import UNet


@pytest.mark.parametrize(("name", "millions"), [("M128", 0.48), ("M256", 1.94), ("M512", 7.8), ("M1024", 31.1)])
def test_parameter_counts_are_the_papers(name, millions):
    count = parameters(m_arch(name))
    assert count / 1e6 == pytest.approx(millions, rel=0.01)
    assert 16 << M_LEVELS[name] == int(name[1:])


@pytest.mark.parametrize(("name", "count"), [("U64", 31_037_958), ("U16", 1_942_662), ("U4", 122_118), ("U2", 30_766)])
def test_the_chains_networks_have_as_many_parameters_as_their_authors_say(name, count):
    """Mangalam and Salzmann: 31 M, 1.94 M, 122 k, 30.7 k, four levels each; with batch normalisation by default."""
    assert parameters(arch_of(name)) == count == sum(p.numel() for p in build(arch_of(name)).parameters())
    assert (usual_norm(name), arch_of(name, "none")["norm"]) == ("batch", "none")
    assert u_arch(name)["base_width"] == U_WIDTHS[name] == int(name[1:]) and u_arch(name)["levels"] == 4


@pytest.mark.parametrize("norm", ["none", "batch"])
@pytest.mark.parametrize("name", ["M128", "M256"])
def test_counted_parameters_are_the_modules(name, norm):
    model = build(m_arch(name, norm))
    assert parameters(m_arch(name, norm)) == sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize("size", [(32, 64), (17, 30)])
def test_counted_macs_are_what_hooks_on_the_convolutions_count(size):
    model, counted = build(m_arch("M256")), 0

    def count(module, inputs, output):
        nonlocal counted
        if isinstance(module, nn.ConvTranspose2d):
            counted += inputs[0][0].numel() * module.out_channels * 4
        else:
            counted += output[0].numel() * module.in_channels * module.kernel_size[0] * module.kernel_size[1]

    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            module.register_forward_hook(count)
    model(torch.rand(1, 3, *size))
    assert macs(m_arch("M256"), *size) == counted


@pytest.mark.parametrize("name", sorted(M_LEVELS))
@pytest.mark.parametrize("size", [(16, 16), (16, 71), (33, 47), (64, 64)])
def test_any_size_from_16_pixels_gives_logits_of_that_size(name, size):
    with torch.inference_mode():
        assert build(m_arch(name))(torch.rand(1, 3, *size)).shape == (1, 6, *size)


def test_a_padded_image_gets_the_logits_of_the_image_padded_by_hand():
    model = build(m_arch("M128")).eval()
    image = torch.rand(1, 3, 30, 37)
    padded = F.pad(image, (1, 2, 1, 1), mode="replicate")
    torch.testing.assert_close(model(image), model(padded)[..., 1:31, 1:38])


def test_he_initialisation_keeps_the_signal_alive_through_every_level():
    torch.manual_seed(0)
    deviations = []
    model = UNet(levels=6)
    for block in [*model.encoder, model.bridge]:
        block.register_forward_hook(lambda _m, _i, output: deviations.append(float(output.std())))
    with torch.inference_mode():
        model(torch.rand(2, 3, 128, 128))
    assert min(deviations) > 0.2 and max(deviations) < 5


def test_the_same_seed_gives_the_same_weights():
    models = []
    for _ in range(2):
        torch.manual_seed(7)
        models.append(build(m_arch("M128")))
    assert all(torch.equal(a, b) for a, b in zip(models[0].parameters(), models[1].parameters(), strict=True))


def test_channels_last_and_contiguous_agree():
    model, image = build(m_arch("M128")).eval(), torch.rand(2, 3, 32, 48)
    expected = model(image)
    got = model.to(memory_format=torch.channels_last)(image.to(memory_format=torch.channels_last))
    torch.testing.assert_close(got, expected, atol=1e-4, rtol=1e-4)


def test_an_unknown_type_and_wrong_fields_are_refused_in_a_sentence():
    with pytest.raises(CheckpointError, match="type is 'transformer'"):
        build({"type": "transformer"})
    with pytest.raises(CheckpointError, match="cannot be built"):
        build({"type": "unet", "depth": 3})
    with pytest.raises(CheckpointError, match="'backbone_unet' only"):
        parameters({"type": "resnet"})


def test_the_network_normalises_raw_images_itself():
    seen = []
    model = build(m_arch("M128")).eval()
    model.encoder[0].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    white, mean = torch.ones(1, 3, 16, 16), torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1).expand(1, 3, 16, 16)
    model(mean), model(white)
    assert seen[0].abs().max() < 1e-6
    expected = (1 - mean) / torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
    torch.testing.assert_close(seen[1], expected)
