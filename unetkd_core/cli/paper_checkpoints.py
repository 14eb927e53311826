"""`unetkd paper checkpoints`: the networks that come with the app, trained, chosen among seeds, scored and kept."""

import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import typer

from unetkd_core import settings
from unetkd_core.cli import follow_sweeps
from unetkd_core.cli import options as o
from unetkd_core.cli.configure import config_from
from unetkd_core.cli.follow import follow
from unetkd_core.cli.output import duration, percent, print_json, print_table, remark
from unetkd_core.cli.paper_tables import Seeds, Use, given_of
from unetkd_core.cli.saying import Say, saying
from unetkd_core.cli.sweep_options import list_of, seeds_of
from unetkd_core.data import catalog
from unetkd_core.data.source import Remembered, Source
from unetkd_core.errors import CheckpointError, ConfigError, RunError, UnetKDError
from unetkd_core.models import pretrained
from unetkd_core.models.backbones import ENCODERS
from unetkd_core.models.names import arch_of
from unetkd_core.runs import checks, estimate, keep, scored, shipped, standalone, sweep_estimate
from unetkd_core.runs.shipped import ENSEMBLE_NAME, Plan
from unetkd_core.runs.sweep_reading import read_one
from unetkd_core.zoo import checkpoints, ensemble_search, ensembles, folders, references
from unetkd_core.zoo.checkpoints import CheckpointInfo
from unetkd_core.zoo.references import RUN_PREFIX

ALL_STUDENTS: Final = ",".join(shipped.STUDENTS)
ALL_TEACHERS: Final = ",".join(shipped.TEACHERS)
ALL_TEACHING: Final = ",".join(shipped.TEACHING)
TRAIN: Final = ["streets:train", "camvid:train-without-0006R0"]
VAL: Final = ["camvid:train-only-0006R0"]
ON: Final = ["streets:val", "camvid:val"]

Students = Annotated[str, typer.Option("--students", metavar="NAME,…", help="Of M128,M256,M512.")]
Teachers = Annotated[
    str, typer.Option("--teachers", metavar="NAME,…", help="Trained alone, once. M1024* has no normalisation.")
]
Teaching = Annotated[str, typer.Option("--taught-by", metavar="NAME,…", help="Who of them teaches; or Ensemble.")]
On = Annotated[
    list[str] | None,
    typer.Option("--on", metavar="REF", help="Cards report this; repeat. Left out: streets:val, camvid:val."),
]
Replace = Annotated[bool, typer.Option("--replace", help="Overwrite checkpoints of these names that no run here made.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what is to be trained and how long it takes, and end.")]


def checkpoints_(
    context: typer.Context,
    students: Students = ALL_STUDENTS,
    teachers: Teachers = ALL_TEACHERS,
    taught_by: Teaching = ALL_TEACHING,
    seeds: Seeds = "0,1,2",
    use: Use = None,
    method: Annotated[str, typer.Option("--method", help="How students are taught.")] = "kd-t2",
    alpha: Annotated[float, typer.Option("--alpha", min=0, max=1)] = 0.5,
    temperature: Annotated[float, typer.Option("--temperature", min=1)] = 4.0,
    on: On = None,
    replace_: Replace = False,
    dry_run: DryRun = False,
    norm: o.Norm = None,
    recipe: o.Recipe = None,
    train: o.Train = None,
    val: o.Val = None,
    size: o.Size = "144x224",
    max_train: o.MaxTrain = 700,
    max_val: o.MaxVal = None,
    epochs: o.Epochs = 16,
    batch_size: o.BatchSize = None,
    lr: o.LearningRate = None,
    turns: o.Turns = None,
    config_file: o.ConfigFile = None,
    as_json: o.AsJson = False,
) -> None:
    """The networks that come with the app: teachers, their ensemble, and of each student the median of its seeds.

    What is trained, scored or kept already is not done again: Ctrl-C stops it, and the same command goes on.
    """
    given = {**locals(), "teacher": None, "preset": None, "method": None, "alpha": None, "temperature": None}
    plan = Plan(
        base=config_from({**given, "train": train or TRAIN, "val": val or VAL}),
        on=tuple(on or ON),
        students=tuple(list_of(students, str, "--students") or ()),
        teachers=tuple(list_of(teachers, str, "--teachers") or ()),
        teaching=tuple(list_of(taught_by, str, "--taught-by") or ()),
        seeds=tuple(seeds_of(seeds) or ()),
        given=given_of(use or []),
        method=method,
        alpha=alpha,
        temperature=temperature,
    )
    plan = replace(plan, imagenet=pretrained.here({one.name for one in plan.alone()} & {*ENCODERS}))
    making = Making(plan, context.obj)
    making.check(replacing=replace_ or dry_run)  # which only looks
    costs = making.costs()
    if dry_run and as_json:
        print_json({"to_train": [cost._asdict() for cost in costs], "kept_as": plan.names()})
        return
    for cost in costs:
        remark(f"{cost.what}: {cost.runs} run{'' if cost.runs == 1 else 's'} to train, about {duration(cost.seconds)}.")
    if dry_run:
        remark(f"Kept as {', '.join(plan.names())}.")
        return
    with saying() as say:
        made = making.make(say)
    if as_json:
        print_json([checkpoints.read_info(settings.checkpoints_dir() / name).to_json() for name in made])
    else:
        _print(made, plan.on)


