"""Own photos on Compare: several at once, what is refused, taking one out, and how many are kept."""

import numpy as np
import pytest
from streamlit.runtime.uploaded_file_manager import DeletedFile
from streamlit.testing.v1 import AppTest

from pages.ui import upload
from tests.pages.compare_app import networks, opened, png, quick_streets, text, trio_folder

__all__ = ["networks", "quick_streets", "trio_folder"]
pytestmark = pytest.mark.usefixtures("networks")


def photo(tone: int, height: int = 40, width: int = 80) -> bytes:
    return png(np.full((height, width, 3), tone, np.uint8))


def bring(at: AppTest, *files: tuple[str, bytes]) -> None:
    at.file_uploader[0].set_value([(name, data, "image/png") for name, data in files]).run()
    assert not at.exception


def kept(at: AppTest) -> list[str]:
    return [one.name for one in at.session_state["overlays_photos"]]


def test_of_several_the_first_is_shown_and_the_bad_ones_are_named() -> None:
    at = opened()
    bring(at, ("a.png", photo(90)), ("notes.jpg", b"no picture"), ("b.png", photo(120)), ("empty.png", b""))
    assert kept(at) == ["a.png", "b.png"]
    assert "notes.jpg is not a picture" in text(at) and "empty.png is empty (0 bytes)" in text(at)
    assert "of this photo" in text(at)
    assert at.session_state["overlays_looked_at"] == at.session_state["overlays_photos"][0].file_id


def test_a_refused_file_changes_nothing_and_its_sentence_goes_with_the_next_choice() -> None:
    at = opened()
    bring(at, ("a.png", photo(90)))
    bring(at, ("notes.png", b"no picture"))
    assert "This picture is not a picture" in text(at) and "of this photo" in text(at) and kept(at) == ["a.png"]
    at.number_input(key="overlays_scene").set_value(5).run()
    assert "This picture" not in text(at) and "Of this street" in text(at) and kept(at) == ["a.png"]


def test_a_refusal_stands_below_the_uploader_and_above_the_choice_of_streets() -> None:
    at = opened()
    bring(at, ("empty.png", b""))
    every = list(at.main)
    uploader = next(i for i, one in enumerate(every) if one.type == "file_uploader")
    refused = next(i for i, one in enumerate(every) if one.type == "html" and "(0 bytes)" in one.value)
    streets = next(i for i, one in enumerate(every) if getattr(one, "label", "") == "Streets from")
    assert uploader < refused < streets


def test_a_photo_is_taken_out_and_the_street_is_back() -> None:
    at = opened()
    bring(at, ("a.png", photo(90)), ("b.png", photo(120)))
    at.button(key="overlays_forget").click().run()
    assert kept(at) == ["b.png"] and "Of this street" in text(at)


def test_only_so_many_are_kept() -> None:
    at = opened()
    bring(at, *((f"{i}.png", photo(60 + i)) for i in range(upload.MOST + 2)))
    assert len(kept(at)) == upload.MOST
    assert "9.png was not taken: 8 photos are kept at once" in text(at)


def test_of_many_refused_files_a_few_are_told_and_the_rest_counted() -> None:
    at = opened()
    bring(at, *((f"{i}.png", b"no picture") for i in range(7)))
    assert "3.png is not a picture" in text(at) and "4.png" not in text(at)
    assert "3 more files were refused" in text(at)


def test_a_picture_like_a_ribbon_is_refused_in_words() -> None:
    at = opened()
    bring(at, ("tall.png", photo(90, 400, 20)))
    assert "20 × 400 pixels, 20 times as tall as wide" in text(at) and "Of this street" in text(at)


def test_a_name_with_markup_is_text_everywhere() -> None:
    at = opened()
    bring(at, ("<b>x</b>.png", photo(90)), ("<img src=x>.png", b"no picture"))
    assert "<img src=x>" not in text(at) and "&lt;img src=x&gt;.png is not a picture" in text(at)


def test_a_photo_that_the_door_let_go_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    session = {"overlays_upload": [DeletedFile("x")], "overlays_photos": []}
    monkeypatch.setattr(upload, "state", session)
    upload._take("overlays", "upload")
    assert session["overlays_refused"] == ["A picture took too long to be taken in, and is gone; add it again."]
    assert session["overlays_photos"] == []
