"""Kill a worker again and again, resume it each time, and count what was lost. Nothing may be.

    python -m benchmarks.kill_resume [--quick] [--kills 100] [--seed 0]

A small taught run is trained once without a break, as the reference. Then the same run is started as a detached worker,
its process group killed (SIGKILL) at a random moment of its life, resumed, killed again. A third of the kills wait for
an epoch's saving and hit it; after a quarter of them, what the teacher said is cleared away. After each kill the folder
must be readable, said to be interrupted, with no process left and its metrics the reference's first lines; a run that
comes to its end must equal the reference, bit for bit. Linux.
"""

import argparse
import os
import random
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.kill_watch import Saving, children_left, group_left, phase_hit, redone, saved_epochs
from benchmarks.report import Result
from unetkd_core import settings
from unetkd_core.errors import UnetKDError
from unetkd_core.runs import jobs
from unetkd_core.runs.folder import Run
from unetkd_core.training import room
from unetkd_core.training.config import RunConfig, parse_config

AIMED = 1 / 3
CLEARED = 1 / 4
PATIENCE = 300.0
"""Seconds after which a run that neither ends nor can be killed is given up as lost."""
SETTINGS = {
    "data": {"height": 32, "width": 64, "max_train": 16, "max_val": 6},
    "optim": {"epochs": 8, "batch_size": 4},
    "hardware": {"device": "cpu", "precision": "fp32", "memory_format": "channels_last", "threads": 1},
}


@dataclass
class Count:
    """What the kills cost so far."""

    kills: int = 0
    finished: int = 0
    lost: list[str] = field(default_factory=list)
    unequal: list[str] = field(default_factory=list)
    left_over: int = 0
    most_redone: int = 0
    longest_unseen: float = 0.0
    phases: Counter[str] = field(default_factory=Counter)


def wait(condition: Callable[[], bool], seconds: float, every: float = 0.005) -> bool:
    """Whether `condition` came true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


def unbroken(config: RunConfig) -> Run:
    """The run, trained without a break."""
    (run,) = jobs.start(config, twin=False)
    wait(lambda: not run.status().active, PATIENCE, every=0.1)
    if run.status().state != "done":
        raise SystemExit(f"the reference did not come to its end: {run.status()}\n{run.log_tail()}")
    return run


def results(run: Run) -> dict[str, Any]:
    """What must be equal to the bit: metrics without timings, all of last/, best/'s weights, the drawn scenes."""
    (state,) = (run.run_dir / "last").glob("*.safetensors")
    best = run.best()
    return {
        "metrics": measured(run),
        "last": state.read_bytes(),
        "best": best and best.sha256,
        "panel": {path.name: path.read_bytes() for path in sorted((run.run_dir / "panel").glob("*.png"))},
    }


def measured(run: Run) -> list[dict[str, Any]]:
    """Every epoch's line without what a clock said."""
    return [{key: value for key, value in line.items() if "second" not in key} for line in run.metrics()]


def read_everything(run: Run) -> None:
    """Every reader of a run's folder. Raises what one of them raises."""
    _ = run.config, run.meta, run.status(), run.written_status(), run.metrics(), run.panel(), run.best()
    _ = run.log_tail(), run.disk_bytes(), run.partner(), run.stopping


def kill(run: Run, life: float, dice: random.Random) -> bool:
    """Let `run` live for a while, `life` seconds at most, then kill its group. False when it had ended by then."""
    process = run.written_status().process
    assert process is not None, "known from its launch on"
    if dice.random() < AIMED:
        saving = Saving(run.run_dir, dice.choice(Saving.MOMENTS))
        wait(lambda: saving.begun() or not process.alive(), PATIENCE, every=0.0005)
    else:
        wait(lambda: not process.alive(), dice.uniform(0, life))
    if not process.alive():
        return False
    os.killpg(process.pid, signal.SIGKILL)
    return True


