"""Scores over a split against an independent count, at native resolution, with sizes that differ by scene."""

import math
import os
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from unetkd_core.classes import UNLABELLED, VOID
from unetkd_core.data.source import Scene
from unetkd_core.errors import DataError
from unetkd_core.inference.evaluate import evaluate
from unetkd_core.models.names import m_arch
from unetkd_core.models.registry import build


class Scenes:
    """A Source of scenes in memory."""

    name, split, mapping, licence, ref = "fake", "val", "camvid", "MIT", "fake:val"

    def __init__(self, scenes: Sequence[Scene]) -> None:
        self.scenes = scenes
        self.reads: list[int] = []

    def __len__(self) -> int:
        return len(self.scenes)

    def stem(self, index: int) -> str:
        return f"scene_{index}"

    def read(self, index: int) -> Scene:
        self.reads.append(index)
        return self.scenes[index]

    def read_at(self, index: int, height: int, width: int) -> Scene:
        raise AssertionError("evaluating reads native scenes")

    def fingerprint(self) -> str:
        return ""

    def content_hash(self) -> str:
        return self.fingerprint()

    def check(self) -> None:
        return None


class Always(nn.Module):
    """The same class everywhere, with logit 1 against 0."""

    def __init__(self, index: int) -> None:
        super().__init__()
        self.index = index

    def forward(self, image: Tensor) -> Tensor:
        logits = torch.zeros(image.shape[0], 6, *image.shape[2:])
        logits[:, self.index] = 1
        return logits


def random_scenes(sizes: Sequence[tuple[int, int]]) -> Scenes:
    rng = np.random.default_rng(7)
    values = np.array([0, 1, 2, 3, 4, 5, UNLABELLED, VOID], dtype=np.uint8)
    return Scenes([Scene(rng.integers(0, 256, (*s, 3), dtype=np.uint8), values[rng.integers(0, 8, s)]) for s in sizes])


def bilinear(logits: np.ndarray, height: int, width: int) -> np.ndarray:
    """(C, h, w) float64 -> (C, height, width) with half-pixel centres, written out from the definition."""

    def axis(source: int, wanted: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        at = np.clip((np.arange(wanted) + 0.5) * source / wanted - 0.5, 0, source - 1)
        low = np.floor(at).astype(int)
        return low, np.minimum(low + 1, source - 1), at - low

    top, bottom, y = axis(logits.shape[1], height)
    left, right, x = axis(logits.shape[2], width)
    rows = logits[:, top] * (1 - y)[None, :, None] + logits[:, bottom] * y[None, :, None]
    return rows[:, :, left] * (1 - x) + rows[:, :, right] * x


def independent(model: nn.Module, source: Scenes, train: tuple[int, int]) -> tuple[np.ndarray, float, float]:
    """IoU a class, pixel accuracy and cross-entropy by numpy and Pillow: shares only the network with the code."""
    inter, union, nats, right = np.zeros(6), np.zeros(6), [], 0
    for image, labels in source.scenes:
        assert labels is not None
        h, w = labels.shape
        scale = min(max(train[0] / h, train[1] / w), math.sqrt(4 * train[0] * train[1] / (h * w)))
        size = (max(16, round(w * scale)), max(16, round(h * scale)))
        small = np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BILINEAR))
        with torch.no_grad():
            logits = model(torch.from_numpy(small / 255.0).float().permute(2, 0, 1)[None])[0].double().numpy()
        full = bilinear(logits, h, w)
        pred = full.argmax(0)
        log_z = np.log(np.exp(full).sum(0))
        for row in range(h):
            for column in range(w):
                label, guess = int(labels[row, column]), int(pred[row, column])
                if label > 5:
                    continue
                nats.append(log_z[row, column] - full[label, row, column])
                right += label == guess
                union[label] += 1
                union[guess] += label != guess
                inter[label] += label == guess
    return inter / union, right / len(nats), float(np.mean(nats))


def test_scores_agree_with_an_independent_count_at_native_resolution() -> None:
    torch.manual_seed(3)
    model = build(m_arch("M128")).eval()
    source = random_scenes([(24, 40), (24, 40), (50, 33), (24, 40), (70, 20)])
    scores = evaluate(model, source, training_size=(32, 48))
    iou, accuracy, nats = independent(model, source, (32, 48))
    np.testing.assert_allclose(scores.iou, iou, atol=1e-3)  # one pixel on a tie may fall to either side
    assert scores.pixel_accuracy == pytest.approx(accuracy, abs=1e-3)
    assert scores.loss_ce == pytest.approx(nats, rel=1e-5)
    assert scores.miou == pytest.approx(np.mean(scores.iou))


