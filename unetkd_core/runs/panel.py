"""The panel: a few validation scenes, the same for student and twin, drawn after every epoch as palette PNGs.

Knows arrays and files, no network.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image

from unetkd_core.classes import CLASS_NAMES, NUM_CLASSES
from unetkd_core.data.images import labels_png_bytes
from unetkd_core.runs.status import write_text

SCENES: Final = 3
_PERSON: Final = CLASS_NAMES.index("person")
_LEAST: Final = 0.001
"""A class counts as in a scene from this share of its pixels on."""
_LOOKED_AT: Final = 64
"""At most so many scenes of each third are looked at."""

Gather = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


def choose_scenes(count: int, gather: Gather) -> list[int]:
    """Indices of up to three scenes with many classes, people first, one from each third of the split (frames that
    follow each other look alike). gather: indices -> images, labels; count: scenes in the split.
    """
    chosen = []
    for third in np.array_split(np.arange(count), min(SCENES, count)):
        step = -(-len(third) // _LOOKED_AT)
        _, labels = gather(third[::step])
        richness = [_richness(scene) for scene in labels]
        chosen.append(int(third[::step][max(range(len(richness)), key=richness.__getitem__)]))
    return chosen


def _richness(labels: np.ndarray) -> tuple[bool, int, float]:
    """Whether people are in it, how many classes, and the entropy of their shares."""
    shares = np.bincount(labels.reshape(-1), minlength=256)[:NUM_CLASSES] / labels.size
    present = shares >= _LEAST
    entropy = float(-(shares[present] * np.log(shares[present])).sum())
    return bool(present[_PERSON]), int(present.sum()), entropy


def write_scenes(folder: Path, images: np.ndarray, labels: np.ndarray, stems: Sequence[str]) -> None:
    """Photos and truths once. images: (K, H, W, 3) uint8; labels: (K, H, W) uint8."""
    folder.mkdir(parents=True, exist_ok=True)
    scenes: list[dict[str, Any]] = []
    for i, stem in enumerate(stems):
        Image.fromarray(images[i]).save(folder / f"photo_{i}.png")
        (folder / f"truth_{i}.png").write_bytes(labels_png_bytes(labels[i], "table1"))
        scenes.append({"stem": stem, "photo": f"photo_{i}.png", "truth": f"truth_{i}.png"})
    height, width = images.shape[1:3]
    write_text(folder / "panel.json", json.dumps({"scenes": scenes, "height": height, "width": width}))


def write_epoch(folder: Path, epoch: int, labels: np.ndarray) -> None:
    """One prediction a scene. labels: (K, H, W) uint8. With the last scene's file, written last, the epoch is whole."""
    for i, scene in enumerate(labels):
        temporary = folder / f".epoch_{i}.tmp"
        temporary.write_bytes(labels_png_bytes(scene, "table1"))
        temporary.replace(folder / f"epoch_{epoch:04d}_{i}.png")
