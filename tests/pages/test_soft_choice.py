"""Soft targets' values: from an address and back, and what becomes of nonsense."""

import pytest

from pages.ui import soft_choice
from pages.ui.soft_choice import PAPER, Choice
from unetkd_core.training.presets import KD_PRESETS

SIZE = (256, 512)


def test_an_empty_address_is_the_papers_setting_and_no_pixel() -> None:
    assert soft_choice.read({}, SIZE) == (PAPER, [])
    assert (PAPER.temperature, PAPER.alpha, PAPER.scale_by_t2, PAPER.direction) == (10.0, 0.1, False, "forward")
    assert KD_PRESETS["paper"].changes == {"alpha": 0.1, "temperature": 10.0, "scale_by_t2": False}


@pytest.mark.parametrize(
    "choice", [Choice(2.5, 0.35, True, "reverse", (323, 215)), Choice(50.0, 1.0, False, "forward", (0, 0)), PAPER]
)
def test_an_address_says_it_all(choice: Choice) -> None:
    assert soft_choice.read(soft_choice.address(choice), SIZE) == (choice, [])


@pytest.mark.parametrize(
    ("given", "shown", "said"),
    [
        ({"T": "abc"}, PAPER, "T goes from 1 to 50, and the address says abc; this is T = 10."),
        ({"T": "nan"}, PAPER, "this is T = 10."),
        ({"T": "1e99"}, Choice(50.0, 0.1, False), "this is T = 50."),
        ({"T": "0"}, Choice(1.0, 0.1, False), "this is T = 1."),
        ({"alpha": "7"}, Choice(10.0, 1.0, False), "α goes from 0 to 1, and the address says 7; this is α = 1."),
        ({"t2": "yes"}, PAPER, "t2 is 0 or 1"),
        ({"kl": "sideways"}, PAPER, "kl is forward or reverse"),
        ({"col": "99999", "row": "3"}, PAPER, "This picture has columns 0 to 511 and rows 0 to 255"),
        ({"col": "3", "row": "256"}, PAPER, "the address says column 3, row 256"),
        ({"col": "-1", "row": "2"}, PAPER, "column -1"),
        ({"col": "12"}, PAPER, "row nothing"),
        ({"col": "9" * 5000, "row": "²"}, PAPER, "rows 0 to 255"),
    ],
)
def test_nonsense_becomes_something_sensible_with_one_sentence(given: dict[str, str], shown: Choice, said: str) -> None:
    choice, told = soft_choice.read(given, SIZE)
    assert choice == shown
    assert len(told) == 1 and said in told[0]


def test_what_the_browser_reports_is_held_to_the_same_limits() -> None:
    view = {"temperature": 4, "alpha": 0.5, "scale_by_t2": True, "direction": "reverse", "pixel": [7, 9]}
    assert soft_choice.heard(view, SIZE) == Choice(4.0, 0.5, True, "reverse", (7, 9))
    assert soft_choice.heard({"temperature": 1e9, "alpha": None, "pixel": None}, SIZE) == Choice(50.0, 0.1, False)
    assert soft_choice.heard({"pixel": [600, 9]}, SIZE).pixel is None
