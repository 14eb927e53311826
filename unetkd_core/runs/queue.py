"""A queue without a daemon: each worker waits here for its slots, in turn. Knows no training, needs no torch.

Every device has slots of its own, and runs wait only for others on the same device. A slot is a lock file in
home()/slots; the system releases it when its holder dies, however it dies. Only the living run whose turn is next may
take slots, so a run that needs all of them is never overtaken for ever. Turns go by age; between the visitors of a
public server by turns.py.
"""

import contextlib
import os
import platform
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import cache
from importlib import metadata
from pathlib import Path

from filelock import FileLock, Timeout

from unetkd_core import settings
from unetkd_core.errors import UnetKDError
from unetkd_core.runs import placement, rank_processes, turns, turns_gone
from unetkd_core.runs.folder import Run, list_runs


def device_of(wanted: str) -> str:
    """The device that a config's `hardware.device` will mean, known before torch is loaded: cpu, mps or cuda:N.

    A wrong guess (a driver that PyTorch cannot use) makes a run wait for another device's slot, no more.
    """
    wanted = settings.device() if wanted == "auto" else wanted
    return settings.one_device(_at_hand() if wanted == "auto" else wanted)


def devices_of(wanted: str, processes: int) -> list[str]:
    """Every device that so many processes of one run use on this machine, each GPU one; in an order that all runs keep,
    so that no two wait for each other.
    """
    device = device_of(wanted)
    if processes == 1 or not device.startswith("cuda"):
        return [device]
    return [f"cuda:{number}" for number in range(processes)]


@cache
def _at_hand() -> str:
    """The accelerator there seems to be, or the CPU."""
    if sys.platform == "darwin":
        return "mps" if platform.machine() == "arm64" else "cpu"
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES", "unset").strip() in ("", "-1")
    cpu_build = metadata.version("torch").endswith("+cpu")
    cards = Path("/proc/driver/nvidia/gpus")
    return "cuda" if not hidden and not cpu_build and cards.is_dir() and any(cards.iterdir()) else "cpu"


def slots_wanted(device: str, threads: int | None, shares: bool) -> int:
    """Slots that a run takes: one beside its twin, else all; on the CPU with threads set by hand, as many as they
    fill.
    """
    if threads is not None and device == "cpu":
        return max(1, min(settings.slots(), -(-threads // settings.threads_per_slot())))
    return 1 if shares else settings.slots(device)


def wait_for_slots(
    run: Run,
    device: str,
    wanted: int,
    *,
    on_wait: Callable[[int], None],
    should_stop: Callable[[], bool],
    poll: float = 0.25,
) -> ExitStack | None:
    """Wait until `run` holds `wanted` slots of `device`; closing the stack gives them back. None when it was asked to
    stop first.

    on_wait(runs before it) is called at every look. poll: seconds between looks of the run whose turn is next; those
    further behind look less often, or a hundred of them would keep the disk busy.
    """
    folder = settings.home() / "slots"
    folder.mkdir(parents=True, exist_ok=True)
    held = ExitStack()
    numbers: set[int] = set()
    while not should_stop():
        before = runs_before(run, device)
        if before > 0:
            # Another's turn is first now (an older run was resumed): what we held is its, or each would wait for
            # the other's for ever.
            held.close()
            numbers.clear()
        else:
            for number in sorted(set(range(settings.slots(device))) - numbers):
                if len(numbers) < wanted and _try(held, FileLock(folder / _slot(device, number), timeout=0)):
                    numbers.add(number)
            if len(numbers) >= wanted:
                return held
        on_wait(before)
        time.sleep(poll * min(8, 1 + before))
    held.close()
    return None


def runs_before(run: Run, device: str) -> int:
    """How many living runs wait for `device` whose turn comes before `run`'s. One whose worker died blocks nobody."""
    there = _seen()
    waiting = [one for one in there if one.waits and _is_for(one.run, device)]
    mine = next((one for one in waiting if one.run.id == run.id), None) or turns.seen(run, run.written_status())
    if not settings.public():
        return sum((one.created, one.run.id) < (mine.created, mine.run.id) for one in waiting)
    return turns.before(mine, waiting, [*there, *turns_gone.seen()], each=settings.max_training_each())


def _seen() -> list[turns.Seen]:
    found = []
    for run in list_runs():
        with contextlib.suppress(UnetKDError):
            status = run.written_status() if placement.placed(run.run_dir) else run.status()  # Ray is asked for no slot
            found.append(turns.seen(run, status))
    return found


def _is_for(run: Run, device: str) -> bool:
    if placement.placed(run.run_dir):
        return False  # it waits for a cluster, not for this machine
    with contextlib.suppress(UnetKDError):
        return device in devices_of(run.config.hardware.device, rank_processes.started_with(run))
    return False


def _slot(device: str, number: int) -> str:
    return f"{device.replace(':', '-')}-{number}.lock"


def _try(held: ExitStack, lock: FileLock) -> bool:
    try:
        held.enter_context(lock.acquire(timeout=0))
    except Timeout:
        return False
    return True
