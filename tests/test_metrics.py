"""Scores against counts by hand and by plain loops; absent classes, ignored pixels, JSON."""

import json
import math
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchmetrics.classification import MulticlassJaccardIndex

from unetkd_core.classes import UNLABELLED, VOID
from unetkd_core.metrics import Scores, SegmentationMeter

LABELS = [0, 1, 2, 3, 4, 5, UNLABELLED, VOID]


def measured(pred: list[int], target: list[int], teacher: list[int] | None = None) -> Scores:
    meter = SegmentationMeter()
    taught = None if teacher is None else torch.tensor(teacher).view(1, 1, -1)
    meter.update(torch.tensor(pred).view(1, 1, -1), torch.tensor(target).view(1, 1, -1), teacher_pred=taught)
    return meter.compute()


def counted(pred: np.ndarray, target: np.ndarray) -> tuple[list[float], float]:
    """IoU of each class and pixel accuracy, pixel by pixel: shares no code and no idea with the meter."""
    inter, union, right, labelled = [0] * 6, [0] * 6, 0, 0
    for p, t in zip(pred.ravel().tolist(), target.ravel().tolist(), strict=True):
        if t > 5:
            continue
        labelled += 1
        right += p == t
        for c in range(6):
            inter[c] += p == c and t == c
            union[c] += p == c or t == c
    iou = [i / u if u else math.nan for i, u in zip(inter, union, strict=True)]
    return iou, right / labelled if labelled else math.nan


def test_a_small_map_by_hand() -> None:
    scores = measured(pred=[0, 0, 1, 1, 1], target=[0, 1, 1, 1, VOID])
    assert scores.iou[:2] == pytest.approx((1 / 2, 2 / 3))
    assert scores.miou == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert (scores.pixel_accuracy, scores.pixels) == (3 / 4, 4)


def test_an_absent_class_is_nan_and_left_out_where_torchmetrics_gives_zero() -> None:
    pred, target = [0, 0, 1, 1], [0, 0, 1, 0]
    scores = measured(pred, target)
    assert all(math.isnan(v) for v in scores.iou[2:])
    assert scores.miou == pytest.approx((2 / 3 + 1 / 2) / 2)
    theirs = MulticlassJaccardIndex(6, average="none")(torch.tensor(pred), torch.tensor(target))
    assert theirs[2:].tolist() == [0, 0, 0, 0]


def test_a_class_that_is_only_predicted_or_only_labelled_counts_as_zero() -> None:
    scores = measured(pred=[0, 5], target=[0, 3])
    assert (scores.iou[5], scores.iou[3]) == (0, 0)
    assert scores.miou == pytest.approx(1 / 3)


@pytest.mark.parametrize("ignored", [VOID, UNLABELLED])
def test_ignored_pixels_count_nowhere_whatever_is_predicted_there(ignored: int) -> None:
    scores = measured(pred=[0, 1, 5], target=[0, 1, ignored], teacher=[0, 0, 5])
    assert scores.miou == scores.pixel_accuracy == 1
    assert math.isnan(scores.iou[5])
    assert (scores.agreement, scores.pixels) == (0.5, 2)


def test_nothing_labelled_is_nan_and_not_an_error() -> None:
    scores = measured([0, 1], [VOID, UNLABELLED], teacher=[0, 1])
    assert scores.pixels == 0
    assert all(math.isnan(v) for v in (scores.miou, scores.pixel_accuracy, scores.agreement, scores.loss_ce))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(LABELS)), min_size=1, max_size=40), st.integers(1, 4))
def test_the_meter_agrees_with_a_count_by_loops_however_it_is_batched(
    pixels: list[tuple[int, int]], batches: int
) -> None:
    pred, target = (torch.tensor(column).view(1, 1, -1) for column in zip(*pixels, strict=True))
    meter = SegmentationMeter()
    for p, t in zip(pred.chunk(batches, -1), target.chunk(batches, -1), strict=True):
        meter.update(p, t)
    scores = meter.compute()
    iou, accuracy = counted(pred.numpy(), target.numpy())
    np.testing.assert_allclose(scores.iou, iou)
    np.testing.assert_allclose(scores.pixel_accuracy, accuracy)
    present = [v for v in iou if not math.isnan(v)]
    np.testing.assert_allclose(scores.miou, sum(present) / len(present) if present else math.nan)


def test_one_matrix_over_the_split_is_not_the_mean_of_the_batches() -> None:
    meter = SegmentationMeter()
    meter.update(torch.tensor([[[0, 0, 0, 0]]]), torch.tensor([[[0, 0, 0, 0]]]))
    meter.update(torch.tensor([[[0, 1]]]), torch.tensor([[[1, 1]]]))
    assert meter.compute().iou[0] == pytest.approx(4 / 5)  # a mean of 1 and 0 would be 1/2
    assert meter.confusion()[1].tolist() == [1, 1, 0, 0, 0, 0]  # rows are labels


def test_the_loss_is_the_sum_of_totals_over_the_sum_of_weights() -> None:
    meter = SegmentationMeter()
    pixel = torch.zeros(1, 1, 1, dtype=torch.int64)
    meter.update(pixel, pixel, loss_total=torch.tensor(6.0), loss_weight=torch.tensor(2.0))
    meter.update(pixel, pixel, loss_total=1.0, loss_weight=5.0)
    assert meter.compute().loss_ce == pytest.approx(1.0)


def test_labels_of_eight_bits_are_counted_as_others() -> None:
    meter = SegmentationMeter()
    meter.update(torch.tensor([[[1, 5]]], dtype=torch.uint8), torch.tensor([[[1, 255]]], dtype=torch.uint8))
    assert (meter.compute().miou, meter.compute().pixels) == (1.0, 1)


@pytest.mark.parametrize(("pred", "target"), [([6], [0]), ([-1], [0]), ([0], [6]), ([0], [-1]), ([0, 0], [0])])
def test_other_values_and_shapes_are_a_programming_mistake(pred: list[int], target: list[int]) -> None:
    with pytest.raises(ValueError, match=r"pred|target"):
        measured(pred, target)


def test_scores_survive_json_with_null_for_nan() -> None:
    scores = measured([0, 1], [0, 0])
    text = json.dumps(scores.to_json(), allow_nan=False)
    assert json.loads(text)["iou"][2:] == [None] * 4
    assert json.loads(text)["loss_ce"] is None
    again = Scores.from_json(json.loads(text))
    assert again.to_json() == scores.to_json()
    assert math.isnan(again.iou[2]) and again.iou[0] == 0.5


def test_reading_scores_needs_no_torch() -> None:
    code = "import sys, unetkd_core.metrics as m; m.Scores.from_json(dict(miou=1, iou=[1], pixel_accuracy=1)); "
    subprocess.run([sys.executable, "-c", code + "assert 'torch' not in sys.modules"], check=True)
