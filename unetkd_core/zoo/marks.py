"""What is said beside a checkpoint's numbers, on cards and on screens alike: that choices were made on these scenes,
and that its run ended early. Words from data; needs no torch, and reads no file.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

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


def stopped(info: "CheckpointInfo") -> str:
    """ "stopped after 3 of 20 epochs, the best being number 2"; nothing where all were done, or it is not known."""
    planned, best = _epochs(info.run, "optim", "epochs"), _epochs(info.metrics, PACKED, "epoch")
    if info.epochs_done is None or planned is None or info.epochs_done >= planned:
        return ""
    number = "" if best is None else f", the best being number {best}"
    return f"stopped after {info.epochs_done} of {planned} epochs{number}"


def _epochs(said: Any, section: str, name: str) -> int | None:
    """A number of epochs in JSON that may come from anywhere."""
    inside = said.get(section) if isinstance(said, dict) else None
    value = inside.get(name) if isinstance(inside, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= 10**9 else None
