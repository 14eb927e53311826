"""`unetkd train` and `unetkd distill`: options -> RunConfig -> the same queue and worker that the app uses."""

import typer

from unetkd_core.cli import options as o
from unetkd_core.cli.configure import config_from
from unetkd_core.cli.follow import follow
from unetkd_core.cli.output import duration, percent, print_json, print_table, remark
from unetkd_core.cli.runs import difference, settings_in_words, summary
from unetkd_core.runs import estimate, jobs, teacher_price
from unetkd_core.training.config import RunConfig


def train(
    model: o.Model = None,
    norm: o.Norm = None,
    encoder_weights: o.EncoderWeights = None,
    start_from: o.StartFrom = None,
    encoder_rate: o.EncoderRate = None,
    freeze_encoder: o.FreezeEncoder = None,
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
    seed: o.Seed = None,
    name: o.Name = None,
    config_file: o.ConfigFile = None,
    processes: o.Processes = 1,
    detach: o.Detach = False,
    as_json: o.AsJson = False,
) -> None:
    """Train a network on labels alone: a teacher, say.

    Ctrl-C stops the run, keeps what it has, and says how to resume.
    """
    config = config_from(locals())
    if config.teaching is not None:
        raise typer.BadParameter("has a teacher; use `unetkd distill`", param_hint="--config")
    _launch(config, twin=False, processes=processes, detach=detach, as_json=as_json)


def distill(
    teacher: o.Teacher = None,
    weights: o.Weights = None,
    space: o.Space = None,
    student: o.Student = None,
    preset: o.Preset = None,
    method: o.Method = None,
    term: o.Terms = None,
    alpha: o.Alpha = None,
    temperature: o.Temperature = None,
    t2: o.T2 = None,
    turns: o.Turns = None,
    no_twin: o.NoTwin = False,
    norm: o.Norm = None,
    encoder_weights: o.EncoderWeights = None,
    start_from: o.StartFrom = None,
    encoder_rate: o.EncoderRate = None,
    freeze_encoder: o.FreezeEncoder = None,
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
    seed: o.Seed = None,
    name: o.Name = None,
    config_file: o.ConfigFile = None,
    processes: o.Processes = 1,
    detach: o.Detach = False,
    as_json: o.AsJson = False,
) -> None:
    """Teach a student, and train its untaught twin beside it.

    Ctrl-C stops the runs, keeps what they have, and says how to resume.
    """
    if not teacher and config_file is None:
        raise typer.BadParameter("name a checkpoint or run:ID", param_hint="--teacher")
    config = config_from(locals())
    if config.teaching is None:
        raise typer.BadParameter("needed: the config has none; name a checkpoint or run:ID", param_hint="--teacher")
    _launch(config, twin=not no_twin, processes=processes, detach=detach, as_json=as_json)


def _launch(config: RunConfig, *, twin: bool, processes: int, detach: bool, as_json: bool) -> None:
    expected, teacher = estimate.estimate(config, twin=twin), estimate.teacher_cost(config)
    runs = jobs.start(config, twin=twin, processes=processes)
    remark(f"About {duration(expected.seconds)}: {expected.basis.rstrip('.')}.")
    if teacher is not None:
        remark(teacher_price.sentence(teacher))
    remark(f"{settings_in_words(runs[0].config)}.")
    for run in runs:
        remark(f"{run.id}  {run.config.title} ({run.config.role})")
    all_done = True if detach else follow(runs)
    if as_json:
        print_json({"expected_seconds": expected.seconds, "runs": [summary(run) for run in runs]})
    elif detach:
        typer.echo("\n".join(run.id for run in runs))
    else:
        rows = [
            (s["id"], s["title"], s["role"], s["state"], percent(s["best_miou_packed"])) for s in map(summary, runs)
        ]
        print_table(("Id", "What", "Role", "State", "#Best mIoU (packed)"), rows)
        if len(runs) > 1 and (sentence := difference(runs[0])):
            typer.echo(sentence)
    if not all_done:
        raise typer.Exit(1)
