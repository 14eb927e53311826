"""`python -m unetkd_core.runs.worker RUN_DIR`: trains one run, detached from whoever launched it.

It waits for its slots before it imports torch, writes only into its run folder (and the shared caches), and ends with a
state on disk: done, stopped or failed.
"""

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from unetkd_core import visitors
from unetkd_core.errors import UnetKDError
from unetkd_core.runs import locks, queue, rank_processes
from unetkd_core.runs.folder import Run
from unetkd_core.runs.following import follow
from unetkd_core.runs.problems import explain
from unetkd_core.runs.process import step_back
from unetkd_core.runs.reporter import Reporter
from unetkd_core.training.progress import StopRequested

GRACE_SECONDS: Final = 1.2
"""A step in flight may end within so long after a stop was asked for; then the process leaves as it is."""
LOSS_SECONDS: Final = 4.0
"""When another process of the run has ended, the main thread is given so long to come upon it in order."""
TAKEOVER_SECONDS: Final = 5.0
"""A worker that was stopped may still be on its way out when the next one comes up; it is waited for so long."""


def main(arguments: list[str]) -> int:
    """Train the run in the folder that is named; returns the exit status."""
    if len(arguments) != 1 or not (Path(arguments[0]) / "config.json").is_file():
        sys.stderr.write("expected the folder of one run: python -m unetkd_core.runs.worker RUN_DIR\n")
        return 2
    run_dir = Path(arguments[0]).resolve()
    step_back()  # the app stays responsive while its runs train
    run = Run(run_dir.name, run_dir)
    try:
        place = rank_processes.place()
    except UnetKDError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    # What it may do was checked when it was started; what it does now is in its config.
    if place is not None and place.rank > 0:
        with visitors.acting_as(visitors.OPERATOR):
            return follow(run, place)
    try:
        only_one = FileLock(run_dir / "worker.lock").acquire(timeout=TAKEOVER_SECONDS)
    except Timeout:
        sys.stderr.write("another worker has this run already\n")
        return 3
    except OSError as error:
        return _cannot_begin(run, error)
    with only_one, visitors.acting_as(visitors.OPERATOR):
        return _begin(run)


def _cannot_begin(run: Run, error: OSError) -> int:
    """The folder cannot be written: say so in its status, if even that is possible."""
    try:
        return fail(Reporter(run), error)
    except UnetKDError as unreadable:
        sys.stderr.write(f"{unreadable}\n")
        return 2


def _begin(run: Run) -> int:
    try:
        reporter = Reporter(run)
    except UnetKDError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if reporter.status.state == "done":
        sys.stderr.write("this run is done; there is nothing to train\n")
        return 2
    return attend(run, reporter)


def attend(run: Run, reporter: Reporter, *, in_queue: bool = True) -> int:
    """Work on the run and hear signals and the wish to stop meanwhile. in_queue: wait for this machine's slots."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: reporter.stop_event.set())
    for watch in (_leave_when_stopped, _fail_when_one_is_lost):
        threading.Thread(target=watch, args=(reporter,), daemon=True).start()
    return work(run, reporter, in_queue=in_queue)


def work(run: Run, reporter: Reporter, *, in_queue: bool = True) -> int:
    """Wait, train, and write down how it ended. Every exception ends here: as a state, a headline and a log."""
    try:
        # Whoever launched us first writes down our process: what he and we write must not cross.
        with locks.hold(run.id):
            reporter.take()
        slots = _wait_for_slots(run, reporter) if in_queue else contextlib.ExitStack()
        if slots is None or reporter.should_stop():
            reporter.end("stopped", "Stopped while it waited")
            return 0
        with slots:
            return _train(run, reporter)
    except Exception as error:
        return fail(reporter, error)
    finally:
        rank_processes.end_others()


def _wait_for_slots(run: Run, reporter: Reporter) -> contextlib.ExitStack | None:
    """Those of every device that the run's processes use, one device after the other; none when it is to stop.

    When another's turn comes first at a device that it has slots of, it lets go of all, or each would wait for the
    other's for ever.
    """
    hardware, processes = run.config.hardware, rank_processes.wanted_here(run)
    threads = None if hardware.threads is None else max(hardware.threads, processes)  # each has one at least
    shares = bool(run.meta.get("shares"))
    wanted = {
        device: queue.slots_wanted(device, threads, shares) for device in queue.devices_of(hardware.device, processes)
    }
    while not reporter.should_stop():
        held = contextlib.ExitStack()
        if _take_in_turn(held, run, reporter, wanted):
            return held
        held.close()
    return None


def _take_in_turn(held: contextlib.ExitStack, run: Run, reporter: Reporter, wanted: Mapping[str, int]) -> bool:
    """Wait for so many slots of each device, one device after the other; whether it has them all."""
    had: list[str] = []

    def gives_way() -> bool:
        return reporter.should_stop() or any(queue.runs_before(run, device) for device in had)

    for device, number in wanted.items():
        slots = queue.wait_for_slots(run, device, number, on_wait=reporter.waiting, should_stop=gives_way)
        if slots is None:
            return False
        held.enter_context(slots)
        had.append(device)
    return True


def _train(run: Run, reporter: Reporter) -> int:
    reporter.phase("packing", "Starting up")
    from unetkd_core.runs.session import Session

    try:
        with rank_processes.translated():
            Session(run, reporter).train()
    except StopRequested:
        reporter.stopped()
        return 0
    reporter.end("done", "Done")
    return 0


def fail(reporter: Reporter, error: BaseException) -> int:
    """Write `error` down as the run's end, unless whoever started us begins anew after one like it."""
    status = reporter.status
    if isinstance(error, reporter.not_the_end):
        reporter.log.line(f"{error} All of them are started again.")
        return 1
    if not isinstance(error, UnetKDError):
        reporter.log.exception(error)
    problem = explain(error, epoch=status.epoch, epochs=status.epochs)
    reporter.end("failed", problem.headline, problem)
    return 1


def _leave_when_stopped(reporter: Reporter) -> None:
    """Leave within the grace even if a long step or an import does not let the main thread look up.

    Everything in the folder is replaced as a whole, so leaving at any moment keeps the last whole epoch.
    """
    while not reporter.should_stop():
        time.sleep(0.1)
    if reporter.run.asked_to_stop:
        reporter.stop_event.set()  # the wish stands, whatever becomes of the file
    time.sleep(GRACE_SECONDS)
    reporter.stopped()
    rank_processes.end_others()
    os._exit(0)


def _fail_when_one_is_lost(reporter: Reporter) -> None:
    """End the run where another of its processes has ended and the main thread does not notice: it may wait for it."""
    while (error := rank_processes.lost()) is None:
        time.sleep(0.2)
    time.sleep(LOSS_SECONDS)
    fail(reporter, error)
    rank_processes.end_others()
    os._exit(1)


if __name__ == "__main__":
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # two runs side by side must not spin on each other's cores
    code = main(sys.argv[1:])
    # All is on disk. Taking torch down in order can take seconds on a busy machine, which a stop does not have.
    sys.stderr.flush()
    os._exit(code)
