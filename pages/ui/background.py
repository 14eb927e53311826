"""Work that goes on in the background of this server while people click on: how far each piece is, and how it ended.

A thread does the work and draws nothing. Who asks for exactly the same finds the same piece, and everyone who asked
keeps it until its end, whoever else has been told already.
"""

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Final

import streamlit as st

from unetkd_core.errors import UnetKDError

Tell = Callable[[int, int], None]
"""(done, of how many)."""
_KEPT_SECONDS: Final = 600.0
"""So long a piece that is over stays for whoever asked, in case their page is gone."""


@dataclass
class Work:
    """One piece: how far, since when (monotonic seconds), and how it ended: with a result, or why not."""

    thread: threading.Thread | None = None
    done: int = 0
    total: int = 0
    since: float = field(default_factory=time.monotonic)
    ended: float | None = None
    result: Any = None
    problem: UnetKDError | None = None

    @property
    def over(self) -> bool:
        return self.ended is not None

    @property
    def share(self) -> float:
        """In [0, 1]."""
        return min(self.done / self.total, 1.0) if self.total else 0.0

    @property
    def seconds_left(self) -> float | None:
        """At the pace so far; None before the first is done."""
        return (time.monotonic() - self.since) / self.done * (self.total - self.done) if self.done else None


class _Pieces:
    """All of this server."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.by_key: dict[Hashable, Work] = {}


@st.cache_resource(show_spinner=False)
def _all() -> _Pieces:
    return _Pieces()


def start(key: Hashable, work: Callable[[Tell], Any], *, failed: str) -> Work:
    """Begin, unless the same is going on already, by whomever. key: everything that the work depends on, so that nobody
    is told of another's. failed: what a fault of ours is called.
    """
    pieces, fresh = _all(), Work()
    with pieces.lock:
        now = time.monotonic()
        for old, one in list(pieces.by_key.items()):
            if one.ended is not None and now - one.ended > _KEPT_SECONDS:
                del pieces.by_key[old]
        there = pieces.by_key.get(key)
        if there is not None and not there.over:
            return there
        pieces.by_key[key] = fresh

    def tell(done: int, total: int) -> None:
        fresh.done, fresh.total = done, total

    def run() -> None:
        try:
            fresh.result = work(tell)
        except UnetKDError as error:
            fresh.problem = error
        except Exception as error:
            fresh.problem = UnetKDError(f"{failed} failed ({type(error).__name__}: {error}). Try it once more.")
        finally:
            fresh.ended = time.monotonic()

    fresh.thread = threading.Thread(target=run, name=failed, daemon=True)
    fresh.thread.start()
    return fresh


def of(key: Hashable) -> Work | None:
    """The piece that is going on or has ended; None where there is none."""
    return _all().by_key.get(key)


def forget(work: Work) -> None:
    """How it ended has been told: no later asker finds it."""
    pieces = _all()
    with pieces.lock:
        for key in [key for key, one in pieces.by_key.items() if one is work]:
            del pieces.by_key[key]


def wait() -> None:
    """Until nothing is going on."""
    for one in list(_all().by_key.values()):
        if one.thread is not None:
            one.thread.join()
