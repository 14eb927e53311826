"""The other processes of a run that several train: which of them we are, starting them, noticing that one has ended.

The run's worker is the first; it alone holds the run's lock and slots and writes into its folder. It starts the others
itself (`unetkd train --processes 2`), or torchrun has started all of them alike. In both ways torchrun's variables tell
each its place. What trains, training/ranks.py has; torch is imported inside the functions.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from unetkd_core.errors import RunError, TrainingError
from unetkd_core.runs.folder import Run

if TYPE_CHECKING:
    from unetkd_core.training.ranks import Ranks

PROCESSES: Final = "processes"
"""meta.json's word on how many processes train the run; none: one."""
MOST: Final = 256
VARIABLES: Final = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
"""What tells a process its place."""
_HERE: Final = "127.0.0.1"
_NOTICE_SECONDS: Final = 2.0
"""How long after a closed connection the process behind it may take to be gone."""

_started: Final[list[subprocess.Popen[bytes]]] = []
"""Those that this process has started, in the order of their places from 1 on."""
_begun: Final = threading.Event()
"""Training has begun; only after that does one of them end in order."""


class LostProcessError(TrainingError):
    """Another of the run's processes has ended before its time."""


class Place(NamedTuple):
    """Which of so many processes this is, from 0 on."""

    rank: int
    processes: int


def place() -> Place | None:
    """What torchrun, or `gather`, says; none: we were started alone. Raises RunError where that makes no sense."""
    given = [os.environ.get(name, "") for name in ("RANK", "WORLD_SIZE")]
    if not all(given):
        return None
    try:
        rank, count = map(int, given)
    except ValueError:
        rank, count = 0, 0
    if not 0 <= rank < count <= MOST:
        raise RunError(
            f"RANK is {given[0]!r} of WORLD_SIZE {given[1]!r}; expected what torchrun sets, as 0 of 2, or neither."
        )
    return Place(rank, count)


def wanted(run: Run) -> int:
    """How many processes train the run: torchrun's number, or the one that it was started with."""
    told = place()
    return told.processes if told is not None else started_with(run)


def started_with(run: Run) -> int:
    """The number that the run was started with, or last trained with. Raises RunError."""
    return min(run.meta.get(PROCESSES) or 1, MOST)


def wanted_here(run: Run) -> int:
    """How many of them are on this machine: all, but for those that torchrun has on others."""
    return wanted(run) if place() is None else int(os.environ.get("LOCAL_WORLD_SIZE") or 1)


def gather(run: Run, threads: int) -> "Ranks":
    """Every process of the run, met; this is its first one. Starts the others unless torchrun has. Waits for them."""
    from unetkd_core.training import ranks

    count = wanted(run)
    if count == 1:
        return ranks.ALONE
    if place() is None:
        _start_others(run, count, threads, ranks.meeting_point(_HERE))
    return ranks.join(0, count)


def begin(together: "Ranks") -> None:
    """Let all of them begin to train: what the others read is settled. Waits for them."""
    _begun.set()  # before any of them can train to its end
    together.wait()


def _start_others(run: Run, count: int, threads: int, port: int) -> None:
    """In our own session and process group: what stops us stops them."""
    common = {"WORLD_SIZE": str(count), "LOCAL_WORLD_SIZE": str(count), "MASTER_ADDR": _HERE, "MASTER_PORT": str(port)}
    os.environ.update({**common, "RANK": "0", "LOCAL_RANK": "0"})
    for rank in range(1, count):
        env = {**os.environ, "RANK": str(rank), "LOCAL_RANK": str(rank), "OMP_NUM_THREADS": str(threads)}
        command = [sys.executable, "-m", "unetkd_core.runs.worker", str(run.run_dir)]
        try:
            _started.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, env=env))
        except OSError as error:
            raise TrainingError(
                f"Process {rank + 1} of {count} could not be started ({error.strerror or error}); try fewer processes."
            ) from error


def lost() -> TrainingError | None:
    """What to say where one of the processes that we started has ended before its time; none: all are there."""
    for number, process in enumerate(_started, start=2):
        code = process.poll()
        if code or (code == 0 and not _begun.is_set()):
            how = f"was ended by {_signal_name(-code)}" if code < 0 else f"ended with status {code}"
            return LostProcessError(
                f"Process {number} of the run's {len(_started) + 1} {how}; the end of its log may say why, and resume "
                "tries again."
            )
    return None


def why_lost() -> TrainingError:
    """The same, when a connection to another process has closed."""
    deadline = time.monotonic() + _NOTICE_SECONDS
    while _started and time.monotonic() < deadline:
        if (error := lost()) is not None:
            return error
        time.sleep(0.05)
    return LostProcessError(
        "Another of the run's processes has ended; what it said there may tell why, and resume tries again."
    )


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """What torch raises when another process is gone becomes a sentence."""
    try:
        yield
    except RuntimeError as error:
        from unetkd_core.training.ranks import is_loss_of_another

        told = place()
        if told is None or told.processes == 1 or not is_loss_of_another(error):
            raise
        raise why_lost() from error


def end_others() -> None:
    """Leave none behind of those that we started. They write nothing, so that no moment is a bad one."""
    for process in _started:
        with contextlib.suppress(OSError):
            process.kill()
    while _started:
        with contextlib.suppress(subprocess.TimeoutExpired):
            _started.pop().wait(timeout=1.0)
    _begun.clear()


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
