"""Whose turn it is on a public server: the next slot goes to the visitor who has had least, then to the oldest run.

What a visitor has had is counted in pairs, a student with its twin being one, so that the two train side by side: those
that began within a day, and those that wait already. Somebody who queues ten pairs is thus served in turn with all
others, one pair each. Everything is read from run folders, and of deleted runs from turns_gone.py, so that every
waiting worker comes to the same order by itself. A visitor who trains as much as one may at once holds up nobody. Needs
no torch.
"""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from unetkd_core.errors import RunError
from unetkd_core.runs.folder import Run
from unetkd_core.runs.status import Status

DAY: Final = 86_400.0


@dataclass(frozen=True)
class Seen:
    """A run as it was looked at. created, started: unix seconds. owner: "" for the operator, who counts as one visitor.
    pair: id of the pair that it belongs to, its student's.
    """

    run: Run
    state: str
    created: float
    started: float | None
    owner: str
    pair: str

    @property
    def waits(self) -> bool:
        return self.state == "queued"


def seen(run: Run, status: Status) -> Seen:
    """`run` as its folder says. What cannot be read belongs to the operator."""
    owner, pair = _whose(run.run_dir, run.id)
    return Seen(run, status.state, status.created, status.started, owner, pair)


@lru_cache(maxsize=4096)
def _whose(run_dir: Path, run_id: str) -> tuple[str, str]:
    """(owner, pair): written when the folder was made, never changed."""
    try:
        meta = Run(run_id, run_dir).meta
    except RunError:
        return "", run_id
    return str(meta.get("owner") or ""), str(meta.get("pair") or run_id)


def before(
    mine: Seen, waiting: Sequence[Seen], there: Sequence[Seen], *, each: int | None, now: float | None = None
) -> int:
    """How many runs go before `mine`. waiting: those that want the same slots; there: all runs. each: how many of one
    visitor's may train at once; None: as many as there are slots.
    """
    training = Counter(one.owner for one in there if one.state == "running")
    free = [one for one in waiting if each is None or not one.owner or training[one.owner] < each]
    if mine.run.id not in [one.run.id for one in free]:
        return max(1, sum(one.owner != mine.owner for one in free))  # its own come first: it waits for one of them
    ages, now = _ages(there), time.time() if now is None else now
    order = sorted(free, key=lambda one: _place(one, there, ages, now))
    return [one.run.id for one in order].index(mine.run.id)


def _place(one: Seen, there: Sequence[Seen], ages: dict[str, float], now: float) -> tuple[int, float, str, float, str]:
    """Sorts by what its owner has had when it begins, then by age, a pair's two together."""
    mine = ages.get(one.pair, one.created), one.pair
    had = {
        other.pair
        for other in there
        if other.owner == one.owner and other.pair != one.pair
        if ((ages[other.pair], other.pair) < mine if other.waits else _began_within_a_day(other, now))
    }
    return len(had), *mine, one.created, one.run.id


def _began_within_a_day(one: Seen, now: float) -> bool:
    return one.started is not None and now - one.started < DAY


def _ages(there: Sequence[Seen]) -> dict[str, float]:
    """Pair -> when its first run was made."""
    ages: dict[str, float] = {}
    for one in there:
        ages[one.pair] = min(one.created, ages.get(one.pair, one.created))
    return ages
