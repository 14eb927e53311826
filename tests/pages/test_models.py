"""Models, through app.py: every network by size and accuracy; choosing, cards, keeping a run, deleting."""

import itertools
import re
import threading
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

from pages.ui import background, kit, model_details, model_keep, model_list, model_picture
from pages.ui import trio as casting
from pages.ui.label_places import GAP, LETTER, LINE, Mark, places
from pages.ui.model_list import Entry
from tests.pages import fake_run
from tests.pages.fake_run import Where
from tests.pages.lab_app import ROOT, charts, lab, text
from tests.pages.trio_folder import make_trio
from unetkd_core import settings
from unetkd_core.errors import CheckpointError
from unetkd_core.runs import keep
from unetkd_core.zoo import ensembles, marks, references, shelf
from unetkd_core.zoo.ensembles import EnsembleSpec

__all__ = ["lab"]


@pytest.fixture(autouse=True)
def trio(lab: object) -> Path:
    """A teacher, its student and the twin, kept."""
    make_trio(settings.checkpoints_dir())
    return settings.checkpoints_dir()


def opened(**address: str) -> AppTest:
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    at.switch_page("pages/library/models.py")
    for name, value in address.items():
        at.query_params[name] = value
    at.run()
    assert not at.exception
    return at


def doing(what: str, ref: str) -> AppTest:
    """The page with one of a network's actions open."""
    at = opened(net=ref)
    at.session_state[f"models_do_{ref}"] = what
    return at.run()


def test_it_says_who_reads_best_and_who_is_smallest() -> None:
    at = opened(on="streets:val")
    said = text(at)
    assert "M256 big reads streets:val best, 80.0 %" in said and "M128 taught reaches 70.0 % with 0.48 M" in said
    (told,) = charts(at)
    assert "M128 alone, 0.48 M parameters, 60.0 %" in told
    frame = at.dataframe[0].value
    assert frame["name"].tolist() == ["M128 alone", "M256 big", "M128 taught"]
    assert frame["miou"].tolist() == pytest.approx([60, 80, 70]) and frame["weights"].tolist()[1] == "1.94 M"


def test_the_address_chooses_a_network_and_what_it_is_scored_on() -> None:
    at = opened(net="big", on="packed")
    assert "M256 big" in text(at) and "IoU on each run’s own validation scenes" in text(at)
    assert at.query_params["net"] == "big" and at.dataframe[0].value["miou"].tolist() == pytest.approx([50, 50, 50])
    assert opened(net="gone", on="gone").query_params["net"] == "taught"


def test_the_time_is_measured_once_for_equal_work() -> None:
    at = opened()
    assert at.dataframe[0].value["time"].tolist() == ["–"] * 3
    at.button(key="models_time").click().run()
    times = at.dataframe[0].value["time"].tolist()
    assert all(time.endswith(" ms") for time in times) and times[0] == times[2]
    assert "a street, measured here" in text(at)


def test_a_card_is_shown_without_what_it_would_fetch(trio: Path) -> None:
    (trio / "big" / "README.md").write_text(
        "---\nlicense: mit\n---\n# Big ![a](https://evil.example/a.png)\n<b>x</b> ok"
    )
    shown = opened(net="big").markdown[-1]
    assert "![" not in shown.value and "license" not in shown.value and not shown.proto.allow_html
    (trio / "big" / "README.md").write_bytes(b"\xff" * 10)
    assert "Model card" not in [e.label for e in opened(net="big").expander]


def test_a_network_leaves_as_a_file_that_was_compared() -> None:
    at = opened(net="taught")
    at.session_state["models_do_taught"] = "export"
    at.run()
    at.button(key="models_make_taught").click().run()
    said = text(at)
    background.wait()
    assert "taught is ready as ONNX" in said + text(at.run())
    assert "Beside PyTorch: probabilities within " in text(at) and "onnxruntime" not in text(at)
    (button,) = [b for b in at.get("download_button") if b.proto.label.startswith("Download, ")]
    assert float(button.proto.label.removeprefix("Download, ").removesuffix(" MB")) > 1


def test_a_run_that_ended_early_says_so_beside_its_facts_and_on_its_card() -> None:
    fake_run.write_run(fake_run.config(teacher=None), Where("stopped", epoch=3), run_id="r1")
    fake_run.write_run(fake_run.config(teacher=None), Where("done"), run_id="r2")
    at = opened(shown="runs", net="run:r1")
    assert "Trainingstopped after 3 of 20 epochs" in text(at)
    assert "- Recipe: default, stopped after 3 of 20 epochs; epochs 20" in at.markdown[-1].value
    at = opened(shown="runs", net="run:r2")
    assert "stopped after" not in text(at) + at.markdown[-1].value
    early = model_keep._ending(references.info_of("run:r1").model_copy(update={"name": "mine"}))
    assert early == ("mine is kept in checkpoints/: stopped after 3 of 20 epochs.", "mine")


