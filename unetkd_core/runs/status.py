"""status.json: where a run is, who works on it, and what went wrong. Readers derive `interrupted` from it.

It is replaced as a whole, so that a reader never sees half of one. It knows no run folder but the file itself.
"""

import dataclasses
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, get_args

from unetkd_core import outside
from unetkd_core.errors import RunError
from unetkd_core.runs.process import ProcessId
from unetkd_core.zoo.folders import sync

FORMAT_VERSION: Final = 1
State = Literal["queued", "running", "done", "stopped", "failed", "interrupted"]
Phase = Literal["queue", "packing", "measuring", "training", "finishing"]

LAUNCH_SECONDS: Final = 30.0
"""A queued run without a process is given so long for its worker to come up."""
SILENCE_SECONDS: Final = 90.0
"""A worker on another machine that has not been heard of for so long is taken for gone."""


@dataclass(frozen=True)
class Problem:
    """What went wrong: a fact as a headline, then the way out."""

    headline: str
    hint: str


@dataclass(frozen=True)
class Status:
    """One run's status. Times are unix seconds; `epoch` counts whole epochs done, `step` steps done in the current one.

    `interrupted` is never written: it is derived by `seen`.
    """

    state: State
    phase: Phase
    message: str
    host: str
    boot_id: str
    pid: int | None
    process_start: str
    heartbeat: float
    created: float
    started: float | None
    ended: float | None
    epoch: int
    epochs: int
    step: int
    steps: int
    images_per_second: float | None
    eta_seconds: float | None
    error: Problem | None

    @property
    def active(self) -> bool:
        """Whether a worker waits or works for it."""
        return self.state in ("queued", "running")

    @property
    def process(self) -> ProcessId | None:
        """The worker's process, or none before it came up."""
        return None if self.pid is None else ProcessId(self.host, self.boot_id, self.pid, self.process_start)

    def seen(self, now: float | None = None) -> "Status":
        """As a reader should take it: `interrupted` when it says queued or running but its process is gone."""
        if not self.active or self._attended(time.time() if now is None else now):
            return self
        return self.gone()

    def gone(self) -> "Status":
        """As it is when nobody waits or works for it any more."""
        message = "Its process ended without a word; resume goes on after the last whole epoch."
        return dataclasses.replace(
            self, state="interrupted", message=message, images_per_second=None, eta_seconds=None, ended=self.heartbeat
        )

    def _attended(self, now: float) -> bool:
        process = self.process
        if process is None:
            return now - self.heartbeat < LAUNCH_SECONDS
        return process.alive() if process.here else now - self.heartbeat < SILENCE_SECONDS


def queued(epochs: int, created: float) -> Status:
    """The status of a run that was just created."""
    return Status(
        state="queued", phase="queue", message="Waiting for its worker", host="", boot_id="", pid=None,
        process_start="", heartbeat=created, created=created, started=None, ended=None, epoch=0, epochs=epochs, step=0,
        steps=0, images_per_second=None, eta_seconds=None, error=None,
    )  # fmt: skip


def read(path: Path) -> Status:
    """The status as written, not derived. Raises RunError when it is missing, broken or of another format version."""
    try:
        data: dict[str, Any] = outside.read_json(path)
        version = data.pop("format_version")
        if version != FORMAT_VERSION:
            raise RunError(f"{path} has format version {version!r}; this release reads {FORMAT_VERSION}.")
        error = data.pop("error")
        return _sound(Status(**data, error=None if error is None else Problem(**error)))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunError(f"{path} cannot be read as a run's status ({error}).") from error


def _sound(status: Status) -> Status:
    """The same, if every value is of the kind that it should be. Raises ValueError: readers compute with them."""
    for name, fits in _FITS.items():
        if not fits(getattr(status, name)):
            raise ValueError(f"{name} is {str(getattr(status, name))[:40]!r}")
    if status.error is not None and not all(map(_is_text, dataclasses.astuple(status.error))):
        raise ValueError("error is no text")
    return status


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 10_000


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 10**9


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _LATEST


def _or_none(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or fits(value)


_LATEST: Final = 253_402_300_799
"""The last second of the year 9999: what no calendar can show is no time. Seconds and rates are smaller."""
_FITS: Final[dict[str, Callable[[Any], bool]]] = {
    "state": get_args(State).__contains__,
    "phase": get_args(Phase).__contains__,
    **dict.fromkeys(("message", "host", "boot_id", "process_start"), _is_text),
    **dict.fromkeys(("epoch", "epochs", "step", "steps"), _is_count),
    **dict.fromkeys(("heartbeat", "created"), _is_number),
    **dict.fromkeys(("started", "ended", "images_per_second", "eta_seconds"), _or_none(_is_number)),
    "pid": _or_none(lambda value: _is_count(value) and value > 0),
}
"""Field -> whether a value can be it."""


def lost(path: Path) -> bool:
    """Whether the file holds nothing: heartbeats do not wait for the disk, and some file systems answer a power cut
    with an empty file or one of zero bytes.
    """
    try:
        return not outside.read_bytes(path, outside.MAX_JSON_BYTES).strip(b"\0")
    except (OSError, ValueError):
        return False


def write(path: Path, status: Status, *, durable: bool = False) -> None:
    """Replace the file as a whole; `durable` also waits for the disk (changes of state do, heartbeats do not)."""
    text = json.dumps({"format_version": FORMAT_VERSION, **dataclasses.asdict(status)}, allow_nan=False)
    write_text(path, text, durable=durable)


def write_text(path: Path, text: str, *, durable: bool = True) -> None:
    """Write `text` under a temporary name, then rename: nobody ever reads half a file."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "w", encoding="utf-8") as file:
            file.write(text)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(temporary, path)
        if durable:
            sync(path.parent)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def overwrite(path: Path, status: Status) -> None:
    """Write into the file that is there, which needs no room on a full disk. Raises nothing: it is the last resort."""
    text = json.dumps({"format_version": FORMAT_VERSION, **dataclasses.asdict(status)}, allow_nan=False)
    try:
        with open(path, "r+", encoding="utf-8") as file:
            file.write(text)
            file.truncate()
    except OSError:
        return  # readers derive `interrupted` from what stands there
