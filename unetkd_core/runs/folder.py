"""A run is a folder: make one, open one, list them, read everything in it. Needs no torch and trains nothing.

    config.json    RunConfig                    last/    what resuming needs
    meta.json      versions, commit, machine    best/    a checkpoint; best-next/: one that is about to be it
    status.json    state, progress, error       panel/   the same scenes predicted after every epoch
    metrics.jsonl  one line an epoch            log.txt  for people
    stop           there when someone asked it to stop
    cluster.json   there when it was sent to a cluster

Disk is the truth: every property reads it again. What is half-written or unknown never breaks a reader.
"""

import dataclasses
import errno
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from unetkd_core import outside, settings
from unetkd_core.errors import CheckpointError, ConfigError, RunError
from unetkd_core.runs import cluster_client, metrics_lines, placement
from unetkd_core.runs import status as status_file
from unetkd_core.runs.problems import unwritable
from unetkd_core.runs.provenance import misplaced, provenance
from unetkd_core.runs.status import Status
from unetkd_core.training.config import RunConfig, parse_config
from unetkd_core.zoo import checkpoints, folders
from unetkd_core.zoo.checkpoints import CheckpointInfo

FORMAT_VERSION: Final = 1
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
_PICTURE: Final = re.compile(r"[A-Za-z0-9_-]{1,60}\.png")
_TRIES: Final = 20
"""New ids for a run. Two of one second are alike once in 65,536 times."""
_LOG_BYTES: Final = 1024 * 1024


@dataclass(frozen=True)
class PanelScene:
    """One of the panel's validation scenes; photo and truth are PNGs at the packed size."""

    stem: str
    photo: Path
    truth: Path


@dataclass(frozen=True)
class Panel:
    """The same few validation scenes, predicted before training (epoch 0) and after every epoch."""

    folder: Path
    scenes: tuple[PanelScene, ...]
    height: int
    width: int
    epochs: tuple[int, ...]

    def path(self, epoch: int, scene: int) -> Path:
        """The palette PNG predicted for `scene` after `epoch`."""
        return self.folder / f"epoch_{epoch:04d}_{scene}.png"


