"""A process with little memory and little time, for what must not need either."""

import resource
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fuzz.cases import one_sentence
from unetkd_core.settings import python_path

MEMORY_BYTES, PROCESSOR_SECONDS = 700 * 2**20, 20


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS))


@pytest.fixture
def in_little_memory(tmp_path: Path) -> Callable[[str, bytes], str]:
    """run(code, content): Python code in a process of its own, with a file of that content as its argument.

    It must end well within 700 MB of addresses and 20 seconds of processor time, each line that it prints a sentence.
    """

    def run(code: str, content: bytes = b"") -> str:
        file = tmp_path / "file"
        file.write_bytes(content)
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code), str(file)], capture_output=True, text=True, check=False,
            preexec_fn=_limited,
            env={"PYTHONPATH": python_path(), "OMP_NUM_THREADS": "1", "UNETKD_HOME": str(tmp_path)},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        for line in done.stdout.splitlines():
            one_sentence(line)
        return done.stdout

    return run
