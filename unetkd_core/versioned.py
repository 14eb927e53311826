"""A JSON file of ours that says its format: read whole, or refused in a sentence by which nothing is lost. Needs no
torch.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from unetkd_core import outside
from unetkd_core.errors import UnetKDError

T = TypeVar("T")


def read(
    path: Path,
    what: str,
    version: int,
    made: Callable[[dict[str, Any]], T],
    refusal: type[UnetKDError],
    *,
    absent: T | None = None,
) -> T:
    """What `made` makes of the file at `path`, whose "format_version" is to be `version`.

    what: how a sentence calls the file. absent: what stands for one that is not there; None: that is refused too.
    Raises `refusal`: one that is damaged may be replaced; one that a newer release wrote, or that cannot be read just
    now, is not to be thrown away.
    """
    try:
        data = outside.read_json(path)
        found = data["format_version"]
        if found == version:
            return made(data)
    except OSError as error:
        if absent is not None and isinstance(error, FileNotFoundError):
            return absent
        raise refusal(
            f"{what}, {path}, cannot be read just now ({error.strerror or error}); see that it can be, then try again."
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise refusal(
            f"{what}, {path}, cannot be read ({error}): put a whole copy back, or move the file away to begin another."
        ) from error
    raise refusal(
        f"{what}, {path}, cannot be read: its format version is {found!r}, and this release reads {version}; use the "
        "release that wrote it."
    )