@dataclass(frozen=True)
class Run:
    """One run's folder. The id sorts by age."""

    id: str
    run_dir: Path

    @property
    def config(self) -> RunConfig:
        """Its settings; hardware is filled in once it has started. Raises RunError, ConfigError."""
        return parse_config(_read_json(self.run_dir / "config.json"), where=f"run {self.id}")

    @property
    def meta(self) -> dict[str, Any]:
        """Where it comes from: versions, commit, created, pair, machine. Raises RunError."""
        path = self.run_dir / "meta.json"
        if wrong := misplaced(meta := _read_json(path)):
            raise RunError(f"{path} cannot be read ({', '.join(wrong)} of another kind than expected).")
        return meta

    @property
    def owner(self) -> str | None:
        """The sha256 of its owner's key, on a public server; None: the operator's, or nobody tells visitors apart."""
        try:
            owner = self.meta.get("owner")
        except RunError:
            return None
        return owner if isinstance(owner, str) else None

    def status(self) -> Status:
        """Where it is, with what readers conclude: `interrupted`, that it is stopping, that its folder cannot be
        written. Raises RunError.
        """
        status = self.seen_status()
        if status.active and self.asked_to_stop:
            return dataclasses.replace(status, message="Stopping", eta_seconds=None)
        if status.state == "interrupted" and not os.access(self.run_dir, os.W_OK):
            return dataclasses.replace(status, error=unwritable(status.epoch, status.epochs))
        return status

    def seen_status(self) -> Status:
        """What status.json says, `interrupted` where nobody works for it any more: on this machine by its process, on
        a cluster by heartbeats and by what Ray says of its job. Raises RunError.
        """
        status = self.written_status()
        where = placement.read(self.run_dir) if status.active else None
        return status.seen() if where is None else placement.seen(status, where, cluster_client.job_over)

    def written_status(self) -> Status:
        """What status.json says, taken literally; after a power cut that emptied it, what else tells. Raises
        RunError.
        """
        path = self.run_dir / "status.json"
        return self._rebuilt_status() if status_file.lost(path) else status_file.read(path)

    def _rebuilt_status(self) -> Status:
        """As a worker would have left it that is gone: resuming puts the rest right."""
        try:
            written, epochs = (self.run_dir / "status.json").stat().st_mtime, self.config.optim.epochs
        except (ConfigError, OSError) as error:
            raise RunError(f"The status of run {self.id} is lost and cannot be made out ({error}).") from None
        status = status_file.queued(epochs, written)
        return dataclasses.replace(status, state="running", phase="training", epoch=len(self.metrics()))

    @property
    def asked_to_stop(self) -> bool:
        """Whether someone asked it to stop since it was last started; known at once, before its worker has heard."""
        return (self.run_dir / "stop").exists()

    @property
    def stopping(self) -> bool:
        """Whether it was asked to stop and is still at it. Raises RunError."""
        return self.asked_to_stop and self.seen_status().active

    def write_status(self, status: Status, *, durable: bool = True) -> None:
        """Replace status.json."""
        status_file.write(self.run_dir / "status.json", status, durable=durable)

    def metrics(self) -> list[dict[str, Any]]:
        """One entry an epoch, in order; a line that is being written, or is damaged, is left out."""
        return metrics_lines.parse(_read_text(self.run_dir / "metrics.jsonl", metrics_lines.MAX_BYTES))

    def log_tail(self, lines: int = 50) -> str:
        """The log's last lines."""
        return "\n".join(outside.read_end(self.run_dir / "log.txt", _LOG_BYTES).splitlines()[-lines:])

    def panel(self) -> Panel | None:
        """The predicted scenes, or none before packing is over."""
        folder = self.run_dir / "panel"
        try:
            data = outside.read_json(folder / "panel.json")
            scenes = tuple(
                PanelScene(str(s["stem"]), _inside(folder, s["photo"]), _inside(folder, s["truth"]))
                for s in data["scenes"]
            )
            last = f"_{len(scenes) - 1}.png"
            epochs = sorted(int(p.name[6:10]) for p in folder.glob("epoch_????_*.png") if p.name.endswith(last))
            return Panel(folder, scenes, int(data["height"]), int(data["width"]), tuple(epochs))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def best(self) -> CheckpointInfo | None:
        """Its best checkpoint so far, or none before the first epoch's end."""
        try:
            return checkpoints.read_info(self.run_dir / "best")
        except CheckpointError:
            return None

    def disk_bytes(self) -> int:
        """Bytes of its files."""
        total = 0
        for folder, _, names in os.walk(self.run_dir):
            for name in names:
                try:
                    total += os.stat(os.path.join(folder, name)).st_size
                except OSError:
                    continue  # replaced while we looked
        return total

    def delete(self) -> None:
        """Remove the folder. Raises RunError while a worker waits or works for it."""
        if self._is_active():
            raise RunError(f"Run {self.id} is still going; stop it first, then delete it.")
        # Renamed first: it is gone for everyone at once, even if removing its files takes long or fails half-way.
        grave = self.run_dir.with_name(f".deleted-{self.id}")
        try:
            os.replace(self.run_dir, grave)
        except OSError as error:
            raise RunError(f"Run {self.id} could not be deleted: {error.strerror}.") from error
        shutil.rmtree(grave, ignore_errors=True)

    def _is_active(self) -> bool:
        try:
            return self.status().active
        except RunError:
            return False

    def partner(self) -> "Run | None":
        """A student's control, a twin's first student, or none. In a sweep several students share one control."""
        other = self.config.twin_of or self.meta.get("control") or f"{self.id}-twin"
        with suppress(RunError):  # none of that name, or no name at all
            return open_run(str(other))
        return None

    def add_to_meta(self, key: str, value: Any) -> None:
        """Write one more entry into meta.json. Raises RunError, OSError."""
        text = json.dumps({**self.meta, key: value}, indent=1) + "\n"
        status_file.write_text(self.run_dir / "meta.json", text)

    def write_config(self, config: RunConfig) -> None:
        """Replace config.json (the worker, when it has chosen the hardware section)."""
        status_file.write_text(self.run_dir / "config.json", config.model_dump_json(indent=1) + "\n")


