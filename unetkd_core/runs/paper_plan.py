"""What the paper's tables take: settings of every network alone, sweeps over everyone who is taught. Starts nothing.

Teachers are trained once, with one seed; students for every seed, alone too: that run is the untaught twin of all
who are taught, and its row of Table II. Needs no torch.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, NamedTuple

from unetkd_core.errors import ConfigError
from unetkd_core.models.backbones import ENCODERS
from unetkd_core.runs import paper, paper_growing
from unetkd_core.runs.paper import MEMBERS, STUDENTS, TEACHERS, Row
from unetkd_core.runs.paper_printed import ENSEMBLE, LARGEST
from unetkd_core.runs.paper_results import Results, Seen
from unetkd_core.runs.sweep_grid import SweepSpec, parse_spec
from unetkd_core.training.config import RunConfig
from unetkd_core.zoo import ensembles, references
from unetkd_core.zoo.references import Reference

NETWORKS: Final = (*STUDENTS, "M1024", LARGEST, *MEMBERS)
ENCODER_RATE: Final = 0.3
FROZEN_EPOCHS: Final = 2
"""How an encoder is treated that comes with ImageNet's weights; frozen for less of a shorter run."""

Refs = Mapping[str, Reference]
"""Network's name (or ENSEMBLE) -> who that is here."""


class Alone(NamedTuple):
    """A network without a teacher: its name in the tables, and its settings."""

    name: str
    config: RunConfig


