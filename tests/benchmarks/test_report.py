"""The benchmarks' own arithmetic: turns, medians, aims, and the last line as JSON. No timing is asserted."""

import json
import math

import pytest

from benchmarks import report, training_step
from benchmarks.report import Result


def test_the_sides_take_turns_and_warm_up_is_not_counted() -> None:
    calls: list[str] = []
    medians = report.alternate({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, rounds=3, warm_up=1)
    assert calls == ["a", "b"] * 4
    assert set(medians) == {"a", "b"}
    assert all(value >= 0 for value in medians.values())


def test_the_median_ignores_one_slow_round(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 0.0, 1.0, 10.0, 11.0, 20.0, 120.0])
    monkeypatch.setattr(report.time, "perf_counter", lambda: next(clock))
    assert report.alternate({"a": lambda: None}, rounds=3, warm_up=0) == {"a": 1.0}


def test_time_that_is_up_ends_it_after_three_rounds() -> None:
    calls: list[str] = []
    report.alternate({"a": lambda: calls.append("a")}, rounds=50, seconds=0.0, warm_up=1)
    assert len(calls) == 4


@pytest.mark.parametrize(
    ("value", "aim", "higher", "met"),
    [(2.5, 2.5, True, True), (2.4, 2.5, True, False), (3.0, 2.5, False, False), (1.0, None, True, None)],
)
def test_met_follows_the_direction_of_the_aim(value: float, aim: float | None, higher: bool, met: bool | None) -> None:
    assert Result("x", value, "times", aim, higher).met is met


def test_the_last_line_is_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    report.print_report(
        "demo", report.machine(), [Result("ratio", 2.0, "times", 2.5), Result("speed", 8.0, "images/s")]
    )
    *table, last = capsys.readouterr().out.strip().splitlines()
    data = json.loads(last)
    assert data["benchmark"] == "demo" and data["machine"]["cores"] >= 1
    assert data["results"][0] == {
        "name": "ratio",
        "value": 2.0,
        "unit": "times",
        "aim": 2.5,
        "higher_is_better": True,
        "met": False,
    }
    assert data["results"][1]["met"] is None
    assert any("NOT met" in line for line in table)


def test_the_training_step_compares_images_per_second_and_each_part() -> None:
    parts = {f"{side} {part}": t for side, t in (("ours", 0.1), ("plain", 0.4)) for part in training_step.PARTS}
    results = {r.name: r for r in training_step.compare({"ours": 1.0, "plain": 3.0}, parts, aim=2.5)}
    assert math.isclose(results["speed-up of the training step"].value, 3.0)
    assert results["speed-up of the training step"].met
    assert math.isclose(results["ours"].value, 8.0)
    assert math.isclose(results["loading, speed-up"].value, 4.0)
    assert math.isclose(results["loss, plain"].value, 400.0)
