"""Run sweeps one after the other in the foreground, two at a time so that no slot idles at the end of one.

Ctrl-C stops what is going on and keeps what is done; the drivers go on by themselves, whatever happens here.
"""

from collections.abc import Callable, Sequence
from time import sleep
from typing import Final

from rich.console import Console

from unetkd_core.cli.output import remark
from unetkd_core.errors import RunError
from unetkd_core.runs import sweep_estimate, sweeps
from unetkd_core.runs.sweep_folder import Sweep
from unetkd_core.runs.sweep_grid import SweepSpec

AT_ONCE: Final = 2
POLL_SECONDS: Final = 0.5


def run_all(specs: Sequence[SweepSpec], after: Callable[[], None] = lambda: None) -> bool:
    """Train what these grids still lack. `after` is called whenever one is over. False: it was stopped.

    What failed is said in a sentence, and the others go on. Raises what `sweeps.start` raises.
    """
    waiting = [spec for spec in specs if not _whole(spec)]
    going: list[Sweep] = []
    console, said = Console(stderr=True), ""
    try:
        with console.status("") as line:
            while waiting or going:
                while waiting and len(going) < AT_ONCE:
                    going.append(sweeps.start_or_join(waiting.pop(0)))
                    remark(f"{going[-1].spec.title}.")
                for sweep in [sweep for sweep in going if not sweep.status().active]:
                    going.remove(sweep)
                    _say_end(sweep)
                    after()
                told = _told(going, len(waiting))
                if console.is_terminal:
                    line.update(told)
                elif told != said:
                    remark(said := told)
                sleep(POLL_SECONDS if going else 0)
    except KeyboardInterrupt:
        _stop(going)
        return False
    return True


def _whole(spec: SweepSpec) -> bool:
    left = sweep_estimate.of_spec(spec)
    return not left.students and not left.twins


def _told(going: Sequence[Sweep], waiting: int) -> str:
    told = "; ".join(f"{sweep.spec.title.removeprefix('Tables: ')}: {sweep.status().message}" for sweep in going)
    return told + (f"; {waiting} more to come" if waiting and told else "")


def _say_end(sweep: Sweep) -> None:
    status = sweep.status()
    for cell in sweeps.cells(sweep):
        for run in cell.runs:
            if run.student.problem:
                remark(f"{sweep.spec.title}, seed {run.seed} failed: {run.student.problem}")
    if status.error:
        remark(f"{status.error.headline} {status.error.hint}")


def _stop(going: Sequence[Sweep]) -> None:
    remark("Stopping.")
    for sweep in going:
        try:
            sweeps.stop(sweep.id)
        except RunError:  # it ended by itself meanwhile
            continue
