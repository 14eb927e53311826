"""Tables that grow: what was chosen before is never replaced by a choice of fewer seeds or fewer ways."""

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.runs import paper_made
from unetkd_core.errors import RunError
from unetkd_core.runs import paper_choice, paper_file, paper_growing, paper_text
from unetkd_core.runs.origins import Origin
from unetkd_core.runs.paper import Row
from unetkd_core.runs.paper_choice import Way
from unetkd_core.runs.paper_plan import Plan
from unetkd_core.runs.paper_results import Curve, Made, Pair, Results
from unetkd_core.training.config import RunConfig

AT_CHOICE = {"kd": 0.40, "kd-t2": 0.46, "dist": 0.45}
"""Method -> best validation mIoU at the packed size of every seed but the fourth."""


def way(method: str, scores: Mapping[int, float], who: str = "M256, seed 0") -> Way:
    return Way("M256", method, 0.5, 4.0, who, scores)


def taught(method: str, seeds: tuple[int, ...], *, table: int = 7, of: int = 0) -> Made:
    """A row of M128 from M256 by this method; a choice where it is the best `of` several. Its scores name the seed."""
    key = "best-m128" if of else f"{method}-from-m256"
    row = Row(table, key, "M128", "M256", method, 0.5, 4.0, of=of)
    pairs = tuple(paper_made.pair(seed, 0.5 + seed / 100, 0.4, who=method) for seed in seeds)
    return Made(row, pairs, note=method, who="M256, seed 0")


def tables(best: str, ways: tuple[Way, ...], seeds: tuple[int, ...], *, of: int | None = None) -> Results:
    """A row of Table VII for each way, of all its seeds, and Table VI's choice."""
    rows = [taught(one.method, tuple(one.scores)) for one in ways]
    choice = replace(taught(best, seeds, table=6, of=of or len(ways)), ways=ways)
    return replace(paper_made.results(), rows=(*rows, choice))


def three(seeds: tuple[int, ...], **fourth: float) -> tuple[Way, ...]:
    return tuple(
        way(m, {s: fourth.get(m, score) if s == 3 else score for s in seeds}) for m, score in AT_CHOICE.items()
    )


def chosen(before: Results, fresh: Results) -> tuple[str, int, list[int]]:
    found = paper_growing.grown(before, fresh).find(6, "best-m128")
    assert found and found.note == found.row.method, "what else is said of it is of the same way"
    runs = [f"{found.row.method}-{pair.seed}" for pair in found.pairs]
    assert [pair.student.run for pair in found.pairs] == runs, "its scores are of the same way"
    return found.row.method, found.row.of, [pair.seed for pair in found.pairs]


def test_one_way_with_one_more_seed_does_not_replace_a_choice_of_three() -> None:
    before = tables("kd-t2", three((0, 1, 2)), (0, 1, 2))
    fresh = tables("dist", (way("dist", {3: 0.9}),), (3,))
    assert chosen(before, fresh) == ("kd-t2", 3, [0, 1, 2])
    grown = paper_growing.grown(before, fresh)
    row = grown.find(7, "dist-from-m256")
    assert row and [pair.seed for pair in row.pairs] == [0, 1, 2, 3]


def test_the_choice_is_made_over_the_seeds_of_both() -> None:
    before = tables("kd-t2", three((0, 1, 2)), (0, 1, 2))
    fresh = tables("dist", three((3,), dist=0.55), (3,))
    assert chosen(before, fresh) == ("dist", 3, [0, 1, 2, 3]), "(3 × 0.45 + 0.55) / 4 beats 0.46"
    small = tables("dist", three((3,), dist=0.48), (3,))
    assert chosen(before, small) == ("kd-t2", 3, [0, 1, 2, 3]), "(3 × 0.45 + 0.48) / 4 does not"


def test_ways_that_come_one_after_another_are_one_choice() -> None:
    before = tables("kd-t2", three((0, 1, 2)), (0, 1, 2))
    worse = tables("structured", (way("structured", {0: 0.3, 1: 0.3, 2: 0.3}),), (0, 1, 2))
    assert chosen(before, worse) == ("kd-t2", 4, [0, 1, 2])
    better = tables("structured", (way("structured", {0: 0.5, 1: 0.5, 2: 0.5}),), (0, 1, 2))
    assert chosen(before, better) == ("structured", 4, [0, 1, 2])


