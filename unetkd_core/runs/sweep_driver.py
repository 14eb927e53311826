"""Takes a sweep from what is on disk to every cell done: adopts, resumes, starts, waits. Trains nothing itself.

It keeps nothing in memory that the next driver would need: who is done and who is going on is read from the runs'
folders. A run is started or resumed at most once in a go, so that what fails is not tried for ever.
"""

import contextlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

from filelock import FileLock

from unetkd_core.errors import ClusterBusyError, NotAllowedError, QueueFullError, RunError, UnetKDError
from unetkd_core.runs import jobs, limits, locks, owners, sweep_match, sweep_room
from unetkd_core.runs.folder import Run, open_run
from unetkd_core.runs.reporter import Reporter
from unetkd_core.runs.sweep_estimate import slots
from unetkd_core.runs.sweep_folder import Assigned, Sweep
from unetkd_core.runs.sweep_grid import Planned
from unetkd_core.runs.sweep_reading import BROKEN, WAITING, One, read_one
from unetkd_core.runs.sweep_results import active_ids, twin_key
from unetkd_core.training.config import RunConfig
from unetkd_core.training.methods import beyond_soft_labels
from unetkd_core.zoo import references

POLL_SECONDS: Final = 0.5
FULL_SECONDS: Final = 5.0
"""Between two looks at a queue that others have filled: each try opens data and teacher."""


