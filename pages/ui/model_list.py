"""The networks of the page Models: kept checkpoints, named ensembles, finished runs, with what each costs and scores.

Reads what the checkpoints say of themselves; loads no weights and draws nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pages.ui import kit, price, trio
from pages.ui.readings import role_of
from unetkd_core.zoo import marks, references, relatives
from unetkd_core.zoo.checkpoints import CheckpointInfo

PACKED: Final = price.PACKED
ROOM: Final = 28
"""Characters that the table's column of names shows."""
SHOWN: Final = {"kept": "Kept", "runs": "Runs", "all": "All"}


@dataclass(frozen=True)
class Entry:
    """One network. name: as menus write it, different from every other's; in_row: the same in the table's column; also:
    references of what was pulled from the Hub with the same weights, which the menus leave out.
    """

    ref: str
    info: CheckpointInfo
    name: str
    in_row: str = ""
    also: tuple[str, ...] = ()

    @property
    def role(self) -> str:
        return role_of(self.info)

    @property
    def role_name(self) -> str:
        """In words: whoever was trained alone, and that nobody kept as a teacher, is not called one."""
        return "Trained alone" if self.info.role == "alone" else kit.ROLE[self.role].name

    @property
    def kept(self) -> bool:
        """Whether it was kept or pulled, and is no run's."""
        return not self.ref.startswith((references.RUN_PREFIX, references.TEACHER_PREFIX))

    @property
    def named(self) -> bool:
        """Whether it lies in checkpoints/, under a name of its own."""
        return ":" not in self.ref

    @property
    def run_id(self) -> str | None:
        """Whose best it is, where it is no kept one."""
        return self.ref.removeprefix(references.RUN_PREFIX) if self.ref.startswith(references.RUN_PREFIX) else None

    @property
    def work(self) -> int:
        """Multiply-accumulates for one street of STREET at its own scale."""
        return price.work(self.info)

    @property
    def megabytes(self) -> float | None:
        return price.megabytes(self.ref)

    def miou(self, on: str | None) -> float | None:
        """Its mIoU there as a fraction; None where it was not measured."""
        return relatives.miou(self.info, on)

    def mark(self, on: str | None) -> str:
        """Why its number there flatters, as `zoo.marks.mark` says it; nothing where it does not, or there is none."""
        return marks.mark(self.info, on) if self.miou(on) is not None else ""

    def iou(self, on: str | None) -> list[float | None] | None:
        """Each class's IoU there."""
        scores = self.info.metrics.get(on) if on else None
        values = scores.get("iou") if isinstance(scores, Mapping) else None
        if not isinstance(values, list) or len(values) != len(self.info.classes):
            return None
        return [float(v) if isinstance(v, int | float) else None for v in values]


def entries(shown: str) -> list[Entry]:
    """The kept ones, the runs, or all; kept ones first, then runs, newest first."""
    known = references.available()
    listed = {ref for ref, _ in known}
    left_out = [(ref, info.sha256) for ref, info in references.pulled() if ref not in listed]
    every = [
        Entry(
            ref, info, trio.label(known, ref), trio.short_label(known, ref, ROOM),
            tuple(other for other, sha256 in left_out if sha256 == info.sha256),
        )
        for ref, info in known
    ]  # fmt: skip
    return [one for one in every if shown == "all" or one.kept == (shown == "kept")]


def splits(found: Sequence[Entry]) -> list[str]:
    """What mIoU can be shown on: every split that any was measured on, the most measured first, packed last."""
    counts: dict[str, int] = {}
    for one in found:
        for ref in one.info.metrics:
            counts[ref] = counts.get(ref, 0) + (one.miou(ref) is not None)
    return sorted((ref for ref, n in counts.items() if n), key=lambda ref: (ref == PACKED, -counts[ref], ref))


def answer(found: Sequence[Entry], on: str | None) -> tuple[Entry, Entry] | None:
    """(the one that reads best, of several that read alike in a tenth of a percent the smallest; the best of the
    smallest); None where nothing was measured, or they are one.
    """
    measured = [(score, one) for one in found if (score := one.miou(on)) is not None]
    if not measured:
        return None
    best = max(measured, key=lambda pair: (round(100 * pair[0], 1), -pair[1].info.parameters))[1]
    small = min(measured, key=lambda pair: (pair[1].info.parameters, -pair[0]))[1]
    return None if small is best else (best, small)
