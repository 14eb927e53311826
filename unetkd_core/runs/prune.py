"""What of the runs can go: leftovers, what resuming needed of runs that are done, and, when asked, whole old runs.

It plans first, so that a person sees what goes; carrying it out looks at every run again under its lock. Nothing that
is going on is touched, and no run that another one still needs. Needs no torch.
"""

import contextlib
import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from unetkd_core import settings, visitors
from unetkd_core.errors import RunError, UnetKDError
from unetkd_core.runs import best, disk, jobs, locks, sweep_folder
from unetkd_core.runs.folder import Run, list_runs
from unetkd_core.runs.status import Status
from unetkd_core.zoo import ensembles, references
from unetkd_core.zoo.checkpoints import ENSEMBLE
from unetkd_core.zoo.ensembles import EnsembleSpec

STALE_SECONDS: Final = 3600.0
"""What was being made and has not been touched for so long belongs to nobody any more."""
DAY: Final = 86_400.0


@dataclass(frozen=True)
class Removal:
    """One thing that goes. run: None for leftovers. count: of bytes."""

    kind: Literal["leftovers", "resuming", "run"]
    run: Run | None
    paths: tuple[Path, ...]
    count: int

    @property
    def why(self) -> str:
        """For people."""
        return {
            "leftovers": "left by a process that was killed",
            "resuming": "what resuming needed; the run is done",
            "run": "a whole run: curves, pictures and weights",
        }[self.kind]


def plan(older_than: float | None = None, now: float | None = None) -> list[Removal]:
    """What would go now. older_than: days; whole runs that ended before then go too, if none that stays needs them."""
    now = time.time() if now is None else now
    known = [(run, status) for run in list_runs() if (status := _status(run)) is not None]
    going = set() if older_than is None else _old(known, now - older_than * DAY)
    removals = [_removal("leftovers", None, _leftovers(now))]
    for run, status in known:
        if run.id in going:
            removals.append(_removal("run", run, [run.run_dir]))
        elif not status.active:
            removals.append(_removal("leftovers", run, _leftovers_in(run, now)))
            if status.state == "done":
                removals.append(_removal("resuming", run, [run.run_dir / "last"]))
    return [removal for removal in removals if removal.paths]


def carry_out(removals: Iterable[Removal]) -> int:
    """Remove what was planned, unless it has become needed since; returns the bytes that are free again. Raises
    NotAllowedError for a visitor of a public server.
    """
    visitors.refuse("Freeing space", "You can delete your own runs.")
    return sum(removal.count for removal in removals if _carry_out(removal))


def _carry_out(removal: Removal) -> bool:
    if removal.run is None:
        return _remove(removal.paths)
    with contextlib.suppress(RunError):
        if removal.kind == "run":
            return _delete(removal.run)
        with locks.hold(removal.run.id):
            status = removal.run.status()
            if not status.active and _still_goes(removal, removal.run, status):
                return _remove(removal.paths)
    return False


def _delete(run: Run) -> bool:
    """A whole run, unless somebody has come to need it since it was planned."""
    known = [(other, status) for other in list_runs() if (status := _status(other)) is not None]
    if run.id in {need for other, status in known if other.id != run.id for need in _needs(other, status, bound=False)}:
        return False
    jobs.delete(run.id)
    return True


def _still_goes(removal: Removal, run: Run, status: Status) -> bool:
    """It may have gone on since the plan, and been killed again."""
    if removal.kind == "resuming":
        return status.state == "done"
    return set(removal.paths) <= set(_leftovers_in(run, time.time()))


def _remove(paths: Iterable[Path]) -> bool:
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
    return not any(path.exists() for path in paths)


def _removal(kind: Literal["leftovers", "resuming", "run"], run: Run | None, paths: Iterable[Path]) -> Removal:
    there = tuple(path for path in paths if path.exists())
    return Removal(kind, run, there, disk.total(there))


def _status(run: Run) -> Status | None:
    try:
        return run.status()
    except UnetKDError:
        return None  # what cannot be read cannot be judged: it stays


# -- leftovers ---------------------------------------------------------------------------------------------------------


