"""The numbers of one comparison, a row a network: for the CSV file and for the table of the exported page.

Collects what was measured elsewhere; measures nothing itself.
"""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pages.ui import price, readings
from pages.ui.caches import STREET
from pages.ui.readings import Picture, Reading
from unetkd_core.classes import CLASS_NAMES
from unetkd_core.inference import side_by_side
from unetkd_core.zoo import marks, relatives

Row = dict[str, Any]


@dataclass(frozen=True)
class Where:
    """Where the picture is from: NAME:SPLIT and the scene's number from 1, or an own photo's name."""

    dataset: str
    scene: int | None
    photo: str = ""

    @property
    def title(self) -> str:
        """For a heading: "streets:val, scene 243", or the photo's name."""
        return self.photo or f"{self.dataset}, scene {self.scene}"

    @property
    def stem(self) -> str:
        """The beginning of a file's name; an own photo's name, which may be anything, is not in it."""
        return "photo" if self.photo else f"{self.dataset.replace(':', '_')}_{self.scene:04d}"


def rows(cast: Sequence[Reading], picture: Picture, where: Where, seconds: Mapping[str, float]) -> list[Row]:
    """What is known of each network that has read the picture. Fractions in [0, 1], None where there is no number."""
    done = [r for r in cast if r.labels is not None]
    judge, shared = readings.judge(done), price.measured_on(cast, where.dataset)
    return [
        {
            **_picture(picture, where),
            **_network(r),
            **_right(r, picture),
            "agrees_with": judge.name if judge else None,
            "agreement_here": _agreement(r, judge, picture),
            "mean_entropy_here": None if r.logits is None else side_by_side.mean_entropy(r.logits),
            "measured_on": shared,
            "miou_measured": relatives.miou(r.info, shared),
            "chosen_on_it": shared in marks.chosen_on(r.info),
            "learned_from_it": marks.learned_from(r.info, shared),
            "parameters": r.info.parameters,
            "weights_mb": price.megabytes(r.ref),
            f"macs_{STREET[0]}x{STREET[1]}": price.work(r.info),
            f"seconds_{STREET[0]}x{STREET[1]}": seconds.get(r.ref),
            "licence": r.info.licence,
            "sha256": r.info.sha256,
        }
        for r in done
    ]


def _picture(picture: Picture, where: Where) -> Row:
    height, width = picture.image.shape[:2]
    own = {"dataset": "own photo", "scene": where.photo}
    return {
        **(own if where.photo else {"dataset": where.dataset, "scene": where.scene}),
        "picture_height": height,
        "picture_width": width,
    }


def _network(reading: Reading) -> Row:
    info, run = reading.info, reading.info.run or {}
    teaching, optim = run.get("teaching"), run.get("optim")
    teaching, optim = (part if isinstance(part, Mapping) else {} for part in (teaching, optim))
    return {
        "network": reading.name,
        "reference": reading.ref,
        "role": info.role,
        "trained_on": " ".join(info.data),
        "training_height": info.height,
        "training_width": info.width,
        "seed": info.seed if run else None,
        "epochs": optim.get("epochs"),
        "temperature": teaching.get("temperature"),
        "alpha": teaching.get("alpha"),
    }


def _right(reading: Reading, picture: Picture) -> Row:
    scores = reading.scores if picture.truth is not None else None
    iou = scores.iou if scores else (None,) * len(CLASS_NAMES)
    return {
        **{iou_column(index): _number(value) for index, value in enumerate(iou)},
        "miou_here": _number(scores.miou) if scores else None,
        "right_here": _number(scores.pixel_accuracy) if scores else None,
    }


def _agreement(reading: Reading, judge: Reading | None, picture: Picture) -> float | None:
    if judge is None or judge.labels is None or reading.labels is None:
        return None
    return _number(side_by_side.agreement([judge.labels, reading.labels], picture.truth)[0, 1])


def iou_column(index: int) -> str:
    """The column of a class's IoU on this picture: "iou_road_markings_here"."""
    return f"iou_{CLASS_NAMES[index].replace(' ', '_').replace('/', '_')}_here"


def _number(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else float(value)


def csv_text(found: Sequence[Row]) -> str:
    """The rows as CSV with a header; an empty cell is a number that there is none of."""
    file = io.StringIO()
    writer = csv.DictWriter(file, list(found[0]) if found else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in found)
    return file.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return f"{value:.6g}"
    # A title comes with a checkpoint of anybody's; a spreadsheet would run what starts like a formula.
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" and value else value
