"""What one visitor's sweeps may take on a public server: how many go on, how many are kept, and whether all runs of one
fit into the share of runs that each visitor keeps. Starts nothing, needs no torch.
"""

import contextlib
from collections.abc import Iterator

from unetkd_core import settings
from unetkd_core.errors import QueueFullError, RunError, UnetKDError
from unetkd_core.runs import folder, locks, owners, sweep_match
from unetkd_core.runs.folder import Run, list_runs
from unetkd_core.runs.sweep_folder import Sweep, list_sweeps
from unetkd_core.runs.sweep_grid import SweepSpec
from unetkd_core.runs.sweep_reading import BROKEN, read_one
from unetkd_core.runs.sweep_results import active_ids, cells, twin_key


def is_going(sweep: Sweep) -> bool:
    """Whether its driver lives, or a run that it set going."""
    return sweep.status().active or bool(active_ids(sweep, sweep.assigned()))


@contextlib.contextmanager
def room_for_one(owner: str | None, *, but: str = "", new: bool = True) -> Iterator[None]:
    """Hold the queue while a sweep is made or taken up again, so that two tabs do not both. but: this one is known.

    Raises QueueFullError where a visitor's sweep is going on already, or too many of all, RunError where he keeps too
    many or the queue's lock cannot be had.
    """
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(locks.hold_queue())
        except OSError as error:
            raise folder.refused(error) from error
        _check_going(owner, but)
        if new and owner is not None:
            _check_kept(owner)
        yield


def _check_going(owner: str | None, but: str) -> None:
    most = settings.max_sweeps()
    going = [s for s in list_sweeps() if s.id != but and is_going(s)] if owner is not None or most is not None else []
    if owner is not None and any(s.owner == owner for s in going):
        raise QueueFullError("One of your sweeps is going on already. Wait until it is over, or stop it.")
    if most is not None and len(going) >= most:
        raise QueueFullError(f"{len(going)} sweeps are going on, as many as are allowed here. Wait until one is over.")


def _check_kept(owner: str) -> None:
    most, own = settings.max_sweeps_each(), sum(sweep.owner == owner for sweep in list_sweeps())
    if most is not None and own >= most:
        raise RunError(
            f"{own} sweeps here are yours, and each visitor may keep {most}. Delete one that you do not need any more; "
            "its runs stay."
        )


def check_runs(spec: SweepSpec, owner: str | None) -> None:
    """Raises RunError where a visitor's runs and those that are still to be made are more than he may keep: the sweep
    could not end. Raises what opening data and teachers raises.
    """
    most = settings.max_kept_each()
    if owner is None or most is None:
        return
    own, more = sum(run.owner == owner for run in list_runs()), new_runs(spec, owner)
    if own + more > most:
        raise RunError(
            f"This grid needs {more} more run{'s' * (more != 1)}, twins among them, {own} here are yours, and each "
            f"visitor may keep {most}. Leave some values out, or delete some of your runs on Runs."
        )


def new_runs(spec: SweepSpec, by: str | None) -> int:
    """How many runs, twins among them, have no folder yet that counts for whoever asks."""
    there, prints = sweep_match.There(), sweep_match.Prints()
    students = [not _any_counts(there.of(prints.of(planned.config)), by) for planned in spec.runs()]
    twins = {twin_key(p): p.config for p in spec.runs()} if spec.twins else {}
    return sum(students) + sum(not _any_counts(there.of(prints.of_twin(one)), by) for one in twins.values())


def counts(run: Run, by: str | None = None) -> bool:
    """Whether a sweep takes `run` over: another visitor's that ended early is his to resume, and does not count."""
    return owners.may(run, by) or read_one(run.id, 0).state not in BROKEN


def _any_counts(runs: list[Run], by: str | None) -> bool:
    return any(counts(run, by) for run in runs)


def over(spec: SweepSpec, owner: str | None) -> Sweep | None:
    """A visitor's own sweep of this very grid of which nothing is left to do: there is nothing to start."""
    for sweep in list_sweeps() if owner is not None else ():
        if sweep.owner == owner and sweep.spec == spec and is_settled(sweep):
            return sweep
    return None


def is_settled(sweep: Sweep) -> bool:
    """Whether it ended well and every run of it is there."""
    with contextlib.suppress(UnetKDError):
        return sweep.status().state == "done" and all(run.settled for cell in cells(sweep) for run in cell.runs)
    return False
