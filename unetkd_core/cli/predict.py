"""`unetkd predict`: label maps and overlays for images on disk. One bad image does not spoil the others."""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
from PIL import Image

from unetkd_core.classes import PALETTES
from unetkd_core.cli.options import AsJson
from unetkd_core.cli.output import print_json, remark
from unetkd_core.cli.teachers import reference
from unetkd_core.data.images import read_image, write_labels_png
from unetkd_core.errors import UnetKDError
from unetkd_core.inference.overlay import overlay
from unetkd_core.zoo.references import Loaded, load_model


def predict(
    ref: Annotated[
        str,
        typer.Argument(
            metavar="REF", help="A checkpoint's or ensemble's name, run:ID, hf:owner/repo, an ensemble.json."
        ),
    ],
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="PNG, JPEG or WebP.")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="Made if it is not there.")],
    palette: Annotated[str, typer.Option("--palette", help="table1, or safe for colour-blind eyes.")] = "table1",
    as_json: AsJson = False,
) -> None:
    """Segment images: for each a palette PNG (NAME_labels.png) and an overlay (NAME_overlay.png), at its own size."""
    if palette not in PALETTES:
        raise typer.BadParameter(f"{palette!r} is none of {', '.join(PALETTES)}", param_hint="--palette")
    loaded = load_model(reference(ref), "auto")
    was_there = out.exists()
    _make_folder(out)
    results = []
    for path, name in zip(images, distinct_names(images), strict=True):
        try:
            results.append(_predict_one(loaded, path, out / name, palette))
        except UnetKDError as error:
            remark(f"unetkd: {error}")
            results.append({"image": str(path), "error": str(error)})
    if not was_there:
        with suppress(OSError):  # something is in it, as there should be
            out.rmdir()
    if as_json:
        print_json(results)
    if any("error" in result for result in results):
        raise typer.Exit(1)


def distinct_names(paths: Iterable[Path]) -> list[str]:
    """File names without ending, told apart by a number where two images have the same."""
    names: list[str] = []
    for path in paths:
        name, count = path.stem, 1
        while name in names:
            count += 1
            name = f"{path.stem}_{count}"
        names.append(name)
    return names


def _predict_one(loaded: Loaded, path: Path, stem: Path, palette: str) -> dict[str, str]:
    """Write both pictures; what was written, by kind. Raises UnetKDError, also where that cannot be."""
    from unetkd_core.inference.predict import predict as predict_image

    image = read_image(path, name=path.name)
    labels = predict_image(loaded.model, image, training_size=(loaded.info.height, loaded.info.width)).labels
    files = {kind: stem.with_name(f"{stem.name}_{kind}.png") for kind in ("labels", "overlay")}
    try:
        write_labels_png(labels, files["labels"], palette=palette)
        Image.fromarray(overlay(image, labels, palette=palette)).save(files["overlay"])
    except OSError as error:
        raise UnetKDError(f"What was read in {path} cannot be written: {error.strerror or error}.") from error
    typer.echo(f"{path}: {files['labels']}, {files['overlay']}", err=True)
    return {"image": str(path), **{kind: str(file) for kind, file in files.items()}}


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnetKDError(
            f"{folder} cannot be made a folder: {error.strerror or error}; choose another with -o."
        ) from None
