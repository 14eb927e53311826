"""The six lessons, through app.py: guess, answer, task, and a completion that looks at what was really done."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.ui import lesson_capacity, lesson_progress, lesson_soft, lesson_street, lesson_three
from pages.ui.lesson_steps import LESSONS
from pages.ui.soft_choice import Choice
from tests.pages import fake_run
from tests.pages.fake_run import Where
from tests.pages.test_stage import html
from tests.pages.trio_folder import make_trio, plain_street
from unetkd_core.data import streets
from unetkd_core.runs import estimate

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def trio_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoints")
    make_trio(folder)
    return folder


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, trio_folder: Path) -> Iterator[None]:
    monkeypatch.setattr(streets, "render", plain_street)
    monkeypatch.setattr(estimate, "measure_in_background", lambda: None)
    monkeypatch.setenv("UNETKD_CHECKPOINTS", str(trio_folder))
    st.cache_data.clear()
    yield
    st.cache_data.clear()
    st.cache_resource.clear()


def opened(page: str = "learn/lessons", **address: str) -> AppTest:
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    at.switch_page(f"pages/{page}.py")
    for name, value in address.items():
        at.query_params[name] = value
    at.run()
    assert not at.exception
    return at


def button(at: AppTest, name: str) -> Any:
    return at.button(key=f"lessons_{name}")


def outcome(at: AppTest) -> str:
    return next(e.proto.body for e in at.get("html") if "les-outcome" in e.proto.body)


def is_done(at: AppTest) -> bool:
    return "les-done" in outcome(at)


def through(key: str, letter: str = "b") -> AppTest:
    """Guess, see the answer, come to the task."""
    at = opened(lesson=key)
    assert at.title[0].value == next(one.question for one in LESSONS if one.key == key)
    assert button(at, "keep").disabled and "les-verdict" not in html(at)
    at.radio(key=f"lessons_guess_{key}").set_value(letter).run()
    button(at, "keep").click().run()
    assert at.query_params["step"] == "reveal" and "les-verdict" in html(at)
    button(at, "try").click().run()
    assert at.query_params["step"] == "do" and not at.exception
    return at


def test_the_overview_has_six_questions_and_no_progress_yet() -> None:
    at = opened()
    links = [e.proto for e in at.main.get("page_link")]
    assert [link.label for link in links] == [one.question for one in LESSONS]
    assert html(at).count("not begun") == 6 and "progress" not in at.query_params


def test_the_order_of_the_address_is_the_order_of_the_lessons() -> None:
    assert [one.key for one in LESSONS] == list(lesson_progress.ORDER)
    assert all(one.question.endswith("?") and 2 <= len(one.options) <= 4 for one in LESSONS)


@pytest.mark.parametrize("key", lesson_progress.ORDER)
def test_every_lesson_goes_from_guess_to_answer_to_task(key: str) -> None:
    at = through(key)
    assert f"You said: {LESSONS[lesson_progress.ORDER.index(key)].options['b']}." in html(at)
    assert at.query_params["progress"].lower()[lesson_progress.ORDER.index(key)] == "b"
    assert not is_done(at)


def test_a_guess_is_kept_whatever_is_guessed_later_and_a_right_one_is_told() -> None:
    at = through("capacity", "c")
    assert "As you said: about twice as much." in html(at)
    assert opened(lesson="capacity", step="reveal", progress="...a..").query_params["progress"] == "...a.."


def test_soft_targets_is_done_at_the_temperature_where_the_second_choice_is_loudest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = np.array([0.0, 3.0, 0.0, 5.0, -1.0, 0.5])
    here = lesson_street.Street(
        *(np.zeros((13, 13, 3), np.uint8), np.full((13, 13), 3, np.uint8)),
        *(np.broadcast_to(said[:, None, None], (6, 4, 4)).copy() for _ in range(2)),
        {},
        (6, 6),
    )
    monkeypatch.setattr(lesson_street, "street", lambda: here)
    found = lesson_soft.answer()
    assert found.letter == "c" and "vehicle 0.8" in found.sentence
    loud = {t: here.said(t)[1] for t in (1.0, 3.0, 50.0)}
    assert loud[3.0] > loud[1.0] and loud[3.0] > loud[50.0]
    for temperature, done in ((1.0, False), (3.0, True), (50.0, False)):
        st.session_state["lessons_soft_temperature"] = temperature
        assert lesson_soft.task().done is done
    del st.session_state["lessons_soft_temperature"]


def test_alpha_is_done_where_both_pull_equally_and_not_before() -> None:
    at = through("alpha")
    shares = {}
    here = lesson_street.street()
    for alpha in np.linspace(0, 1, 101):
        shares[round(float(alpha), 2)] = lesson_street.pulled(
            here, alpha=float(alpha), temperature=4.0, scale_by_t2=True
        ).share
    even = min(shares, key=lambda a: abs(shares[a] - 0.5))
    at.slider(key="lessons_alpha").set_value(even).run()
    assert is_done(at) and at.query_params["progress"][1] == "B"
    at.slider(key="lessons_alpha").set_value(1.0).run()
    assert not is_done(at) and at.query_params["progress"][1] == "B"  # it was done


def test_the_forgotten_factor_is_done_by_what_was_set_in_soft_targets() -> None:
    at = through("t2")
    assert "not been there yet" in outcome(at)
    link = next(e.proto for e in at.main.get("page_link") if "Soft targets" in e.proto.label)
    assert "t2=0" in link.query_string and "T=10" in link.query_string
    for choice, done in (
        (Choice(10.0, 0.1, False), False),
        (Choice(2.0, 0.1, True), False),
        (Choice(10.0, 0.1, True), True),
    ):
        at.session_state["soft_now"] = choice
        at.run()
        assert is_done(at) is done


def test_the_page_that_a_task_leads_to_shows_the_way_back() -> None:
    at = through("t2")
    at.switch_page("pages/learn/soft_targets.py").run()
    assert not at.exception
    back = next(e.proto for e in at.main.get("page_link") if e.proto.label == "Back to lesson 3")
    assert "lesson=t2" in back.query_string and "step=do" in back.query_string
    at.switch_page("pages/library/data.py").run()
    assert not [e for e in at.main.get("page_link") if "Back to lesson" in e.proto.label]


def test_capacity_is_done_when_the_largest_network_fits_with_the_largest_picture() -> None:
    at = through("capacity")
    network, picture = (at.segmented_control(key=f"lessons_capacity_{name}") for name in ("network", "size"))
    network.set_value("M1024").run()
    assert "more than the chip does" in outcome(at)
    picture.set_value("96 × 192").run()
    assert "larger picture" in outcome(at)
    picture.set_value("128 × 256").run()
    assert is_done(at)


def table(path: Path, **miou: tuple[float, ...]) -> Path:
    """results/streets' file with a row for each network and seed."""
    scores = {"iou": [0.5] * 6, "pixel_accuracy": 0.9, "loss_ce": 0.3, "agreement": None, "pixels": 9}
    rows = [
        {"model": m, "seed": seed, "on": "streets:val", "run": "r", "best_epoch": 1, "scores": {"miou": v, **scores}}
        for m, values in miou.items()
        for seed, v in enumerate(values)
    ]
    path.write_text(json.dumps({"format_version": 1, "config": {}, "data": {}, "command": "", "rows": rows}))
    return path


