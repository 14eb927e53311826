"""Where scenes can be taken from: every split of every dataset that is on this machine.

Asks the catalogue; opens no picture and draws nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from unetkd_core.data import catalog

FIRST_STREET: Final = 243


@dataclass(frozen=True)
class Place:
    """One split: `count` its scenes, `root` its folder as text ("" for streets), `mapping` its label mapping.

    labelled: whether training gets its labels.
    """

    name: str
    split: str
    count: int
    root: str
    mapping: str
    labelled: bool = True

    @property
    def ref(self) -> str:
        """NAME:SPLIT."""
        return f"{self.name}:{self.split}"

    @property
    def first(self) -> int:
        """The number of the scene to start with; in streets:val one with all six classes in clear light."""
        return min(self.count, FIRST_STREET) if self.ref == "streets:val" else 1

    @property
    def mapping_words(self) -> str:
        """How its own labels became the six classes, as a caption's few words."""
        return "as they are" if self.mapping == "classes" else f"{self.mapping} reading"


def found(infos: Sequence[catalog.DatasetInfo] | None = None, *, unlabelled: bool = False) -> dict[str, Place]:
    """NAME:SPLIT -> place, in the catalogue's order, val before test and train: look at what was not learned from.

    unlabelled: those without labels too, each dataset's last.
    """
    order = {"val": 0, "test": 1}
    all_splits = [
        Place(info.name, split, count, str(info.root or ""), info.mapping, split in info.splits)
        for info in (catalog.describe() if infos is None else infos)
        if info.found
        for split, count in [
            *sorted(info.splits.items(), key=lambda item: order.get(item[0], 2)),
            *(info.unlabelled.items() if unlabelled else ()),
        ]
        if count
    ]
    return {place.ref: place for place in all_splits}


def default(places: Mapping[str, Place]) -> str:
    """streets:val, which is always there, or else the first."""
    return "streets:val" if "streets:val" in places else next(iter(places))
