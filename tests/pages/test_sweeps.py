"""Sweeps, through app.py: the form's grid, the launch, the heatmap in every state, one cell, resuming, deleting."""

import csv
import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.ui import sweep_actions, sweep_heat
from tests.pages import fake_run
from tests.pages.fake_run import Where
from tests.pages.fake_sweep import DONE, FIRST, spec, write_sweep
from tests.pages.lab_app import charts, lab, opened, text
from unetkd_core import settings
from unetkd_core.errors import RunError
from unetkd_core.runs import sweep_results, sweeps
from unetkd_core.runs.folder import list_runs
from unetkd_core.runs.status import Problem
from unetkd_core.runs.sweep_folder import Sweep, create
from unetkd_core.runs.sweep_grid import SweepSpec

__all__ = ["lab"]
GAINS = (2.1, 3.0, 1.2, 3.6, 4.2, 2.8, 0.6, 0.3, -0.8)
DISK = ("It stopped at epoch 3: the disk is full.", "Free 200 MB, then resume.")


@pytest.fixture(autouse=True)
def started(monkeypatch: pytest.MonkeyPatch, lab: Any) -> list[SweepSpec]:
    """A teacher, and no process: `sweeps.start` and `resume` make the folder and note what was asked for."""
    asked: list[SweepSpec] = []

    def start(grid: SweepSpec, *, by: str | None = None) -> Sweep:
        sweeps.check(grid)
        asked.append(grid)
        return create(grid)

    monkeypatch.setattr(sweeps, "start", start)
    fake_run.write_teacher()
    return asked


def finished(**axes: Any) -> Sweep:
    return write_sweep(spec(**axes), {f"{i}/0": (DONE, gain) for i, gain in enumerate(GAINS)})


def grid_of(at: AppTest, key: str = "sweeps_heat") -> dict[str, Any]:
    """What the heatmap was given."""
    found = [c.proto for c in at.get("bidi_component") if key in c.proto.id]
    return dict(json.loads(found[0].json))


def cells(at: AppTest, key: str = "sweeps_heat") -> list[dict[str, Any]]:
    return [cell for panel in grid_of(at, key)["panels"] for cell in panel["cells"]]


# -- the form ----------------------------------------------------------------------------------------------------------


def test_without_sweeps_it_teaches_and_both_buttons_say_what_they_start(started: list[SweepSpec]) -> None:
    at = opened("sweeps")
    assert "Which α, and how warm?" in at.title[0].value and "No sweeps yet" in text(at)
    labels = {at.button(key=f"sweeps_{name}").label.replace("\u00a0", " ") for name in ("start", "first")}
    assert len(labels) == 1 and labels.pop().startswith("Start 9 students and 1 twin, about ")
    assert [cell["state"] for cell in cells(at, "sweeps_preview")] == ["waiting"] * 9
    at.button(key="sweeps_first").click().run()
    (grid,) = started
    assert (grid.alpha, grid.temperature, grid.method) == ((0.1, 0.5, 0.9), (1, 4, 10), ("kd-t2",))
    assert grid.base.optim.epochs == 8 and grid.student == ("M128",) and grid.teacher == ("m1024",)
    assert at.query_params["sweep"] == sweeps.list_sweeps()[0].id and "Starting" in text(at)


def test_a_series_fills_the_axes_in_and_changing_one_makes_it_ones_own(started: list[SweepSpec]) -> None:
    at = opened("sweeps")
    at.get_by_key("sweeps_series").set_value("alpha-0.1").run()
    assert at.multiselect(key="sweeps_alpha").value == ["0.1"]
    assert at.multiselect(key="sweeps_temperature").value == ["1", "2", "5", "10", "20"]
    assert at.multiselect(key="sweeps_method").value == ["kd"] and "The paper's first series" in text(at)
    at.multiselect(key="sweeps_temperature").set_value(["1", "20"]).run()
    assert at.session_state["sweeps_series"] is None and "A grid of your own" in text(at)
    at.button(key="sweeps_start").click().run()
    assert started[0].temperature == (1.0, 20.0)


def test_students_and_seeds_multiply_and_twins_are_counted_once(started: list[SweepSpec]) -> None:
    at = opened("sweeps")
    at.get_by_key("sweeps_student").set_value(["M128", "M256"]).run()
    at.get_by_key("sweeps_seeds").set_value(3).run()
    assert at.button(key="sweeps_start").label.replace("\u00a0", " ").startswith("Start 54 students and 6 twins")


