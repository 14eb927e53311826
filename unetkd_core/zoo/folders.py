"""Replacing a folder so that a reader finds the old one or the new one, whole. Knows files, not what is in them. Needs
no torch.

No portable call swaps two folders (on shared storage there is none at all), so the old one steps aside under a fixed
name for the moment between two renames, and readers look there too: `current`.
"""

import errno
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TypeVar

T = TypeVar("T")

ASIDE: Final = ".previous"
"""How the name ends, after a leading dot, under which an old folder steps aside."""

_STALE_SECONDS = 3600.0
_TRIES = 20


def current(folder: Path) -> Path:
    """Where the whole content of `folder` lies now: itself, or the old one that stepped aside when a writer died in
    between.
    """
    aside = _aside(folder)
    return aside if not folder.exists() and aside.is_dir() else folder


def read_whole(folder: Path, read: Callable[[Path], T]) -> T:
    """`read(folder)`; once more when it failed on a folder that was replaced while it was being read."""
    for _ in range(_TRIES - 1):
        place = current(folder)
        before = _identity(place)
        try:
            return read(place)
        except Exception:
            now = current(folder)
            if (now, _identity(now)) == (place, before):
                raise
    return read(current(folder))


def _identity(place: Path) -> tuple[int, int] | None:
    """Which folder stands here: the inode alone may be used again by the next one."""
    try:
        stat = place.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_mtime_ns


def names(parent: Path, pattern: re.Pattern[str]) -> list[str]:
    """Names of the folders in `parent` that match, sorted; empty when there is no such parent."""
    if not parent.is_dir():
        return []
    found = {
        path.name[1:].removesuffix(ASIDE) if path.name.startswith(".") and path.name.endswith(ASIDE) else path.name
        for path in parent.iterdir()
        if path.is_dir()
    }
    return sorted(name for name in found if pattern.fullmatch(name))


def replace(folder: Path, files: Mapping[str, bytes]) -> None:
    """Make `folder` hold exactly `files` (name -> content). Raises OSError, leaving the old folder, when it cannot."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    _remove_stale(folder)
    new = Path(tempfile.mkdtemp(prefix=f".{folder.name}.new-", dir=folder.parent))
    try:
        for name, content in files.items():
            _write(new / name, content)
        sync(new)
        new.chmod(0o777 & ~_umask())  # mkdtemp's 0700 would hide a shared folder from others
        _swap(new, folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def promote(new: Path, folder: Path) -> None:
    """Make `folder` what `new` is, which lies beside it and was made by `replace`. Raises OSError, leaving both."""
    _swap(current(new), folder)


def exists(folder: Path) -> bool:
    """Whether readers find something there, also where a writer was killed between the old one and the new."""
    return current(folder).is_dir()


def delete(folder: Path) -> None:
    """Take the folder away as a whole: whoever reads finds all of it or nothing. Raises OSError, leaving it there."""
    bin_ = Path(tempfile.mkdtemp(prefix=f".{folder.name}.new-", dir=folder.parent))
    try:
        os.rename(current(folder), bin_ / "gone")
        if _aside(folder).exists():  # else readers would go back to it
            os.rename(_aside(folder), bin_ / "before")
        sync(folder.parent)
    finally:
        shutil.rmtree(bin_, ignore_errors=True)


def replace_file(path: Path, content: bytes) -> None:
    """Make `path` hold `content`, at once. Raises OSError, leaving what was there, when it cannot."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    os.close(handle)
    part = Path(name)
    try:
        _write(part, content)
        part.chmod(0o666 & ~_umask())  # mkstemp's 0600 would hide it from others
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    sync(path.parent)


def sync(folder: Path) -> None:
    """Wait until the names in `folder` are on the disk: without it a power cut can take a rename back.

    Raises OSError when the disk fails; a file system that cannot do it (some network shares) is left alone.
    """
    if os.name == "nt":
        return  # a folder cannot be opened there
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(handle)


def _swap(new: Path, folder: Path) -> None:
    aside = _aside(folder)
    if folder.exists():
        shutil.rmtree(aside, ignore_errors=True)
        os.rename(folder, aside)
        try:
            os.rename(new, folder)
        except OSError:
            os.rename(aside, folder)
            raise
    else:
        os.rename(new, folder)
    sync(folder.parent)  # before the old one goes for good
    shutil.rmtree(aside, ignore_errors=True)


def _aside(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}{ASIDE}")


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _remove_stale(folder: Path) -> None:
    """Half-written folders of writers that were killed; a living one's is younger."""
    for path in folder.parent.glob(f".{folder.name}.new-*"):
        if time.time() - path.stat().st_mtime > _STALE_SECONDS:
            shutil.rmtree(path, ignore_errors=True)
