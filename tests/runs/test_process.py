"""A worker steps back before whoever looks at the app, and before nobody else's terminal."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

AUTOGROUP = Path("/proc/self/autogroup")
STEP = """
import os
from pathlib import Path
from unetkd_core.runs.process import step_back
step_back()
print(os.getpriority(os.PRIO_PROCESS, 0), Path("/proc/self/autogroup").read_text().split()[-1])
"""


@pytest.mark.skipif(not AUTOGROUP.exists(), reason="this system shares processors out by process alone")
@pytest.mark.parametrize("own", [True, False], ids=["a session of its own", "in somebody's session"])
def test_a_process_steps_back_with_its_session_if_that_is_its_own(own: bool) -> None:
    before = AUTOGROUP.read_text().split()[-1]
    said = subprocess.run(
        [sys.executable, "-c", STEP], capture_output=True, text=True, check=True, start_new_session=own
    )
    nice, group = map(int, said.stdout.split())
    assert nice == min(19, os.getpriority(os.PRIO_PROCESS, 0) + 10)
    assert group == (10 if own else int(before)) and AUTOGROUP.read_text().split()[-1] == before
