"""How far the made-up streets carry: the table, its sentence, and nothing where nothing was measured."""

import json
from pathlib import Path

import pytest

from pages.ui import carry
from unetkd_core.metrics import Scores
from unetkd_core.runs.standalone import Row, to_json
from unetkd_core.training.config import RunConfig


@pytest.fixture
def measured(tmp_path: Path) -> Path:
    for name, here, there in (("streets", 0.60, 0.40), ("camvid", 0.35, 0.55)):
        on = {"streets:test": here, "camvid:val": there}
        rows = [
            Row(model, seed, ref, "r", 1, Scores(miou + 0.02 * seed + extra, (0.5,) * 6, 0.9))
            for model, extra in (("M128", 0.0), ("M512", 0.05))
            for seed in ((0, 1) if name == "streets" else (0,))
            for ref, miou in on.items()
        ]
        (tmp_path / f"trained-on-{name}.json").write_text(json.dumps(to_json(rows, RunConfig(), {})))
    return tmp_path


def test_four_numbers_for_each_network(measured: Path) -> None:
    found = carry.tables(measured)
    shown = carry.table(found)
    assert shown.count("<tr>") == 3
    assert '<b>61.0</b> <span class="ukt-spread">± 1.4</span>' in shown  # streets on streets, two seeds
    assert "41.0 <span" in shown and "<b>55.0</b></td>" in shown and ">35.0</td>" in shown
    assert "M512 that saw only made-up streets reads CamVid at 46.0 %" in carry.sentence(found)
    assert "at 60.0 %." in carry.sentence(found)
    assert "one seed or two seeds" in carry.note(found)


def test_nothing_is_said_where_nothing_was_measured(measured: Path) -> None:
    (measured / "trained-on-camvid.json").write_text("{")
    assert carry.tables(measured) == []
    assert carry.sentence([]) == ""
