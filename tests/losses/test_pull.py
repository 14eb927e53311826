"""How hard each term pulls: by hand at one pixel, the shrinkage by T squared, and pixels that belong to no term."""

import math

import pytest
import torch

from unetkd_core.classes import UNLABELLED, VOID
from unetkd_core.losses.pull import pull


def pixel(*logits: float) -> torch.Tensor:
    return torch.tensor(logits).reshape(1, -1, 1, 1)


def label(index: int) -> torch.Tensor:
    return torch.tensor([[[index]]])


def test_at_one_pixel_it_is_what_one_writes_down_by_hand() -> None:
    # Even student, so p = (1/2, 1/2) at any T; the teacher says (0.8, 0.2) at T = 2.
    teacher = pixel(2 * math.log(0.8), 2 * math.log(0.2))
    found = pull(pixel(0.0, 0.0), teacher, label(0), alpha=0.25, temperature=2.0)
    assert found.hard.item() == pytest.approx(0.25 * math.hypot(0.5, 0.5))
    assert found.soft.item() == pytest.approx(0.75 / 2 * math.hypot(0.3, 0.3))


def test_the_soft_pull_shrinks_by_t_squared_and_the_factor_gives_it_back() -> None:
    student, teacher = pixel(0.3, -0.2, 0.1), pixel(-0.1, 0.4, 0.2)
    at = {t: pull(student, teacher, label(1), alpha=0.1, temperature=t).soft.item() for t in (50.0, 100.0)}
    assert at[50.0] / at[100.0] == pytest.approx(4.0, rel=0.01)
    repaired = pull(student, teacher, label(1), alpha=0.1, temperature=100.0, scale_by_t2=True).soft.item()
    assert repaired == pytest.approx(100.0**2 * at[100.0], rel=1e-4)


def test_a_pixel_without_a_label_is_pulled_by_the_teacher_alone_and_void_by_nobody() -> None:
    student, teacher = pixel(0.3, -0.2).expand(1, 2, 1, 2), pixel(-1.0, 1.0).expand(1, 2, 1, 2)
    found = pull(student, teacher, torch.tensor([[[UNLABELLED, VOID]]]), alpha=0.5, temperature=1.0)
    assert found.hard.flatten().tolist() == [0.0, 0.0]
    assert found.soft[0, 0, 0] > 0 and found.soft[0, 0, 1] == 0


def test_it_may_be_asked_under_inference_mode_and_leaves_the_logits_alone() -> None:
    with torch.inference_mode():
        student = pixel(0.3, -0.2)
    found = pull(student.clone(), pixel(1.0, 0.0), label(0), alpha=0.5, temperature=1.0)
    assert not found.soft.requires_grad and not student.requires_grad
