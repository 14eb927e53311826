"""One image through a network: scale, sizes, strips, modes. The networks are small enough to know their answer."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unetkd_core.errors import ImageError
from unetkd_core.inference.predict import predict
from unetkd_core.inference.readout import Readout
from unetkd_core.inference.upsample import upsampled_strips
from unetkd_core.inference.views import to_batch
from unetkd_core.models.names import m_arch
from unetkd_core.models.registry import build


class Brightness(nn.Module):
    """Class 1 where the image is light, class 0 where dark; remembers what it was shown."""

    def forward(self, image: Tensor) -> Tensor:
        self.seen, self.mode, self.grad = image, self.training, torch.is_grad_enabled()
        light = image.mean(dim=1)
        return torch.stack([0.5 - light, light - 0.5, *[torch.full_like(light, -9.0)] * 4], dim=1)


def halves(height: int, width: int) -> np.ndarray:
    """Left half black, right half white."""
    image = np.zeros((height, width, 3), dtype=np.uint8)
    image[:, width // 2 :] = 255
    return image


def test_the_label_map_has_the_images_size_and_the_logits_the_working_size() -> None:
    prediction = predict(Brightness(), halves(100, 400), training_size=(32, 64))
    assert prediction.logits.shape == (6, 32, 128) and prediction.logits.dtype == np.float32
    assert prediction.labels.shape == (100, 400) and prediction.labels.dtype == np.uint8
    assert (prediction.labels[:, :196] == 0).all() and (prediction.labels[:, 204:] == 1).all()


def test_the_network_sees_raw_fractions_at_training_scale_in_eval_mode_without_gradients() -> None:
    model = Brightness().train()
    predict(model, halves(64, 128), training_size=(32, 64))
    assert model.seen.shape == (1, 3, 32, 64) and model.seen.dtype == torch.float32
    assert (float(model.seen.min()), float(model.seen.max())) == (0.0, 1.0)
    assert (model.mode, model.grad) == (False, False)
    assert model.training  # left as it came


def test_probabilities_sum_to_one_and_their_largest_is_the_label() -> None:
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (45, 61, 3), dtype=np.uint8)
    torch.manual_seed(0)
    prediction = predict(build(m_arch("M128")), image, training_size=(32, 48))
    probs = prediction.probs
    assert probs.shape == (6, 45, 61) and probs.dtype == np.float32
    np.testing.assert_allclose(probs.sum(0), 1, rtol=1e-5)
    assert (probs.argmax(0) == prediction.labels).all()


@pytest.mark.parametrize("size", [(16, 16), (16, 300), (300, 16), (17, 19)])
@pytest.mark.parametrize("name", ["M128", "M1024"])
def test_any_size_from_16_pixels_works(name: str, size: tuple[int, int]) -> None:
    image = np.zeros((*size, 3), dtype=np.uint8)
    assert predict(build(m_arch(name)), image, training_size=(16, 32)).labels.shape == size


@pytest.mark.parametrize(
    "image", [np.zeros((32, 32), np.uint8), np.zeros((32, 32, 4), np.uint8), np.zeros((32, 32, 3), np.float32)]
)
def test_other_arrays_are_refused(image: np.ndarray) -> None:
    with pytest.raises(ImageError, match=r"expected \(H, W, 3\) uint8"):
        predict(Brightness(), image, training_size=(32, 32))


@pytest.mark.parametrize("size", [(50, 70), (13, 29), (13, 80), (40, 29), (7, 9), (1, 1), (26, 58)])
@pytest.mark.parametrize("strip_values", [1, 2000, 10**9])
def test_strips_are_bilinear_upsampling_however_they_are_cut(size: tuple[int, int], strip_values: int) -> None:
    logits = torch.randn(2, 6, 13, 29, generator=torch.Generator().manual_seed(1))
    strips = list(upsampled_strips(logits, size, strip_values=strip_values))
    assert [r for rows, _ in strips for r in range(rows.start, rows.stop)] == list(range(size[0]))
    whole = F.interpolate(logits, size=size, mode="bilinear", align_corners=False)
    torch.testing.assert_close(torch.cat([s for _, s in strips], dim=2), whole, atol=1e-5, rtol=1e-5)
    labels = Readout([logits]).labels(size)
    assert labels.dtype == torch.uint8
    assert torch.equal(labels, whole.argmax(dim=1).to(torch.uint8))


def test_a_strip_holds_no_more_than_it_may() -> None:
    logits = torch.zeros(2, 6, 20, 30)
    for size in [(20, 30), (400, 300)]:
        assert max(strip.numel() for _, strip in upsampled_strips(logits, size, strip_values=8000)) <= 8000


def test_a_batch_is_fractions_in_channel_order() -> None:
    image = np.zeros((2, 3, 3), dtype=np.uint8)
    image[0, 1] = (255, 51, 0)
    batch = to_batch([image, image])
    assert batch.shape == (2, 3, 2, 3)
    torch.testing.assert_close(batch[1, :, 0, 1], torch.tensor([1.0, 0.2, 0.0]))


@pytest.mark.parametrize("size", [(8192, 8192), (4096, 4096), (16, 8192)])
def test_a_training_size_that_would_exhaust_the_memory_is_refused_before_anything_is_resized(
    size: tuple[int, int],
) -> None:
    model = Brightness()
    if size[0] * size[1] <= 2**20:
        assert predict(model, halves(32, 64), training_size=size).labels.shape == (32, 64)
        return
    with pytest.raises(ImageError, match=r"at most 8\.4 megapixels fit into memory"):
        predict(model, halves(32, 64), training_size=size)
    assert not hasattr(model, "seen")