class Cost(NamedTuple):
    """Part of the work that is left: whom it is about, runs to train, seconds here with every core."""

    what: str
    runs: int
    seconds: float


_MADE_BY: Final = "Made by "


class Making:
    """One go of the command."""

    def __init__(self, plan: Plan, words: Sequence[str]) -> None:
        self.plan = plan
        self.sources: dict[str, Source] = {ref: Remembered(catalog.open_source(ref)) for ref in plan.on}
        self.command = f"{_MADE_BY}`{shlex.join(['unetkd', *words])}`."

    def check(self, *, replacing: bool) -> None:
        """Before anything costs time: data, given teachers, and whether a checkpoint would be lost."""
        for source in self.sources.values():
            source.check()
        checks.check_labels(self.plan.base)
        for name, ref in self.plan.given.items():
            _check_kind(name, ref)
        lost = [name for name in self.plan.names() if self._is_anothers(name)]
        if lost and not replacing:
            raise CheckpointError(
                f"{', '.join(lost)} would be overwritten, and no run here made {'it' if len(lost) == 1 else 'them'}; "
                "say --replace, or turn UNETKD_CHECKPOINTS to another folder."
            )

    def _is_anothers(self, name: str) -> bool:
        folder = settings.checkpoints_dir() / name
        if not folders.exists(folder):
            return False
        if name == ENSEMBLE_NAME:
            return not self._is_the_ensemble()
        made_by = dict(checkpoints.list_named()).get(name)
        return made_by is None or made_by.run_id is None or not (settings.runs_dir() / made_by.run_id).is_dir()

    def _is_the_ensemble(self) -> bool:
        """Whether what is kept under its name is of these very members, searched on the same."""
        try:
            there, wanted = references.spec_of(ENSEMBLE_NAME), references.fixed(self.plan.ensemble())
        except UnetKDError:
            return False
        same = there is not None and (there.members, there.sha256) == (wanted.members, wanted.sha256)
        return same and there is not None and list(there.searched_on) == list(self.plan.base.data.val)

    def costs(self) -> list[Cost]:
        """What is left to train, teachers first."""
        lacking = standalone.missing([one.config for one in self.plan.alone()])
        seconds = sum(estimate.estimate(config, twin=False).seconds for config in lacking)
        names = ", ".join(
            f"{c.model.name}{'*' * (c.model.name == 'M1024' and c.model.norm == 'none')}" for c in lacking
        )
        return [Cost(f"Teachers ({names or 'all there'})", len(lacking), seconds), *map(self._cost, self.plan.students)]

    def _cost(self, student: str) -> Cost:
        """One student's; before its teachers are there, as if all had to be trained and nobody to be asked."""
        plan = self.plan
        what = f"{student} (alone, from {', from '.join(plan.teaching)}; seeds {', '.join(map(str, plan.seeds))})"
        if all(folders.exists(settings.checkpoints_dir() / plan.ref(name)) for name in plan.teaching):
            left = sweep_estimate.of_spec(plan.spec(student))
            return Cost(what, left.students + left.twins, left.seconds)
        runs = len(plan.seeds) * (1 + len(plan.teaching))
        config = next(iter(plan.spec(student).runs())).config.twin("-")
        at_once = settings.slots(config.hardware.device if config.hardware.device != "auto" else "cpu")
        return Cost(what, runs, runs * estimate.estimate(config, twin=False).seconds / at_once)

    def make(self, say: Say) -> list[str]:
        """Every name that is kept. Raises RunError where it was stopped or something failed."""
        made = self._teachers(say)
        if self.plan.has_ensemble:
            made.append(self._ensemble(say))
        if not follow_sweeps.run_all([self.plan.spec(student) for student in self.plan.students]):
            raise RunError("It was stopped; the teachers are kept. The same command goes on.")
        return made + [name for student in self.plan.students for name in self._students(student, say)]

    def _teachers(self, say: Say) -> list[str]:
        wanted = self.plan.alone()
        runs = standalone.start([one.config for one in wanted])
        going = [run for run in runs if run.status().state != "done"]
        if going:
            remark(f"Teachers: {', '.join(run.config.title for run in going)}.")
        if going and not follow(going):
            raise RunError("Not every teacher is trained. The same command goes on.")
        made = []
        for one, run in zip(wanted, runs, strict=True):
            notes = f"One seed: {run.config.seed}.{_began(one.name, one.config.model.weights)} {self.command}"
            made.append(
                self._keep(shipped.teacher_name(one.name), one.name.rstrip("*"), run.id, notes, say, teacher=True)
            )
        return made

    def _ensemble(self, say: Say) -> str:
        """Search its weights where that was not done of these very members, and score it on what cards report."""
        there = references.spec_of(ENSEMBLE_NAME) if self._is_the_ensemble() else None
        if there is not None and {*self.plan.on} <= {*there.metrics}:
            return ENSEMBLE_NAME
        spec = references.fixed(self.plan.ensemble())
        folder = settings.checkpoints_dir() / ENSEMBLE_NAME
        searched = list(self.plan.base.data.val)
        found = ensemble_search.find_weights(
            spec, searched, progress=lambda done, total: say("Searching the ensemble's weights", done, total)
        )
        scores = {ref: scored.scores_of(found, source).to_json() for ref, source in self.sources.items()}
        ensembles.save(found.model_copy(update={"metrics": {**found.metrics, **scores}}), folder)
        return ENSEMBLE_NAME

    def _students(self, student: str, say: Say) -> list[str]:
        say(f"Scoring {student}", 0, 1)
        picks = shipped.picks(self.plan, student, self._miou, _best)
        return [self._keep(p.name, p.title, p.run_id, f"{p.notes} {self.command}", say) for p in picks]

    def _miou(self, run_id: str, on: str) -> float:
        return scored.scores_of(f"{RUN_PREFIX}{run_id}", self.sources[on]).miou

    def _is_kept(self, there: CheckpointInfo, run_id: str, notes: str) -> bool:
        same = there.run_id == run_id and _found(there.notes) == _found(notes)
        return same and {*self.plan.on} <= {*there.metrics}

    def _keep(self, name: str, title: str, run_id: str, notes: str, say: Say, *, teacher: bool = False) -> str:
        """Keep a run under a name, unless that is done."""
        there = dict(checkpoints.list_named()).get(name)
        if there is None or not self._is_kept(there, run_id, notes):
            keep.keep(
                run_id, name, list(self.sources.values()), title=title, notes=notes, teacher=teacher, replace=True,
                progress=lambda ref, done, total: say(f"{name} on {ref}", done, total),
            )  # fmt: skip
        return name


