"""What Ray starts on a node: the worker of one run, in a process of its own that does not outlive Ray's.

A process of its own, because a worker leaves by force when it is stopped, handles signals, and sets threads before
torch is loaded. The run's folder is all that it and Ray share. Loads neither torch nor, by itself, Ray.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from unetkd_core.runs import rank_processes
from unetkd_core.runs.launch import ALLOCATOR

TAKEN: Final = 3
"""Exit status of a worker that found another one at the run: nothing is to be said about its end."""


def train(run_dir: str, asks: Mapping[str, int]) -> int:
    """Train the run on this node until it is over; returns the worker's exit status, negative for a signal."""
    return spawn(run_dir, asks, {}).wait()


def spawn(
    run_dir: str, asks: Mapping[str, int], more: Mapping[str, str], module: str = "unetkd_core.runs.cluster_worker"
) -> "subprocess.Popen[bytes]":
    """Start the run's worker, `more` variables set. It ends when this process does: its input is then closed."""
    with open(Path(run_dir) / "log.txt", "ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", module, run_dir],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            env=_environment(asks, more),
            start_new_session=True,
        )


def _environment(asks: Mapping[str, int], more: Mapping[str, str]) -> dict[str, str]:
    """One slot with all the cores that Ray set aside; a GPU only where Ray gave one. A place among processes is only
    what `more` says, not what Ray itself was started with.
    """
    share = {"UNETKD_CORES": str(asks["cpus"]), "UNETKD_SLOTS": "1"}
    ours = {name: value for name, value in os.environ.items() if name not in rank_processes.VARIABLES}
    env = {"GLIBC_TUNABLES": ALLOCATOR, **ours, **share, **more}
    env.pop("UNETKD_RAY_ADDRESS", None)
    if not asks["gpus"]:
        env["CUDA_VISIBLE_DEVICES"] = ""
    return env


def why_ended(code: int) -> str:
    """Why a worker that ended with this exit status may have left no word in its folder."""
    if code == -signal.SIGKILL:
        return "The system ended it, most likely for want of memory; ask for more, or for smaller batches."
    if code < 0:
        return f"A signal ended it ({signal.Signals(-code).name})."
    return f"It ended with status {code}; the end of its log says more." if code else ""


def why_lost(error: Any, retries: int) -> str:
    """Why Ray gave up on the task."""
    from ray import exceptions

    if isinstance(error, exceptions.OutOfMemoryError):
        return "Its node ran out of memory; ask for more, or for smaller batches."
    if isinstance(error, exceptions.RayTaskError):
        return f"It could not be started on its node ({(str(error).splitlines() or [''])[-1][:200]})."
    if not isinstance(error, exceptions.RayError):
        return "Something unexpected went wrong in its job; the end of its log says what."
    return f"Its node died, and so did those that it went on on after that ({retries} times)."