def test_a_missing_seed_is_made_up_for_step_by_step() -> None:
    results = tables("kd-t2", three((0, 1, 2)), (0, 1, 2))
    for method, score in (("kd", 0.40), ("kd-t2", 0.46), ("dist", 0.60)):
        results = paper_growing.grown(results, tables(method, (way(method, {3: score}),), (3,)))
    found = results.find(6, "best-m128")
    assert found and (found.row.method, found.row.of, len(found.pairs)) == ("dist", 3, 4)


def test_another_network_under_the_teachers_name_is_another_way() -> None:
    ways = paper_choice.joined([way("dist", {0: 0.4})], [way("dist", {1: 0.5}, who="M256 0123456789ab")])
    assert len(ways) == 2 and paper_choice.choose(ways, (0, 1)) is None


@pytest.mark.parametrize(("of", "seeds", "replaces"), [
    (1, (3,), False),  # fewer of both
    (9, (3, 4), False),
    (8, (0, 1, 2), False),
    (9, (0, 1, 2), True),
    (10, (0, 1, 2, 3), True),
])  # fmt: skip
def test_a_choice_of_an_older_file_gives_way_to_one_of_as_many_seeds_and_ways(
    of: int, seeds: tuple[int, ...], replaces: bool
) -> None:
    old = replace(paper_made.results(), rows=(taught("kd-t2", (0, 1, 2), table=6, of=9),))
    ways = tuple(way(method, dict.fromkeys(seeds, score)) for method, score in (("dist", 0.5), ("kd-t2", 0.4)))
    fresh = tables("dist", ways, seeds, of=of)
    assert chosen(old, fresh) == (("dist", of, [*seeds]) if replaces else ("kd-t2", 9, [0, 1, 2]))
    without = tables("dist", ways[:1], seeds, of=of)
    assert chosen(old, without) == ("kd-t2", 9, [0, 1, 2]), "what it chose was not among those of today"


def test_what_a_choice_was_made_among_survives_the_disk(tmp_path: Path) -> None:
    written = tables("kd-t2", three((0, 1, 2)), (0, 1, 2))
    path = paper_file.path_of("camvid", tmp_path)
    paper_file.write(written, path)
    assert paper_file.read(path).find(6, "best-m128") == written.find(6, "best-m128")
    path.write_text(path.read_text().replace('"2": 0.46', '"2": "many"'))
    with pytest.raises(RunError, match="cannot be read"):
        paper_file.read(path)


def alone(*values: float, who: str = "twin") -> Made:
    """Table II's M128, a seed for each value."""
    return paper_made.made(2, "m128", *(paper_made.pair(seed, value, who=who) for seed, value in enumerate(values)))


def from_m1024(key: str, value: float, twin: float, twin_run: str) -> Made:
    """One taught row of seed 0, measured beside this twin."""
    pair = paper_made.pair(0, value, twin, who=key)
    assert pair.twin
    return paper_made.made(4, key, replace(pair, twin=replace(pair.twin, run=twin_run)))


def grown(before: tuple[Made, ...], fresh: tuple[Made, ...]) -> Results:
    first, second = (paper_made.results(*rows, whole=False) for rows in (before, fresh))
    return paper_growing.grown(first, second)


def only(results: Results, table: int, key: str) -> Pair:
    made = results.find(table, key)
    assert made and len(made.pairs) == 1
    return made.pairs[0]


def test_a_file_has_one_untaught_twin_of_each_student_and_seed() -> None:
    """Trained once more elsewhere it came out two points lower; whoever was taught there gains nothing by that."""
    old = (alone(0.50), from_m1024("m1024s-m128", 0.53, 0.50, "twin-0"))
    new = (alone(0.48, who="elsewhere"), from_m1024("m512-m128", 0.51, 0.48, "elsewhere-0"))
    found = grown(old, new)
    assert only(found, 2, "m128").student.run == "twin-0"
    gains = {key: only(found, 4, key).value("gain", "val") for key in ("m1024s-m128", "m512-m128")}
    assert gains == {"m1024s-m128": pytest.approx(0.03), "m512-m128": pytest.approx(0.01)}


