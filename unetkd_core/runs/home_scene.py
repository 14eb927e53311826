"""The home page's scene as files: one street read by teacher, student and twin, with their scores over a split.

Reading needs no torch; making it does. `python -m unetkd_core.runs.home_scene TEACHER STUDENT TWIN` makes it anew from
checkpoints. Knows nothing of how it is shown.

    scene.json                              numbers and settings, what `HomeScene` holds
    photo.png                               the street, RGB
    truth.png teacher.png student.png twin.png   label maps as palette PNGs of Table I
"""

import argparse
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image, UnidentifiedImageError

from unetkd_core.classes import NUM_CLASSES, palette_bytes
from unetkd_core.errors import CheckpointError, DataError
from unetkd_core.settings import PROJECT_ROOT
from unetkd_core.training.config import parse_config

if TYPE_CHECKING:
    from unetkd_core.data.source import Source
    from unetkd_core.zoo.references import Loaded

FOLDER: Final = PROJECT_ROOT / "assets" / "home"
SPLIT: Final = "streets:val"
ROLES: Final = ("teacher", "student", "twin")
SIZE: Final = (512, 1024)
"""Height and width of the picture: it fills the page, so twice the size that scores are measured at."""
CANDIDATES: Final = 60
"""The scene is looked for among this many first scenes of the split."""


@dataclass(frozen=True)
class Measured:
    """One network: parameters; mIoU and IoU a class in [0, 1] (NaN where absent), whole split, native resolution."""

    ref: str
    title: str
    parameters: int
    miou: float
    iou: tuple[float, ...]


@dataclass(frozen=True)
class HomeScene:
    """What the home page shows. `photo` is (H, W, 3) uint8, each of `labels` (H, W) uint8, by role and "truth"."""

    dataset: str
    index: int
    scenes: int | None
    seeds: int
    settings: dict[str, Any]
    teacher: Measured
    student: Measured
    twin: Measured
    photo: np.ndarray
    labels: dict[str, np.ndarray]

    @property
    def gain(self) -> float:
        """Student's mIoU minus its twin's, a difference of fractions."""
        return self.student.miou - self.twin.miou

    def class_gains(self) -> list[tuple[int, float]]:
        """(class, student's IoU minus the twin's), the largest first; classes that either lacks are left out."""
        both = [(i, s - t) for i, (s, t) in enumerate(zip(self.student.iou, self.twin.iou, strict=True))]
        return sorted(((i, g) for i, g in both if not math.isnan(g)), key=lambda pair: -pair[1])


def read_home(folder: Path | None = None) -> HomeScene | None:
    """Read `folder` (default FOLDER); None where there is no scene.json yet.

    Raises DataError that names the file which is damaged or missing.
    """
    folder = folder or FOLDER
    if not (folder / "scene.json").is_file():
        return None
    try:
        data = json.loads((folder / "scene.json").read_text(encoding="utf-8"))
        measured = {role: _measured(data[role]) for role in ROLES}
        photo = np.asarray(Image.open(folder / "photo.png").convert("RGB"))
        labels = {role: _read_labels(folder / f"{role}.png", photo.shape[:2]) for role in (*ROLES, "truth")}
        return HomeScene(
            dataset=str(data["dataset"]),
            index=int(data["index"]),
            scenes=data.get("scenes"),
            seeds=int(data["seeds"]),
            settings=dict(data["settings"]),
            photo=photo,
            labels=labels,
            **measured,
        )
    except (OSError, UnidentifiedImageError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"The home page's scene in {folder.name}/ cannot be read ({error}). "
            "Make it anew: python -m unetkd_core.runs.home_scene TEACHER STUDENT TWIN."
        ) from error


def _measured(data: dict[str, Any]) -> Measured:
    iou = tuple(math.nan if v is None else float(v) for v in data["iou"])
    if len(iou) != NUM_CLASSES:
        raise ValueError(f"iou has {len(iou)} values, expected {NUM_CLASSES}")
    return Measured(str(data["ref"]), str(data["title"]), int(data["parameters"]), float(data["miou"]), iou)


def _read_labels(path: Path, size: tuple[int, ...]) -> np.ndarray:
    image = Image.open(path)
    labels = np.asarray(image)
    if image.mode != "P" or labels.shape != size:
        raise ValueError(f"{path.name} is {image.mode} {labels.shape}, expected a palette PNG of {size}")
    return labels


def make_home(
    folder: Path,
    teacher_ref: str,
    student_ref: str,
    twin_ref: str,
    scene_index: int | None = None,
    size: tuple[int, int] = SIZE,
) -> HomeScene:
    """Read one street of `streets:val` with three checkpoints and write the home page's files into `folder`.

    size: its height and width in pixels.

    mIoU and IoU are those over the whole split at native resolution, from the checkpoint's own metrics where it has
    them, else evaluated now. The scene (unless `scene_index` names one) is not the best one: of the first 60 that
    show all six classes, it is the one whose own gain lies nearest to the mean gain of those 60.
    Raises CheckpointError for a reference that cannot be loaded.
    """
    from unetkd_core.data.catalog import open_source
    from unetkd_core.zoo.references import load_model

    source = open_source(SPLIT)
    refs = dict(zip(ROLES, (teacher_ref, student_ref, twin_ref), strict=True))
    loaded = {role: load_model(ref, "auto") for role, ref in refs.items()}
    settings = _settings(loaded["student"], student_ref)
    index = _typical_scene(source, loaded["student"], loaded["twin"]) if scene_index is None else scene_index
    scene = source.read_at(index, *size)
    if scene.labels is None:
        raise DataError(f"{SPLIT} has no labels; the home page needs the true ones.")
    labels = {role: _predict(one, scene.image) for role, one in loaded.items()} | {"truth": scene.labels}
    measured = {role: _measure(one, refs[role], source) for role, one in loaded.items()}
    home = HomeScene(
        dataset=SPLIT,
        index=index,
        scenes=len(source),
        seeds=1,
        settings=settings,
        photo=scene.image,
        labels=labels,
        **measured,
    )
    write_home(folder, home, f"python -m unetkd_core.runs.home_scene {teacher_ref} {student_ref} {twin_ref}")
    return home


