"""`unetkd evaluate`: a checkpoint's scores on a dataset, at the labels' native resolution."""

from typing import Annotated, Any

import typer

from unetkd_core.classes import CLASS_NAMES
from unetkd_core.cli.options import AsJson
from unetkd_core.cli.output import counted, counting, percent, print_json, print_table, remark
from unetkd_core.cli.teachers import reference
from unetkd_core.data import catalog
from unetkd_core.data.source import Source
from unetkd_core.errors import ConfigError
from unetkd_core.metrics import Scores
from unetkd_core.zoo import checkpoints, marks, references
from unetkd_core.zoo.references import Loaded, load_model, mapping_warning

Ref = Annotated[
    str,
    typer.Argument(metavar="REF", help="A checkpoint's or ensemble's name, run:ID, hf:owner/repo, an ensemble.json."),
]
Dataset = Annotated[
    str,
    typer.Option(
        "--dataset",
        metavar="NAME[:SPLIT]",
        help="streets, camvid, cityscapes or a registered name; with a split, as streets:val, or without.",
    ),
]
Split = Annotated[
    str | None, typer.Option("--split", help="The split, where --dataset names none; left out there too: val.")
]
Limit = Annotated[
    int | None, typer.Option("--limit", min=1, help="At most so many scenes, evenly spaced over the split.")
]


def evaluate(
    ref: Ref,
    dataset: Dataset = "streets",
    split: Split = None,
    teacher: Annotated[
        str | None, typer.Option("--teacher", metavar="REF", help="Count agreement with this one too.")
    ] = None,
    limit: Limit = None,
    record: Annotated[
        bool, typer.Option("--record", help="Write the scores into the checkpoint's config and card.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """mIoU, per-class IoU, pixel accuracy and loss over a whole split, at native label resolution."""
    if record:
        _check_record(ref, limit)
    source = catalog.open_source(scenes_of(dataset, split))
    source.check()
    teaches = load_model(reference(teacher), "auto") if teacher else None
    loaded = load_model(reference(ref), "auto")
    scores = score(loaded, source, teacher=teaches, limit=limit)
    if record:
        told = {source.ref: {**scores.to_json(), "agreement": None}}
        checkpoints.add_scores(references.resolve(ref), told, loaded.info.sha256)
        remark(f"Its card says so now: {references.resolve(ref)}")
    if as_json:
        print_json(_as_json(ref, loaded, source, scores, teacher, limit))
    else:
        mark = marks.mark(loaded.info, source.ref)
        _print(ref, scenes_in_words(source, limit) + mark, scores)
        if mark:
            remark(marks.meaning([mark]))


def scenes_of(dataset: str, split: str | None) -> str:
    """ "NAME:SPLIT" of --dataset and --split; left out: val. A usage error for an empty split, and for two of them."""
    name, colon, inside = dataset.partition(":")
    if split is not None and not split.strip():
        raise typer.BadParameter("is empty; expected a split's name, as val", param_hint="--split")
    if colon and not inside.strip():
        raise typer.BadParameter(f"{dataset!r} names no split; expected {name}:val", param_hint="--dataset")
    if colon and split is not None and split.strip() != inside.strip():
        raise typer.BadParameter(
            f"{split!r} is not the split of --dataset {dataset}; leave one out", param_hint="--split"
        )
    return f"{name}:{(inside or split or 'val').strip()}"


def _check_record(ref: str, limit: int | None) -> None:
    """A card has scores of whole splits, and only a named network of this machine has one that is ours to change."""
    if limit is not None:
        raise typer.BadParameter("a card has scores of whole splits; leave --limit out", param_hint="--record")
    if ref not in dict(checkpoints.list_named()):
        raise typer.BadParameter(f"{ref!r} is no checkpoint in checkpoints/; keep it there first", param_hint="REF")


def score(loaded: Loaded, source: Source, *, teacher: Loaded | None = None, limit: int | None = None) -> Scores:
    """Scores of a loaded checkpoint on a source, with a progress bar; warns when their label mappings differ."""
    from unetkd_core.inference.evaluate import evaluate as evaluate_model

    refuse_without_labels(getattr(loaded.model, "weighting", ""))
    warning = mapping_warning(loaded.info, source)
    if warning:
        remark(warning)
    info = loaded.info
    with counting(f"{info.name} on {source.ref}") as progress:
        return evaluate_model(
            loaded.model,
            source,
            training_size=(info.height, info.width),
            teacher=teacher.model if teacher else None,
            teacher_size=(teacher.info.height, teacher.info.width) if teacher else None,
            limit=limit,
            progress=progress,
        )


def scenes_in_words(source: Source, limit: int | None) -> str:
    """ "camvid:val", or "10 scenes of camvid:val": a score of a part never passes for one of the whole."""
    return source.ref if limit is None or limit >= len(source) else f"{counted(limit, 'scene')} of {source.ref}"


def refuse_without_labels(weighting: str) -> None:
    """Raise ConfigError where weights come from the labels: such an ensemble's score would be one of other weights."""
    if weighting == "loss":
        raise ConfigError(
            "Weights by each batch's loss need the labels, which only training may use; evaluate confidence or even."
        )


def _as_json(
    ref: str, loaded: Loaded, source: Source, scores: Scores, teacher: str | None, limit: int | None
) -> dict[str, Any]:
    scenes = len(source) if limit is None else min(limit, len(source))
    return {
        "ref": ref,
        "dataset": source.ref,
        "mapping": source.mapping,
        "chosen_on_it": source.ref in marks.chosen_on(loaded.info),
        "learned_from_it": marks.learned_from(loaded.info, source.ref),
        "scenes": scenes,
        "teacher": teacher,
        "scores": scores.to_json(),
    }


def _print(ref: str, on: str, scores: Scores) -> None:
    rows = [(name, percent(iou)) for name, iou in zip(CLASS_NAMES, scores.iou, strict=True)]
    print_table(
        ("Class", "#IoU"), [*rows, ("mIoU", percent(scores.miou)), ("pixel accuracy", percent(scores.pixel_accuracy))]
    )
    typer.echo(f"{ref} on {on}, native label resolution; cross-entropy {scores.loss_ce:.3f}.")
    if scores.agreement == scores.agreement:
        typer.echo(f"Agrees with the teacher on {percent(scores.agreement)} of the pixels.")
