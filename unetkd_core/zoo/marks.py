"""What is said beside a checkpoint's numbers, on cards and on screens alike: that it learned from these scenes, that
choices were made on them, and that its run ended early. Words from data; needs no torch, and reads no file.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from unetkd_core.data.refs import sharing_scenes

if TYPE_CHECKING:
    from unetkd_core.zoo.checkpoints import CheckpointInfo

PACKED: Final = "packed"
"""The key of a run's own validation scores, which its best epoch is the best of."""
CHOSEN: Final = "(chosen on)"
CHOSEN_MEANS: Final = (
    f"{CHOSEN}: the epoch that is kept, or an ensemble's weights, were chosen on these scenes, so the number tends to "
    f"be too high; compare networks by numbers without this mark."
)
LEARNED: Final = "(learned from)"
LEARNED_MEANS: Final = (
    f"{LEARNED}: it was trained on some or all of these scenes, so the number says what it remembers, not how it reads "
    f"streets that it never saw."
)
TRAINING: Final = "(during training, before rounding)"


def chosen_on(info: "CheckpointInfo") -> set[str]:
    """Data references on which its epoch, its members' epochs or their weights were chosen."""
    data = (info.run or {}).get("data")
    val = data.get("val") if isinstance(data, dict) else None
    return {*info.chosen_on, *(ref for ref in (val if isinstance(val, list) else ()) if isinstance(ref, str))}


def mark(info: "CheckpointInfo", key: str | None) -> str:
    """Why the number under `key` of its metrics flatters: " (learned from)", " (chosen on)", else nothing."""
    return sign(learned=learned_from(info, key), chosen=key == PACKED or key in chosen_on(info))


def sign(*, learned: bool, chosen: bool) -> str:
    """What stands behind such a number: that it was learned from says more than that it was chosen on."""
    return f" {LEARNED}" if learned else f" {CHOSEN}" if chosen else ""


def learned_from(info: "CheckpointInfo", key: str | None) -> bool:
    """Whether it was trained on scenes that the number under `key` of its metrics is of."""
    return key is not None and key != PACKED and bool(sharing_scenes([key], info.data))


def meaning(found: Iterable[str]) -> str:
    """A sentence for each kind of mark among those found; nothing where there is none."""
    marks = "".join(found)
    return " ".join(told for sign, told in ((CHOSEN, CHOSEN_MEANS), (LEARNED, LEARNED_MEANS)) if sign in marks)


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
