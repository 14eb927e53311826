"""Standalone networks: what is planned, what is not run again, and the sums of the table."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.runs.real_runs import trained_here
from unetkd_core.errors import ConfigError, RunError
from unetkd_core.metrics import Scores
from unetkd_core.runs import jobs, standalone
from unetkd_core.runs.folder import Run
from unetkd_core.runs.origins import UNKNOWN, Origin
from unetkd_core.runs.standalone import Row
from unetkd_core.training.config import RunConfig

NAN = math.nan


def row(model: str, seed: int, miou: float, on: str = "streets:test", person: float = NAN) -> Row:
    return Row(model, seed, on, f"run-{model}-{seed}", 3, Scores(miou, (0.9, 0.8, 0.7, 0.6, 0.5, person), 0.9, 0.3))


def test_every_network_with_every_seed_and_seeds_outermost() -> None:
    configs = standalone.plan(RunConfig(), ["M128", "MobileNetV2"], [0, 7])
    assert [(c.model.name, c.seed) for c in configs] == [
        ("M128", 0), ("MobileNetV2", 0), ("M128", 7), ("MobileNetV2", 7),
    ]  # fmt: skip
    assert configs[0].model.norm == "none" and configs[1].model.norm == "batch"
    assert len({c.title for c in configs}) == 4


@pytest.mark.parametrize(("models", "seeds", "said"), [
    (["M127"], [0], "no network 'M127'"),
    ([], [0], "at least one"),
    (["M128", "M128"], [0], "each once"),
    (["M128"], [], "at least one"),
])  # fmt: skip
def test_a_plan_that_cannot_be_is_refused(models: list[str], seeds: list[int], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        standalone.plan(RunConfig(), models, seeds)


def test_standalone_means_without_a_teacher() -> None:
    taught = RunConfig().with_(teaching={"teacher": "m256-alone"})
    with pytest.raises(ConfigError, match="no teacher"):
        standalone.plan(taught, ["M128"], [0])


def test_what_is_done_is_not_run_again(tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = standalone.plan(tiny_config, ["M128"], [0, 1])
    done = trained_here(first.with_(name="under another name"))
    launched: list[Run] = []
    monkeypatch.setattr(jobs, "_launch", launched.append)
    runs = standalone.start([first, second])
    assert runs[0].id == done.id
    assert [run.config.seed for run in launched] == [1]
    miou = [line["val"]["miou"] for line in done.metrics()]
    assert standalone.best_epoch(done) == (2 if miou[1] >= miou[0] else 1)


def test_means_spreads_and_steps() -> None:
    rows = [row("M128", 0, 0.50), row("M128", 1, 0.54), row("M256", 0, 0.60, person=0.2), row("M256", 1, 0.64)]
    small, large = standalone.lines(rows)
    assert small.mean == pytest.approx(0.52) and small.spread == pytest.approx(0.0282843, abs=1e-6)
    assert large.iou[5] == pytest.approx(0.2) and math.isnan(small.iou[5])  # of the seeds that have one
    (step,) = standalone.steps([small, large])
    assert step.difference == pytest.approx(0.10)
    assert step.effect_size == pytest.approx(0.10 / 0.0282843, rel=1e-4)
    assert step.told == "3.5 times the spread over seeds, with two seeds each: a hint"


@pytest.mark.parametrize(("small", "large", "said"), [
    ((0.50, 0.54), (0.51, 0.55), "0.4 times the spread over seeds, with two seeds each"),  # less than a hint
    ((0.60, 0.64), (0.50, 0.54, 0.58), "−2.3 times the spread over seeds, with two seeds each: a hint"),
    ((0.50, 0.52, 0.54), (0.60, 0.62, 0.64), "5.0 times the spread over seeds, with three seeds each"),
    ((0.50,), (0.60, 0.64), ""),
])  # fmt: skip
def test_a_step_says_how_many_seeds_stand_behind_it(
    small: tuple[float, ...], large: tuple[float, ...], said: str
) -> None:
    rows = [
        row(name, seed, miou) for name, mious in (("M128", small), ("M256", large)) for seed, miou in enumerate(mious)
    ]
    (step,) = standalone.steps(standalone.lines(rows))
    assert step.told == said


def test_one_seed_has_no_spread_and_splits_stay_apart() -> None:
    table = standalone.lines([row("M128", 0, 0.5), row("M128", 0, 0.3, "camvid:val"), row("M256", 0, 0.6)])
    assert [(line.model, line.on, line.spread) for line in table] == [
        ("M128", "streets:test", None), ("M128", "camvid:val", None), ("M256", "streets:test", None),
    ]  # fmt: skip
    assert [(s.smaller, s.larger, s.effect_size) for s in standalone.steps(table)] == [("M128", "M256", None)]


def test_a_table_survives_the_disk(tmp_path: Path) -> None:
    rows = [row("M128", 0, 0.5), row("M256", 0, 0.6, person=0.25)]
    path = tmp_path / "table.json"
    path.write_text(json.dumps(standalone.to_json(rows, RunConfig(), {"command": "unetkd standalone"})))
    notes, back = standalone.read(path)
    assert notes["command"] == "unetkd standalone" and notes["config"]["data"]["height"] == 128
    assert back[1] == rows[1]
    assert math.isnan(back[0].scores.iou[5]) and back[0].run == rows[0].run
    head, first, _ = standalone.as_csv(rows).splitlines()
    assert head.startswith("model,seed,on,miou,background,road,")
    assert first.startswith("M128,0,streets:test,0.5000,0.9000,") and ",,0.9000," in first


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        '{"format_version": 99, "rows": []}',
        '{"format_version": 1, "rows": [{}]}',
        '{"format_version": 1, "rows": [], "trained_with": [{"commit": 1, "processor": null, "versions": {}}]}',
    ],
)
def test_a_damaged_table_is_refused_in_a_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "table.json").write_text(text)
    with pytest.raises(RunError, match="cannot be read"):
        standalone.read(tmp_path / "table.json")


def tabled(rows: list[Row], command: str = "unetkd standalone", **data: str) -> dict[str, Any]:
    return standalone.to_json(rows, RunConfig(), {"command": command, "data": {"streets:test": "a", **data}})


def test_a_table_grows_by_other_networks_and_seeds(tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    assert standalone.grown(path, tabled([row("M128", 0, 0.5)])) == tabled([row("M128", 0, 0.5)])
    path.write_text(json.dumps(tabled([row("M1024", 0, 0.7), row("M128", 0, 0.5)], "first")))
    new = tabled([row("M128", 0, 0.6), row("M512", 0, 0.65), row("M128", 1, 0.55)], "second")
    path.write_text(json.dumps(standalone.grown(path, new)))
    notes, rows = standalone.read(path)
    assert [(r.model, r.seed, r.scores.miou) for r in rows] == [
        ("M128", 0, 0.6), ("M512", 0, 0.65), ("M1024", 0, 0.7), ("M128", 1, 0.55),
    ]  # fmt: skip
    assert notes["command"] == "first\nsecond"


def test_a_table_that_grows_keeps_what_each_network_was_trained_with(tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    first, second = Origin("a" * 40, "Intel", {"torch": "2.11.0"}), Origin("b" * 40, "EPYC", {"torch": "2.14.1"})
    path.write_text(json.dumps(tabled([replace(row("M128", 0, 0.5), origin=first)])))
    new = [replace(row("M256", 0, 0.6), origin=second), replace(row("M128", 1, 0.6), origin=second)]
    path.write_text(json.dumps(standalone.grown(path, tabled(new))))
    data, rows = standalone.read(path)
    assert [(r.model, r.seed, r.origin) for r in rows] == [
        ("M128", 0, first), ("M256", 0, second), ("M128", 1, second),
    ]  # fmt: skip
    assert "trained_with" not in data and len(json.loads(path.read_text())["trained_with"]) == 2
    assert [line.rsplit(",", 4)[1:] for line in standalone.as_csv(rows).splitlines()[:2]] == [
        ["commit", "torch", "processor", "precision"], ["a" * 40, "2.11.0", "Intel", ""],
    ]  # fmt: skip


def test_a_table_of_an_older_release_is_read_and_grows_and_says_nothing_that_it_does_not_know(tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    there = row("M128", 0, 0.5, person=0.25)
    old = {**tabled([there]), "commit": "c" * 40}
    del old["trained_with"], old["rows"][0]["trained_with"]
    path.write_text(json.dumps(old))
    assert standalone.read(path)[1] == [there]
    known = Origin("b" * 40)
    path.write_text(json.dumps(standalone.grown(path, tabled([replace(row("M128", 1, 0.6), origin=known)]))))
    data, rows = standalone.read(path)
    assert [r.origin for r in rows] == [UNKNOWN, known] and "commit" not in data


def test_a_table_of_other_settings_or_data_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    before = json.dumps(tabled([row("M128", 0, 0.5)]))
    path.write_text(before)
    other = standalone.to_json(
        [row("M128", 1, 0.5)], RunConfig().with_(optim={"epochs": 3}), {"command": "", "data": {}}
    )
    with pytest.raises(RunError, match="other settings: "):
        standalone.grown(path, other)
    changed = {**tabled([row("M128", 1, 0.5)]), "data": {"streets:test": "b"}}
    with pytest.raises(RunError, match="other data: "):
        standalone.grown(path, changed)
    assert path.read_text() == before
