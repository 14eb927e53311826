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

from pages.ui import pairs
from tests.pages import fake_run
from tests.pages.fake_run import Where
from unetkd_core import settings
from unetkd_core.errors import CheckpointError, ClusterBusyError, ConfigError, RunError
from unetkd_core.runs import (
    cluster,
    estimate,
    jobs,
    placement,
    sweep_estimate,
    sweep_match,
    sweep_results,
    sweep_worker,
    sweeps,
)
from unetkd_core.runs.folder import Run, list_runs, open_run
from unetkd_core.runs.reporter import Reporter
from unetkd_core.runs.status import Problem
from unetkd_core.runs.sweep_driver import Driver
from unetkd_core.runs.sweep_folder import Sweep, create
from unetkd_core.runs.sweep_grid import SweepSpec, parse_spec
from unetkd_core.runs.sweep_presets import SERIES
from unetkd_core.runs.sweep_reading import read_one
from unetkd_core.training.config import RunConfig, parse_config
from unetkd_core.zoo import ensembles

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


def test_a_method_that_brings_its_own_alpha_and_t_has_one_cell_and_the_others_all() -> None:
    spec = grid(method=["dist", "structured"], seed=[0, 1])
    cells = spec.cells()
    assert [(c.method, c.alpha, c.temperature) for c in cells[:2]] == [("dist", 1, 1), ("structured", 0.1, 1)]
    assert len(cells) == 5 and spec.size == 10 == len(list(spec.runs()))
    dist, structured = (spec.config(cells[i], 0).teaching for i in (0, 4))
    assert dist and structured and [term.kind for term in dist.terms] == ["correlation"] and dist.alpha == 1
    assert [term.kind for term in structured.terms] == ["pair_wise", "holistic"] and structured.alpha == 0.9


def test_terms_of_the_base_belong_to_no_cell() -> None:
    base = fake_run.config().with_(teaching={"terms": [{"kind": "holistic"}]})
    plain = grid(base=base, method=["kd-t2"])
    teaching = plain.config(plain.cells()[0], 0).teaching
    assert teaching is not None and teaching.terms == ()


def test_an_ensemble_is_refused_by_a_method_that_reads_maps() -> None:
    with pytest.raises(ConfigError, match="no feature maps of its own"):
        grid(method=["intra-class"], teacher=[{"members": ["a", "b"]}])


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


def test_a_student_that_is_not_the_bases_own_is_what_distill_makes_of_its_name(launched: Launched) -> None:
    base = fake_run.config(teacher=None).with_(
        model={"name": "VGG16", "norm": "batch", "weights": "imagenet"},
        optim={"encoder_rate": 0.1, "encoder_frozen_epochs": 2},
    )
    spec = grid(base=base, student=["VGG16", "ResNet50", "M128"], alpha=[0.1], temperature=[10], method=["kd"])
    own, encoder, small = (spec.config(cell, 0) for cell in spec.cells())
    assert (own.model, own.optim) == (base.model, base.optim)
    assert (encoder.model.norm, encoder.model.weights, encoder.optim.encoder_rate) == ("batch", None, 1.0)
    assert (small.model.norm, small.optim.encoder_frozen_epochs) == ("none", 0)
    prints = sweep_match.Prints()
    for name, planned in (("ResNet50", encoder), ("M128", small)):
        typed = parse_config({**fake_run.config().model_dump(), "model": {"name": name}})  # as `distill --student`
        assert prints.of(planned) == prints.of(typed)


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


def test_a_teacher_that_is_replaced_while_a_sweep_goes_on_ends_it(launched: Launched) -> None:
    going = driver(grid(seed=[0, 1], alpha=[0.1], temperature=[1]))
    assert going.step()
    for run in launched:
        end(run)
    file = settings.checkpoints_dir() / "m1024" / "config.json"
    file.write_text(file.read_text().replace("0" * 64, "1" * 64))
    with pytest.raises(RunError, match="changed under their names"):
        while going.step():
            pass
    assert {run.config.seed for run in launched} == {0}, "no seed of another teacher joins the mean"
    resumed = driver(going.spec, going.sweep)
    assert resumed.step() and [run.config.seed for run in launched if run.config.role == "student"] == [0, 0, 1]


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


