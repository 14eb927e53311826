"""What a mean over few seeds is worth: pooled by hand, each way once, and nothing told of too little."""

import math
from dataclasses import replace

import pytest

from tests.runs import paper_made
from unetkd_core.runs import paper_scatter, paper_text
from unetkd_core.runs.paper_results import Made, Results
from unetkd_core.runs.paper_scatter import Scatter


def way(key: str, *values: float, table: int = 4) -> Made:
    return paper_made.made(table, key, *(paper_made.pair(seed, v, 0.5, who=key) for seed, v in enumerate(values)))


def results(*rows: Made) -> Results:
    return paper_made.results(*rows, whole=False)


THREE = (way("m256-m128", 0.50, 0.52), way("m512-m128", 0.40, 0.44), way("m1024s-m128", 0.30, 0.32, 0.34))


def test_the_pooled_deviation_by_hand() -> None:
    """(0.01² · 2 + 0.02² · 2 + 0.02² · 2) / (1 + 1 + 2) = 0.00045; each row about its own mean."""
    (found,) = paper_scatter.scatters(results(*THREE), "val")
    assert found == Scatter("M128", pytest.approx(math.sqrt(0.00045)), freedom=4, ways=3)
    assert found.error(2) == found.deviation, "√(2/2)"
    assert found.error(8) == pytest.approx(found.deviation / 2)


def test_a_way_that_two_tables_show_counts_once_and_a_choice_not_at_all() -> None:
    again = replace(THREE[0], row=replace(THREE[0].row, table=7, key="paper"))
    choice = replace(THREE[1], row=replace(THREE[1].row, table=6, key="best-m128", of=3))
    alone = paper_scatter.scatters(results(*THREE), "val")
    assert paper_scatter.scatters(results(*THREE, again, choice), "val") == alone
    more = replace(again, pairs=(*again.pairs, paper_made.pair(2, 0.51, 0.5, who="m256-m128")))
    (found,) = paper_scatter.scatters(results(*THREE, more), "val")
    assert (found.ways, found.freedom) == (3, 5), "one way with three seeds, of which one table has two"


def test_of_too_little_nothing_is_told() -> None:
    assert paper_scatter.scatters(results(*THREE[:2]), "val") == []
    singles = results(*(way(key, 0.5) for key in ("m256-m128", "m512-m128", "m1024s-m128", "vgg16-m128")))
    assert paper_scatter.scatters(singles, "val") == [] and paper_scatter.told(singles, singles.table(4), "val") == ""
    assert paper_text.caption(singles, 4).endswith("over seeds.")


def test_the_sentence_stands_above_gains_and_speaks_of_their_seeds() -> None:
    made = results(*THREE)
    assert paper_scatter.told(made, made.table(4), "val") == (
        "On unseen pictures, runs scatter within a row by 2.1 (M128, 3 ways) points, pooled. That leaves a gain "
        "uncertain by 2.1 (M128, 2 seeds) points, one standard error, and a difference of two rows too."
    )
    assert "On unseen pictures, runs scatter within a row by 2.1 (M128, 3 ways) points" in paper_text.caption(made, 4)
    assert "On training pictures, runs" in paper_text.latex(made, 4, "train")
    assert "scatter" not in paper_text.caption(made, 5), "no row of M128 is there"
