"""`unetkd standalone`: every network alone, over seeds, scored on whole splits; and the table of that as files."""

import json
import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from unetkd_core.cli import options as o
from unetkd_core.cli.configure import config_from
from unetkd_core.cli.evaluate import score
from unetkd_core.cli.follow import follow
from unetkd_core.cli.output import MISSING, counted, percent, points, print_json, print_table, remark
from unetkd_core.cli.sweep_options import list_of, seeds_of
from unetkd_core.data import catalog
from unetkd_core.data.source import Remembered
from unetkd_core.errors import RunError
from unetkd_core.runs import jobs, origins, provenance, standalone
from unetkd_core.runs.folder import Run
from unetkd_core.runs.status import write_text
from unetkd_core.training.config import RunConfig
from unetkd_core.zoo.references import RUN_PREFIX, load_model

ALL = ",".join(standalone.M_MODELS)

Models = Annotated[str, typer.Option("--models", metavar="NAME,…", help="The networks, smallest first.")]
Seeds = Annotated[str, typer.Option("--seeds", metavar="N,…", help="Seeds, as 0,1,2 or 0-2.")]
On = Annotated[
    list[str] | None,
    typer.Option("--on", metavar="REF", help="Score on this, as camvid:val; repeat. Left out: the validation data."),
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="FILE.json", help="Write the table here, and beside it as CSV; a table that is there grows."
    ),
]


def standalone_(
    context: typer.Context,
    models: Models = ALL,
    seeds: Seeds = "0,1,2",
    on: On = None,
    out: Out = None,
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
    config_file: o.ConfigFile = None,
    as_json: o.AsJson = False,
) -> None:
    """Train networks alone, over seeds, and score them at native label resolution. What is on disk is not run again.

    Ctrl-C stops the runs; the same command goes on.
    """
    base = config_from(locals())
    configs = standalone.plan(base, list_of(models, str, "--models") or [], seeds_of(seeds) or [])
    sources = [Remembered(catalog.open_source(ref)) for ref in on or base.data.val]
    for source in sources:
        source.check()
    if out is not None:
        _check(out, standalone.to_json([], base, _notes(context.obj, configs[0], sources)))
    runs = standalone.start(configs)
    remark(f"{counted(len(runs), 'run')}: {', '.join(run.config.title for run in runs)}.")
    if not follow(runs):
        raise RunError("Not every run is done, so there is no table yet. The same command goes on where they ended.")
    rows = [row for run in runs for row in _rows(run, sources)]
    data = standalone.to_json(rows, base, _notes(context.obj, runs[0].config, sources))
    if out is not None:
        rows = _write(out, standalone.grown(out, data))
    if as_json:
        print_json(data)
    else:
        _print(rows)


def _rows(run: Run, sources: Sequence[Remembered]) -> list[standalone.Row]:
    loaded = load_model(f"{RUN_PREFIX}{run.id}", "auto")
    name, seed, epoch = run.config.model.name, run.config.seed, standalone.best_epoch(run)
    origin = origins.of(f"{RUN_PREFIX}{run.id}")
    return [standalone.Row(name, seed, source.ref, run.id, epoch, score(loaded, source), origin) for source in sources]


def _notes(words: Sequence[str], config: RunConfig, sources: Sequence[Remembered]) -> dict[str, Any]:
    """How the table was made, who wrote it last, and what the data were made of; networks have their own origins."""
    command = shlex.join(["unetkd", *words])
    return {"command": command, **provenance.of_writing(), "data": jobs.data_hashes(config, *sources)}


def _check(out: Path, fresh: dict[str, Any]) -> None:
    """Whether a table can be written there, before hours of training. Raises RunError, as `standalone.grown` does."""
    folder = next(place for place in (out.parent, *out.parent.parents) if place.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK) or out.is_dir():
        raise RunError(f"The table cannot be written to {out}: choose another file with --out.")
    standalone.grown(out, fresh)


def _write(out: Path, data: dict[str, Any]) -> list[standalone.Row]:
    """Write the table and its CSV; all rows that it has now."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_text(out, json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n", durable=False)
        rows = standalone.read(out)[1]
        write_text(out.with_suffix(".csv"), standalone.as_csv(rows), durable=False)
    except OSError as error:
        raise RunError(f"The table cannot be written to {out}: {error.strerror or error}.") from error
    remark(f"{out} and {out.with_suffix('.csv')} are written.")
    return rows


def _print(rows: Sequence[standalone.Row]) -> None:
    table = standalone.lines(rows)
    steps = {(step.on, step.larger): step for step in standalone.steps(table)}
    shown = [
        (line.model, line.on, _mean(line), len(line.seeds), _step(steps.get((line.on, line.model)))) for line in table
    ]
    print_table(("Network", "On", "#mIoU", "#Seeds", "Above the one before"), shown)


def _mean(line: standalone.Line) -> str:
    spread = "" if line.spread is None else f" ± {100 * line.spread:.1f}"
    return f"{percent(line.mean)}{spread}"


def _step(step: standalone.Step | None) -> str:
    if step is None:
        return MISSING
    return ", ".join(filter(None, (points(step.difference), step.told)))
