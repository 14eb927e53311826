"""Which epochs of a run and its twin stand below each other."""

from pages.ui import pairs, run_panel
from tests.pages import fake_run
from tests.pages.fake_run import Where
from tests.pages.lab_app import lab

__all__ = ["lab"]


def test_long_runs_are_thinned_alike_on_both_sides() -> None:
    ahead, behind = range(0, 401), range(0, 398)
    epochs = run_panel.shared([ahead, behind])
    assert {1, 397, 400} <= epochs and len(epochs) <= run_panel.MOST_FRAMES + 1
    assert epochs - set(behind) == {400}


def test_untrained_pictures_are_shown_until_one_side_has_an_epoch() -> None:
    assert run_panel.shared([[0], [0]]) == {0}
    assert run_panel.shared([[0, 1], [0]]) == {1}


def test_a_side_without_an_epoch_keeps_its_row() -> None:
    both = fake_run.write_pair((Where("running", 1, eta=9), Where("running", 0, eta=9)), epochs=3)
    rows = run_panel.film(pairs.read(*both), 0)
    assert [(row.role, [frame[0] for frame in row.frames]) for row in rows] == [("student", [1]), ("twin", [])]