class Driver:
    """One go of one sweep."""

    def __init__(self, sweep: Sweep, reporter: Reporter) -> None:
        self.sweep, self.reporter = sweep, reporter
        self.spec = sweep.spec
        self.planned = list(self.spec.runs())
        self.prints = sweep_match.Prints()
        self.assigned = sweep.assigned()
        self._done: dict[str | None, One] = {}
        self.tried: set[str] = set()
        """Runs ("4/0") and twins ("M128/0") that this go has started, resumed, or found going on."""
        self.current = ""
        """What is being started: for the sentence when that is refused."""
        self.full = ""
        """What there is none of just now, room in the queue or a cluster: this sweep waits for it."""

    def go(self) -> bool:
        """Until nothing is left to do; False when asked to stop first, and then the sweep's own runs are stopped.

        Raises what jobs.start and jobs.resume refuse; runs that are going on then go on.
        """
        with self._alone():
            self._adopt()
        while not self.reporter.should_stop():
            if not self.step():
                return True
            self.reporter.stop_event.wait(FULL_SECONDS if self.full else POLL_SECONDS)
        stop_runs(self.sweep)
        return False

    def step(self) -> bool:
        """Start what there is room for, and tell how far it is. Whether anything is left to wait for."""
        active = self._fill(sum(self._one(run_id).active for run_id in self._ids()))
        self._tell()
        if self.full or active > 0 or any(self._wanted(p.key, self.assigned.runs) for p in self.planned):
            return True
        self._note_controls()
        return False

    def _fill(self, active: int) -> int:
        """Start what there is room for; `active` runs go on. Returns how many do then, some of them since it was asked.

        A queue that others have filled is no failure: one over, there is room again. Nor is a cluster that cannot take
        a run just now.
        """
        was, self.full = self.full, ""
        try:
            for planned in self.planned:
                if active >= slots(self.spec):
                    break
                active += self._advance(planned)
        except (QueueFullError, ClusterBusyError) as error:
            self.full = "room in the queue" if isinstance(error, QueueFullError) else "place on the cluster"
            if was != self.full:
                self.reporter.log.line(f"Waiting for {self.full}. {error}")
        return active

    # -- what is there already -------------------------------------------------------------------------------------

    def _adopt(self) -> None:
        """Take over every run on disk that is one of ours, whoever started it."""
        there = sweep_match.There()
        before = self.assigned
        found: dict[str, Run] = {}
        for planned in self.planned:
            if run := _choose(there.of(self.prints.of(planned.config)), before.runs.get(planned.key)):
                found[planned.key] = run
        runs, twins = {key: run.id for key, run in found.items()}, {}
        for planned in sorted(self.planned, key=lambda one: one.key not in found) if self.spec.twins else ():
            key = twin_key(planned)
            controls = there.of(self.prints.of_twin(planned.config))
            if (student := found.get(planned.key)) is not None:
                controls = sweep_match.nearest(controls, student)
            if key not in twins and (run := _choose(controls, before.twins.get(key))):
                twins[key] = run.id
        self._assign(Assigned(runs, twins, before.own))
        self.tried |= {key for key, run_id in {**runs, **twins}.items() if self._one(run_id).active}
        self._note_controls()

    def _alone(self) -> FileLock:
        """Looking and starting are one step: two sweeps with a cell in common must not both start it."""
        return FileLock(self.sweep.sweep_dir.parent / ".starting.lock")

    # -- what is still to do ---------------------------------------------------------------------------------------

    def _advance(self, planned: Planned) -> int:
        """Start or resume a cell's run, or its control; returns how many runs that set going."""
        going = self._advance_known(twin_key(planned), self.assigned.twins) if self.spec.twins else 0
        if self._wanted(planned.key, self.assigned.runs):
            if self._one(self.assigned.runs.get(planned.key)).state != WAITING:  # else it was deleted meanwhile
                going += self._advance_known(planned.key, self.assigned.runs)
            elif not going:
                going += self._start(planned)
        elif self.spec.twins:
            going += self._start_lone_twin(planned)
        return going

    def _wanted(self, key: str, ids: dict[str, str]) -> bool:
        """Whether something is still to be done about it in this go."""
        return key not in self.tried and self._one(ids.get(key)).state != "done"

    def _advance_known(self, key: str, ids: dict[str, str]) -> int:
        """Resume a run that ended early."""
        run_id = ids.get(key)
        if run_id is None or key in self.tried or self._one(run_id).state not in BROKEN:
            return 0
        self.current = f"resuming run {run_id}"
        with self._alone():
            if self._one(run_id).state in BROKEN:
                return self._resume(key, run_id)
        return self._found_going(key, run_id)

    def _resume(self, key: str, run_id: str) -> int:
        try:
            limits.check_time(open_run(run_id))
        except RunError as error:  # its own time is up: no reason to hold up the others
            self.tried.add(key)
            self.reporter.log.line(str(error))
            return 0
        try:
            jobs.resume(run_id)
        except (QueueFullError, ClusterBusyError):
            raise
        except RunError:
            if self._one(run_id).state in BROKEN:
                raise
            return self._found_going(key, run_id)  # a person was quicker
        self._set_going({}, {}, [run_id], [key])
        self.reporter.log.line(f"Resumed {run_id}")
        return 1

    def _found_going(self, key: str, run_id: str) -> int:
        """Somebody else has resumed it since we looked: it is waited for, not ours to stop."""
        active = self._one(run_id).active
        self.tried |= {key} if active else set()
        return int(active)

    def _start(self, planned: Planned) -> int:
        cell, key = planned.cell, planned.key
        self.current = f"{cell.student}, α {cell.alpha:g}, T {cell.temperature:g}, seed {planned.seed}"
        with self._alone():
            if found := self._started_elsewhere(planned):
                return int(self._one(found).active)
            self._require_the_same(planned)
            control = self.assigned.twins.get(twin_key(planned))
            pair = self.spec.twins and control is None and twin_key(planned) not in self.tried
            runs = jobs.start(_named(planned), twin=pair, shares=True, control=control)
        twins = {twin_key(planned): runs[1].id} if pair else {}
        self._set_going({key: runs[0].id}, twins, [run.id for run in runs], [key, *twins])
        self.reporter.log.line(f"Started {' and '.join(run.id for run in runs)}: {self.current}")
        return len(runs)

    def _require_the_same(self, planned: Planned) -> None:
        """Raises RunError where teacher or data were replaced under their names since this go began: seeds of one cell
        would be of two teachers.
        """
        if sweep_match.Prints().of(planned.config) != self.prints.of(planned.config):
            raise RunError(
                "The teacher's weights or the data have changed under their names since this sweep was last started. "
                "Resume it, and every cell that is not of today's is trained anew; or put back what was there."
            )

    def _started_elsewhere(self, planned: Planned) -> str | None:
        """The id of this very run if somebody has started it since we looked; its control is taken over too."""
        there, key, now = sweep_match.There(), twin_key(planned), self.assigned
        run = _choose(there.of(self.prints.of(planned.config)), None)
        control = _choose(there.of(self.prints.of_twin(planned.config)), now.twins.get(key))
        runs = {**now.runs, planned.key: run.id} if run else now.runs
        twins = {**now.twins, key: control.id} if control and self.spec.twins else now.twins
        self._assign(Assigned(runs, twins, now.own))
        return run.id if run else None

    def _start_lone_twin(self, planned: Planned) -> int:
        """Where every student was there already but their control is not."""
        key, student = twin_key(planned), self.assigned.runs.get(planned.key)
        if student is None or key in self.tried or key in self.assigned.twins:
            return 0
        if any(self._wanted(p.key, self.assigned.runs) for p in self.planned if twin_key(p) == key):
            return 0  # one that is still to start brings it along
        self.current = f"the untaught {planned.cell.student}, seed {planned.seed}"
        with self._alone():
            found = _choose(sweep_match.There().of(self.prints.of_twin(planned.config)), None)
            run = found or jobs.start(planned.config.twin(student), twin=False, shares=True)[0]
            self._set_going({}, {key: run.id}, [] if found else [run.id], [] if found else [key])
        self._note_controls()
        if found:  # somebody has started it since we looked
            return self._found_going(key, run.id) or self._advance_known(key, self.assigned.twins)
        self.reporter.log.line(f"Started {run.id}: {self.current}")
        return 1

    # -- writing it down -------------------------------------------------------------------------------------------

    def _set_going(self, runs: dict[str, str], twins: dict[str, str], own: list[str], tried: list[str]) -> None:
        now = self.assigned
        self.tried |= set(tried)
        self._assign(Assigned({**now.runs, **runs}, {**now.twins, **twins}, tuple(dict.fromkeys((*now.own, *own)))))

    def _note_controls(self) -> None:
        """Students that were there without a control learn which run is theirs now, so that Runs shows their gain too.

        Only those that nobody works on: a worker writes its meta.json itself.
        """
        for planned in self.planned:
            student, control = self.assigned.runs.get(planned.key), self.assigned.twins.get(twin_key(planned))
            if student is not None and control is not None and not self._one(student).active:
                with contextlib.suppress(UnetKDError, OSError), locks.hold(student):
                    run = open_run(student)
                    if run.partner() is None and owners.may(run):
                        run.add_to_meta("control", control)

    def _assign(self, assigned: Assigned) -> None:
        self.assigned = assigned
        self.sweep.assign(assigned)

    def _tell(self) -> None:
        states = [self._one(self.assigned.runs.get(p.key)).state for p in self.planned]
        done, training = states.count("done"), states.count("running")
        message = f"{done} of {len(states)} runs done" + (f", {training} training" if training else "")
        message += f"; no {self.full} just now" if self.full else ""
        self.reporter.progress(message, epoch=done, epochs=len(states))

    def _ids(self) -> set[str]:
        return {*self.assigned.runs.values(), *self.assigned.twins.values()}

    def _one(self, run_id: str | None) -> One:
        """A run as it is now; one that is done is not read again."""
        if run_id not in self._done:
            one = read_one(run_id, 0)
            if run_id is None or one.state != "done":
                return one
            self._done[run_id] = one
        return self._done[run_id]

    def ending(self) -> str:
        """What to say when it is over: "Done", "Done, but 2 of 27 runs failed"."""
        states = [self._one(self.assigned.runs.get(p.key)).state for p in self.planned]
        if missing := len(states) - states.count("done"):
            how = "failed" if missing == states.count("failed") else "did not finish"
            return f"Done, but {missing} of {len(states)} runs {how}"
        twins = [self._one(run_id).state for run_id in self.assigned.twins.values()]
        return "Done, but an untaught twin failed" if any(state in BROKEN for state in twins) else "Done"