def test_the_measured_table_is_used_once_it_is_there_and_the_cards_until_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lesson_capacity, "TABLE", tmp_path / "nothing.json")
    assert "What the networks here reach" in html(opened(lesson="capacity", step="reveal"))
    file = table(tmp_path / "trained-on-streets.json", M128=(0.40, 0.42, 0.44), M1024=(0.60,))
    monkeypatch.setattr(lesson_capacity, "TABLE", file)
    text = html(opened(lesson="capacity", step="reveal"))
    assert "42.0 % ± 2.0, three seeds" in text and "60.0 %, one seed" in text and "+18.0 points" in text
    file.write_text("{")
    assert "What the networks here reach" in html(opened(lesson="capacity", step="reveal"))


def test_three_teachers_quotes_the_measured_file_and_judges_by_it(tmp_path: Path) -> None:
    found = lesson_three.measured()
    rows = json.loads(lesson_three.FILE.read_text())
    assert found.best == max(
        ((r["network"], r["val_miou"]) for r in rows if r["kind"] == "teacher"), key=lambda r: r[1]
    )
    assert lesson_three.answer().letter == "b"
    assert found.students["three"].seeds == 3 and found.students["three"].spread


def test_three_teachers_is_done_by_the_weights_of_the_ensemble_page() -> None:
    at = through("three")
    assert "not been there yet" in outcome(at)
    at.switch_page("pages/compare/ensemble.py").run()
    assert not at.exception
    back = {"lesson": "three", "step": "do"}

    def at_weights(*weights: float) -> None:
        for i, weight in enumerate(weights):
            at.session_state[f"ensemble_weight_{i}"] = weight
        at.switch_page("pages/learn/lessons.py")
        for name, value in back.items():
            at.query_params[name] = value
        at.run()

    at_weights(1.0, 1.0, 1.0)
    assert not is_done(at)
    at_weights(0.0, 1.0, 0.0)
    assert "one network alone" in outcome(at)
    at_weights(0.5, 1.0, 0.5)
    assert is_done(at)


