"""`unetkd train`, `distill` and `runs`: what they start and show, and how they end. No worker is really started."""

import dataclasses
import io
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.cli.conftest import Unetkd, add_metrics
from unetkd_core.cli import follow, train
from unetkd_core.runs import folder, jobs
from unetkd_core.runs.folder import Run
from unetkd_core.runs.status import Problem
from unetkd_core.training.config import RunConfig


def end(run: Run, state: str, *, epochs: int = 2, error: Problem | None = None) -> None:
    """Leave the run as a worker would that ended."""
    add_metrics(run, [0.2 + 0.1 * (run.config.role == "student")] * epochs)
    run.write_status(dataclasses.replace(run.written_status(), state=state, epoch=epochs, ended=1.0, error=error))  # type: ignore[arg-type]


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """Runs that would have been launched; each is done at once."""
    runs: list[Run] = []

    def launch(run: Run) -> None:
        runs.append(run)
        end(run, "done")

    monkeypatch.setattr(jobs, "_launch", launch)
    return runs


SMALL = ("--train", "mine", "--val", "mine:val", "--size", "16x24", "--epochs", "2")


@pytest.fixture(autouse=True)
def mine(unetkd: Unetkd, streets_folder: Path) -> None:
    assert unetkd("data", "add", "mine", streets_folder).code == 0


def test_distill_starts_student_and_twin_and_says_the_difference(
    unetkd: Unetkd, checkpoint: str, launched: list[Run]
) -> None:
    outcome = unetkd("distill", "--teacher", checkpoint, "--preset", "hinton", "--alpha", 0.2, *SMALL)
    assert outcome.code == 0, outcome.err
    student, twin = launched
    assert student.config.teaching is not None and student.config.teaching.alpha == 0.2
    assert student.config.teaching.scale_by_t2
    assert twin.config.twin_of == student.id and twin.config.teaching is None
    assert "Taught 30.0 %, untaught 20.0 %: +10.0 points at the packed size, one seed." in outcome.out
    assert student.id in outcome.out


def test_no_twin_leaves_the_twin_out(unetkd: Unetkd, checkpoint: str, launched: list[Run]) -> None:
    outcome = unetkd("distill", "--teacher", checkpoint, "--no-twin", "--json", *SMALL)
    assert [r["role"] for r in outcome.json()["runs"]] == ["student"]
    assert outcome.json()["runs"][0]["best_miou_packed"] == pytest.approx(0.3)


def test_train_starts_one_run_without_a_teacher(unetkd: Unetkd, launched: list[Run]) -> None:
    assert unetkd("train", "--model", "M256", "--norm", "batch", "--recipe", "paper", *SMALL).code == 0
    (run,) = launched
    assert (run.config.role, run.config.model.name, run.config.model.norm) == ("alone", "M256", "batch")
    assert run.config.optim.optimizer == "adam"
    assert run.config.optim.epochs == 2


