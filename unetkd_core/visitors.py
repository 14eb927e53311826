"""Who asks: whoever runs this machine, or a visitor of a public server (UNETKD_PUBLIC=1); and what visitors may not.

A visitor is known by a key that only his browser keeps; here and in run folders there is its sha256 alone. A command
line, a worker and a sweep's driver work for one person and say so once, by `acting_as`. A server works for many: it
says each time for whom, and whatever it forgets to say is refused.
"""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from unetkd_core import settings
from unetkd_core.errors import NotAllowedError

OPERATOR: Final = "operator"
"""Whoever has a shell on this machine, where all files are theirs anyway."""
_KEY: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_acting: str | None = None


def owner_of(key: object) -> str | None:
    """A browser's key (32 random bytes as base64url) -> its sha256 in hexadecimal; None for anything else."""
    return hashlib.sha256(key.encode()).hexdigest() if isinstance(key, str) and _KEY.fullmatch(key) else None


@contextmanager
def acting_as(who: str) -> Iterator[None]:
    """This process works for OPERATOR, or for the visitor whose hash it is, until the block ends."""
    global _acting
    before, _acting = _acting, who
    try:
        yield
    finally:
        _acting = before


def asking(by: str | None = None) -> str | None:
    """Who asks: `by` if that was said, else whom this process works for, else None, which is nobody in particular."""
    return by if by is not None else _acting


def refuse(what: str, instead: str = "") -> None:
    """Raises NotAllowedError on a public server, unless this process works for its operator.

    what: the start of a sentence, as "Adding a folder". instead: a sentence of what a visitor may do.
    """
    if settings.public() and _acting != OPERATOR:
        raise NotAllowedError(f"{what} is for whoever runs this server. {instead}".rstrip())