def _leftovers(now: float) -> list[Path]:
    """Beside the runs and the packed data: what was being deleted, made or packed when its process ended."""
    runs, packed = settings.runs_dir(), settings.packed_dir()
    sweeps = sweep_folder.sweeps_dir()
    stale = [
        *sweeps.glob(".making-*"),
        *runs.glob(".making-*"),
        *runs.glob("*.tmp"),
        *packed.glob("*.part"),
        *settings.teachers_dir().glob("*/.*.part"),
        *settings.home().glob("keep-*"),
    ]
    return [*runs.glob(".deleted-*"), *sweeps.glob(".deleted-*"), *(path for path in stale if _is_stale(path, now))]


def _leftovers_in(run: Run, now: float) -> list[Path]:
    """In a run that nobody works on: files half written, the copies that stood aside while best/ was replaced, and the
    best of an epoch that was not kept.
    """
    halves = [path for pattern in ("*.tmp", "last/*.tmp", "panel/*.tmp") for path in run.run_dir.glob(pattern)]
    aside = [path for name in (best.FOLDER, best.NEXT) for path in _beside(run.run_dir / name)]
    orphans = [run.run_dir / best.NEXT] if best.is_orphan(run.run_dir) else []
    return [path for path in (*halves, *aside, *orphans) if _is_stale(path, now)]


def _beside(folder: Path) -> Iterator[Path]:
    """What replacing `folder` left; the old one too where the new one is there."""
    return folder.parent.glob(f".{folder.name}.*" if folder.is_dir() else f".{folder.name}.new-*")


def _is_stale(path: Path, now: float) -> bool:
    """Whether nothing of it was touched for long: a folder keeps its date while a file in it grows."""
    try:
        inside = path.rglob("*") if path.is_dir() else ()
        return now - max(one.stat().st_mtime for one in (path, *inside)) > STALE_SECONDS
    except OSError:
        return False


# -- whole runs --------------------------------------------------------------------------------------------------------


def _old(known: list[tuple[Run, Status]], before: float) -> set[str]:
    """Ids of the runs that ended before then and that nothing which stays needs: a run, a named ensemble, a sweep."""
    going = {run.id for run, status in known if not status.active and (status.ended or status.heartbeat) < before}
    needed = {other for run, status in known if run.id not in going for other in _needs(run, status)}
    needed |= {*_named_members(), *_in_sweeps()}
    while going & needed:  # whoever stays may need others that then stay too
        going -= needed
        needed = {other for run, status in known if run.id not in going for other in _needs(run, status)}
    return going


def _needs(run: Run, status: Status, *, bound: bool = True) -> Iterator[str]:
    """Ids of the runs that `run` cannot do without: until it is done its teachers and what it goes on from; and, where
    `bound`, its control or its student.
    """
    with contextlib.suppress(UnetKDError):
        partner = run.partner() if bound else None
        if partner is not None:
            yield partner.id
        if status.state == "done":
            return
        config = run.config
        if config.teaching is not None:
            yield from _runs_in(config.teaching.teacher)
        if config.model.start is not None:
            yield from _runs_in(config.model.start)


def _runs_in(teacher: str | EnsembleSpec) -> Iterator[str]:
    """Ids of the runs among a teacher's references; a named ensemble's members are kept anyway."""
    for ref in (teacher,) if isinstance(teacher, str) else teacher.members:
        for prefix in (references.RUN_PREFIX, references.TEACHER_PREFIX):
            if ref.startswith(prefix):
                yield ref.removeprefix(prefix)


def _named_members() -> Iterator[str]:
    for path in settings.checkpoints_dir().glob(f"*/{ENSEMBLE}"):
        with contextlib.suppress(UnetKDError):
            yield from _runs_in(ensembles.read_file(path))


def _in_sweeps() -> Iterator[str]:
    """A sweep's numbers are read from its runs as long as it is there, and resuming it asks its teachers."""
    for sweep in sweep_folder.list_sweeps():
        yield from (assigned := sweep.assigned()).runs.values()
        yield from assigned.twins.values()
        with contextlib.suppress(UnetKDError):  # deleted while we looked
            for teacher in sweep.spec.teacher:
                yield from _runs_in(teacher)
