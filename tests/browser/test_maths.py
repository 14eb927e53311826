"""The browser's maths against the core's: the same random logits through assets/viewer/maths.js and through torch."""

import base64
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import Browser, Page

from tests.browser.conftest import ROOT
from unetkd_core.losses.distill import kd_divergence
from unetkd_core.losses.task import cross_entropy
from unetkd_core.models.ensemble import EnsembleTeacher

RNG = np.random.default_rng(7)
TEACHER, STUDENT = RNG.normal(0, 6, (2, 40, 6)).astype(np.float32)
STUDENT[0] = TEACHER[0]  # a student that copies
TEACHER[1] = [80, -80, 0, 0, 0, 0]  # as sure as can be
LABELS = RNG.integers(0, 6, 40)
CASES = [(1.0, 0.5, False), (4.0, 0.1, True), (10.0, 0.1, False), (50.0, 0.9, True)]
Js = Callable[..., Any]


@pytest.fixture(scope="module")
def js(chromium: Browser) -> Any:
    """`js("softmax", rows, T)`: a function of maths.js with arguments that go through JSON."""
    page: Page = chromium.new_page()
    source = base64.b64encode((ROOT / "assets" / "viewer" / "maths.js").read_bytes()).decode()
    page.evaluate("async source => { window.maths = await import(`data:text/javascript;base64,${source}`); }", source)
    yield lambda name, *given: page.evaluate("([name, given]) => window.maths[name](...given)", [name, list(given)])
    page.close()


def image(logits: np.ndarray) -> torch.Tensor:
    """(P, 6) -> (1, 6, 1, P) float64."""
    return torch.from_numpy(logits.astype(np.float64)).T[None, :, None, :]


@pytest.mark.parametrize("temperature", [1.0, 4.0, 50.0])
def test_softmax_and_entropy(js: Js, temperature: float) -> None:
    for z in TEACHER[:8]:
        p = torch.softmax(torch.from_numpy(z).double() / temperature, dim=0).numpy()
        np.testing.assert_allclose(js("softmax", z.tolist(), temperature), p, rtol=1e-6, atol=1e-12)
        assert js("entropy", p.tolist()) == pytest.approx(
            torch.distributions.Categorical(torch.from_numpy(p)).entropy()
        )


@pytest.mark.parametrize("direction", ["forward", "reverse"])
@pytest.mark.parametrize(("temperature", "alpha", "scale"), CASES)
def test_the_loss_and_its_gradient_are_the_cores(
    js: Js, temperature: float, alpha: float, scale: bool, direction: Any
) -> None:
    for teacher, student, label in zip(TEACHER[:12], STUDENT[:12], LABELS[:12], strict=True):
        said = {"teacher": teacher.tolist(), "student": student.tolist(), "label": int(label), "alpha": alpha}
        got = js("loss", {**said, "temperature": temperature, "scaleByT2": scale, "direction": direction})
        target = torch.tensor([[[int(label)]]])
        z = image(student[None]).requires_grad_()
        hard = alpha * cross_entropy(z, target).total
        (by_hard,) = torch.autograd.grad(hard, z)
        z = image(student[None]).requires_grad_()
        options = {"temperature": temperature, "scale_by_t2": scale, "direction": direction}
        soft = (1 - alpha) * kd_divergence(z, image(teacher[None]), target, **options).total
        (by_soft,) = torch.autograd.grad(soft, z)
        np.testing.assert_allclose([got["hard"], got["soft"]], [hard.item(), soft.item()], rtol=1e-4, atol=1e-5)
        assert got["total"] == pytest.approx(got["hard"] + got["soft"])
        np.testing.assert_allclose(got["hardGradient"], by_hard.flatten().numpy(), rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(got["softGradient"], by_soft.flatten().numpy(), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(("space", "weighting"), [("probs", "fixed"), ("probs", "confidence"), ("logits", "fixed")])
def test_mixing_members_is_the_ensembles(js: Js, space: Any, weighting: Any) -> None:
    weights = [0.5, 0.2, 0.3]
    given = RNG.normal(0, 4, (3, 10, 6)).astype(np.float32)
    ensemble = EnsembleTeacher([torch.nn.Identity()] * 3, weights=weights, space=space, weighting=weighting)
    expected = ensemble.mix([image(z) for z in given])[0, :, 0].T.numpy()
    for pixel in range(10):
        got = js("mix", given[:, pixel].tolist(), weights, space, weighting)
        np.testing.assert_allclose(got, expected[pixel], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(js("mix", given[:, 0].tolist(), [0, 1, 0], space), given[1, 0], rtol=1e-6)


def test_who_moves_the_weights(js: Js) -> None:
    assert js("hardShare", {"hardGradient": [3, 4], "softGradient": [0, 5]}) == pytest.approx(0.5)
    assert js("hardShare", {"hardGradient": [0, 0], "softGradient": [0, 0]}) == 0
    assert js("ranking", [0.1, 3, -2]) == [1, 0, 2]
