"""Scores that are measured once: another copy of the same scenes has them too, other labels have not."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from unetkd_core.data import catalog
from unetkd_core.metrics import Scores
from unetkd_core.runs import scored
from unetkd_core.zoo import references


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was really measured, which grows."""
    found: list[str] = []

    def measure(ref: str, source: object, *_: object) -> tuple[Scores, str]:
        found.append(ref)
        return Scores(0.5, (0.5,) * 6, 0.9), ref

    monkeypatch.setattr(scored, "_measured", measure)
    monkeypatch.setattr(
        references, "info_of", lambda ref: type("Info", (), {"sha256": str(ref), "height": 16, "width": 16})
    )
    return found


@pytest.fixture
def mine(tmp_path: Path) -> None:
    """The registered dataset `mine`: one scene, in tmp_path/one."""
    for part in ("images", "labels"):
        (tmp_path / "one" / "val" / part).mkdir(parents=True)
    Image.fromarray(np.zeros((16, 16, 3), np.uint8)).save(tmp_path / "one" / "val" / "images" / "a.png")
    Image.fromarray(np.zeros((16, 16), np.uint8)).save(tmp_path / "one" / "val" / "labels" / "a.png")
    catalog.register("mine", tmp_path / "one")


def test_the_same_scenes_elsewhere_and_of_another_date_are_not_scored_again(
    tmp_path: Path, mine: None, measured: list[str]
) -> None:
    assert scored.scores_of("net", catalog.open_source("mine:val")).miou == 0.5
    scored.scores_of("net", catalog.open_source("mine:val"))
    assert measured == ["net"]

    shutil.copytree(tmp_path / "one", tmp_path / "two", copy_function=shutil.copy)
    os.utime(tmp_path / "two" / "val" / "labels" / "a.png", (1, 1))
    catalog.forget("mine")
    catalog.register("mine", tmp_path / "two")
    scored.scores_of("net", catalog.open_source("mine:val"))
    assert measured == ["net"]

    Image.fromarray(np.ones((16, 16), np.uint8)).save(tmp_path / "two" / "val" / "labels" / "a.png")
    scored.scores_of("net", catalog.open_source("mine:val"))
    assert measured == ["net", "net"]


def test_a_network_that_reads_at_another_size_has_other_scores(mine: None, measured: list[str]) -> None:
    source = catalog.open_source("mine:val")
    for size in (None, (16, 16), (8, 8), (8, 16), (8, 8)):
        scored.scores_of("net", source, training_size=size)
    assert measured == ["net"] * 3, "its own size, 8×8 and 8×16"


def test_scores_of_weights_that_were_replaced_meanwhile_are_kept_as_theirs(
    mine: None, measured: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = catalog.open_source("mine:val")
    with monkeypatch.context() as patch:
        patch.setattr(scored, "_measured", lambda *_: (Scores(0.9, (0.9,) * 6, 0.9), "the new weights"))
        assert scored.scores_of("net", source).miou == 0.9
    assert scored.scores_of("the new weights", source).miou == 0.9 and measured == []
    assert scored.scores_of("net", source).miou == 0.5 and measured == ["net"]
