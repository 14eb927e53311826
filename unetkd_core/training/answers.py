"""What teachers said, on disk: a folder for each network and what it was shown, an array for each turn of views.

    UNETKD_HOME/teachers/KEY/   about.json, turn_000.npy (N, 6, H, W) float16, turn_001.npy, ..., labels.npy

The key is a hash of all that the answers depend on, and of no student, temperature, weight or seed: every run that asks
the same network about the same views reads the same files. An array is there as a whole or not at all. Knows files and
limits, no network and no torch.
"""

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from filelock import FileLock, Timeout

from unetkd_core import settings
from unetkd_core.classes import NUM_CLASSES

FORMAT_VERSION: Final = 1
SPARE_BYTES: Final = 1_000_000_000
"""So much of the disk stays free: runs need room for their own states."""
LABELS: Final = "labels"


def turn_name(turn: int) -> str:
    """The name of a turn's array."""
    return f"turn_{turn:03d}"


def turn_bytes(scenes: int, height: int, width: int) -> int:
    """What one network's answers to one turn take."""
    return scenes * NUM_CLASSES * height * width * 2


@dataclass(frozen=True)
class Answers:
    """One network's answers about one packed set, and where they lie.

    title: for people. folder: named by the key. about: what the key is a hash of, JSON data.
    """

    title: str
    folder: Path
    about: dict[str, Any]

    def has(self, name: str) -> bool:
        """Whether the array is there."""
        return (self.folder / f"{name}.npy").is_file()

    def open(self, name: str) -> np.ndarray:
        """The array as a read-only map of its file; from now on it counts as used. Raises OSError, ValueError."""
        array: np.ndarray = np.asarray(np.load(self.folder / f"{name}.npy", mmap_mode="r"))
        with suppress(OSError):  # a home that can only be read is still read
            os.utime(self.folder / "about.json")
        return array

    def ensure(
        self,
        name: str,
        shape: tuple[int, ...],
        dtype: type[np.generic],
        blocks: Callable[[], Iterable[np.ndarray]],
        waiting: Callable[[], None],
    ) -> None:
        """Make the array of what `blocks` yields along its first axis, unless it is there.

        Two processes may ask at once: one builds; the other waits and calls `waiting` twice a second, which may raise.
        Older answers make room. Raises OSError when the disk is full; what raises leaves no half-written array.
        """
        if self.has(name):
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.folder / ".lock")
        while True:
            try:
                lock.acquire(timeout=0.5)
                break
            except Timeout:
                waiting()
        try:
            if not self.has(name):
                self._write(name, shape, dtype, blocks())
        finally:
            lock.release()

    def _write(self, name: str, shape: tuple[int, ...], dtype: type[np.generic], blocks: Iterable[np.ndarray]) -> None:
        self._write_about()
        make_room(int(np.prod(shape)) * np.dtype(dtype).itemsize, keep=self.folder)
        part = self.folder / f".{name}.part"
        header = {"descr": np.lib.format.dtype_to_descr(np.dtype(dtype)), "fortran_order": False, "shape": shape}
        try:
            # Plain writes, not a writable map: on a full disk a map kills the process (SIGBUS), a write raises.
            with part.open("wb") as file:
                np.lib.format.write_array_header_1_0(file, header)
                for block in blocks:
                    file.write(np.ascontiguousarray(block, dtype=dtype).data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, self.folder / f"{name}.npy")
        finally:
            part.unlink(missing_ok=True)

    def _write_about(self) -> None:
        path = self.folder / "about.json"
        if not path.exists():
            temporary = self.folder / ".about.tmp"
            temporary.write_text(json.dumps({"title": self.title, **self.about}, indent=1) + "\n", encoding="utf-8")
            os.replace(temporary, path)


def answers(
    sha256: str, title: str, *, data: Sequence[str], views: Sequence[Any], size: Sequence[int], how: str
) -> Answers:
    """Where this network's answers lie, whether there are any or not.

    sha256: of its weights (of an ensemble: of all that its mean depends on). data: keys of the packs, in order. views:
    the list that turns go through, JSON data. size: (height, width). how: precision and the like.
    """
    about = {
        "format_version": FORMAT_VERSION,
        "teacher": sha256,
        "data": list(data),
        "views": json.loads(json.dumps(views)),
        "size": list(size),
        "how": how,
    }
    key = hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:20]
    return Answers(title, settings.teachers_dir() / key, about)


@dataclass(frozen=True)
class Stored:
    """One folder as it lies there. used: unix seconds when it was last opened; arrays: how many it holds."""

    key: str
    title: str
    folder: Path
    bytes: int
    used: float
    arrays: int


def stored() -> list[Stored]:
    """Every network's folder, the one that was used last first; what cannot be read is left out."""
    found = []
    for folder in settings.teachers_dir().glob("*/"):
        with suppress(OSError, ValueError, KeyError, TypeError):
            about = folder / "about.json"
            title = str(json.loads(about.read_text(encoding="utf-8"))["title"])
            sizes = [path.stat().st_size for path in folder.glob("*.npy")]
            found.append(Stored(folder.name, title, folder, sum(sizes), about.stat().st_mtime, len(sizes)))
    return sorted(found, key=lambda one: -one.used)


def too_large(need: int) -> str:
    """Why answers of so many bytes more cannot be kept, in a few words; empty: they can, if older ones make room."""
    limit = settings.teachers_limit_bytes()
    if need > limit:
        return f"they would take {need / 1e9:.1f} GB, and UNETKD_TEACHERS_GB allows {limit / 1e9:g}"
    free = _free() + sum(one.bytes for one in stored())
    if need + SPARE_BYTES > free:
        return f"they would take {need / 1e9:.1f} GB, and the disk has no room for them"
    return ""


def make_room(need: int, *, keep: Path) -> None:
    """Remove the folders that were used longest ago until `need` bytes more are within the limits; never `keep`.

    A run that reads one goes on reading: its open map holds the file. Raises OSError (disk full) where that is not
    enough.
    """
    others = [one for one in stored() if one.folder != keep]
    mine = sum(one.bytes for one in stored() if one.folder == keep)
    limit = settings.teachers_limit_bytes()
    while others and (mine + need + sum(one.bytes for one in others) > limit or _free() < need):
        remove(others.pop().folder)
    if _free() < need:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(keep))


def remove(folder: Path) -> None:
    """Remove one folder. What is being written there fails, and its run says so."""
    shutil.rmtree(folder, ignore_errors=True)


def _free() -> int:
    place = settings.teachers_dir()
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free
