"""Home's files in their first format, one student beside its twin as label maps, read as a grid of one cell.

scene.json photo.png truth.png   as in the present format, with one network a role
teacher.png student.png twin.png label maps as palette PNGs of Table I
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from unetkd_core.runs.home_grid import HomeCell, HomeGrid, Measured, Network

FILES: Final = ("teacher.png", "student.png", "twin.png")
_SEEN: Final = {"teacher": "teacher", "twin": "twin/0", "student": "cell/0"}


def grid_of(
    data: Mapping[str, Any], photo: np.ndarray, truth: np.ndarray, labels: Mapping[str, np.ndarray]
) -> HomeGrid:
    """data: scene.json; labels: by role. Raises KeyError, TypeError, ValueError for other data."""
    scores = {role: _scores(data[role]) for role in _SEEN}
    networks = {role: _network(data[role]) for role in ("teacher", "student")}
    settings = dict(data["settings"])
    cell = HomeCell(float(settings["alpha"]), float(settings["temperature"]), (scores["student"],), 0)
    return HomeGrid(
        dataset=str(data["dataset"]),
        index=int(data["index"]),
        scenes=data.get("scenes"),
        seeds=(0,),
        settings=settings,
        student=networks["student"],
        teacher=networks["teacher"],
        teacher_scores=scores["teacher"],
        twins=(scores["twin"],),
        cells=(cell,),
        photo=photo,
        truth=truth,
        seen={key: labels[role] for role, key in _SEEN.items()},
    )


def _network(data: Mapping[str, Any]) -> Network:
    return Network(str(data["ref"]), str(data["title"]), int(data["parameters"]))


def _scores(data: Mapping[str, Any]) -> Measured:
    return Measured(float(data["miou"]), tuple(float("nan") if v is None else float(v) for v in data["iou"]))


def folder_labels(folder: Path) -> dict[str, Path]:
    """Role -> its label map's file."""
    return {name.removesuffix(".png"): folder / name for name in FILES}