def test_every_labelled_pixel_counts_once_whatever_the_batches_are(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(3)
    model = build(m_arch("M128", "batch"))
    source = random_scenes([(24, 40)] * 5)
    together = evaluate(model, source, training_size=(32, 48))
    monkeypatch.setattr("unetkd_core.inference.evaluate.BATCH_PIXELS", 1)
    singly = evaluate(model, source, training_size=(32, 48))
    labelled = sum(int((s.labels < 6).sum()) for s in source.scenes if s.labels is not None)
    assert together.pixels == singly.pixels == labelled
    np.testing.assert_allclose(together.iou, singly.iou, atol=1e-3)
    assert model.training  # left as it came


def test_a_constant_prediction_by_hand() -> None:
    labels = np.full((32, 32), 1, dtype=np.uint8)
    labels[:8] = 5
    labels[8:16] = VOID
    source = Scenes([Scene(np.zeros((32, 32, 3), np.uint8), labels)])
    scores = evaluate(Always(1), source, training_size=(16, 16), teacher=Always(5))
    assert scores.iou[1] == pytest.approx(16 / 24) and scores.iou[5] == 0
    assert math.isnan(scores.iou[0])
    assert scores.miou == pytest.approx(16 / 24 / 2)
    log_z = math.log(math.e + 5)
    assert scores.loss_ce == pytest.approx((16 * (log_z - 1) + 8 * log_z) / 24, rel=1e-5)
    assert scores.agreement == 0
    assert evaluate(Always(1), source, training_size=(16, 16), teacher=Always(1)).agreement == 1
    assert math.isnan(evaluate(Always(1), source, training_size=(16, 16)).agreement)


def test_the_teacher_looks_at_its_own_training_scale() -> None:
    seen: list[tuple[int, ...]] = []

    class Teacher(Always):
        def forward(self, image: Tensor) -> Tensor:
            seen.append(tuple(image.shape[2:]))
            return super().forward(image)

    source = random_scenes([(64, 64)])
    evaluate(Always(0), source, training_size=(16, 16), teacher=Teacher(0), teacher_size=(32, 32))
    evaluate(Always(0), source, training_size=(16, 16), teacher=Teacher(0))
    assert seen == [(32, 32), (16, 16)]


def test_a_limit_spreads_over_the_split_and_progress_reaches_the_end() -> None:
    source = random_scenes([(16, 16)] * 10)
    steps: list[tuple[int, int]] = []
    evaluate(
        Always(0), source, training_size=(16, 16), limit=4, progress=lambda done, total: steps.append((done, total))
    )
    assert source.reads == [0, 2, 5, 7]
    assert steps[-1] == (4, 4)


def test_an_empty_split_and_a_scene_without_labels_are_refused_by_name() -> None:
    with pytest.raises(DataError, match="fake:val has no scenes"):
        evaluate(Always(0), Scenes([]), training_size=(16, 16))
    unlabelled = Scenes([Scene(np.zeros((16, 16, 3), np.uint8), None)])
    with pytest.raises(DataError, match="scene_0 has no labels"):
        evaluate(Always(0), unlabelled, training_size=(16, 16))


@pytest.mark.skipif("UNETKD_CAMVID" not in os.environ, reason="needs CamVid: set UNETKD_CAMVID to its folder")
def test_on_camvid_scores_agree_with_an_independent_count() -> None:
    from unetkd_core.data.catalog import open_source

    torch.manual_seed(0)
    model = build(m_arch("M128")).eval()
    source = open_source("camvid:val")
    few = Scenes([source.read(i) for i in (0, 50)])
    scores = evaluate(model, few, training_size=(64, 96))
    iou, accuracy, nats = independent(model, few, (64, 96))
    np.testing.assert_allclose(scores.iou, iou, atol=1e-4)
    assert scores.pixel_accuracy == pytest.approx(accuracy, abs=1e-4)
    assert scores.loss_ce == pytest.approx(nats, rel=1e-4)
