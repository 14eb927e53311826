"""Scenes of `streets` a second: one core alone, and packing by processes against packing by threads.

    python -m benchmarks.packing [--quick] [--scenes 1000] [--size 128x256]

One core: `render` in this process, scenes over its own processor time. Packing: `reading.read_in_order` of the same
scenes by processes and by threads, in turn, wall time. Processes pay for their start and for all that is made once a
process, threads find it made.
"""

import argparse
import time

from benchmarks import report
from benchmarks.report import Result
from unetkd_core import settings
from unetkd_core.data import reading, streets
from unetkd_core.data.source_streets import StreetsSource

AIM_PER_CORE = 60.0
AIM_OVER_THREADS = 1.5


def per_core(height: int, width: int, scenes: int, rounds: int) -> float:
    """Scenes a second of processor time, the best of some rounds: others on the machine only ever slow a core down."""
    seed, best = streets.SPLIT_SEEDS["train"], 0.0
    for index in range(120):  # pictures of trees and vehicles are made once a process
        streets.render(seed, 1000 + index, height, width)
    for _ in range(rounds):
        start = time.process_time()
        for index in range(scenes):
            streets.render(seed, index, height, width)
        best = max(best, scenes / (time.process_time() - start))
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few scenes, three rounds: does it run?")
    parser.add_argument("--scenes", type=int, default=1000)
    parser.add_argument("--size", default="128x256")
    args = parser.parse_args()
    height, width = map(int, args.size.split("x"))
    scenes = 60 if args.quick else args.scenes
    source, indices = StreetsSource("train"), list(range(scenes))
    rate = per_core(height, width, min(scenes, 400), 3)
    seconds = report.alternate(
        {
            "processes": lambda: list(reading._in_processes(source, height, width, indices)),
            "threads": lambda: list(reading._in_threads(source, height, width, indices)),
        },
        rounds=3,
        warm_up=0,
    )
    cores = settings.cores()
    results = [
        Result(
            f"rendered at {args.size} by one core", rate, "scenes/s", AIM_PER_CORE if args.size == "128x256" else None
        ),
        Result(f"packed by {cores} processes", scenes / seconds["processes"], "scenes/s"),
        Result("processes over threads", seconds["threads"] / seconds["processes"], "times", AIM_OVER_THREADS),
    ]
    report.print_report("packing", report.machine(), results)


if __name__ == "__main__":
    main()
