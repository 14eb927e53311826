"""Datasets of files in which each picture has a label map: pairing, reading, fingerprinting.

`PairedSource` knows pairs of paths and a function that turns a label file into six classes; which folders they lie in
is the business of camvid.py, cityscapes.py and folder.py.
"""

import hashlib
import os
from collections.abc import Callable, Sequence
from io import BufferedReader
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from unetkd_core import classes
from unetkd_core.data.images import read_image, read_labels
from unetkd_core.data.source import Scene, at_size
from unetkd_core.errors import DataError

IMAGE_SUFFIXES: Final = (".png", ".jpg", ".jpeg", ".webp")
LABEL_SUFFIXES: Final = (".png",)
_END: Final = 64 * 1024
"""Bytes at either end of a large file by which it is known."""


class Pair(NamedTuple):
    """One scene's files."""

    stem: str
    image: Path
    labels: Path


class PairedSource:
    """A `Source` over pairs of files under `root`.

    `read_classes(path, name)` gives labels (H, W) uint8 of the six classes; by default raw ids through the mapping.
    `problem` is what pairing already found wrong; `check` raises it.
    """

    def __init__(
        self,
        *,
        name: str,
        split: str,
        root: Path,
        pairs: Sequence[Pair],
        mapping: str,
        licence: str,
        read_classes: Callable[[Path, str], np.ndarray] | None = None,
        problem: str | None = None,
    ) -> None:
        self.name, self.split, self.root = name, split, root
        self.mapping, self.licence = mapping, licence
        self.labelled, self.rendered = True, False
        self._pairs = tuple(pairs)
        self._read_classes = read_classes or self._read_ids
        self._problem = problem

    @property
    def ref(self) -> str:
        return f"{self.name}:{self.split}"

    def __len__(self) -> int:
        return len(self._pairs)

    def stem(self, index: int) -> str:
        return self._pairs[index].stem

    def read(self, index: int) -> Scene:
        pair = self._pairs[index]
        image = read_image(pair.image, name=self._shown(pair.image))
        labels = self._read_classes(pair.labels, self._shown(pair.labels))
        if labels.shape != image.shape[:2]:
            raise DataError(
                f"{self._shown(pair.labels)} is {labels.shape[1]} × {labels.shape[0]} pixels, its image "
                f"{image.shape[1]} × {image.shape[0]}; they must match. Was one of them resized or turned?"
            )
        return Scene(image, labels)

    def read_at(self, index: int, height: int, width: int) -> Scene:
        return at_size(self.read(index), height, width)

    def fingerprint(self) -> str:
        return self._hash(lambda path: f"{path.relative_to(self.root)} {self._state(path)}")

    def content_hash(self) -> str:
        return self._hash(self._content)

    def _hash(self, told: Callable[[Path], str]) -> str:
        """Of the reading of labels, and of each scene's name and what is told of its two files."""
        lines = [f"{self.ref} {self.mapping} {sorted(classes.MAPPINGS[self.mapping].ids.items())}"]
        for pair in self._pairs:
            lines += [f"{pair.stem} {told(path)}" for path in (pair.image, pair.labels)]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def check(self) -> None:
        if self._problem is not None:
            raise DataError(self._problem)
        if not self._pairs:
            raise DataError(
                f"{self.ref} has no scenes in {self.root}. Expected pictures (PNG, JPEG, WebP) and a PNG label "
                f"map for each."
            )

    def _read_ids(self, path: Path, shown: str) -> np.ndarray:
        raw = read_labels(path, name=shown)
        if raw.ndim != 2:
            raise DataError(
                f"{shown} is a picture in colour; expected a label map of {self.mapping} ids. Is it the coloured "
                f"copy of the labels?"
            )
        return classes.MAPPINGS[self.mapping].apply(raw, where=shown)

    def _shown(self, path: Path) -> str:
        """The path as errors name it: from the dataset's folder on."""
        return str(path.relative_to(self.root.parent))

    def _state(self, path: Path) -> str:
        try:
            stat = path.stat()
        except OSError as error:
            raise self._gone(path, error) from None
        return f"{stat.st_size} {stat.st_mtime_ns}"

    def _content(self, path: Path) -> str:
        try:
            with path.open("rb") as file:
                return _digest(file)
        except OSError as error:
            raise self._gone(path, error) from None

    def _gone(self, path: Path, error: OSError) -> DataError:
        return DataError(f"{self._shown(path)} is not there any more ({error.strerror}). Was it moved or renamed?")


def _digest(file: BufferedReader) -> str:
    """Hex SHA-256 of a small file; of a large one's size, its first and its last bytes, so that a dataset of gigabytes
    is told from another in the time of opening its files: a PNG ends with a checksum of all its pixels.
    """
    size = os.fstat(file.fileno()).st_size
    if size <= 2 * _END:
        return hashlib.file_digest(file, "sha256").hexdigest()
    digest = hashlib.sha256(f"{size}\n".encode() + file.read(_END))
    file.seek(size - _END)
    digest.update(file.read(_END))
    return digest.hexdigest()


def pair_files(images: Path, labels: Path, *, root: Path) -> tuple[list[Pair], str | None]:
    """Pairs of same-named files of two folders, in order of name, and the first that does not pair (None: all do).

    Hidden files and other formats are passed over. Raises DataError when one of the folders is missing.
    """
    found_images, twice = _by_stem(images, IMAGE_SUFFIXES, root)
    found_labels, _ = _by_stem(labels, LABEL_SUFFIXES, root)
    pairs = [Pair(stem, path, found_labels[stem]) for stem, path in found_images.items() if stem in found_labels]
    return pairs, twice or _unpaired(
        found_images, found_labels, images.relative_to(root.parent), labels.relative_to(root.parent)
    )


def count_files(folder: Path) -> int:
    """Pictures that lie in a folder; 0 when it is not there."""
    return sum(1 for p in folder.iterdir() if _wanted(p, IMAGE_SUFFIXES)) if folder.is_dir() else 0


def _by_stem(folder: Path, suffixes: tuple[str, ...], root: Path) -> tuple[dict[str, Path], str | None]:
    try:
        paths = sorted(p for p in folder.iterdir() if _wanted(p, suffixes))
    except OSError as error:
        raise DataError(
            f"Folder {folder.relative_to(root.parent)} cannot be listed ({error.strerror}); expected it in {root}."
        ) from None
    found: dict[str, Path] = {}
    twice = None
    for path in paths:
        other = found.setdefault(path.stem, path)
        if other is not path and twice is None:
            shown = path.relative_to(root.parent)
            twice = f"{shown} and {other.name} share a name: which one belongs to the label map? Take one out."
    return found, twice


def _unpaired(images: dict[str, Path], labels: dict[str, Path], image_folder: Path, label_folder: Path) -> str | None:
    """The sentence about the first file without its partner, by name."""
    for stem in sorted(images.keys() ^ labels.keys()):
        if stem in images:
            alone, wanted = image_folder / images[stem].name, f"label map {label_folder / stem}.png"
        else:
            alone, wanted = (
                label_folder / labels[stem].name,
                f"picture {image_folder / stem} ({', '.join(IMAGE_SUFFIXES)})",
            )
        return f"{alone} has no {wanted}. Add it, or take the file out of the dataset."
    return None


def _wanted(path: Path, suffixes: tuple[str, ...]) -> bool:
    return path.suffix.lower() in suffixes and not path.name.startswith(".")