def test_what_choices_were_made_on_is_marked_in_table_picture_and_card(trio: Path) -> None:
    val = {"data": {"val": ["streets:val"]}}
    big = references.info_of("big")
    (trio / "big" / "config.json").write_text(big.model_copy(update={"run": val}).dumps())
    at = opened(on="streets:val", net="big")
    assert at.dataframe[0].value["mark"].tolist() == ["", "(chosen on)", ""]
    assert "mark" in at.dataframe[0].proto.column_order and text(at).count(marks.CHOSEN_MEANS) == 1
    assert "M256 big reads streets:val best, 80.0 % (chosen on) with" in text(at)
    assert "IoU on streets:val (chosen on)" in text(at)
    assert "1.94 M parameters, 80.0 % (chosen on);" in charts(at)[0] and charts(at)[0].count(marks.CHOSEN) == 1
    at = opened(on="streets:val", net="alone")
    assert "IoU on streets:val" in text(at) and "IoU on streets:val (chosen on)" not in text(at)
    assert opened(on="packed").dataframe[0].value["mark"].tolist() == ["(chosen on)"] * 3


def test_where_nothing_was_chosen_there_is_no_mark_and_no_explanation() -> None:
    at = opened(on="streets:val")
    assert marks.CHOSEN not in text(at) + charts(at)[0] and "mark" not in at.dataframe[0].proto.column_order


def test_an_ensembles_card_is_shown_and_marks_what_its_weights_were_searched_on(trio: Path) -> None:
    scores = references.info_of("big").metrics["streets:val"]
    spec = EnsembleSpec(
        members=("big", "taught"), weighting="grid", weights=(1, 3), searched_on=("streets:val",),
        metrics={"streets:val": scores, "camvid:val": scores},
    )  # fmt: skip
    ensembles.save(spec, trio / "team")
    at = opened(on="streets:val", net="team")
    assert "| streets:val (chosen on) | 80.0 |" in at.markdown[-1].value
    assert "| camvid:val | 80.0 |" in at.markdown[-1].value
    assert at.dataframe[0].value.set_index("name")["mark"].tolist().count("(chosen on)") == 1


def compared(at: AppTest) -> list[str]:
    """The networks that the link to Compare opens."""
    (link,) = [one.proto for one in at.get("page_link") if one.proto.label == "Compare"]
    return parse_qs(link.query_string)["nets"][0].split(",")


@pytest.mark.parametrize("ref", ["big", "taught", "alone"])
def test_compare_opens_a_network_beside_its_teacher_its_student_and_its_twin(trio: Path, ref: str) -> None:
    assert compared(opened(net=ref)) == ["big", "taught", "alone"]
    shelf.delete("alone" if ref == "big" else "big")
    assert compared(opened(net=ref)) == (["big", "taught"] if ref == "big" else ["taught", "alone"])


def test_who_has_no_company_is_compared_alone() -> None:
    fake_run.write_run(fake_run.config(teacher=None), Where("done"), run_id="r1")
    assert compared(opened(shown="runs", net="run:r1")) == ["run:r1"]


def test_who_was_trained_alone_is_called_a_teacher_only_where_it_was_kept_as_one() -> None:
    fake_run.write_run(fake_run.config(teacher=None), Where("done"), run_id="r1")
    said = text(opened(shown="runs", net="run:r1"))
    assert "Trained alone" in said and "Teacher" not in said
    assert "Teacher" in text(opened(net="big"))


def test_a_name_that_is_taken_is_replaced_only_when_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_run.write_run(fake_run.config(teacher=None), Where("done"), run_id="r1")
    asked: list[tuple[str, bool]] = []

    def kept(run_id: str, name: str, sources: object, *, replace: bool, **more: object) -> object:
        asked.append((name, replace))
        return references.info_of(name)

    monkeypatch.setattr(keep, "keep", kept)
    at = opened(shown="runs", net="run:r1")
    at.session_state["models_do_run:r1"] = "keep"
    at.run()
    at.multiselect(key="models_on_r1").set_value([])
    at.text_input(key="models_name_r1").set_value("free").run()
    assert not at.button(key="models_go_r1").disabled and not at.toggle(key="models_teacher_r1").value
    at.text_input(key="models_name_r1").set_value("big").run()
    assert "big is in checkpoints/ already: choose another name, or replace it." in text(at)
    assert at.button(key="models_go_r1").disabled
    at.toggle(key="models_replace_r1_big").set_value(True).run()
    at.button(key="models_go_r1").click().run()
    background.wait()
    assert asked == [("big", True)]
    at.run()
    assert at.query_params["net"] == "big" and not at.exception


