"""Measures the paper's tables: finds each row's runs on disk, by what they are, and scores those that are done.

Trains nothing. Scores are kept as they are measured (scored.py), so that asking again costs nothing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from unetkd_core import settings
from unetkd_core.data.source import Source
from unetkd_core.errors import UnetKDError
from unetkd_core.models.backbones import ENCODERS
from unetkd_core.runs import origins, paper_choice, scored, standalone
from unetkd_core.runs.folder import Run, list_runs, open_run
from unetkd_core.runs.paper import BEST, CURVES_OF, Row, slug
from unetkd_core.runs.paper_choice import Way
from unetkd_core.runs.paper_plan import Plan, Refs, members_of
from unetkd_core.runs.paper_printed import ENSEMBLE, LARGEST
from unetkd_core.runs.paper_results import Curve, Made, Pair, Results, Seen
from unetkd_core.runs.sweep_match import Finished
from unetkd_core.runs.sweep_reading import read_one
from unetkd_core.training.methods import method_of
from unetkd_core.zoo.references import RUN_PREFIX, Reference

Say = Callable[[str, int, int], None]


class Finder(Finished):
    """Which finished runs on disk are whose in a plan."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.plan = plan

    def refs(self) -> dict[str, Reference]:
        """Everyone who can teach: given, or trained with the teachers' seed."""
        found = {}
        for name, config in self.plan.alone():
            if config.seed == self.plan.teaches and (run := self.alone(config)) is not None:
                found[name] = f"{RUN_PREFIX}{run.id}"
        return self.plan.refs(found)


@dataclass(frozen=True)
class Splits:
    """What is scored: `val` as a whole, `train` on at most `limit` scenes, evenly spaced as they were learned from."""

    val: Source
    train: Source
    limit: int | None = None


def make(plan: Plan, splits: Splits, notes: Mapping[str, Any], say: Say = lambda *_: None) -> Results:
    """Every row as far as its runs are done. Raises DataError when there are no labels to score by."""
    finder = Finder(plan)
    refs = finder.refs()
    found = [_Found(row, list(_runs(row, finder, refs))) for row in plan.rows()]
    found += _best(plan, finder, refs, found)
    scores = Scorer(
        splits, say, len({ref for one in found for _, *refs in one.runs for ref in refs if isinstance(ref, str)})
    )
    rows = tuple(_made(one, plan, refs, scores) for one in found)
    return replace(frame(plan, splits, notes), rows=rows, curves=tuple(_curves(plan, finder, refs)))


def frame(plan: Plan, splits: Splits, notes: Mapping[str, Any]) -> Results:
    """Results with nothing measured in them yet."""
    config = plan.base.model_dump(mode="json", exclude={"name", "seed", "twin_of", "teaching", "hardware"})
    rows = tuple(Made(row, (), note=note(row, plan), who=plan.who(row)) for row in plan.rows())
    told = {**notes, "teacher_seed": plan.teaches}
    return Results(splits.val.name, splits.val.ref, splits.train.ref, splits.limit, config, rows, notes=told)


def missing(plan: Plan) -> int:
    """How many rows lack a seed, here and in what was measured before."""
    finder = Finder(plan)
    refs = finder.refs()
    lacking = plan.lacking()
    taught = [len(list(_taught(row, seeds, finder, refs))) < len(seeds) for row, seeds in lacking.items()]
    alone = {one.name for one in plan.alone() if plan.measured(one) is None and finder.alone(one.config) is None}
    return sum(taught) + sum(row.teacher is None and row.network in alone for row in plan.rows())


@dataclass(frozen=True)
class _Found:
    """A row and (seed, its network, the twin)."""

    row: Row
    runs: list[tuple[int, str, str | Seen | None]]
    ways: tuple[Way, ...] = ()


def _runs(row: Row, finder: Finder, refs: Refs) -> Iterator[tuple[int, str, str | Seen | None]]:
    plan = finder.plan
    if row.teacher is not None:
        yield from _taught(row, plan.seeds, finder, refs)
    elif row.network in plan.given:
        yield plan.teaches, plan.given[row.network], None
    else:
        for name, config in plan.alone():
            if name == row.network and (run := finder.alone(config)) is not None:
                yield config.seed, f"{RUN_PREFIX}{run.id}", None


