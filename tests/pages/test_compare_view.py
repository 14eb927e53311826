"""How Compare is looked at: from the address, into the address, and the sentence that goes with each view."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pages.ui import blob, compare_view, compare_words, readings
from pages.ui.readings import Picture, Reading
from pages.ui.viewer import View
from tests.pages import fake_run
from tests.pages.compare_app import networks, opened, quick_streets, text, trio_folder
from tests.pages.home_folder import street, without
from unetkd_core.zoo import checkpoints

__all__ = ["networks", "quick_streets", "trio_folder"]
pytestmark = pytest.mark.usefixtures("networks")
PLAIN = View(swipe=0.5, opacity=0.55, shown=(1, 2, 3, 4, 5), pixel=None)


def test_a_view_is_restored_from_its_address_and_stays_in_it() -> None:
    at = opened(view="entropy", T="4", opacity="70", pixel="300,100")
    assert "The brighter, the less sure. On average at T = 4" in text(at)
    assert {name: at.query_params[name] for name in ("view", "T", "opacity", "pixel")} == {
        "view": "entropy",
        "T": "4",
        "opacity": "70",
        "pixel": "300,100",
    }


def test_what_makes_no_sense_there_is_said_and_left_out() -> None:
    nonsense = {"view": "x-ray", "T": "99", "pixel": "here", "classes": "1,9", "swipe": "101", "sides": "0,1"}
    at = opened(**nonsense)
    for name, said in nonsense.items():
        assert f"The address says {name}={said}, which is not understood" in text(at)
    assert not {*nonsense} & {*at.query_params}


def test_classes_and_how_the_pictures_lie_stay_in_the_address() -> None:
    looked = {"classes": "1,5", "swipe": "40", "sides": "1,3"}
    at = opened(**looked)
    assert "not understood" not in text(at)
    assert {name: at.query_params[name] for name in looked} == looked


def test_an_older_address_takes_back_what_it_lacks() -> None:
    at = opened(view="entropy", T="4")
    del at.query_params["view"], at.query_params["T"]
    at.query_params["scene"] = "4"
    at.run()
    assert "% right" in text(at)
    assert not {"view", "T"} & {*at.query_params}


def test_every_field_reads_what_it_writes() -> None:
    looked = View(
        swipe=0.25,
        opacity=0.3,
        shown=(1,),
        pixel=(12, 7),
        name="gain",
        temperature=2.5,
        arrangement="swipe",
        sides=(2, 0),
    )
    for field in compare_view.FIELDS.values():
        assert field.write(PLAIN) == ""
        assert field.read(field.write(looked)) == compare_view.arguments(looked)[field.argument]


@pytest.fixture
def picture() -> Picture:
    return Picture(*street())


@pytest.fixture
def cast(picture: Picture) -> list[Reading]:
    assert picture.truth is not None
    chosen = readings.cast(checkpoints.list_named(), ["big", "taught", "alone"])
    said = [picture.truth, without(picture.truth, 4), without(picture.truth, 4, 5)]
    sure = np.zeros((6, 8, 16), np.float16)
    sure[1] = 40
    doubts = [sure, sure / 40, sure * 0]
    made = [replace(r, labels=a, logits=z) for r, a, z in zip(chosen, said, doubts, strict=True)]
    return readings.score(made, picture)


def told(cast: list[Reading], picture: Picture, name: str, **more: Any) -> str:
    return compare_words.answer(cast, picture, replace(PLAIN, name=name, **more))  # type: ignore[arg-type]


def test_errors_tell_what_the_student_gains_on_its_twin(cast: list[Reading], picture: Picture) -> None:
    assert picture.truth is not None
    people = 100 * (picture.truth == 5).mean()
    assert told(cast, picture, "errors") == (
        f"Where one is right and the other is not: the taught student gains {people:.1f} % of this street’s pixels on "
        "the untaught twin, and loses 0.0 %."
    )


def test_sentences_follow_whom_the_menu_and_the_swipe_compare_with(cast: list[Reading], picture: Picture) -> None:
    """The cast: teacher, taught student, untaught twin; posts and people are what they miss."""
    assert picture.truth is not None
    posts = 100 * (picture.truth == 4).mean()
    against_teacher = told(cast, picture, "errors", against=0)
    assert f"the taught student gains 0.0 % of this street’s pixels on the teacher, and loses {posts:.1f} %" in (
        against_teacher
    )
    assert told(cast, picture, "errors", arrangement="swipe", sides=(1, 0)) == against_teacher.replace(
        "the taught student gains 0.0 %", f"the teacher gains {posts:.1f} %"
    ).replace(f"on the teacher, and loses {posts:.1f} %", "on the taught student, and loses 0.0 %")
    assert told(cast, picture, "gain").endswith("than the untaught twin does.")
    assert told(cast, picture, "gain", against=0).endswith("than the teacher does.")


def test_entropy_names_the_least_sure_first_and_follows_the_temperature(cast: list[Reading], picture: Picture) -> None:
    assert told(cast, picture, "entropy").endswith("the untaught twin 1.00, the taught student 0.94, the teacher 0.00.")
    assert "at T = 50" in told(cast, picture, "entropy", temperature=50.0)
    assert not told(cast, picture, "entropy", temperature=50.0).endswith("the teacher 0.00.")


def test_disagreement_counts_where_all_agree(cast: list[Reading], picture: Picture) -> None:
    assert picture.truth is not None
    same = 100 * (~np.isin(picture.truth, (4, 5))).mean()
    assert told(cast, picture, "disagreement") == (
        f"The brighter, the more of the other two say something else. All say the same on {same:.1f} %."
    )


def test_a_view_without_its_number_says_what_labels_say(cast: list[Reading], picture: Picture) -> None:
    assert told(cast[:1], picture, "errors") == compare_words.answer(cast[:1], picture, None)


def test_four_networks_are_told_by_the_best_and_the_worst(cast: list[Reading], picture: Picture) -> None:
    more = readings.cast(checkpoints.list_named(), ["big", "taught", "alone", "ztaught"])
    made = [replace(more[i], labels=cast[min(i, 2)].labels, logits=cast[0].logits) for i in range(4)]
    said = compare_words.answer(readings.score(made, picture), picture, None)
    assert "the teacher gets 100.0 % right, the most of 4" in said and "the fewest" in said


def test_a_run_shows_its_epochs_below() -> None:
    run, twin = fake_run.write_pair()
    at = opened(nets=f"big,run:{run},run:{twin}")
    assert "The same street, epoch by epoch" in text(at)
    assert at.get_by_key(f"overlays_film_{run}_0")
    assert "epoch by epoch" not in text(opened(nets="big,taught"))


def test_a_layer_is_sent_as_logits_once_it_was_read(cast: list[Reading], picture: Picture) -> None:
    truth, *drawn = compare_words.layers(cast, picture)
    assert truth.labels is picture.truth and all(layer.logits is not None for layer in drawn)
    waiting = compare_words.layers([replace(cast[0], labels=None, logits=None)], picture)[1]
    assert waiting.labels is not None and set(np.unique(waiting.labels)) == {255}
    assert blob.labels_part(waiting.labels)