def test_a_twin_that_no_table_shows_is_the_twin_all_the_same() -> None:
    old = (from_m1024("m1024s-m128", 0.53, 0.50, "twin-0"),)
    found = grown(old, (alone(0.48, who="elsewhere"), from_m1024("m512-m128", 0.51, 0.48, "elsewhere-0")))
    assert only(found, 2, "m128").student.run == "twin-0", "Table II shows what gains are measured by"
    assert only(found, 4, "m512-m128").value("gain", "val") == pytest.approx(0.01)


def test_a_row_that_comes_later_shows_the_twins_that_are_known() -> None:
    old = (from_m1024("m1024s-m128", 0.53, 0.50, "twin-0"),)
    assert only(grown(old, (paper_made.made(2, "m128"),)), 2, "m128").student.run == "twin-0"
    plan = planned(*old)
    assert [one.name for one in plan.to_train()] == ["M256"], "M128 alone is known, and nobody trains it again"


def test_a_file_whose_rows_have_twins_of_their_own_is_mended() -> None:
    old = (alone(0.50), from_m1024("vgg16-m128", 0.51, 0.46, "elsewhere-0"))
    found = grown(old, ())
    assert only(found, 4, "vgg16-m128").value("gain", "val") == pytest.approx(0.01)


def test_nobody_trains_until_a_number_pleases() -> None:
    old = (from_m1024("m1024s-m128", 0.53, 0.50, "twin-0"),)
    again = paper_made.made(4, "m1024s-m128", paper_made.pair(0, 0.6, 0.5, who="luckier"))
    assert only(grown(old, (again,)), 4, "m1024s-m128").student.run == "m1024s-m128-0"


def test_what_is_said_anew_of_the_same_run_counts() -> None:
    known = Origin("a" * 40, precision="bf16")
    pair = paper_made.pair(0, 0.5, who="twin")
    told = paper_made.made(2, "m128", replace(pair, student=replace(pair.student, origin=known)))
    found = grown((alone(0.50), from_m1024("m1024s-m128", 0.53, 0.50, "twin-0")), (told,))
    twin = only(found, 4, "m1024s-m128").twin
    assert only(found, 2, "m128").student.origin == known and twin and twin.origin == known


def test_what_was_given_is_nobodys_twin() -> None:
    """M256 with other weights under its name is not what students of that name are measured by."""
    given = replace(paper_made.made(2, "m256", paper_made.pair(0, 0.7, who="given")), who="M256 0123456789ab")
    taught = paper_made.made(4, "m1024s-m256", paper_made.pair(0, 0.53, 0.50))
    found = grown((given,), (taught,))
    assert only(found, 2, "m256").student.run == "given-0"
    assert only(found, 4, "m1024s-m256").value("gain", "val") == pytest.approx(0.03)


def test_the_first_writing_has_one_twin_too() -> None:
    """Two runs of the same settings lie on disk, and two rows were trained beside one each."""
    rows = (from_m1024("m1024s-m128", 0.53, 0.46, "elsewhere-0"), from_m1024("m512-m128", 0.51, 0.50, "other-0"))
    first = paper_growing.grown(None, paper_made.results(alone(0.50), *rows, whole=False))
    assert only(first, 4, "m1024s-m128").value("gain", "val") == pytest.approx(0.03)
    assert paper_growing.grown(first, first) == first, "and the same command again changes nothing"


def test_a_way_that_another_table_has_is_that_tables_run() -> None:
    old = replace(paper_made.made(5, "ensemble-m128", paper_made.pair(0, 0.55, 0.5, who="kept")), who="three")
    new = replace(paper_made.made(7, "paper-ensemble", paper_made.pair(0, 0.57, 0.5, who="again")), who="three")
    assert only(grown((old,), (new,)), 7, "paper-ensemble").student.run == "kept-0"
    other = replace(new, who="another three")
    assert only(grown((old,), (other,)), 7, "paper-ensemble").student.run == "again-0"


