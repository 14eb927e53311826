"""`unetkd sweep`: the grid that is typed, what is shown of it, and how it ends. No driver is really started."""

import csv
import dataclasses
import io
from pathlib import Path

import pytest

from tests.cli.conftest import Unetkd, add_metrics, save_checkpoint
from unetkd_core import settings
from unetkd_core.runs import jobs, sweeps
from unetkd_core.runs.folder import Run
from unetkd_core.runs.reporter import Reporter
from unetkd_core.runs.sweep_driver import Driver
from unetkd_core.runs.sweep_folder import Sweep

SMALL = ("--train", "mine", "--val", "mine:val", "--size", "16x24", "--epochs", "2")


@pytest.fixture(autouse=True)
def mine(unetkd: Unetkd, streets_folder: Path) -> None:
    assert unetkd("data", "add", "mine", streets_folder).code == 0


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sweeps whose every run ends as soon as it is launched: students learn 0.1 a seed more than twins."""

    def finish(run: Run) -> None:
        taught = run.config.role == "student"
        add_metrics(run, [0.2, 0.3 + 0.1 * run.config.seed if taught else 0.2])
        run.write_status(dataclasses.replace(run.written_status(), state="done", epoch=2, ended=1.0))

    def drive(sweep: Sweep) -> None:
        reporter = Reporter(sweep.as_run)
        driver = Driver(sweep, reporter)
        driver._adopt()
        while driver.step():
            pass
        reporter.end("done", driver.ending())

    monkeypatch.setattr(jobs, "_launch", finish)
    monkeypatch.setattr(sweeps, "_launch", drive)


def test_start_runs_the_grid_and_prints_gains_with_their_spread(unetkd: Unetkd, checkpoint: str, at_once: None) -> None:
    typed = ("--teacher", checkpoint, "--alpha", "0.1,0.9", "--temperature", "1,4", "--seed", "0-1")
    outcome = unetkd("sweep", "start", *typed, *SMALL)
    assert outcome.code == 0, outcome.err
    assert "8 students and 2 twins to train" in outcome.err
    assert "α 0.1  +15.0 ± 7.1  +15.0 ± 7.1" in outcome.out
    assert "Best of 4: +15.0 points ± 7.1, 2 seeds, at M128 from small, kd-t2, α 0.1, T 1." in outcome.out
    assert "best validation epoch at the packed size, mean ± standard deviation of 2 seeds" in outcome.out


def test_what_is_done_is_said_before_it_starts(unetkd: Unetkd, checkpoint: str, at_once: None) -> None:
    assert unetkd("sweep", "start", "--teacher", checkpoint, *SMALL).code == 0
    again = unetkd("sweep", "start", "--teacher", checkpoint, "--temperature", "4,10", *SMALL)
    assert "1 student to train (1 are there already)" in again.err


def test_a_series_sets_axes_and_options_win(unetkd: Unetkd, checkpoint: str, at_once: None) -> None:
    outcome = unetkd("sweep", "start", "--teacher", checkpoint, "--preset", "alpha-0.5", "--temperature", "2", *SMALL)
    (sweep,) = sweeps.list_sweeps()
    assert outcome.code == 0
    assert (sweep.spec.alpha, sweep.spec.temperature, sweep.spec.method) == ((0.5,), (2.0,), ("kd",))


def test_names_joined_by_plus_are_an_ensemble(unetkd: Unetkd, checkpoint: str, at_once: None) -> None:
    save_checkpoint(settings.checkpoints_dir() / "second", "second", seed=1)
    refused = unetkd("sweep", "start", "--teacher", checkpoint, "--preset", "ensemble", *SMALL)
    assert refused.code == 2 and "--teacher A+B+C" in refused.err
    typed = ("--teacher", f"{checkpoint},{checkpoint}+second", "--weights", "1,3", "--alpha", "0.1")
    assert unetkd("sweep", "start", *typed, *SMALL).code == 0
    one, both = sweeps.list_sweeps()[0].spec.teacher
    assert one == checkpoint and not isinstance(both, str) and both.shares == (0.25, 0.75)


def test_every_problem_of_the_grid_is_told(unetkd: Unetkd, checkpoint: str) -> None:
    outcome = unetkd("sweep", "start", "--teacher", checkpoint, "--alpha", "2", "--method", "magic", *SMALL)
    assert outcome.code == 1 and "alpha.0" in outcome.err and "magic is unknown" in outcome.err
    assert unetkd("sweep", "start", "--teacher", checkpoint, "--alpha", "much").code == 2
    assert unetkd("sweep", "start").code == 2 and sweeps.list_sweeps() == []


def test_list_show_csv_and_delete(unetkd: Unetkd, checkpoint: str, at_once: None) -> None:
    assert "No sweeps yet" in unetkd("sweep", "list").err
    sweep_id = unetkd("sweep", "start", "--teacher", checkpoint, "--json", *SMALL).json()["id"]
    assert unetkd("sweep", "list", "--json").json()[0]["best"].startswith("+10.0 points, one seed")
    assert sweep_id in unetkd("sweep", "list").out
    assert "T 10" in unetkd("sweep", "show", sweep_id).out
    assert unetkd("sweep", "show", sweep_id, "--json").json()["spec"]["alpha"] == [0.1]
    (row,) = csv.DictReader(io.StringIO(unetkd("sweep", "csv", sweep_id).out))
    assert row["student"] == "M128" and float(row["gain"]) == pytest.approx(0.1) and row["state"] == "done"
    assert unetkd("sweep", "resume", sweep_id).code == 1
    assert "its runs stay" in unetkd("sweep", "delete", sweep_id, "--yes").out
    assert len(unetkd("runs", "list", "--json").json()) == 2


def test_while_seeds_are_missing_it_is_said_how_many_there_are(unetkd: Unetkd, checkpoint: str, at_once: None) -> None:
    typed = ("--teacher", checkpoint, "--alpha", "0.1,0.9", "--seed", "0-2")
    sweep_id = unetkd("sweep", "start", "--json", *typed, *SMALL).json()["id"]
    runs = sweeps.open_sweep(sweep_id).assigned().runs
    for key in ("0/1", "0/2", "1/2"):
        unetkd("runs", "delete", runs[key], "--yes")
    shown = unetkd("sweep", "show", sweep_id).out
    assert "mean ± standard deviation of the seeds done so far, 1 to 2 of 3." in shown
    assert "Best so far, of 2: +15.0 points ± 7.1, 2 seeds, at M128 from small, kd-t2, α 0.9, T 10." in shown


def test_a_sweep_that_cannot_be_read_is_listed_with_why_beside_the_others(
    unetkd: Unetkd, checkpoint: str, at_once: None
) -> None:
    first, second = (
        unetkd("sweep", "start", "--teacher", checkpoint, "--alpha", alpha, "--json", *SMALL).json()["id"]
        for alpha in ("0.1", "0.9")
    )
    (sweeps.open_sweep(first).sweep_dir / "status.json").write_text("{")
    found = {one["id"]: one for one in unetkd("sweep", "list", "--json").json()}
    assert found[first]["state"] == "unreadable" and "cannot be read" in found[first]["problem"]
    assert found[second]["state"] == "done" and found[second]["runs"] == 1
    listed = unetkd("sweep", "list")
    assert "unreadable" in listed.out and second in listed.out and f"{first}: " in listed.err


def test_ctrl_c_stops_the_sweep_and_says_how_to_resume(
    unetkd: Unetkd, checkpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from unetkd_core.cli import sweep as command

    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sweeps, "_launch", lambda sweep: None)
    monkeypatch.setattr(sweeps, "STOP_SECONDS", 0.1)
    monkeypatch.setattr(command, "sleep", interrupt)
    outcome = unetkd("sweep", "start", "--teacher", checkpoint, *SMALL)
    assert outcome.code == 1 and "`unetkd sweep resume " in outcome.err
