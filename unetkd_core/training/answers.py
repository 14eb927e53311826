"""What teachers said, on disk: a folder for each network and what it was shown, an array for each turn of views.

    UNETKD_HOME/teachers/KEY/   about.json, turn_000.npy (N, 6, H, W) float16, turn_001.npy, ..., labels.npy

The key is a hash of all that the answers depend on, and of no student, temperature, weight or seed: every run that asks
the same network about the same views reads the same files. An array is there as a whole or not at all. How much may lie
there is room.py's. Knows files, no network and no torch.
"""

import errno
import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from unetkd_core import settings
from unetkd_core.classes import NUM_CLASSES
from unetkd_core.training import room

FORMAT_VERSION: Final = 1
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

    def array(
        self,
        name: str,
        shape: tuple[int, ...],
        dtype: type[np.generic],
        blocks: Callable[[], Iterable[np.ndarray]],
        waiting: Callable[[], None],
    ) -> np.ndarray:
        """The array as a read-only map of its file; where it is not there yet, of what `blocks` yields along its first
        axis.

        Several processes may ask at once: one builds; the others wait and call `waiting` twice a second, which may take
        its time, and may raise. Idle answers make room. The map stays whole when its folder is removed. Raises OSError
        when the disk is full; what raises leaves no half-written array.
        """
        found = self._open(name, shape, dtype)
        if found is None:
            with room.writing(self.folder, name, waiting):
                found = self._open(name, shape, dtype)
                if found is None:
                    self._write(name, shape, dtype, blocks())
                    found = self._open(name, shape, dtype)
        if found is None:
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(self.folder / f"{name}.npy"))
        return found

    def ahead(
        self,
        name: str,
        shape: tuple[int, ...],
        dtype: type[np.generic],
        blocks: Callable[[], Iterable[np.ndarray]],
    ) -> bool:
        """Build an array that is needed later, unless it is there or somebody is at it; whether it was built.

        Raises OSError when the disk is full.
        """
        if self.has(name):
            return False
        try:
            with room.writing(self.folder, name, _give_way, patience=0.05):
                if missing := not self.has(name):
                    self._write(name, shape, dtype, blocks())
                return missing
        except _Busy:
            return False

    def _open(self, name: str, shape: tuple[int, ...], dtype: type[np.generic]) -> np.ndarray | None:
        """The array, from now on counted as used; none where it is missing or damaged."""
        try:
            array: np.ndarray = np.asarray(np.load(self.folder / f"{name}.npy", mmap_mode="r"))
        except (OSError, ValueError, EOFError):
            return None
        with suppress(OSError):  # a home that can only be read is still read
            os.utime(self.folder / "about.json")
        return array if array.shape == shape and array.dtype == dtype else None

    def _write(self, name: str, shape: tuple[int, ...], dtype: type[np.generic], blocks: Iterable[np.ndarray]) -> None:
        room.make(int(np.prod(shape)) * np.dtype(dtype).itemsize, keep=self.folder)
        self._write_about()
        for dead in self.folder.glob(f".{name}.*.part"):  # we hold the lock: whoever wrote it is gone
            dead.unlink(missing_ok=True)
        part = self.folder / f".{name}.{os.getpid()}.part"
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
            temporary = self.folder / f".about.{os.getpid()}.{threading.get_ident()}.tmp"
            temporary.write_text(json.dumps({"title": self.title, **self.about}, indent=1) + "\n", encoding="utf-8")
            os.replace(temporary, path)


class _Busy(Exception):
    """Another process builds this array."""


def _give_way() -> None:
    raise _Busy


def answers(
    sha256: str, title: str, *, data: Sequence[str], views: Sequence[Any], size: Sequence[int], how: str
) -> Answers:
    """Where this network's answers lie, whether there are any or not.

    sha256: of its weights (of an ensemble: of all that its mean depends on). data: what each pack holds (its SHA-256),
    in order. views: the list that turns go through, JSON data. size: (height, width). how: precision and the like.
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
