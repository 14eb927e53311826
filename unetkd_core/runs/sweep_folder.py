"""A sweep is a folder: make one, open one, list them, read what lies in it. Starts nothing, needs no torch.

    sweep.json    its grid                     status.json  state, process, runs done of runs in all
    runs.json     which run is which cell's    log.txt      for people
    stop          there when someone asked       meta.json    when it was made, and whose it is

Disk is the truth, as for runs; the runs themselves lie in their own folders and stay when a sweep is deleted.
"""

import dataclasses
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from unetkd_core import outside, settings
from unetkd_core.errors import ConfigError, RunError
from unetkd_core.runs import status as status_file
from unetkd_core.runs.folder import Run
from unetkd_core.runs.status import Status
from unetkd_core.runs.sweep_grid import FORMAT_VERSION, SweepSpec, parse_spec

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
_specs: dict[Path, tuple[int, SweepSpec]] = {}
"""Sweep folder -> (when its sweep.json was written, what it says)."""


@dataclass(frozen=True)
class Assigned:
    """Which run is whose. runs: "cell/seed" -> run id. twins: "student/seed" -> run id. own: ids that this sweep set
    going, which are what stopping it stops.
    """

    runs: dict[str, str]
    twins: dict[str, str]
    own: tuple[str, ...]


NOBODY: Final = Assigned({}, {}, ())


@dataclass(frozen=True)
class _Folder(Run):
    """A sweep's folder, read and written by what reads and writes runs'."""

    def _rebuilt_status(self) -> Status:
        """As a driver would have left it that is gone: who is done is read from the runs."""
        try:
            written, runs = (self.run_dir / "status.json").stat().st_mtime, Sweep(self.id, self.run_dir).spec.size
        except (ConfigError, OSError) as error:
            raise RunError(f"The status of sweep {self.id} is lost and cannot be made out ({error}).") from None
        return dataclasses.replace(status_file.queued(runs, written), state="running")


@dataclass(frozen=True)
class Sweep:
    """One sweep's folder. The id sorts by age."""

    id: str
    sweep_dir: Path

    @property
    def spec(self) -> SweepSpec:
        """Its grid. Raises RunError, ConfigError."""
        file = self.sweep_dir / "sweep.json"
        try:
            written = file.stat().st_mtime_ns
            if _specs.get(self.sweep_dir, (0, None))[0] != written:
                _specs[self.sweep_dir] = (written, parse_spec(_read(file), where=f"Sweep {self.id}"))
        except OSError as error:
            raise RunError(f"{file} cannot be read ({error.strerror or error}).") from None
        return _specs[self.sweep_dir][1]

    @property
    def as_run(self) -> Run:
        """The folder as what runs/reporter.py writes into: status.json, log.txt and stop mean the same there."""
        return _Folder(self.id, self.sweep_dir)

    @property
    def owner(self) -> str | None:
        """As of a run: the sha256 of its owner's key, on a public server."""
        return self.as_run.owner

    def status(self) -> Status:
        """Where it is, with `interrupted` derived; epoch and epochs count runs. Raises RunError."""
        return self.as_run.status()

    def assigned(self) -> Assigned:
        """Which runs are its own so far."""
        try:
            data = _read(self.sweep_dir / "runs.json")
            return Assigned(_names(data["runs"]), _names(data["twins"]), tuple(map(_name, data["own"])))
        except (OSError, RunError, KeyError, TypeError, ValueError, AttributeError):
            return NOBODY

    def assign(self, assigned: Assigned) -> None:
        """Replace runs.json. Raises OSError."""
        data = {"runs": assigned.runs, "twins": assigned.twins, "own": list(assigned.own)}
        status_file.write_text(self.sweep_dir / "runs.json", json.dumps(data, indent=1) + "\n")

    def log_tail(self, lines: int = 50) -> str:
        """The log's last lines."""
        return self.as_run.log_tail(lines)


def create(spec: SweepSpec, notes: Mapping[str, Any] | None = None) -> Sweep:
    """Make a sweep's folder, queued. notes: for meta.json, as whose it is. Raises RunError."""
    now = time.time()
    sweep_id = f"{time.strftime('%Y%m%d-%H%M%S', time.localtime(now))}-{secrets.token_hex(2)}"
    sweep = Sweep(sweep_id, sweeps_dir() / sweep_id)
    making = sweep.sweep_dir.with_name(f".making-{sweep_id}")
    try:
        making.mkdir(parents=True)
        status_file.write_text(making / "sweep.json", spec.model_dump_json(indent=1) + "\n")
        meta = {
            "format_version": FORMAT_VERSION,
            "created": datetime.fromtimestamp(now, UTC).isoformat(),
            **(notes or {}),
        }
        status_file.write_text(making / "meta.json", json.dumps(meta, indent=1) + "\n")
        status_file.write(making / "status.json", status_file.queued(spec.size, now), durable=True)
        os.rename(making, sweep.sweep_dir)
    except OSError as error:
        shutil.rmtree(making, ignore_errors=True)
        raise RunError(
            f"No sweep could be started in {sweeps_dir()}: {error.strerror or error}. "
            "Free some space or set UNETKD_HOME to a folder that can be written."
        ) from error
    return sweep


def sweeps_dir() -> Path:
    """Where sweep folders lie."""
    return settings.home() / "sweeps"


def open_sweep(sweep_id: str) -> Sweep:
    """The sweep with this id. Raises RunError when there is none."""
    sweep = Sweep(sweep_id, sweeps_dir() / sweep_id)
    if not _ID.fullmatch(sweep_id) or not (sweep.sweep_dir / "sweep.json").is_file():
        raise RunError(f"There is no sweep {sweep_id!r}; `unetkd sweep list` shows those that are.")
    return sweep


def list_sweeps() -> list[Sweep]:
    """Every sweep, newest first; one whose grid cannot be read is left out."""
    try:
        names = sorted((p.name for p in sweeps_dir().iterdir() if _ID.fullmatch(p.name)), reverse=True)
    except OSError:
        return []
    return [sweep for name in names if _readable(sweep := Sweep(name, sweeps_dir() / name))]


def _readable(sweep: Sweep) -> bool:
    try:
        return sweep.spec is not None
    except (RunError, ConfigError):
        return False


def _names(data: Any) -> dict[str, str]:
    return {cell: _name(run_id) for cell, run_id in data.items()}


def _name(run_id: Any) -> str:
    """A run's id. Raises ValueError for what is none: runs are looked for, and stopped, by it."""
    if not isinstance(run_id, str) or not _ID.fullmatch(run_id):
        raise ValueError(f"{str(run_id)[:40]!r} is no run's id")
    return run_id


def _read(path: Path) -> dict[str, Any]:
    try:
        data = outside.read_json(path)
    except ValueError as error:
        raise RunError(f"{path} cannot be read ({error}).") from None
    if not isinstance(data, dict):
        raise RunError(f"{path} holds {type(data).__name__}; expected a JSON object.")
    return data
