"""The ensemble as a teacher: the mean by hand, one is itself, order does not matter, weights stay on the simplex."""

import math

import pytest
import torch
from torch import Tensor, nn

from unetkd_core.errors import ConfigError
from unetkd_core.models.ensemble import EnsembleTeacher
from unetkd_core.models.names import arch_of
from unetkd_core.models.registry import build
from unetkd_core.models.weighting import even, on_simplex


class Says(nn.Module):
    """A network that gives the same probabilities at every pixel; counts how often it is asked."""

    def __init__(self, *probs: float, scale: float = 1.0, shift: float = 0.0) -> None:
        super().__init__()
        self.logits = torch.tensor(probs).log() * scale + shift
        self.asked = 0

    def forward(self, image: Tensor) -> Tensor:
        self.asked += 1
        return self.logits.view(1, -1, 1, 1).expand(len(image), -1, *image.shape[-2:])


IMAGE = torch.rand(2, 3, 4, 5)
A, B = (0.7, 0.2, 0.1), (0.1, 0.6, 0.3)


def probs(ensemble: nn.Module, temperature: float = 1.0, target: Tensor | None = None) -> list[float]:
    logits = ensemble(IMAGE, target) if target is not None else ensemble(IMAGE)
    return (logits / temperature).softmax(dim=1)[0, :, 0, 0].tolist()


def test_the_mean_of_probabilities_is_the_one_worked_out_by_hand() -> None:
    ensemble = EnsembleTeacher([Says(*A), Says(*B, shift=50.0)], weights=[3, 1], weighting="fixed")
    assert probs(ensemble) == pytest.approx([0.55, 0.3, 0.15])


def test_a_temperature_softens_the_mean_and_not_each_member() -> None:
    ensemble = EnsembleTeacher([Says(*A), Says(*B)])
    mean = [0.4, 0.4, 0.2]
    softened = [p**0.25 for p in mean]
    assert probs(ensemble, temperature=4) == pytest.approx([p / sum(softened) for p in softened])


def test_the_mean_of_logits_is_one_of_centred_logits() -> None:
    ensemble = EnsembleTeacher([Says(*A, shift=9.0), Says(*B)], space="logits")
    geometric = [math.sqrt(a * b) for a, b in zip(A, B, strict=True)]
    assert probs(ensemble) == pytest.approx([g / sum(geometric) for g in geometric])
    assert ensemble(IMAGE).sum(dim=1).abs().max() < 1e-5


@pytest.mark.parametrize("space", ["probs", "logits"])
@pytest.mark.parametrize("weighting", ["even", "fixed", "loss", "confidence"])
def test_an_ensemble_of_one_is_that_one(space: str, weighting: str) -> None:
    torch.manual_seed(0)
    network = build(arch_of("M128")).eval()
    weights = None if weighting == "even" else [2]
    ensemble = EnsembleTeacher([network], weights=weights, space=space, weighting=weighting)  # type: ignore[arg-type]
    image = torch.rand(1, 3, 16, 24)
    with torch.inference_mode():
        assert torch.equal(ensemble(image), network(image))


@pytest.mark.parametrize("space", ["probs", "logits"])
@pytest.mark.parametrize("weighting", ["fixed", "loss", "confidence", "per_class"])
def test_the_order_of_members_does_not_matter(space: str, weighting: str) -> None:
    torch.manual_seed(1)
    logits = [torch.randn(2, 6, 4, 5) for _ in range(3)]
    target = torch.randint(0, 6, (2, 4, 5))
    means = []
    for order in ([0, 1, 2], [2, 0, 1]):
        by_class = weighting == "per_class"
        ensemble = EnsembleTeacher(
            [nn.Identity() for _ in order],
            weights=None if by_class else [[5, 2, 3][i] for i in order],
            class_weights=[[0.1 + i + c for c in range(6)] for i in order] if by_class else None,
            space=space,  # type: ignore[arg-type]
            weighting=weighting,  # type: ignore[arg-type]
        )
        means.append(ensemble.mix([logits[i] for i in order], target).log_softmax(dim=1))
    torch.testing.assert_close(means[0], means[1])


def test_weights_by_class_take_each_class_from_its_own_column() -> None:
    first, second = (0.7, 0.1, 0.05, 0.05, 0.05, 0.05), (0.1, 0.5, 0.1, 0.1, 0.1, 0.1)
    rows = [[1.0, 0.0, 0.5, 0.5, 0.5, 0.5], [0.0, 1.0, 0.5, 0.5, 0.5, 0.5]]
    ensemble = EnsembleTeacher([Says(*first), Says(*second)], weighting="per_class", class_weights=rows)
    unscaled = [0.7, 0.5, 0.075, 0.075, 0.075, 0.075]
    assert probs(ensemble) == pytest.approx([p / sum(unscaled) for p in unscaled])


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"weighting": "grid"}, "there are no weights"),
        ({"weighting": "fixed"}, "there are no weights"),
        ({"weighting": "even", "weights": [1, 2]}, "Even takes no weights"),
        ({"weighting": "per_class"}, "one row a network"),
        ({"weighting": "per_class", "class_weights": [[1.0] * 6]}, "need 2 rows of 6"),
        ({"weighting": "per_class", "class_weights": [[1.0] * 6, [1.0] * 5]}, "got rows of 6, 5"),
        ({"weighting": "fixed", "weights": [1, 2], "class_weights": [[1.0] * 6] * 2}, "one row a network"),
    ],
)
def test_an_ensemble_is_never_even_by_oversight(given: dict[str, object], what: str) -> None:
    with pytest.raises(ConfigError, match=what):
        EnsembleTeacher([Says(*A), Says(*B)], **given)  # type: ignore[arg-type]


