"""What is taken home from Compare: the figure's pixels, the table's numbers, and a page that asks for nothing."""

import base64
import csv
import io
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from pages.ui import blob, compare_figure, compare_html, compare_numbers, lettering, price, readings
from pages.ui.compare_numbers import Where
from pages.ui.readings import Picture, Reading
from pages.ui.viewer import View
from tests.pages.compare_app import networks, quick_streets, trio_folder
from tests.pages.home_folder import street, without
from unetkd_core.classes import CLASSES
from unetkd_core.zoo import checkpoints, marks, references

__all__ = ["networks", "quick_streets", "trio_folder"]
pytestmark = pytest.mark.usefixtures("networks")
WHERE = Where("streets:val", 7)
LOOKED = View(swipe=0.5, opacity=0.7, shown=(1, 2), pixel=(3, 4), name="entropy", temperature=4.0)


@pytest.fixture
def picture() -> Picture:
    return Picture(*street())


@pytest.fixture
def cast(picture: Picture) -> list[Reading]:
    """A teacher that is right, a student that misses posts, a twin that misses people too."""
    assert picture.truth is not None
    chosen = readings.cast(checkpoints.list_named(), ["big", "taught", "alone"])
    said = [picture.truth, without(picture.truth, 4), without(picture.truth, 4, 5)]
    alike = np.zeros((6, 8, 16), np.float16)
    return readings.score(
        [replace(r, labels=labels, logits=alike) for r, labels in zip(chosen, said, strict=True)], picture
    )


def test_the_numbers_are_those_that_were_counted(cast: list[Reading], picture: Picture) -> None:
    text = compare_numbers.csv_text(compare_numbers.rows(cast, picture, WHERE, {"taught": 0.0214}))
    teacher, student, twin = list(csv.DictReader(io.StringIO(text)))
    assert (student["dataset"], student["scene"], student["reference"], student["role"]) == (
        "streets:val",
        "7",
        "taught",
        "student",
    )
    assert float(teacher["miou_here"]) == 1 and float(student["iou_posts_pylons_here"]) == 0
    assert float(twin["iou_person_here"]) == 0 < float(student["iou_person_here"])
    share = (without(picture.truth, 4) == picture.truth).mean()
    assert float(student["agreement_here"]) == pytest.approx(share, abs=1e-5) and student["agrees_with"] == "M256"
    assert float(student["mean_entropy_here"]) == pytest.approx(1)
    assert student["seconds_256x512"] == "0.0214" and twin["seconds_256x512"] == ""
    assert float(student["weights_mb"]) == pytest.approx(references.weight_bytes("taught") / 1e6, rel=1e-5)
    assert int(student["macs_256x512"]) > 0 and float(student["miou_measured"]) == 0.7
    assert {row["chosen_on_it"] for row in (teacher, student, twin)} == {"False"}


def test_a_network_whose_epoch_was_chosen_on_these_scenes_is_marked(cast: list[Reading], picture: Picture) -> None:
    teacher, student, twin = cast
    told = replace(student, info=student.info.model_copy(update={"chosen_on": ["streets:val"]}))
    marked = [teacher, told, twin]
    rows = compare_numbers.rows(marked, picture, WHERE, {})
    assert [row["chosen_on_it"] for row in rows] == [False, True, False]
    assert price.table(marked, {}, "streets:val").count("</b>*</td>") == 1
    assert "* chosen on these very scenes" in price.note(marked, "streets:val", timed=False)
    assert "chosen" not in price.note(cast, "streets:val", timed=False)
    page = compare_html.text(marked, picture, WHERE, {}, LOOKED)
    assert page.count(" (chosen on)<") == 1 and page.count(marks.CHOSEN_MEANS) == 1
    assert marks.CHOSEN_MEANS not in compare_html.text(cast, picture, WHERE, {}, LOOKED)


def test_a_network_that_learned_from_these_scenes_is_marked(cast: list[Reading], picture: Picture) -> None:
    teacher, student, twin = cast
    told = replace(student, info=student.info.model_copy(update={"data": ["streets:val"]}))
    marked = [teacher, told, twin]
    rows = compare_numbers.rows(marked, picture, WHERE, {})
    assert [row["learned_from_it"] for row in rows] == [False, True, False]
    assert "* learned from these very scenes" in price.note(marked, "streets:val", timed=False)
    assert compare_html.text(marked, picture, WHERE, {}, LOOKED).count(" (learned from)<") == 1


