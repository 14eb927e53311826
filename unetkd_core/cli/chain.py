"""`unetkd chain`: networks of base widths 64, 16, 4 and 2, each taught by the one before, each beside its twin."""

from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from unetkd_core.cli import follow_sweeps
from unetkd_core.cli import options as o
from unetkd_core.cli import splits as splits_of
from unetkd_core.cli.configure import config_from
from unetkd_core.cli.follow import follow
from unetkd_core.cli.output import MISSING, duration, print_json, print_table, remark
from unetkd_core.cli.paper_tables import notes_of
from unetkd_core.cli.saying import saying
from unetkd_core.cli.sweep_options import list_of, seeds_of
from unetkd_core.errors import RunError
from unetkd_core.models import complexity
from unetkd_core.models.names import arch_of
from unetkd_core.runs import chain as chains
from unetkd_core.runs import estimate, paper_file, paper_growing, paper_text, standalone
from unetkd_core.runs.chain import Chain
from unetkd_core.runs.paper_file import CHAIN_FILE
from unetkd_core.runs.paper_results import Made, Results

ALL: Final = ",".join(chains.NETWORKS)

Networks = Annotated[
    str, typer.Option("--networks", metavar="NAME,…", help="The largest first; each teaches the next.")
]
Seeds = Annotated[str, typer.Option("--seeds", metavar="N,…", help="Seeds, as 0,1,2 or 0-2: a chain each.")]
Dataset = Annotated[str, typer.Option("--dataset", help="streets, camvid, cityscapes, or a registered name.")]
Norm = Annotated[Literal["none", "batch"], typer.Option("--norm", help="Batch normalisation, or none.")]
Weights = Annotated[
    bool, typer.Option("--class-weights/--no-class-weights", help="Whether rare classes count more in the loss.")
]
Method = Annotated[str, typer.Option("--method", help="How each is taught, as in `unetkd sweep start`.")]
Alpha = Annotated[float, typer.Option("--alpha", help="Weight of the hard labels, 0 to 1.")]
Temperature = Annotated[float, typer.Option("--temperature", help="T, at least 1.")]
On = Annotated[str | None, typer.Option("--on", metavar="REF", help="Report on the whole of this split.")]
Out = Annotated[Path | None, typer.Option("--out", metavar="FOLDER", help="Left out: results/DATASET.")]


def chain_(
    context: typer.Context,
    dataset: Dataset = "streets",
    networks: Networks = ALL,
    seeds: Seeds = "0",
    method: Method = "kd-t2",
    alpha: Alpha = 0.5,
    temperature: Temperature = 4.0,
    norm: Norm = "batch",
    class_weights: Weights = True,
    on: On = None,
    out: Out = None,
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
    """Shrink a U-Net link by link: 31 M, 1.94 M, 122 k and 30.7 k parameters, each taught by the one before.

    What is trained already is not done again: Ctrl-C stops it, and the same command goes on.
    """
    usual = splits_of.usual(dataset)
    own = {"teacher": None, "alpha": None, "temperature": None, "method": None}
    base = config_from({**locals(), **own, "train": train or [usual.train], "val": val or [usual.val]})
    base = base.with_(optim={"class_weights": "sqrt" if class_weights else "none"})
    chain = Chain(
        base,
        tuple(list_of(networks, str, "--networks") or ()),
        tuple(seeds_of(seeds) or ()),
        method,
        alpha,
        temperature,
    )
    splits = splits_of.opened(on or usual.on, base.data.train[0], base.data.max_train)
    notes, path = notes_of(context.obj, base, splits), paper_file.path_of(splits.val.name, out, file=CHAIN_FILE)
    paper_growing.check(path, chains.frame(chain, splits, notes))
    remark(f"{' → '.join(chain.networks)}, about {duration(_seconds(chain))} if nothing is trained yet.")
    _train(chain)
    with saying() as say:
        fresh = chains.make(chain, splits, notes, say)
    results = paper_growing.grown(paper_growing.check(path, fresh), fresh)
    paper_file.write(results, path)
    print_json(paper_file.to_json(results)) if as_json else _print(results)
    remark(f"{path} is written.")
    if not chains.whole(chain, fresh):
        raise RunError("Not every link is trained. The same command goes on.")


def _train(chain: Chain) -> None:
    """Link after link; one that failed ends its seed's chain, and the table says so by what it lacks."""
    runs = [run for run in standalone.start(chain.first()) if run.status().state != "done"]
    if runs and not follow(runs) and any(run.status().state == "stopped" for run in runs):
        raise RunError("It was stopped. The same command goes on.")
    for place in range(1, len(chain.networks)):
        if not follow_sweeps.run_all(chain.links(place)):
            raise RunError("It was stopped. The same command goes on.")


def _seconds(chain: Chain) -> float:
    """Each network once for the chain and, but for the first, once alone, with every core."""
    one = [
        estimate.estimate(chain.base.with_(model={"name": name}), twin=False).seconds * (1 if place == 0 else 2)
        for place, name in enumerate(chain.networks)
    ]
    return sum(one) * len(chain.seeds)


def _print(results: Results) -> None:
    norm = results.config["model"]["norm"]
    rows = [_row(made, norm) for made in results.rows]
    print_table(("Network", "#Parameters", "Taught by", "#mIoU", "#Gain over its twin", "Seeds"), rows)
    typer.echo(f"On {results.on}, native label resolution, mean ± one standard deviation over seeds.")


def _row(made: Made, norm: str) -> tuple[str, ...]:
    row = made.row
    parameters = complexity.parameters(arch_of(row.network, norm))
    numbers = [paper_text.cell(made, what, "val").ours for what in ("miou", "gain")]
    return (row.network, f"{parameters:,}", row.teacher or MISSING, *numbers, paper_text.seeds(made))
