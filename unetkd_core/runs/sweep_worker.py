"""`python -m unetkd_core.runs.sweep_worker SWEEP_DIR`: drives one sweep, detached from whoever launched it.

It loads no torch: the runs that it starts train in processes of their own and go on if it dies.
"""

import signal
import sys
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from unetkd_core import visitors
from unetkd_core.errors import UnetKDError
from unetkd_core.runs.reporter import Reporter
from unetkd_core.runs.status import Problem
from unetkd_core.runs.sweep_driver import Driver
from unetkd_core.runs.sweep_folder import Sweep

TAKEOVER_SECONDS: Final = 5.0
"""A driver that was stopped may still be on its way out when the next one comes up; it is waited for so long."""


def main(arguments: list[str]) -> int:
    """Drive the sweep in the folder that is named; returns the exit status."""
    if len(arguments) != 1 or not (Path(arguments[0]) / "sweep.json").is_file():
        sys.stderr.write("expected the folder of one sweep: python -m unetkd_core.runs.sweep_worker SWEEP_DIR\n")
        return 2
    folder = Path(arguments[0]).resolve()
    sweep = Sweep(folder.name, folder)
    try:
        reporter = Reporter(sweep.as_run)
        only_one = FileLock(folder / "driver.lock").acquire(timeout=TAKEOVER_SECONDS)
    except UnetKDError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except (Timeout, OSError) as error:
        sys.stderr.write(f"another driver has this sweep already, or its folder cannot be written ({error})\n")
        return 3
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: reporter.stop_event.set())
    with only_one, visitors.acting_as(sweep.owner or visitors.OPERATOR):
        return drive(sweep, reporter)


def drive(sweep: Sweep, reporter: Reporter) -> int:
    """Go on until it is over, and write down how it ended. Every exception ends here, as a state and a sentence."""
    driver = None
    try:
        reporter.take()
        reporter.phase("queue", "Looking what is done already")  # "training" would count against a run's hours
        driver = Driver(sweep, reporter)
        done = driver.go()
    except Exception as error:
        return _fail(reporter, error, driver.current if driver else "")
    if done:
        reporter.end("done", driver.ending())
    else:
        reporter.end("stopped", "Stopped; resume goes on and skips what is done")
    return 0


def _fail(reporter: Reporter, error: Exception, current: str) -> int:
    where = f"The sweep could not go on at {current}." if current else "The sweep could not begin."
    if isinstance(error, UnetKDError):
        why = str(error)
    elif isinstance(error, OSError):
        why = f"{error.filename or 'A file'}: {error.strerror or error}."
    else:
        reporter.log.exception(error)
        why = "Something unexpected went wrong; the end of its log says what."
    problem = Problem(where, f"{why} Resume goes on from there and skips what is done.")
    reporter.end("failed", problem.headline, problem)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
