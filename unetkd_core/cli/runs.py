"""`unetkd runs`: what ran, how it went; stop, resume, delete, prune. Reads and asks only: the folder is the truth."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from unetkd_core.cli.follow import follow
from unetkd_core.cli.options import AsJson, Detach
from unetkd_core.cli.output import (
    MISSING,
    UNREADABLE,
    counted,
    duration,
    percent,
    points,
    print_json,
    print_table,
    remark,
)
from unetkd_core.cli.run_ids import Id, Ids
from unetkd_core.errors import UnetKDError
from unetkd_core.runs import disk, folder, jobs
from unetkd_core.runs import prune as pruning
from unetkd_core.runs.folder import Run
from unetkd_core.runs.prune import Removal
from unetkd_core.training.config import RunConfig
from unetkd_core.training.methods import beyond_soft_labels
from unetkd_core.training.terms import in_words

app = typer.Typer(help="Runs: list, look, stop, resume, delete, free space.", no_args_is_help=True)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """Every run, newest first."""
    runs = folder.list_runs()
    if as_json:
        print_json([summary_or_why(run) for run in runs])
        return
    if not runs:
        remark("No runs yet. `unetkd distill --teacher NAME --budget taste` starts one.")
        return
    found = [summary_or_why(run) for run in runs]
    rows = [_row(one) for one in found]
    print_table(("Id", "What", "Role", "State", "#Epochs", "#Best mIoU (packed)", "#Left", "#Size"), rows)
    for one in found:
        if one["state"] == UNREADABLE:
            remark(f"{one['id']}: {one['error']['headline']}")
    remark(_disk_line(disk.use()))


@app.command()
def show(run_id: Id, as_json: AsJson = False) -> None:
    """One run: its state, its settings and every epoch's scores."""
    run = folder.open_run(run_id)
    details = {**summary(run), "config": run.config.model_dump(mode="json"), "meta": run.meta, "metrics": run.metrics()}
    if as_json:
        print_json(details)
        return
    status = run.status()
    typer.echo(f"{run.id}  {run.config.title} ({run.config.role}), {status.state}")
    typer.echo(settings_in_words(run.config))
    if status.error:
        typer.echo(f"{status.error.headline} {status.error.hint}")
    metrics = run.metrics()
    parts = _parts(run.config, metrics)
    rows = [
        (
            m["epoch"], _loss(m["loss"]), *(_loss(part.get(m["epoch"])) for part in parts.values()),
            percent(m["val"]["miou"]), percent(m["val"]["pixel_accuracy"]),
        )
        for m in metrics
    ]  # fmt: skip
    print_table(("#Epoch", "#Loss", *(f"#{name}" for name in parts), "#mIoU (packed)", "#Pixel accuracy"), rows)
    partner = difference(run)
    if partner:
        typer.echo(partner)


def _parts(config: RunConfig, metrics: Sequence[Mapping[str, Any]]) -> dict[str, dict[int, float | None]]:
    """What a taught run's loss is made of, unweighted: name -> epoch -> loss per pixel."""
    if config.teaching is None:
        return {}
    found: dict[str, dict[int, float | None]] = {"CE": {m["epoch"]: m.get("loss_ce") for m in metrics}}
    if config.teaching.pixel_wise:
        found["KL" + " × T²" * config.teaching.scale_by_t2] = {m["epoch"]: m.get("loss_kd") for m in metrics}
    for m in metrics:
        for name, value in (m.get("loss_terms") or {}).items():
            found.setdefault(name, {})[m["epoch"]] = value
    return found


def _loss(value: float | None) -> str:
    return MISSING if value is None else f"{value:.3g}" if value < 0.1 else f"{value:.3f}"


@app.command()
def log(run_id: Id, lines: Annotated[int, typer.Option("--lines", "-n", min=1)] = 50) -> None:
    """The last lines of what the worker said."""
    typer.echo(folder.open_run(run_id).log_tail(lines))


@app.command()
def stop(run_ids: Ids) -> None:
    """Stop runs; they keep what they have and can be resumed."""
    jobs.stop(*run_ids)
    for run_id in run_ids:
        if folder.open_run(run_id).stopping:  # a worker on a cluster hears it in its own time
            typer.echo(f"{run_id} is asked to stop; `unetkd runs show {run_id}` says when it has.")
        else:
            typer.echo(f"{run_id} is stopped; `unetkd runs resume {run_id}` goes on.")


@app.command()
def resume(run_ids: Ids, detach: Detach = False) -> None:
    """Go on with stopped, failed or interrupted runs, after their last finished epoch."""
    runs = [jobs.resume(run_id) for run_id in run_ids]
    if detach:
        typer.echo("\n".join(run_ids))
    elif not follow(runs):
        raise typer.Exit(1)


@app.command()
def delete(run_ids: Ids, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False) -> None:
    """Delete runs' folders for good."""
    for run_id in run_ids:
        run = folder.open_run(run_id)
        if not yes:
            typer.confirm(
                f"Delete {run.id} ({_title(run)}, {run.disk_bytes() / 1e6:.0f} MB) for good?", abort=True, err=True
            )
        jobs.delete(run_id)
        typer.echo(f"{run_id} is deleted.")


def _title(run: Run) -> str:
    try:
        return run.config.title
    except UnetKDError:
        return "its settings cannot be read"


