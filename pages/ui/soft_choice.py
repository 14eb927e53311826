"""What the Soft targets page shows, as plain data: T, α, T², the KL's direction and the pixel; to an address and back.

Whatever an address says becomes values that make sense, with a sentence about each that did not. Knows no widget.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar

from pages.ui.layers import WARMEST
from pages.ui.soft_pixel import Pixel
from unetkd_core.training.presets import KD_PRESETS

Direction = Literal["forward", "reverse"]
Value = TypeVar("Value")
NAMES: Final = ("T", "alpha", "t2", "kl", "col", "row")
"""As they stand in the address."""


@dataclass(frozen=True)
class Choice:
    """Temperature in [1, WARMEST], alpha in [0, 1], whether the soft term is multiplied by T², the KL's direction, and
    the pixel, (column, row) from 0; None while nobody has chosen one.
    """

    temperature: float
    alpha: float
    scale_by_t2: bool
    direction: Direction = "forward"
    pixel: Pixel | None = None


PAPER: Final = Choice(**KD_PRESETS["paper"].changes)
"""Where the page begins: the paper's own setting."""


def read(address: Mapping[str, Any], size: tuple[int, int]) -> tuple[Choice, list[str]]:
    """(choice, what had to be changed, in sentences). address: values under NAMES, as text or not at all.

    size: (height, width) of the picture in pixels. What is not given is the paper's, or nobody's pixel.
    """
    told: list[str] = []
    temperature = _number(address.get("T"), "T", PAPER.temperature, 1.0, WARMEST, told)
    alpha = _number(address.get("alpha"), "α", PAPER.alpha, 0.0, 1.0, told)
    t2 = _one_of(address.get("t2"), "t2", {"0": False, "1": True}, PAPER.scale_by_t2, told)
    directions: dict[str, Direction] = {"forward": "forward", "reverse": "reverse"}
    direction = _one_of(address.get("kl"), "kl", directions, PAPER.direction, told)
    return Choice(temperature, alpha, t2, direction, _pixel(address, size, told)), told


def address(choice: Choice) -> dict[str, str | None]:
    """The choice as it stands in an address; None for what it has not got."""
    column, row = choice.pixel or (None, None)
    return {
        "T": _short(choice.temperature),
        "alpha": _short(choice.alpha),
        "t2": str(int(choice.scale_by_t2)),
        "kl": choice.direction,
        "col": None if column is None else str(column),
        "row": None if row is None else str(row),
    }


def heard(view: Mapping[str, Any], size: tuple[int, int]) -> Choice:
    """What the browser reported on release, held to the same limits as an address."""
    column, row = view.get("pixel") or (None, None)
    said = {
        "T": view.get("temperature"),
        "alpha": view.get("alpha"),
        "t2": str(int(bool(view.get("scale_by_t2")))),
        "kl": view.get("direction"),
        "col": column,
        "row": row,
    }
    return read(said, size)[0]


def _short(value: float) -> str:
    return f"{round(value, 2):g}"


def _number(given: Any, name: str, usual: float, low: float, high: float, told: list[str]) -> float:
    if given in (None, ""):
        return usual
    try:
        value = float(given)
    except (TypeError, ValueError):
        value = math.nan
    if not math.isnan(value) and low <= value <= high:
        return round(value, 2)
    kept = usual if math.isnan(value) else min(high, max(low, value))
    told.append(f"{name} goes from {low:g} to {high:g}, and the address says {given}; this is {name} = {kept:g}.")
    return kept


def _one_of(given: Any, name: str, known: Mapping[str, Value], usual: Value, told: list[str]) -> Value:
    if given in (None, ""):
        return usual
    if str(given) not in known:
        told.append(f"{name} is {' or '.join(known)}, and the address says {given}; the paper’s is shown.")
    return known.get(str(given), usual)


def _pixel(address: Mapping[str, Any], size: tuple[int, int], told: list[str]) -> Pixel | None:
    given = [address.get("col"), address.get("row")]
    if all(value in (None, "") for value in given):
        return None
    limits = (size[1], size[0])
    places = [int(text) if (text := str(value)).isdecimal() and len(text) < 9 else -1 for value in given]
    if all(0 <= place < limit for place, limit in zip(places, limits, strict=True)):
        return places[0], places[1]
    asked = ", ".join(f"{name} {value or 'nothing'}" for name, value in zip(("column", "row"), given, strict=True))
    told.append(
        f"This picture has columns 0 to {size[1] - 1} and rows 0 to {size[0] - 1}, and the address says {asked}; "
        "this is a pixel at an edge."
    )
    return None
