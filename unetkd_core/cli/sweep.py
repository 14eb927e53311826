"""`unetkd sweep`: grids of taught runs; start, watch, look, stop, resume. The folder is the truth, a driver does it."""

import contextlib
import csv
import sys
from collections.abc import Sequence
from itertools import groupby
from time import sleep
from typing import Annotated, Any

import typer
from rich.console import Console

from unetkd_core.cli import options as o
from unetkd_core.cli import sweep_options as s
from unetkd_core.cli.output import MISSING, UNREADABLE, duration, percent, points, print_json, print_table, remark
from unetkd_core.errors import RunError, UnetKDError
from unetkd_core.runs import sweep_estimate, sweeps
from unetkd_core.runs.sweep_folder import Sweep
from unetkd_core.runs.sweep_results import CellResult, Score, Summary, best
from unetkd_core.zoo import references

app = typer.Typer(help="Sweeps: grids over α, T, student, teacher, method, seed.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(metavar="ID", help="As `unetkd sweep list` shows it.")]
POLL_SECONDS = 0.5


@app.command()
def start(
    teacher: s.Teachers = None,
    weights: o.Weights = None,
    space: o.Space = None,
    preset: s.Series = None,
    alpha: s.Alphas = None,
    temperature: s.Temperatures = None,
    student: s.Students = None,
    method: s.Methods = None,
    seed: s.Seeds = None,
    no_twins: s.NoTwins = False,
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
    name: o.Name = None,
    config_file: o.ConfigFile = None,
    detach: o.Detach = False,
    as_json: o.AsJson = False,
) -> None:
    """Teach a student in every way of the grid, each untaught twin once.

    Ctrl-C stops the sweep, keeps what is done, and says how to resume.
    """
    spec = s.spec_from(locals())
    left = sweep_estimate.of_spec(spec)
    sweep = sweeps.start(spec)
    remark(f"{sweep.id}  {spec.title}: {to_do(left)}, about {duration(left.seconds)}.")
    _after_launch(sweep, detach=detach, as_json=as_json)


@app.command("list")
def list_(as_json: o.AsJson = False) -> None:
    """Every sweep, newest first."""
    found = [summary_or_why(sweep) for sweep in sweeps.list_sweeps()]
    if as_json:
        print_json(found)
    elif not found:
        remark("No sweeps yet. `unetkd sweep start --teacher NAME --preset 3x3 --budget taste` starts one.")
    else:
        rows = [(f["id"], f["title"], f["state"], _done_of(f), f["failed"] or "", f["best"] or MISSING) for f in found]
        print_table(("Id", "What", "State", "#Runs", "#Failed", "Best"), rows)
        for one in found:
            if one["state"] == UNREADABLE:
                remark(f"{one['id']}: {one['problem']}")


@app.command()
def show(sweep_id: Id, as_json: o.AsJson = False) -> None:
    """One sweep: the grid with every cell's gain, mean ± spread over seeds."""
    sweep = sweeps.open_sweep(sweep_id)
    if as_json:
        print_json({**summary(sweep), "spec": sweep.spec.model_dump(mode="json"), "runs_table": sweeps.table(sweep)})
        return
    status = sweep.status()
    typer.echo(f"{sweep.id}  {sweep.spec.title}, {status.state}: {status.message}")
    if status.error:
        typer.echo(f"{status.error.headline} {status.error.hint}")
    _print_grids(sweep)


@app.command()
def stop(sweep_id: Id) -> None:
    """Stop a sweep and its runs; all keep what they have."""
    sweeps.stop(sweep_id)
    typer.echo(f"{sweep_id} is stopped; `unetkd sweep resume {sweep_id}` goes on.")


@app.command()
def resume(sweep_id: Id, detach: o.Detach = False, as_json: o.AsJson = False) -> None:
    """Go on: skip what is done, resume what ended early, start the rest."""
    _after_launch(sweeps.resume(sweep_id), detach=detach, as_json=as_json)


@app.command("csv")
def csv_(sweep_id: Id) -> None:
    """Every run as a row of CSV on stdout: axes, state, mIoU, twin, gain, IoU of each class."""
    rows = sweeps.table(sweeps.open_sweep(sweep_id))
    writer = csv.DictWriter(sys.stdout, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


@app.command()
def delete(sweep_id: Id, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False) -> None:
    """Delete a sweep's folder; its runs stay."""
    sweep = sweeps.open_sweep(sweep_id)
    if not yes:
        typer.confirm(f"Delete the sweep {sweep.id} ({sweep.spec.title})? Its runs stay.", abort=True, err=True)
    sweeps.delete(sweep_id)
    typer.echo(f"{sweep_id} is deleted; its runs stay.")


def summary(sweep: Sweep) -> dict[str, Any]:
    """What a script would ask of a sweep, as JSON values."""
    status, cells = sweep.status(), sweeps.cells(sweep)
    done, failed, runs = sweeps.runs_done(cells)
    what: Score = "gain" if sweep.spec.twins else "miou"
    top = best(cells, what)
    return {
        "id": sweep.id,
        "title": sweep.spec.title,
        "state": status.state,
        "done": done,
        "failed": failed,
        "runs": runs,
        "best": None if top is None else f"{_number(top.summary(what), what)} at {_where(top)}",
        "problem": None if status.error is None else f"{status.error.headline} {status.error.hint}",
        "folder": str(sweep.sweep_dir),
    }


def summary_or_why(sweep: Sweep) -> dict[str, Any]:
    """The same; of one that cannot be read, why not, so that the others are listed all the same."""
    try:
        return summary(sweep)
    except UnetKDError as error:
        unknown = dict.fromkeys(("done", "failed", "runs", "best"))
        known = {"id": sweep.id, "title": MISSING, "folder": str(sweep.sweep_dir)}
        with contextlib.suppress(UnetKDError):
            known["title"] = sweep.spec.title
        return {**known, **unknown, "state": UNREADABLE, "problem": str(error)}


def _done_of(found: dict[str, Any]) -> str:
    return MISSING if found["runs"] is None else f"{found['done']}/{found['runs']}"


def to_do(left: sweep_estimate.Left) -> str:
    """ "8 students and 2 twins to train (1 are there already)"."""
    parts = [f"{left.students} student{'s' * (left.students != 1)}"]
    if left.twins:
        parts.append(f"{left.twins} twin{'s' * (left.twins != 1)}")
    there = f" ({left.done} are there already)" if left.done else ""
    return f"{' and '.join(parts)} to train{there}"


def _after_launch(sweep: Sweep, *, detach: bool, as_json: bool) -> None:
    done = True if detach else follow(sweep)
    if as_json:
        print_json(summary(sweep))
    elif detach:
        typer.echo(sweep.id)
    else:
        _print_grids(sweep)
    if not done:
        raise typer.Exit(1)


def follow(sweep: Sweep) -> bool:
    """Wait until it is over, with one line that tells how far it is. Ctrl-C stops it. True when every run is done."""
    console, said = Console(stderr=True), ""
    try:
        with console.status("Starting") as line:
            while (status := sweep.status()).active:
                if console.is_terminal:
                    line.update(status.message)
                elif status.message != said:
                    remark(said := status.message)
                sleep(POLL_SECONDS)
    except KeyboardInterrupt:
        remark("Stopping.")
        try:
            sweeps.stop(sweep.id)
        except RunError:  # it ended by itself meanwhile
            remark("It was over already.")
    return _say_end(sweep)


def _say_end(sweep: Sweep) -> bool:
    status = sweep.status()
    for cell in sweeps.cells(sweep):
        for run in cell.runs:
            if run.student.problem:
                remark(f"{_where(cell)}, seed {run.seed} failed: {run.student.problem}")
    remark(f"{status.error.headline} {status.error.hint}" if status.error else f"{status.message}.")
    done, _, runs = sweeps.runs_done(sweeps.cells(sweep))
    if status.state == "done" and done == runs:
        return True
    remark(f"`unetkd sweep resume {sweep.id}` goes on and skips what is done.")
    return False


def _print_grids(sweep: Sweep) -> None:
    """A table for each student, teacher and method: rows α, columns T."""
    spec, cells = sweep.spec, sweeps.cells(sweep)
    what: Score = "gain" if spec.twins else "miou"
    for _, found in groupby(cells, key=lambda one: (one.cell.student, repr(one.cell.teacher), one.cell.method)):
        group = list(found)
        cell = group[0].cell
        temperatures = spec.axis("temperature", cell.method)
        rows = [(f"α {a:g}", *(_shown(c, what) for c in row)) for a, row in groupby(group, key=lambda c: c.cell.alpha)]
        typer.echo(f"{cell.student} from {references.label(cell.teacher)}, {cell.method}")
        print_table(("", *(f"#T {t:g}" for t in temperatures)), rows)
    top = best(cells, what)
    if top is not None:
        of = sum(cell.summary(what).mean is not None for cell in cells)
        begins = "Best" if all(map(_whole, cells)) else "Best so far,"
        typer.echo(f"{begins} of {of}: {_number(top.summary(what), what)}, at {_where(top)}.")
    unit = "Gain over the untaught twin in points" if what == "gain" else "mIoU"
    typer.echo(f"{unit}, best validation epoch at the packed size, {_seeds(cells, what)}.")


def _whole(cell: CellResult) -> bool:
    return cell.state == "done"


def _seeds(cells: Sequence[CellResult], what: Score) -> str:
    """Of how many seeds the means are: all that were asked for, or as many as are done."""
    asked, counts = len(cells[0].runs), {cell.summary(what).n for cell in cells}
    if asked == 1:
        return "one seed"
    if counts == {asked}:
        return f"mean ± standard deviation of {asked} seeds"
    least, most = min(counts), max(counts)
    done = f"{most}" if least == most else f"{least} to {most}"
    return f"mean ± standard deviation of the seeds done so far, {done} of {asked}"


def _shown(cell: CellResult, what: Score) -> str:
    summary = cell.summary(what)
    if summary.mean is None:
        return cell.state
    text = points(summary.mean).removesuffix(" points") if what == "gain" else percent(summary.mean)
    spread = "" if summary.spread is None else f" ± {100 * summary.spread:.1f}"
    return text + spread + ("" if cell.state == "done" else f" ({cell.state})")


def _number(summary: Summary, what: Score) -> str:
    assert summary.mean is not None
    text = points(summary.mean) if what == "gain" else percent(summary.mean)
    if summary.spread is None:
        return f"{text}, one seed"
    return f"{text} ± {100 * summary.spread:.1f}, {summary.n} seeds"


def _where(result: CellResult) -> str:
    cell = result.cell
    return (
        f"{cell.student} from {references.label(cell.teacher)}, {cell.method}, α {cell.alpha:g}, T {cell.temperature:g}"
    )
