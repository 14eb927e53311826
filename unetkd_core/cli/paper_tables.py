"""`unetkd paper tables`: Tables II to VII trained and measured on one dataset, and written to results/DATASET/."""

import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from unetkd_core.cli import follow_sweeps
from unetkd_core.cli import options as o
from unetkd_core.cli import splits as splits_of
from unetkd_core.cli.configure import config_from
from unetkd_core.cli.follow import follow
from unetkd_core.cli.output import duration, print_json, print_table, remark
from unetkd_core.cli.saying import saying
from unetkd_core.cli.sweep_options import list_of, seeds_of
from unetkd_core.errors import RunError, UnetKDError
from unetkd_core.models import pretrained
from unetkd_core.runs import (
    jobs,
    paper,
    paper_estimate,
    paper_file,
    paper_growing,
    paper_making,
    paper_text,
    provenance,
    standalone,
)
from unetkd_core.runs.paper_making import Splits
from unetkd_core.runs.paper_plan import Plan
from unetkd_core.runs.paper_printed import LARGEST
from unetkd_core.runs.paper_results import Made, Results, What
from unetkd_core.runs.status import write_text
from unetkd_core.training.config import RunConfig

ALL_STUDENTS: Final = ",".join(paper.STUDENTS)
ALL_TEACHERS: Final = ",".join(paper.TEACHERS)
FILES: Final = (paper_file.FILE, "paper-tables.md", "paper-tables.csv", "figure-3.csv")

Dataset = Annotated[str, typer.Option("--dataset", help="streets, camvid, cityscapes, or a registered name.")]
Tables = Annotated[str, typer.Option("--tables", metavar="N,…", help="Of 2,3,4,5,6,7.")]
Seeds = Annotated[str, typer.Option("--seeds", metavar="N,…", help="Students’ seeds; teachers have the first.")]
Students = Annotated[str, typer.Option("--students", metavar="NAME,…", help="Of M128,M256,M512.")]
Teachers = Annotated[
    str, typer.Option("--teachers", metavar="NAME,…", help=f"Of {ALL_TEACHERS}; {LARGEST} has no norm.")
]
Use = Annotated[
    list[str] | None,
    typer.Option("--use", metavar="NAME=REF", help="A network that is there already, as MobileNetV2=run:ID; repeat."),
]
MethodTeacher = Annotated[str, typer.Option("--method-teacher", help="Who teaches every method of Table VII.")]
Methods = Annotated[
    str | None, typer.Option("--methods", metavar="ROW,…", help=f"Of Table VII: {', '.join(paper.METHOD_ROWS)}.")
]
On = Annotated[str | None, typer.Option("--on", metavar="REF", help="Report on the whole of this split.")]
Out = Annotated[Path | None, typer.Option("--out", metavar="FOLDER", help="Left out: results/DATASET.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what is to be trained and how long it takes, and end.")]


def tables(
    context: typer.Context,
    dataset: Dataset = "streets",
    tables: Tables = "2,3,4,5,6,7",
    seeds: Seeds = "0,1,2",
    students: Students = ALL_STUDENTS,
    teachers: Teachers = ALL_TEACHERS,
    use: Use = None,
    method_teacher: MethodTeacher = LARGEST,
    methods: Methods = None,
    on: On = None,
    out: Out = None,
    dry_run: DryRun = False,
    norm: o.Norm = None,
    recipe: o.Recipe = None,
    budget: o.Budget = None,
    train: o.Train = None,
    val: o.Val = None,
    size: o.Size = None,
    max_train: o.MaxTrain = None,
    max_val: o.MaxVal = None,
    epochs: o.Epochs = None,
    batch_size: o.BatchSize = None,
    lr: o.LearningRate = None,
    turns: o.Turns = None,
    config_file: o.ConfigFile = None,
    as_json: o.AsJson = False,
) -> None:
    """The paper's tables, trained and measured here: networks alone, then everyone who is taught, each with its twin.

    What is trained or scored already is not done again: Ctrl-C stops it, and the same command goes on.
    """
    usual = splits_of.usual(dataset)
    settings = {**locals(), "teacher": None, "preset": None, "train": train or [usual.train], "val": val or [usual.val]}
    base = config_from(settings)
    splits = splits_of.opened(on or usual.on, base.data.train[0], base.data.max_train)
    path = paper_file.path_of(splits.val.name, out)
    there = paper_file.read(path) if path.exists() else None
    plan = Plan(
        base=base,
        tables=tuple(list_of(tables, int, "--tables", expected="tables' numbers, as 2,3") or ()),
        seeds=tuple(seeds_of(seeds) or ()),
        students=tuple(list_of(students, str, "--students") or ()),
        teachers=tuple(list_of(teachers, str, "--teachers") or ()),
        given=given_of(use or []),
        method_teacher=method_teacher,
        methods=tuple(list_of(methods, str, "--methods") or ()),
        teacher_seed=there.notes.get("teacher_seed") if there else None,
        there=there,
    )
    plan = replace(plan, imagenet=pretrained.here({name for name, _ in plan.alone()} & {*paper.MEMBERS}))
    making = Making(plan, splits, path, context.obj)
    making.check()
    _say_costs(plan, splits)
    if dry_run:
        return
    whole = making.train()
    results = making.write()
    print_json(paper_file.to_json(results)) if as_json else _print(results, plan.tables)
    remark(f"{making.path.parent} is written: {', '.join(FILES)}.")
    if not whole:
        raise RunError("Not everything is trained, so some rows are empty. The same command goes on.")


