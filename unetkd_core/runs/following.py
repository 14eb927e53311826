"""What the other processes of a run do, that several train: read what the first one has settled, and train with it.

They hold no lock and no slot, and write nothing but what goes wrong to their standard error. They leave when the first
one does, however it ends. torch is imported inside the functions.
"""

import os
import signal
import sys
import threading
import time
import traceback
from typing import Any, Final

from unetkd_core.errors import UnetKDError
from unetkd_core.runs import packs, panel, rank_processes, teaching
from unetkd_core.runs.folder import Run
from unetkd_core.runs.log import RunLog
from unetkd_core.runs.rank_processes import Place
from unetkd_core.runs.reporter import Reporter
from unetkd_core.runs.status import Problem, State
from unetkd_core.training.progress import StopRequested
from unetkd_core.zoo import references

LOOK_SECONDS: Final = 0.25
"""How often such a process looks whether the first one is still there."""
START_SECONDS: Final = 60.0
"""The first one has taken the run so long after all were started."""
UNREADABLE_SECONDS: Final = 20.0
"""A status that cannot be read for a moment, on storage that hesitates, says nothing."""
LAST_SECONDS: Final = 2.0
"""The main thread may be on its way out, in order."""


class Silent(Reporter):
    """Hears nothing and tells nobody: the first process reports, and says when to stop."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self.log = _NoLog(run.run_dir / "log.txt")

    def end(self, state: State, message: str, error: Problem | None = None) -> None:
        """Nothing: how a run ended is the first one's to say."""

    def should_stop(self) -> bool:
        """Never by itself."""
        return False

    def _put(self, *, durable: bool, **changes: Any) -> None:
        return


class First:
    """The first process, as another sees it: by the run's status."""

    def __init__(self, run: Run) -> None:
        self._run, self._was_there, self._patience = run, False, time.monotonic() + START_SECONDS
        self.in_order = False
        """Whether it has left as it should: the run was stopped, or is done, and it was seen at work before."""

    def left(self) -> bool:
        """Whether it works on the run no more. A status that cannot be read is waited for."""
        now = time.monotonic()
        try:
            status = self._run.status()
        except UnetKDError:
            return now > self._patience
        if status.active:
            self._was_there, self._patience = True, now + UNREADABLE_SECONDS
        self.in_order = self._was_there and status.state in ("stopped", "done")
        return not status.active and (self._was_there or now > self._patience)


class _NoLog(RunLog):
    def _append(self, text: str) -> None:
        return


def follow(run: Run, place: Place) -> int:
    """Train with the others to the end; returns the exit status, 0 too where the run was stopped."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # the first one hears it, and all stop at the same step
    first, met = First(run), threading.Event()
    threading.Thread(target=_leave_with_the_first, args=(first, met), daemon=True).start()
    try:
        with rank_processes.translated():
            _train(run, place, met)
    except StopRequested:
        return 0
    except Exception as error:
        if met.is_set() and first.left():
            return 0
        who = f"process {place.rank + 1} of {place.processes}"
        sys.stderr.write(f"{who}: {error}\n" if isinstance(error, UnetKDError) else f"{who}:\n{traceback.format_exc()}")
        return 1
    return 0


def _train(run: Run, place: Place, met: threading.Event) -> None:
    import torch

    from unetkd_core.training import ranks
    from unetkd_core.training.state import has_state
    from unetkd_core.training.trainer import Trainer

    torch.set_flush_denormal(True)
    joined = ranks.join(*place)
    met.set()
    joined.wait()  # from here on the config is settled, the data are packed, and it is known who teaches, and how
    config, reporter = run.config, Silent(run)
    torch.set_num_threads(max(1, (config.hardware.threads or 1) // rank_processes.wanted_here(run)))
    train, val = packs.open_packs(config.data, reporter)
    info = None if config.teaching is None else references.info_of(config.teaching.teacher)
    last = run.run_dir / "last"
    trainer = Trainer(
        config,
        train=train,
        val=val,
        teacher=None if info is None else teaching.source(run, info, train, val, reporter, decided=True),
        panel=panel.choose_scenes(len(val), val.gather),
        resuming=has_state(last),
        ranks=joined,
    )
    if has_state(last):
        trainer.restore(last)
    trainer.fit()


def _leave_with_the_first(first: First, met: threading.Event) -> None:
    """The process that started us is the first one, or torchrun; a run that is over has no first one any more.

    met: all have joined, and notice by a closed connection that we leave. Before that our exit status has to tell: it
    is 0 then only where the first one left in order.
    """
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(LOOK_SECONDS)
        if first.left():
            time.sleep(LAST_SECONDS)
            break
    os._exit(0 if met.is_set() or first.in_order else 1)