def test_detach_returns_at_once_with_the_ids(unetkd: Unetkd, checkpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_launch", lambda run: None)
    monkeypatch.setattr(train, "follow", lambda runs: pytest.fail("followed"))
    outcome = unetkd("distill", "--teacher", checkpoint, "--detach", *SMALL)
    assert outcome.code == 0
    assert sorted(outcome.out.split()) == sorted(run.id for run in folder.list_runs())


def test_a_missing_teacher_is_refused_before_anything_is_made(unetkd: Unetkd, checkpoint: str) -> None:
    assert unetkd("distill", *SMALL).code == 2
    outcome = unetkd("distill", "--teacher", "nobody", *SMALL)
    assert outcome.code == 1 and "nobody" in outcome.err
    assert folder.list_runs() == []


def test_a_failed_run_says_why_and_exits_with_1(unetkd: Unetkd, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = Problem("The disk is full.", "Free 2 GB and resume.")
    monkeypatch.setattr(jobs, "_launch", lambda run: end(run, "failed", epochs=1, error=problem))
    outcome = unetkd("train", *SMALL)
    assert outcome.code == 1
    assert "The disk is full. Free 2 GB and resume." in outcome.err
    assert f"unetkd runs resume {folder.list_runs()[0].id}" in outcome.err


def test_ctrl_c_stops_the_runs_and_says_how_to_go_on(
    unetkd: Unetkd, checkpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped: list[str] = []

    def interrupt(runs: Sequence[Run]) -> None:
        raise KeyboardInterrupt

    def stop(*run_ids: str) -> None:
        stopped.extend(run_ids)
        for run_id in run_ids:
            end(folder.open_run(run_id), "stopped", epochs=1)

    monkeypatch.setattr(jobs, "_launch", lambda run: None)
    monkeypatch.setattr(jobs, "stop", stop)
    monkeypatch.setattr(follow, "_watch", interrupt)
    outcome = unetkd("distill", "--teacher", checkpoint, *SMALL)
    assert outcome.code == 1
    assert len(stopped) == 2
    assert all(f"unetkd runs resume {run_id}" in outcome.err for run_id in stopped)


def test_list_and_show_read_the_folders(unetkd: Unetkd, launched: list[Run], checkpoint: str) -> None:
    assert unetkd("runs", "list", "--json").json() == []
    assert "No runs yet" in unetkd("runs", "list").err
    unetkd("distill", "--teacher", checkpoint, *SMALL)
    student, twin = launched
    listed = unetkd("runs", "list", "--json").json()
    assert {r["id"] for r in listed} == {student.id, twin.id}
    assert all(r["state"] == "done" and r["epoch"] == 2 for r in listed)
    assert student.id in unetkd("runs", "list").out
    told = unetkd("runs", "show", student.id).out
    assert "α 0.1, T 10, " in told and "2 epochs in batches of" in told and "seed 0" in told
    assert "KL" in told and "KL" not in unetkd("runs", "show", twin.id).out, "what the loss is made of"
    shown = unetkd("runs", "show", twin.id, "--json").json()
    assert shown["config"]["twin_of"] == student.id
    assert len(shown["metrics"]) == 2
    assert "+10.0 points" in unetkd("runs", "show", twin.id).out


def test_student_and_twin_are_compared_over_the_epochs_that_both_have(
    unetkd: Unetkd, launched: list[Run], checkpoint: str
) -> None:
    unetkd("distill", "--teacher", checkpoint, *SMALL)
    student, twin = launched
    for run, mious in ((student, [0.1, 0.5]), (twin, [0.3])):
        (run.run_dir / "metrics.jsonl").unlink()
        add_metrics(run, mious)
    assert "Taught 10.0 %, untaught 30.0 %: −20.0 points at the packed size, after 1 of 2 epochs, one seed." in (
        unetkd("runs", "show", student.id).out
    )


def test_log_prints_the_last_lines(unetkd: Unetkd, launched: list[Run]) -> None:
    unetkd("train", *SMALL)
    (launched[0].run_dir / "log.txt").write_text("one\ntwo\nthree\n")
    assert unetkd("runs", "log", launched[0].id, "-n", 2).out == "two\nthree\n"


def test_delete_asks_unless_told_not_to(unetkd: Unetkd, launched: list[Run], monkeypatch: pytest.MonkeyPatch) -> None:
    unetkd("train", *SMALL)
    run_id = launched[0].id
    monkeypatch.setattr("sys.stdin", open("/dev/null"))  # noqa: SIM115
    assert unetkd("runs", "delete", run_id).code == 1
    assert folder.list_runs() != []
    assert unetkd("runs", "delete", run_id, "--yes").code == 0
    assert folder.list_runs() == []


def test_stop_and_resume_refuse_what_is_done(unetkd: Unetkd, launched: list[Run]) -> None:
    unetkd("train", *SMALL)
    assert unetkd("runs", "stop", launched[0].id).code == 1
    assert unetkd("runs", "resume", launched[0].id).code == 1


def test_resume_goes_on_with_a_stopped_run(unetkd: Unetkd, launched: list[Run]) -> None:
    unetkd("train", *SMALL)
    end(launched[0], "stopped", epochs=1)
    assert unetkd("runs", "resume", launched[0].id, "--detach").out.strip() == launched[0].id
    assert [run.id for run in launched] == [launched[0].id] * 2


def test_a_run_is_named_by_its_id_and_by_its_reference_alike(unetkd: Unetkd, launched: list[Run]) -> None:
    unetkd("train", *SMALL)
    (run,) = launched
    (run.run_dir / "log.txt").write_text("one\n")
    assert unetkd("runs", "show", f"run:{run.id}").out == unetkd("runs", "show", run.id).out != ""
    assert unetkd("runs", "log", f"run:{run.id}").out == "one\n"
    end(run, "stopped", epochs=1)
    resumed = unetkd("runs", "resume", f"run:{run.id}", "--detach")
    assert resumed.code == 0 and resumed.out.strip() == run.id
    assert f"Run {run.id} is not" in unetkd("runs", "stop", f"run:{run.id}").err
    assert unetkd("runs", "delete", f"run:{run.id}", "--yes").out == f"{run.id} is deleted.\n"
    gone = unetkd("runs", "show", f"run:{run.id}")
    assert gone.code == 1 and f"There is no run '{run.id}'" in gone.err


def test_a_config_of_a_run_can_start_another(unetkd: Unetkd, launched: list[Run], tmp_path: Path) -> None:
    unetkd("train", "--seed", 5, *SMALL)
    outcome = unetkd("train", "--config", launched[0].run_dir / "config.json", "--epochs", 1)
    assert outcome.code == 0, outcome.err
    assert (launched[1].config.seed, launched[1].config.optim.epochs) == (5, 1)
    assert ", 1 epoch in batches of " in unetkd("runs", "show", launched[1].id).out
    assert json.loads((launched[1].run_dir / "config.json").read_text())["data"]["train"] == ["mine:train"]


def test_list_says_sizes_and_what_all_of_it_takes(unetkd: Unetkd, launched: list[Run]) -> None:
    unetkd("train", *SMALL)
    outcome = unetkd("runs", "list")
    assert "Size" in outcome.out and " kB" in outcome.out
    assert "These runs take " in outcome.err and " are free." in outcome.err
    assert unetkd("runs", "list", "--json").json()[0]["bytes"] == launched[0].disk_bytes()


def test_prune_shows_what_goes_and_asks(unetkd: Unetkd, launched: list[Run], monkeypatch: pytest.MonkeyPatch) -> None:
    assert "nothing to remove" in unetkd("runs", "prune").err
    unetkd("train", *SMALL)
    last = launched[0].run_dir / "last"
    last.mkdir()
    (last / "a.safetensors").write_bytes(bytes(2_500_000))
    told = unetkd("runs", "prune", "--dry-run")
    assert f"{launched[0].id}: last" in told.out and "2.5" in told.out and "nothing was removed" in told.err
    monkeypatch.setattr("sys.stdin", open("/dev/null"))  # noqa: SIM115
    assert unetkd("runs", "prune").code == 1 and last.exists()
    assert "2 MB are free again" in unetkd("runs", "prune", "--yes").err
    assert not last.exists() and launched[0].run_dir.exists()
    assert unetkd("runs", "prune", "--older-than", 1, "--yes").code == 0
    assert folder.list_runs() == []


def test_several_runs_are_stopped_at_once(unetkd: Unetkd, launched: list[Run], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr(jobs, "stop", lambda *run_ids: asked.append(run_ids))
    one, two = (folder.create(RunConfig()).id for _ in range(2))
    said = unetkd("runs", "stop", one, two)
    assert said.code == 0 and asked == [(one, two)] and said.out.count("is stopped; ") == 2


def test_a_run_whose_settings_no_longer_make_sense_is_listed_with_why_beside_the_others(
    unetkd: Unetkd, checkpoint: str, launched: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    unetkd("distill", "--teacher", checkpoint, *SMALL)
    student, twin = launched
    (twin.run_dir / "config.json").write_text('{"format_version": 2, "optim": {"epochs": 0}}')
    found = {one["id"]: one for one in unetkd("runs", "list", "--json").json()}
    assert found[student.id]["state"] == "done" and found[twin.id]["state"] == "unreadable"
    assert "optim.epochs" in found[twin.id]["error"]["headline"]
    listed = unetkd("runs", "list")
    assert listed.code == 0 and student.id in listed.out and f"{twin.id}: " in listed.err
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    asked = unetkd("runs", "delete", twin.id)
    assert "its settings cannot be read" in asked.err and not twin.run_dir.exists()
