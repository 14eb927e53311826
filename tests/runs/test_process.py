"""A worker steps back before whoever looks at the app, and before nobody else's terminal."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

AUTOGROUP = Path("/proc/self/autogroup")
# Some containers offer the file and say nothing in it.
GROUPED = AUTOGROUP.exists() and AUTOGROUP.read_text().strip() != ""
STEP = """
import os
from pathlib import Path
from unetkd_core.runs.process import step_back
step_back()
group = Path("/proc/self/autogroup")
print(os.getpriority(os.PRIO_PROCESS, 0), *(group.read_text().split()[-1:] if group.exists() else ()))
"""


def _after(own: bool) -> list[int]:
    """A stepped-back process's niceness and, where there is one, its session's."""
    said = subprocess.run(
        [sys.executable, "-c", STEP], capture_output=True, text=True, check=True, start_new_session=own
    )
    return [int(value) for value in said.stdout.split()]


def test_a_process_steps_back() -> None:
    assert _after(own=True)[0] == min(19, os.getpriority(os.PRIO_PROCESS, 0) + 10)


@pytest.mark.skipif(not GROUPED, reason="this system shares processors out by process alone")
@pytest.mark.parametrize("own", [True, False], ids=["a session of its own", "in somebody's session"])
def test_its_session_steps_back_with_it_if_that_is_its_own(own: bool) -> None:
    before = AUTOGROUP.read_text().split()[-1]
    assert _after(own)[1] == (10 if own else int(before)) and AUTOGROUP.read_text().split()[-1] == before
