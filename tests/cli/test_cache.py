"""`unetkd cache`: what is kept, and how it goes."""

import numpy as np

from tests.cli.conftest import Unetkd
from unetkd_core.training import answers, room


def kept(sha256: str) -> answers.Answers:
    one = answers.answers(sha256, f"Teacher {sha256}", data=["pack"], views=[], size=(2, 3), how="cpu")
    one.array("turn_000", (1, 6, 2, 3), np.float16, lambda: [np.zeros((1, 6, 2, 3))], lambda: None)
    return one


def test_nothing_is_kept_at_first(unetkd: Unetkd) -> None:
    outcome = unetkd("cache", "list")
    assert outcome.code == 0 and "Nothing is kept yet" in outcome.err and outcome.out == ""
    assert unetkd("cache", "list", "--json").json() == []
    assert unetkd("cache", "clear").code == 0


def test_what_is_kept_is_listed_and_cleared_by_key(unetkd: Unetkd) -> None:
    first, second = kept("1"), kept("2")
    listed = unetkd("cache", "list")
    assert "Teacher 1" in listed.out and "Teacher 2" in listed.out and "UNETKD_TEACHERS_GB" in listed.err
    keys = {one["key"]: one["arrays"] for one in unetkd("cache", "list", "--json").json()}
    assert keys == {first.folder.name: 1, second.folder.name: 1}
    assert unetkd("cache", "clear", first.folder.name, "--yes").code == 0
    assert not first.has("turn_000") and second.has("turn_000")
    assert unetkd("cache", "clear", "--yes").code == 0 and room.stored() == []


def test_an_unknown_key_removes_nothing(unetkd: Unetkd) -> None:
    one = kept("1")
    outcome = unetkd("cache", "clear", "nonsense", "--yes")
    assert outcome.code == 1 and "Nothing is kept under nonsense" in outcome.err and one.has("turn_000")