def test_what_is_done_already_is_left_out_of_the_price() -> None:
    base = _base(opened("sweeps"))
    for i, cell in enumerate(spec(base=base).cells()[:4]):
        config = spec(base=base).config(cell, 0)
        fake_run.write_run(config, DONE, run_id=f"2026030{i + 1}-000000-m128-{i:04x}")
        _note_teacher(f"2026030{i + 1}-000000-m128-{i:04x}")
    at = opened("sweeps")
    assert at.button(key="sweeps_start").label.replace("\u00a0", " ").startswith("Start 5 students and 1 twin")
    assert "4 students of this grid are done already" in text(at)


def test_an_axis_that_is_empty_or_no_number_is_told_in_place() -> None:
    at = opened("sweeps")
    at.multiselect(key="sweeps_alpha").set_value([]).run()
    assert "There is no grid without α" in text(at) and at.button(key="sweeps_start").disabled
    at.multiselect(key="sweeps_alpha").options.append("much")
    at.multiselect(key="sweeps_alpha").set_value(["0.1", "much"]).run()
    assert "α is 'much', expected a number" in text(at) and not at.exception
    at.session_state["sweeps_alpha"] = ["3"]
    at.run()
    assert "This grid does not work" in text(at) and "alpha.0" in text(at)


def test_without_a_teacher_the_form_leads_to_where_one_is_trained() -> None:
    for path in settings.checkpoints_dir().iterdir():
        shutil.rmtree(path)
    at = opened("sweeps")
    assert "There is no teacher yet" in text(at)
    assert [p.label for p in at.page_link] == ["Train a teacher"]


def test_a_teacher_that_is_taken_away_stays_away() -> None:
    at = opened("sweeps")
    at.multiselect(key="sweeps_teacher").set_value([]).run()
    assert at.multiselect(key="sweeps_teacher").value == [] and "There is no grid without teacher" in text(at)


def test_a_refused_start_is_told_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(grid: SweepSpec, *, by: str | None = None) -> Sweep:
        raise RunError("No sweep could be started: the disk is full. Free some space.")

    at = opened("sweeps")
    monkeypatch.setattr(sweeps, "start", refuse)
    at.button(key="sweeps_start").click().run()
    assert "the disk is full" in text(at) and sweeps.list_sweeps() == []


# -- the heatmap -------------------------------------------------------------------------------------------------------


def test_a_finished_sweep_is_answered_and_its_best_cell_ringed() -> None:
    finished()
    at = opened("sweeps")
    assert "α 0.5 and T 4: worth +4.2 points over the untaught twin, one seed, the best of 9." in text(at)
    shown = cells(at)
    assert [c["text"] for c in shown] == ["+2.1", "+3.0", "+1.2", "+3.6", "+4.2", "+2.8", "+0.6", "+0.3", "−0.8"]
    assert [c["number"] for c in shown if c["best"]] == [4] and shown[4]["level"] == sweep_heat.LEVELS[-1]
    assert shown[8]["loss"] and shown[8]["level"] is None and shown[8]["note"] == "a loss"
    assert shown[4]["label"] == "α 0.5, T 4: +4.2 points, the best"
    said = text(at)
    assert "best validation epoch at the packed size, 64 × 128" in said and "8 epochs, one seed" in said


def test_three_seeds_have_a_spread() -> None:
    grid = spec(seed=[0, 1, 2], alpha=[0.5], temperature=[4])
    write_sweep(grid, {f"0/{seed}": (DONE, 3.2 + seed) for seed in range(3)})
    at = opened("sweeps", cell="1")
    (cell,) = cells(at)
    assert (cell["text"], cell["note"]) == ("+4.2", "±\u00a01.0") and "three seeds, mean ± standard deviation" in text(
        at
    )
    assert at.get_by_key("sweeps_seed_0").options == ["Seed 0", "Seed 1", "Seed 2"]
    assert [p.label for p in at.page_link if p.label.startswith("Seed")] == ["Seed 0", "Seed 1", "Seed 2"]


def test_miou_instead_of_gain() -> None:
    finished()
    at = opened("sweeps")
    at.get_by_key("sweeps_what").set_value("miou").run()
    shown = cells(at)
    assert shown[4]["text"] == "67.6" and not any(c["loss"] for c in shown) and shown[8]["level"] == 2
    assert grid_of(at)["low"] == "62.6 %" and "Gain over" not in grid_of(at)["label"]


