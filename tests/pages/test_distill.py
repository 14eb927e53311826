"""Distill, through app.py: the form fills in, refuses and launches; the pane shows a pair in every state."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pages.ui import pairs, run_choices, run_words
from tests.pages import fake_run
from tests.pages.fake_run import Where
from tests.pages.lab_app import ROOT, charts, lab, opened, text
from unetkd_core import settings
from unetkd_core.data.catalog import DatasetInfo
from unetkd_core.errors import RunError
from unetkd_core.runs import jobs
from unetkd_core.runs.folder import list_runs
from unetkd_core.training.config import RunConfig
from unetkd_core.zoo import ensembles
from unetkd_core.zoo.ensembles import EnsembleSpec

__all__ = ["lab"]
Asked = list[tuple[RunConfig, bool]]


def test_without_runs_it_says_what_will_be_here_and_what_it_costs(lab: Asked) -> None:
    fake_run.write_teacher()
    at = opened("distill")
    assert "Nothing has been trained yet" in text(at) and "Expected here" in text(at)
    assert at.button(key="distill_start").label.startswith("Start, about ")
    assert at.get_by_key("distill_teacher").options == ["M1024, 80.6 %", "No teacher: labels only"]
    assert "The teacher is asked once: about" in text(at) and "kept for later students; they ask nothing." in text(at)
    at.get_by_key("distill_teacher").set_value(run_choices.NO_TEACHER).run()
    assert "The teacher is asked" not in text(at)


def test_the_button_launches_what_the_form_says_with_its_twin(lab: Asked) -> None:
    fake_run.write_teacher()
    at = opened("distill")
    at.get_by_key("distill_kd").set_value("paper").run()
    at.get_by_key("distill_student").set_value("M256").run()
    at.button(key="distill_start").click().run()
    config, twin = lab[0]
    assert (config.model.name, config.model.norm, config.teaching.teacher if config.teaching else "") == (
        "M256",
        "none",
        "m1024",
    )
    assert config.teaching and (config.teaching.alpha, config.teaching.temperature, config.teaching.scale_by_t2) == (
        0.1,
        10.0,
        False,
    )
    assert twin and "Starting" in text(at)
    assert at.button(key="distill_start").label.startswith("Start another, about ")
    assert at.query_params["run"] == next(run.id for run in list_runs() if run.config.role == "student")


def test_a_teacher_may_teach_on_scenes_without_labels_too(lab: Asked) -> None:
    fake_run.write_teacher()
    at = opened("distill")
    toggle = at.get_by_key("distill_unlabelled")
    assert toggle.label == "Also 320 scenes without labels"  # a taste's size
    toggle.set_value(True).run()
    at.button(key="distill_start").click().run()
    config, _ = lab[0]
    assert config.data.train == ("streets:train", "streets:unlabelled") and config.data.val == ("streets:val",)
    at.get_by_key("distill_teacher").set_value(run_choices.NO_TEACHER).run()
    assert "without labels" not in text(at)
    at.button(key="distill_start").click().run()
    assert lab[1][0].data.train == ("streets:train",)


def test_a_second_click_at_once_starts_nothing_more(lab: Asked) -> None:
    fake_run.write_teacher()
    at = opened("distill")
    at.button(key="distill_start").click().run()
    at.button(key="distill_start").click().run()
    assert len(lab) == 1


def test_without_a_teacher_a_network_is_trained_alone(lab: Asked) -> None:
    at = opened("distill")
    assert "There is no teacher yet" in text(at)
    at.button(key="distill_start").click().run()
    config, twin = lab[0]
    assert config.role == "alone" and config.model.norm == "batch" and config.model.name == "M256" and not twin


def test_a_setting_that_cannot_be_is_refused_in_place_and_nothing_is_lost(lab: Asked) -> None:
    fake_run.write_teacher()
    at = opened("distill")
    at.get_by_key("distill_student").set_value("M512").run()
    at.number_input(key="distill_learning_rate").set_value(0.0).run()
    assert "Learning rate" in text(at) and "ukd-problem" in "".join(h.value for h in at.html)
    assert at.button(key="distill_start").disabled
    assert at.get_by_key("distill_student").value == "M512"
    at.number_input(key="distill_learning_rate").set_value(0.002).run()
    at.button(key="distill_start").click().run()
    assert lab[0][0].optim.learning_rate == 0.002


def test_what_the_launcher_refuses_is_told_in_place(lab: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_run.write_teacher()
    at = opened("distill")

    def full(config: RunConfig, *, twin: bool = True, by: str | None = None) -> None:
        raise RunError("No run could be started: the disk is full. Free some space.")

    monkeypatch.setattr(jobs, "start", full)
    at.button(key="distill_start").click().run()
    assert "No run could be started: the disk is full" in text(at) and not at.exception


def test_the_papers_budget_brings_the_papers_recipe_and_teaching(lab: Asked) -> None:
    fake_run.write_teacher()
    at = opened("distill")
    at.get_by_key("distill_budget").set_value("paper").run()
    at.button(key="distill_start").click().run()
    config = lab[0][0]
    assert (config.optim.epochs, config.optim.learning_rate, config.optim.optimizer, config.optim.class_weights) == (
        20,
        1e-4,
        "adam",
        "none",
    )
    assert config.teaching and (config.teaching.alpha, config.teaching.temperature) == (0.1, 10.0)
    assert config.data.max_train is None


def test_moving_a_slider_away_from_a_preset_makes_it_custom_and_back_names_it(lab: Asked) -> None:
    fake_run.write_teacher()
    at = opened("distill")
    at.slider(key="distill_alpha").set_value(0.3).run()
    assert at.get_by_key("distill_kd").value == "custom"
    at.slider(key="distill_alpha").set_value(0.5).run()
    assert at.get_by_key("distill_kd").value == "hinton"


def test_an_epoch_more_is_no_budget_of_ours(lab: Asked) -> None:
    at = opened("distill")
    at.number_input(key="distill_epochs").set_value(9).run()
    assert at.get_by_key("distill_budget").value is None
    at.number_input(key="distill_epochs").set_value(8).run()
    assert at.get_by_key("distill_budget").value == "taste"


def test_a_budget_brings_its_batch_size(lab: Asked) -> None:
    fake_run.write_teacher()
    at = opened("distill")
    at.button(key="distill_start").click().run()
    assert lab[0][0].optim.batch_size == 4
    at = opened("distill")
    at.get_by_key("distill_budget").set_value("short").run()
    at.button(key="distill_start").click().run()
    assert lab[1][0].optim.batch_size == 8


def test_an_emptied_number_of_scenes_means_all_of_them(lab: Asked) -> None:
    fake_run.write_teacher()
    at = opened("distill")
    at.get_by_key("distill_max_train").set_value(None).run()
    at.button(key="distill_start").click().run()
    assert lab[0][0].data.max_train is None


def test_a_network_can_be_sent_here_as_teacher(lab: Asked) -> None:
    fake_run.write_teacher("a-teacher", miou=0.7)
    fake_run.write_teacher("z-teacher", miou=0.6)
    at = opened("distill", teacher="z-teacher")
    assert at.get_by_key("distill_teacher").value == "z-teacher" and "teacher" not in at.query_params


def test_running_shows_epoch_time_left_and_the_gain_so_far(lab: Asked) -> None:
    fake_run.write_teacher()
    fake_run.write_pair((Where("running", 12, eta=148, step=20), Where("running", 11, eta=160)))
    at = opened("distill")
    said = text(at)
    assert "Epoch 13 of 20" in said and "about 2 min 40 s left" in said and "points after epoch 11" in said
    assert at.button(key="distill_stop").label == "Stop"
    assert at.get("progress")[0].value == pytest.approx(100 * (12.5 + 11) / 40, abs=1)
    miou, losses, gains = charts(at)
    assert miou == "mIoU: student 68.6 % after epoch 12, twin 62.7 % after epoch 11"
    assert losses.startswith("Losses") and "person +" in gains


def test_before_the_first_epoch_it_says_what_it_is_doing(lab: Asked) -> None:
    fake_run.write_teacher()
    fake_run.write_pair(
        (Where("running", 0, phase="packing", message="Packing 320 streets, 45 %"), Where("queued", 0, phase="queue"))
    )
    at = opened("distill")
    assert "Packing 320 streets, 45 %" in text(at) and "After the first epoch of both" in text(at)


def test_done_says_the_gain_and_leads_to_compare_with_these_networks(lab: Asked) -> None:
    fake_run.write_teacher()
    student, twin = fake_run.write_pair()
    at = opened("distill")
    assert "The teacher was worth +4.4 points." in text(at) and "one seed" in text(at)
    link = next(p for p in at.page_link if p.label == "See them on one street")
    assert dict(part.split("=") for part in link.proto.query_string.replace("%3A", ":").split("&")) == {
        "student": f"run:{student}",
        "teacher": "m1024",
        "twin": f"run:{twin}",
    }


def test_a_failed_student_is_told_with_its_way_out_and_a_refused_resume_too(lab: Asked) -> None:
    fake_run.write_pair((Where("failed", 7, error=("The disk is full.", "Free 200 MB, then resume.")), Where()))
    at = opened("distill")
    assert "The student: the disk is full" in text(
        at
    ) and "Free 200 MB, then resume. Nothing before epoch 8 is lost." in text(at)
    at.button(key="distill_resume_student").click().run()  # its teacher was never there
    assert "There is no checkpoint named 'm1024'" in text(at) and not at.exception


def test_a_pair_that_was_stopped_together_is_one_problem(lab: Asked) -> None:
    fake_run.write_pair(Where("stopped", 7))
    at = opened("distill")
    assert text(at).count("was stopped after epoch 7 of 20") == 1
    assert not [b for b in at.button if b.key == "distill_resume_twin"]


def test_what_both_failed_of_is_told_once(lab: Asked) -> None:
    full = Where("failed", 7, error=("The disk is full.", "Free 200 MB, then resume."))
    fake_run.write_pair((full, replace(full, epoch=6)))
    at = opened("distill")
    assert text(at).count("The disk is full") == 1 and not [b for b in at.button if b.key == "distill_resume_twin"]


def test_a_twin_that_waits_alone_is_named(lab: Asked) -> None:
    fake_run.write_pair((Where(), Where("queued", 0, phase="queue")))
    assert "The twin waits for its turn" in text(opened("distill"))


def test_an_address_that_leads_nowhere_is_told_and_the_newest_is_shown(lab: Asked) -> None:
    fake_run.write_pair()
    at = opened("distill", run="20200101-000000-m128-0000")
    assert "There is no run '20200101-000000-m128-0000'" in text(at) and "The teacher was worth" in text(at)


def test_distill_and_runs_are_drawn_without_torch(tmp_path: Path) -> None:
    code = """
