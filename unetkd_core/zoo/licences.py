"""Which licence a checkpoint carries: that of what it learned from. Pure data; needs no torch.

The code is MIT; weights follow their data. A network taught by another learned from that one's data too, so a trainer
passes the teacher's licence beside its datasets'.
"""

from collections.abc import Iterable
from typing import Final

MIT: Final = "MIT"
UNKNOWN: Final = "unknown: ask whoever made the data"


def licence_of(licences: Iterable[str]) -> str:
    """One sentence for weights that were trained on data of these licences.

    MIT adds nothing to a stricter one, and every stricter one stays. No data, or data without a licence, is UNKNOWN.
    """
    # A teacher's own licence may already be several, joined.
    parts = {part.strip() or UNKNOWN for licence in licences for part in licence.split(";")} or {UNKNOWN}
    return "; ".join(sorted(part for part in parts if not is_free(part))) or MIT


def is_free(licence: str) -> bool:
    """Whether the weights may be used for anything, sold things included."""
    # A dataset may add who gives it: "MIT (generated here)".
    return licence == MIT or licence.startswith(f"{MIT} (")
