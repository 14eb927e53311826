"""`unetkd data`: which datasets are here, registering folders, packing ahead of time."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from unetkd_core.cli.configure import parse_size
from unetkd_core.cli.options import AsJson
from unetkd_core.cli.output import MISSING, counted, counting, print_json, print_table, remark
from unetkd_core.data import catalog
from unetkd_core.data.catalog import DatasetInfo

app = typer.Typer(help="Datasets: look, register, pack.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="A name of your choice, to refer to it by.")]
Limit = Annotated[
    int | None, typer.Option("--limit", min=1, help="At most so many scenes, evenly spaced over the split.")
]


@app.command()
def info(as_json: AsJson = False) -> None:
    """Which datasets are here, and what is missing."""
    datasets = catalog.describe()
    if as_json:
        print_json([_as_json(d) for d in datasets])
        return
    rows = [(d.name, d.kind, _splits(d), d.licence, d.root or MISSING) for d in datasets]
    print_table(("Name", "Kind", "Scenes", "Licence", "Folder"), rows)
    for dataset in datasets:
        if parts := _sequences(dataset):
            typer.echo(f"\n{dataset.name}:train by sequence: {parts}; and train-without-SEQUENCE, all but one.")
        if dataset.problem:
            remark(f"\n{dataset.name}: {dataset.problem}")
            if not dataset.found:
                remark(f"  {dataset.how_to_get}")


@app.command()
def add(
    name: Name,
    path: Annotated[Path, typer.Argument(help="Its folder.")],
    kind: Annotated[
        Literal["camvid", "cityscapes", "folder"] | None,
        typer.Option("--kind", help="Its layout; left out: guessed from what is there."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Register a folder as a dataset."""
    dataset = catalog.register(name, path, kind)
    if as_json:
        print_json(_as_json(dataset))
        return
    typer.echo(f"{dataset.name} is a {dataset.kind} dataset: {_splits(dataset)}.")
    if dataset.problem:
        remark(dataset.problem)


@app.command()
def forget(name: Name) -> None:
    """Take a folder off the register; the folder itself stays."""
    catalog.forget(name)
    typer.echo(f"{name} is forgotten; its files are where they were.")


@app.command()
def pack(
    refs: Annotated[list[str], typer.Argument(metavar="REF...", help="As streets:train or camvid:val.")],
    size: Annotated[str, typer.Option("--size", metavar="HxW")] = "128x256",
    limit: Limit = None,
    as_json: AsJson = False,
) -> None:
    """Pack datasets into memory-mapped arrays now, rather than when the first run needs them."""
    height, width = parse_size(size)
    packed = [_pack(ref, height, width, limit) for ref in refs]
    if as_json:
        print_json(packed)
        return
    for one in packed:
        typer.echo(f"{one['ref']}: {counted(one['scenes'], 'scene')} at {height}×{width}, ready.")


def _pack(ref: str, height: int, width: int, limit: int | None) -> dict[str, Any]:
    from unetkd_core.data import packed

    source = catalog.open_source(ref)
    with counting(f"Packing {source.ref}") as progress:
        arrays = packed.pack(source, height, width, limit=limit, progress=progress)
    return {
        "ref": source.ref,
        "scenes": len(arrays.stems),
        "height": height,
        "width": width,
        "class_shares": arrays.class_shares().tolist(),
    }


def _as_json(dataset: DatasetInfo) -> dict[str, Any]:
    fields: Sequence[str] = (
        "name",
        "kind",
        "root",
        "found",
        "problem",
        "splits",
        "unlabelled",
        "mapping",
        "licence",
        "how_to_get",
    )
    return {field: getattr(dataset, field) for field in fields}


def _sequences(dataset: DatasetInfo) -> str:
    """ "train-only-0001TP 124, train-only-0006R0 101"; empty where train is one piece."""
    return ", ".join(f"{split} {count}" for split, count in dataset.splits.items() if split.startswith("train-only"))


def _splits(dataset: DatasetInfo) -> str:
    whole = {
        split: count for split, count in dataset.splits.items() if not split.startswith(("train-only", "train-without"))
    }
    told = [f"{split} {count}" for split, count in whole.items()]
    told += [f"{split} {count} (no labels)" for split, count in dataset.unlabelled.items()]
    return ", ".join(told) or MISSING