@app.command()
def prune(
    older_than: Annotated[
        float | None,
        typer.Option(
            "--older-than", metavar="DAYS", min=0, help="Also whole runs that ended so long ago and that nothing needs."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Free space: leftovers, and what resuming needed of runs that are done. Nothing that is going on is touched."""
    removals = pruning.plan(older_than)
    if not removals:
        remark("There is nothing to remove.")
        return
    print_table(("What", "Why", "#MB"), [_removal_row(removal) for removal in removals])
    size = disk.in_words(sum(removal.count for removal in removals))
    if dry_run:
        remark(f"{size} would be free again; nothing was removed.")
        return
    if not yes:
        typer.confirm(f"Remove these {size} for good?", abort=True, err=True)
    remark(f"{disk.in_words(pruning.carry_out(removals))} are free again.")


def settings_in_words(config: RunConfig) -> str:
    """ "α 0.1, T 10 with T², streets:train at 64x128, 8 epochs in batches of 4, seed 0": what is asked first."""
    data, optim, teaching = config.data, config.optim, config.teaching
    how = [] if teaching is None else [f"α {teaching.alpha:g}, T {teaching.temperature:g}"]
    if teaching is not None and teaching.scale_by_t2:
        how = [f"{how[0]} with T²"]
    if teaching is not None and teaching.terms:
        label = beyond_soft_labels(teaching)
        how = [*(how if teaching.pixel_wise else []), f"{label} ({in_words(teaching.terms)})"]
    what = f"{', '.join(data.train)} at {data.height}x{data.width}"
    return ", ".join(
        [*how, what, f"{counted(optim.epochs, 'epoch')} in batches of {optim.batch_size}", f"seed {config.seed}"]
    )


def summary(run: Run) -> dict[str, Any]:
    """What a script would ask of a run, as JSON values."""
    status = run.status()
    return {
        "id": run.id,
        "title": run.config.title,
        "role": run.config.role,
        "state": status.state,
        "stopping": run.stopping,
        "epoch": status.epoch,
        "epochs": status.epochs,
        "eta_seconds": status.eta_seconds if status.active else None,
        "best_miou_packed": best_miou(run),
        "pair": run.meta.get("pair"),
        "error": dataclasses.asdict(status.error) if status.error else None,
        "bytes": run.disk_bytes(),
        "folder": str(run.run_dir),
    }


def summary_or_why(run: Run) -> dict[str, Any]:
    """The same; of one that cannot be read, why not, so that the others are listed all the same."""
    try:
        return summary(run)
    except UnetKDError as error:
        unknown = dict.fromkeys(("role", "epoch", "epochs", "eta_seconds", "best_miou_packed", "pair"))
        known = {"id": run.id, "title": MISSING, "bytes": run.disk_bytes(), "folder": str(run.run_dir)}
        why = {"headline": str(error), "hint": ""}
        return {**known, **unknown, "state": UNREADABLE, "stopping": False, "error": why}


def best_miou(run: Run, epochs: int | None = None) -> float | None:
    """The best validation mIoU at the packed size, of the first `epochs` epochs or of all; None before the first."""
    scores = [m["val"]["miou"] for m in run.metrics()[:epochs] if m["val"]["miou"] is not None]
    return max(scores, default=None)


def difference(run: Run) -> str:
    """What the teaching bought: this student against its twin, over as many epochs as both have."""
    other = run.partner()
    if other is None:
        return ""
    taught, untaught = (other, run) if run.config.twin_of else (run, other)
    epochs = min(len(taught.metrics()), len(untaught.metrics()))
    with_teacher, without = best_miou(taught, epochs), best_miou(untaught, epochs)
    if with_teacher is None or without is None:
        return ""
    planned = run.config.optim.epochs
    when = "" if epochs == planned else f", after {epochs} of {planned} epochs"
    gain = f"{points(with_teacher - without)} at the packed size{when}, one seed"
    return f"Taught {percent(with_teacher)}, untaught {percent(without)}: {gain}."


def _row(run: dict[str, Any]) -> tuple[object, ...]:
    epochs = MISSING if run["epochs"] is None else f"{run['epoch']}/{run['epochs']}"
    left = duration(run["eta_seconds"]) if run["eta_seconds"] is not None else MISSING
    state = "stopping" if run["stopping"] else run["state"]
    size = disk.in_words(run["bytes"])
    return run["id"], run["title"], run["role"] or MISSING, state, epochs, percent(run["best_miou_packed"]), left, size


def _removal_row(removal: Removal) -> tuple[object, ...]:
    places = ", ".join(path.name for path in removal.paths[:3]) + (", ..." if len(removal.paths) > 3 else "")
    name = removal.run.id if removal.run else ""
    what = name if removal.kind == "run" else f"{name}: {places}".removeprefix(": ")
    return what, removal.why, f"{removal.count / 1e6:.1f}"


def _disk_line(use: disk.DiskUse) -> str:
    """ "These runs take 312 MB, packed data 1.1 GB; 58 GB are free." """
    others = {"packed data": use.packed, "searches": use.searches, "teachers' answers": use.teachers}
    parts = [f"{name} {disk.in_words(size)}" for name, size in others.items() if size]
    taken = ", ".join([f"These runs take {disk.in_words(use.all_runs)}", *parts])
    return f"{taken}; {disk.in_words(use.free)} are free."