def _settings(student: "Loaded", ref: str) -> dict[str, Any]:
    """What the student was taught with, from the run that its checkpoint carries."""
    run = parse_config(student.info.run, where=f"the run in {ref}") if student.info.run else None
    if run is None or run.teaching is None:
        raise CheckpointError(f"{ref} was not taught: its checkpoint names no teacher. Give a distilled student.")
    return {
        **run.teaching.model_dump(include={"alpha", "temperature", "scale_by_t2"}),
        "epochs": run.optim.epochs,
        "height": student.info.height,
        "width": student.info.width,
    }


def _predict(loaded: "Loaded", image: np.ndarray) -> np.ndarray:
    from unetkd_core.inference.predict import predict

    return predict(loaded.model, image, training_size=(loaded.info.height, loaded.info.width)).labels


def _measure(loaded: "Loaded", ref: str, source: "Source") -> Measured:
    from unetkd_core.inference.evaluate import evaluate

    scores = loaded.info.metrics.get(SPLIT)
    if not isinstance(scores, dict):
        scores = evaluate(loaded.model, source, training_size=(loaded.info.height, loaded.info.width)).to_json()
    title = str(loaded.info.arch.get("name") or loaded.info.title)
    return _measured({"ref": ref, "title": title, "parameters": loaded.info.parameters, **scores})


def _typical_scene(source: "Source", student: "Loaded", twin: "Loaded") -> int:
    gains: list[float] = []
    complete: list[bool] = []
    for index in range(min(CANDIDATES, len(source))):
        scene = source.read(index)
        if scene.labels is None:
            raise DataError(f"{SPLIT} has no labels; the home page needs the true ones.")
        miou = [image_miou(_predict(one, scene.image), scene.labels) for one in (student, twin)]
        gains.append(miou[0] - miou[1])
        complete.append(len(np.unique(scene.labels[scene.labels < NUM_CLASSES])) == NUM_CLASSES)
    return nearest_to_mean(gains, complete)


def nearest_to_mean(gains: Sequence[float], complete: Sequence[bool]) -> int:
    """Index of the gain nearest to the mean of all, among those where `complete` (among all, where none is)."""
    mean = float(np.mean(gains))
    allowed = [i for i, whole in enumerate(complete) if whole] or list(range(len(gains)))
    return min(allowed, key=lambda i: abs(gains[i] - mean))


def image_miou(pred: np.ndarray, labels: np.ndarray) -> float:
    """Mean IoU of one image's (H, W) labels over the classes in either; void and unlabelled pixels count nowhere.

    Only for choosing a scene: what is reported is the IoU over a whole split, which is another, smaller number.
    """
    known = labels < NUM_CLASSES
    pred, labels = pred[known], labels[known]
    ious = []
    for c in range(NUM_CLASSES):
        union = np.count_nonzero((pred == c) | (labels == c))
        if union:
            ious.append(np.count_nonzero((pred == c) & (labels == c)) / union)
    return float(np.mean(ious)) if ious else math.nan


def write_home(folder: Path, home: HomeScene, command: str) -> None:
    """Write what `read_home` reads; `command` is how it was made, for the record."""
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(home.photo).save(folder / "photo.png", optimize=True)
    for role, labels in home.labels.items():
        image = Image.fromarray(labels)
        image.putpalette(palette_bytes())
        image.save(folder / f"{role}.png", optimize=True)
    data: dict[str, Any] = {
        "dataset": home.dataset,
        "index": home.index,
        "scenes": home.scenes,
        "size": list(home.photo.shape[:2]),
        "seeds": home.seeds,
        "settings": home.settings,
        "command": command,
    }
    for role in ROLES:
        measured = asdict(getattr(home, role))
        data[role] = {**measured, "iou": [None if math.isnan(v) else v for v in measured["iou"]]}
    text = json.dumps(data, indent=1, allow_nan=False, ensure_ascii=False)
    (folder / "scene.json").write_text(text + "\n", encoding="utf-8")  # last: without it there is no scene


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m unetkd_core.runs.home_scene", description="Make the home page's scene from checkpoints."
    )
    for role in ROLES:
        parser.add_argument(role, help=f"reference to the {role}: a checkpoint's name or run:ID")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--scene", type=int, default=None, help="index of the scene; default: a typical one")
    chosen = parser.parse_args(arguments)
    make_home(chosen.folder, chosen.teacher, chosen.student, chosen.twin, chosen.scene)


if __name__ == "__main__":
    main()