def test_given_weights_are_taken_without_a_word_about_the_weighting() -> None:
    assert probs(EnsembleTeacher([Says(*A), Says(*B)], weights=[0, 1])) == pytest.approx(list(B))


def test_weights_by_loss_are_inverse_to_each_members_cross_entropy_on_labelled_pixels() -> None:
    target = torch.full((2, 4, 5), 1)
    target[0, :2] = 255  # void, and
    target[1, :2] = 254  # unlabelled pixels have no say
    ensemble = EnsembleTeacher([Says(*A), Says(*B)], weighting="loss")
    a, b = 1 / -math.log(0.2), 1 / -math.log(0.6)
    expected = [(a * p + b * q) / (a + b) for p, q in zip(A, B, strict=True)]
    assert probs(ensemble, target=target) == pytest.approx(expected)
    assert ensemble.needs_target
    nothing = torch.full((2, 4, 5), 255)
    assert probs(ensemble, target=nothing) == pytest.approx([0.4, 0.4, 0.2])
    assert probs(ensemble) == pytest.approx([0.4, 0.4, 0.2])


def test_weights_by_confidence_are_one_minus_the_entropy_of_each_member_at_each_pixel() -> None:
    def sure(p: tuple[float, ...]) -> float:
        return 1 + sum(x * math.log(x) for x in p) / math.log(3)

    ensemble = EnsembleTeacher([Says(*A), Says(*B)], weights=[1, 2], weighting="confidence")
    a, b = sure(A), 2 * sure(B)
    assert probs(ensemble) == pytest.approx([(a * p + b * q) / (a + b) for p, q in zip(A, B, strict=True)])
    certain, clueless = torch.tensor([500.0, 0, 0]).view(1, 3, 1, 1), torch.zeros(1, 3, 1, 1)
    mixed = ensemble.mix([certain, clueless]).softmax(dim=1).flatten()
    assert mixed.isfinite().all() and mixed[0] > 0.999


def test_a_member_of_weight_zero_is_not_even_asked() -> None:
    quiet, heard = Says(*A), Says(*B)
    ensemble = EnsembleTeacher([quiet, heard], weights=[0, 4], weighting="fixed")
    assert probs(ensemble) == pytest.approx(list(B))
    assert (quiet.asked, heard.asked) == (0, 1)


def test_extreme_logits_and_half_precision_stay_finite() -> None:
    wild = torch.tensor([1e4, -1e4, 0.0]).view(1, 3, 1, 1)
    for space in ("probs", "logits"):
        ensemble = EnsembleTeacher([nn.Identity(), nn.Identity()], space=space)  # type: ignore[arg-type]
        mean = ensemble.mix([wild.bfloat16(), -wild.bfloat16()])
        assert mean.dtype == torch.float32 and mean.isfinite().all()


def test_under_autocast_the_mean_is_taken_in_float32_all_the_same() -> None:
    torch.manual_seed(0)
    logits = [torch.randn(1, 6, 4, 5) for _ in range(3)]
    for weighting in ("even", "confidence"):
        ensemble = EnsembleTeacher([nn.Identity()] * 3, weighting=weighting)  # type: ignore[arg-type]
        plain = ensemble.mix(logits)
        with torch.autocast("cpu", torch.bfloat16):
            assert torch.equal(ensemble.mix(logits), plain)


def test_mixed_architectures_and_any_size_of_image_give_logits_of_that_size() -> None:
    members = [build(arch_of(name)).eval() for name in ("M128", "MobileNetV2", "ResNet50")]
    with torch.inference_mode():
        mean = EnsembleTeacher(members)(torch.rand(2, 3, 19, 33))
    assert mean.shape == (2, 6, 19, 33)
    torch.testing.assert_close(mean.exp().sum(dim=1), torch.ones(2, 19, 33))  # log-probabilities


@pytest.mark.parametrize(
    ("weights", "what"),
    [
        ([1, -1], "none may be negative"),
        ([1, math.nan], "expected finite"),
        ([1, math.inf], "expected finite"),
        ([0, 0], "All weights are zero"),
        ([1], "Got 1 weights"),
    ],
)
def test_weights_that_cannot_be_are_refused_in_a_sentence(weights: list[float], what: str) -> None:
    with pytest.raises(ConfigError, match=what):
        EnsembleTeacher([Says(*A), Says(*B)], weights=weights, weighting="fixed")


def test_weights_are_brought_to_sum_one_whatever_their_size() -> None:
    assert on_simplex([1e308, 1e308], 2) == (0.5, 0.5)
    assert on_simplex([5e-324, 0], 2) == (1.0, 0.0)
    assert sum(even(3)) == pytest.approx(1)
