"""`python -m unetkd_core.runs.cluster_worker RUN_DIR`: trains one run on a node of a cluster.

As runs/worker.py, but Ray does the queueing, nobody on this machine watches the process, and the one before it may have
died with its machine. So it takes the run over from a dead one, gives signs of life by itself, and leaves at once when
whoever started it is gone or another worker has taken the run over from it.
"""

import contextlib
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any, Final

from filelock import BaseFileLock, FileLock, Timeout

from unetkd_core import visitors
from unetkd_core.errors import RunError, UnetKDError
from unetkd_core.runs import cluster_task, placement, provenance, rank_processes, worker
from unetkd_core.runs.folder import Run
from unetkd_core.runs.process import this_process
from unetkd_core.runs.reporter import Reporter
from unetkd_core.runs.status import SILENCE_SECONDS

BEAT_SECONDS: Final = 5.0
PATIENCE_SECONDS: Final = 600.0
"""A living worker that has the run still is waited for so long: it leaves as soon as it hears that its node is lost."""


class FencedReporter(Reporter):
    """Writes a status or an epoch only as long as the run is this process's; else the process ends where it stands.

    A machine that was cut off, or paused, and comes back must not write over what another one goes on with.
    """

    def still_mine(self) -> None:
        """Ends the process if it is not."""
        self._leave_if_taken()

    def _put(self, *, durable: bool, **changes: Any) -> None:
        self._leave_if_taken()
        super()._put(durable=durable, **changes)

    def _write_last(self) -> None:
        self._leave_if_taken()
        super()._write_last()

    def _leave_if_taken(self) -> None:
        me = this_process()
        if self._status.process != me:
            return  # not ours yet
        try:
            theirs = self.run.written_status().process
        except UnetKDError:
            return
        if theirs != me:
            self.log.line("Another machine has taken this run over; leaving it alone")
            os._exit(cluster_task.TAKEN)


def main(arguments: list[str]) -> int:
    """Train the run in the folder that is named; returns the exit status."""
    run_dir = Path(arguments[0]).resolve()
    run = Run(run_dir.name, run_dir)
    threading.Thread(target=_leave_with_parent, args=(run,), daemon=True).start()
    try:
        # What it may do was checked when it was started, as for a worker of this machine.
        with claim(run_dir / "worker.lock", run), visitors.acting_as(visitors.OPERATOR):
            return _train(run)
    except Timeout:
        return cluster_task.TAKEN
    except UnetKDError as error:
        sys.stderr.write(f"{error}\n")
        return 2


def _train(run: Run) -> int:
    if not placement.placed(run.run_dir):
        return cluster_task.TAKEN  # it was resumed on a machine of its own meanwhile
    before = run.written_status()
    if before.state == "done":
        return 0  # its node died after the last word
    reporter = FencedReporter(run)
    if rank_processes.place() is not None:  # one of several hosts: Ray Train begins anew when another is lost
        reporter.not_the_end = (rank_processes.LostProcessError,)
    if before.state == "running":
        reporter.log.line(f"Its worker on {before.host} is gone; going on on {this_process().host}")
    if not (run.run_dir / "last").is_dir():
        run.add_to_meta("machine", provenance.machine())  # what it began on, not where it was asked for
    threading.Thread(target=_beat, args=(reporter,), daemon=True).start()
    return worker.attend(run, reporter, in_queue=False)


def claim(path: Path, run: Run, patience: float = PATIENCE_SECONDS, poll: float = 1.0) -> BaseFileLock:
    """The lock at `path`, held. Raises filelock.Timeout when somebody living has it for longer than `patience` seconds.

    Some file servers keep a lock whose holder died with its machine, for minutes or for ever. A holder that has given
    no sign of life for SILENCE_SECONDS is taken for dead: its lock file is replaced by another.
    """
    lock, deadline = FileLock(path), time.monotonic() + patience
    while True:
        try:
            lock.acquire(timeout=0)
            return lock
        except Timeout:
            if time.monotonic() > deadline:
                raise
        if _silent(run):
            path.unlink(missing_ok=True)
        else:
            time.sleep(poll)


def _silent(run: Run) -> bool:
    try:
        status = run.written_status()
    except RunError:
        return False
    process = status.process
    if process is not None and process.here:
        return False  # the lock itself is right about processes of this machine
    return time.time() - status.heartbeat > SILENCE_SECONDS


def _beat(reporter: Reporter) -> None:
    while True:
        time.sleep(BEAT_SECONDS)
        with contextlib.suppress(OSError):  # a full disk: the worker itself says so
            if reporter.status.process == this_process():  # not before it has taken the run
                reporter.beat()


def _leave_with_parent(run: Run) -> None:
    """Whoever started us holds the other end of our standard input; it is closed when that process dies, however."""
    while sys.stdin.buffer.read(1):
        pass
    if run.asked_to_stop:
        time.sleep(worker.GRACE_SECONDS + 0.3)  # the stop has the last word
    os._exit(cluster_task.TAKEN)


if __name__ == "__main__":
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    code = main(sys.argv[1:])
    sys.stderr.flush()
    os._exit(code)
