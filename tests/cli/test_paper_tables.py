"""`unetkd paper tables` in miniature: networks that really train, students that are really taught, files that grow."""

import csv
import dataclasses
import json
import shlex
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Outcome, Unetkd
from tests.cli.in_process import train_in_process
from unetkd_core import settings
from unetkd_core.cli import follow_sweeps
from unetkd_core.runs import folder, jobs, paper_file, provenance, scored, sweeps
from unetkd_core.runs.folder import Run, open_run
from unetkd_core.runs.origins import Origin
from unetkd_core.runs.paper_results import Results
from unetkd_core.runs.sweep_grid import parse_spec

SMALL = {"hardware": {"device": "cpu", "precision": "fp32", "memory_format": "channels_last", "threads": 1}}
TYPED = ("--dataset", "mine", "--on", "others:val", "--size", "16x24", "--epochs", "1", "--batch-size", "2")
M128 = ("--students", "M128", "--teachers", "M256", "--tables", "2,4,6")


class Miniature:
    """The command with its tiny settings; `launched` are the runs that it started."""

    def __init__(self, unetkd: Unetkd, out: Path, config: Path, launched: list[Run]) -> None:
        self.unetkd, self.out, self.config, self.launched = unetkd, out, config, launched

    def __call__(self, *more: object) -> Outcome:
        return self.unetkd("paper", "tables", *TYPED, "--config", self.config, "--out", self.out, *more)

    def read(self) -> Results:
        return paper_file.read(self.out / "paper-tables.json")


