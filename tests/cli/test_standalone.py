"""`unetkd standalone`: a table from runs that are done, and nothing written where one is not."""

import dataclasses
import json
import shlex
from pathlib import Path

import pytest

from tests.cli.conftest import Unetkd
from tests.runs.real_runs import trained_here
from unetkd_core.runs import folder, jobs, standalone
from unetkd_core.runs.folder import Run
from unetkd_core.training.config import parse_config

OPTIONS = (
    "--models",
    "M128",
    "--seeds",
    "0-1",
    "--train",
    "mine",
    "--val",
    "mine:val",
    "--size",
    "16x24",
    "--epochs",
    "1",
)


@pytest.fixture(autouse=True)
def mine(unetkd: Unetkd, streets_folder: Path) -> None:
    assert unetkd("data", "add", "mine", streets_folder).code == 0


def test_a_table_of_what_is_done(unetkd: Unetkd, tmp_path: Path) -> None:
    base = parse_config({"data": {"train": ["mine:train"], "val": ["mine:val"], "height": 16, "width": 24},
                         "optim": {"epochs": 1}})  # fmt: skip
    runs = [trained_here(config) for config in standalone.plan(base, ["M128"], [0, 1])]
    out = tmp_path / "new" / "table.json"
    done = unetkd("standalone", *OPTIONS, "--on", "mine:val", "--on", "mine:train", "--out", out)
    assert done.code == 0, done.err
    assert "M128" in done.out and "±" in done.out and "mine:train" in done.out
    notes, rows = standalone.read(out)
    assert [(r.seed, r.on, r.run) for r in rows] == [
        (run.config.seed, on, run.id) for run in runs for on in ("mine:val", "mine:train")
    ]
    assert all(0 < r.scores.miou < 1 and r.best_epoch == 1 for r in rows)
    assert shlex.split(notes["command"])[:2] == ["unetkd", "standalone"] and str(out) in notes["command"]
    assert "host" not in notes["last_written_with"]["machine"] and notes["data"] and "commit" not in notes
    assert {row.origin.commit for row in rows} == {runs[0].meta["commit"]}
    assert {row.origin.processor for row in rows} == {runs[0].meta["machine"]["processor"]}
    assert len(out.with_suffix(".csv").read_text().splitlines()) == 5
    assert len(folder.list_runs()) == 2
    one = [*OPTIONS[:3], "0", *OPTIONS[4:]]
    assert unetkd("standalone", *one, "--on", "mine:val", "--out", out).code == 0
    assert len(standalone.read(out)[1]) == 4 and len(out.with_suffix(".csv").read_text().splitlines()) == 5
    again = unetkd("standalone", *OPTIONS, "--json")
    assert [row["seed"] for row in json.loads(again.out)["rows"]] == [0, 1]


def test_a_run_that_failed_leaves_no_table(unetkd: Unetkd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(run: Run) -> None:
        run.write_status(dataclasses.replace(run.written_status(), state="failed", ended=1.0))

    monkeypatch.setattr(jobs, "_launch", fail)
    done = unetkd("standalone", *OPTIONS, "--out", tmp_path / "table.json")
    assert done.code == 1
    assert "no table yet" in done.err
    assert not (tmp_path / "table.json").exists()


def test_a_table_that_could_not_be_written_is_told_before_anything_is_trained(unetkd: Unetkd, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text('{"format_version": 99}')
    (tmp_path / "file").write_text("")
    for out, said in (
        (other, "99, and this release reads"),
        (tmp_path / "file" / "table.json", "choose another file with --out"),
        (tmp_path, "choose another file with --out"),
    ):
        done = unetkd("standalone", *OPTIONS, "--out", out)
        assert (done.code, done.err.count("\n")) == (1, 1) and said in done.err
    assert folder.list_runs() == [] and json.loads(other.read_text()) == {"format_version": 99}


@pytest.mark.parametrize(("options", "said"), [
    (("--models", "M64"), "no network 'M64'"),
    (("--seeds", "x"), "no list of whole numbers"),
    (("--on", "nowhere:val"), "no dataset 'nowhere'"),
])  # fmt: skip
def test_what_cannot_be_is_refused_before_anything_starts(unetkd: Unetkd, options: tuple[str, str], said: str) -> None:
    done = unetkd("standalone", *OPTIONS, *options)
    assert done.code in (1, 2) and said in done.err
    assert not folder.list_runs()


@pytest.mark.parametrize(
    ("command", "option", "typed", "why"),
    [
        (("standalone",), "--seeds", "a", "'a' is no list of whole numbers, as 0,1,2 or 0-4"),
        (("standalone",), "--seeds", "0.5", "'0.5' is no list of whole numbers, as 0,1,2 or 0-4"),
        (("standalone",), "--seeds", ",", "',' has nothing in it; name at least one"),
        (("standalone",), "--seeds", "3-1", "it ends before it begins"),
        (("standalone",), "--models", "", "'' has nothing in it; name at least one"),
        (("sweep", "start", "--teacher", "small"), "--seed", "a", "'a' is no list of whole numbers, as 0,1,2 or 0-4"),
        (("sweep", "start", "--teacher", "small"), "--alpha", "a", "'a' is no list of numbers, as 0.1,0.5"),
        (("sweep", "start", "--teacher", "small"), "--temperature", " , ", "has nothing in it; name at least one"),
        (("paper", "tables"), "--tables", "two", "'two' is no list of tables' numbers, as 2,3"),
    ],
)
def test_a_list_that_is_none_is_refused_by_its_options_own_name(
    unetkd: Unetkd, checkpoint: str, command: tuple[str, ...], option: str, typed: str, why: str
) -> None:
    refused = unetkd(*command, option, typed)
    said = " ".join(refused.err.replace("│", "").split())
    assert refused.code == 2 and f"Invalid value for {option}: " in said and why in said
    assert folder.list_runs() == []


def test_seeds_named_twice_are_said_as_they_are_typed(unetkd: Unetkd) -> None:
    refused = unetkd("standalone", "--seeds", "1,1")
    assert refused.code == 1 and refused.err == "unetkd: The seeds are 1, 1; name at least one, and each once.\n"
    below = unetkd("standalone", "--seeds", "-1")
    assert below.code == 1 and below.err.startswith("unetkd: The settings: seed: ")