def test_a_list_of_datasets_that_cannot_be_read_is_told_where_one_keeps(unetkd_home: Path) -> None:
    fake_run.write_run(fake_run.config(teacher=None), Where("done"), run_id="r1")
    (unetkd_home / "datasets.json").write_text("{ broken")
    at = opened(shown="runs", net="run:r1")
    at.session_state["models_do_run:r1"] = "keep"
    at.run()
    assert not at.exception and "datasets.json" in text(at)


def test_the_sentence_of_a_taken_name_says_how_it_is_replaced() -> None:
    with pytest.raises(CheckpointError, match="choose another name, or overwrite it with --replace"):
        shelf.free("big")
    assert keep.is_taken("big") and not keep.is_taken("free") and not keep.is_taken("../big") and not keep.is_taken("")


def test_namesakes_stay_apart_in_the_tables_column_however_long_their_title() -> None:
    info = references.info_of("big")
    refs = ["run:20261129-123806-m128-ae7b", "run:20261129-123851-m128-57af", "run:20261129-123900-m128-0001"]
    for title in ("M128 alone", "A student of three teachers at twelve epochs"):
        known = [(ref, info.model_copy(update={"title": title})) for ref in refs]
        shown = [casting.short_label(known, ref, 28) for ref in refs]
        assert len(set(shown)) == 3 and max(map(len, shown)) <= 28
        assert shown[0].startswith(title[:7]) and shown[0].endswith("-m128-ae7b)")
    early = [(ref, known[0][1]) for ref in ("run:20261129-101500-m128-ae7b", refs[0])]
    assert casting.short_label(early, refs[0], 28) == "A student of…, 29 Nov 12:38"
    assert casting.short_label(early[:1], early[0][0], 28) == "A student of three teachers…"


def test_deleting_asks_first_and_says_what_is_gone(trio: Path) -> None:
    at = doing("delete", "big")
    at.button(key="models_delete_now_big").click().run()
    assert not (trio / "big").exists() and "big is deleted." in text(at)
    assert at.query_params["net"] == "taught"


def test_deleting_a_member_names_the_ensemble_that_needs_it(trio: Path) -> None:
    ensembles.save(EnsembleSpec(members=("big", "taught"), weighting="even"), trio / "team")
    assert "With it goes what it is a member of: team." in text(doing("delete", "big"))
    assert "With it goes" not in text(doing("delete", "alone"))


def test_a_damaged_one_is_told_and_the_others_stay(trio: Path) -> None:
    (trio / "big" / "config.json").write_text("{")
    at = opened()
    assert "big/config.json is damaged" in text(at) and len(at.dataframe[0].value) == 2


def test_a_damaged_ensemble_is_told_too(trio: Path) -> None:
    for name, said in (("cut", '{"members": ["big"'), ("lost", '{"members": ["big", "gone"]}')):
        (trio / name).mkdir()
        (trio / name / "ensemble.json").write_text(said)
    shown = text(opened())
    assert "is not JSON" in shown and "lost: A member of the ensemble" in shown
    assert [name for name, _ in shelf.damaged()] == ["cut", "lost"]


def test_without_any_it_says_where_they_come_from(trio: Path) -> None:
    at = opened(shown="runs")
    assert "No networks here yet" in text(at) and "keep the good ones" in text(at) and not at.dataframe


def test_labels_stand_apart_and_twins_are_joined_to_their_students() -> None:
    found = model_list.entries("kept")
    spec = model_picture.chart(found, "streets:val", "big").to_dict()
    rules = [layer for layer in spec["layer"] if layer["mark"].get("type") == "rule"]
    (line,) = spec["datasets"][rules[0]["data"]["name"]]
    assert (line["low"], line["high"]) == (60.0, 70.0)


