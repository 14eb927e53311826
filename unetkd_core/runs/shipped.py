"""The checkpoints that come with the app, as a plan: teachers alone, the encoders' ensemble, and students of several
seeds, untaught and taught. One seed of each student is kept, the same alone and under every teacher, so that pairs are
kept: the median by the split that choices are made on.

Plans, and says what is kept with which words on its card; starts nothing. Needs no torch.
"""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from unetkd_core.data.refs import sharing_scenes
from unetkd_core.errors import ConfigError, RunError
from unetkd_core.runs.paper import MEMBERS
from unetkd_core.runs.paper_plan import Alone
from unetkd_core.runs.paper_plan import Plan as Tables
from unetkd_core.runs.paper_printed import ENSEMBLE, LARGEST
from unetkd_core.runs.sweep_grid import SweepSpec, parse_spec
from unetkd_core.runs.sweep_match import Finished
from unetkd_core.runs.sweep_results import summary
from unetkd_core.training.config import RunConfig
from unetkd_core.zoo import ensembles
from unetkd_core.zoo.ensembles import EnsembleSpec

STUDENTS: Final = ("M128", "M256")
TEACHERS: Final = (LARGEST, "M512", *MEMBERS)
TEACHING: Final = (LARGEST, ENSEMBLE)
ENSEMBLE_NAME: Final = "three-encoders"
Miou = Callable[[str, str], float]
"""(run ID, split) -> mIoU in [0, 1] over the whole of it."""


@dataclass(frozen=True)
class Plan:
    """What is wanted. base: data, budget, recipe, the students' normalisation. on: splits that cards report. given:
    teachers that are there already, by their names here. teaching: who of them (or ENSEMBLE) teaches every student.
    imagenet: encoders whose weights can be had. Raises ConfigError for what cannot be.
    """

    base: RunConfig
    on: tuple[str, ...]
    students: tuple[str, ...] = STUDENTS
    teachers: tuple[str, ...] = TEACHERS
    teaching: tuple[str, ...] = TEACHING
    seeds: tuple[int, ...] = (0, 1, 2)
    given: Mapping[str, str] = field(default_factory=dict)
    imagenet: frozenset[str] = frozenset()
    method: str = "kd-t2"
    alpha: float = 0.5
    temperature: float = 4.0

    def __post_init__(self) -> None:
        self._tables()  # refuses unknown names, no seeds, and a base that is taught
        there = {*self.teachers, *self.given, *([ENSEMBLE] if self.has_ensemble else ())}
        lacking = [name for name in self.teaching if name not in there]
        if lacking:
            needs = f"; it takes {', '.join(MEMBERS)}" if lacking[0] == ENSEMBLE else ""
            raise ConfigError(f"{lacking[0]} is to teach, but is not among the teachers{needs}.")
        if not self.on:
            raise ConfigError("A card needs scores; name at least one split to report on.")
        used = sharing_scenes(self.on, (*self.base.data.train, *self.base.data.val))
        if used:
            raise ConfigError(
                f"{used[0]} trains the networks or chooses among them; report on a split that does neither."
            )

    def _tables(self) -> Tables:
        return Tables(
            base=self.base,
            students=self.students,
            teachers=self.teachers,
            seeds=self.seeds,
            given=self.given,
            imagenet=self.imagenet,
        )

    @property
    def has_ensemble(self) -> bool:
        """Whether the three encoders are there, or will be."""
        return all(name in self.teachers or name in self.given for name in MEMBERS)

    def alone(self) -> list[Alone]:
        """Teachers to be trained, one seed each, the slowest first."""
        tables = self._tables()
        return [Alone(name, tables.config(name, self.seeds[0])) for name in TEACHERS if name in self._trained()]

    def _trained(self) -> set[str]:
        return {*self.teachers} - {*self.given}

    def ref(self, teacher: str) -> str:
        """A teacher as a reference, once it is kept."""
        return self.given.get(teacher, ENSEMBLE_NAME if teacher == ENSEMBLE else teacher_name(teacher))

    def ensemble(self) -> EnsembleSpec:
        """The three encoders, their weights still to be searched on the split that choices are made on."""
        return ensembles.parse({"members": [self.ref(name) for name in MEMBERS], "weighting": "grid"})

    def spec(self, student: str) -> SweepSpec:
        """All seeds of a student under each of its teachers, and their untaught twins."""
        return parse_spec(
            {
                "name": f"Shipped: {student} from {', '.join(self.teaching)}"[:80],
                "base": self.base.with_(model={"name": student}, name=""),
                "student": [student],
                "teacher": [self.ref(name) for name in self.teaching],
                "method": [self.method],
                "alpha": [self.alpha],
                "temperature": [self.temperature],
                "seed": list(self.seeds),
            },
            where=f"{student}'s teaching",
        )

    def names(self) -> list[str]:
        """Everything that is written into checkpoints/."""
        taught = [student_name(student, teacher) for student in self.students for teacher in (None, *self.teaching)]
        trained = [teacher_name(one.name) for one in self.alone()]
        return [*trained, *([ENSEMBLE_NAME] if self.has_ensemble else ()), *taught]


class Pair(NamedTuple):
    """IDs of two finished runs of one seed: the student and its untaught twin."""

    student: str
    twin: str


