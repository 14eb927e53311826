"""Sweeps: what a grid means, which runs are the same, what a driver starts and skips, and how it ends.

Runs are folders that a worker might have left; only the last test trains.
"""

import dataclasses
import json
import math
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.pages import fake_run
from tests.pages.fake_run import Where
from unetkd_core import settings
from unetkd_core.errors import CheckpointError, ConfigError, RunError
from unetkd_core.runs import jobs, sweep_estimate, sweep_match, sweep_results, sweep_worker, sweeps
from unetkd_core.runs.folder import Run, list_runs, open_run
from unetkd_core.runs.reporter import Reporter
from unetkd_core.runs.status import Problem
from unetkd_core.runs.sweep_driver import Driver
from unetkd_core.runs.sweep_folder import Sweep, create
from unetkd_core.runs.sweep_grid import SweepSpec, parse_spec
from unetkd_core.runs.sweep_presets import SERIES
from unetkd_core.training.config import RunConfig

Launched = list[Run]


def grid(**axes: Any) -> SweepSpec:
    base = fake_run.config(teacher=None, epochs=4)
    return parse_spec({"base": base, "teacher": ["m1024"], "alpha": [0.1, 0.9], "temperature": [1, 4], **axes})


@pytest.fixture
def launched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Launched:
    """A teacher, two slots, and no process: what would be launched is noted and stays queued."""
    runs: Launched = []
    monkeypatch.setenv("UNETKD_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("UNETKD_SLOTS", "2")
    monkeypatch.setattr(jobs, "_launch", runs.append)
    fake_run.write_teacher()
    return runs


def end(run: Run, state: str = "done", miou: float = 0.5) -> None:
    """Leave the run as a worker would that ended."""
    val = {"miou": miou, "iou": [miou] * 6}
    (run.run_dir / "metrics.jsonl").write_text(json.dumps({"epoch": 1, "val": val}) + "\n")
    error = Problem("It stopped at epoch 2: the disk is full.", "Free 200 MB.") if state == "failed" else None
    status = dataclasses.replace(run.written_status(), state=state, epoch=1, ended=1.0, error=error)  # type: ignore[arg-type]
    run.write_status(status)


def driver(spec: SweepSpec, sweep: Sweep | None = None) -> Driver:
    sweep = sweep or create(spec)
    made = Driver(sweep, Reporter(sweep.as_run))
    made._adopt()
    return made


def drive(spec: SweepSpec, launched: Launched, how: Callable[[Run], str] = lambda run: "done") -> Sweep:
    """A whole go in which every run ends as `how` says, as soon as it was launched."""
    going = driver(spec)
    while going.step():
        for run in launched:
            if run.status().active:
                end(run, how(run), miou=0.6 if run.config.role == "student" else 0.5)
    return going.sweep


# -- the grid ----------------------------------------------------------------------------------------------------------


def test_all_cells_of_the_first_seed_come_before_the_next_seed() -> None:
    spec = grid(seed=[3, 4])
    assert [run.key for run in spec.runs()] == ["0/3", "1/3", "2/3", "3/3", "0/4", "1/4", "2/4", "3/4"]
    assert [(c.alpha, c.temperature) for c in spec.cells()] == [(0.1, 1), (0.1, 4), (0.9, 1), (0.9, 4)]
    assert spec.size == 8 and spec.title == "M128 from m1024, 2 α × 2 T"


def test_a_method_sets_t2_and_direction_and_the_base_the_rest() -> None:
    base = fake_run.config().with_(teaching={"weight_soft_by_class": False, "scale_by_t2": True})
    spec = grid(base=base, method=["kd", "reverse"], student=["M256"])
    plain, reverse = (spec.config(spec.cells()[i], 0).teaching for i in (0, 4))
    assert plain and (plain.scale_by_t2, plain.direction, plain.weight_soft_by_class) == (False, "forward", False)
    assert reverse and (reverse.scale_by_t2, reverse.direction) == (True, "reverse")
    assert spec.config(spec.cells()[0], 0).model.name == "M256"


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(ConfigError) as refused:
        grid(alpha=[0.1, 0.1], temperature=[0.5], student=["M1"], method=["magic"], seed=[])
    for part in ("alpha: a value stands there twice", "temperature.0", "student.0", "magic is unknown", "seed"):
        assert part in str(refused.value)
    with pytest.raises(ConfigError, match="at most 400"):
        grid(seed=list(range(101)))


def test_a_grid_goes_through_json_and_reads_an_older_releases_settings() -> None:
    spec = grid(seed=[0, 1], twins=False)
    data = json.loads(spec.model_dump_json())
    assert parse_spec(data) == spec
    data["base"]["format_version"] = 1
    assert parse_spec(data).alpha == spec.alpha
    with pytest.raises(ConfigError, match="format version 9"):
        parse_spec({**data, "format_version": 9})


def test_the_papers_series_are_the_papers() -> None:
    assert SERIES["alpha-0.1"].alpha == (0.1,) and SERIES["T-10"].temperature == (10.0,)
    assert SERIES["alpha-0.5"].alpha == (0.5,) and SERIES["ensemble"].ensemble
    assert {0.3} <= set(SERIES["T-10"].alpha) and {5.0} <= set(SERIES["alpha-0.5"].temperature)
    assert all(series.method == ("kd",) for name, series in SERIES.items() if name != "3x3")


# -- the same run ------------------------------------------------------------------------------------------------------


def test_names_and_hardware_make_no_other_run_but_alpha_and_the_teachers_weights_do() -> None:
    config = fake_run.config()
    here = sweep_match.fingerprint(config, "abc")
    same = config.with_(name="mine", recipe="other", hardware={"threads": 1, "precision": "bf16"})
    assert sweep_match.fingerprint(same, "abc") == here
    assert sweep_match.fingerprint(config, "abd") != here
    assert sweep_match.fingerprint(config.with_(teaching={"alpha": 0.2}), "abc") != here
    assert sweep_match.fingerprint(config.with_(seed=1), "abc") != here
    alone = config.with_(teaching=None)
    assert sweep_match.fingerprint(alone, "") == sweep_match.fingerprint(config.twin("x"), "")


def test_another_teacher_under_the_old_name_makes_other_runs(launched: Launched) -> None:
    drive(grid(), launched)
    assert sweep_estimate.of_spec(grid()).done == 4
    file = settings.checkpoints_dir() / "m1024" / "config.json"
    file.write_text(file.read_text().replace("0" * 64, "1" * 64))
    left = sweep_estimate.of_spec(grid())
    assert (left.done, left.students, left.twins) == (0, 4, 0)


def test_an_ensemble_whose_weights_a_run_searched_is_the_ensemble_that_was_asked_for(launched: Launched) -> None:
    fake_run.write_teacher("other")
    open_one = {"members": ["m1024", "other"], "weighting": "grid"}
    spec = grid(teacher=[open_one], alpha=[0.1], temperature=[1])
    sweep = drive(spec, launched)
    run = open_run(sweep.assigned().runs["0/0"])
    teacher = run.config.teaching and run.config.teaching.teacher
    assert teacher is not None and not isinstance(teacher, str)
    found = teacher.found(run.config.data.val, weights=[1.0, 3.0])
    run.write_config(run.config.with_(teaching={"teacher": found.model_dump(mode="json")}))
    assert sweep_estimate.of_spec(spec).done == 1


# -- driving -----------------------------------------------------------------------------------------------------------


def test_the_first_cell_brings_the_twin_and_the_others_share_it(launched: Launched) -> None:
    sweep = drive(grid(), launched)
    assert [run.config.role for run in launched] == ["student", "twin", "student", "student", "student"]
    twin = launched[1].id
    assert all(run.partner() and run.partner().id == twin for run in launched if run.id != twin)  # type: ignore[union-attr]
    assert sweep.assigned().twins == {"M128/0": twin} and len(sweep.assigned().own) == 5
    assert [cell.state for cell in sweeps.cells(sweep)] == ["done"] * 4


def test_no_more_run_at_once_than_there_are_slots(launched: Launched) -> None:
    going = driver(grid())
    going.step()
    assert len(launched) == 2
    going.step()
    assert len(launched) == 2
    end(launched[0])
    going.step()
    assert len(launched) == 3


def test_each_seed_and_student_has_a_twin_of_its_own(launched: Launched) -> None:
    sweep = drive(grid(student=["M128", "M256"], seed=[0, 1], alpha=[0.1]), launched)
    assert sorted(sweep.assigned().twins) == ["M128/0", "M128/1", "M256/0", "M256/1"]
    assert len(launched) == 8 + 4


def test_what_is_done_is_skipped_wherever_it_was_started(launched: Launched) -> None:
    cell = grid().cells()[2]
    (elsewhere,) = jobs.start(grid().config(cell, 0).with_(name="by hand"), twin=False)
    end(elsewhere)
    left = sweep_estimate.of_spec(grid())
    assert (left.students, left.twins, left.done) == (3, 1, 1) and left.seconds > 0
    sweep = drive(grid(), launched)
    assert sweep.assigned().runs["2/0"] == elsewhere.id and elsewhere.id not in sweep.assigned().own
    before = len(launched)
    drive(grid(), launched)
    assert len(launched) == before


def test_a_control_that_is_missing_is_trained_alone(launched: Launched) -> None:
    for cell in grid().cells():
        end(jobs.start(grid().config(cell, 0), twin=False)[0])
    sweep = drive(grid(), launched)
    assert [run.config.role for run in launched] == ["student"] * 4 + ["twin"]
    assert all(run.gain == pytest.approx(0.0) for cell in sweeps.cells(sweep) for run in cell.runs)


def test_without_twins_there_are_none_and_no_gains(launched: Launched) -> None:
    sweep = drive(grid(twins=False), launched)
    assert [run.config.role for run in launched] == ["student"] * 4
    found = sweeps.cells(sweep)[0]
    assert found.state == "done" and found.summary("gain").mean is None and found.summary("miou").mean == 0.6


def test_one_that_fails_does_not_end_the_sweep_and_is_tried_again_only_when_resumed(launched: Launched) -> None:
    broken = {"0.9/4"}

    def how(run: Run) -> str:
        teaching = run.config.teaching
        return "failed" if teaching and f"{teaching.alpha}/{teaching.temperature:g}" in broken else "done"

    sweep = drive(grid(), launched, how)
    assert driver(grid(), sweep).ending() == "Done, but 1 of 4 runs failed"
    bad = sweeps.cells(sweep)[3]
    assert bad.state == "failed" and "the disk is full" in bad.runs[0].student.problem
    assert len(launched) == 5
    broken.clear()
    again = driver(grid(), sweep)
    again.step()
    assert launched[5].id == bad.runs[0].student.run_id  # resumed, not started anew
    end(launched[5])
    assert not again.step() and again.ending() == "Done"


def test_one_whose_time_is_up_holds_up_nobody(launched: Launched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNETKD_MAX_HOURS", "1")
    sweep = drive(grid(), launched, lambda run: "stopped" if run is launched[0] else "done")
    line = {"epoch": 1, "seconds": 4000.0, "val": {"miou": 0.5, "iou": [0.5] * 6}}
    (launched[0].run_dir / "metrics.jsonl").write_text(json.dumps(line) + "\n")
    again = driver(grid(), sweep)
    assert not again.step() and "UNETKD_MAX_HOURS" in sweep.log_tail()
    assert again.ending() == "Done, but 1 of 4 runs did not finish" and len(launched) == 5


def test_one_that_was_deleted_meanwhile_is_started_again(launched: Launched) -> None:
    going = driver(grid(alpha=[0.1], temperature=[1], twins=False))
    sweep_match._known.clear()
    going.step()
    end(launched[0])
    other = driver(grid(alpha=[0.1], temperature=[1], twins=False))
    jobs.delete(launched[0].id)
    assert not going.step()  # it was started in this go already
    other.step()
    assert len(launched) == 1 or launched[-1].id != launched[0].id


def test_a_refused_start_is_the_sweeps_sentence(launched: Launched, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **kwargs: Any) -> list[Run]:
        raise CheckpointError("There is no checkpoint named 'm1024'.")

    sweep = create(grid())
    monkeypatch.setattr(jobs, "start", refuse)
    assert sweep_worker.main([str(sweep.sweep_dir)]) == 1
    error = sweep.status().error
    assert error and error.headline == "The sweep could not go on at M128, α 0.1, T 1, seed 0."
    assert "no checkpoint named 'm1024'" in error.hint and list_runs() == []


def test_nothing_is_made_where_the_teacher_or_the_data_are_not_there(launched: Launched) -> None:
    with pytest.raises(CheckpointError):
        sweeps.start(grid(teacher=["nobody"]))
    with pytest.raises(Exception, match="nowhere"):
        sweeps.start(grid(base=RunConfig().with_(data={"train": ["nowhere:train"]})))
    assert sweeps.list_sweeps() == []


def test_two_sweeps_with_a_cell_in_common_share_its_run_and_its_twin(launched: Launched) -> None:
    first, second = driver(grid(alpha=[0.1])), driver(grid())
    first.step()
    while second.step():
        for run in launched:
            end(run)
    assert not first.step()
    assert len(launched) == 5
    assert first.sweep.assigned().twins == second.sweep.assigned().twins


# -- stop, resume, delete ----------------------------------------------------------------------------------------------


def test_stopping_stops_what_the_sweep_set_going_and_nothing_else(
    launched: Launched, monkeypatch: pytest.MonkeyPatch
) -> None:
    (by_hand,) = jobs.start(grid().config(grid().cells()[0], 0), twin=False)
    stopped: list[str] = []
    monkeypatch.setattr(jobs, "stop", stopped.append)
    going = driver(grid())
    going.step()
    (going.sweep.sweep_dir / "stop").touch()
    assert not going.go()
    assert by_hand.id not in stopped and sorted(stopped) == sorted(going.sweep.assigned().own) != []


def test_a_driver_that_is_gone_reads_as_interrupted_and_only_then_can_be_resumed(
    launched: Launched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeps, "_launch", lambda sweep: None)
    sweep = sweeps.start(grid())
    with pytest.raises(RunError, match="still going on"):
        sweeps.resume(sweep.id)
    with pytest.raises(RunError, match="stop it first"):
        sweeps.delete(sweep.id)
    dead = dataclasses.replace(sweep.as_run.written_status(), state="running", heartbeat=time.time() - 999)
    sweep.as_run.write_status(dead)
    assert sweep.status().state == "interrupted"
    assert sweeps.resume(sweep.id).status().state == "queued"


def test_deleting_a_sweep_leaves_its_runs(launched: Launched) -> None:
    sweep = drive(grid(), launched)
    sweep.as_run.write_status(dataclasses.replace(sweep.as_run.written_status(), state="done"))
    with pytest.raises(RunError, match="nothing to resume"):
        sweeps.resume(sweep.id)
    sweeps.delete(sweep.id)
    assert sweeps.list_sweeps() == [] and len(list_runs()) == 5


def test_an_unknown_or_broken_sweep_is_a_sentence_and_breaks_no_list() -> None:
    with pytest.raises(RunError, match="no sweep"):
        sweeps.open_sweep("../x")
    sweep = create(grid())
    (sweep.sweep_dir / "runs.json").write_text("{")
    assert [cell.state for cell in sweeps.cells(sweep)] == ["waiting"] * 4
    (sweep.sweep_dir / "sweep.json").write_text("{")
    assert sweeps.list_sweeps() == []


# -- what was found ----------------------------------------------------------------------------------------------------


def test_mean_and_spread_are_those_by_hand_and_nan_is_left_out() -> None:
    told = sweep_results.summary([0.01, 0.03, math.nan, None])
    assert (told.mean, told.n) == (pytest.approx(0.02), 2) and told.spread == pytest.approx(math.sqrt(0.0002))
    assert sweep_results.summary([0.5]) == sweep_results.Summary(0.5, None, 1)
    assert sweep_results.summary([None]) == sweep_results.Summary(None, None, 0)


def test_a_gain_so_far_compares_as_many_epochs_as_both_have(launched: Launched) -> None:
    spec = grid(alpha=[0.1], temperature=[1])
    config = spec.config(spec.cells()[0], 0)
    student, twin = fake_run.write_pair((Where("running", 2), Where("running", 1)), epochs=4)
    open_run(student).write_config(config)
    sweep = create(spec)
    sweep.assign(dataclasses.replace(sweep.assigned(), runs={"0/0": student}, twins={"M128/0": twin}))
    (cell,) = sweeps.cells(sweep)
    first = [open_run(i).metrics()[0]["val"]["miou"] for i in (student, twin)]
    assert cell.state == "running" and cell.summary("gain").n == 0
    assert cell.so_far("gain") == pytest.approx(first[0] - first[1]) and cell.fraction == 0.5


def test_the_table_has_a_row_for_every_run_with_its_twin_and_classes(launched: Launched) -> None:
    sweep = drive(grid(seed=[0, 1]), launched)
    rows = sweeps.table(sweep)
    assert len(rows) == 8 and len({row["run"] for row in rows}) == 8 and len({row["twin"] for row in rows}) == 2
    assert rows[0]["gain"] == pytest.approx(0.1) and rows[0]["iou_person"] == 0.6
    assert (rows[0]["alpha"], rows[0]["temperature"], rows[0]["seed"], rows[0]["method"]) == (0.1, 1.0, 0, "kd-t2")


# -- with real processes -----------------------------------------------------------------------------------------------


def test_a_killed_driver_is_resumed_and_nothing_is_done_twice(
    tiny_config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.cli.conftest import save_checkpoint

    monkeypatch.setenv("UNETKD_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("UNETKD_SLOTS", "2")
    save_checkpoint(tmp_path / "checkpoints" / "small", "small")
    base = tiny_config.with_(optim={"epochs": 3})
    sweep = sweeps.start(parse_spec({"base": base, "teacher": ["small"], "temperature": [1, 4, 10]}))
    _until(lambda: sweeps.runs_done(sweeps.cells(sweep))[0] >= 1 or not sweep.status().active)
    pid = sweep.status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    _until(lambda: sweep.status().state == "interrupted")
    sweeps.resume(sweep.id)
    _until(lambda: not sweep.status().active)
    assert sweep.status().message == "Done", sweep.log_tail()
    assert len(list_runs()) == 4
    assert all("Resuming" not in run.log_tail() for run in list_runs())


def _until(true: Callable[[], bool], seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.1)