def test_while_it_runs_cells_fill_and_it_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = {f"{i}/0": (DONE, gain) for i, gain in enumerate(GAINS[:3])}
    runs["3/0"] = (Where("running", 4), 3.6)
    runs["4/0"] = (Where("failed", 2, error=DISK), 1.0)
    sweep = write_sweep(spec(), runs, state="running")
    stopped: list[str] = []
    monkeypatch.setattr(
        sweeps, "stop", lambda sweep_id, by=None: stopped.append(sweep_id)
    )  # before it is drawn: it would stop this process
    at = opened("sweeps")
    assert "3 of 9 students done" in text(at) and "1 training, 1 failed, 4 to come" in text(at)
    assert "So far α 0.1 and T 4: worth +3.0 points" in text(at) and "You can leave" in text(at)
    states = [(c["state"], c["failed"]) for c in cells(at)]
    assert states[2:6] == [("done", False), ("running", False), ("failed", True), ("waiting", False)]
    assert cells(at)[3]["progress"] == 0.5 and cells(at)[3]["label"].endswith("points so far")
    at.button(key="sweeps_stop").click().run()
    assert stopped == [sweep.id]


def test_an_interrupted_sweep_says_what_is_left_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    sweep = write_sweep(spec(), {f"{i}/0": (DONE, 1.0) for i in range(4)}, state="interrupted")
    resumed: list[str] = []
    monkeypatch.setattr(sweeps, "resume", lambda sweep_id, by=None: resumed.append(sweep_id))
    at = opened("sweeps")
    assert "It was interrupted" in text(at) and "5 students still to train" in text(at)
    button = at.button(key="sweeps_resume")
    assert button.label.startswith("Resume, 5 runs left, about ")
    button.click().run()
    assert resumed == [sweep.id]


def test_failed_runs_of_a_finished_sweep_can_be_tried_again() -> None:
    runs = {f"{i}/0": (DONE, 1.0) for i in range(8)} | {"8/0": (Where("failed", 2, error=DISK), 1.0)}
    write_sweep(spec(), runs)
    at = opened("sweeps", cell="9")
    said = text(at)
    assert "1 of 9 runs did not finish" in said and "failed after epoch 2" in said and "Free 200 MB" in said
    assert at.button(key="sweeps_resume").label.startswith("Try again")


def test_a_twin_that_failed_is_said_because_gains_need_it() -> None:
    runs = {f"{i}/0": (DONE, 1.0) for i in range(9)}
    write_sweep(spec(), runs, twin=Where("failed", 2, error=DISK))
    at = opened("sweeps")
    assert "An untaught twin did not finish" in text(at) and all(c["failed"] for c in cells(at))


def test_runs_that_go_on_without_their_driver_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped: list[str] = []
    monkeypatch.setattr(sweeps, "stop", lambda sweep_id, by=None: stopped.append(sweep_id))
    sweep = write_sweep(spec(), {"0/0": (Where("running", 4), 1.0)}, state="interrupted")
    at = opened("sweeps")
    assert at.button(key="sweeps_stop").label == "Stop its runs"
    at.button(key="sweeps_stop").click().run()
    assert stopped == [sweep.id]


def test_a_sweep_that_could_not_go_on_shows_its_sentence() -> None:
    why = Problem("The sweep could not go on at M128, α 0.1, T 1, seed 0.", "There is no checkpoint named 'm1024'.")
    write_sweep(spec(), {}, state="failed", error=why)
    said = text(opened("sweeps"))
    assert "could not go on at M128" in said and "no checkpoint named 'm1024'" in said


def test_students_and_methods_are_panels_with_what_differs_as_their_titles() -> None:
    write_sweep(spec(student=["M128", "M256"], method=["kd", "kd-t2"], alpha=[0.1], temperature=[1]), {})
    panels = grid_of(opened("sweeps"))["panels"]
    assert [(p["name"], p["detail"]) for p in panels[:2]] == [("M128", "Soft labels"), ("M128", "Soft labels × T²")]
    assert len(panels) == 4 and [c["number"] for p in panels for c in p["cells"]] == [0, 1, 2, 3]


def test_without_twins_it_speaks_of_miou() -> None:
    finished(twins=False)
    at = opened("sweeps")
    assert "α 0.5 and T 4, with 67.6 %, one seed." in text(at) and cells(at)[4]["text"] == "67.6"


# -- a cell, and what can be done --------------------------------------------------------------------------------------


def test_a_cell_in_the_address_shows_its_runs_and_leads_to_them() -> None:
    sweep = finished()
    at = opened("sweeps", sweep=sweep.id, cell="5")
    assert "What happened at α 0.5, T 4?" in text(at) and "67.6 %" in text(at) and "63.4 %" in text(at)
    link = next(p for p in at.page_link if p.label == "Its epochs and settings")
    assert link.proto.query_string == f"run={sweep.assigned().runs['4/0']}"
    assert charts(at) == ["mIoU: student 67.6 % after epoch 8, twin 63.4 % after epoch 8"]
    assert grid_of(at)["chosen"] == 4


