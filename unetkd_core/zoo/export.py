"""A network as an ONNX file that needs nothing of ours: made, compared with PyTorch, measured, and only then written.

What it takes is the extra `[export]`, asked for in one sentence where it is missing. Torch is imported inside.
"""

import importlib.util
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from unetkd_core import visitors
from unetkd_core.data import catalog
from unetkd_core.errors import ExportError
from unetkd_core.metrics import Scores
from unetkd_core.zoo import folders
from unetkd_core.zoo.references import Loaded

if TYPE_CHECKING:
    from unetkd_core.zoo.export_graph import Network

PACKAGES: Final = ("onnx", "onnxscript", "onnxruntime")
CALIBRATION: Final = 64
"""Scenes that the ranges of int8 are measured on."""
Progress = Callable[[int, int], None]
_ONE_AT_A_TIME: Final = threading.Lock()
"""The exporter is silenced by what belongs to the whole process, and torch traces one network at a time."""


@dataclass(frozen=True)
class Quantising:
    """calibrate, check_on: data references: where int8's ranges are measured, and where its loss is. limit: at most so
    many scenes of `check_on`, evenly spaced; none: all.
    """

    calibrate: str = "streets:train"
    check_on: str = "streets:val"
    limit: int | None = 50


@dataclass(frozen=True)
class Made:
    """A file that passed. worst: the largest difference of a probability from PyTorch's, fp32; equal: share of pixels
    of the same class; sizes: (height, width) of the photos compared. scores: by form, where int8 was asked for, their
    `agreement` with fp32. seconds: a photo's of `sizes[0]`, by form, PyTorch among them.
    """

    file: bytes
    worst: float
    equal: float
    sizes: tuple[tuple[int, int], ...]
    seconds: dict[str, float]
    threads: int
    scores: dict[str, Scores] = field(default_factory=dict)


def require_packages() -> None:
    """Raise ExportError where what writes and reads ONNX is not installed."""
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise ExportError(
            f"Exporting to ONNX takes {', '.join(missing)}, not installed here; `pip install {' '.join(PACKAGES)}` "
            f"brings everything."
        )


def make(loaded: Loaded, *, int8: Quantising | None = None, progress: Progress | None = None) -> Made:
    """The file of `loaded` (on the CPU), of its int8 form where that is asked for.

    progress(done, total): of the scenes that int8 is scored on. Raises ExportError for what cannot be exported or says
    something else than PyTorch, DataError for data that cannot be used, NotAllowedError for a public server's visitors.
    """
    visitors.refuse("Making an ONNX file")
    require_packages()
    with _ONE_AT_A_TIME:
        return _make(loaded, int8, progress)


def _make(loaded: Loaded, int8: Quantising | None, progress: Progress | None) -> Made:
    import torch

    from unetkd_core.zoo import export_check, export_network

    networks = export_network.graphs(loaded)
    files = {"fp32": export_network.assemble(loaded, networks, {"form": "fp32"})}
    photos = export_check.street_photos(loaded)
    parity = export_check.parity(loaded, files["fp32"], photos)
    scores: dict[str, Scores] = {}
    if int8 is not None:
        files["int8"], scores = _quantised(loaded, networks, files["fp32"], int8, progress)
    seconds = export_check.latencies(loaded, files, photos[0][0])
    return Made(files["int8" if int8 else "fp32"], *parity, seconds, torch.get_num_threads(), scores)


def _quantised(
    loaded: Loaded, networks: "list[Network]", fp32: bytes, int8: Quantising, progress: Progress | None
) -> tuple[bytes, dict[str, Scores]]:
    """The int8 file, and both forms' scores."""
    from unetkd_core.zoo import export_check, export_network
    from unetkd_core.zoo.export_int8 import photos_of, quantised

    calibration, held_out = (catalog.open_source(ref) for ref in (int8.calibrate, int8.check_on))
    if calibration.ref == held_out.ref:
        raise ExportError(
            f"int8 would be calibrated and judged on the same scenes, {held_out.ref}; choose another split for one of "
            "them."
        )
    for source in (calibration, held_out):
        source.check()
    photos = photos_of(calibration, CALIBRATION)
    small = [n._replace(graph=quantised(n.graph, photos, unit=n.unit, size=n.size)) for n in networks]
    notes = {"form": "int8", "calibrated_on": f"{len(photos)} scene{'s' * (len(photos) != 1)} of {calibration.ref}"}
    info = loaded.info
    files = {"fp32": fp32, "int8": export_network.assemble(loaded, small, notes)}
    scores = export_check.scores(files, held_out, (info.height, info.width), limit=int8.limit, progress=progress)
    export_check.refuse_collapsed(scores, held_out.ref)
    measured = {"on": held_out.ref, "scenes": min(len(held_out), int8.limit or len(held_out)), **_mious(scores)}
    return export_network.assemble(loaded, small, {**notes, "miou": measured}), scores


def _mious(scores: Mapping[str, Scores]) -> dict[str, Any]:
    return {form: score.to_json()["miou"] for form, score in scores.items()}


def write(path: Path, content: bytes, *, replace: bool = False) -> None:
    """Write an exported file as a whole, or leave what was there. Raises ExportError when there is one and it is not to
    be replaced, and when it cannot be written.
    """
    check_target(path, replace=replace)
    try:
        folders.replace_file(path, content)
    except OSError as error:
        raise ExportError(
            f"{path} cannot be written: {error.strerror or error}. Free space, or choose another place with --out."
        ) from None


def check_target(path: Path, *, replace: bool) -> None:
    """Raise ExportError where a file would be lost, or its folder is not there: asked before work is done for it."""
    if path.is_dir():
        raise ExportError(f"{path} is a folder; name a file in it with --out.")
    if not path.parent.is_dir():
        raise ExportError(f"There is no folder {path.parent} to write {path.name} into; choose another with --out.")
    if path.exists() and not replace:
        raise ExportError(f"{path} is there already; choose another place with --out, or overwrite it with --replace.")
