"""What a sweep still has to do and how long that takes here: what is done is left out, a shared twin counts once.

Each kind of run is told by runs/estimate.py; this adds them up over the slots.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from unetkd_core import settings
from unetkd_core.runs import cluster_checks, estimate, sweep_match
from unetkd_core.runs.queue import device_of
from unetkd_core.runs.sweep_grid import Planned, SweepSpec
from unetkd_core.runs.sweep_reading import One, read_one
from unetkd_core.runs.sweep_results import CellResult, twin_key
from unetkd_core.training.terms import names


@dataclass(frozen=True)
class Times:
    """Seconds. runs: kind of run (`kind_of`) -> (a student's, its twin's). asking: teacher -> what asking it takes the
    first student that it has; its answers are kept for all others. slots: runs at once. packing: the data, once.
    """

    runs: Mapping[str, tuple[float, float]]
    asking: Mapping[str, float]
    slots: int
    packing: float = 0.0


@dataclass(frozen=True)
class Left:
    """Runs that are not done, and until when. done: students that are there already, from whatever page or sweep."""

    students: int
    twins: int
    done: int
    seconds: float


def of_spec(spec: SweepSpec) -> Left:
    """For a grid that is not started yet, against all runs on disk. Raises what opening data and teachers raises."""
    there, prints = sweep_match.There(), sweep_match.Prints()

    def one(wanted: sweep_match.Print) -> One:
        runs = there.of(wanted)
        return read_one(runs[0].id, 0) if runs else One()

    students: list[tuple[Planned, One]] = []
    twins: dict[str, tuple[Planned, One]] = {}
    for planned in spec.runs():
        students.append((planned, one(prints.of(planned.config))))
        if spec.twins and twin_key(planned) not in twins:
            twins[twin_key(planned)] = (planned, one(prints.of_twin(planned.config)))
    return _left(students, twins.values(), times(spec))


def of_cells(cells: Iterable[CellResult], known: Times) -> Left:
    """For a sweep as it is now; `known` as `times` told."""
    runs = [run for cell in cells for run in cell.runs]
    twins = {twin_key(run.planned): (run.planned, run.twin) for run in runs if run.twins}
    return _left([(run.planned, run.student) for run in runs], twins.values(), known)


def kind_of(planned: Planned) -> str:
    """Runs of one kind take equally long: α, T and seed make no difference, and a method by its terms alone."""
    teaching = planned.config.teaching
    more = () if teaching is None else names(teaching.terms)
    return "/".join((planned.cell.student, repr(planned.cell.teacher), *more))


def times(spec: SweepSpec) -> Times:
    """How long each kind of run takes beside others. Raises what estimate.estimate raises."""
    at_once, packing = slots(spec), estimate.packing_seconds(spec.base)
    runs: dict[str, tuple[float, float]] = {}
    asking: dict[str, float] = {}
    for planned in spec.runs():
        if kind_of(planned) not in runs:
            asked = estimate.teacher_cost(planned.config)
            once = 0.0 if asked is None else asked.seconds
            student = estimate.estimate(planned.config, twin=at_once > 1).seconds - once - packing
            alone = estimate.estimate(planned.config.twin("-"), twin=False).seconds - packing
            # Alone it has every core; beside others it is no slower than who is taught too.
            runs[kind_of(planned)] = (student, min(student, alone * at_once))
            asking[_teacher(planned)] = max(once, asking.get(_teacher(planned), 0.0))
    return Times(runs, asking, at_once, packing)


def slots(spec: SweepSpec) -> int:
    """How many of its runs may train at once: on the cluster, as many as it has room for."""
    if settings.ray_address() is not None:
        return min(cluster_checks.runs_at_once(), settings.max_queued())
    return settings.slots(device_of(spec.base.hardware.device))


def _teacher(planned: Planned) -> str:
    return repr(planned.cell.teacher)


def _left(students: Iterable[tuple[Planned, One]], twins: Iterable[tuple[Planned, One]], known: Times) -> Left:
    taught, untaught = list(students), list(twins)
    asking = {_teacher(planned) for planned, run in taught if run.state != "done"}
    todo = [known.runs[kind_of(planned)][0] * (1 - run.fraction) for planned, run in taught if run.state != "done"]
    todo += [known.runs[kind_of(planned)][1] * (1 - run.fraction) for planned, run in untaught if run.state != "done"]
    together = max(sum(todo) / known.slots, max(todo, default=0.0)) + sum(known.asking[name] for name in asking)
    together += known.packing if todo else 0.0
    done = sum(run.state == "done" for _, run in taught)
    return Left(len(taught) - done, sum(run.state != "done" for _, run in untaught), done, together)
