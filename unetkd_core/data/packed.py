"""Any dataset at one size, packed once into two memory-mapped uint8 arrays; epochs are array reads.

A pack lies in `packed_dir()/<key>/` (images.npy, labels.npy, packed.json), where the key is a hash of all that made it: a changed source
or size is another pack. It is built beside its place and renamed when whole, under a file lock, so that nobody ever sees half of one.
Knows no torch, no augmentation and no dataset by name.
"""

import errno
import hashlib
import json
import os
import shutil
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from filelock import FileLock, Timeout

from unetkd_core import classes, settings
from unetkd_core.data.catalog import open_source
from unetkd_core.data.source import Scene, Source
from unetkd_core.errors import DataError

FORMAT_VERSION: Final = 1
Progress = Callable[[int, int], None]
"""Called with (scenes done, scenes in all). What it raises ends the packing and leaves nothing behind."""


@dataclass(frozen=True)
class Packed:
    """One split at (height, width). images: (N, H, W, 3) uint8; labels: (N, H, W) uint8 of classes, UNLABELLED or VOID; both read-only maps."""

    images: np.ndarray
    labels: np.ndarray
    stems: list[str]
    mapping: str
    licence: str
    ref: str
    class_counts: tuple[int, ...]
    """Labelled pixels of each of the six classes."""
    folder: Path

    def __len__(self) -> int:
        return len(self.stems)

    def class_shares(self) -> np.ndarray:
        """(6,) float64: each class's share of the labelled pixels; zeros when none is labelled."""
        return _shares(self.class_counts)


def pack(source: Source, height: int, width: int, *, limit: int | None = None, progress: Progress | None = None) -> Packed:
    """The source at (height, width), built now or found packed. With a limit, that many scenes evenly spaced over the split.

    Two processes may ask at once: one builds, the other waits. Raises DataError naming the file for whatever is wrong with the source, and
    when the disk is full.
    """
    source.check()
    if len(source) == 0:
        raise DataError(f"{source.ref} has no scenes; there is nothing to pack.")
    indices = spaced(len(source), limit)
    fingerprint = source.fingerprint()
    made_of = {"format_version": FORMAT_VERSION, "fingerprint": fingerprint, "height": height, "width": width, "scenes": indices}
    key = hashlib.sha256(json.dumps(made_of).encode()).hexdigest()[:20]
    folder = settings.packed_dir() / key
    if not folder.is_dir():
        with _locked(folder, len(indices), progress):
            if not folder.is_dir():
                _build(folder, source, height, width, indices, progress)
    if progress is not None:
        progress(len(indices), len(indices))
    return open_packed(folder)


def open_packed(folder: Path) -> Packed:
    """The pack in a folder. Raises DataError when it is damaged, with the way out."""
    try:
        about = json.loads((folder / "packed.json").read_text(encoding="utf-8"))
        if about["format_version"] != FORMAT_VERSION:
            raise ValueError("another format version")
        images, labels = (np.load(folder / f"{part}.npy", mmap_mode="r") for part in ("images", "labels"))
        if len(images) != len(about["stems"]) or labels.shape != images.shape[:3]:
            raise ValueError("sizes that disagree")
        return Packed(images, labels, about["stems"], about["mapping"], about["licence"], about["ref"], tuple(about["class_counts"]), folder)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"The packed data in {folder} cannot be read ({error}). Delete that folder; it is built again when needed.") from error


