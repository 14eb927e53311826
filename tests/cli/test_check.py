"""`unetkd check`: a line for each thing, and an exit code that a script can trust."""

import pytest

from tests.cli.conftest import Unetkd
from unetkd_core.runs import offline_check
from unetkd_core.runs.offline_check import Finding

HERE, LACKING = Finding("Fonts", True, "All here."), Finding("torch", False, "It is missing.", "Install it.")


def test_a_line_for_each_thing_and_exit_0_where_all_is_here(unetkd: Unetkd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offline_check, "findings", lambda: iter([HERE]))
    outcome = unetkd("check")
    assert outcome.code == 0 and "Fonts: All here." in outcome.out


def test_what_lacks_is_said_with_the_way_to_it_and_exit_1(unetkd: Unetkd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offline_check, "findings", lambda: iter([HERE, LACKING]))
    outcome = unetkd("check")
    assert outcome.code == 1 and "NO  torch: It is missing. Install it." in outcome.out
    assert unetkd("check", "--json").json()[1] == {**vars(LACKING)}
