"""One hand at a time on a run: two servers on one folder take turns to start, stop, resume and delete. Needs no torch.

The locks lie beside the runs, not in them, because a run's folder may be deleted under one; a few files serve all runs,
so that nothing is left over. The system releases a lock when its holder dies. Knows no run but its id.
"""

import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Final

from filelock import FileLock, Timeout

from unetkd_core import settings
from unetkd_core.errors import RunError

SECONDS: Final = 15.0
"""Whoever has a run changes it in well under this; a stop's wait for the worker is not under the lock."""
_FILES: Final = 32


@contextmanager
def hold(run_id: str) -> Iterator[None]:
    """Change run `run_id` alone. Not to be nested. Raises RunError when another process does not let go.

    Where no lock file can be written (a full or read-only disk) nobody can start anything either: a stop must go on.
    """
    try:
        turn = _turn(f"runs-{zlib.crc32(run_id.encode()) % _FILES}")
    except Timeout:
        raise RunError(f"Another process is busy with run {run_id}; try again in a moment.") from None
    except OSError:
        turn = nullcontext()
    with turn:
        yield


@contextmanager
def hold_queue() -> Iterator[None]:
    """Add to the queue alone, so that two starts at one moment cannot both take its last place. Raises OSError."""
    try:
        turn = _turn("queue")
    except Timeout:
        raise RunError("Another process is starting runs just now; try again in a moment.") from None
    with turn:
        yield


def _turn(name: str) -> AbstractContextManager[object]:
    folder = settings.home() / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / f"{name}.lock").acquire(timeout=SECONDS, poll_interval=0.02)
