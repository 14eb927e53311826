"""Writing one pack: under a lock, beside its place, then renamed; on any trouble nothing is left behind.

Knows how to survive a second process, a kill and a full disk; what a pack is called and how it is read is packed.py's.
"""

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final

import numpy as np
from filelock import FileLock, Timeout

from unetkd_core import classes
from unetkd_core.data.reading import read_in_order
from unetkd_core.data.source import Source
from unetkd_core.errors import DataError

FORMAT_VERSION: Final = 2
Progress = Callable[[int, int], None]
"""Called with (scenes done, scenes in all). What it raises ends the packing and leaves nothing behind."""


def ensure_packed(
    folder: Path, source: Source, height: int, width: int, indices: list[int], progress: Progress | None = None
) -> None:
    """Make `folder` hold the scenes at (height, width), unless it already does.

    Two processes may ask at once: one builds, the other waits. Raises DataError naming the file for whatever is wrong
    with the source, and when the disk is full.
    """
    if folder.is_dir():
        return
    with _Turn(folder, len(indices), progress):
        if not folder.is_dir():
            _build(folder, source, height, width, indices, progress)


class _Turn:
    """The pack's lock. While another process builds, `progress(0, n)` is called twice a second: waiting shows, and can
    be stopped.
    """

    def __init__(self, folder: Path, total: int, progress: Progress | None) -> None:
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _disk_problem(error, folder.parent) from error
        self._lock = FileLock(folder.parent / f"{folder.name}.lock")
        self._total, self._progress = total, progress

    def __enter__(self) -> None:
        while True:
            try:
                self._lock.acquire(timeout=0.5)
                return
            except Timeout:
                if self._progress is not None:
                    self._progress(0, self._total)
            except OSError as error:
                raise _disk_problem(error, Path(self._lock.lock_file).parent) from error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()


def _build(
    folder: Path, source: Source, height: int, width: int, indices: list[int], progress: Progress | None
) -> None:
    """Called under the lock: a part that lies there already is a dead builder's."""
    part = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    need = len(indices) * height * width * 4
    try:
        free = shutil.disk_usage(folder.parent).free
        if free < need:
            raise OSError(errno.ENOSPC, f"{need / 2**20:.0f} MB are needed, {free / 2**20:.0f} MB are free")
        part.mkdir()
        _write(part, source, height, width, indices, progress)
        os.replace(part, folder)
    except BaseException as error:
        shutil.rmtree(part, ignore_errors=True)
        if isinstance(error, OSError):
            raise _disk_problem(error, folder.parent, need) from error
        raise


def _write(part: Path, source: Source, height: int, width: int, indices: list[int], progress: Progress | None) -> None:
    counts, digest = np.zeros(256, dtype=np.int64), hashlib.sha256(f"{height} {width}".encode())
    unlabelled = np.full((height, width), classes.UNLABELLED, dtype=np.uint8)
    # Plain writes, not a writable map: on a full disk a map kills the process (SIGBUS), a write raises.
    with (part / "images.npy").open("wb") as images, (part / "labels.npy").open("wb") as labels:
        _npy_header(images, (len(indices), height, width, 3))
        _npy_header(labels, (len(indices), height, width))
        for done, scene in enumerate(read_in_order(source, height, width, indices), start=1):
            values = scene.labels if scene.labels is not None else unlabelled
            for file, array in ((images, scene.image), (labels, values)):
                written = np.ascontiguousarray(array).data
                file.write(written)
                digest.update(written)
            counts += np.bincount(values.reshape(-1), minlength=256)
            if progress is not None:
                progress(done, len(indices))
        for file in (images, labels):
            file.flush()
            os.fsync(file.fileno())  # some file systems say only now that they are full
    about: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "ref": source.ref,
        "mapping": source.mapping,
        "licence": source.licence,
        "height": height,
        "width": width,
        "stems": [source.stem(i) for i in indices],
        "class_counts": counts[: classes.NUM_CLASSES].tolist(),
        "sha256": digest.hexdigest(),
    }
    with (part / "packed.json").open("w", encoding="utf-8") as text:
        json.dump(about, text)
        text.flush()
        os.fsync(text.fileno())


def _npy_header(file: BinaryIO, shape: tuple[int, ...]) -> None:
    np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})


def _disk_problem(error: OSError, folder: Path, need: int | None = None) -> DataError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        room = f"{need / 2**20:.0f} MB" if need else "some space"
        return DataError(
            f"The disk is full: packed data needs {room} in {folder}. Free that much, or set UNETKD_HOME to "
            f"another disk, then start again."
        )
    return DataError(
        f"Packed data cannot be written to {folder} ({error.strerror or error}). Check the folder's permissions, "
        f"or set UNETKD_HOME to another one."
    )
