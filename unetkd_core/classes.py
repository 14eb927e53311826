"""Table I as data: the six classes, their colours, and how other datasets' ids become them.

Pure numpy and data; knows no dataset's files. Colours and ids are the paper's Table I. The paper's names are kept
although two mislead: "road markings" is Cityscapes' id 8, the sidewalk, and "posts/pylons" is id 20, the traffic sign;
`note` says so wherever a class is shown.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from unetkd_core.errors import DataError

VOID: Final = 255
"""A pixel that is in no loss term and no metric (Cityscapes' borders have labels; CamVid's unlabelled pixels are void).
"""
UNLABELLED: Final = 254
"""A pixel without a hard label that a teacher may still teach: out of the hard term and of metrics only."""


@dataclass(frozen=True)
class StreetClass:
    """One row of Table I. `color` and `safe_color` are (R, G, B) in 0-255; the second is told apart by colour-blind
    eyes.
    """

    index: int
    name: str
    color: tuple[int, int, int]
    safe_color: tuple[int, int, int]
    cityscapes_ids: tuple[int, ...]
    note: str


# safe_color: black/grey, blue, sky blue, orange, yellow and reddish purple after Okabe and Ito (2008), "Color
# Universal Design".
CLASSES: Final = (
    StreetClass(
        0,
        "background",
        (81, 0, 81),
        (70, 70, 70),
        (*range(-1, 7), *range(9, 20), 21, 22, 23, 25, *range(27, 34)),
        "Everything else: buildings, trees, sky, fences, riders and their bicycles.",
    ),
    StreetClass(1, "road", (128, 64, 128), (0, 114, 178), (7,), "The carriageway, with the lines painted on it."),
    StreetClass(
        2,
        "road markings",
        (244, 35, 232),
        (86, 180, 233),
        (8,),
        "The paper's name; by its Cityscapes id it is the sidewalk (in CamVid: pavement).",
    ),
    StreetClass(3, "vehicle", (0, 0, 142), (230, 159, 0), (26,), "Cars; in CamVid vans, buses and lorries too."),
    StreetClass(
        4,
        "posts/pylons",
        (220, 220, 0),
        (240, 228, 66),
        (20,),
        "The paper's name; by its Cityscapes id it is traffic signs. In CamVid and streets: poles, signs and lights.",
    ),
    StreetClass(5, "person", (220, 20, 60), (204, 121, 167), (24,), "People on foot."),
)
NUM_CLASSES: Final = len(CLASSES)
CLASS_NAMES: Final = tuple(c.name for c in CLASSES)
PALETTES: Final = {
    "table1": np.array([c.color for c in CLASSES], dtype=np.uint8),
    "safe": np.array([c.safe_color for c in CLASSES], dtype=np.uint8),
}
"""Palette name -> (6, 3) uint8."""


@dataclass(frozen=True)
class LabelMapping:
    """How a dataset's own ids become the six classes. Checkpoints name it: evaluating across mappings warns."""

    name: str
    description: str
    ids: dict[int, int]

    def table(self) -> np.ndarray:
        """(256,) int16: raw uint8 value -> class, VOID, or -1 where the value is unknown. Cityscapes' id -1 is stored
        as 255.
        """
        table = np.full(256, -1, dtype=np.int16)
        for raw, index in self.ids.items():
            table[raw % 256] = index
        return table

    def apply(self, raw: np.ndarray, *, where: str) -> np.ndarray:
        """Map raw ids (H, W) uint8 to classes (H, W) uint8. `where` names the file for the error.

        Raises DataError naming the file and the first unknown value.
        """
        mapped = self.table()[raw]
        if (mapped < 0).any():
            bad = sorted(int(v) for v in np.unique(raw[mapped < 0]))
            known = _ranges(stored % 256 for stored in self.ids)
            raise DataError(
                f"{where} has label value {bad[0]}{' and others' if len(bad) > 1 else ''}; the {self.name} mapping "
                f"expects {known}: is it a label file of that dataset, and not a colour or a photo (JPEG)?"
            )
        return mapped.astype(np.uint8)


def _ranges(ids: Iterable[int]) -> str:
    """ "0 to 5, 254 and 255" of these numbers."""
    runs: list[list[int]] = []
    for one in sorted(ids):
        if runs and one == runs[-1][-1] + 1 and one < UNLABELLED:
            runs[-1].append(one)
        else:
            runs.append([one])
    said = [str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs]
    return " and ".join([", ".join(said[:-1]), said[-1]] if len(said) > 1 else said)


_CAMVID = {0: 0, 1: 0, 2: 4, 3: 1, 4: 2, 5: 0, 6: 4, 7: 0, 8: 3, 9: 5, 10: 0, 11: VOID}

MAPPINGS: Final = {
    "cityscapes": LabelMapping(
        "cityscapes",
        "Table I: posts/pylons are traffic signs alone.",
        {raw: c.index for c in CLASSES for raw in c.cityscapes_ids},
    ),
    "camvid": LabelMapping(
        "camvid",
        "CamVid's 12 ids (SegNet's): posts/pylons are poles, signs and lights; bicyclists are background.",
        _CAMVID,
    ),
    "classes": LabelMapping(
        "classes",
        "Class indices 0-5 as they are; 254 unlabelled, 255 void.",
        {**{c.index: c.index for c in CLASSES}, UNLABELLED: UNLABELLED, VOID: VOID},
    ),
}


def encode(labels: np.ndarray, palette: str = "table1") -> np.ndarray:
    """Labels (H, W) uint8 of classes 0-5 -> colours (H, W, 3) uint8; VOID and UNLABELLED become black."""
    table = np.zeros((256, 3), dtype=np.uint8)
    table[:NUM_CLASSES] = PALETTES[palette]
    return table[labels]


def decode(colors: np.ndarray, palette: str = "table1", *, where: str = "mask") -> np.ndarray:
    """Colours (H, W, 3) uint8 -> labels (H, W) uint8; pure black is VOID. The inverse of `encode`.

    Raises DataError naming the first colour that is not on the palette (a mask saved as JPEG has many).
    """
    key = colors.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], dtype=np.uint32)
    labels = np.full(key.shape, UNLABELLED, dtype=np.uint8)
    for index, color in enumerate(PALETTES[palette].astype(np.uint32)):
        labels[key == (color @ np.array([1 << 16, 1 << 8, 1], dtype=np.uint32))] = index
    labels[key == 0] = VOID
    unknown = labels == UNLABELLED
    if unknown.any():
        r, g, b = (int(v) for v in colors[unknown][0])
        raise DataError(
            f"{where} has colour ({r}, {g}, {b}), which is not one of Table I's; was it saved as a photo (JPEG) or "
            f"resized smoothly?"
        )
    return labels


def palette_bytes(palette: str = "table1") -> list[int]:
    """768 integers for PIL's `putpalette`: classes first, the rest black."""
    flat = np.zeros((256, 3), dtype=np.uint8)
    flat[:NUM_CLASSES] = PALETTES[palette]
    return [int(v) for v in flat.reshape(-1)]