def test_an_address_that_leads_nowhere_is_told() -> None:
    finished()
    at = opened("sweeps", sweep="gone", cell="99")
    assert "There is no sweep gone here any more" in text(at) and "Choose a cell" in text(at)


def test_earlier_sweeps_can_be_chosen() -> None:
    write_sweep(spec(alpha=[0.1]), {}, sweep_id="20260201-000000-0001")
    finished()
    at = opened("sweeps", cell="5")
    chooser = at.selectbox(key="sweeps_which")
    assert len(chooser.options) == 2 and chooser.value == FIRST
    chooser.set_value("20260201-000000-0001").run()
    assert at.query_params["sweep"] == "20260201-000000-0001" and "cell" not in at.query_params
    assert len(cells(at)) == 3 and not at.exception


def test_the_csv_has_every_run() -> None:
    rows = list(csv.DictReader(io.StringIO(sweep_actions.csv_text(finished()))))
    assert len(rows) == 9 and rows[4]["run"] and float(rows[4]["gain"]) == pytest.approx(0.042)


def test_deleting_forgets_the_grid_and_keeps_the_runs() -> None:
    sweep = finished()
    at = opened("sweeps", sweep=sweep.id)
    at.button(key=f"sweeps_delete_{sweep.id}").click().run()
    assert sweeps.list_sweeps() == [] and len(list_runs()) == 10 and "No sweeps yet" in text(at)


def test_a_broken_run_folder_breaks_nothing() -> None:
    sweep = finished()
    folder = Path(next(r.run_dir for r in list_runs() if r.id == sweep.assigned().runs["4/0"]))
    (folder / "metrics.jsonl").write_text('{"epoch": 1, "val": {"miou": null')
    (folder / "status.json").write_text("{")
    at = opened("sweeps", cell="5")
    assert cells(at)[4]["state"] == "waiting" and cells(at)[3]["best"]


def test_a_sweep_that_cannot_be_read_says_so_and_leads_to_the_others() -> None:
    write_sweep(spec(alpha=[0.1]), {}, sweep_id="20260201-000000-0001")
    sweep = finished()
    (sweep.sweep_dir / "status.json").write_text("{")
    at = opened("sweeps")
    assert "cannot be read" in text(at) and not at.exception
    chooser = at.selectbox(key="sweeps_which")
    assert len(chooser.options) == 2 and any(option.endswith("unreadable") for option in chooser.options)
    at.button(key=f"sweeps_delete_{sweep.id}").click().run()
    assert [s.id for s in sweeps.list_sweeps()] == ["20260201-000000-0001"] and not at.exception


def test_a_mean_of_fewer_seeds_than_were_asked_for_is_of_those_done_so_far() -> None:
    grid, done = spec(alpha=[0.1], temperature=[1], seed=[0, 1]), Where("done", 8)
    write_sweep(grid, {"0/0": (done, 2.0), "0/1": (done, 3.0)}, sweep_id="20260201-000000-0001")
    write_sweep(grid, {"0/0": (done, 2.0)}, sweep_id="20260202-000000-0001")
    assert "mean ± standard deviation of those done so far" in text(opened("sweeps"))
    assert "mean ± standard deviation." in text(opened("sweeps", sweep="20260201-000000-0001"))


def test_best_is_none_before_anything_is_done() -> None:
    assert sweep_results.best(sweeps.cells_of(spec()), "gain") is None


def _base(at: AppTest) -> Any:
    """The settings that the form would start from."""
    from pages.ui import caches, run_choices
    from unetkd_core.zoo import references

    values = run_choices.first(references.available(), caches.trainable())
    return run_choices.config(values)


def _note_teacher(run_id: str) -> None:
    run = next(run for run in list_runs() if run.id == run_id)
    run.add_to_meta("teacher", {"sha256": "0" * 64, "title": "M1024"})


def test_each_methods_panel_has_its_own_rows_and_columns(started: list[SweepSpec]) -> None:
    at = opened("sweeps")
    at.multiselect(key="sweeps_method").set_value(["dist", "kd-t2"]).run()
    assert at.button(key="sweeps_start").label.replace("\u00a0", " ").startswith("Start 10 students")
    own, all_of_them = grid_of(at, "sweeps_preview")["panels"]
    assert ([r["value"] for r in own["rows"]], [c["value"] for c in own["columns"]]) == (["1"], ["1"])
    assert len(own["cells"]) == 1 and len(all_of_them["cells"]) == 9
    assert "Instead of soft labels" in text(at) and "Pair-wise" not in text(at), "only what was chosen is explained"