class PackedSet:
    """Several packs of one size, read as one: indices run through them in order."""

    def __init__(self, packs: Sequence[Packed]) -> None:
        self._packs = tuple(packs)
        self._starts = np.cumsum([0, *(len(p) for p in self._packs)])

    def __len__(self) -> int:
        return int(self._starts[-1])

    @property
    def stems(self) -> list[str]:
        return [stem for p in self._packs for stem in p.stems]

    @property
    def refs(self) -> tuple[str, ...]:
        return tuple(p.ref for p in self._packs)

    @property
    def mappings(self) -> tuple[str, ...]:
        """The label mappings, each once, in order."""
        return tuple(dict.fromkeys(p.mapping for p in self._packs))

    @property
    def licences(self) -> tuple[str, ...]:
        """The licences, each once, in order."""
        return tuple(dict.fromkeys(p.licence for p in self._packs))

    def class_shares(self) -> np.ndarray:
        """(6,) float64: each class's share of all labelled pixels."""
        return _shares(np.sum([p.class_counts for p in self._packs], axis=0))

    def gather(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Scenes by index (B,) int -> images (B, H, W, 3) uint8 and labels (B, H, W) uint8, in memory of their own."""
        indices = np.asarray(indices)
        if len(self._packs) == 1:
            only = self._packs[0]
            return np.take(only.images, indices, axis=0), np.take(only.labels, indices, axis=0)
        if indices.size and not (0 <= indices.min() and indices.max() < len(self)):
            raise IndexError(f"indices reach from {indices.min()} to {indices.max()}; the set has {len(self)} scenes")
        images = np.empty((len(indices), *self._packs[0].images.shape[1:]), dtype=np.uint8)
        labels = np.empty(images.shape[:3], dtype=np.uint8)
        which = np.searchsorted(self._starts, indices, side="right") - 1
        for number in np.unique(which):
            here = which == number
            local = indices[here] - self._starts[number]
            images[here], labels[here] = self._packs[number].images[local], self._packs[number].labels[local]
        return images, labels


def load(refs: Sequence[str], height: int, width: int, *, limit: int | None = None, progress: Progress | None = None) -> PackedSet:
    """Data references -> one set at (height, width), packed where they are not yet. `limit` holds for each of them.

    Every reference is opened and checked before the first is packed.
    """
    sources = [open_source(ref) for ref in refs]
    for source in sources:
        source.check()
    sizes = [len(spaced(len(s), limit)) for s in sources]
    packs = []
    for number, source in enumerate(sources):
        part = None if progress is None else _shifted(progress, sum(sizes[:number]), sum(sizes))
        packs.append(pack(source, height, width, limit=limit, progress=part))
    return PackedSet(packs)


def spaced(count: int, limit: int | None) -> list[int]:
    """Indices of at most `limit` of `count` scenes, evenly spaced: neighbours in a video are nearly the same picture."""
    if limit is None or limit >= count:
        return list(range(count))
    return [i * count // limit for i in range(limit)]


def _shares(counts: Sequence[int] | np.ndarray) -> np.ndarray:
    array = np.asarray(counts, dtype=np.float64)
    return array / max(array.sum(), 1.0)


def _shifted(progress: Progress, before: int, total: int) -> Progress:
    return lambda done, _: progress(before + done, total)


class _locked:
    """The pack's lock; while another process builds, `progress(0, n)` is called twice a second, so that waiting can be seen and stopped."""

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

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def _build(folder: Path, source: Source, height: int, width: int, indices: list[int], progress: Progress | None) -> None:
    """Writes the pack beside its place and renames it. Called under the lock: a part that lies there is a dead builder's."""
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
    counts = np.zeros(256, dtype=np.int64)
    # Plain writes, not a writable map: on a full disk a map kills the process (SIGBUS), a write raises.
    with (part / "images.npy").open("wb") as images, (part / "labels.npy").open("wb") as labels:
        _npy_header(images, (len(indices), height, width, 3))
        _npy_header(labels, (len(indices), height, width))
        for done, scene in enumerate(_read_ahead(source, height, width, indices), start=1):
            values = scene.labels if scene.labels is not None else np.full((height, width), classes.UNLABELLED, dtype=np.uint8)
            images.write(np.ascontiguousarray(scene.image).data)
            labels.write(np.ascontiguousarray(values).data)
            counts += np.bincount(values.reshape(-1), minlength=256)
            if progress is not None:
                progress(done, len(indices))
        for file in (images, labels):
            file.flush()
            os.fsync(file.fileno())  # some file systems say only now that they are full
    about: dict[str, Any] = {
        "format_version": FORMAT_VERSION, "ref": source.ref, "mapping": source.mapping, "licence": source.licence, "height": height, "width": width,
        "stems": [source.stem(i) for i in indices], "class_counts": counts[: classes.NUM_CLASSES].tolist(),
    }
    (part / "packed.json").write_text(json.dumps(about), encoding="utf-8")


def _npy_header(file: BinaryIO, shape: tuple[int, ...]) -> None:
    np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})


def _read_ahead(source: Source, height: int, width: int, indices: list[int]) -> Iterator[Scene]:
    """Scenes in order, a few decoded ahead in threads (Pillow and numpy let go of the interpreter while they work)."""
    workers = settings.cores()
    with ThreadPoolExecutor(workers) as pool:
        ahead: deque[Future[Scene]] = deque()
        try:
            for index in indices:
                ahead.append(pool.submit(source.read_at, index, height, width))
                if len(ahead) > 2 * workers:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            for future in ahead:
                future.cancel()


def _disk_problem(error: OSError, folder: Path, need: int | None = None) -> DataError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        room = f"{need / 2**20:.0f} MB" if need else "some space"
        return DataError(f"The disk is full: packed data needs {room} in {folder}. Free that much, or set UNETKD_HOME to another disk, then start again.")
    return DataError(f"Packed data cannot be written to {folder} ({error.strerror or error}). Check the folder's permissions, or set UNETKD_HOME to another one.")