def _check_kind(name: str, ref: str) -> None:
    """Raises ConfigError where what is given as the network `name` is another."""
    arch = references.info_of(ref).arch
    wanted = arch_of(name.rstrip("*"), "none" if name.endswith("*") else str(arch.get("norm")))
    if arch != wanted:
        kind = f"{arch.get('name', arch.get('type'))}, normalisation {arch.get('norm')}"
        raise ConfigError(f"--use {name}={ref}: {ref} is another network ({kind}); name one that is a {name}.")


def _found(notes: str) -> str:
    """Without the command: the same found by other words needs no new card."""
    return notes.partition(_MADE_BY)[0]


def _best(run_id: str) -> float:
    return read_one(run_id, 0).curve.best() or 0.0


def _began(name: str, weights: str | None) -> str:
    if name not in ENCODERS:
        return ""
    return (
        " Its encoder began with ImageNet's weights."
        if weights
        else " Its encoder began from scratch, without ImageNet."
    )


def _print(names: Sequence[str], on: Sequence[str]) -> None:
    rows = []
    for name in names:
        info = references.info_of(name)
        rows.append((name, *(_miou(info.metrics.get(ref)) for ref in on)))
    print_table(("Checkpoint", *(f"#{ref}" for ref in on)), rows)
    size = sum(f.stat().st_size for f in Path(settings.checkpoints_dir()).rglob("*") if f.is_file())
    typer.echo(f"{settings.checkpoints_dir()} has {size / 1e6:.1f} MB.")


def _miou(scores: object) -> str:
    found = scores.get("miou") if isinstance(scores, dict) else None
    return percent(found) if isinstance(found, float) else percent(None)