def judge(run: Run, group: int, reference: dict[str, Any], count: Count) -> None:
    """What the kill that has just hit `run` cost. Raises UnetKDError, ValueError when a reader fails."""
    start = time.monotonic()
    wait(lambda: run.status().state == "interrupted", 60)
    count.longest_unseen = max(count.longest_unseen, time.monotonic() - start)
    count.left_over += not wait(lambda: not group_left(group), 2)
    count.left_over += not wait(lambda: not children_left(), 2)
    read_everything(run)
    status, lines = run.written_status(), measured(run)
    if lines != reference["metrics"][: len(lines)]:
        count.unequal.append(f"{run.id}: metrics after a kill")
    count.phases[phase_hit(status, run.run_dir, len(lines))] += 1
    count.most_redone = max(count.most_redone, redone(status, saved_epochs(run.run_dir), len(lines)))


def one_life(
    config: RunConfig, reference: dict[str, Any], life: float, wanted: int, count: Count, dice: random.Random
) -> None:
    """One run from start to end, through as many kills as hit it. Raises UnetKDError when it does not get there."""
    (run,) = jobs.start(config, twin=False)
    while count.kills < wanted:
        process = run.written_status().process
        if not kill(run, life, dice):
            break
        count.kills += 1
        assert process is not None
        judge(run, process.pid, reference, count)
        if dice.random() < CLEARED:
            for one in room.stored():
                room.remove(one.folder)
        jobs.resume(run.id)
    wait(lambda: not run.status().active, PATIENCE, every=0.05)
    status = run.status()
    if status.state != "done":
        raise UnetKDError(f"{run.id} ended as {status.state}: {status.message}\n{run.log_tail(20)}")
    count.finished += 1
    found = results(run)
    count.unequal += [f"{run.id}: {part}" for part in reference if found[part] != reference[part]]


def measure(kills: int, seed: int) -> Count:
    """Kill as often as asked, in a home of its own."""
    dice, count = random.Random(seed), Count()
    plain = parse_config(SETTINGS)
    teacher = unbroken(plain.with_(optim={"epochs": 2}, seed=1))
    config = plain.with_(teaching={"teacher": f"run:{teacher.id}"})
    start = time.monotonic()
    reference = results(unbroken(config))
    life = time.monotonic() - start
    while count.kills < kills:
        if dice.random() < 0.5:  # so that making what runs share is hit too
            for shared in (settings.packed_dir(), settings.teachers_dir()):
                shutil.rmtree(shared, ignore_errors=True)
        try:
            one_life(config, reference, life, kills, count, dice)
        except (UnetKDError, OSError, ValueError) as error:
            count.lost.append(str(error))
            print(f"lost: {error}", flush=True)
        print(f"{count.kills} kills, {count.finished} runs to their end", flush=True)
    return count


def main() -> None:
    """Kill, count and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="end within a minute")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="unetkd-kill-", ignore_cleanup_errors=True) as home:
        os.environ["UNETKD_HOME"] = str(Path(home))
        count = measure(4 if asked.quick else asked.kills, asked.seed)
    for line in [*count.lost, *count.unequal]:
        print(line)
    report.print_report(
        "kill_resume",
        report.machine(),
        [
            Result("kills", count.kills, ""),
            Result("runs that came to their end", count.finished, ""),
            Result("runs lost", len(count.lost), "", 0, higher_is_better=False),
            Result("runs unequal to the unbroken one", len(count.unequal), "", 0, higher_is_better=False),
            Result("processes left over", count.left_over, "", 0, higher_is_better=False),
            Result("most epochs redone after one kill", count.most_redone, "", 1, higher_is_better=False),
            Result("longest until said to be interrupted", count.longest_unseen, "s", 5, higher_is_better=False),
            *(Result(f"kills while {name}", number, "") for name, number in sorted(count.phases.items())),
        ],
    )


if __name__ == "__main__":
    main()
