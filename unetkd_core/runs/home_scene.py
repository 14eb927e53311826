"""The home page's files: read without torch, written in one go. Knows nothing of how they are made or shown.

scene.json   numbers, how it was made, and the SHA-256 of the other three
photo.png    the street, RGB
truth.png    its label map, a palette PNG of Table I
logits.npz   cells (N, 6, h, w), twin (6, h, w): float16, deflated, nothing pickled
"""

import hashlib
import io
import json
import math
import os
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image, UnidentifiedImageError

from unetkd_core import outside
from unetkd_core.classes import NUM_CLASSES, palette_bytes
from unetkd_core.errors import DataError
from unetkd_core.runs.home_grid import HomeCell, HomeGrid, Measured, Network
from unetkd_core.settings import PROJECT_ROOT

FOLDER: Final = PROJECT_ROOT / "assets" / "home"
FORMAT_VERSION: Final = 3
LIMIT_BYTES: Final = 10_000_000
"""Of the whole folder: it is in the repository, and a browser waits for most of it."""
_SCENE, _PHOTO, _TRUTH, _LOGITS = "scene.json", "photo.png", "truth.png", "logits.npz"
_DAMAGED: Final = (
    OSError, UnidentifiedImageError, ValueError, KeyError, TypeError, IndexError, EOFError, zipfile.BadZipFile,
    zlib.error,
)  # fmt: skip


def read_home(folder: Path | None = None) -> HomeGrid | None:
    """Read `folder` (default FOLDER); None where there is no scene.json yet.

    Raises DataError that says which file is damaged or missing, or that another release wrote it.
    """
    folder = folder or FOLDER
    if not (folder / _SCENE).is_file():
        return None
    try:
        data = outside.read_json(folder / _SCENE)
        version = data.get("format_version")
        if version != FORMAT_VERSION:
            raise ValueError(f"format version {version!r}, and this release reads {FORMAT_VERSION}")
        files = {name: _content(folder / name, data["files"][name]) for name in (_PHOTO, _TRUTH, _LOGITS)}
        photo = np.asarray(Image.open(files[_PHOTO]).convert("RGB"))
        truth = _read_labels(files[_TRUTH], photo.shape[:2])
        return _grid(data, photo, truth, _read_logits(files[_LOGITS]))
    except _DAMAGED as error:
        raise DataError(
            f"The home page's scene in {folder.name}/ cannot be read ({error}). Check out assets/home/ of the "
            "repository again, or make it anew: unetkd paper home."
        ) from error


def _content(path: Path, sha256: str) -> io.BytesIO:
    """The file that scene.json means: not another grid's, which is just being written over this one."""
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ValueError(f"{path.name} is not the one that {_SCENE} was written with")
    return io.BytesIO(content)


def _read_labels(file: io.BytesIO, size: tuple[int, ...]) -> np.ndarray:
    image = Image.open(file)
    labels = np.asarray(image)
    if image.mode != "P" or labels.shape != size:
        raise ValueError(f"{_TRUTH} is {image.mode} {labels.shape}, expected a palette PNG of {size}")
    return labels


def _read_logits(content: io.BytesIO) -> dict[str, np.ndarray]:
    with np.load(content, allow_pickle=False) as file:
        found = {name: file[name] for name in ("cells", "twin")}
    for name, array in found.items():
        wanted = 3 if name == "twin" else 4
        if array.dtype != np.float16 or array.ndim != wanted or array.shape[-3] != NUM_CLASSES:
            raise ValueError(f"{name} in {_LOGITS} is {array.dtype} {array.shape}, expected float16 (…, 6, h, w)")
    return found