class Pick(NamedTuple):
    """One run to be kept: under which name, what its card adds."""

    name: str
    title: str
    run_id: str
    notes: str


def teacher_name(network: str) -> str:
    """ "m1024-teacher"."""
    return f"{_short(network)}-teacher"


def student_name(student: str, teacher: str | None) -> str:
    """ "m128-alone", "m128-from-m1024"."""
    return f"{_short(student)}-alone" if teacher is None else f"{_short(student)}-from-{_short(teacher)}"


def _short(name: str) -> str:
    return name.rstrip("*").lower()


def pairs(plan: Plan, student: str) -> dict[str, dict[int, Pair]]:
    """Teacher -> seed -> the pair of a student, of what is finished on disk. Raises CheckpointError, DataError."""
    found, made = Finished(), {name: dict[int, Pair]() for name in plan.teaching}
    names = {plan.ref(name): name for name in plan.teaching}
    for planned in plan.spec(student).runs():
        if (pair := found.pair(planned.config)) is not None:
            made[names[str(planned.cell.teacher)]][planned.seed] = Pair(*(run.id for run in pair))
    return made


def picks(plan: Plan, student: str, miou: Miou, best: Callable[[str], float]) -> list[Pick]:
    """Which seed of a student is kept alone and under each teacher.

    best: run ID -> the best validation mIoU at the packed size. Raises RunError where a seed is not trained.
    """
    found = pairs(plan, student)
    lacking = sum(len(plan.seeds) - len(by_seed) for by_seed in found.values())
    if lacking:
        raise RunError(f"{lacking} of {student}'s runs are not trained. The same command goes on.")
    seed = _median(found, best)
    twins = {seed: pair.twin for seed, pair in next(iter(found.values())).items()}
    made = [Pick(student_name(student, None), f"{student} alone", twins[seed], _alone(plan, twins, seed, miou))]
    for teacher, by_seed in found.items():
        gains = {on: {s: miou(p.student, on) - miou(p.twin, on) for s, p in by_seed.items()} for on in plan.on}
        title = f"{student} from {'the ensemble' if teacher == ENSEMBLE else teacher.rstrip('*')}"
        notes = _taught(plan, plan.ref(teacher), seed, gains)
        made.append(Pick(student_name(student, teacher), title, by_seed[seed].student, notes))
    return made


def _median(found: Mapping[str, Mapping[int, Pair]], best: Callable[[str], float]) -> int:
    """The seed in the middle by the mean of its runs, untaught and taught; of an even number the lower one."""
    runs = {seed: {run for by_seed in found.values() for run in by_seed[seed]} for seed in next(iter(found.values()))}
    means = {seed: statistics.fmean(map(best, sorted(those))) for seed, those in runs.items()}
    by_score = sorted(means, key=lambda seed: (means[seed], -seed))
    return by_score[(len(by_score) - 1) // 2]


def _alone(plan: Plan, twins: Mapping[int, str], seed: int, miou: Miou) -> str:
    told = "; ".join(f"{on} {_percent([miou(run, on) for run in twins.values()])}" for on in plan.on)
    return f"{_chosen(plan, seed)} mIoU over the seeds: {told}. Untaught twin of the students of its name."


def _taught(plan: Plan, teacher: str, seed: int, gains: Mapping[str, Mapping[int, float]]) -> str:
    told = "; ".join(f"{on} {_points([*by_seed.values()])}{_own(by_seed, seed)}" for on, by_seed in gains.items())
    on_average = [on for on, by_seed in gains.items() if statistics.fmean(by_seed.values()) <= 0]
    this_one = [on for on, by_seed in gains.items() if by_seed[seed] <= 0 and on not in on_average]
    short = [
        *([f"It does not beat its twin on {' and '.join(on_average)}"] if on_average else []),
        *([f"this one is not ahead of its own on {' and '.join(this_one)}"] if this_one else []),
    ]
    how = f"{plan.method}, α {plan.alpha:g}, T {plan.temperature:g}, {plan.base.optim.epochs} epochs"
    said = "; ".join([*short, f"this command tries one way: {how}."])
    tried = f" {said[0].upper()}{said[1:]}" if short else ""
    return f"{_chosen(plan, seed)} Points over the untaught twin of the same seed, taught by {teacher}: {told}.{tried}"


def _own(by_seed: Mapping[int, float], seed: int) -> str:
    """What the kept seed gained, beside the mean of several."""
    return "" if len(by_seed) == 1 else f" (this one {_points([by_seed[seed]])})"


def _chosen(plan: Plan, seed: int) -> str:
    if len(plan.seeds) == 1:
        return f"One seed: {seed}."
    seeds = ", ".join(map(str, plan.seeds))
    where = " + ".join(plan.base.data.val)
    return (
        f"Seed {seed}, the median of seeds {seeds} by the best epochs' mIoU on {where} at the packed size, "
        "the mean of the network alone and taught."
    )


def _percent(values: Sequence[float]) -> str:
    found = summary(values)
    return f"{100 * (found.mean or 0.0):.1f}" + ("" if found.spread is None else f" ± {100 * found.spread:.1f}")


def _points(values: Sequence[float]) -> str:
    found = summary(values)
    mean = f"{100 * (found.mean or 0.0):+.1f}".replace("-", "−")
    return mean + ("" if found.spread is None else f" ± {100 * found.spread:.1f}")
