"""Where the names of marks stand in a picture, so that none covers another or a mark, and their order is their marks'.

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
    """For each mark where its name stands: beside it, on the right where there is room, a line off where a mark is in
    the way; where names would cover each other, in a pile in the order of their marks. None where there is no room
    within `width` pixels, or in its pile, or where it would cover a mark all the same.

    Marks come in the order given, so who must have a name goes first; that one may cover a mark.
    """
    names = [_Name(index, mark, *stand) for index, mark in enumerate(marks) if (stand := _stand(mark, marks, width))]
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
            if name.index == 0 or not _covers(name.span, y, marks):
                found[name.index] = Place(name.side, y)
    return found


@dataclass(frozen=True)
class _Name:
    index: int
    mark: Mark
    side: Literal["left", "right"]
    y: float

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
        middle = sum(name.y for name in ordered) / len(ordered)
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


def _stand(mark: Mark, marks: Sequence[Mark], width: float) -> tuple[Literal["left", "right"], float] | None:
    """(side, height) where the name covers no mark, beside its own before a line off; else where there is room at all;
    None where there is none.
    """
    sides: tuple[Literal["right", "left"], ...] = ("right", "left")
    fitting = [side for side in sides if _span(mark, side)[0] >= 0 and _span(mark, side)[1] <= width]
    stands = [(side, mark.y + off) for off in (0, -LINE, LINE) for side in fitting]
    free = [(side, y) for side, y in stands if not _covers(_span(mark, side), y, marks)]
    return next(iter(free or stands), None)


def _covers(span: tuple[float, float], y: float, marks: Sequence[Mark]) -> bool:
    left, right = span
    return any(left - _MARK < mark.x < right + _MARK and abs(y - mark.y) < LINE / 2 + _MARK for mark in marks)


def _span(mark: Mark, side: Literal["left", "right"]) -> tuple[float, float]:
    """From where to where the name reaches, in pixels from the left."""
    long = LETTER * len(mark.name)
    left = mark.x + GAP if side == "right" else mark.x - GAP - long
    return left, left + long