def test_figure_three_shows_the_runs_that_the_rows_are_of() -> None:
    alone_, by_large = (
        paper_made.made(2, "m256", paper_made.pair(0, 0.6, who="own")),
        paper_made.made(4, "m1024s-m256", paper_made.pair(0, 0.62, 0.6, who="kept")),
    )
    old = replace(paper_made.results(alone_, by_large, whole=False), curves=())
    curves = [
        Curve("M1024*", 0, "again-0", (0.2,)), Curve("twin", 0, "again-twin", (0.1,)),
        Curve("M1024*", 0, "kept-0", (0.3,)), Curve("twin", 0, "own-0", (0.1,)),
    ]  # fmt: skip
    found = paper_growing.grown(old, replace(old, curves=tuple(curves)))
    assert [curve.run for curve in found.curves] == ["kept-0", "own-0"], "whichever of the same settings lie on disk"
    assert paper_growing.grown(found, replace(old, curves=tuple(curves[:2]))).curves == found.curves


def test_a_choice_is_made_of_the_seeds_of_two_machines() -> None:
    """Neither has a way with both seeds; together they have two."""
    here = tables("kd-t2", (way("kd-t2", {0: 0.46}), way("dist", {0: 0.45})), (0,))
    there = tables("dist", (way("kd-t2", {1: 0.40}), way("dist", {1: 0.45})), (1,))
    unmade = replace(there, rows=tuple(replace(m, pairs=()) if m.row.of else m for m in there.rows))
    assert chosen(here, unmade) == ("dist", 2, [0, 1])
    waiting = paper_growing.grown(None, unmade)
    assert waiting.find(6, "best-m128") is None, "what is no choice yet is no row"
    assert "best of" not in paper_text.markdown(waiting) and "best-m128" not in paper_text.as_csv(waiting)
    assert chosen(waiting, here) == ("dist", 2, [0, 1]), "and whoever comes second makes it"


def test_a_choice_shows_the_run_that_its_row_has() -> None:
    row = taught("dist", (0,))
    again = replace(row, pairs=(paper_made.pair(0, 0.7, 0.4, who="luckier"),))
    choice = replace(again, row=replace(again.row, table=6, key="best-m128", of=1), ways=(way("dist", {0: 0.6}),))
    found = paper_growing.grown(
        replace(paper_made.results(), rows=(row,)), replace(paper_made.results(), rows=(again, choice))
    )
    assert only(found, 6, "best-m128").student.run == only(found, 7, "dist-from-m256").student.run == "dist-0"


def test_what_only_a_choice_has_is_measured_too() -> None:
    choice = replace(taught("kd-t2", (0,), table=6, of=2), config={"model": {"name": "M128"}})
    empty = replace(taught("kd-t2", ()), config={}, note="")
    found = paper_growing.grown(
        replace(paper_made.results(), rows=(choice,)), replace(paper_made.results(), rows=(empty,))
    )
    row = found.find(7, "kd-t2-from-m256")
    assert row and row.pairs == choice.pairs and row.config == choice.config and row.note == choice.note


def test_a_choice_goes_by_the_runs_that_are_shown() -> None:
    (found,) = paper_choice.joined([way("dist", {0: 0.4})], [way("dist", {0: 0.6, 1: 0.5})])
    assert found.scores == {0: 0.4, 1: 0.5}, "seed 0 once more, and luckier, is not what the row shows"


def planned(*rows: Made, seeds: tuple[int, ...] = (0,), teachers: tuple[str, ...] = ("M256",)) -> Plan:
    there = paper_made.results(*rows, whole=False)
    return Plan(RunConfig(), tables=(2, 4), seeds=seeds, students=("M128",), teachers=teachers, there=there)


