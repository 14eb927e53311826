"""How long the paper's tables take here, told before anything is started: by table, in the order in which they come.

A run that several tables share counts in the first. Teachers that are not trained yet are reckoned from their
description, so that nothing has to be there. Needs no torch.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from unetkd_core import settings
from unetkd_core.data import catalog
from unetkd_core.data.packed import spaced
from unetkd_core.models.names import arch_of
from unetkd_core.runs import estimate, paper_printed
from unetkd_core.runs.paper import MEMBERS, Row
from unetkd_core.runs.paper_making import Finder, Splits
from unetkd_core.runs.paper_plan import Plan, members_of
from unetkd_core.runs.paper_printed import ENSEMBLE
from unetkd_core.runs.queue import device_of
from unetkd_core.training.config import RunConfig, TeachingConfig
from unetkd_core.training.plan import turns_asked, turns_of
from unetkd_core.training.presets import METHODS
from unetkd_core.training.terms import ExtraTerm, why_live
from unetkd_core.zoo import references

_SCORING: Final = 1.5
"""Enlarging and counting a native picture, over the bare network at its own size."""
_READING: Final = 0.04
"""Seconds to read a native picture and its labels, on one core."""


@dataclass(frozen=True)
class Cost:
    """One table: runs that are still to train, those that are done, and seconds until it stands, scoring included."""

    table: int
    todo: int
    done: int
    seconds: float


def costs(plan: Plan, splits: Splits) -> list[Cost]:
    """One for each table. Raises what opening the data and given teachers raises."""
    reckoning = _Reckoning(plan, splits)
    return [reckoning.table(number) for number in sorted(plan.tables)]


class _Reckoning:
    """What is counted once is not counted again."""

    def __init__(self, plan: Plan, splits: Splits) -> None:
        self.plan, self.splits = plan, splits
        self.finder = Finder(plan)
        self.refs = self.finder.refs()
        self.to_train, self.lacking = plan.to_train(), plan.lacking()
        self._counted: set[Any] = set()
        self._alone: dict[str, float] = {}
        self.slots = settings.slots(device_of(plan.base.hardware.device))

    def table(self, number: int) -> Cost:
        rows = [row for row in self.plan.rows() if row.table == number]
        parts = [part for row in rows for part in self._row(row)]
        todo = sum(not done for done, _ in parts)
        return Cost(number, todo, len(parts) - todo, sum(seconds for _, seconds in parts))

    def _row(self, row: Row) -> Iterator[tuple[bool, float]]:
        """(whether it is done, seconds) of every run that the row needs and that was not counted yet."""
        names = {row.network, *(members_of(row.teacher, self.plan.given) if row.teacher else ())}
        for one in self.plan.alone():
            name, config = one
            if name in names and self._new(name, config.seed):
                done = one not in self.to_train or self.finder.alone(config) is not None
                yield done, 0.0 if done else self._alone_seconds(name, config) + self._scoring(config)
        if row.teacher is not None:
            yield from self._taught(row)

    def _taught(self, row: Row) -> Iterator[tuple[bool, float]]:
        assert row.teacher is not None
        for seed in self.plan.seeds:
            if not self._new(row.network, row.teacher, row.method, row.alpha, row.temperature, seed):
                continue
            done = self._done(row, seed)
            config = self.plan.config(row.network, seed)
            if done:
                yield True, 0.0
            else:
                seconds = self._alone_seconds(row.network, config) + self._teacher_seconds(row, config)
                yield False, seconds + self._scoring(config)

    def _done(self, row: Row, seed: int) -> bool:
        if seed not in self.lacking.get(row, ()):
            return True
        if row.teacher not in self.refs:
            return False
        configs = dict(self.plan.configs(row, self.refs))
        return self.finder.taught(configs[seed]) is not None

    def _new(self, *key: Any) -> bool:
        new = key not in self._counted
        self._counted.add(key)
        return new

    def _alone_seconds(self, name: str, config: RunConfig) -> float:
        """A run with every core to itself: two side by side take as long as one after the other."""
        if name not in self._alone:
            self._alone[name] = estimate.estimate(config, twin=False).seconds - estimate.packing_seconds(config)
        return self._alone[name]

    def _teacher_seconds(self, row: Row, config: RunConfig) -> float:
        """What teaching adds: the teacher is asked once for all students where its answers are kept, else at every
        step; and what further terms take.
        """
        assert row.teacher is not None
        terms = _terms(row.method)
        one = sum(estimate.forward_seconds(config, arch) for arch in self._archs(row.teacher))
        seen = estimate.train_scenes(config) * config.optim.epochs
        more = seen * estimate.terms_seconds(config, terms)
        if why_live(terms) or turns_of(config.augment) is None:
            return (more + seen * one) / self.slots
        asked = estimate.train_scenes(config) * turns_asked(config)
        return (more + (asked * one if self._new("asking", row.teacher) else 0.0)) / self.slots

    def _archs(self, teacher: str) -> list[Any]:
        if teacher in self.plan.given:
            return [references.info_of(self.plan.given[teacher]).arch]
        if teacher == ENSEMBLE:
            return [arch for name in MEMBERS for arch in self._archs(name)]
        model = self.plan.config(teacher, 0).model
        return [arch_of(model.name, model.norm)]

    def _scoring(self, config: RunConfig) -> float:
        scenes = len(self.splits.val) + len(spaced(len(self.splits.train), self.splits.limit))
        arch = arch_of(config.model.name, config.model.norm)
        return scenes * (_SCORING * estimate.forward_seconds(config, arch) + _READING) / self.slots


def _terms(method: str) -> tuple[ExtraTerm, ...]:
    return TeachingConfig.model_validate({"teacher": "-", **METHODS[method].changes}).terms


def names(cost: Cost) -> str:
    """ "Table IV"."""
    return f"Table {paper_printed.ROMAN[cost.table]}"


def check(plan: Plan, splits: Splits) -> None:
    """Look at everything that is there before anything is started: data, given networks. Raises DataError,
    CheckpointError, ConfigError.
    """
    for ref in dict.fromkeys((*plan.base.data.train, *plan.base.data.val)):
        catalog.open_source(ref).check()
    for source in (splits.val, splits.train):
        source.check()
    for given in plan.given.values():
        references.info_of(given)
