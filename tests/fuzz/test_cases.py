"""The suite's own promise: 10,000 cases by default, the same at every run, and a damage that leaves its model alone."""

from hypothesis import given

from tests.fuzz.cases import FULL, SHARES, VALUES, cases, damaged

KEPT = repr(VALUES)


def test_there_are_ten_thousand_cases_and_they_come_again() -> None:
    assert sum(SHARES.values()) == 10_000
    assert cases("names")(lambda: None)._hypothesis_internal_use_settings.derandomize is not FULL  # type: ignore[attr-defined]


@cases("names")
@given(data=damaged({"a": [1, {"b": "c"}], "d": None}))
def test_damage_changes_no_value_that_it_is_made_of(data: object) -> None:
    assert repr(VALUES) == KEPT