def test_an_ensembles_given_weights_are_part_of_what_it_is(launched: Launched) -> None:
    fake_run.write_teacher("other")
    file = settings.checkpoints_dir() / "other" / "config.json"
    file.write_text(file.read_text().replace("0" * 64, "1" * 64))
    searched = ensembles.parse({"members": ["m1024", "other"], "weighting": "grid"})
    val = RunConfig().data.val
    heavy, light = (searched.found(val, weights=weights).model_dump(mode="json") for weights in ([1, 3], [3, 1]))
    drive(grid(teacher=[heavy], alpha=[0.1], temperature=[1]), launched)
    assert sweep_estimate.of_spec(grid(teacher=[heavy], alpha=[0.1], temperature=[1])).done == 1
    for other in (light, searched.model_dump(mode="json")):
        assert sweep_estimate.of_spec(grid(teacher=[other], alpha=[0.1], temperature=[1])).done == 0


def test_a_split_that_is_not_named_is_train_for_runs_and_grids(launched: Launched) -> None:
    base = grid().base
    short = base.with_(data={"train": ["streets"]})
    sweep = drive(grid(base=short), launched)
    assert sweep.sweep_dir.exists() and launched[0].config.data.train == ("streets:train",)
    assert sweep_estimate.of_spec(grid(base=base)).done == 4
    older = launched[0]
    older.write_config(older.config.with_(data={"train": ["streets"]}))
    assert sweep_estimate.of_spec(grid(base=base)).done == 4


def test_other_data_under_the_old_name_make_other_runs(
    launched: Launched, tiny_config: RunConfig, tmp_path: Path
) -> None:
    spec = grid(base=tiny_config, alpha=[0.1])
    drive(spec, launched)
    assert sorted(launched[0].meta["data"]) == sorted(launched[1].meta["data"]) == ["tiny:train", "tiny:val"]
    assert sweep_estimate.of_spec(spec).done == 2
    for path in tmp_path.glob("tiny/**/*.png"):  # another copy of the same files
        os.utime(path, ns=(1, 1))
    assert sweep_estimate.of_spec(spec).done == 2
    picture = next(tmp_path.glob("tiny/train/images/*.png"))
    picture.write_bytes(picture.read_bytes() + b" ")
    assert sweep_estimate.of_spec(spec).done == 0
    for run in launched:  # as a release left it that noted nothing
        meta = {key: value for key, value in run.meta.items() if key != "data"}
        (run.run_dir / "meta.json").write_text(json.dumps(meta))
    assert sweep_estimate.of_spec(spec).done == 2


def test_packing_is_counted_once_whatever_the_grid_has(monkeypatch: pytest.MonkeyPatch, launched: Launched) -> None:
    monkeypatch.setattr(estimate, "packing_seconds", lambda config: 0.0)
    without = sweep_estimate.of_spec(grid(seed=[0, 1, 2])).seconds
    monkeypatch.setattr(estimate, "packing_seconds", lambda config: 75.0)
    assert sweep_estimate.of_spec(grid(seed=[0, 1, 2])).seconds == pytest.approx(without + 75.0)


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
    assert [run.partner() for run in launched[:4]] == [open_run(launched[4].id)] * 4
    assert sweeps.compared_with(launched[4].id) == {run.id for run in launched[:4]}


def test_a_student_that_is_taken_over_brings_its_own_twin_not_the_newest(launched: Launched) -> None:
    config = grid(alpha=[0.1], temperature=[1]).config(grid(alpha=[0.1], temperature=[1]).cells()[0], 0)
    student, twin = jobs.start(config)
    end(student, miou=0.6)
    end(twin, miou=0.5)
    other = jobs.start(config.with_(teaching=None, hardware={"precision": "bf16"}), twin=False)[0]
    end(other, miou=0.55)
    for spec in (grid(alpha=[0.1], temperature=[1]), grid(alpha=[0.9, 0.1], temperature=[1])):
        assert list(driver(spec).sweep.assigned().twins.values()) == [twin.id]
    jobs.delete(twin.id)
    assert list(driver(grid(alpha=[0.1], temperature=[1])).sweep.assigned().twins.values()) == [other.id]


