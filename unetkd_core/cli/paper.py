"""`unetkd paper`: what the project shows and prints, made anew by one command each."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from unetkd_core.cli import options as o
from unetkd_core.cli import paper_checkpoints, paper_tables
from unetkd_core.cli.configure import config_from
from unetkd_core.cli.output import duration, percent, points, print_table, remark
from unetkd_core.cli.saying import saying
from unetkd_core.cli.sweep import follow, to_do
from unetkd_core.cli.sweep_options import list_of, listed, seeds_of
from unetkd_core.cli.teachers import reference
from unetkd_core.data import catalog
from unetkd_core.data.source import Remembered
from unetkd_core.errors import RunError
from unetkd_core.runs import home_making, home_plan, home_scene, sweep_estimate, sweeps
from unetkd_core.runs.home_grid import HomeGrid

app = typer.Typer(
    help="What the project shows, made anew: the paper’s tables, the checkpoints that come with it, and Home.",
    no_args_is_help=True,
)
app.command()(paper_tables.tables)
app.command("checkpoints")(paper_checkpoints.checkpoints_)

ALPHAS, TEMPERATURES, SEEDS = map(listed, (home_plan.ALPHAS, home_plan.TEMPERATURES, home_plan.SEEDS))
Teacher = Annotated[str, typer.Option("--teacher", metavar="REF", help="Who teaches: a checkpoint's name or run:ID.")]
Alphas = Annotated[str, typer.Option("--alpha", metavar="α,…", help="The dots of one slider.")]
Temperatures = Annotated[str, typer.Option("--temperature", metavar="T,…", help="The dots of the other.")]
Seeds = Annotated[str, typer.Option("--seeds", metavar="N,…", help="Seeds, as 0,1,2 or 0-2.")]
On = Annotated[str, typer.Option("--on", metavar="REF", help="Score on the whole of this, which chose nobody.")]
Scene = Annotated[int | None, typer.Option("--scene", min=0, help="The street's number; left out: a typical one.")]
Out = Annotated[Path | None, typer.Option("--out", metavar="FOLDER", help="Left out: what the app shows.")]


@app.command()
def home(
    context: typer.Context,
    teacher: Teacher = home_plan.TEACHER,
    alpha: Alphas = ALPHAS,
    temperature: Temperatures = TEMPERATURES,
    seeds: Seeds = SEEDS,
    on: On = home_plan.ON,
    scene: Scene = None,
    out: Out = None,
    student: o.Student = None,
    norm: o.Norm = None,
    recipe: o.Recipe = None,
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
) -> None:
    """Home's street and sliders: a student really taught at every T and α, its untaught twins, scores of all of them.

    What is trained or scored already is not done again: Ctrl-C stops it, and the same command goes on.
    """
    source = Remembered(catalog.open_source(on))
    source.check()
    spec = home_plan.plan(
        config_from({**locals(), "teacher": None, "alpha": None, "temperature": None}, home_plan.USUAL),
        reference(teacher),
        source,
        alphas=list_of(alpha, float, "--alpha") or [],
        temperatures=list_of(temperature, float, "--temperature") or [],
        seeds=seeds_of(seeds) or [],
    )
    left = sweep_estimate.of_spec(spec)
    remark(f"{spec.name}: {to_do(left)}, about {duration(left.seconds)}.")
    sweep = sweeps.start_or_join(spec)
    if not follow(sweep):
        raise RunError("Not every student and twin is trained, so nothing is written. The same command goes on.")
    folder = out or home_scene.FOLDER
    with saying() as say:
        made = home_making.make(sweep, source, scene=scene, say=say)
    home_scene.write_home(folder, made, home_making.notes(spec, source, shlex.join(["unetkd", *context.obj])))
    _print(made)
    remark(f"{folder} is written: {sum(f.stat().st_size for f in folder.iterdir()) / 1e6:.1f} MB.")


def _print(made: HomeGrid) -> None:
    """The gains as a grid: rows α, columns T."""
    numbers = iter(range(len(made.cells)))
    rows = [(f"α {alpha:g}", *(_gain(made, next(numbers)) for _ in made.temperatures)) for alpha in made.alphas]
    print_table(("", *(f"#T {temperature:g}" for temperature in made.temperatures)), rows)
    seeds = "one seed" if len(made.seeds) == 1 else f"mean ± standard deviation of {len(made.seeds)} seeds"
    typer.echo(
        f"Gain in points over the untaught twin ({percent(made.twin_miou)}) on {made.dataset}, {seeds}; "
        f"its teacher {percent(made.teacher_scores.miou)}."
    )


def _gain(made: HomeGrid, number: int) -> str:
    spread = made.spread(number)
    return points(made.gain(number)).removesuffix(" points") + ("" if spread is None else f" ± {100 * spread:.1f}")