def create(
    config: RunConfig,
    *,
    pair: str | None = None,
    shares: bool = False,
    control: str | None = None,
    notes: Mapping[str, Any] | None = None,
) -> Run:
    """Make a run's folder, queued.

    pair: a twin's student; the twin's id is then the student's with `-twin`, so that it sorts right after it.
    shares: it leaves room for a run beside it (its twin, its student); else it takes every slot. control: the untaught
    run that this student is compared with, where it is not a twin of its own. notes: more for meta.json. Raises
    RunError.
    """
    now = time.time()
    meta = {**_meta(now, pair, shares, control), **(notes or {})}
    for run_id in [f"{pair}-twin"] if pair else (_new_id(config.model.name, now) for _ in range(_TRIES)):
        try:
            return _made(run_id, config, meta, now)
        except FileExistsError as error:
            taken = error
        except OSError as error:
            raise refused(error) from error
    raise refused(taken) from taken


def _made(run_id: str, config: RunConfig, meta: Mapping[str, Any], now: float) -> Run:
    """The folder of a run of this id. Raises OSError; FileExistsError where another run has the id."""
    run = Run(run_id, settings.runs_dir() / run_id)
    # Built under another name and renamed: a run is there as a whole or not at all.
    making = run.run_dir.with_name(f".making-{run_id}")
    making.mkdir(parents=True)
    try:
        status_file.write_text(making / "config.json", config.model_dump_json(indent=1) + "\n")
        status_file.write_text(making / "meta.json", json.dumps(meta, indent=1) + "\n")
        status_file.write(making / "status.json", status_file.queued(config.optim.epochs, now), durable=True)
        os.rename(making, run.run_dir)
        folders.sync(settings.runs_dir())
    except OSError as error:
        shutil.rmtree(making, ignore_errors=True)
        if error.errno == errno.ENOTEMPTY:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from error
        raise
    return run


def refused(error: OSError) -> RunError:
    """What is said when the system lets no run be made here."""
    return RunError(
        f"No run could be started in {settings.runs_dir()}: {error.strerror or error}. "
        "Free some space or set UNETKD_HOME to a folder that can be written."
    )


def open_run(run_id: str) -> Run:
    """The run with this id. Raises RunError when there is none."""
    run = Run(run_id, settings.runs_dir() / run_id)
    if not _ID.fullmatch(run_id) or not (run.run_dir / "config.json").is_file():
        raise RunError(f"There is no run {run_id!r} in {settings.runs_dir()}; `unetkd runs list` shows those that are.")
    return run


def list_runs() -> list[Run]:
    """Every run, newest first. Folders that are no run are left out."""
    try:
        names = [
            p.name for p in settings.runs_dir().iterdir() if _ID.fullmatch(p.name) and (p / "config.json").is_file()
        ]
    except OSError:
        return []
    return [Run(name, settings.runs_dir() / name) for name in sorted(names, reverse=True)]


def _new_id(model: str, now: float) -> str:
    return f"{time.strftime('%Y%m%d-%H%M%S', time.localtime(now))}-{model.lower()}-{secrets.token_hex(2)}"


def _meta(now: float, pair: str | None, shares: bool, control: str | None) -> dict[str, Any]:
    return {
        "format_version": FORMAT_VERSION,
        "created": datetime.fromtimestamp(now, UTC).isoformat(),
        "pair": pair,
        "shares": shares,
        "control": control,
        **provenance(),
    }


def _read_json(path: Path) -> dict[str, Any]:
    try:
        data = outside.read_json(path)
    except (OSError, ValueError) as error:
        raise RunError(f"{path} cannot be read ({error}).") from error
    if not isinstance(data, dict):
        raise RunError(f"{path} holds {type(data).__name__}; expected a JSON object.")
    return data


def _read_text(path: Path, most: int) -> str:
    try:
        return outside.read_text(path, most)
    except (OSError, ValueError):
        return ""


def _inside(folder: Path, name: object) -> Path:
    """A picture of the panel. Raises ValueError for a name, or a link, that leads out of its folder."""
    if not isinstance(name, str) or not _PICTURE.fullmatch(name) or (folder / name).is_symlink():
        raise ValueError("no picture of this panel")
    return folder / name