class Making:
    """One go of the command: trains what is missing, stage after stage, and writes what there is whenever more is."""

    def __init__(self, plan: Plan, splits: Splits, path: Path, words: Sequence[str]) -> None:
        self.plan, self.splits, self.path = plan, splits, path
        self.notes = notes_of(words, plan.base, splits)

    def check(self) -> None:
        """Before anything costs time: data, given networks, and whether the file may grow by this."""
        paper_estimate.check(self.plan, self.splits)
        paper_growing.check(self.path, paper_making.frame(self.plan, self.splits, self.notes))

    def train(self) -> bool:
        """True when every run is done. Raises RunError when it was stopped before anyone could be taught."""
        alone = self._alone()
        refs = paper_making.Finder(self.plan).refs()
        went_on = follow_sweeps.run_all(self.plan.specs(refs), after=self._write_so_far)
        return alone and went_on and not paper_making.missing(self.plan)

    def _alone(self) -> bool:
        runs = [run for run in standalone.start([c for _, c in self.plan.to_train()]) if run.status().state != "done"]
        if not runs:
            return True
        many = "networks" if len(runs) > 1 else "network"
        remark(f"{len(runs)} {many} alone: {', '.join(run.config.title for run in runs)}.")
        done = follow(runs)
        self._write_so_far()
        if any(run.status().state == "stopped" for run in runs):
            raise RunError("It was stopped; the rows that are whole are written. The same command goes on.")
        return done

    def _write_so_far(self) -> None:
        """On the way, what cannot be written or scored now must not end hours of training."""
        remark("Scoring what is done; Ctrl-C ends that at once, and what was scored is kept.")
        try:
            self.write()
        except UnetKDError as error:
            remark(str(error))

    def write(self) -> Results:
        """Score what is done, and write it together with what was there."""
        with saying() as say:
            fresh = paper_making.make(self.plan, self.splits, self.notes, say)
        results = paper_growing.grown(paper_growing.check(self.path, fresh), fresh)
        paper_file.write(results, self.path)
        try:
            for name, text in zip(FILES[1:], _texts(results), strict=True):
                write_text(self.path.parent / name, text, durable=False)
        except OSError as error:
            raise RunError(f"{self.path.parent} cannot be written: {error.strerror or error}.") from error
        return results


def _texts(results: Results) -> tuple[str, str, str]:
    return paper_text.markdown(results), paper_text.as_csv(results), paper_text.curves_csv(results)


def given_of(use: Sequence[str]) -> dict[str, str]:
    """["MobileNetV2=run:ID"] -> name and reference. A usage error for anything else."""
    given = {}
    for text in use:
        name, sign, ref = (part.strip() for part in text.partition("="))
        if not (name and sign and ref):
            raise typer.BadParameter(f"{text!r} is not NAME=REF, as MobileNetV2=run:ID", param_hint="--use")
        given[name] = ref
    return given


def notes_of(words: Sequence[str], base: RunConfig, splits: Splits) -> dict[str, Any]:
    """How a table was made, who wrote it last, and what the data were made of; networks have their own origins."""
    made_of = jobs.data_hashes(base, splits.val, splits.train)
    return {"command": shlex.join(["unetkd", *words]), **provenance.of_writing(), "data": made_of}


def _say_costs(plan: Plan, splits: Splits) -> None:
    """A line for each table, on stderr: how much is left, and about how long."""
    costs = paper_estimate.costs(plan, splits)
    for cost in costs:
        there = f", {cost.done} done already" if cost.done else ""
        runs = "run" if cost.todo == 1 else "runs"
        remark(f"{paper_estimate.names(cost)}: {cost.todo} {runs} to train{there}, about {duration(cost.seconds)}.")
    scratch = [name for name in paper.MEMBERS if name in {a.name for a in plan.alone()} - plan.imagenet]
    if scratch:
        remark(
            f"{', '.join(scratch)}: ImageNet’s weights are not here, so from scratch. Put them into UNETKD_WEIGHTS, or "
            "name a trained network: --use NAME=REF."
        )
    remark(f"Together about {duration(sum(cost.seconds for cost in costs))}. A run that tables share counts once.")


def _print(results: Results, wanted: Sequence[int]) -> None:
    for table in sorted(wanted):
        what = paper_text.measures(table)
        head = [*paper_text.heads(table), *(f"#{part}" for one in what for part in _heads(one)), "Seeds"]
        rows = [
            [*paper_text.padded(made), *(p for one in what for p in _three(made, one)), paper_text.seeds(made)]
            for made in results.table(table)
        ]
        typer.echo(paper_text.caption(results, table))
        print_table(head, rows)
    typer.echo(paper_text.not_cityscapes(results.dataset))


def _heads(what: What) -> tuple[str, str, str]:
    return f"{paper_text.WORDS[what]}, paper", "here", "difference"


def _three(made: Made, what: What) -> tuple[str, str, str]:
    found = paper_text.cell(made, what, "val")
    return found.paper, found.ours, found.difference