def _taught(row: Row, seeds: Sequence[int], finder: Finder, refs: Refs) -> Iterator[tuple[int, str, str | Seen]]:
    """Seeds of which both are done, the student here and its twin here or before."""
    if row.teacher not in refs:
        return
    for seed, config in finder.plan.configs(row, refs):
        if seed not in seeds:
            continue
        pair, before = finder.pair(config), finder.plan.twin(row.network, seed)
        student = pair[0] if pair is not None else finder.taught(config) if before is not None else None
        twin = f"{RUN_PREFIX}{pair[1].id}" if pair is not None else before
        if student is not None and twin is not None:
            yield seed, f"{RUN_PREFIX}{student.id}", twin


def _best(plan: Plan, finder: Finder, refs: Refs, found: Sequence[_Found]) -> list[_Found]:
    """Table VI's own question, for each student: which teacher, method, α and T was best of all that is trained here.

    Chosen by the curves' validation data, which is what choices are made on, and never by the split that is reported;
    of ways with every seed alone. Where none has, there is no choice, but all that one may be made of.
    """
    if 6 not in plan.tables:
        return []
    chosen = []
    for student in plan.students:
        ways = {_way(one.row): one for one in found if one.row.network == student and one.row.teacher}
        for row in _elsewhere(student, refs, ways):
            runs = list(_runs(row, finder, refs))
            ways |= {_way(row): _Found(row, runs)} if runs else {}
        by_way = {way.key: (way, one) for one in ways.values() if one.runs and (way := _scored(one, plan)) is not None}
        looked_at = tuple(way for way, _ in by_way.values())
        choice = paper_choice.choose(looked_at, plan.seeds)
        if choice is not None:
            best = by_way[choice.best.key][1]
            chosen.append(_Found(_choice_row(best.row, choice.ways), best.runs, looked_at))
        elif looked_at:  # it takes the seeds that a file has besides to make them whole
            chosen.append(_Found(_choice_row(by_way[looked_at[0].key][1].row, len(looked_at)), [], looked_at))
    return chosen


def _choice_row(best: Row, ways: int) -> Row:
    return replace(best, table=6, key=f"{BEST}-{slug(best.network)}", printed=(), of=ways)


def _elsewhere(student: str, refs: Refs, ways: Mapping[Any, Any]) -> Iterator[Row]:
    """Every way in which this student was taught by anyone here, whatever trained it; settings are compared later."""
    taught = dict.fromkeys(found for run in list_runs() if (found := _taught_how(run, student)) is not None)
    for teacher in refs:
        if teacher in (student, "M1024"):
            continue
        for method, alpha, temperature in taught:
            row = Row(6, "", student, teacher, method, alpha, temperature)
            if _way(row) not in ways:
                yield row


def _taught_how(run: Run, student: str) -> tuple[str, float, float] | None:
    """(method, α, T) of a run of this student; None where it is another's, untaught, or as no method has it."""
    try:
        config = run.config
    except UnetKDError:
        return None
    teaching = config.teaching
    if teaching is None or config.model.name != student:
        return None
    method = method_of(teaching)
    return None if method is None else (method, teaching.alpha, teaching.temperature)


def _way(row: Row) -> tuple[Any, ...]:
    return row.teacher, row.method, row.alpha, row.temperature


def _scored(found: _Found, plan: Plan) -> Way | None:
    """A way with each seed's best validation mIoU at the packed size; none where one is not known."""
    curves = {seed: read_one(student.removeprefix(RUN_PREFIX), 0).curve for seed, student, _ in found.runs}
    scores = {seed: best for seed, curve in curves.items() if (best := curve.best()) is not None}
    if len(scores) < len(curves):
        return None
    row = found.row
    assert row.teacher is not None and row.alpha is not None and row.temperature is not None
    return Way(row.teacher, row.method, row.alpha, row.temperature, plan.who(row), scores)