import sys
from dataclasses import replace
from streamlit.testing.v1 import AppTest
from tests.pages import fake_run
from unetkd_core.runs import estimate
estimate.measure_in_background = lambda: None
fake_run.write_teacher(); fake_run.write_pair()
at = AppTest.from_file("app.py", default_timeout=60).run()
at.switch_page("pages/lab/distill.py").run(); assert not at.exception and at.button
at.switch_page("pages/lab/runs.py").run(); assert not at.exception and at.dataframe
assert not [m for m in ("torch", "torchvision", "accelerate") if m in sys.modules], "torch was imported"
"""
    environment = {
        "UNETKD_HOME": str(tmp_path / "home"),
        "UNETKD_CHECKPOINTS": str(tmp_path / "checkpoints"),
        "PATH": "",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_camvid_is_checked_on_the_sequence_that_choices_are_made_on() -> None:
    splits = {"train": 367, "val": 101, "train-only-0006R0": 60, "train-without-0006R0": 307}
    info = DatasetInfo("camvid", "camvid", None, True, None, splits)
    assert run_choices.splits(info) == ("train-without-0006R0", "train-only-0006R0")
    assert run_choices.budget_values("short", "camvid")["size"] == (120, 160)


def test_time_left_adds_the_side_that_still_waits_and_takes_the_longer_of_two_at_once() -> None:
    both = fake_run.write_pair((Where("running", 10, eta=50), Where("running", 8, eta=70)))
    assert pairs.read(*both).seconds_left() == 70
    waiting = fake_run.write_pair(
        (Where("running", 10, eta=50), Where("queued", 0, phase="queue")), run_id="20260302-101500-m128-a1b2"
    )
    assert pairs.read(*waiting).seconds_left() == pytest.approx(50 + 100)


def test_a_loss_against_the_twin_is_said_in_words() -> None:
    fake_run.write_run(fake_run.config(), run_id="20260301-101500-m128-a1b2")
    worse = fake_run.config().with_(teaching=None, name="")
    folder = fake_run.write_run(worse, run_id="20260301-101500-m128-zzzz")  # alone: higher scores than the taught one
    pair = pairs.read("20260301-101500-m128-a1b2", folder)
    assert pair.gain is not None and pair.gain < 0
    assert "the twin alone is better" in run_words.found(pair)[0]


def test_an_ensemble_is_among_the_teachers_and_its_time_is_told(lab: Asked) -> None:
    for name in ("a-teacher", "b-teacher"):
        fake_run.write_teacher(name)
    ensembles.save(EnsembleSpec(members=("a-teacher", "b-teacher")), settings.checkpoints_dir() / "both")
    at = opened("distill", teacher="both")
    assert at.get_by_key("distill_teacher").value == "both"
    assert any(option.startswith("M1024 + M1024") for option in at.get_by_key("distill_teacher").options)
    at.button(key="distill_start").click().run()
    assert lab[0][0].teaching and lab[0][0].teaching.teacher == "both" and not at.exception


def test_a_run_that_an_ensemble_taught_is_shown_with_its_members_and_weights(lab: Asked) -> None:
    for name in ("a-teacher", "b-teacher"):
        fake_run.write_teacher(name)
    spec = EnsembleSpec(members=("a-teacher", "b-teacher"), weighting="fixed", weights=(1, 3))
    taught = fake_run.config().with_(teaching={"teacher": spec.model_dump(mode="json")})
    fake_run.write_run(taught, run_id="20260301-101500-m128-a1b2")
    at = opened("distill")
    assert "It reaches" in text(at) or "The teacher" in text(at)
    at = opened("runs", run="20260301-101500-m128-a1b2")
    said = text(at)
    assert "0.25, 0.75, as given" in said and "a-teacher + b-teacher" in said
    link = next(p for p in at.page_link if p.label == "See them on one street")
    assert "teacher=teacher-of%3A20260301-101500-m128-a1b2" in link.proto.query_string


def test_a_network_alone_may_be_an_encoder_from_imagenet_and_says_its_size(lab: Asked) -> None:
    at = opened("distill")
    assert at.get_by_key("distill_student").options == [
        "M128",
        "M256",
        "M512",
        "M1024",
        "VGG16",
        "ResNet50",
        "MobileNetV2",
    ]
    assert "1.94 M parameters" in text(at) and "multiply-accumulates at\xa064\xa0×\xa0128" in text(at)
    at.get_by_key("distill_student").set_value("MobileNetV2").run()
    at.get_by_key("distill_imagenet").set_value(False).run()
    at.button(key="distill_start").click().run()
    config = lab[0][0]
    assert (config.model.name, config.model.norm, config.model.weights) == ("MobileNetV2", "batch", None)


def test_missing_imagenet_weights_are_told_in_place(
    lab: Asked, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("UNETKD_WEIGHTS", str(tmp_path / "nowhere"))
    at = opened("distill")
    at.get_by_key("distill_student").set_value("VGG16").run()
    at.button(key="distill_start").click().run()
    assert "UNETKD_WEIGHTS is" in text(at) and lab == [] and not at.exception
    assert at.get_by_key("distill_student").value == "VGG16"


def test_a_network_may_go_on_from_one_of_its_kind_and_from_no_other(lab: Asked) -> None:
    fake_run.write_teacher()  # M1024 with batch normalisation
    at = opened("distill")
    assert "distill_begins" not in {box.key for box in at.selectbox}  # an M128 is to be taught, and there is none
    at.get_by_key("distill_teacher").set_value(run_choices.NO_TEACHER).run()
    at.get_by_key("distill_student").set_value("M1024").run()
    box = at.get_by_key("distill_begins")
    assert (box.label, box.options[0], len(box.options)) == ("Begins as", "Weights drawn at random", 2)
    box.set_value("m1024").run()
    at.button(key="distill_start").click().run()
    assert lab[0][0].model.start == "m1024" and not at.exception
    at.get_by_key("distill_student").set_value("M256").run()
    at.button(key="distill_start").click().run()
    assert lab[1][0].model.start is None and not at.exception


def test_an_encoder_is_no_student_once_a_teacher_is_chosen(lab: Asked) -> None:
    fake_run.write_teacher()
    at = opened("distill")
    at.get_by_key("distill_teacher").set_value(run_choices.NO_TEACHER).run()
    at.get_by_key("distill_student").set_value("VGG16").run()
    at.get_by_key("distill_teacher").set_value("m1024").run()
    assert not at.exception and at.get_by_key("distill_student").value == "M128"


def test_a_link_brings_temperature_alpha_and_t2_and_what_makes_no_sense_stays_as_it_was(lab: Asked) -> None:
    fake_run.write_teacher()
    at = opened("distill", T="4.5", alpha="0.3", t2="0")
    fields = ("temperature", "alpha", "scale_by_t2", "kd")
    assert [at.get_by_key(f"distill_{name}").value for name in fields] == [4.5, 0.3, False, "custom"]
    assert not {"T", "alpha", "t2"} & set(at.query_params)
    at.query_params.update({"T": "10", "alpha": "0.1"})
    at.run()
    assert at.get_by_key("distill_kd").value == "paper"
    at.query_params.update({"T": "warm", "alpha": "7", "t2": "nan"})
    at.run()
    assert not at.exception
    assert [at.get_by_key(f"distill_{name}").value for name in fields] == [10.0, 0.1, False, "paper"]


def test_what_is_distilled_brings_its_terms_and_their_weights(lab: Asked) -> None:
    fake_run.write_teacher()
    at = opened("distill")
    assert "What the teacher says at each pixel" in text(at)
    at.get_by_key("distill_method").set_value("structured").run()
    assert "a critic that compares whole maps" in text(at)
    assert "The teacher is asked at every step: its student follows the maps inside it" in text(at)
    assert [at.number_input(key=f"distill_weight_{place}").value for place in (0, 1)] == [0.5, 0.1]
    at.number_input(key="distill_weight_1").set_value(0.3).run()
    at.button(key="distill_start").click().run()
    config, twin = lab[0]
    assert config.teaching is not None and twin
    assert [(term.kind, term.weight) for term in config.teaching.terms] == [("pair_wise", 0.5), ("holistic", 0.3)]
    assert (config.teaching.alpha, config.teaching.scale_by_t2) == (0.5, True)
    at.get_by_key("distill_method").set_value("kd").run()
    at.button(key="distill_start").click().run()
    assert lab[1][0].teaching is not None and lab[1][0].teaching.terms == ()


def test_a_weight_says_whose_it_is(lab: Asked) -> None:
    fake_run.write_teacher()
    at = opened("distill")
    for method, said in (("intra-class", "CIRKD’s port has 20, its authors 200."), ("pair-wise", "weight is 0.5.")):
        at.get_by_key("distill_method").set_value(method).run()
        assert at.get_by_key("distill_weight_0").help.endswith(said)


def test_a_method_in_the_soft_labels_place_hides_what_it_does_not_heed(lab: Asked) -> None:
    fake_run.write_teacher()
    at = opened("distill")
    at.slider(key="distill_alpha").set_value(0.3).run()
    at.get_by_key("distill_method").set_value("dist").run()
    assert not [slider for slider in at.slider if slider.key in ("distill_alpha", "distill_temperature")]
    assert "The teacher is asked once" in text(at), "rankings need no more than kept answers"
    at.button(key="distill_start").click().run()
    teaching = lab[0][0].teaching
    assert teaching is not None and teaching.alpha == 1 and not teaching.pixel_wise
    at.get_by_key("distill_method").set_value("reverse").run()
    assert at.slider(key="distill_alpha").value == 0.3
    at.button(key="distill_start").click().run()
    teaching = lab[1][0].teaching
    assert teaching is not None and (teaching.direction, teaching.alpha, teaching.terms) == ("reverse", 0.3, ())


def test_every_method_of_the_form_makes_a_run_with_its_default_weights(lab: Asked) -> None:
    for method in run_choices.DISTILLED:
        values = {**run_choices.defaults(), "teacher": "x", "dataset": "streets", "train": "train", "val": "val"}
        teaching = run_choices.config({**values, **run_choices.method_values(method)}).teaching
        assert teaching is not None and teaching.terms == run_choices.terms_of(method)
