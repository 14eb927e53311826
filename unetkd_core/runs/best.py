"""Which weights a run's `best/` holds: those that its saved state names, never those of an epoch that was not kept.

A new best is written beside, into `best-next/`, and takes the place of `best/` once the epoch's line and its state are
saved. What a kill leaves is settled when the run goes on. Needs no torch, and knows no loop.
"""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from unetkd_core.errors import UnetKDError
from unetkd_core.training import pointer
from unetkd_core.zoo import checkpoints, folders

if TYPE_CHECKING:
    from torch import nn

FOLDER: Final = "best"
NEXT: Final = "best-next"
KEY: Final = "best"
"""A saved state's word on the sha256 of the best weights; states of earlier releases have none."""


def write(run_dir: Path, network: "nn.Module", info: checkpoints.CheckpointInfo) -> str:
    """Write `network` beside the best so far; returns its sha256, for the state. Raises CheckpointError."""
    return checkpoints.save(network, run_dir / NEXT, info, half=False).sha256


def settle(run_dir: Path) -> None:
    """Let what was written beside become `best/` if the saved state names it; else remove it. For the run's worker
    alone, while it writes nothing: what is half-written is a killed one's.

    Raises TrainingError, CheckpointError, OSError where that cannot be told or done; both are left then.
    """
    new = run_dir / NEXT
    for half in run_dir.glob(f".{NEXT}.new-*"):
        shutil.rmtree(half, ignore_errors=True)
    if not folders.exists(new):
        return
    if _is_named(run_dir):
        folders.promote(new, run_dir / FOLDER)
    else:
        folders.delete(new)


def is_orphan(run_dir: Path) -> bool:
    """Whether what was written beside is of an epoch that was not kept. What cannot be told is none."""
    try:
        return folders.exists(run_dir / NEXT) and not _is_named(run_dir)
    except (UnetKDError, OSError):
        return False


def _is_named(run_dir: Path) -> bool:
    last = run_dir / "last"
    if not pointer.exists(last):
        return False
    extra = pointer.read(last).get("extra")
    named = extra.get(KEY) if isinstance(extra, dict) else None
    return named is not None and bool(named == checkpoints.read_info(run_dir / NEXT).sha256)
