"""metrics.jsonl: one line an epoch, with every value of the kind that readers compute with. Knows no folder.

A line that is being written, or that somebody damaged, is left out: what is half-written never breaks a reader.
"""

from typing import Any, Final

from unetkd_core import outside
from unetkd_core.classes import NUM_CLASSES

MAX_BYTES: Final = 64 * 1024 * 1024
"""Of the whole file at most; 10,000 epochs take about 10 MB."""
_SCORES: Final = ("miou", "pixel_accuracy", "loss_ce", "agreement")
_PARTS: Final = ("loss_terms", "critic")
"""What a line has of further terms, and of the holistic term's critic: numbers by name."""
_LARGEST: Final = 1e30
"""The span of two such numbers is still one."""
_UNSCORED: Final = {"miou": None, "iou": [None] * NUM_CLASSES, "pixel_accuracy": None}


def parse(text: str) -> list[dict[str, Any]]:
    """One entry a whole line, in order; each has an epoch, a loss and a val, null where nothing was written."""
    return [entry for entry in map(_entry, text.split("\n")[:-1]) if entry is not None]


def _entry(line: str) -> dict[str, Any] | None:
    try:
        entry = outside.parse_json(line)
    except ValueError:
        return None
    if not isinstance(entry, dict) or not isinstance(val := entry.get("val", {}), dict):
        return None
    entry = {"loss": None, **entry, "val": {**_UNSCORED, **val}}
    return entry if _sound(entry) and _scored(entry["val"]) else None


def _sound(entry: dict[str, Any]) -> bool:
    """Whether numbers stand where numbers stand."""
    epoch = entry.get("epoch")
    whole = isinstance(epoch, int) and not isinstance(epoch, bool) and 0 <= epoch <= 10**9
    plain = all(_is_number(value) for name, value in entry.items() if name not in (*_PARTS, "val"))
    parts = [entry.get(name) or {} for name in _PARTS]
    return whole and plain and all(isinstance(part, dict) and all(map(_is_number, part.values())) for part in parts)


def _scored(val: dict[str, Any]) -> bool:
    iou = val["iou"]
    listed = isinstance(iou, list) and len(iou) == NUM_CLASSES and all(map(_is_number, iou))
    return listed and all(_is_number(val.get(name)) for name in _SCORES)


def _is_number(value: Any) -> bool:
    """A number that a chart can hold, or null where nothing was measured."""
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST)
