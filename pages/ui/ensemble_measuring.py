"""Searches over a split that go on in the background of this server while people click on; what each has come to.

A thread runs the networks; it draws nothing. Its result lies on disk (zoo/ensemble_search.py), where the page finds it.
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import streamlit as st

from unetkd_core.errors import UnetKDError
from unetkd_core.inference.searched import Weights
from unetkd_core.zoo import ensemble_search
from unetkd_core.zoo.ensembles import EnsembleSpec


@dataclass
class Measuring:
    """One search: scenes read so far and in all, since when (monotonic seconds), and why it ended early, if it did."""

    thread: threading.Thread | None = None
    done: int = 0
    total: int = 0
    since: float = field(default_factory=time.monotonic)
    problem: UnetKDError | None = None

    @property
    def share(self) -> float:
        """Of the scenes, in [0, 1]."""
        return self.done / self.total if self.total else 0.0

    @property
    def seconds_left(self) -> float | None:
        """At the pace so far; None before the first scene."""
        return (time.monotonic() - self.since) / self.done * (self.total - self.done) if self.done else None


@st.cache_resource(show_spinner=False)
def _all() -> dict[tuple[str, str, int | None], Measuring]:
    return {}


def start(spec: EnsembleSpec, ref: str, candidates: Sequence[Weights], limit: int | None) -> None:
    """Begin, unless the same is being searched already, by whomever."""
    key, found = (spec.dumps(), ref, limit), Measuring()
    if _all().setdefault(key, found) is not found and _all()[key].problem is None:
        return
    _all()[key] = found

    def progress(done: int, total: int) -> None:
        found.done, found.total = done, total

    def work() -> None:
        try:
            ensemble_search.search(spec, [ref], candidates, limit=limit, progress=progress)
            _all().pop(key, None)
        except UnetKDError as error:
            found.problem = error
        except Exception as error:
            found.problem = UnetKDError(f"Measuring failed ({type(error).__name__}: {error}). Try it once more.")

    found.thread = threading.Thread(target=work, name=f"measure-{ref}", daemon=True)
    found.thread.start()


def of(spec: EnsembleSpec, ref: str, limit: int | None) -> Measuring | None:
    """The search that is going on or has failed; None where there is none, or it is over and lies on disk."""
    return _all().get((spec.dumps(), ref, limit))


def wait() -> None:
    """Until nothing is going on."""
    for one in list(_all().values()):
        if one.thread is not None:
            one.thread.join()
