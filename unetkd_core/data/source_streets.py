"""`streets`, the dataset that is always there, as a `Source`: scenes are rendered when read, at any size.

How a street looks is the business of `streets`; this module only knows seeds, split sizes and names.
"""

import hashlib
from typing import Final

from unetkd_core.data import streets
from unetkd_core.data.source import Scene, unknown_split

LICENCE: Final = "MIT (generated here)"
MAPPING: Final = "camvid"
"""Posts/pylons are poles, signs and lights, as in CamVid's reading of Table I."""


class StreetsSource:
    """One split of `streets`; of one without labels they are kept back, though they exist.

    Raises DataError for an unknown split.
    """

    def __init__(self, split: str) -> None:
        if split not in streets.SPLIT_SIZES:
            raise unknown_split("streets", split, list(streets.SPLIT_SIZES))
        self.name, self.split = "streets", split
        self.mapping, self.licence = MAPPING, LICENCE
        self.labelled, self.rendered = split not in streets.WITHOUT_LABELS, True
        self._seed = streets.SPLIT_SEEDS[split]

    @property
    def ref(self) -> str:
        return f"streets:{self.split}"

    def __len__(self) -> int:
        return streets.SPLIT_SIZES[self.split]

    def stem(self, index: int) -> str:
        return f"street_{self.split}_{index:05d}"

    def read(self, index: int) -> Scene:
        return self.read_at(index, *streets.NATIVE_SIZE)

    def read_at(self, index: int, height: int, width: int) -> Scene:
        """Rendered at (height, width), never resized."""
        if not 0 <= index < len(self):
            raise IndexError(f"scene {index} of {len(self)}")
        scene = streets.render(self._seed, index, height, width)
        return Scene(scene.image, scene.labels if self.labelled else None)

    def fingerprint(self) -> str:
        made_of = f"streets {streets.VERSION} {self._seed} {len(self)}"
        return hashlib.sha256(made_of.encode()).hexdigest()

    def content_hash(self) -> str:
        return self.fingerprint()

    def check(self) -> None:
        """Nothing can be missing."""
