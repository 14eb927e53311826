"""What a dataset is to the rest of the core: a `Source`, one split of scenes with six-class labels.

Only the interface, and the one way to bring a scene to the packed size. Knows no dataset by name.
"""

from typing import Final, NamedTuple, Protocol

import numpy as np

from unetkd_core.data.resize import cover_image, cover_labels
from unetkd_core.errors import DataError


class Scene(NamedTuple):
    """One picture and what is known of it."""

    image: np.ndarray
    """(H, W, 3) uint8 RGB."""
    labels: np.ndarray | None
    """(H, W) uint8 of classes 0-5, UNLABELLED or VOID; None: the scene has no labels."""


class Source(Protocol):
    """One split of one dataset. Reading raises DataError that names the file."""

    name: str
    """The dataset: "streets", "camvid", "cityscapes" or a registered name."""
    split: str
    mapping: str
    """Key of `classes.MAPPINGS`: how its own ids became the six classes."""
    licence: str
    """What may be done with the data and with what is trained on it, in one line."""
    labelled: bool
    """Whether its scenes come with labels; without them only a teacher can teach on it."""
    rendered: bool
    """Whether its scenes are computed rather than decoded from files: reading them keeps Python busy."""

    @property
    def ref(self) -> str:
        """NAME:SPLIT, as "camvid:train"."""
        ...

    def __len__(self) -> int: ...

    def stem(self, index: int) -> str:
        """The scene's name, unique within the split."""
        ...

    def read(self, index: int) -> Scene:
        """The scene at its native size."""
        ...

    def read_at(self, index: int, height: int, width: int) -> Scene:
        """The scene at the packed size (height, width)."""
        ...

    def fingerprint(self) -> str:
        """Hex hash of all that made the scenes; changes when a file does. Guards what is packed on this machine: reads
        no file, so that the same files copied elsewhere, with other dates, have another.
        """
        ...

    def content_hash(self) -> str:
        """Hex hash of what the scenes are, the same on every machine: for runs and tables that others may add to. Opens
        every file and reads at most 128 KiB of each.
        """
        ...

    def check(self) -> None:
        """Raises DataError naming the file for what shows without reading pictures: missing and unpaired files."""
        ...


MEMORY_BYTES: Final = 1_000_000_000
"""So much of a split's scenes stays in memory, for the next network that is scored on it."""


class Remembered:
    """A source whose scenes stay in memory once read at their native size, up to `MEMORY_BYTES` of them: several
    networks are scored on it.
    """

    def __init__(self, source: Source) -> None:
        self._source, self._bytes = source, 0
        self._scenes: dict[int, Scene] = {}
        self._content: str | None = None
        self.name, self.split = source.name, source.split
        self.mapping, self.licence, self.ref = source.mapping, source.licence, source.ref
        self.labelled, self.rendered = source.labelled, source.rendered

    def __len__(self) -> int:
        return len(self._source)

    def stem(self, index: int) -> str:
        return self._source.stem(index)

    def read(self, index: int) -> Scene:
        if index in self._scenes:
            return self._scenes[index]
        scene = self._source.read(index)
        size = scene.image.nbytes + (0 if scene.labels is None else scene.labels.nbytes)
        if self._bytes + size <= MEMORY_BYTES:
            self._scenes[index], self._bytes = scene, self._bytes + size
        return scene

    def read_at(self, index: int, height: int, width: int) -> Scene:
        return self._source.read_at(index, height, width)

    def fingerprint(self) -> str:
        return self._source.fingerprint()

    def content_hash(self) -> str:
        """As of the first time that it was asked: what is remembered does not change either."""
        if self._content is None:
            self._content = self._source.content_hash()
        return self._content

    def check(self) -> None:
        self._source.check()


def at_size(scene: Scene, height: int, width: int) -> Scene:
    """The scene scaled to cover (height, width) and cropped to it; labels by the nearest pixel."""
    labels = None if scene.labels is None else cover_labels(scene.labels, height, width)
    return Scene(cover_image(scene.image, height, width), labels)


def unknown_split(name: str, split: str, known: list[str]) -> DataError:
    """The error for a split that a dataset does not have."""
    return DataError(
        f"{name} has no split {split!r}; it has {', '.join(known) or 'none'}. Write it as "
        f"{name}:{known[0] if known else 'train'}."
    )
