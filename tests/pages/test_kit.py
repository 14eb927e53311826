"""How numbers, roles, terms and problems are written, the same on every page."""

import math

import pytest
from streamlit.testing.v1 import AppTest

from pages.ui import kit
from unetkd_core.errors import ImageError


@pytest.mark.parametrize(
    ("fraction", "text"), [(0.711, "71.1 %"), (1.0, "100.0 %"), (0.0, "0.0 %"), (None, "–"), (math.nan, "–")]
)
def test_percent_has_one_decimal_and_a_dash_for_what_is_missing(fraction: float | None, text: str) -> None:
    assert kit.percent(fraction) == text


@pytest.mark.parametrize(
    ("difference", "text"),
    [(0.042, "+4.2"), (-0.0042, "\u22120.4"), (0.0, "0.0"), (-0.0001, "0.0"), (0.0001, "0.0"), (math.nan, "–")],
)
def test_points_carry_their_sign_but_zero_has_none(difference: float, text: str) -> None:
    assert kit.points(difference) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (45, "45 s"),
        (59.6, "1 min"),
        (150, "2 min 30 s"),
        (3599.9, "1 h"),
        (3900, "1 h 5 min"),
        (7199, "2 h"),
        (math.nan, "–"),
        (None, "–"),
    ],
)
def test_duration_is_told_in_the_two_units_that_matter(seconds: float | None, text: str) -> None:
    assert kit.duration(seconds) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(481_686, "0.48 M"), (31_100_000, "31.1 M"), (1_940_000, "1.94 M"), (2_500_000_000, "2.50 G"), (4_200, "4,200")],
)
def test_counts_are_shortened(number: int, text: str) -> None:
    assert kit.count(number) == text


def test_an_error_is_split_into_its_fact_and_the_way_out() -> None:
    error = (
        "This picture is 12 × 9 pixels. The nets need at least 16 × 16. It may be a thumbnail: try the original photo."
    )
    assert kit.split_message(error) == (
        "This picture is 12 × 9 pixels",
        "The nets need at least 16 × 16. It may be a thumbnail: try the original photo.",
    )
    assert kit.split_message("T is 0.5; expected 1 or more.") == ("T is 0.5", "Expected 1 or more.")
    assert kit.split_message("Nothing more to say.") == ("Nothing more to say", "")


def test_a_term_shows_the_sentence_of_the_definitions_and_an_undefined_one_is_refused() -> None:
    assert kit.definition("mIoU") in kit.term("mIoU")
    assert kit.definition("alpha") == kit.definition("α")
    with pytest.raises(KeyError):
        kit.term("flux capacitor")


def test_every_term_of_art_is_defined_in_one_sentence() -> None:
    wanted = (
        "mIoU",
        "IoU",
        "distillation",
        "teacher",
        "student",
        "twin",
        "ensemble",
        "temperature",
        "alpha",
        "soft term",
        "hard term",
        "KL divergence",
        "T²",
        "seed",
        "spread",
        "epoch",
        "agreement",
        "multiply-accumulates",
        "void",
    )
    for word in wanted:
        assert kit.definition(word).endswith("."), word
        assert ". " not in kit.definition(word), f"{word}: more than one sentence"


def test_a_role_is_marked_by_shape_and_its_text_is_escaped() -> None:
    shown = kit.role_html("twin", "<b>M128</b>")
    assert "ukd-m-twin" in shown
    assert "&lt;b&gt;M128&lt;/b&gt;" in shown
    assert len({role.marker for role in kit.ROLE.values()}) == len(kit.ROLE) == 4


def test_a_swatch_is_table_i_and_hollow_when_off() -> None:
    assert "rgb(220,20,60)" in kit.swatch_html(5)
    assert "rgb" not in kit.swatch_html(5, on=False)


def test_a_problem_says_headline_and_hint_and_escapes_both() -> None:
    def script() -> None:
        from pages.ui import kit
        from unetkd_core.errors import ImageError

        kit.problem(ImageError("<x>.png is empty. Try another file."))

    at = AppTest.from_function(script).run()
    assert not at.exception
    shown = at.get("html")[0].proto.body
    assert 'role="alert"' in shown
    assert "&lt;x&gt;.png is empty</span>" in shown
    assert "<p>Try another file.</p>" in shown
    assert issubclass(ImageError, Exception)


def test_a_problem_draws_commands_as_code_and_nothing_else_as_markup() -> None:
    def script() -> None:
        from pages.ui import kit

        kit.problem("Come with `hf auth login`", "Or `<img src=x>` & ` alone.")

    shown = AppTest.from_function(script).run().get("html")[0].proto.body
    assert "<span>Come with <code>hf auth login</code></span>" in shown
    assert "<p>Or <code>&lt;img src=x&gt;</code> &amp; ` alone.</p>" in shown


def test_a_note_obeys_no_sign_that_an_address_brings_along() -> None:
    def script() -> None:
        from pages.ui import kit

        kit.note("net=\x00\x1b[31m\u202egnp\n<b>x</b> is not here.")

    shown = AppTest.from_function(script).run().html[0].value
    assert "net=??[31m?gnp &lt;b&gt;x&lt;/b&gt; is not here." in shown
