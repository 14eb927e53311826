"""Charts as data: labels apart, what is not yet, a gain that is a gain, a loss that is outlined."""

import itertools
import math
from typing import Any

from pages.ui import charts, class_bars


def marks(spec: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [layer for layer in spec["layer"] if layer["mark"]["type"] == kind]


def rows(spec: dict[str, Any], layer: dict[str, Any]) -> list[dict[str, Any]]:
    return list(spec["datasets"][layer["data"]["name"]])


def labels(spec: dict[str, Any]) -> dict[str, float]:
    """Text of the labels beside the lines' ends -> their height in pixels."""
    texts = [m for m in marks(spec, "text") if "value" in m["encoding"]["y"]]
    return {rows(spec, m)[0]["text"]: m["encoding"]["y"]["value"] for m in texts}


def test_labels_of_lines_that_end_together_stay_16_pixels_apart() -> None:
    spec = charts.miou_chart(
        {"student": [(1, 0.3), (2, 0.702)], "twin": [(1, 0.3), (2, 0.7)]}, epochs=9, teacher=0.705
    ).to_dict()
    heights = labels(spec)
    assert set(heights) == {"student 70.2", "twin 70.0"}
    assert heights["twin 70.0"] - heights["student 70.2"] >= 16


def test_a_student_better_than_its_teacher_is_labelled_above_it() -> None:
    curve = [(1, 0.1), (2, 0.215)]
    heights = labels(
        charts.miou_chart({"student": curve, "twin": [(1, 0.1), (2, 0.18)]}, epochs=9, teacher=0.2).to_dict()
    )
    assert heights["student 21.5"] <= heights["twin 18.0"] - 32
    both = labels(
        charts.miou_chart({"student": curve, "twin": [(1, 0.1), (2, 0.212)]}, epochs=9, teacher=0.187).to_dict()
    )
    assert 0 < both["student 21.5"] <= both["twin 21.2"] - 16


def test_what_is_not_yet_is_marked_until_the_last_epoch() -> None:
    curve = [(e, 0.5) for e in range(1, 9)]
    assert len(marks(charts.miou_chart({"student": curve[:3]}, epochs=8).to_dict(), "rect")) == 1
    assert not marks(charts.miou_chart({"student": curve}, epochs=8).to_dict(), "rect")


def test_colours_come_from_the_theme_by_the_roles_order() -> None:
    spec = charts.miou_chart({"twin": [(1, 0.5), (2, 0.6)]}, epochs=2).to_dict()
    scales = [m["encoding"]["color"]["scale"] for m in marks(spec, "line")]
    assert scales == [{"domain": ["teacher", "student", "twin", "ensemble"]}]


def test_a_chart_without_an_epoch_still_has_its_axes() -> None:
    for spec in (charts.miou_chart({}, epochs=8).to_dict(), charts.loss_chart({}, epochs=8).to_dict()):
        assert marks(spec, "rect") and marks(spec, "point")[0]["encoding"]["y"]["axis"]["values"]


def test_losses_are_drawn_on_a_log_scale_and_only_the_soft_term_in_the_teachers_colour() -> None:
    spec = charts.loss_chart(
        {"total": [(1, 0.3), (2, 0.1)], "hard": [(1, 0.2), (2, 0.09)], "soft": [(1, 0.1), (2, 0.01)]}, epochs=2
    ).to_dict()
    lines = marks(spec, "line")
    assert [m["encoding"]["y"]["scale"]["type"] for m in lines] == ["log"] * 3
    assert [rows(spec, m)[0]["role"] for m in lines if "scale" in m["encoding"]["color"]] == ["teacher"]


def test_a_loss_of_zero_or_nan_is_left_out_of_a_log_scale() -> None:
    spec = charts.loss_chart({"hard": [(1, 0.2), (2, 0.0), (3, math.nan)]}, epochs=3).to_dict()
    assert [r["epoch"] for r in rows(spec, marks(spec, "line")[0])] == [1]


def test_a_class_that_lost_is_outlined_and_one_that_gained_is_filled() -> None:
    spec = class_bars.gain_bars([(5, 0.5, 0.57), (1, 0.9, 0.88)]).to_dict()
    outlined = [m for m in marks(spec, "bar") if m["encoding"].get("stroke", {}).get("field") == "role"]
    filled = [m for m in marks(spec, "bar") if m["encoding"].get("color", {}).get("field") == "role"]
    assert [r["gain"] for r in rows(spec, outlined[0])] == ["−2.0"]
    assert [r["gain"] for r in rows(spec, filled[0])] == ["+7.0"]


def test_no_axis_tick_stands_on_another() -> None:
    for epochs in (1, 2, 7, 8, 15, 20, 21, 100, 999):
        curve = [(e, 0.5) for e in range(1, epochs + 1)]
        ticks = marks(charts.miou_chart({"student": curve}, epochs=epochs).to_dict(), "line")[0]["encoding"]["x"][
            "axis"
        ]["values"]
        assert ticks[0] == 1 and ticks[-1] == epochs
        assert all(b - a >= epochs / 12 for a, b in itertools.pairwise(ticks))


def test_each_further_term_has_a_line_of_its_own_in_the_teachers_colour() -> None:
    curve = [(1, 0.3), (2, 0.1)]
    found = {"total": curve, "hard": curve, "soft": curve, "pair-wise": [(1, 0.02), (2, 0.01)], "holistic": curve}
    spec = charts.loss_chart(found, epochs=2).to_dict()
    lines = [m for m in marks(spec, "line") if "scale" in m["encoding"]["color"]]
    dashes = [tuple(m["mark"].get("strokeDash", ())) for m in lines]
    assert len(lines) == 3 and len(set(dashes)) == 3, "told apart without colour"
    heights = labels(spec)
    assert set(heights) == {"total 0.1", "hard 0.1", "soft 0.1", "pair-wise 0.01", "holistic 0.1"}
    placed = sorted(heights.values())
    assert all(b - a > 15.99 for a, b in itertools.pairwise(placed)) and placed[0] >= 0 and placed[-1] <= 142