def _named(planned: Planned) -> RunConfig:
    """Its settings, called so that it can be told from its neighbours in a list of runs."""
    teacher = references.info_of(planned.cell.teacher).title
    cell, teaching = planned.cell, planned.config.teaching
    method = beyond_soft_labels(teaching) if teaching else ""
    numbers = "" if cell.alpha == 1 else f", α {cell.alpha:g}, T {cell.temperature:g}"
    how = (f", {method}" if method else "") + numbers
    return planned.config.with_(name=f"{planned.cell.student} from {teacher}"[: 80 - len(how)] + how)


def stop_runs(sweep: Sweep, by: str | None = None) -> None:
    """Stop what a sweep set going, all at once: each takes up to two seconds. by: who asks, as in jobs.stop."""
    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(partial(_stop, by=by), active_ids(sweep, sweep.assigned())))


def _stop(run_id: str, by: str | None) -> None:
    with contextlib.suppress(RunError, NotAllowedError):  # it ended by itself, or was resumed by another, meanwhile
        jobs.stop(run_id, by=by)


def _choose(there: Sequence[Run], before: str | None) -> Run | None:
    """The run that counts; of two that are equally far the one that counted before."""
    runs = list(filter(sweep_room.counts, there))
    if not runs or before is None:
        return runs[0] if runs else None
    first = runs[0]
    same = read_one(first.id, 0).state
    return next((run for run in runs if run.id == before and read_one(run.id, 0).state == same), first)
