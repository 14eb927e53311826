"""The critic scores any size, sees photo and map, keeps to float32, can be differentiated twice and comes back bit for
bit.
"""

import pytest
import torch
from torch.nn.utils import parametrize

from unetkd_core.models.critic import Critic, SelfAttention


def pictures(count=2, height=32, width=64, seed=0):
    generator = torch.Generator().manual_seed(seed)
    image = torch.rand(count, 3, height, width, generator=generator)
    return image, torch.randn(count, 6, height, width, generator=generator).softmax(1)


def critic(seed=0):
    torch.manual_seed(seed)
    return Critic(width=4).eval()


@pytest.mark.parametrize("size", [(16, 16), (16, 40), (33, 65), (160, 224)])
def test_any_size_gives_one_score_an_image(size):
    scores = critic()(*pictures(3, *size))
    assert scores.shape == (3,) and torch.isfinite(scores).all()


def test_an_images_score_does_not_depend_on_its_neighbours():
    model, (image, maps) = critic(), pictures(3)
    torch.testing.assert_close(model(image, maps)[1:2], model(image[1:2], maps[1:2]))


def test_it_sees_the_map_and_the_photo_beside_it():
    model, (image, maps) = critic(), pictures()
    other_image, other_maps = pictures(seed=1)
    assert (model(image, maps) - model(image, other_maps)).abs().min() > 1e-5
    assert (model(image, maps) - model(other_image, maps)).abs().min() > 1e-5


def test_void_at_the_border_is_like_no_border():
    model, (image, maps) = critic(), pictures(1, 32, 40)
    wider = [torch.nn.functional.pad(x, (0, 24)) for x in (image, maps)]
    torch.testing.assert_close(model(image, maps), model(*wider))


def test_every_convolution_but_the_head_has_a_largest_singular_value_of_one():
    torch.manual_seed(0)
    model = Critic(width=4)
    for _ in range(50):
        model(*pictures(1))
    norms = [m for m in model.modules() if isinstance(m, torch.nn.Conv2d) and parametrize.is_parametrized(m, "weight")]
    assert len(norms) == 5
    for convolution in norms:
        assert torch.linalg.matrix_norm(convolution.weight.flatten(1), 2).item() == pytest.approx(1, abs=0.02)


def test_attention_starts_as_nothing_and_then_adds_what_the_places_looked_at_hold():
    torch.manual_seed(0)
    attention, x = SelfAttention(8), torch.randn(1, 8, 1, 3)
    assert torch.equal(attention(x), x)
    with torch.no_grad():
        attention.gamma.fill_(0.5)
        attention.query.weight.zero_()
        attention.query.bias.zero_()  # no question: every place looks at all alike
        attention.value.weight.copy_(torch.eye(8)[:, :, None, None])
        attention.value.bias.zero_()
    torch.testing.assert_close(attention(x), x + 0.5 * x.mean(dim=3, keepdim=True))
    with torch.no_grad():  # each asks for places where channel 0 is high
        attention.query.bias.fill_(1000.0)
        attention.key.weight.zero_()
        attention.key.weight[0, 0] = 1.0
    highest = x[..., x[0, 0, 0].argmax()][..., None]
    torch.testing.assert_close(attention(x), x + 0.5 * highest)


def test_autocast_and_layout_leave_the_score_as_it_is():
    model, (image, maps) = critic(), pictures()
    last = [x.contiguous(memory_format=torch.channels_last) for x in (image, maps)]
    with torch.autocast("cpu", torch.bfloat16):
        got = model(*last)
    assert got.dtype == torch.float32
    torch.testing.assert_close(got, model(image, maps))


def test_the_slope_can_be_differentiated_again_attention_included():
    model, (image, maps) = critic(), pictures()
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, SelfAttention):
                module.gamma.fill_(0.7)
    maps.requires_grad_()
    (slope,) = torch.autograd.grad(model(image, maps).sum(), maps, create_graph=True)
    slope.square().sum().backward()
    missing = [name for name, p in model.named_parameters() if p.grad is None or not torch.isfinite(p.grad).all()]
    # Biases before no nonlinearity of x shift the score and not its slope.
    assert [name for name in missing if not name.endswith("bias")] == []


def test_its_state_brings_back_what_the_next_passes_give_bit_for_bit():
    torch.manual_seed(0)
    first, other = Critic(width=4), Critic(width=4)
    first(*pictures())
    other.load_state_dict(first.state_dict())
    for seed in range(3):  # in training mode, where the norms' estimates move on
        assert torch.equal(first(*pictures(seed=seed)), other(*pictures(seed=seed)))
