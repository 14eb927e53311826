"""Where the names of marks stand in a picture, so that none covers another name or a mark. Numbers in and out."""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

LETTER: Final = 6.6
"""Pixels of a letter, on average, at 13 pixels' type."""
LINE: Final = 17
"""Pixels from line to line."""
GAP: Final = 18
"""Pixels between a mark's middle and its name."""
_MARK: Final = 8
_SHIFTS: Final = (0, -LINE, LINE, -2 * LINE, 2 * LINE)


class Mark(NamedTuple):
    """Its middle in pixels from the left and from the top, and its name."""

    x: float
    y: float
    name: str


class Place(NamedTuple):
    """Of a name: on which side of its mark, and its middle in pixels from the top."""

    side: Literal["left", "right"]
    y: float


class _Box(NamedTuple):
    left: float
    right: float
    top: float
    bottom: float

    def meets(self, other: "_Box") -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


def places(marks: Sequence[Mark], width: float) -> list[Place | None]:
    """For each mark the first place that is free: beside it, right then left, else a line or two off. None where there
    is none within `width` pixels.

    Marks come in the order given, so who must have a name goes first.
    """
    taken = [_Box(m.x - _MARK, m.x + _MARK, m.y - _MARK, m.y + _MARK) for m in marks]
    found: list[Place | None] = []
    for own, mark in enumerate(marks):
        others = [box for index, box in enumerate(taken) if index != own]
        free = (place for place in _candidates(mark) if _fits(_box(mark, place), width, others))
        place = next(free, None)
        found.append(place)
        if place is not None:
            taken.append(_box(mark, place))
    return found


def _candidates(mark: Mark) -> list[Place]:
    return [Place(side, mark.y + shift) for shift in _SHIFTS for side in ("right", "left")]


def _fits(box: _Box, width: float, others: Sequence[_Box]) -> bool:
    return box.left >= 0 and box.right <= width and not any(map(box.meets, others))


def _box(mark: Mark, place: Place) -> _Box:
    long = LETTER * len(mark.name)
    left = mark.x + GAP if place.side == "right" else mark.x - GAP - long
    return _Box(left, left + long, place.y - LINE / 2, place.y + LINE / 2)
