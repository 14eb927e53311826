"""The benchmark's two sides give the same answer; no timing is asserted."""

from pathlib import Path

import pytest

from benchmarks.weight_search import Scenes, difference
from tests.cli.conftest import save_checkpoint
from tests.runs.conftest import tiny_data  # noqa: F401
from unetkd_core.zoo.references import load_model


def test_both_sides_score_every_triple_alike(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tiny_data: str,  # noqa: F811
) -> None:
    monkeypatch.setenv("UNETKD_CHECKPOINTS", str(tmp_path / "checkpoints"))
    for name in "abc":
        save_checkpoint(tmp_path / "checkpoints" / name, name)
    members = [load_model(name) for name in "abc"]
    for shift, one in enumerate(members):
        one.model.head.bias.data[shift] += 0.5  # type: ignore[operator, union-attr]
    scenes = Scenes(members, f"{tiny_data}:val", 4)
    literal = scenes.literal()
    assert len(literal) == 124
    assert difference(scenes.search(), literal) < 1e-9
    best = max(literal, key=literal.__getitem__)
    wrong = {**literal, best: -1.0, min(literal, key=literal.__getitem__): 2.0}
    assert difference(scenes.search(), wrong) == 1
