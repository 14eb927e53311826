"""Any dataset at one size, packed once into two memory-mapped uint8 arrays; epochs are array reads.

A pack lies in `packed_dir()/<key>/` (images.npy, labels.npy, packed.json), where the key is a hash of all that made it:
a changed source or size is another pack. It appears there only when whole (packing.py). What a pack holds has a hash of
its own, which no date and no folder sways.
Knows no torch, no augmentation and no dataset by name.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from unetkd_core import outside, settings
from unetkd_core.data.catalog import open_source
from unetkd_core.data.packing import FORMAT_VERSION, Progress, ensure_packed
from unetkd_core.data.source import Source
from unetkd_core.errors import DataError

ABOUT_BYTES: Final = 64 * 1024 * 1024
"""Of packed.json at most: it names every scene."""


@dataclass(frozen=True)
class Packed:
    """One split at one size, as read-only maps of its files."""

    images: np.ndarray
    """(N, H, W, 3) uint8 RGB."""
    labels: np.ndarray
    """(N, H, W) uint8: classes 0-5, UNLABELLED or VOID."""
    stems: list[str]
    mapping: str
    licence: str
    ref: str
    class_counts: tuple[int, ...]
    """Labelled pixels of each of the six classes."""
    sha256: str
    """Of the size and all pixels and labels in order, whatever they came from."""
    folder: Path

    def __len__(self) -> int:
        return len(self.stems)

    def class_shares(self) -> np.ndarray:
        """(6,) float64: each class's share of the labelled pixels; zeros when none is labelled."""
        return _shares(self.class_counts)


def pack(
    source: Source, height: int, width: int, *, limit: int | None = None, progress: Progress | None = None
) -> Packed:
    """The source at (height, width), built now or found packed; with a limit, that many scenes spread over the split.

    Two processes may ask at once: one builds, the other waits. Raises DataError naming the file for whatever is wrong
    with the source, and when the disk is full.
    """
    source.check()
    if len(source) == 0:
        raise DataError(f"{source.ref} has no scenes; there is nothing to pack.")
    indices = spaced(len(source), limit)
    made_of = {
        "format_version": FORMAT_VERSION,
        "fingerprint": source.fingerprint(),
        "height": height,
        "width": width,
        "scenes": indices,
    }
    key = hashlib.sha256(json.dumps(made_of).encode()).hexdigest()[:20]
    folder = settings.packed_dir() / key
    ensure_packed(folder, source, height, width, indices, progress)
    if progress is not None:
        progress(len(indices), len(indices))
    return open_packed(folder)


def open_packed(folder: Path) -> Packed:
    """The pack in a folder. Raises DataError when it is damaged, with the way out."""
    try:
        about = outside.read_json(folder / "packed.json", ABOUT_BYTES)
        if about["format_version"] != FORMAT_VERSION:
            raise ValueError("another format version")
        images, labels = (np.asarray(np.load(folder / f"{part}.npy", mmap_mode="r")) for part in ("images", "labels"))
        if len(images) != len(about["stems"]) or labels.shape != images.shape[:3]:
            raise ValueError("sizes that disagree")
        named = {name: about[name] for name in ("stems", "mapping", "licence", "ref", "sha256")}
        return Packed(images, labels, class_counts=tuple(about["class_counts"]), folder=folder, **named)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"The packed data in {folder} cannot be read ({error}). Delete that folder; it is built again when needed."
        ) from error


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
    def contents(self) -> tuple[str, ...]:
        """Each pack's SHA-256: the same ones in the same order hold the same pixels and labels, on every machine."""
        return tuple(p.sha256 for p in self._packs)

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
        if indices.size and (indices.min() < 0 or indices.max() >= len(self)):
            raise IndexError(f"indices reach from {indices.min()} to {indices.max()}; the set has {len(self)} scenes")
        if len(self._packs) == 1:
            return self._packs[0].images[indices], self._packs[0].labels[indices]
        images = np.empty((len(indices), *self._packs[0].images.shape[1:]), dtype=np.uint8)
        labels = np.empty(images.shape[:3], dtype=np.uint8)
        which = np.searchsorted(self._starts, indices, side="right") - 1
        for number in np.unique(which):
            here = which == number
            local = indices[here] - self._starts[number]
            images[here], labels[here] = self._packs[number].images[local], self._packs[number].labels[local]
        return images, labels


def load(
    refs: Sequence[str], height: int, width: int, *, limit: int | None = None, progress: Progress | None = None
) -> PackedSet:
    """Data references -> one set at (height, width), packed where they are not yet. `limit` holds for each of them.

    Raises DataError for what cannot be opened or lacks files, before the first is packed.
    """
    sources = opened(refs)
    sizes = [len(spaced(len(s), limit)) for s in sources]
    packs = []
    for number, source in enumerate(sources):
        part = None if progress is None else _shifted(progress, sum(sizes[:number]), sum(sizes))
        packs.append(pack(source, height, width, limit=limit, progress=part))
    return PackedSet(packs)


def opened(refs: Sequence[str]) -> list[Source]:
    """Data references, each opened and checked. Raises DataError."""
    sources = [open_source(ref) for ref in refs]
    for source in sources:
        source.check()
    return sources


def spaced(count: int, limit: int | None) -> list[int]:
    """Indices of at most `limit` of `count` scenes, evenly spaced: neighbours in a video are nearly one picture."""
    if limit is None or limit >= count:
        return list(range(count))
    return [i * count // limit for i in range(limit)]


def _shares(counts: Sequence[int] | np.ndarray) -> np.ndarray:
    array = np.asarray(counts, dtype=np.float64)
    return array / max(array.sum(), 1.0)


def _shifted(progress: Progress, before: int, total: int) -> Progress:
    return lambda done, _: progress(before + done, total)