@dataclass(frozen=True)
class Plan:
    """What is wanted. base: data, budget, recipe, the students' normalisation. given: networks that are there already,
    by their names in the tables: they are scored and teach, and nobody trains them. imagenet: encoders whose weights
    can be had; the others start from scratch. methods: rows of Table VII by their keys; none: all. teacher_seed: that
    of everyone who is trained to teach; none: the first. there: what was measured before, on whatever machine: that is
    not trained again, but for who is to teach somebody more.
    """

    base: RunConfig
    tables: tuple[int, ...] = paper.NUMBERS
    seeds: tuple[int, ...] = (0, 1, 2)
    students: tuple[str, ...] = STUDENTS
    teachers: tuple[str, ...] = TEACHERS
    given: Mapping[str, str] = field(default_factory=dict)
    imagenet: frozenset[str] = frozenset()
    method_teacher: str = LARGEST
    methods: tuple[str, ...] = ()
    teacher_seed: int | None = None
    there: Results | None = None

    def __post_init__(self) -> None:
        _known("tables", self.tables, paper.NUMBERS)
        _known("students", self.students, STUDENTS)
        _known("teachers", self.teachers, TEACHERS)
        _known("networks that are given", tuple(self.given), (*NETWORKS, ENSEMBLE), empty=True)
        _known("networks that can teach every method", (self.method_teacher,), [t for t in TEACHERS if t != ENSEMBLE])
        _known("methods of Table VII", self.methods, paper.METHOD_ROWS, empty=True)
        if not self.seeds or len(set(self.seeds)) < len(self.seeds):
            raise ConfigError(
                f"The seeds are {', '.join(map(str, self.seeds)) or 'none'}; name at least one, and each once."
            )
        if self.base.teaching is not None:
            raise ConfigError("The tables say who teaches; leave the teaching section out of the config.")

    def rows(self) -> tuple[Row, ...]:
        """The tables' rows that are wanted."""
        return paper.rows(
            self.tables,
            students=self.students,
            teachers=self.teachers,
            method_teacher=self.method_teacher,
            methods=self.methods,
        )

    @property
    def teaches(self) -> int:
        """The seed of everyone who is trained to teach."""
        return self.seeds[0] if self.teacher_seed is None else self.teacher_seed

    def alone(self) -> list[Alone]:
        """Every network that is to be trained without a teacher: rows of Tables II and III, teachers, twins."""
        rows = self.rows()
        teachers = {name for row in rows if row.teacher for name in members_of(row.teacher, self.given)}
        twins = {row.network for row in rows if row.network in self.students}
        names = [name for name in NETWORKS if name in {*(r.network for r in rows), *teachers} - {*self.given}]
        once = {name for name in names if name in teachers or name not in twins}
        return [
            Alone(name, self.config(name, seed))
            for seed in dict.fromkeys((self.teaches, *self.seeds))
            for name in names
            if (seed in self.seeds and name in twins) or (seed == self.teaches and name in once)
        ]

    def to_train(self) -> list[Alone]:
        """Those of `alone` that were not measured and are rows or twins, and those that teach who was not."""
        rows = {row.network for row in self.rows() if row.teacher is None}
        twins = {(row.network, seed) for row in self.rows() if row.teacher for seed in self.seeds}
        teaching = {name for row in self.lacking() if row.teacher for name in members_of(row.teacher, self.given)}
        return [
            one
            for one in self.alone()
            if ((one.name in rows or (one.name, one.config.seed) in twins) and self.measured(one) is None)
            or (one.name in teaching and one.config.seed == self.teaches)
        ]

    def measured(self, one: Alone) -> Seen | None:
        """A network alone as it was measured before, in a row of its own or as a twin, if it was."""
        key = one.name, one.config.seed
        return self._alone_there.get(key) or self._twins_there.get(key)

    def who(self, row: Row) -> str:
        """Which network is meant by the name of who teaches, or of who stands alone without being a student: of what is
        given, its weights; of what is trained, its seed and what its encoder began with.
        """
        if row.teacher is not None:
            names = members_of(row.teacher, self.given) or (row.teacher,)
        else:
            names = () if row.network in STUDENTS and row.network not in self.given else (row.network,)
        return ", ".join(map(self._who, names))

    def _who(self, name: str) -> str:
        if name in self.given:
            return f"{name} {references.info_of(self.given[name]).sha256[:12]}"
        began = "" if name not in ENCODERS else " from ImageNet" if name in self.imagenet else " from scratch"
        return f"{name}{began}, seed {self.teaches}"

    def twin(self, student: str, seed: int) -> Seen | None:
        """A student's untaught twin as it was measured before, if it was."""
        return self._twins_there.get((student, seed))

    @cached_property
    def _alone_there(self) -> Mapping[tuple[str, int], Seen]:
        rows = self.there.rows if self.there else ()
        alone = [made for made in rows if made.row.teacher is None and made.who == self.who(made.row)]
        return {(made.row.network, pair.seed): pair.student for made in alone for pair in made.pairs}

    @cached_property
    def _twins_there(self) -> Mapping[tuple[str, int], Seen]:
        return paper_growing.controls(self.there) if self.there else {}

    def lacking(self) -> dict[Row, tuple[int, ...]]:
        """Taught rows and the seeds that were not measured, of those that lack some."""
        found = {row: self._lacking(row) for row in self.rows() if row.teacher}
        return {row: seeds for row, seeds in found.items() if seeds}

    def _lacking(self, row: Row) -> tuple[int, ...]:
        """The same way of teaching the same student counts in whatever table it stands."""
        there = self._taught_there.get(paper_growing.way(row, self.who(row)), set())
        return tuple(seed for seed in self.seeds if seed not in there)

    @cached_property
    def _taught_there(self) -> Mapping[Any, set[int]]:
        found: dict[Any, set[int]] = {}
        for made in self.there.rows if self.there else ():
            found.setdefault(paper_growing.way(made.row, made.who), set()).update(pair.seed for pair in made.pairs)
        return found

    def config(self, name: str, seed: int) -> RunConfig:
        """One network alone. What it is called makes no difference to which run on disk it is."""
        if name in ENCODERS:
            return self.base.with_(seed=seed, name=name, **_encoder(self.base, name, name in self.imagenet))
        norm = {LARGEST: "none", "M1024": "batch"}.get(name, self.base.model.norm)
        return self.base.with_(seed=seed, name=f"{name}, seed {seed}", model={"name": name.rstrip("*"), "norm": norm})

    def refs(self, found: Refs) -> dict[str, Reference]:
        """Who is who: what was given, what `found` names (runs that are done), and the ensemble once all three are."""
        there = {**found, **self.given}
        if ENSEMBLE not in there and all(isinstance(there.get(name), str) for name in MEMBERS):
            there[ENSEMBLE] = ensembles.parse(
                {"title": ENSEMBLE, "members": [there[name] for name in MEMBERS], "weighting": "grid"}
            )
        return there

    def spec(self, row: Row, refs: Refs) -> SweepSpec:
        """A taught row as a sweep of one cell, of every seed; its teacher must be in `refs`."""
        assert row.teacher is not None
        return self._spec(row, [refs[row.teacher]], self.seeds, "")

    def specs(self, refs: Refs) -> list[SweepSpec]:
        """Sweeps over what is `lacking` and whose teacher is in `refs`: rows that differ in the teacher alone are one
        sweep, seeds whose untaught twin is known another. The first are those that most tables need.
        """
        groups: dict[tuple[Any, ...], list[Row]] = {}
        for row, lacking in self.lacking().items():
            known = tuple(seed for seed in lacking if self.twin(row.network, seed) is not None)
            for seeds in (known, tuple(seed for seed in lacking if seed not in known)):
                if seeds and row.teacher in refs:
                    groups.setdefault((row.network, row.method, row.alpha, row.temperature, seeds), []).append(row)
        return [self._group(group, seeds, refs) for (*_, seeds), group in groups.items()]

    def _group(self, group: Sequence[Row], seeds: tuple[int, ...], refs: Refs) -> SweepSpec:
        first, names = group[0], list(dict.fromkeys(row.teacher for row in group if row.teacher))
        who = names[0] if len(names) == 1 else f"{len(names)} teachers"
        how = f"{first.method}, α {first.alpha:g}, T {first.temperature:g}"
        return self._spec(first, [refs[name] for name in names], seeds, f"Tables: {first.network} from {who}, {how}")

    def _spec(self, row: Row, teachers: Iterable[Reference], seeds: tuple[int, ...], name: str) -> SweepSpec:
        base = self.base.with_(model={"name": row.network}, name="")
        return parse_spec(
            {
                "name": name[:80],
                "base": base,
                "student": [row.network],
                "teacher": [ref if isinstance(ref, str) else ref.model_dump(mode="json") for ref in teachers],
                "method": [row.method],
                "alpha": [row.alpha],
                "temperature": [row.temperature],
                "seed": list(seeds),
                "twins": any(self.twin(row.network, seed) is None for seed in seeds),
            },
            where=f"Table {row.table}, {row.key}",
        )

    def configs(self, row: Row, refs: Refs) -> Iterator[tuple[int, RunConfig]]:
        """(seed, settings) of a taught row's students."""
        spec = self.spec(row, refs)
        for planned in spec.runs():
            yield planned.seed, planned.config


def members_of(teacher: str, given: Refs) -> tuple[str, ...]:
    """The networks that a teacher is made of."""
    return (teacher,) if teacher != ENSEMBLE else () if ENSEMBLE in given else MEMBERS


def _encoder(base: RunConfig, name: str, imagenet: bool) -> dict[str, Any]:
    if not imagenet:
        return {"model": {"name": name, "norm": "batch", "weights": None}}
    optim = {"encoder_rate": ENCODER_RATE, "encoder_frozen_epochs": min(FROZEN_EPOCHS, base.optim.epochs // 4)}
    return {"model": {"name": name, "norm": "batch", "weights": "imagenet"}, "optim": optim}


def _known(what: str, names: Sequence[Any], known: Sequence[Any], *, empty: bool = False) -> None:
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ConfigError(f"{unknown[0]!r} is none of the {what}; there are {', '.join(map(str, known))}.")
    if not names and not empty:
        raise ConfigError(f"There are no {what}; name at least one of {', '.join(map(str, known))}.")