def test_what_was_measured_is_not_trained_again_wherever_that_was() -> None:
    plan = planned(alone(0.5))
    assert [(one.name, one.config.seed) for one in plan.to_train()] == [("M256", 0)]
    (spec,) = plan.specs({"M256": "run:a"})
    assert spec.seed == (0,) and not spec.twins, "its untaught twin is known"
    taught = replace(from_m1024("m256-m128", 0.53, 0.50, "twin-0"), who="M256, seed 0")
    whole = planned(alone(0.5), taught, paper_made.made(2, "m256", paper_made.pair(0, 0.6)))
    assert whole.to_train() == [] and whole.specs({"M256": "run:a"}) == []


def test_a_seed_more_trains_that_seed_and_whoever_must_teach_it() -> None:
    taught = replace(from_m1024("m256-m128", 0.53, 0.50, "twin-0"), who="M256, seed 0")
    teacher = paper_made.made(2, "m256", paper_made.pair(0, 0.6))
    plan = replace(planned(alone(0.5), taught, teacher, seeds=(0, 1)), teacher_seed=0)
    assert [(one.name, one.config.seed) for one in plan.to_train()] == [("M256", 0), ("M128", 1)]
    (spec,) = plan.specs({"M256": "run:a"})
    assert spec.seed == (1,) and spec.twins
    idle = replace(plan, seeds=(1,), students=("M128", "M256"), teachers=("M256", "M512"), tables=(4,))
    idle = replace(idle, there=paper_made.results(replace(taught, pairs=(paper_made.pair(1, 0.5, 0.4),)), whole=False))
    assert ("M256", 0) not in [(one.name, one.config.seed) for one in idle.to_train()], (
        "it teaches nobody who is lacking"
    )
    both = replace(planned(alone(0.5), seeds=(0, 1)), teacher_seed=0).specs({"M256": "run:a"})
    assert [(one.seed, one.twins) for one in both] == [((0,), False), ((1,), True)], "seed 0's twin is known"


def test_the_same_way_in_another_table_counts_as_measured() -> None:
    there = replace(paper_made.made(5, "ensemble-m128", paper_made.pair(0, 0.55, 0.5)), who="M256 0123456789ab")
    plan = replace(planned(alone(0.5), there), tables=(7,), methods=("paper-ensemble",), teachers=("Ensemble",))
    assert list(plan.lacking()), "the members that are trained here are others"
    of_members = ", ".join(f"{name} from scratch, seed 0" for name in ("VGG16", "ResNet50", "MobileNetV2"))
    same = replace(plan, there=paper_made.results(alone(0.5), replace(there, who=of_members), whole=False))
    assert not same.lacking() and not [one for one in same.to_train() if one.name == "VGG16"]


def test_an_older_files_students_alone_are_twins_whatever_it_calls_them(tmp_path: Path) -> None:
    path = paper_file.path_of("camvid", tmp_path)
    old = replace(paper_made.made(2, "m256", paper_made.pair(0, 0.6, who="own")), who="M256, seed 0")
    paper_file.write(paper_made.results(old, whole=False), path)
    assert ("M256", 0) in paper_growing.controls(paper_file.read(path))
    assert paper_growing.check(path, paper_made.results(replace(old, who=""), whole=False))


def test_a_release_that_trains_otherwise_begins_a_file_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = paper_file.path_of("camvid", tmp_path)
    given = replace(paper_made.made(2, "m256", paper_made.pair(0, 0.7, who="given")), who="M256 0123456789ab")
    pair = paper_made.pair(0, 0.5, who="twin")
    origin = Origin("a" * 40, versions={"torch": "2.14.1"})
    trained = paper_made.made(2, "m128", replace(pair, student=replace(pair.student, origin=origin)))
    monkeypatch.setattr(paper_growing, "TRAINING_VERSION", 2)
    run = replace(given.pairs[0], student=replace(given.pairs[0].student, origin=origin))
    for rows, refused in (((replace(given, pairs=(run,)),), False), ((given, trained), True)):
        paper_file.write(paper_made.results(*rows, whole=False), path)
        with (
            pytest.raises(RunError, match=r"were trained by another release, .* another folder: --out")
            if refused
            else (contextlib.nullcontext())
        ):
            paper_growing.check(path, paper_made.results(*rows, whole=False))
