"""A JSON file of measured results: read whole, or refused in a sentence by which nothing is lost. Needs no torch."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from unetkd_core import outside
from unetkd_core.errors import RunError

T = TypeVar("T")


def read(path: Path, what: str, version: int, made: Callable[[dict[str, Any]], T]) -> T:
    """What `made` makes of the file at `path`, whose format is to be `version`. what: how a sentence calls it.

    Raises RunError: one that is damaged may be replaced; one that a newer release wrote, or that cannot be read just
    now, is not to be thrown away.
    """
    try:
        data = outside.read_json(path)
        found = data["format_version"]
        if found == version:
            return made(data)
    except OSError as error:
        raise RunError(
            f"{what} {path} cannot be read just now ({error.strerror or error}); see that the file can be read, then "
            "try again."
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunError(
            f"{what} {path} cannot be read ({error}): put a whole copy back, or move the file away to begin another."
        ) from error
    raise RunError(
        f"{what} {path} cannot be read: its format version is {found!r}, and this release reads {version}; use the "
        "release that wrote it."
    )