class Scorer:
    """Scores every reference once, of `wanted` in all; says how far it is."""

    def __init__(self, splits: Splits, say: Say, wanted: int) -> None:
        self._splits, self._say, self._of = splits, say, wanted
        self._seen: dict[str, Seen] = {}

    def __call__(self, ref: str) -> Seen:
        if ref not in self._seen:
            self._say("Scoring", len(self._seen), self._of)
            self._seen[ref] = self._measured(ref)
        return self._seen[ref]

    def _measured(self, ref: str) -> Seen:
        splits = self._splits
        val, train = scored.scores_of(ref, splits.val), scored.scores_of(ref, splits.train, limit=splits.limit)
        is_run = ref.startswith(RUN_PREFIX)
        name = ref.removeprefix(RUN_PREFIX)
        best_epoch = standalone.best_epoch(open_run(name)) if is_run else None
        return Seen(name if is_run else ref, train, val, best_epoch, origins.of(ref))


def _made(found: _Found, plan: Plan, refs: Refs, scores: Scorer) -> Made:
    pairs = tuple(
        Pair(seed, scores(student), scores(twin) if isinstance(twin, str) else twin)
        for seed, student, twin in found.runs
    )
    said = (_config(found.row, plan, refs), note(found.row, plan), plan.who(found.row))
    return Made(found.row, pairs, *said, found.ways)


def _config(row: Row, plan: Plan, refs: Refs) -> dict[str, Any]:
    """What the first seed's settings say beyond the base's: network, teaching, an encoder's treatment."""
    if row.teacher is not None:
        config = next((c for _, c in plan.configs(row, refs)), None) if row.teacher in refs else None
    else:
        config = None if row.network in plan.given else plan.config(row.network, plan.seeds[0])
    if config is None:
        return {}
    said, base = config.model_dump(mode="json"), plan.base.model_dump(mode="json")
    changed = {name: said[name] for name in ("model", "optim", "teaching") if said[name] != base[name]}
    return {**changed, "model": said["model"]}


def note(row: Row, plan: Plan) -> str:
    """What a reader must know about the networks of this row: who was given, which encoder had no ImageNet weights."""
    teaching = () if row.teacher is None else members_of(row.teacher, plan.given) or (row.teacher,)
    names = [row.network, *teaching]
    given = [f"{name}: {plan.given[name]}" for name in names if name in plan.given]
    scratch = [name for name in names if name in ENCODERS and name not in plan.given and name not in plan.imagenet]
    told = [f"{', '.join(scratch)} from scratch, without ImageNet’s weights"] if scratch else []
    return "; ".join([*given, *told])


def _curves(plan: Plan, finder: Finder, refs: Refs) -> Iterator[Curve]:
    """Figure 3: M256 after every epoch, taught by M1024 and by the ensemble, and its untaught twin."""
    rows = {row.teacher: row for row in plan.rows() if row.table in (4, 5) and row.network == CURVES_OF}
    twins: dict[tuple[int, str], None] = {}
    for teacher in (LARGEST, ENSEMBLE):
        for seed, student, twin in _taught(rows[teacher], plan.seeds, finder, refs) if teacher in rows else ():
            yield _curve(teacher, seed, student)
            twins |= {(seed, run): None for run in (_own(twin), _own(plan.twin(CURVES_OF, seed))) if run}
    for seed, run in twins:  # which of them is the file's is the file's to say
        yield _curve("twin", seed, run)


def _own(twin: str | Seen | None) -> str:
    """The twin's run, where it lies on this machine."""
    run_id = twin.removeprefix(RUN_PREFIX) if isinstance(twin, str) else twin.run if twin else ""
    return run_id if run_id and (settings.runs_dir() / run_id).is_dir() else ""


def _curve(who: str, seed: int, ref: str) -> Curve:
    run_id = ref.removeprefix(RUN_PREFIX)
    return Curve(who, seed, run_id, read_one(run_id, 0).curve.mious)
