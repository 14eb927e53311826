"""How much room everything under UNETKD_HOME takes, and how much is free. Reads sizes only; removes nothing.

Needs no torch.
"""

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from unetkd_core import settings
from unetkd_core.runs.folder import list_runs


@dataclass(frozen=True)
class DiskUse:
    """Bytes. `runs` by id; `teachers`: teachers' answers, kept for their students; `free`: on the disk of the runs."""

    runs: dict[str, int]
    packed: int
    searches: int
    teachers: int
    free: int

    @property
    def all_runs(self) -> int:
        return sum(self.runs.values())


def use() -> DiskUse:
    """As it is now. What is replaced or deleted meanwhile is left out."""
    home = settings.home()
    return DiskUse(
        runs={run.id: run.disk_bytes() for run in list_runs()},
        packed=folder_bytes(settings.packed_dir()),
        searches=folder_bytes(home / "searches"),
        teachers=folder_bytes(settings.teachers_dir()),
        free=free_bytes(),
    )


def free_bytes() -> int:
    """Bytes free for whoever runs this, where runs lie or will lie."""
    place = settings.runs_dir()
    while not place.exists() and place != place.parent:
        place = place.parent
    return shutil.disk_usage(place).free


def folder_bytes(folder: Path) -> int:
    """Bytes of all files under `folder`; 0 where there is none."""
    return sum(file_bytes(os.path.join(parent, name)) for parent, _, names in os.walk(folder) for name in names)


def file_bytes(path: Path | str) -> int:
    """Bytes of one file, its links not followed; 0 when it is gone."""
    try:
        return os.lstat(path).st_size
    except OSError:
        return 0


def total(paths: Iterable[Path]) -> int:
    """Bytes of files and folders together."""
    return sum(folder_bytes(path) if path.is_dir() else file_bytes(path) for path in paths)


def in_words(count: int) -> str:
    """312_000_000 -> "312 MB", 1_100_000_000 -> "1.1 GB", 40_000 -> "40 kB"."""
    if count < 1_000_000:
        return f"{-(-count // 1000)} kB"
    if count < 1_000_000_000:
        return f"{count / 1e6:.0f} MB"
    return f"{count / 1e9:.1f} GB" if count < 10_000_000_000 else f"{count / 1e9:.0f} GB"
