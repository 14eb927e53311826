"""`unetkd keep`: a run's best weights as a named checkpoint, in fp16, with the scores of exactly those."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from unetkd_core import settings
from unetkd_core.cli.evaluate import score
from unetkd_core.cli.options import AsJson
from unetkd_core.cli.output import percent, print_json, remark
from unetkd_core.data import catalog
from unetkd_core.errors import CheckpointError, RunError
from unetkd_core.runs import folder
from unetkd_core.zoo import checkpoints
from unetkd_core.zoo.references import Loaded, check_name, load_model


def keep(
    run_id: Annotated[str, typer.Argument(metavar="RUN_ID", help="As `unetkd runs list` shows it.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="The checkpoint's name.")],
    title: Annotated[
        str | None, typer.Option("--title", help="A person's words for it; left out: made from the run.")
    ] = None,
    on: Annotated[
        list[str] | None,
        typer.Option(
            "--on", metavar="REF", help="Evaluate on this, as camvid:val; repeat. Left out: the run's validation data."
        ),
    ] = None,
    teacher: Annotated[
        bool, typer.Option("--teacher", help="It was trained alone to teach: its card and the menus say so.")
    ] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Overwrite a checkpoint of that name.")] = False,
    as_json: AsJson = False,
) -> None:
    """Keep a run's best weights as a named checkpoint, evaluated at native label resolution."""
    from unetkd_core.inference.device import pick_device

    target = _target(name, replace=replace)
    run = folder.open_run(run_id)
    if run.status().active:
        raise RunError(f"{run_id} is still training and its best may yet be beaten; keep it when it has ended.")
    sources = [catalog.open_source(ref) for ref in on or run.config.data.val]
    for source in sources:
        source.check()
    loaded = load_model(f"run:{run.id}")
    info = loaded.info.model_copy(update={"name": name, "title": title or loaded.info.title})
    if teacher and info.role != "alone":
        raise CheckpointError(f"{run.id} is a {info.role}; --teacher is for a network that was trained alone.")
    if teacher:
        info = info.model_copy(update={"role": "teacher"})
    settings.home().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="keep-", dir=settings.home()) as scratch:
        # Through the disk and back: what is scored is what is stored, rounding included.
        checkpoints.save(loaded.model, Path(scratch) / name, info, half=True)
        model, info = checkpoints.load(Path(scratch) / name)
    model.to(pick_device("auto"))
    scores = {source.ref: score(Loaded(model, info), source).to_json() for source in sources}
    info = checkpoints.save(model, target, info.model_copy(update={"metrics": {**info.metrics, **scores}}), half=True)
    if as_json:
        print_json(info.model_dump(mode="json"))
        return
    for ref, result in scores.items():
        typer.echo(f"{ref}: mIoU {percent(result['miou'])} at native label resolution")
    typer.echo(f"{name} is in {target}")


def _target(name: str, *, replace: bool) -> Path:
    """The folder for a new checkpoint. Raises CheckpointError for a name that is taken or cannot be one."""
    target = settings.checkpoints_dir() / check_name(name)
    if target.exists() and not replace:
        raise CheckpointError(f"{target} exists already; choose another name, or overwrite it with --replace.")
    if target.exists():
        remark(f"{name} will be replaced.")
    return target