def test_a_pairs_twin_that_a_sweep_takes_over_is_compared_with_its_students_too(launched: Launched) -> None:
    first, second, *_ = grid().cells()
    pair = jobs.start(grid().config(first, 0))
    alone = jobs.start(grid().config(second, 0), twin=False)
    own = jobs.start(grid().config(grid().cells()[2], 0))
    for run in launched:
        end(run)
    sweep = drive(grid(), launched)
    control = sweep.assigned().twins["M128/0"]
    assert control in (pair[1].id, own[1].id) and alone[0].partner() == open_run(control)
    assert sweeps.compared_with(control) == set(sweep.assigned().runs.values())
    assert (pair[0].partner(), own[0].partner()) == (pair[1], own[1])  # who has one keeps it


def test_a_lone_control_that_another_sweep_has_just_started_is_taken_over(launched: Launched) -> None:
    one = {"alpha": [0.1], "temperature": [1]}
    end(jobs.start(grid(**one).config(grid().cells()[0], 0), twin=False)[0])
    first, second = driver(grid(**one)), driver(grid(**one))
    assert first.step() and second.step() and len(launched) == 2
    assert first.sweep.assigned().twins == second.sweep.assigned().twins and second.sweep.assigned().own == ()
    end(launched[1])
    assert not first.step() and not second.step() and second.ending() == "Done"


def test_a_control_is_noted_at_the_end_in_what_trained_when_it_was_found(launched: Launched) -> None:
    (there,) = jobs.start(grid(alpha=[0.1], temperature=[1]).config(grid().cells()[0], 0), twin=False)
    drive(grid(alpha=[0.1], temperature=[1]), launched)
    assert there.partner() == launched[-1] and launched[-1].config.role == "twin"


