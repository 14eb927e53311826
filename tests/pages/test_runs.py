"""Runs, through app.py: the list, one run from its address, its settings, deleting it, and nothing yet."""

import re

import pytest

from pages.ui import pairs, run_charts, run_disk
from tests.pages import fake_run
from tests.pages.fake_run import Where
from tests.pages.lab_app import charts, lab, opened, text
from unetkd_core.runs import prune, sweep_folder
from unetkd_core.runs.folder import list_runs
from unetkd_core.runs.sweep_folder import Assigned
from unetkd_core.runs.sweep_grid import parse_spec
from unetkd_core.training.config import RunConfig

__all__ = ["lab"]
Asked = list[tuple[RunConfig, bool]]
FIRST, SECOND = "20260301-101500-m128-a1b2", "20260302-101500-m512-c3d4"


def two_trainings() -> None:
    fake_run.write_teacher()
    fake_run.write_pair(run_id=FIRST)
    fake_run.write_run(fake_run.config(teacher=None, epochs=12).with_(model={"name": "M512"}), run_id=SECOND)


def test_without_runs_it_teaches_and_the_button_trains_the_first(lab: Asked) -> None:
    fake_run.write_teacher()
    at = opened("runs")
    assert "No runs yet" in text(at) and "beside its untaught twin" in text(at)
    button = at.button(key="runs_train")
    assert button.label.startswith("Train the first, about ")
    button.click().run()
    config, twin = lab[0]
    assert config.role == "student" and twin and config.optim.epochs == 8
    assert "How much is a teacher worth?" in at.title[0].value and "Starting" in text(at)


def test_runs_are_listed_newest_first_each_student_before_its_twin(lab: Asked) -> None:
    two_trainings()
    table = opened("runs").dataframe[0].value
    assert list(table[""]) == ["■", "●", "○"]
    assert list(table["run"]) == ["M512 alone", "M128 from M1024", "M128 untaught"]
    assert list(table["gain"]) == ["", "+4.4", ""] and list(table["state"]) == ["done"] * 3
    assert list(table["epochs"]) == ["12 of 12", "20 of 20", "20 of 20"]


def test_the_run_in_the_address_is_shown_whole(lab: Asked) -> None:
    two_trainings()
    at = opened("runs", run=FIRST)
    said = text(at)
    assert "The teacher was worth +4.4 points." in said and "Where the teaching helps" in said
    assert "M1024 (m1024)" in said and "AdamW, one cycle with a peak learning rate of 0.003" in said
    assert "streets:train, at most 320 scenes" in said and "α 0.1, T 10, no T²" in said
    assert at.get_by_key("runs_scene").options == ["Street 1", "Street 2", "Street 3"]
    assert len(charts(at)) == 3


def test_a_twins_address_shows_its_pair(lab: Asked) -> None:
    two_trainings()
    at = opened("runs", run=f"{FIRST}-twin")
    assert "The teacher was worth +4.4 points." in text(at)
    assert [b.label for b in at.button if b.key.startswith("runs_delete_now")] == ["Delete it"]


def test_a_network_alone_is_named_by_what_it_reaches_and_may_teach(lab: Asked) -> None:
    two_trainings()
    at = opened("runs", run=SECOND)
    assert "It reaches 80." in text(at) and "Which classes does it know?" in text(at)
    assert next(p for p in at.page_link if p.label == "Let it teach").proto.query_string == f"teacher=run%3A{SECOND}"


def test_deleting_a_student_takes_its_twin_along_and_asks_first(lab: Asked) -> None:
    two_trainings()
    at = opened("runs", run=FIRST)
    button = at.button(key=f"runs_delete_now_{FIRST}")
    assert button.label == "Delete both" and "Nothing brings them back" in text(at)
    button.click().run()
    assert [run.id for run in list_runs()] == [SECOND] and "run" not in at.query_params and not at.exception


def test_a_twin_that_a_sweep_compares_others_with_stays_and_deleting_it_says_what_is_lost(lab: Asked) -> None:
    two_trainings()
    other = fake_run.write_run(fake_run.config(seed=1), run_id="20260303-101500-m128-e5f6")
    grid = parse_spec({"teacher": ["m1024"], "temperature": [1, 4]})
    twins = {"M128/0": f"{FIRST}-twin"}
    sweep_folder.create(grid).assign(Assigned({"0/0": FIRST, "1/0": other}, twins, ()))
    at = opened("runs", run=f"{FIRST}-twin")
    assert "2 students lose their comparison." in text(at)
    at = opened("runs", run=FIRST)
    assert at.button(key=f"runs_delete_now_{FIRST}").label == "Delete it" and "comparison" not in text(at)
    at.button(key=f"runs_delete_now_{FIRST}").click().run()
    assert f"{FIRST}-twin" in [run.id for run in list_runs()] and not at.exception


