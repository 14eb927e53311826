"""`unetkd keep`: a run's best weights as a named checkpoint, in fp16, scored as they are stored."""

from typing import Annotated

import typer

from unetkd_core.cli.options import AsJson
from unetkd_core.cli.output import percent, print_json, remark
from unetkd_core.cli.run_ids import Id
from unetkd_core.cli.saying import saying
from unetkd_core.data import catalog
from unetkd_core.runs import folder
from unetkd_core.runs import keep as keeping
from unetkd_core.zoo import folders, marks, references, shelf
from unetkd_core.zoo.checkpoints import NOTES, CheckpointInfo


def keep(
    run_id: Id,
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
    note: Annotated[
        str, typer.Option("--note", metavar="TEXT", help="What its card adds: what was tried, where it falls short.")
    ] = "",
    teacher: Annotated[
        bool, typer.Option("--teacher", help="It was trained alone to teach: its card and the menus say so.")
    ] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Overwrite a checkpoint of that name.")] = False,
    as_json: AsJson = False,
) -> None:
    """Keep a run's best weights as a named checkpoint, evaluated at native label resolution."""
    if len(note) > NOTES:
        raise typer.BadParameter(f"has {len(note)} characters; at most {NOTES} fit a card", param_hint="--note")
    sources = [catalog.open_source(ref) for ref in on or folder.open_run(run_id).config.data.val]
    keeping.check(run_id, name, sources, teacher=teacher, replace=replace)
    info = references.info_of(f"{references.RUN_PREFIX}{run_id}")
    for warning in filter(None, (references.mapping_warning(info, source) for source in sources)):
        remark(warning)
    if folders.exists(shelf.free(name, replace=replace)):
        remark(f"{name} will be replaced.")
    with saying() as say:
        info = keeping.keep(
            run_id, name, sources, title=title, notes=note, teacher=teacher, replace=replace,
            progress=lambda ref, done, total: say(f"{name} on {ref}", done, total),
        )  # fmt: skip
    if as_json:
        print_json(info.model_dump(mode="json"))
        return
    for source in sources:
        mark = marks.mark(info, source.ref)
        typer.echo(f"{source.ref}{mark}: mIoU {percent(_miou(info, source.ref))} at native label resolution")
    if meaning := marks.meaning(marks.mark(info, source.ref) for source in sources):
        remark(meaning)
    if early := marks.stopped(info):
        typer.echo(f"{run_id} {early}; the card says so.")
    typer.echo(f"{name} is in {shelf.free(name, replace=True)}")


def _miou(info: CheckpointInfo, ref: str) -> float:
    scores = info.metrics[ref]
    assert isinstance(scores, dict) and isinstance(scores["miou"], float)
    return scores["miou"]
