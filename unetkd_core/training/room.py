"""How much disk teachers' answers may take, who uses what, and what goes to make room. Needs no torch.

    UNETKD_HOME/teachers/KEY/        what is kept, see answers.py
                         KEY/.NAME.lock  held by who writes this array
                         .KEY.lock   held, shared, by all who write into the folder, and alone by who removes it
                         .KEY.use    held, shared, by every run that uses it; in it, how many bytes that will take

What guards a folder lies beside it, since it may go. The system releases locks when their holder dies.
"""

import errno
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from typing import IO, Final

from filelock import FileLock, Timeout

from unetkd_core import outside, settings

SPARE_BYTES: Final = 1_000_000_000
"""So much of the disk stays free: runs need room for their own states."""


@dataclass(frozen=True)
class Stored:
    """One network's folder as it lies there. used: unix seconds when it was last opened; arrays: how many it holds."""

    key: str
    title: str
    folder: Path
    bytes: int
    used: float
    arrays: int


def stored() -> list[Stored]:
    """Every network's folder, the one that was used last first; what cannot be read is left out."""
    found = []
    for about in settings.teachers_dir().glob("[!.]*/about.json"):
        with suppress(OSError, ValueError, KeyError, TypeError):
            title = str(outside.read_json(about)["title"])
            sizes = [path.stat().st_size for path in about.parent.glob("*.npy")]
            found.append(Stored(about.parent.name, title, about.parent, sum(sizes), about.stat().st_mtime, len(sizes)))
    return sorted(found, key=lambda one: -one.used)


@contextmanager
def writing(folder: Path, name: str, waiting: Callable[[], None], *, patience: float = 0.5) -> Iterator[None]:
    """Write the array `name` of `folder` alone, while others may write others; `waiting` is called every `patience`
    seconds while another writes this one, and may raise.
    """
    with _staying(folder, waiting, patience):
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / f".{name}.lock")
        while True:
            try:
                lock.acquire(timeout=patience)
                break
            except Timeout:
                waiting()
        try:
            yield
        finally:
            lock.release()


@contextmanager
def _staying(folder: Path, waiting: Callable[[], None], patience: float) -> Iterator[None]:
    """Hold a folder in its place: nobody removes it meanwhile."""
    import fcntl  # not on Windows, where nothing trains

    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f".{folder.name}.lock").open("a+") as file:  # NFS shares what can be read
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                sleep(patience)
                waiting()
        yield


class Using:
    """Folders that this process uses: what lies there is not removed to make room for others while this is kept."""

    def __init__(self, wanted: Mapping[Path, int]) -> None:
        """wanted: folder -> bytes that this run's part of it takes in the end. Raises OSError."""
        self._held = [_share(folder, size) for folder, size in wanted.items()]

    def close(self) -> None:
        """Use them no longer; a process that ends does so by itself."""
        while self._held:
            self._held.pop().close()


def admit(wanted: Mapping[Path, int]) -> Using | str:
    """Use these folders, if all that running runs use and these fit; else why not, in a few words. Raises OSError.

    wanted: folder -> bytes that this run's part of it takes in the end.
    """
    settings.teachers_dir().mkdir(parents=True, exist_ok=True)
    with FileLock(settings.teachers_dir() / ".admission.lock"):
        return too_large(wanted) or Using(wanted)


def too_large(wanted: Mapping[Path, int]) -> str:
    """Why answers of this size cannot be kept just now, in a few words; empty: they can, if idle ones make room."""
    need, limit = sum(wanted.values()), settings.teachers_limit_bytes()
    size = f"{need / 1e9:.1f} GB" if need >= 1e8 else f"{need / 1e6:.0f} MB"
    if need > limit:
        return f"its answers would take {size}, and UNETKD_TEACHERS_GB allows {limit / 1e9:g}"
    there = {one.folder: one.bytes for one in stored()}
    busy = {folder: max(want, there.get(folder, 0)) for folder, want in _in_use().items() if folder not in wanted}
    if need + sum(busy.values()) > limit:
        used = f"{sum(busy.values()) / 1e9:.1f} of {limit / 1e9:g} GB"
        return f"its answers would take {size}, and other runs use {used} now"
    still = sum(max(0, want - there.get(folder, 0)) for folder, want in {**busy, **wanted}.items())
    idle = sum(has for folder, has in there.items() if folder not in busy and folder not in wanted)
    if still + SPARE_BYTES > _free() + idle:
        return f"its answers would take {size}, and the disk has no room for them"
    return ""


def make(need: int, *, keep: Path) -> None:
    """Remove idle folders, the one that was used longest ago first, until `need` bytes more are within the limit and
    the disk; never `keep`, and none that a run uses.

    Raises OSError (disk full, its `need` the bytes) where not even that would be enough; nothing is removed then.
    """
    everything, busy = stored(), _in_use()
    idle = [one for one in everything if one.folder != keep and one.folder not in busy]
    if need + SPARE_BYTES > _free() + sum(one.bytes for one in idle):
        error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(keep))
        error.need = need + SPARE_BYTES  # type: ignore[attr-defined]  # for the sentence: so much is to be freed
        raise error
    total, limit = sum(one.bytes for one in everything), settings.teachers_limit_bytes()
    while idle and (total + need > limit or _free() < need + SPARE_BYTES):
        total -= remove(idle.pop().folder)


def remove(folder: Path) -> int:
    """Remove one folder, unless somebody writes into it; returns the bytes that are free again.

    A run that reads it goes on reading: its open map holds the file.
    """
    gone = folder.with_name(f".gone-{folder.name}-{os.getpid()}")
    try:
        with _lock(folder).acquire(timeout=0):
            size = sum(path.stat().st_size for path in folder.glob("*.npy"))
            os.rename(folder, gone)
    except (Timeout, OSError):
        return 0
    shutil.rmtree(gone, ignore_errors=True)
    return size


def _lock(folder: Path) -> FileLock:
    return FileLock(folder.with_name(f".{folder.name}.lock"))


def _share(folder: Path, size: int) -> IO[str]:
    import fcntl  # not on Windows, where nothing trains

    folder.parent.mkdir(parents=True, exist_ok=True)
    file = folder.with_name(f".{folder.name}.use").open("a+", encoding="ascii")
    fcntl.flock(file, fcntl.LOCK_SH)
    if size > _wanted(file):
        file.truncate(0)
        file.write(f"{size}\n")
        file.flush()
    return file


def _wanted(file: IO[str]) -> int:
    file.seek(0)
    text = file.read().strip()
    return int(text) if text.isdigit() else 0


def _in_use() -> dict[Path, int]:
    """Folder -> bytes that its users want of it in the end, of every folder that a living process uses."""
    import fcntl

    found = {}
    for path in settings.teachers_dir().glob(".*.use"):
        with suppress(OSError), path.open("r+", encoding="ascii") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                file.truncate(0)  # nobody uses it: what was wanted is over
            except BlockingIOError:
                found[path.with_name(path.name[1:].removesuffix(".use"))] = _wanted(file)
    return found


def _free() -> int:
    place = settings.teachers_dir()
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free
