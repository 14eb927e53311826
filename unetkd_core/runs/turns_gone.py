"""What visitors have had of runs that were deleted since: else who deletes would always be first (runs/turns.py).

home()/turns.json holds a line for each pair of the last day, of owners' hashes alone. Needs no torch.
"""

import contextlib
import json
import math
import time
from pathlib import Path

from unetkd_core import outside, settings
from unetkd_core.errors import RunError
from unetkd_core.runs import locks, turns
from unetkd_core.runs import status as status_file
from unetkd_core.runs.folder import Run
from unetkd_core.runs.turns import Seen


def note(run: Run) -> None:
    """Before a visitor's run is deleted. What cannot be written down is not counted: nothing keeps a run from going."""
    with contextlib.suppress(RunError, OSError):
        one = turns.seen(run, run.written_status())
        if settings.public() and one.owner and one.started is not None and time.time() - one.started < turns.DAY:
            with locks.hold_queue():
                kept = {gone.pair: gone for gone in (*seen(), one)}
                entries = [{"owner": o.owner, "pair": o.pair, "started": o.started} for o in kept.values()]
                status_file.write_text(_file(), json.dumps(entries, indent=1) + "\n")


def seen(now: float | None = None) -> list[Seen]:
    """One run for each pair that is gone and began within a day; a damaged file is as none."""
    now = time.time() if now is None else now
    try:
        return [_one(entry) for entry in outside.read_json(_file()) if 0 <= now - float(entry["started"]) < turns.DAY]
    except (OSError, ValueError, TypeError, KeyError, OverflowError):
        return []


def _one(entry: dict[str, object]) -> Seen:
    owner, pair, started = entry["owner"], entry["pair"], float(str(entry["started"]))
    if not isinstance(owner, str) or not isinstance(pair, str) or not math.isfinite(started):
        raise ValueError("no run that is gone")
    return Seen(Run(pair, settings.runs_dir() / "gone"), "deleted", started, started, owner, pair)


def _file() -> Path:
    return settings.home() / "turns.json"