def names_in(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of every layer of names."""
    layers = [layer for layer in spec["layer"] if layer["mark"].get("type") == "text"]
    return [row for layer in layers for row in spec["datasets"][layer["data"]["name"]]]


def test_the_chosen_one_always_has_its_name_however_many_lie_at_one_place() -> None:
    one = next(entry for entry in model_list.entries("kept") if entry.ref == "big")
    few = [Entry(f"run:{number}", one.info, f"Run {number}") for number in range(3)]
    rows = names_in(model_picture.chart(few, "streets:val", "run:2").to_dict())
    assert len(rows) == 3 and len({(row["side"], row["at"]) for row in rows}) == 3
    many = [Entry(f"run:{number}", one.info, f"Run {number}") for number in range(40)]
    rows = names_in(model_picture.chart(many, "streets:val", "run:33").to_dict())
    assert "Run 33" in [row["name"] for row in rows] and len(rows) < 40


def test_a_name_goes_to_the_side_where_there_is_room_and_covers_no_mark() -> None:
    far, near, beside = Mark(580, 100, "VGG16 + ResNet50"), Mark(300, 200, "M256"), Mark(340, 203, "MobileNetV2")
    found = places([far, near, beside, Mark(50, 50, "x" * 99)], 600, 340)
    assert found == [("left", 100), ("left", 200), ("right", 203), None]


def test_no_name_covers_another_or_a_mark_wherever_the_marks_lie() -> None:
    random, width = Random(0), 590
    for _ in range(500):
        there = [
            Mark(random.uniform(0, width), random.uniform(0, 340), "M" * random.randint(3, 40))
            for _ in range(random.randint(2, 20))
        ]
        lines = [
            (mark, place.y, mark.x + GAP if place.side == "right" else mark.x - GAP - LETTER * len(mark.name))
            for mark, place in zip(there, places(there, width, 340), strict=True)
            if place is not None
        ]
        for mark, y, left in lines:
            right = left + LETTER * len(mark.name)
            assert left >= 0 and right <= width
            others = [(top, start, start + LETTER * len(one.name)) for one, top, start in lines if one is not mark]
            assert not [1 for top, start, end in others if abs(top - y) < LINE - 1e-6 and start < right and left < end]
            if mark is not there[0]:
                assert not [1 for one in there if left < one.x < right and abs(one.y - y) < LINE / 2]


def test_a_pile_of_names_keeps_the_order_of_its_marks_within_the_picture() -> None:
    heights = [300.0, 290.0, 330.0, 310.0, 300.5]
    found = places([Mark(20, y, f"M128, {y:g}") for y in heights], 600, 340)
    lines = {y: place.y for y, place in zip(heights, found, strict=True) if place is not None}
    in_order = [lines[y] for y in sorted(heights)]
    assert all(below - above >= LINE for above, below in itertools.pairwise(in_order))
    assert max(in_order) <= 340 - LINE / 2 and all(abs(lines[y] - y) <= 2.5 * LINE for y in heights)


def test_what_has_been_kept_is_told_and_chosen() -> None:
    at = opened()
    work = background.start("kept", lambda tell: references.info_of("taught"), failed="Keeping it")
    background.wait()
    at.session_state["models_works"] = {"slot": (work, model_keep._ending)}
    at.run()
    assert at.query_params["net"] == "taught" and "taught is kept" in text(at)
    assert background.of("kept") is None and "taught is kept" not in text(at.run())


def test_what_failed_in_the_background_is_a_problem() -> None:
    at = opened()
    work = background.start("pull", lambda tell: references.resolve("nowhere"), failed="Pulling it")
    background.wait()
    at.session_state["models_works"] = {"slot": (work, model_keep._ending)}
    at.run()
    assert "There is no checkpoint named 'nowhere'" in text(at)


def test_two_visitors_share_what_is_the_same_and_nothing_else() -> None:
    go = threading.Event()

    def push(where: str) -> Callable[[background.Tell], str]:
        return lambda tell: (go.wait(5) and where) or where

    first = background.start(("push", "a/one"), push("a/one"), failed="It")
    same = background.start(("push", "a/one"), push("a/one"), failed="It")
    other = background.start(("push", "b/two"), push("b/two"), failed="It")
    assert first is same and other is not first
    go.set()
    background.wait()
    background.forget(first)  # one visitor has been told; the other still holds it
    assert same.over and same.result == "a/one" and other.result == "b/two"
    background.forget(other)


def test_work_in_the_background_ends_also_where_it_breaks() -> None:
    def work(tell: background.Tell) -> str:
        tell(3, 4)
        return "done"

    first = background.start("a", work, failed="It")
    broken = background.start("b", lambda tell: 1 / 0, failed="It")
    background.wait()
    assert first.over and first.result == "done" and first.share == 0.75
    assert broken.over and broken.problem and "It failed (ZeroDivisionError" in str(broken.problem)
    background.forget(first)
    background.forget(broken)
    assert background.of("a") is None


@pytest.mark.parametrize("evil", [
    "![a](http://evil.example/x.png)", "![a[b]c](http://evil.example/x.png)", "![p]\n\n[p]: http://evil.example/x.png",
    "!![x](y)[alt](http://evil.example/x.png)",
])  # fmt: skip
def test_no_picture_of_a_card_is_left(trio: Path, evil: str) -> None:
    (trio / "big" / "README.md").write_text(evil)
    shown = model_details.card(next(one for one in model_list.entries("kept") if one.ref == "big"))
    assert shown is not None and not re.search(r"(?<!\\)!\[", shown.replace("!\\[", ""))


def test_a_title_from_anybody_is_no_markdown() -> None:
    assert kit.plain("![x](http://evil) :red[a] $b$") == (r"\!\[x\]\(http\://evil\) \:red\[a\] \$b\$")
