"""A queue without a daemon: each worker waits here for its slots, in order of age. Knows no training, needs no torch.

A slot is a lock file in home()/slots; the system releases it when its holder dies, however it dies. Only the oldest
living run that waits may take slots, so a run that needs all of them is never overtaken for ever.
"""

import time
from collections.abc import Callable
from contextlib import ExitStack

from filelock import FileLock, Timeout

from unetkd_core import settings
from unetkd_core.errors import RunError
from unetkd_core.runs.folder import Run, list_runs


def slots_wanted(threads: int | None, shares: bool) -> int:
    """Slots that a run takes: one beside its twin, else all; with threads set by hand, as many as they fill."""
    if threads is not None:
        return max(1, min(settings.slots(), -(-threads // settings.threads_per_slot())))
    return 1 if shares else settings.slots()


def wait_for_slots(
    run: Run, wanted: int, *, on_wait: Callable[[int], None], should_stop: Callable[[], bool], poll: float = 0.25
) -> ExitStack | None:
    """Wait until `run` holds `wanted` slots; closing the stack gives them back. None when it was asked to stop first.

    on_wait(runs before it) is called at every look. poll: seconds between looks.
    """
    folder = settings.home() / "slots"
    folder.mkdir(parents=True, exist_ok=True)
    held = ExitStack()
    numbers: set[int] = set()
    while not should_stop():
        before = runs_before(run)
        if before > 0:
            # An older run came back (resumed): what we held so far is its, or each would wait for the other's for ever.
            held.close()
            numbers.clear()
        else:
            for number in sorted(set(range(settings.slots())) - numbers):
                if len(numbers) < wanted and _try(held, FileLock(folder / f"slot-{number}.lock", timeout=0)):
                    numbers.add(number)
            if len(numbers) >= wanted:
                return held
        on_wait(before)
        time.sleep(poll)
    held.close()
    return None


def runs_before(run: Run) -> int:
    """How many living runs wait that are older than `run`. One whose worker died blocks nobody."""
    mine = (run.written_status().created, run.id)
    count = 0
    for other in list_runs():
        try:
            status = other.status()
        except RunError:
            continue
        count += status.state == "queued" and (status.created, other.id) < mine
    return count


def _try(held: ExitStack, lock: FileLock) -> bool:
    try:
        held.enter_context(lock.acquire(timeout=0))
    except Timeout:
        return False
    return True
