"""`unetkd chain` in miniature: U4 teaches U2 on two scenes, each beside its untaught twin."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Unetkd
from tests.cli.in_process import train_in_process
from unetkd_core.cli import follow_sweeps
from unetkd_core.runs import paper_file
from unetkd_core.runs.folder import Run, open_run

TYPED = (
    *("--dataset", "mine", "--on", "others:val", "--size", "16x24", "--epochs", "1", "--batch-size", "2"),
    *("--networks", "U4,U2"),
)


@pytest.fixture
def launched(unetkd: Unetkd, streets_folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    for name in ("mine", "others"):
        assert unetkd("data", "add", name, streets_folder).code == 0
    monkeypatch.setattr(follow_sweeps, "POLL_SECONDS", 0)
    return train_in_process(monkeypatch)


def test_each_is_taught_by_the_one_before_and_a_second_time_nothing_is_done_again(
    unetkd: Unetkd, launched: list[Run], tmp_path: Path
) -> None:
    out = tmp_path / "chain"
    done = unetkd("chain", *TYPED, "--seeds", "0,1", "--out", out)
    assert done.code == 0, done.err
    assert "U4 → U2" in done.err and "30,766" in done.out
    found = paper_file.read(out / "chain.json")
    first, second = found.rows
    assert (first.row.network, first.row.teacher, second.row.network, second.row.teacher) == ("U4", None, "U2", "U4")
    for before, pair in zip(first.pairs, second.pairs, strict=True):
        config, twin = open_run(pair.student.run).config, pair.twin
        assert config.teaching and config.teaching.teacher == f"run:{before.student.run}"
        assert config.seed == before.seed == pair.seed and config.model.norm == "batch"
        assert twin and open_run(twin.run).config.teaching is None and open_run(twin.run).config.model.name == "U2"
    assert len(launched) == 6
    assert unetkd("chain", *TYPED, "--seeds", "0,1", "--out", out).code == 0 and len(launched) == 6


def test_a_chain_of_other_links_does_not_join_the_file(unetkd: Unetkd, launched: list[Run], tmp_path: Path) -> None:
    assert unetkd("chain", *TYPED, "--out", tmp_path).code == 0
    before = len(launched)
    refused = unetkd("chain", *TYPED, "--method", "dist", "--seeds", "1", "--out", tmp_path)
    assert refused.code == 1 and "U4, kd-t2, α 0.5, T 4 there, U4, dist, α 1, T 1 here" in refused.err
    assert len(launched) == before


def test_normalisation_and_class_weights_are_switches(unetkd: Unetkd, launched: list[Run], tmp_path: Path) -> None:
    done = unetkd("chain", *TYPED, "--norm", "none", "--no-class-weights", "--out", tmp_path, "--json")
    assert done.code == 0, done.err
    assert {(run.config.model.norm, run.config.optim.class_weights) for run in launched} == {("none", "none")}
    assert json.loads(done.out)["config"]["optim"]["class_weights"] == "none"


@pytest.mark.parametrize(("options", "said"), [
    (("--networks", "U4"), "teaches nobody"),
    (("--networks", "U4,M128"), "'M128' is no network of the chain"),
    (("--networks", "U2,U4"), "name the largest first"),
    (("--seeds", "0,0"), "each once"),
])  # fmt: skip
def test_what_cannot_be_is_refused_before_anything_starts(
    unetkd: Unetkd, launched: list[Run], options: tuple[str, str], said: str
) -> None:
    done = unetkd("chain", *TYPED, *options)
    assert done.code == 1 and said in done.err and not launched
