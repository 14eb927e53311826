"""Work that goes on in the background of this server while people click on: how far each piece is, and how it ended.

A thread does the work and draws nothing; whoever asks for the same finds the same.
"""

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from unetkd_core.errors import UnetKDError

Tell = Callable[[int, int], None]
"""(done, of how many)."""


@dataclass
class Work:
    """One piece: how far, since when (monotonic seconds), and how it ended: with a result, or why not."""

    thread: threading.Thread | None = None
    done: int = 0
    total: int = 0
    since: float = field(default_factory=time.monotonic)
    over: bool = False
    result: Any = None
    problem: UnetKDError | None = None

    @property
    def share(self) -> float:
        """In [0, 1]."""
        return self.done / self.total if self.total else 0.0

    @property
    def seconds_left(self) -> float | None:
        """At the pace so far; None before the first is done."""
        return (time.monotonic() - self.since) / self.done * (self.total - self.done) if self.done else None


@st.cache_resource(show_spinner=False)
def _all() -> dict[Hashable, Work]:
    return {}


def start(key: Hashable, work: Callable[[Tell], Any], *, failed: str) -> Work:
    """Begin, unless the same is going on already, by whomever. failed: what a fault of ours is called."""
    fresh = Work()
    there = _all().setdefault(key, fresh)
    if there is not fresh and not there.over:
        return there
    _all()[key] = fresh

    def tell(done: int, total: int) -> None:
        fresh.done, fresh.total = done, total

    def run() -> None:
        try:
            fresh.result = work(tell)
        except UnetKDError as error:
            fresh.problem = error
        except Exception as error:
            fresh.problem = UnetKDError(f"{failed} failed ({type(error).__name__}: {error}). Try it once more.")
        fresh.over = True

    fresh.thread = threading.Thread(target=run, name=f"{failed}-{key}", daemon=True)
    fresh.thread.start()
    return fresh


def of(key: Hashable) -> Work | None:
    """The piece that is going on or has ended; None where there is none."""
    return _all().get(key)


def forget(key: Hashable) -> None:
    """How it ended has been told."""
    _all().pop(key, None)


def wait() -> None:
    """Until nothing is going on."""
    for one in list(_all().values()):
        if one.thread is not None:
            one.thread.join()