def test_a_title_that_looks_like_a_formula_is_no_formula(cast: list[Reading], picture: Picture) -> None:
    evil = [replace(cast[0], name="=HYPERLINK(1)")]
    text = compare_numbers.csv_text(compare_numbers.rows(evil, picture, WHERE, {}))
    assert "'=HYPERLINK(1)" in text and ",=HYPERLINK" not in text


def test_without_a_truth_there_is_no_iou_and_the_photos_name_is_no_file_name(
    cast: list[Reading], picture: Picture
) -> None:
    where = Where("streets:val", 7, "../../etc/passwd")
    bare = Picture(picture.image, None, private=True)
    row = compare_numbers.rows(cast, bare, where, {})[0]
    assert row["miou_here"] is None and row["dataset"] == "own photo" and where.stem == "photo"


def test_the_figure_shows_every_picture_at_twice_a_screens_pixels(cast: list[Reading], picture: Picture) -> None:
    data = compare_figure.png(cast, picture, WHERE, "Of this street’s pixels the student gets 97.9 % right.")
    with Image.open(io.BytesIO(data)) as image:
        pixels, width = np.asarray(image.convert("RGB")), image.width
    # photo, truth and three networks: three columns
    assert width == 2 * (2 * compare_figure.MARGIN + 3 * compare_figure.CELL + 2 * compare_figure.GUTTER)
    colors = {tuple(c) for c in pixels[-120:].reshape(-1, 3).tolist()}
    assert {c.color for c in CLASSES} <= colors, "the legend has Table I's colours exactly"
    assert all(
        bytes.fromhex(compare_figure.ROLES[role][1:]) in pixels.tobytes() for role in ("teacher", "student", "twin")
    )


def test_a_label_map_is_enlarged_without_new_classes(picture: Picture) -> None:
    truth = picture.truth
    assert truth is not None
    grey = np.full((*truth.shape, 3), 100, np.uint8)
    drawn = np.asarray(compare_figure._drawn(grey, truth, 210))
    assert drawn.shape == (420, 840, 3)
    inside = {tuple(c) for c in drawn.reshape(-1, 3).tolist()}
    assert len(inside) <= 6 + 6  # the photo, five fills, and a hairline over each


def test_where_streamlits_font_cannot_be_read_the_signs_are_written_otherwise(
    monkeypatch: pytest.MonkeyPatch, cast: list[Reading], picture: Picture
) -> None:
    assert lettering.readable("−4.2 × α", lettering.font(20)) == "−4.2 × α"
    lettering.font.cache_clear()
    monkeypatch.setattr(lettering, "_streamlits", lambda size, family: None)
    assert lettering.readable("−4.2 × α …", lettering.font(20)) == "-4.2 x alpha ..."
    assert compare_figure.png(cast, picture, WHERE, "It works too…").startswith(b"\x89PNG")
    lettering.font.cache_clear()


def test_a_long_name_ends_in_an_ellipsis_within_its_room() -> None:
    font = lettering.font(20)
    short = lettering.shortened("a network with a very long name", font, 100)
    assert short.endswith("…") and lettering.shortened(short, font, 101) == short
    assert lettering.lines("one two three four", font, 90) == ["one two", "three four"]


def test_the_page_carries_everything_and_asks_nobody(cast: list[Reading], picture: Picture) -> None:
    text = compare_html.text(cast, picture, WHERE, {}, LOOKED)
    assert not re.search(r"(?:src|href)=[\"']?(?:https?:)?//", text) and "url(http" not in text
    assert "default-src 'none'" in text and "@import" not in text and "export default" not in text
    assert "<noscript>" in text and '<html lang="en">' in text
    packed = re.search(r'id="blob">([^<]+)</script>', text)
    assert packed
    header, parts = blob.unpack(base64.b64decode(packed[1]))
    assert [layer["title"] for layer in header["layers"]] == [
        "True labels",
        "Teacher",
        "Student, taught",
        "Untaught twin",
    ]
    assert header["report"] is False and (header["view"], header["temperature"]) == ("entropy", 4.0)
    assert (header["opacity"], header["pixel"]) == (0.7, [3, 4]) and all(parts)
    assert "licence: MIT" in text and "trained on streets:train" in text


def test_a_photos_name_is_text_on_the_page(cast: list[Reading], picture: Picture) -> None:
    where = Where("streets:val", 7, "</title><script>alert(1)</script>")
    text = compare_html.text(cast, Picture(picture.image, None), where, {}, LOOKED)
    assert "<script>alert" not in text and "&lt;script&gt;alert(1)" in text
