"""Where the names of marks stand in a picture, so that none covers another and their order is their marks' order.

Numbers in and out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

LETTER: Final = 6.6
"""Pixels of a letter, on average, at 13 pixels' type."""
LINE: Final = 17
"""Pixels from line to line."""
GAP: Final = 18
"""Pixels between a mark's middle and its name."""
MOST: Final = 6
"""Names in one pile; of more marks at one place the others have none."""
_MARK: Final = 8


class Mark(NamedTuple):
    """Its middle in pixels from the left and from the top, and its name."""

    x: float
    y: float
    name: str


class Place(NamedTuple):
    """Of a name: on which side of its mark, and its middle in pixels from the top."""

    side: Literal["left", "right"]
    y: float


def places(marks: Sequence[Mark], width: float, height: float) -> list[Place | None]:
    """For each mark where its name stands: beside it, on the right where there is room; where names would cover each
    other, in a pile in the order of their marks. None where there is no room within `width` pixels, or in its pile.

    Marks come in the order given, so who must have a name goes first.
    """
    names = [_Name(index, mark, side) for index, mark in enumerate(marks) if (side := _side(mark, marks, width))]
    piles: list[_Pile] = []
    for name in names:
        pile = _Pile([name], height)
        while meeting := next((other for other in piles if other.meets(pile)), None):
            piles.remove(meeting)
            pile = _Pile([*meeting.names, *pile.names], height)
        piles.append(pile)
    found: list[Place | None] = [None] * len(marks)
    for pile in piles:
        for name, y in pile.lines():
            found[name.index] = Place(name.side, y)
    return found


@dataclass(frozen=True)
class _Name:
    index: int
    mark: Mark
    side: Literal["left", "right"]

    @property
    def span(self) -> tuple[float, float]:
        return _span(self.mark, self.side)


class _Pile:
    """Names one under the other, around the middle of their marks and within the picture."""

    def __init__(self, names: Sequence[_Name], height: float) -> None:
        self.names = sorted(names, key=lambda name: name.index)[:MOST]
        self._height = height

    def lines(self) -> list[tuple[_Name, float]]:
        """Each name and its middle in pixels from the top."""
        ordered = sorted(self.names, key=lambda name: (name.mark.y, name.index))
        half = LINE * (len(ordered) - 1) / 2
        middle = sum(name.mark.y for name in ordered) / len(ordered)
        middle = min(max(middle, half + LINE / 2), self._height - half - LINE / 2)
        return [(name, middle - half + LINE * place) for place, name in enumerate(ordered)]

    def meets(self, other: "_Pile") -> bool:
        """Whether a name of the one would cover a name of the other."""
        theirs = other.lines()
        return any(
            abs(y - their_y) < LINE and name.span[0] < their.span[1] and their.span[0] < name.span[1]
            for name, y in self.lines()
            for their, their_y in theirs
        )


def _side(mark: Mark, marks: Sequence[Mark], width: float) -> Literal["left", "right"] | None:
    """Where the name covers no mark, else where there is room for it at all."""
    sides: tuple[Literal["right", "left"], ...] = ("right", "left")
    fitting = [side for side in sides if _span(mark, side)[0] >= 0 and _span(mark, side)[1] <= width]
    free = [side for side in fitting if not any(_covers(mark, side, other) for other in marks)]
    return next(iter(free or fitting), None)


def _covers(mark: Mark, side: Literal["left", "right"], other: Mark) -> bool:
    left, right = _span(mark, side)
    return left - _MARK < other.x < right + _MARK and abs(mark.y - other.y) < LINE / 2 + _MARK


def _span(mark: Mark, side: Literal["left", "right"]) -> tuple[float, float]:
    """From where to where the name reaches, in pixels from the left."""
    long = LETTER * len(mark.name)
    left = mark.x + GAP if side == "right" else mark.x - GAP - long
    return left, left + long
