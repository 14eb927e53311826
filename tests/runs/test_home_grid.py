"""Home's sums: means over seeds, the spread of gains, which seed is pictured, the nearest dot."""

import dataclasses
import math

import pytest

from tests.pages.home_folder import home_grid
from unetkd_core.runs.home_grid import HomeCell, Measured, middle, pictured

NAN = math.nan


def of(miou: float, person: float = 0.5) -> Measured:
    return Measured(miou, (0.9, 0.9, 0.6, 0.7, 0.4, person))


def test_gain_and_spread_pair_each_student_with_the_twin_of_its_seed() -> None:
    cell = HomeCell(0.5, 4.0, (of(0.52), of(0.58)))
    grid = dataclasses.replace(home_grid(), twins=(of(0.50), of(0.54)), cells=(cell,))
    assert grid.gain(0) == pytest.approx(0.03) and grid.miou(0) == pytest.approx(0.55)
    assert grid.twin_miou == pytest.approx(0.52)
    assert grid.spread(0) == pytest.approx(0.02 / math.sqrt(2))


def test_one_seed_has_no_spread() -> None:
    grid = dataclasses.replace(home_grid(), twins=(of(0.5),), cells=(HomeCell(0.5, 4.0, (of(0.52),)),))
    assert grid.spread(0) is None


def test_a_class_that_one_side_lacks_counts_for_the_other_seeds_only() -> None:
    cell = HomeCell(0.5, 4.0, (of(0.52, NAN), of(0.58, 0.7)))
    grid = dataclasses.replace(home_grid(), twins=(of(0.5, 0.1), of(0.5, 0.5)), cells=(cell,))
    assert dict(grid.class_gains(0))[5] == pytest.approx(0.2)
    nowhere = dataclasses.replace(grid, twins=(of(0.5, 0.1), of(0.5, NAN)))
    assert 5 not in dict(nowhere.class_gains(0))


def test_the_middle_seed_is_the_lower_of_two_and_the_second_of_three() -> None:
    assert middle([0.3]) == 0
    assert middle([0.3, 0.1]) == 1
    assert middle([0.3, 0.1, 0.2]) == 2
    assert middle([0.4, 0.1, 0.2, 0.3]) == 2


def test_one_seed_is_pictured_in_all_cells_the_one_that_gained_middling_over_all_of_them() -> None:
    twins = (of(0.50), of(0.50), of(0.50))
    cells = (HomeCell(0.5, 1.0, (of(0.60), of(0.50), of(0.51))), HomeCell(0.5, 4.0, (of(0.50), of(0.54), of(0.51))))
    assert pictured(cells, twins) == 1  # gains of 5, 2 and 1 points; in each cell alone another is in the middle
    assert pictured(cells[:1], twins) == 2


def test_the_nearest_dot_goes_by_ratio_for_t_and_by_distance_for_alpha() -> None:
    grid = home_grid()
    assert (grid.temperatures, grid.alphas) == ((1.0, 4.0), (0.1, 0.9))

    def at(alpha: float, temperature: float) -> tuple[float, float]:
        cell = grid.cells[grid.nearest(alpha, temperature)]
        return cell.alpha, cell.temperature

    assert at(0.4, 1.9) == (0.1, 1.0)
    assert at(0.6, 2.1) == (0.9, 4.0)
    assert at(0.0, 1000.0) == (0.1, 4.0)