def test_what_is_going_on_cannot_be_deleted(lab: Asked) -> None:
    fake_run.write_pair(Where("running", 3, eta=60))
    at = opened("runs")
    at.button(key=f"runs_delete_now_{FIRST}").click().run()
    assert len(list_runs()) == 2 and "still going" in text(at) and not at.exception


def test_a_run_that_was_asked_to_stop_is_said_to_be_stopping(lab: Asked) -> None:
    fake_run.write_pair(Where("running", 3, eta=60))
    for run in list_runs():
        (run.run_dir / "stop").touch()
    at = opened("runs")
    assert list(at.dataframe[0].value["state"]) == ["stopping", "stopping"]
    assert at.button(key="runs_stop").label == "Stopping" and at.button(key="runs_stop").disabled


def test_what_all_runs_take_is_said_and_freed_after_it_was_shown(lab: Asked) -> None:
    two_trainings()
    last = next(run for run in list_runs() if run.id == SECOND).run_dir / "last"
    last.mkdir()
    (last / "a.safetensors").write_bytes(bytes(2_400_000))
    at = opened("runs")
    assert re.search(r"These runs take \d MB; \d+ [MG]B are free\.", text(at))
    assert not [b for b in at.button if b.key == "runs_free_now"], "nothing is looked for before it is opened"
    removals = prune.plan()
    assert run_disk.listed(removals) == [("M512 alone: what resuming needed", "2 MB")]
    run_disk._free(removals)
    assert not last.exists() and len(list_runs()) == 3
    at = opened("runs", run=SECOND)
    assert "It reaches 80." in text(at) and not at.exception, "a done run needs no last/"


def test_an_interrupted_run_offers_to_go_on(lab: Asked) -> None:
    fake_run.write_pair(Where("interrupted", 3))
    at = opened("runs")
    assert "It was interrupted after epoch 3 of 20" in text(at)
    assert at.button(key="runs_resume_student").label == "Resume"


def test_a_folder_that_is_broken_does_not_break_the_page(lab: Asked) -> None:
    two_trainings()
    for run in list_runs():
        if run.id == SECOND:
            (run.run_dir / "status.json").write_text("{")
            (run.run_dir / "metrics.jsonl").write_text('{"epoch": 1, "val": {"mio')
    at = opened("runs", run=FIRST)
    assert list(at.dataframe[0].value["state"]) == ["unreadable", "done", "done"]
    broken = opened("runs", run=SECOND)
    assert "cannot be read" in text(broken)


def test_a_run_with_further_terms_names_them_and_draws_each(lab: Asked) -> None:
    fake_run.write_teacher()
    fake_run.write_pair(run_id=FIRST)
    chosen = [{"kind": "pair_wise"}, {"kind": "holistic"}]
    fake_run.write_run(fake_run.config().with_(teaching={"terms": chosen}), run_id=SECOND)
    at = opened("runs", run=SECOND)
    assert "Distilled besides" in text(at) and "0.5 × pair-wise up1, 0.1 × holistic" in text(at)
    assert any(said.endswith("total, hard, soft, pair-wise, holistic") for said in charts(at))
    plain = opened("runs", run=FIRST)
    assert any(said.endswith("total, hard, soft") for said in charts(plain)) and "Distilled" not in text(plain)


def test_the_critics_line_is_how_far_it_tells_student_from_teacher(lab: Asked) -> None:
    fake_run.write_teacher()
    fake_run.write_run(fake_run.config().with_(teaching={"terms": [{"kind": "holistic"}]}), run_id=SECOND)
    pair = pairs.read(SECOND)
    line, found = pair.main.metrics[-1], run_charts.losses(pair.main)
    distance = line["critic"]["distance"]
    assert found["holistic"][-1][1] == pytest.approx(0.1 * distance)
    assert found["total"][-1][1] == pytest.approx(line["loss"] + 0.1 * (distance + 3.0)), "its score was −3"


def test_a_term_without_a_scene_that_it_can_read_has_no_point_in_that_epoch(lab: Asked) -> None:
    fake_run.write_teacher()
    fake_run.write_run(fake_run.config().with_(teaching={"terms": [{"kind": "intra_class"}]}), run_id=SECOND)
    side = pairs.read(SECOND).main
    side.metrics[0]["loss_terms"]["intra_class"] = None
    found = run_charts.losses(side)
    assert [epoch for epoch, _ in found["intra-class"]] == [m["epoch"] for m in side.metrics[1:]]