@pytest.fixture
def miniature(unetkd: Unetkd, streets_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Miniature:
    for name in ("mine", "others"):  # one folder under two names: others is what chooses nobody
        assert unetkd("data", "add", name, streets_folder).code == 0
    config = tmp_path / "base.json"
    config.write_text(json.dumps(SMALL))
    monkeypatch.setattr(follow_sweeps, "POLL_SECONDS", 0)
    return Miniature(unetkd, tmp_path / "tables", config, train_in_process(monkeypatch))


def test_rows_are_trained_scored_and_written_and_a_second_time_nothing_is_done_again(
    miniature: Miniature, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = miniature(*M128, "--seeds", "0,1")
    assert done.code == 0, done.err
    assert "Table II: 3 runs to train" in done.err and "Table IV: 2 runs to train" in done.err
    assert "M256" in done.out and "65.64" in done.out and "is not Cityscapes" in done.out
    found = miniature.read()
    assert [(m.row.table, m.row.key, [p.seed for p in m.pairs]) for m in found.rows] == [
        (2, "m128", [0, 1]),
        (2, "m256", [0]),
        (4, "m256-m128", [0, 1]),
        (6, "best-m128", [0, 1]),
    ]
    roles = sorted((run.config.role, run.config.model.name) for run in miniature.launched)
    assert roles == [("alone", "M128")] * 2 + [("alone", "M256")] + [("student", "M128")] * 2

    def refuse(*_: object) -> None:
        raise AssertionError("scored again")

    monkeypatch.setattr(scored, "_measured", refuse)
    again = miniature(*M128, "--seeds", "0,1")
    assert again.code == 0 and "0 runs to train, 3 done already" in again.err
    assert len(miniature.launched) == 5 and len(sweeps.list_sweeps()) == 1


def test_a_row_is_the_runs_own_numbers(miniature: Miniature) -> None:
    from unetkd_core.data import catalog
    from unetkd_core.inference.evaluate import evaluate
    from unetkd_core.zoo import references

    assert miniature(*M128, "--seeds", "0").code == 0
    found = miniature.read()
    row, alone = found.find(4, "m256-m128"), found.find(2, "m128")
    assert row and alone
    (pair,) = row.pairs
    student, teacher = open_run(pair.student.run).config, found.find(2, "m256")
    assert student.teaching and teacher and student.teaching.teacher == f"run:{teacher.pairs[0].student.run}"
    said = student.teaching
    assert (said.alpha, said.temperature, said.scale_by_t2, student.model.norm) == (0.1, 10.0, False, "none")
    assert pair.twin and pair.twin.run == alone.pairs[0].student.run, "Table II's M128 is the untaught twin"
    model = references.load_model(f"run:{pair.student.run}").model
    measured = evaluate(model, catalog.open_source("others:val"), training_size=(16, 24))
    assert pair.student.val.miou == pytest.approx(measured.miou)
    assert pair.value("gain", "val") == pytest.approx(measured.miou - alone.pairs[0].student.val.miou)
    assert row.config["teaching"]["alpha"] == 0.1 and found.config["optim"]["epochs"] == 1


def test_the_files_say_how_they_were_made_and_grow(miniature: Miniature) -> None:
    assert miniature(*M128, "--seeds", "0").code == 0
    assert miniature("--students", "M128", "--teachers", "M256", "--tables", "4", "--seeds", "1").code == 0
    data = json.loads((miniature.out / "paper-tables.json").read_text())
    commands = [shlex.split(line) for line in data["command"].split("\n")]
    assert [c[:3] for c in commands] == [["unetkd", "paper", "tables"]] * 2
    assert "host" not in data["last_written_with"]["machine"] and data["data"]["others:val"]
    assert "commit" not in data and "machine" not in data, (
        "nothing is said of all rows that one command knows of itself"
    )
    row = miniature.read().find(4, "m256-m128")
    assert row and [pair.seed for pair in row.pairs] == [0, 1]
    taught_by = [open_run(pair.student.run).config.teaching for pair in row.pairs]
    assert len({one.teacher for one in taught_by if one}) == 1, "teachers keep their seed"
    lines = list(csv.DictReader((miniature.out / "paper-tables.csv").open()))
    taught = [line for line in lines if line["table"] == "4"]
    assert [line["seed"] for line in taught] == ["0", "1"] and taught[0]["paper_val_miou"] == "0.6564"
    gain = float(taught[0]["val_gain"])
    assert gain == pytest.approx(row.pairs[0].value("gain", "val"), abs=1e-4)
    assert "| M256 | M128 | 65.64 |" in (miniature.out / "paper-tables.md").read_text()


def test_every_network_keeps_what_it_was_trained_with_while_the_file_grows(
    miniature: Miniature, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trains_with(commit: str, torch: str, processor: str) -> None:
        made = {
            "commit": commit,
            "versions": {"torch": torch},
            "machine": {**provenance.machine(), "processor": processor},
        }
        monkeypatch.setattr(folder, "provenance", lambda: made)

    trains_with("a" * 40, "2.11.0", "Old")
    done = miniature("--students", "M128", "--teachers", "M256", "--tables", "2", "--seeds", "0")
    assert done.code == 0, done.err
    trains_with("b" * 40, "2.14.1", "New")
    assert miniature("--students", "M128", "--teachers", "M256", "--tables", "4", "--seeds", "0").code == 0
    row = miniature.read().find(4, "m256-m128")
    assert row and row.pairs[0].twin
    student, twin = row.pairs[0].student.origin, row.pairs[0].twin.origin
    assert student == Origin("b" * 40, "New", {"torch": "2.14.1"}, "fp32")
    assert twin == Origin("a" * 40, "Old", {"torch": "2.11.0"}, "fp32")
    data = json.loads((miniature.out / "paper-tables.json").read_text())
    assert sorted(one["commit"][0] for one in data["trained_with"]) == ["a", "b"]
    said = (
        "Trained with commits aaaaaaa (2 networks) and bbbbbbb (1 network); torch 2.11.0 (2 networks) and 2.14.1 "
        "(1 network); on Old (2 networks) and New (1 network); precision fp32."
    )
    assert said in (miniature.out / "paper-tables.md").read_text()
    lines = list(csv.DictReader((miniature.out / "paper-tables.csv").open()))
    (taught,) = (line for line in lines if line["table"] == "4")
    assert (taught["commit"], taught["twin_commit"]) == ("b" * 40, "a" * 40)
    assert (taught["processor"], taught["twin_torch"]) == ("New", "2.11.0")


def test_a_file_goes_on_on_a_machine_that_has_no_run_of_it(miniature: Miniature) -> None:
    """Its rows stand, its untaught twins serve, and only what is new is trained: here two teachers and one student."""
    assert miniature(*M128, "--seeds", "0").code == 0
    before = miniature.read()
    shutil.rmtree(settings.home() / "runs")
    shutil.rmtree(settings.home() / "sweeps")
    miniature.launched.clear()
    done = miniature("--students", "M128", "--teachers", "M256,M512", "--tables", "2,4,6", "--seeds", "0")
    assert done.code == 0, done.err
    assert "Table II: 1 run to train, 2 done already" in done.err and "Table IV: 1 run to train, 1 done" in done.err
    assert [(run.config.role, run.config.model.name) for run in miniature.launched] == [
        ("alone", "M512"), ("student", "M128"),
    ]  # fmt: skip
    found = miniature.read()
    old, new, alone = (found.find(*place) for place in ((4, "m256-m128"), (4, "m512-m128"), (2, "m128")))
    assert old == before.find(4, "m256-m128") and alone == before.find(2, "m128")
    assert new and alone and new.pairs[0].twin == alone.pairs[0].student
    best = found.find(6, "best-m128")
    assert best and best.row.of == 2, "the choice is among both machines' ways"
    shutil.rmtree(settings.home() / "runs")
    shutil.rmtree(settings.home() / "sweeps")
    miniature.launched.clear()
    assert miniature(*M128, "--seeds", "0,1").code == 0
    assert sorted((run.config.role, run.config.model.name, run.config.seed) for run in miniature.launched) == [
        ("alone", "M128", 1), ("alone", "M256", 0), ("student", "M128", 1),
    ], "M256 is needed to teach"  # fmt: skip
    later = miniature.read()
    row, best = later.find(4, "m256-m128"), later.find(6, "best-m128")
    assert row and [pair.seed for pair in row.pairs] == [0, 1] and row.pairs[0] == old.pairs[0]
    assert best and (best.row.of, [pair.seed for pair in best.pairs]) == (2, [0]), "seed 1 has one way of the two"
    assert {way.teacher: sorted(way.scores) for way in best.ways} == {"M256": [0, 1], "M512": [0]}


def test_other_settings_do_not_mix_with_what_is_there(miniature: Miniature) -> None:
    assert miniature("--tables", "2", "--students", "M128", "--teachers", "M256", "--seeds", "0").code == 0
    before = len(miniature.launched)
    refused = miniature(*M128, "--lr", "0.001", "--seeds", "0")
    assert (
        refused.code == 1 and "optim.learning_rate is 0.003 there, 0.001 here" in refused.err and "--out" in refused.err
    )
    assert len(miniature.launched) == before


def test_a_given_network_is_scored_and_teaches_and_nobody_trains_it(miniature: Miniature) -> None:
    assert miniature("--tables", "2", "--students", "M128", "--teachers", "M256", "--seeds", "0").code == 0
    given = next(run for run in miniature.launched if run.config.model.name == "M256")
    out = miniature.out.with_name("given")
    done = miniature("--students", "M128", "--teachers", "VGG16", "--tables", "3,4", "--seeds", "0",
                     "--use", f"VGG16=run:{given.id}", "--out", out)  # fmt: skip
    assert done.code == 0, done.err
    found = paper_file.read(out / "paper-tables.json")
    row = found.find(4, "vgg16-m128")
    assert row and row.pairs and row.note == f"VGG16: run:{given.id}"
    assert {run.config.model.name for run in miniature.launched} == {"M128", "M256"}
    alone = found.find(3, "vgg16")
    assert alone and alone.pairs[0].student.run == given.id


def test_who_is_meant_is_compared_before_anything_starts(miniature: Miniature) -> None:
    assert miniature(*M128, "--seeds", "0").code == 0
    before = len(miniature.launched)
    student = next(run for run in miniature.launched if run.config.role == "student")
    refused = miniature(*M128, "--seeds", "1", "--use", f"M256=run:{student.id}")
    assert refused.code == 1 and "made with other networks: M256 trained with them there, M256 " in refused.err
    assert len(miniature.launched) == before


def test_the_best_way_is_looked_for_among_all_that_was_taught(miniature: Miniature) -> None:
    assert miniature(*M128, "--seeds", "0").code == 0
    teacher, alone = (next(r for r in miniature.launched if r.config.model.name == m) for m in ("M256", "M128"))
    swept = {"base": alone.config, "teacher": [f"run:{teacher.id}"], "student": ["M128"], "seed": [0]}
    ways = {"method": ["dist", "kd-t2"], "alpha": [0.2], "temperature": [8.0]}
    assert follow_sweeps.run_all([parse_spec({**swept, **ways})])
    assert miniature(*M128, "--seeds", "0").code == 0
    best = miniature.read().find(6, "best-m128")
    assert best and best.row.of == 3, "Table IV's way, DIST, and α 0.2 with T 8"
    at_choice = {way.method: way.scores for way in best.ways}
    student = open_run(best.pairs[0].student.run)
    assert at_choice[best.row.method] == {0: max(line["val"]["miou"] for line in student.metrics())}
    assert miniature(*M128, "--seeds", "1").code == 0
    later, row = (miniature.read().find(*place) for place in ((6, "best-m128"), (4, "m256-m128")))
    assert later and (later.row.of, [pair.seed for pair in later.pairs]) == (3, [0]), "seed 1 has one way alone"
    assert row and [pair.seed for pair in row.pairs] == [0, 1]


def test_methods_share_teacher_and_twin(miniature: Miniature) -> None:
    done = miniature("--students", "M128", "--teachers", "M256", "--method-teacher", "M256", "--tables", "7",
                     "--seeds", "0")  # fmt: skip
    assert done.code == 0, done.err
    rows = miniature.read().table(7)
    assert [made.row.method for made in rows][:3] == ["kd", "kd-t2", "structured"]
    assert all(len(made.pairs) == 1 for made in rows)
    assert len({pair.twin.run for made in rows for pair in made.pairs if pair.twin}) == 1
    assert len({pair.student.run for made in rows for pair in made.pairs}) == len(rows)


def test_what_failed_leaves_its_rows_empty_and_the_rest_goes_on(
    miniature: Miniature, monkeypatch: pytest.MonkeyPatch
) -> None:
    launch = jobs._launch

    def fail_teacher(run: Run) -> None:
        if run.config.model.name == "M256":
            run.write_status(dataclasses.replace(run.written_status(), state="failed", ended=1.0))
        else:
            launch(run)

    monkeypatch.setattr(jobs, "_launch", fail_teacher)
    done = miniature(*M128, "--seeds", "0")
    assert done.code == 1 and "some rows are empty" in done.err
    found = miniature.read()
    empty, there = found.find(4, "m256-m128"), found.find(2, "m128")
    assert empty and not empty.pairs and there and len(there.pairs) == 1


def test_a_dry_run_tells_and_starts_nothing(miniature: Miniature) -> None:
    done = miniature("--seeds", "0,1", "--size", "16x80", "--dry-run")  # M1024 with batch normalisation needs 80
    assert done.code == 0 and not miniature.launched and not miniature.out.exists()
    assert "VGG16" in done.err and "ImageNet’s weights are not here" in done.err
    assert (
        all(f"Table {name}:" in done.err for name in ("II", "III", "IV", "V", "VI", "VII")) and "Together" in done.err
    )


@pytest.mark.parametrize(("options", "said"), [
    (("--tables", "1"), "1 is none of the tables"),
    (("--students", "M64"), "'M64' is none of the students"),
    (("--teachers", "nobody"), "'nobody' is none of the teachers"),
    (("--seeds", "0,0"), "each once"),
    (("--use", "VGG16"), "not NAME=REF"),
    (("--use", "VGG16=run:nowhere", "--size", "16x80"), "There is no run nowhere"),
    (("--method-teacher", "Ensemble"), "can teach every method"),
    (("--on", "nowhere:val"), "no dataset 'nowhere'"),
])  # fmt: skip
def test_what_cannot_be_is_refused_before_anything_starts(
    miniature: Miniature, options: tuple[str, str], said: str
) -> None:
    done = miniature(*options)
    assert done.code in (1, 2) and said in done.err
    assert not miniature.launched and not miniature.out.exists()


def test_stopping_keeps_what_is_whole_and_says_how_to_go_on(
    miniature: Miniature, monkeypatch: pytest.MonkeyPatch
) -> None:
    from unetkd_core.cli import follow as following

    def stop(runs: list[Run]) -> None:
        for run in runs:
            run.write_status(dataclasses.replace(run.written_status(), state="stopped", ended=1.0))

    monkeypatch.setattr(following, "_watch", stop)
    done = miniature(*M128, "--seeds", "0")
    assert done.code == 1 and "The same command goes on" in done.err
    assert not sweeps.list_sweeps()


def test_ctrl_c_while_students_are_taught_stops_their_sweeps(
    miniature: Miniature, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sweeps, "_launch", lambda sweep: None)
    monkeypatch.setattr(sweeps, "STOP_SECONDS", 0.1)
    monkeypatch.setattr(follow_sweeps, "sleep", interrupted)
    done = miniature(*M128, "--seeds", "0")
    assert done.code == 1 and "Stopping." in done.err and "The same command goes on" in done.err
    assert [(sweep.sweep_dir / "stop").exists() for sweep in sweeps.list_sweeps()] == [True]
    found = miniature.read()
    alone, taught = found.find(2, "m128"), found.find(4, "m256-m128")
    assert alone and alone.pairs and taught and not taught.pairs
