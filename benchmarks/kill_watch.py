"""What kill_resume looks at from outside: a worker's files while it saves, processes that are left, what was redone.

Reads folders and /proc; starts and kills nothing.
"""

import json
import os
from pathlib import Path
from typing import Any, Final

from unetkd_core.runs.status import Status


class Saving:
    """Waits for one moment in the saving of an epoch, in one run's folder."""

    MOMENTS: Final = ("weights", "metrics", "state", "pointer", "done")

    def __init__(self, run_dir: Path, moment: str) -> None:
        self._folder, self._moment = run_dir, moment
        self._first = self._look()

    def begun(self) -> bool:
        """Whether the moment has come since this was made."""
        if self._moment == "weights":  # a new best is being written
            return bool(self._names(self._folder, ".best-next."))
        if self._moment == "state":  # half of the state is written
            return any(name.endswith("safetensors.tmp") for name in self._names(self._folder / "last"))
        return self._look() != self._first

    def _look(self) -> object:
        last = self._folder / "last"
        if self._moment == "metrics":  # an epoch's line is there, its state is not
            return self._size(self._folder / "metrics.jsonl")
        if self._moment == "pointer":  # two whole states
            return sum(name in ("a.safetensors", "b.safetensors") for name in self._names(last)) > 1
        return self._changed(last / "state.json")

    @staticmethod
    def _names(folder: Path, start: str = "") -> list[str]:
        try:
            return [name for name in os.listdir(folder) if name.startswith(start)]
        except OSError:
            return []

    @staticmethod
    def _size(path: Path) -> int:
        return path.stat().st_size if path.exists() else 0

    @staticmethod
    def _changed(path: Path) -> int:
        return path.stat().st_mtime_ns if path.exists() else 0


def saved_epochs(run_dir: Path) -> int:
    """Whole epochs in the state that resuming begins from."""
    try:
        pointer: dict[str, Any] = json.loads((run_dir / "last" / "state.json").read_text(encoding="utf-8"))
        return int(pointer["extra"]["epoch"])
    except FileNotFoundError:
        return 0


def redone(status: Status, saved: int, measured: int) -> int:
    """Epochs that resuming does again, one that had only begun counted whole. measured: lines in metrics.jsonl."""
    begun = status.epoch + 1 if status.phase == "training" and status.epoch < status.epochs else status.epoch
    return max(0, max(measured, begun) - saved)


def phase_hit(status: Status, run_dir: Path, measured: int) -> str:
    """What the worker was at when it was killed, by what it left."""
    if status.state == "queued":
        return "starting up"
    half = any(any(run_dir.glob(pattern)) for pattern in ("last/*.tmp", ".best*", "best-next"))
    if status.phase == "training" and (half or measured > saved_epochs(run_dir)):
        return "saving"
    return {"packing": "packing", "measuring": "loading", "training": "training", "finishing": "finishing"}.get(
        status.phase, status.phase
    )


def group_left(group: int) -> bool:
    """Whether a process of this group still runs; a zombie is not one."""
    return any(fields[2] == str(group) and fields[0] not in "ZX" for fields in _processes())


def children_left() -> bool:
    """Whether this process has a child that ended and was not waited for."""
    return any(fields[1] == str(os.getpid()) and fields[0] == "Z" for fields in _processes())


def _processes() -> list[list[str]]:
    """Of each process: state, parent, group, ... as in /proc/PID/stat after the name."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                found.append((entry / "stat").read_text().rpartition(")")[2].split())
            except OSError:
                continue  # gone while we looked
    return found
