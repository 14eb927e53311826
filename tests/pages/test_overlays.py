"""Compare, through app.py: networks, scenes, one's own photo, and what the page says when something is not there."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from pages.ui import caches, class_chart, price, readings, trio, upload
from pages.ui.scenes import window
from tests.pages import fake_run
from tests.pages.compare_app import networks, opened, png, quick_streets, text, trio_folder
from tests.pages.trio_folder import make_trio, scores
from unetkd_core.models.names import m_arch
from unetkd_core.training.config import RunConfig
from unetkd_core.zoo import checkpoints, ensembles, references
from unetkd_core.zoo.checkpoints import CheckpointInfo
from unetkd_core.zoo.ensembles import EnsembleSpec

__all__ = ["networks", "quick_streets", "trio_folder"]


def test_without_networks_the_page_shows_the_street_and_the_way_to_train_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNETKD_CHECKPOINTS", str(tmp_path))
    at = opened()
    assert "No networks yet" in text(at)
    assert "Nobody yet" in text(at)


@pytest.mark.usefixtures("networks")
def test_the_answer_names_the_share_of_pixels_that_student_and_twin_get_right() -> None:
    at = opened()
    assert "Of this street’s pixels the taught student gets" in text(at)
    assert "the untaught twin" in text(at)
    assert [at.selectbox(key=f"overlays_{role}").value for role in trio.ROLES] == ["big", "taught", "alone"]


@pytest.mark.usefixtures("networks")
def test_the_price_table_names_the_dataset_behind_its_miou() -> None:
    shown = text(opened())
    assert "<b>80.0</b>" in shown and "<b>70.0</b>" in shown and "<b>60.0</b>" in shown
    assert "mIoU in percent on streets:val, one seed" in shown
    assert "1/4 of the teacher’s weights" in shown
    assert " ms</td>" in shown


@pytest.mark.usefixtures("networks")
def test_the_view_is_restored_from_its_address() -> None:
    at = opened(teacher="zbig", student="taught", twin="zalone", data="streets:test", scene="7")
    assert [at.selectbox(key=f"overlays_{role}").value for role in trio.ROLES] == ["zbig", "taught", "zalone"]
    assert at.selectbox(key="overlays_data").value == "streets:test"
    assert at.number_input(key="overlays_scene").value == 7
    at.number_input(key="overlays_scene").set_value(9).run()
    assert at.query_params["scene"] == "9"
    assert at.query_params["nets"] == "zbig,taught,zalone" and "teacher" not in at.query_params


@pytest.mark.usefixtures("networks")
def test_a_student_that_comes_by_a_link_brings_its_own_teacher_and_twin() -> None:
    at = opened(student="ztaught")
    assert [at.selectbox(key=f"overlays_{role}").value for role in trio.ROLES] == ["zbig", "ztaught", "zalone"]


@pytest.mark.usefixtures("networks")
def test_a_network_that_is_gone_is_named_and_replaced() -> None:
    at = opened(student="run:long-gone", scene="nonsense", data="nowhere:val")
    assert at.selectbox(key="overlays_student").value == "taught"
    assert "run:long-gone is not here any more" in text(at)
    assert "nowhere:val is not among the datasets here" in text(at)


@pytest.mark.usefixtures("networks")
def test_who_leaves_by_the_menu_and_comes_back_finds_what_was_chosen() -> None:
    at = opened()
    at.selectbox(key="overlays_student").set_value("ztaught").run()
    at.number_input(key="overlays_scene").set_value(7).run()
    at.switch_page("pages/learn/home.py").run()
    at.query_params.clear()  # as the menu does
    at.switch_page("pages/compare/overlays.py").run()
    assert not at.exception
    assert (at.selectbox(key="overlays_student").value, at.number_input(key="overlays_scene").value) == ("ztaught", 7)


@pytest.mark.usefixtures("networks")
def test_leaving_a_network_out_leaves_its_row_out() -> None:
    at = opened()
    at.selectbox(key="overlays_twin").set_value(trio.NOBODY).run()
    assert not at.exception
    assert "its untaught twin" not in text(at)
    assert at.query_params["nets"] == "big,taught"
    assert "its untaught twin" not in text(opened(twin=trio.NOBODY))


@pytest.mark.usefixtures("networks")
def test_who_leaves_all_out_is_not_told_that_there_are_none() -> None:
    at = opened(teacher=trio.NOBODY, student=trio.NOBODY, twin=trio.NOBODY)
    assert "Nobody was asked" in text(at) and "No networks yet" not in text(at)


def test_namesakes_are_told_apart_by_when_they_were_started(trio_folder: Path) -> None:
    info = checkpoints.read_info(trio_folder / "taught")
    first, second, same_minute = (
        f"run:20261{day}-1015{s}-m128-a1b2" for day, s in (("103", 12), ("104", 12), ("104", 13))
    )
    assert trio.label([(first, info)], first) == info.title
    assert trio.label([(first, info), (second, info)], second) == f"{info.title}, 4 Nov 10:15"
    assert trio.label([(second, info), (same_minute, info)], second) == f"{info.title} (20261104-101512-m128-a1b2)"


@pytest.mark.usefixtures("networks")
def test_before_torch_is_loaded_the_photo_comes_first_then_labels_then_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    notes: list[str] = []
    monkeypatch.setattr(caches, "torch_is_loaded", lambda: len(notes) >= 3)
    monkeypatch.setattr(caches, "metrics_are_loaded", lambda: len(notes) >= 6)
    real = readings.note

    def noted(reading: readings.Reading, picture: readings.Picture, judge: readings.Reading | None) -> str:
        notes.append(real(reading, picture, judge))
        return notes[-1]

    monkeypatch.setattr(readings, "note", noted)
    assert "the taught student gets" in text(opened())
    assert notes[:6] == ["reading …"] * 3 + ["counting …"] * 3
    assert all(note.endswith(" % right") for note in notes[6:])


@pytest.mark.usefixtures("networks")
def test_an_own_photo_is_compared_with_the_teacher_and_says_what_the_nets_know() -> None:
    at = opened()
    at.file_uploader(key="overlays_upload").upload("street.png", png(np.full((40, 2000, 3), 90, np.uint8))).run()
    assert not at.exception
    assert "The taught student says what the teacher says on" in text(at)
    assert "These networks learned from streets" in text(at)
    assert "Your photo has 2000 × 40 pixels; it is read and shown at 1600 × 32." in text(at)


@pytest.mark.usefixtures("networks")
def test_an_own_photo_without_a_teacher_has_nothing_to_count_and_the_page_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    at = opened(teacher=trio.NOBODY)
    monkeypatch.setattr(caches, "metrics_are_loaded", lambda: False)  # else the page waits for scores that never come
    at.file_uploader(key="overlays_upload").upload("street.png", png(np.full((40, 80, 3), 90, np.uint8))).run()
    assert not at.exception
    assert "judge by eye" in text(at)


@pytest.mark.usefixtures("networks")
def test_a_file_that_is_no_picture_says_why_and_keeps_everything_else() -> None:
    at = opened()
    before = [h.value for h in at.html if "ukd-answer" in h.value]
    at.file_uploader(key="overlays_upload").upload("notes.jpg", b"not a picture at all").run()
    assert not at.exception
    assert "This picture is not a picture" in text(at)
    assert [h.value for h in at.html if "ukd-answer" in h.value] == before


@pytest.mark.usefixtures("networks")
def test_nothing_of_an_upload_is_written_to_disk(unetkd_home: Path) -> None:
    at = opened()
    at.file_uploader(key="overlays_upload").upload("street.png", png(np.full((40, 80, 3), 90, np.uint8))).run()
    assert [p for p in unetkd_home.rglob("*") if p.is_file()] == []


def test_one_damaged_network_does_not_take_the_others_off_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_trio(tmp_path)
    weights = tmp_path / "big" / checkpoints.WEIGHTS
    weights.write_bytes(weights.read_bytes()[:-100])
    monkeypatch.setenv("UNETKD_CHECKPOINTS", str(tmp_path))
    at = opened()
    assert "The teacher cannot be read" in text(at)
    assert "the taught student gets" in text(at)


@pytest.mark.usefixtures("networks")
def test_a_label_mapping_that_differs_is_said_quietly() -> None:
    assert "label mapping" not in text(opened())
    assert "cityscapes label mapping" in text(opened(student="ztaught"))


@pytest.mark.usefixtures("networks")
def test_menus_put_networks_of_the_role_first() -> None:
    known = checkpoints.list_named()
    assert trio.options(known, "twin")[:2] == ["alone", "zalone"]
    assert set(trio.options(known, "twin")) == {trio.NOBODY, *(name for name, _ in known)}
    assert trio.defaults(known, "elsewhere") == {"teacher": "zbig", "student": "ztaught", "twin": "zalone"}


def test_an_ensemble_that_teaches_stands_there_in_its_own_colour(
    trio_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(trio_folder, tmp_path / "checkpoints")
    monkeypatch.setenv("UNETKD_CHECKPOINTS", str(tmp_path / "checkpoints"))
    ensembles.save(EnsembleSpec(members=("big", "zbig")), tmp_path / "checkpoints" / "both")
    at = opened(teacher="both", student="taught", twin="alone")
    table = next(h.value for h in at.html if '<table class="ukt' in h.value)
    assert "ukd-ensemble" in table and ">Ensemble<" in table and "the taught student gets" in text(at)


def test_a_student_finds_the_ensemble_that_taught_it_by_its_name_or_its_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNETKD_CHECKPOINTS", str(tmp_path))
    make_trio(tmp_path)
    spec = EnsembleSpec(members=("big", "alone"))
    taught = fake_run.config().with_(teaching={"teacher": spec.model_dump(mode="json")})
    run_id = fake_run.write_run(taught, run_id="20260301-101500-m128-a1b2")
    known = references.available()
    assert trio.companions(known, f"run:{run_id}")[0] == f"teacher-of:{run_id}"
    ensembles.save(spec, tmp_path / "both")
    known = references.available()
    assert trio.companions(known, f"run:{run_id}")[0] == "both"
    wanted = {"teacher": f"teacher-of:{run_id}", "student": f"run:{run_id}", "twin": None}
    assert trio.settle(known, "streets", wanted, {"teacher", "student"}, None)[0]["teacher"] == "both"


def kept(name: str, config: RunConfig, miou: float = 0.5) -> tuple[str, CheckpointInfo]:
    """What a menu knows of a run of these settings, kept under a name and measured on streets:val."""
    info = CheckpointInfo(
        name=name,
        title=name,
        role=config.role,
        arch=m_arch("M128"),
        mapping=["streets"],
        height=64,
        width=128,
        data=["streets:train"],
        licence="MIT",
        metrics={"packed": scores(0.9), "streets:val": scores(miou)},
        sha256=name.encode().hex().ljust(64, "0"),
        run=config.model_dump(mode="json"),
        run_id=f"run-of-{name}",
    )
    return name, info


def test_students_of_several_teachers_share_one_twin_and_the_cheaper_teacher_comes_first() -> None:
    by_one = fake_run.config(teacher="big")
    by_both = by_one.with_(teaching={"teacher": EnsembleSpec(members=("big", "small")).model_dump(mode="json")})
    known = [
        kept("big", fake_run.config(teacher=None, model={"name": "M1024"})),
        kept("by-both", by_both),
        kept("by-one", by_one),
        kept("by-one-of-another-seed", by_one.with_(seed=by_one.seed + 1)),
        kept("control", by_both.twin("run-of-by-both")),
    ]
    students = ("by-both", "by-one", "by-one-of-another-seed")
    assert [trio.companions(known, name)[1] for name in students] == ["control", "control", None]
    assert trio.company(known, "control") == ["by-both", "control"]
    assert trio.company(known, "big") == ["big", "by-one", "control"]
    assert trio.defaults(known, "streets") == {"teacher": "big", "student": "by-one", "twin": "control"}


def test_of_several_pairs_the_page_opens_with_the_one_that_shows_most() -> None:
    taught = fake_run.config(teacher="big")
    seeds = [taught.with_(seed=seed) for seed in range(3)]
    known = [kept("big", fake_run.config(teacher=None, model={"name": "M1024"}))]
    for name, config, student, twin in zip("abc", seeds, (0.60, 0.58, 0.7), (0.59, 0.5, 0.8), strict=True):
        known += [kept(name, config, student), kept(f"{name}-twin", config.twin(f"run-of-{name}"), twin)]
    assert trio.defaults(known, "streets") == {"teacher": "big", "student": "b", "twin": "b-twin"}
    assert trio.defaults(known, "camvid")["student"] == "b", "measured there or not"


def test_a_student_without_a_twin_is_shown_without_one_and_after_those_that_have_one() -> None:
    alone, lonely = fake_run.config(teacher="big", seed=1), fake_run.config(teacher="gone", seed=2)
    pair = [kept("behind", alone, 0.5), kept("behind-twin", alone.twin("run-of-behind"), 0.6)]
    known = [kept("big", fake_run.config(teacher=None)), kept("a-lonely", lonely, 0.9), *pair]
    assert trio.defaults(known, "streets") == {"teacher": "big", "student": "behind", "twin": "behind-twin"}
    known = [one for one in known if one not in pair[:1]]
    assert trio.defaults(known, "streets") == {"teacher": trio.NOBODY, "student": "a-lonely", "twin": trio.NOBODY}
    wanted = {"teacher": None, "student": "a-lonely", "twin": None}
    assert trio.settle(known, "streets", wanted, {"student"}, None)[0] == trio.defaults(known, "streets")


def test_the_best_kept_teacher_that_answers_soon_teaches() -> None:
    alone = fake_run.config(teacher=None)
    known = [kept(name, alone, miou) for name, miou in (("good", 0.7), ("better", 0.8), ("best", 0.9))]
    known += [("run:r1", kept("r1", alone, 0.95)[1])]
    slow = ("best", known[2][1].model_copy(update={"macs": int(trio.SOON) + 1}))
    assert trio.best_teacher(known, "streets") == "best"
    assert trio.best_teacher([*known[:2], slow, known[3]], "streets") == "better"
    assert trio.best_teacher([slow], "streets") == "best" and trio.best_teacher([], "streets") is None


def test_a_big_photo_is_bounded_and_a_thin_one_keeps_the_least_side() -> None:
    assert upload.bounded(np.zeros((3000, 4000, 3), np.uint8)).shape == (1200, 1600, 3)
    assert upload.bounded(np.zeros((80, 12000, 3), np.uint8)).shape == (16, 2400, 3)
    small = np.zeros((20, 30, 3), np.uint8)
    assert upload.bounded(small) is small


def test_the_strip_runs_round_the_end_and_shows_no_scene_twice() -> None:
    assert window(498, 4, 500) == [498, 499, 0, 1]
    assert window(0, 4, 3) == [0, 1, 2]
    assert window(0, 4, 101, step=4) == [0, 4, 8, 12]


def test_a_class_that_is_not_in_the_picture_is_said_and_a_loss_is_no_gain() -> None:
    nan = float("nan")
    shown = class_chart.iou_rows({"student": (0.9, 0.5, nan, 0.4, 0.3, 0.2), "twin": (0.8, 0.6, nan, 0.3, 0.2, 0.1)})
    assert "road markings: not in this picture" in shown
    assert shown.count("ukc-gain") == 4 and shown.count("ukc-loss") == 1


def test_a_checkpoints_title_is_text_in_the_chart_and_never_a_tag() -> None:
    shown = class_chart.iou_rows({"student": (0.9,) * 6}, unit="IoU with <img src=x onerror=alert(1)>")
    assert "<img" not in shown and "&lt;img" in shown


@pytest.mark.usefixtures("networks")
def test_miou_is_shown_for_a_dataset_that_all_were_measured_on() -> None:
    known = checkpoints.list_named()
    cast = readings.cast(known, ["big", "taught", "alone"])
    assert price.measured_on(cast, "streets:val") == "streets:val"
    assert price.measured_on(cast, "camvid:val") == "streets:val"
    assert price.measured_on([], "streets:val") is None
