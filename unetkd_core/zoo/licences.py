"""Which licence a checkpoint carries: that of what it learned from. Pure data; needs no torch.

The code is MIT; weights follow their data. A network taught by another learned from that one's data too, so a trainer
passes the teacher's licence beside its datasets'.
"""

from collections.abc import Iterable
from typing import Final

MIT: Final = "MIT"
UNKNOWN: Final = "unknown: ask whoever made the data"

_FREE: Final = {"", "mit"}


def licence_of(licences: Iterable[str]) -> str:
    """One sentence for weights that were trained on data of these licences.

    MIT adds nothing to a stricter one, and every stricter one stays. No data at all is UNKNOWN.
    """
    parts: list[str] = []
    given = False
    for licence in licences:
        for part in licence.split(";"):
            given = given or bool(part.strip())
            if part.strip().lower() not in _FREE and part.strip() not in parts:
                parts.append(part.strip())
    if not given:
        return UNKNOWN
    return "; ".join(sorted(parts)) or MIT


def is_free(licence: str) -> bool:
    """Whether the weights may be used for anything, sold things included."""
    return licence.strip() == MIT
