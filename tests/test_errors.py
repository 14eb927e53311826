"""What people are told: one line, of bounded length, whatever came from outside."""

import pickle

from unetkd_core.errors import MAX_SENTENCE, DataError, HubError, in_one_line


def test_a_message_is_one_line_whatever_stands_in_it() -> None:
    said = str(DataError("photo\n.png\r\x1b[31m\u202egnp.exe\ud800 is broken."))
    assert said == "photo .png ?[31m?gnp.exe? is broken."


def test_letters_signs_and_thin_spaces_stay() -> None:
    assert in_one_line("α × T² – “Straße”\u202f…") == "α × T² – “Straße” …"


def test_a_long_message_keeps_its_beginning_and_its_way_out() -> None:
    said = str(DataError(f"{'x' * 10_000_000} is no name; try another."))
    assert len(said) == MAX_SENTENCE and said.startswith("xxx") and said.endswith(" is no name; try another.")


def test_an_error_survives_the_way_between_processes() -> None:
    error = pickle.loads(pickle.dumps(HubError("a\nb", temporary=True)))
    assert str(error) == "a b"
