"""What a worker tells the world: heartbeat, phase, progress, in status.json and log.txt. Trains nothing.

Also hears what ends it early: the wish to stop (a sentinel file in the run folder, or a signal), and the limit on time.
"""

import dataclasses
import threading
import time
from typing import Any, Final

from unetkd_core import settings
from unetkd_core.runs import limits
from unetkd_core.runs import status as status_file
from unetkd_core.runs.folder import Run
from unetkd_core.runs.log import RunLog
from unetkd_core.runs.process import this_process
from unetkd_core.runs.status import Phase, Problem, State, Status

HEARTBEAT_SECONDS: Final = 0.5
"""status.json is replaced at most so often."""


class Reporter:
    """The one writer of a run's status while its worker lives. Safe to use from a watching thread."""

    not_the_end: tuple[type[BaseException], ...] = ()
    """Errors after which whoever started the worker starts it again: no end of the run."""

    def __init__(self, run: Run) -> None:
        self.run, self.log = run, RunLog(run.run_dir / "log.txt")
        self.stop_event = threading.Event()
        self._lock = threading.Lock()
        self._closed = False
        self._written = 0.0
        self._deadline: float | None = None
        self._status = run.written_status()

    @property
    def status(self) -> Status:
        """As it was last told."""
        return self._status

    def take(self) -> None:
        """This process is the run's worker now, and waits. Raises RunError, OSError."""
        me = this_process()
        self._status = self.run.written_status()
        self._put(
            durable=True, state="queued", phase="queue", message="Waiting for its turn", host=me.host,
            boot_id=me.boot_id, pid=me.pid, process_start=me.start, ended=None, error=None, step=0,
            images_per_second=None, eta_seconds=None,
        )  # fmt: skip

    def waiting(self, before: int) -> None:
        """Still queued, behind `before` other runs: on a public server not by age alone."""
        behind = f"Waiting behind {before} {'' if settings.public() else 'older '}run{'s' * (before > 1)}"
        self._beat(message="Waiting for its turn" if before == 0 else behind)

    def phase(self, phase: Phase, message: str) -> None:
        """A new phase begins; goes into the log too."""
        started = self._status.started or time.time()
        left = limits.seconds_left(self.run) if phase == "training" else None  # what comes before and after is free
        self._deadline = None if left is None else time.monotonic() + left
        self._put(durable=True, state="running", phase=phase, message=message, started=started)
        self.log.line(message)

    def progress(self, message: str, **changes: Any) -> None:
        """Progress within a phase; written at most every half second."""
        self._beat(message=message, **changes)

    def beat(self) -> None:
        """Still there, with nothing to tell. Raises OSError."""
        self._beat()

    def still_mine(self) -> None:
        """Asked before an epoch is written. On this machine the run's lock makes sure; see cluster_worker.py."""

    def epoch(self, **changes: Any) -> None:
        """A whole epoch is done; always written."""
        self._put(durable=False, **changes)

    def end(self, state: State, message: str, error: Problem | None = None) -> None:
        """The last word; what comes after it is not written. A full disk is written to in place."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._status = dataclasses.replace(
                self._status, state=state, message=message, error=error, ended=time.time(), heartbeat=time.time(),
                images_per_second=None if state != "done" else self._status.images_per_second, eta_seconds=None,
            )  # fmt: skip
            self._write_last()
        self.log.line(message if error is None else f"{error.headline} {error.hint}")

    def _write_last(self) -> None:
        try:
            self.run.write_status(self._status)
        except OSError:
            status_file.overwrite(self.run.run_dir / "status.json", self._status)

    def stopped(self) -> None:
        """The last word of a run that was to stop; what it saved after its last whole epoch stays."""
        done = self._status.epoch
        asked = self.stop_event.is_set() or self.run.asked_to_stop
        self.end(
            "stopped",
            limits.time_is_up(done)
            if self._time_is_up() and not asked
            else f"Stopped after {done} whole epoch{'s' * (done != 1)}; resume goes on from there",
        )

    def should_stop(self) -> bool:
        """Whether someone asked, by signal or by the file that `jobs.stop` leaves, or the time is up."""
        return self.stop_event.is_set() or self.run.asked_to_stop or self._time_is_up()

    def _time_is_up(self) -> bool:
        return self._deadline is not None and time.monotonic() > self._deadline

    def _beat(self, **changes: Any) -> None:
        if time.monotonic() - self._written >= HEARTBEAT_SECONDS:
            self._put(durable=False, **changes)

    def _put(self, *, durable: bool, **changes: Any) -> None:
        with self._lock:
            if self._closed:
                return
            self._status = dataclasses.replace(self._status, heartbeat=time.time(), **changes)
            self.run.write_status(self._status, durable=durable)
            self._written = time.monotonic()
