"""Table VI's own question, as data: among which ways of teaching a student the best was looked for, and which it is.

A choice is made by the students' best validation mIoU at the packed size, of ways that have every seed. Knows no rows,
no runs and no file.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Way:
    """One way that was looked at. who: which network the teacher's name means. scores: seed -> best validation mIoU at
    the packed size, in [0, 1].
    """

    teacher: str
    method: str
    alpha: float
    temperature: float
    who: str
    scores: Mapping[int, float]

    @property
    def key(self) -> tuple[str, str, float, float, str]:
        """Equal for the same way, whatever its seeds."""
        return self.teacher, self.method, self.alpha, self.temperature, self.who

    def mean(self, seeds: Iterable[int]) -> float:
        """Over these seeds, all of which it must have."""
        known = [self.scores[seed] for seed in seeds]
        return sum(known) / len(known)


@dataclass(frozen=True)
class Choice:
    """The best of some ways over some seeds."""

    best: Way
    ways: int
    seeds: tuple[int, ...]


def choose(ways: Sequence[Way], seeds: Iterable[int]) -> Choice | None:
    """The best of the ways that have all of these seeds, and of how many; none where there is none."""
    wanted = tuple(sorted(set(seeds)))
    whole = [way for way in ways if wanted and set(wanted) <= set(way.scores)]
    return Choice(max(whole, key=lambda way: way.mean(wanted)), len(whole), wanted) if whole else None


def joined(before: Sequence[Way], fresh: Sequence[Way]) -> tuple[Way, ...]:
    """The ways of both with the seeds of both; of a seed that both have, the old score, which is of the run shown."""
    found = {way.key: way for way in before}
    for way in fresh:
        old = found.get(way.key)
        found[way.key] = way if old is None else replace(way, scores={**way.scores, **old.scores})
    return tuple(found.values())


def choices(ways: Sequence[Way], *seeds: Iterable[int]) -> list[Choice]:
    """What would be chosen over all of these seeds together, and over each of them: the most seeds first, then the most
    ways, since the luck of one seed beats no mean of three.
    """
    sets = [frozenset(one) for one in seeds]
    found = [choose(ways, one) for one in dict.fromkeys([frozenset().union(*sets), *sets])]
    return sorted((one for one in found if one), key=lambda one: (len(one.seeds), one.ways), reverse=True)


def to_json(way: Way) -> dict[str, Any]:
    """What `from_json` reads."""
    named = {name: getattr(way, name) for name in ("teacher", "method", "alpha", "temperature", "who")}
    return {**named, "scores": {str(seed): score for seed, score in way.scores.items()}}


def from_json(data: Mapping[str, Any]) -> Way:
    """Raises KeyError, TypeError, ValueError, AttributeError for other data."""
    scores = {int(seed): float(score) for seed, score in data["scores"].items()}
    names = str(data["teacher"]), str(data["method"])
    return Way(*names, float(data["alpha"]), float(data["temperature"]), str(data["who"]), scores)
