"""Reading small files that somebody else may have written: within bounds, and JSON that is nothing but plain data.

Whatever lies there (a pipe, a device behind a link, gigabytes, brackets without end), the answer is the content, an
OSError or a ValueError, in bounded time and memory. It knows no format; whoever reads one makes a sentence of it.
"""

import errno
import json
import math
import os
import stat
from pathlib import Path
from typing import Any, BinaryIO, Final

MAX_JSON_BYTES: Final = 4 * 1024 * 1024
"""Every JSON file here has kilobytes; one that is larger is damaged or hostile."""
MAX_DEPTH: Final = 64
"""Lists and objects in each other at most: far below where Python's recursion ends."""
_LARGEST: Final = 2**63


def read_bytes(path: Path, most: int) -> bytes:
    """The content of a regular file of at most `most` bytes. Raises ValueError for a larger one, OSError as usual, and
    for what is no file (a folder, a pipe, a device), which is never waited for.
    """
    with _opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > most:
            raise ValueError(f"it has {size:,} bytes, at most {most:,} are read")
        return file.read(size)


def _opened(path: Path) -> BinaryIO:
    """A regular file, open. A pipe would be waited for, a device has no end."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except ValueError as error:  # a zero in the name
        raise OSError(errno.EINVAL, "impossible name") from error
    if not stat.S_ISREG(mode := os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "it is a folder" if stat.S_ISDIR(mode) else "it is no ordinary file")
    return open(handle, "rb")


def read_text(path: Path, most: int) -> str:
    """`read_bytes` as UTF-8; what is none becomes replacement characters."""
    return read_bytes(path, most).decode("utf-8", errors="replace")


def read_end(path: Path, most: int) -> str:
    """The last `most` bytes of a regular file as UTF-8; empty where it cannot be read."""
    try:
        with _opened(path) as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - most))
            return file.read(most).decode("utf-8", errors="replace")
    except OSError:
        return ""


def read_json(path: Path, most: int = MAX_JSON_BYTES) -> Any:
    """`parse_json` of the file. Raises OSError and ValueError, nothing else."""
    return parse_json(read_bytes(path, most).decode("utf-8"))


def parse_json(text: str | bytes) -> Any:
    """JSON values that can be stored, shown and computed with: no NaN, no number beyond 64 bits, no half characters,
    nothing deeper than MAX_DEPTH. Raises ValueError, and nothing else.
    """
    try:
        data = json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    _check(data)
    return data


def _refuse(name: str) -> float:
    raise ValueError(f"{name} is no number in JSON")


def _check(data: Any) -> None:
    """Level by level, so that depth costs no recursion."""
    level, depth = [data], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise ValueError(f"it is nested more than {MAX_DEPTH} levels deep")
        inner: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                inner += value.keys()
                inner += value.values()
            elif isinstance(value, list):
                inner += value
            else:
                _check_value(value)
        level = inner


def _check_value(value: Any) -> None:
    if isinstance(value, str):
        if not value.isascii():
            value.encode()  # half a pair of surrogates can be neither stored nor shown: UnicodeEncodeError
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("it has a number that is not finite")
    elif isinstance(value, int) and abs(value) >= _LARGEST:
        raise ValueError("it has a number beyond 64 bits")
