"""Work that takes a turn: so many at once, the others in a bounded queue, and whoever finds it full is told, not kept.

A server that lets every session compute at once takes the sum of their memory and is late for all of them. Knows no
network and needs no torch.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from unetkd_core.errors import BusyError


class Gate:
    """at_once: how many work at a time. waiting: how many more may wait. seconds: how long one waits at most.

    what: what is done here, as "read", for the sentence.
    """

    def __init__(self, what: str, *, at_once: int, waiting: int, seconds: float) -> None:
        self.what, self.waiting, self.seconds = what, waiting, seconds
        self._free = threading.Semaphore(at_once)  # wakes in order of coming
        self._lock, self._behind = threading.Lock(), 0

    @property
    def behind(self) -> int:
        """How many wait just now."""
        return self._behind

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn, and hold it. Not to be nested. Raises BusyError when too many wait, or it takes too long."""
        if not self._free.acquire(blocking=False):
            self._wait()
        try:
            yield
        finally:
            self._free.release()

    def _wait(self) -> None:
        with self._lock:
            if self._behind >= self.waiting:
                raise self._busy()
            self._behind += 1
        try:
            if not self._free.acquire(timeout=self.seconds):
                raise self._busy()
        finally:
            with self._lock:
                self._behind -= 1

    def _busy(self) -> BusyError:
        return BusyError(
            f"{self._behind} other pictures wait to be {self.what} here just now. Try again in a few seconds."
        )


READING: Final = Gate("read", at_once=1, waiting=48, seconds=60.0)
"""Networks at work: one uses every core by itself, so that a second beside it would only take more memory."""
DECODING: Final = Gate("opened", at_once=2, waiting=16, seconds=20.0)
"""Uploads: one of the largest takes some hundred megabytes while it is opened."""