def test_a_damaged_results_file_is_told_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "results.json").write_text("[]")
    monkeypatch.setattr(lesson_three, "FILE", tmp_path / "results.json")
    for key in ("three", "run"):
        assert 'role="alert"' in html(opened(lesson=key, step="reveal"))


@pytest.mark.parametrize(
    ("at_epoch", "word"),
    [
        (Where("running", epoch=3), "You can leave"),
        (Where("stopped", epoch=3), "stopped"),
        ((Where("done"), Where("running", epoch=3)), "You can leave"),
    ],
)
def test_ones_own_run_is_not_done_before_both_are(at_epoch: Any, word: str) -> None:
    fake_run.write_pair(at_epoch, teacher="big")
    at = opened(lesson="run", step="do")
    assert not is_done(at) and word in outcome(at)


def test_ones_own_run_is_done_when_student_and_twin_are_and_the_guess_is_judged_by_its_gain() -> None:
    at = through("run", "a")
    assert "not decided yet" in html(at) and button(at, "train").label.startswith("Train the first, about")
    fake_run.write_pair(teacher="big")
    at.run()
    assert is_done(at) and "As you said" in html(at) and "one seed" in outcome(at)
    assert at.query_params["progress"] == ".....A"


def test_a_run_without_its_twin_does_not_count() -> None:
    fake_run.write_run(fake_run.config(teacher="big"), run_id="20260301-101500-m128-a1b2")
    assert not is_done(opened(lesson="run", step="do"))


def test_train_the_first_opens_the_form_with_the_shortest_budget() -> None:
    at = opened(lesson="run", step="do")
    at.session_state["distill_epochs"] = 77  # left there by an earlier visit
    button(at, "train").click().run()
    assert not at.exception
    assert at.session_state["distill_budget"] == "taste" and at.session_state["distill_epochs"] == 8


def test_progress_survives_a_reload_by_its_address_and_nonsense_is_told() -> None:
    at = opened(progress="Bc...X")
    assert html(at).count("not begun") == 3 and "2 of 6 done" in html(at)
    for nonsense in ("zzzzzz", "b", "<b>hi</b>", "eeeeee"):
        at = opened(progress=nonsense)
        assert html(at).count("not begun") == 6 and "You start afresh" in html(at)


def test_a_run_in_an_old_progress_is_not_believed_where_the_folder_is_gone() -> None:
    at = opened(lesson="run", step="do", progress=".....A")
    assert not is_done(at)


def test_unknown_lessons_and_steps_are_told_and_something_is_shown() -> None:
    at = opened(lesson="<script>", step="reveal")
    assert "There is no lesson &lt;script&gt;" in html(at) and html(at).count("not begun") == 6
    at = opened(lesson="capacity", step="dance")
    assert "There is no step dance" in html(at) and button(at, "keep")


def test_a_class_sees_its_lesson_alone_and_the_answer_only_by_the_lecturers_link() -> None:
    at = opened(**{"lesson": "capacity", "step": "do", "class": "1"})
    assert "les-verdict" not in html(at) and "1.9 times" not in html(at) and not at.get("popover")
    at.radio(key="lessons_guess_capacity").set_value("a").run()
    button(at, "keep").click().run()
    assert "The answer is for the class" in html(at) and "les-verdict" not in html(at)
    assert not [b for b in at.button if b.key in ("lessons_all", "lessons_next")]
    at = opened(**{"lesson": "capacity", "step": "reveal", "class": "1", "answers": "1"})
    assert "les-verdict" in html(at)
    assert "Ask for a link" in html(opened(**{"class": "1"}))


def test_forgetting_begins_again() -> None:
    at = opened(progress="Bc...X")
    button(at, "forget").click().run()
    assert html(at).count("not begun") == 6 and "progress" not in at.query_params


def test_without_networks_the_lessons_that_ask_them_say_so_and_the_others_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNETKD_CHECKPOINTS", str(tmp_path / "none"))
    for one in LESSONS:
        at = opened(lesson=one.key, step="do")
        assert ('role="alert"' in html(at)) is one.networks, one.key


def test_the_quoted_pull_is_the_cores_own() -> None:
    import torch

    from unetkd_core.losses.pull import pull

    here = lesson_street.street()
    found = lesson_street.pulled(here, alpha=0.3, temperature=2.0, scale_by_t2=True)
    size = here.labels.shape
    student, teacher = (
        torch.nn.functional.interpolate(torch.from_numpy(z)[None], size=size, mode="bilinear", align_corners=False)
        for z in (here.student, here.teacher)
    )
    target = torch.from_numpy(here.labels.astype(np.int64))[None]
    own = pull(student, teacher, target, alpha=0.3, temperature=2.0, scale_by_t2=True)
    assert found.hard == pytest.approx(float(own.hard.mean()), rel=1e-4)
    assert found.soft == pytest.approx(float(own.soft.mean()), rel=1e-4)
