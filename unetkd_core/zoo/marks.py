"""What is said beside a checkpoint's numbers, on cards and on screens alike: that choices were made on these
scenes. Words from data; needs no torch, and reads no file.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from unetkd_core.zoo.checkpoints import CheckpointInfo

PACKED: Final = "packed"
"""The key of a run's own validation scores, which its best epoch is the best of."""
CHOSEN: Final = "(chosen on)"
CHOSEN_MEANS: Final = (
    f"{CHOSEN}: the epoch that is kept, or an ensemble's weights, were chosen on these scenes, so the number tends to "
    f"be too high; compare networks by numbers without this mark."
)
TRAINING: Final = "(during training, before rounding)"


def chosen_on(info: "CheckpointInfo") -> set[str]:
    """Data references on which its epoch, its members' epochs or their weights were chosen."""
    data = (info.run or {}).get("data")
    val = data.get("val") if isinstance(data, dict) else None
    return {*info.chosen_on, *(ref for ref in (val if isinstance(val, list) else ()) if isinstance(ref, str))}


def mark(info: "CheckpointInfo", key: str | None) -> str:
    """ " (chosen on)" where choices were made on what `key` of its metrics was measured on, else nothing."""
    return f" {CHOSEN}" if key == PACKED or key in chosen_on(info) else ""


def whole(refs: Iterable[str]) -> set[str]:
    """The splits of what weights were searched on: "streets:val, 50 scenes" is a part of streets:val."""
    return {ref.partition(",")[0] for ref in refs}