def _grid(data: Mapping[str, Any], photo: np.ndarray, truth: np.ndarray, logits: Mapping[str, np.ndarray]) -> HomeGrid:
    cells = tuple(
        HomeCell(float(cell["alpha"]), float(cell["temperature"]), tuple(map(_scores, cell["students"])))
        for cell in data["cells"]
    )
    twins = tuple(map(_scores, data["twins"]))
    seeds = tuple(int(seed) for seed in data["seeds"])
    shown = int(data["shown"])
    whole = all(len(cell.students) == len(twins) == len(seeds) > shown >= 0 for cell in cells)
    if not cells or not whole or len(logits["cells"]) != len(cells):
        raise ValueError("cells, twins and logits do not belong together")
    return HomeGrid(
        dataset=str(data["dataset"]),
        index=int(data["index"]),
        scenes=int(data["scenes"]),
        seeds=seeds,
        shown=shown,
        student=Network(**data["student"]),
        teacher=Network(**{key: data["teacher"][key] for key in ("title", "parameters")}),
        teacher_scores=_scores(data["teacher"]),
        twins=twins,
        cells=cells,
        photo=photo,
        truth=truth,
        twin_seen=logits["twin"],
        cells_seen=tuple(logits["cells"]),
    )


def _scores(data: Mapping[str, Any]) -> Measured:
    iou = tuple(math.nan if v is None else float(v) for v in data["iou"])
    if len(iou) != NUM_CLASSES:
        raise ValueError(f"iou has {len(iou)} values, expected {NUM_CLASSES}")
    return Measured(float(data["miou"]), iou, str(data.get("run", "")))


def write_home(folder: Path, home: HomeGrid, notes: Mapping[str, Any]) -> None:
    """Write what `read_home` reads, with `notes` for the record: the command, versions, machine.

    Raises DataError when that is more than LIMIT_BYTES or there is no room for it, and the folder is then as it was.
    """
    files = {
        _PHOTO: _png(Image.fromarray(home.photo)),
        _TRUTH: _png(_with_palette(home.truth)),
        _LOGITS: _packed(home),
    }
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    files[_SCENE] = _described(home, {**notes, "files": hashes})
    size = sum(map(len, files.values()))
    if size > LIMIT_BYTES:
        raise DataError(
            f"Home's files would take {size / 1e6:.1f} MB; they may take {LIMIT_BYTES / 1e6:.0f}. Take a smaller "
            "--size or fewer cells."
        )
    try:
        _replace(folder, files)
    except OSError as error:
        raise DataError(f"Home's files cannot be written to {folder}: {error.strerror or error}.") from error


def _replace(folder: Path, files: Mapping[str, bytes]) -> None:
    """All at once as far as a reader can tell: scene.json goes first and comes last, and without it there is none."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = {name: folder / f".{name}.new" for name in files}
    try:
        for name, part in parts.items():
            part.write_bytes(files[name])
        (folder / _SCENE).unlink(missing_ok=True)
        for name, part in parts.items():
            os.replace(part, folder / name)
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)


def _png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def _with_palette(labels: np.ndarray) -> Image.Image:
    image = Image.fromarray(labels)
    image.putpalette(palette_bytes())
    return image


def _packed(home: HomeGrid) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(
        file,
        cells=np.stack(home.cells_seen),
        twin=home.twin_seen,
    )
    return file.getvalue()


def _described(home: HomeGrid, notes: Mapping[str, Any]) -> bytes:
    data = {
        "format_version": FORMAT_VERSION,
        "dataset": home.dataset,
        "index": home.index,
        "scenes": home.scenes,
        "size": list(home.photo.shape[:2]),
        "seeds": list(home.seeds),
        "shown": home.shown,
        **notes,
        "teacher": {**vars(home.teacher), **_plain(home.teacher_scores)},
        "student": vars(home.student),
        "twins": [{"seed": seed, **_plain(twin)} for seed, twin in zip(home.seeds, home.twins, strict=True)],
        "cells": [
            {
                "alpha": cell.alpha,
                "temperature": cell.temperature,
                "students": [
                    {"seed": seed, **_plain(one)} for seed, one in zip(home.seeds, cell.students, strict=True)
                ],
            }
            for cell in home.cells
        ],
    }
    return (json.dumps(data, indent=1, allow_nan=False, ensure_ascii=False) + "\n").encode()


def _plain(scores: Measured) -> dict[str, Any]:
    known = {"miou": scores.miou, "iou": [None if math.isnan(v) else v for v in scores.iou]}
    return {**known, "run": scores.run} if scores.run else known
