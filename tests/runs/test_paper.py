"""The paper's tables as data: rows, what is printed and what is open, plans, results that grow, numbers as text."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.runs import paper_made
from unetkd_core.errors import ConfigError, RunError
from unetkd_core.runs import paper, paper_file, paper_growing, paper_making, paper_printed, paper_results, paper_text
from unetkd_core.runs.paper_plan import Plan
from unetkd_core.runs.paper_printed import ENSEMBLE, LARGEST, OPEN, TABLES
from unetkd_core.runs.paper_results import Made
from unetkd_core.training.config import RunConfig


def test_the_rows_are_the_papers_and_their_names_are_unique() -> None:
    rows = paper.rows()
    assert {t: sum(r.table == t for r in rows) for t in paper.NUMBERS} == {2: 5, 3: 3, 4: 15, 5: 3, 6: 8, 7: 9}
    assert len({(r.table, r.key) for r in rows}) == len(rows)
    assert all(p.student and set(p.open) <= set(OPEN) for table in TABLES.values() for p in table)
    assert all(key == key.lower() and "*" not in key for key in (r.key for r in rows))


@pytest.mark.parametrize(("table", "key", "on", "gain"), [
    (4, "m1024s-m128", "val", 5.24),  # 72.10 − 66.86
    (4, "m1024s-m128", "train", 4.53),  # 77.22 − 72.69, as the text says
    (4, "m256-m128", "val", -1.22),  # 65.64 − 66.86
    (4, "mobilenetv2-m512", "train", 0.40),  # 83.59 − 83.19: the text's number
    (6, "mobilenetv2-m512", "train", 0.17),  # the table's
    (6, "m1024s-m128", "train", 4.85),
    (6, "m1024s-m128", "val", None),
    (6, "ensemble-m512", "train", None),  # printed NaN
    (2, "m128", "val", None),
])  # fmt: skip
def test_the_papers_gains_are_its_own_subtractions(table: int, key: str, on: str, gain: float | None) -> None:
    (printed,) = paper_made.row(table, key).printed
    assert paper_printed.gain(printed, on) == (None if gain is None else pytest.approx(gain))


def test_who_is_left_out_takes_the_rows_along() -> None:
    rows = paper.rows([2, 4, 5], students=["M128"], teachers=["M256", LARGEST])
    assert [(r.table, r.key) for r in rows] == [
        (2, "m128"), (2, "m256"), (2, "m1024"), (2, "m1024s"), (4, "m256-m128"), (4, "m1024s-m128"),
    ]  # fmt: skip


def test_table_seven_has_one_teacher_whoever_else_is_left_out() -> None:
    rows = paper.rows([7], teachers=["M256"], method_teacher="MobileNetV2")
    assert {row.teacher for row in rows} == {"MobileNetV2"} and len(rows) == 8, "the ensemble's row is left out"
    whole = {row.key for row in rows if row.alpha == 1}
    assert whole == {f"{name}-from-mobilenetv2" for name in ("channel-wise", "channel-wise-features", "dist")}
    assert {(row.alpha, row.temperature) for row in rows if row.method == "structured"} == {(0.5, 4.0)}


def test_some_methods_of_table_seven_can_be_had_alone() -> None:
    plan = Plan(RunConfig(), tables=(2, 7), methods=("dist", "kd-t2"), method_teacher="M256", students=("M128",))
    assert [paper.method_row(row) for row in plan.rows() if row.table == 7] == ["kd-t2", "dist"]
    assert [row.table for row in plan.rows() if row.table == 2], "other tables stay"
    with pytest.raises(ConfigError, match="'kd-t3' is none of the methods of Table VII; there are paper, "):
        replace(plan, methods=("kd-t3",))


def test_a_plan_trains_teachers_once_and_students_for_every_seed() -> None:
    plan = Plan(RunConfig(), tables=(4, 5), seeds=(3, 4), students=("M128", "M256"))
    alone = [(name, config.seed) for name, config in plan.alone()]
    assert alone == [
        ("M128", 3), ("M256", 3), ("M512", 3), (LARGEST, 3), ("VGG16", 3), ("ResNet50", 3), ("MobileNetV2", 3),
        ("M128", 4), ("M256", 4),
    ]  # fmt: skip
    assert {name: config.model.norm for name, config in plan.alone()}[LARGEST] == "none"
    given = replace(plan, given={"Ensemble": "three"}, tables=(5,))
    assert [name for name, _ in given.alone()] == ["M128", "M256", "M128", "M256"]


def test_normalisation_is_the_students_choice_and_the_largest_networks_own() -> None:
    plan = Plan(RunConfig.model_validate({"model": {"norm": "batch"}}), tables=(2,), seeds=(0,))
    assert {name: config.model.norm for name, config in plan.alone()} == {
        "M128": "batch", "M256": "batch", "M512": "batch", "M1024": "batch", LARGEST: "none",
    }  # fmt: skip
    assert plan.config(LARGEST, 0).model.name == "M1024"


def test_an_encoder_with_imagenets_weights_is_treated_gently() -> None:
    plan = Plan(RunConfig(), imagenet=frozenset({"MobileNetV2"}))
    gently, scratch = plan.config("MobileNetV2", 0), plan.config("VGG16", 0)
    assert (gently.model.weights, gently.optim.encoder_rate, gently.optim.encoder_frozen_epochs) == ("imagenet", 0.3, 2)
    assert (scratch.model.weights, scratch.optim.encoder_rate) == (None, 1.0)


def test_the_ensemble_is_the_mean_of_the_three_with_searched_weights() -> None:
    plan = Plan(RunConfig(), tables=(5,))
    two = plan.refs({"VGG16": "run:a", "ResNet50": "run:b"})
    assert ENSEMBLE not in two
    spec = plan.refs({"VGG16": "run:a", "ResNet50": "run:b", "MobileNetV2": "run:c"})[ENSEMBLE]
    assert not isinstance(spec, str) and spec.members == ("run:a", "run:b", "run:c") and spec.open


def test_a_row_names_who_was_given_the_ensemble_too() -> None:
    plan = Plan(RunConfig(), tables=(4, 5), students=("M128",), given={"VGG16": "a", ENSEMBLE: "three-encoders"})
    notes = {row.teacher: paper_making.note(row, plan) for row in plan.rows()}
    assert (notes["VGG16"], notes[ENSEMBLE], notes["M256"]) == ("VGG16: a", "Ensemble: three-encoders", "")


def test_rows_that_differ_in_the_teacher_alone_are_one_sweep() -> None:
    plan = Plan(RunConfig(), tables=(4, 6), seeds=(0, 1), students=("M128",), teachers=("M256", LARGEST, "VGG16"))
    specs = plan.specs({"M256": "run:a", LARGEST: "run:b", "VGG16": "run:c", "M512": "run:d"})
    assert [(s.student, s.teacher, s.alpha, s.temperature, s.seed) for s in specs] == [
        (("M128",), ("run:a", "run:b", "run:c"), (0.1,), (10.0,), (0, 1)),
        (("M128",), ("run:b",), (0.3,), (10.0,), (0, 1)),
    ]
    assert plan.specs({}) == []


@pytest.mark.parametrize(("value", "decimals", "signed", "text"), [
    (3.44, 1, True, "+3.4"), (-3.45, 1, True, "−3.5"), (-0.04, 1, True, "0.0"), (0.0, 1, True, "0.0"),
    (66.86, 2, False, "66.86"), (-1.22, 2, True, "−1.22"), (0.25, 1, False, "0.2"),
])  # fmt: skip
def test_numbers_have_a_real_minus_and_never_a_minus_zero(value: float, decimals: int, signed: bool, text: str) -> None:
    assert paper_text.number(value, decimals, signed) == text


def test_a_cell_by_hand() -> None:
    """Two seeds: 54 and 57 against twins of 50 and 52: mean 55.5, spread 3/√2 = 2.12; gains 4 and 5: +4.5 ± 0.71."""
    found = paper_made.results().find(4, "m1024s-m128")
    assert found
    assert paper_text.cell(found, "miou", "val") == ("72.10", "55.5", "± 2.1", "−16.6")
    assert paper_text.cell(found, "gain", "val") == ("+5.24", "+4.5", "± 0.7", "−0.7")
    assert paper_text.cell(found, "miou", "train") == ("77.22", "65.5", "± 2.1", "−11.7")
    assert paper_text.seeds(found) == "0, 1"


def test_what_is_shown_side_by_side_adds_up() -> None:
    """70.34 % is shown as 70.3; less 66.86 that is +3.44, shown as +3.4, where 70.34 less 66.86 would be +3.5."""
    found = paper_made.made(2, "m128", paper_made.pair(0, 0.7034))
    assert paper_text.cell(found, "miou", "val") == ("66.86", "70.3", "", "+3.4")


def test_one_seed_has_no_spread_and_nothing_measured_is_a_dash() -> None:
    one = paper_made.results(seeds=(0,)).find(4, "m1024s-m128")
    empty = paper_made.results().find(4, "vgg16-m128")
    assert one and paper_text.cell(one, "gain", "val") == ("+5.24", "+4.0", "", "−1.2")
    assert empty and paper_text.cell(empty, "miou", "val") == ("69.75", "–", "", "–")


def test_others_numbers_are_quoted_and_not_subtracted() -> None:
    found = paper_made.made(7, "structured", paper_made.pair(0, 0.6, 0.5))
    assert paper_text.cell(found, "gain", "train") == ("+5.74 to +6.60", "+10.0", "", "–")


def test_results_come_back_from_their_file_as_they_were(tmp_path: Path) -> None:
    written = paper_made.results()
    path = paper_file.path_of("camvid", tmp_path)
    paper_file.write(written, path)
    assert paper_file.read(path) == written
    path.write_text("{}")
    with pytest.raises(RunError, match="put a whole copy back, or move the file away"):
        paper_file.read(path)
    path.write_text('{"format_version": 99}')
    with pytest.raises(RunError, match=r"format version is 99.*the release that wrote it") as newer:
        paper_file.read(path)
    path.unlink()
    path.mkdir()
    with pytest.raises(RunError, match=r"just now.*then try again") as refused:
        paper_file.read(path)
    assert not any("away" in str(caught.value) for caught in (newer, refused)), "nothing is wrong with the file"


def test_rows_and_seeds_that_were_there_stay() -> None:
    before = paper_made.results(seeds=(0,), whole=False)
    second = paper_made.made(4, "m1024s-m128", paper_made.pair(1, 0.57, 0.52))
    fresh = replace(paper_made.results(second, whole=False), notes={"command": "unetkd paper tables --seeds 1"})
    found = paper_growing.grown(before, fresh)
    row = found.find(4, "m1024s-m128")
    assert row and [pair.seed for pair in row.pairs] == [0, 1]
    assert found.find(2, "m128") and found.find(7, "dist")
    assert found.find(6, "best-m128") == before.find(6, "best-m128"), "until one chooses anew"
    assert found.notes["command"].split("\n") == [
        "unetkd paper tables --dataset camvid",
        "unetkd paper tables --seeds 1",
    ]


def test_other_settings_or_data_are_refused(tmp_path: Path) -> None:
    path = paper_file.path_of("camvid", tmp_path)
    paper_file.write(paper_made.results(), path)
    other = {**paper_made.CONFIG, "optim": {"epochs": 26}}
    with pytest.raises(
        RunError, match=r"other settings: optim\.epochs is 25 there, 26 here\. Write these to another folder"
    ):
        paper_growing.check(path, replace(paper_made.results(), config=other))
    with pytest.raises(RunError, match="other data: camvid:val is abc there, changed here"):
        paper_growing.check(path, replace(paper_made.results(), notes={"data": {"camvid:val": "changed"}}))
    assert paper_growing.check(path, paper_made.results()) == paper_made.results()


def test_another_network_under_the_same_name_is_refused(tmp_path: Path) -> None:
    path = paper_file.path_of("camvid", tmp_path)
    first = replace(paper_made.made(4, "m256-m128", paper_made.pair(0, 0.5, 0.4)), who="M256, seed 0")
    paper_file.write(paper_made.results(first, whole=False), path)
    second = replace(paper_made.made(4, "m256-m128", paper_made.pair(1, 0.5, 0.4)), who="M256 0123456789ab")
    with pytest.raises(RunError, match="other networks: M256, seed 0 there, M256 0123456789ab here"):
        paper_growing.check(path, paper_made.results(second, whole=False))


def test_a_row_without_a_seed_takes_nothing_from_one_that_has_some() -> None:
    measured = paper_made.results(paper_made.made(4, "m256-m128", paper_made.pair(0, 0.5, 0.4)), whole=False)
    nothing = paper_made.results(paper_made.made(4, "m256-m128"), whole=False)
    assert paper_growing.grown(measured, nothing).rows == measured.rows


def test_a_method_stands_in_the_papers_place_whoever_teaches() -> None:
    row = paper.rows([7], method_teacher="MobileNetV2", methods=("dist",))[0]
    made = replace(paper_made.results(), rows=(Made(row, (paper_made.pair(0, 0.5, 0.4),)),))
    found = paper_results.filled(made)
    of_dist = [made for made in found.table(7) if made.row.method == "dist"]
    assert [made.row.key for made in of_dist] == ["dist-from-mobilenetv2"] and len(found.table(7)) == 9


def test_teachers_keep_their_seed_when_students_get_more() -> None:
    plan = Plan(RunConfig(), tables=(4,), seeds=(1, 2), students=("M128", "M256"), teachers=("M256",), teacher_seed=0)
    assert [(name, config.seed) for name, config in plan.alone()] == [("M256", 0), ("M128", 1), ("M128", 2)]


def test_where_choices_were_made_on_what_is_reported_every_form_says_so() -> None:
    made = paper_made.results()
    chosen = replace(made, config={**made.config, "data": {**made.config["data"], "val": ["camvid:val"]}})
    for text in (paper_text.markdown, lambda r: paper_text.latex(r, 4, "val").replace("'", "’")):
        assert paper_text.CHOSEN in text(chosen) and paper_text.CHOSEN not in text(made)


WITHOUT, ONLY = "camvid:train-without-0006R0", "camvid:train-only-0006R0"


@pytest.mark.parametrize(("on", "train", "val", "said"), [
    ("streets:train", "streets:val", "streets", [paper_text.CHOSEN]),  # a reference without a split means train
    ("streets:train", "streets", "streets:val", [paper_text.LEARNED]),
    ("camvid:train", WITHOUT, ONLY, [paper_text.LEARNED, paper_text.CHOSEN]),
    (ONLY, WITHOUT, "camvid:val", []),
    ("streets:test", "streets", "streets:val", []),
])  # fmt: skip
def test_what_the_reported_pictures_were_used_for_is_told_however_they_are_written(
    on: str, train: str, val: str, said: list[str]
) -> None:
    made = paper_made.results()
    config = {**made.config, "data": {**made.config["data"], "train": [train], "val": [val]}}
    found = replace(made, on=on, config=config)
    text = paper_text.markdown(found)
    assert [one for one in (paper_text.LEARNED, paper_text.CHOSEN) if one in text] == said


def test_a_row_knows_its_choice_and_its_open_points() -> None:
    found = paper_made.results()
    chosen = found.find(6, "best-m128")
    assert chosen and paper_text.padded(chosen) == ["M1024*", "M128, best of 7: Soft labels × T²", "0.5", "4"]
    answer = paper_text.answer(found)
    assert answer and answer[0] is chosen and answer[1].ours == "+5.0 ± 0.0"
    assert paper_text.answer(paper_made.results(paper_made.made(2, "m128"))) is None
    assert "two_m128" in paper_made.row(5, "ensemble-m128").open


def test_latex_escapes_what_latex_would_read() -> None:
    text = paper_text.latex(paper_made.results(), 6, "val")
    assert r"\begin{tabular}{llllrrrrrrl}" in text and text.count(r"\\") == 10
    assert r"M1024$^*$$^{a,b}$ & M128 & 0.3 & 10" in text and "76.01 in Table VI" in text and "0, 1" in text
    assert r"$\pm$" in text and "−" not in text and "%" not in text[20:]


def test_markdown_has_every_table_and_says_what_it_is_not() -> None:
    text = paper_text.markdown(paper_made.results())
    assert "CamVid is not Cityscapes" in text and text.count("\n## ") == 7
    assert "| M1024* | M128 | 72.10 | 55.5 ± 2.1 | −16.6 | +5.24 | +4.5 ± 0.7 | −0.7 |" in text
    assert "MobileNetV2: mobilenetv2-teacher" in text and OPEN["two_m128"] in text


def test_csv_has_a_line_for_each_row_and_seed() -> None:
    lines = list(csv.DictReader(io.StringIO(paper_text.as_csv(paper_made.results()))))
    taught = [line for line in lines if (line["table"], line["row"]) == ("4", "m1024s-m128")]
    assert [(line["seed"], line["val_miou"], line["val_gain"], line["paper_val_gain"]) for line in taught] == [
        ("0", "0.5400", "0.0400", "0.0524"), ("1", "0.5700", "0.0500", "0.0524"),
    ]  # fmt: skip
    assert sum(line["seed"] == "" for line in lines) == sum(not m.pairs for m in paper_made.results().rows)
    curves = list(csv.DictReader(io.StringIO(paper_text.curves_csv(paper_made.results()))))
    assert [(c["taught_by"], c["epoch"], c["val_miou_packed"]) for c in curves][1] == ("M1024*", "2", "0.4000")


@pytest.mark.parametrize(("changes", "said"), [
    ({"tables": ()}, "There are no tables"),
    ({"seeds": ()}, "name at least one"),
    ({"students": ("M64",)}, "'M64' is none"),
])  # fmt: skip
def test_a_plan_that_cannot_be_is_refused(changes: dict[str, tuple[str, ...]], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Plan(RunConfig(), **changes)


def test_the_file_is_plain_json() -> None:
    data = json.loads(json.dumps(paper_file.to_json(paper_made.results()), allow_nan=False))
    assert data["rows"][0]["pairs"][0]["student"]["val"]["miou"] == 0.5