def test_a_run_that_another_sweep_resumes_first_is_waited_for_not_resumed_again(
    launched: Launched, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = {"alpha": [0.1], "temperature": [1], "twins": False}
    sweep = drive(grid(**one), launched, lambda run: "stopped")
    (run,) = launched
    first, second = driver(grid(**one), sweep), driver(grid(**one))
    resume = jobs.resume

    def too_late(run_id: str) -> Run:
        resume(run_id)  # the other's, between our look and our try
        return resume(run_id)

    monkeypatch.setattr(jobs, "resume", too_late)
    assert second.step() and second.sweep.assigned().own == ()
    assert first.step() and len(launched) == 2  # found going when it looked again
    end(run)
    assert not first.step() and not second.step() and second.ending() == "Done"


def test_a_queue_that_others_filled_is_waited_for(launched: Launched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNETKD_MAX_QUEUED", "3")
    others = [jobs.start(fake_run.config(teacher=None, epochs=9, seed=seed))[0] for seed in (7, 8)]
    going = driver(grid(alpha=[0.1]))
    assert going.step() and going.step() and len(launched) == 2
    assert going.sweep.status().message == "0 of 2 runs done; no room in the queue just now"
    assert going.sweep.log_tail().count("Waiting for room in the queue") == 1
    end(others[0])
    assert going.step() and len(launched) == 4
    for run in launched:
        end(run)
    while going.step():
        for run in launched:
            end(run)
    assert going.ending() == "Done" and not going.full


def test_a_cluster_that_cannot_take_a_run_just_now_is_waited_for(
    launched: Launched, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = jobs.start

    def lost(*_: object, **__: object) -> None:
        raise ClusterBusyError("The cluster's node large did not answer.")

    monkeypatch.setattr(jobs, "start", lost)
    going = driver(grid(alpha=[0.1]))
    assert going.step() and going.step() and not launched
    assert going.sweep.status().message == "0 of 2 runs done; no place on the cluster just now"
    assert going.sweep.log_tail().count("Waiting for place on the cluster. The cluster's node large") == 1
    monkeypatch.setattr(jobs, "start", start)
    assert going.step() and launched and not going.full


def test_a_lone_control_waits_for_room_too(launched: Launched, monkeypatch: pytest.MonkeyPatch) -> None:
    one = {"alpha": [0.1], "temperature": [1]}
    (student,) = jobs.start(grid(**one).config(grid().cells()[0], 0), twin=False)
    end(student)
    (other,) = jobs.start(fake_run.config(teacher=None, epochs=9))
    monkeypatch.setenv("UNETKD_MAX_QUEUED", "1")
    going = driver(grid(**one))
    assert going.step() and len(launched) == 2
    end(other)
    assert going.step() and launched[2].config.role == "twin"


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
    monkeypatch.setattr(jobs, "stop", lambda run_id, by=None: stopped.append(run_id))
    going = driver(grid())
    going.step()
    (going.sweep.sweep_dir / "stop").touch()
    assert not going.go()
    assert by_hand.id not in stopped and sorted(stopped) == sorted(going.sweep.assigned().own) != []


def test_a_driver_that_was_sent_to_a_cluster_is_taken_back_before_another_begins(
    launched: Launched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeps, "_launch", lambda sweep: None)
    sweep = sweeps.start(grid())
    sweep.as_run.write_status(dataclasses.replace(sweep.as_run.written_status(), state="stopped"))
    placement.write(sweep.sweep_dir, "http://127.0.0.1:1", "the-job", placement.Resources())
    asked: list[placement.Placement] = []
    monkeypatch.setattr(cluster, "take_back", asked.append)  # which is to say that it could not
    sweeps.resume(sweep.id)
    assert [where.job for where in asked] == ["the-job"]
    assert "Its job the-job could not be taken back" in sweep.log_tail()


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


def test_a_status_that_a_power_cut_emptied_is_rebuilt(launched: Launched, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep = drive(grid(), launched)
    file = sweep.sweep_dir / "status.json"
    file.write_bytes(bytes(200))
    assert sweep.status().state == "running" and sweep.status().epochs == 4
    os.utime(file, (time.time() - 999,) * 2)
    assert sweep.status().state == "interrupted"
    monkeypatch.setattr(sweeps, "_launch", lambda sweep: None)
    assert sweeps.resume(sweep.id).status().state == "queued"


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


def test_a_students_miou_stays_when_its_control_failed_but_no_gain_is_told(launched: Launched) -> None:
    sweep = drive(grid(alpha=[0.1]), launched, lambda run: "failed" if run.config.role == "twin" else "done")
    (cell, _), (row, _) = sweeps.cells(sweep), sweeps.table(sweep)
    assert cell.summary("miou").mean == 0.6 and cell.summary("gain").n == 0
    assert row["miou"] == 0.6 and row["gain"] is None and row["twin_state"] == "failed"


def test_the_best_cell_is_among_those_with_the_most_finished_seeds(launched: Launched) -> None:
    sweep = drive(grid(alpha=[0.1], seed=[0, 1]), launched)
    assigned = sweep.assigned()
    end(open_run(assigned.runs["1/0"]), miou=0.9)
    assert sweep_results.best(sweeps.cells(sweep), "gain") == sweeps.cells(sweep)[1]
    jobs.delete(assigned.runs["1/1"])
    assert sweep_results.best(sweeps.cells(sweep), "gain") == sweeps.cells(sweep)[0]


def test_of_equal_epochs_the_last_is_the_best_as_for_the_trainer(launched: Launched) -> None:
    (run,) = jobs.start(fake_run.config(teacher=None))
    lines = [{"epoch": n, "val": {"miou": m, "iou": [n / 10] * 6}} for n, m in enumerate((0.3, 0.5, 0.5, 0.4), 1)]
    (run.run_dir / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    curve = read_one(run.id, 4).curve
    assert (curve.best(), curve.iou) == (0.5, (0.3,) * 6)
    assert (best := pairs.read(run.id).main.best) is not None and best.epoch == 3


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
