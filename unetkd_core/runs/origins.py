"""What each network of a table was trained with, by its own run: commit, packages, processor, precision; and in words.

A table grows over weeks, so its file lists what is distinct once, and each network says its place in that list.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from unetkd_core.runs.folder import open_run
from unetkd_core.zoo import references
from unetkd_core.zoo.references import RUN_PREFIX

KEY: Final = "trained_with"
"""In a file: the list; in what stands for one network: its place in the list, or null where it is not known."""
_SHORT: Final = 7
"""Characters of a commit that are shown."""
_NOT_NOTED: Final = "not noted"


@dataclass(frozen=True)
class Origin:
    """What one network was trained with; what was not noted is None, or no version. precision: fp32 or bf16, of the
    training steps; all are scored in fp32. training: the release's way of training (provenance.TRAINING_VERSION).
    """

    commit: str | None = None
    processor: str | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    precision: str | None = None
    training: int | None = None

    def columns(self) -> list[str]:
        """Under COLUMNS; empty where nothing was noted."""
        return [self.commit or "", self.versions.get("torch", ""), self.processor or "", self.precision or ""]


COLUMNS: Final = ("commit", "torch", "processor", "precision")
UNKNOWN: Final = Origin()


def of(ref: str) -> Origin:
    """Of run:ID what its own files say, of a checkpoint its commit alone.

    Raises RunError, CheckpointError, ConfigError.
    """
    if not ref.startswith(RUN_PREFIX):
        return Origin(references.info_of(ref).commit)
    run = open_run(ref.removeprefix(RUN_PREFIX))
    meta, precision = run.meta, run.config.hardware.precision
    processor = (meta.get("machine") or {}).get("processor")
    versions = {str(name): str(version) for name, version in (meta.get("versions") or {}).items()}
    known = None if precision == "auto" else precision
    return Origin(
        meta.get("commit"), None if processor is None else str(processor), versions, known, meta.get("training")
    )


def distinct(found: Iterable[Origin]) -> list[Origin]:
    """Each that is known once, in order."""
    known: list[Origin] = []
    for origin in found:
        if origin != UNKNOWN and origin not in known:
            known.append(origin)
    return known


def place(origin: Origin, known: Sequence[Origin]) -> int | None:
    """Where it stands in `distinct`; none where nothing is known."""
    return None if origin == UNKNOWN else known.index(origin)


def at(place: Any, known: Sequence[Origin]) -> Origin:
    """The inverse of `place`. Raises ValueError for what is no place in the list."""
    if place is None:
        return UNKNOWN
    if not isinstance(place, int) or isinstance(place, bool) or not 0 <= place < len(known):
        raise ValueError(f"{KEY} is {place!r}, and the list has {len(known)}")
    return known[place]


def to_json(known: Sequence[Origin]) -> list[dict[str, Any]]:
    """What `from_json` reads."""
    return [{**vars(origin), "versions": dict(origin.versions)} for origin in known]


def from_json(data: Iterable[Mapping[str, Any]]) -> list[Origin]:
    """Raises KeyError, TypeError, ValueError, AttributeError for other data."""
    found = [
        Origin(one["commit"], one["processor"], dict(one["versions"]), one.get("precision"), one.get("training"))
        for one in data
    ]
    texts = [text for o in found for text in (o.commit, o.processor, o.precision, *o.versions, *o.versions.values())]
    if not all(text is None or isinstance(text, str) for text in texts):
        raise ValueError(f"{KEY} has something else than text")
    if not all(o.training is None or type(o.training) is int for o in found):
        raise ValueError(f"{KEY} has a way of training that is no whole number")
    return found


def told(networks: Mapping[str, Origin]) -> str:
    """ "Trained with commits 265a561 (4 networks) and ad54c81 (2 networks); torch 2.14.1; on Intel." Of packages torch,
    and those that differ. networks: run -> what it was trained with; empty where there is none.
    """
    if not networks:
        return ""
    if not distinct(networks.values()):
        return (
            "With which commit and on which machine they were trained is not noted: the table is of an older release."
        )
    return f"Trained with {'; '.join(_parts(list(networks.values())))}."


def _parts(found: Sequence[Origin]) -> Iterator[str]:
    commits = [None if origin.commit is None else origin.commit[:_SHORT] for origin in found]
    yield f"commit{'s' * (len(set(commits)) > 1)} {_counted(commits)}"
    for name in dict.fromkeys(("torch", *(name for origin in found for name in origin.versions))):
        versions = [origin.versions.get(name) for origin in found]
        if len(set(versions) - {None}) > (0 if name == "torch" else 1):
            yield f"{name} {_counted(versions)}"
    if any(origin.processor for origin in found):
        yield f"on {_counted([origin.processor for origin in found])}"
    if any(origin.precision for origin in found):
        yield f"precision {_counted([origin.precision for origin in found])}"


def _counted(values: Sequence[str | None]) -> str:
    """One value as it is; several each with how many networks have it."""
    counts = Counter(_NOT_NOTED if value is None else value for value in values)
    if len(counts) == 1:
        return next(iter(counts))
    each = [f"{value} ({n} network{'s' * (n != 1)})" for value, n in counts.items()]
    return f"{', '.join(each[:-1])} and {each[-1]}"
