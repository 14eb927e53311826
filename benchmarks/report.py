"""What every benchmark shares: sides that alternate, medians, a table, and the last line as one JSON object."""

import json
import math
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

LEAST_ROUNDS = 3


@dataclass(frozen=True)
class Result:
    """One measured number. aim: what it should reach, or None where it is only reported."""

    name: str
    value: float
    unit: str
    aim: float | None = None
    higher_is_better: bool = True

    @property
    def met(self) -> bool | None:
        """Whether the aim is reached; None without an aim."""
        if self.aim is None:
            return None
        return self.value >= self.aim if self.higher_is_better else self.value <= self.aim


def alternate(
    sides: Mapping[str, Callable[[], object]],
    *,
    rounds: int,
    seconds: float = math.inf,
    warm_up: int = 1,
    settle: Callable[[], object] = lambda: None,
) -> dict[str, float]:
    """Median seconds of each side's call. The sides take turns, so that whatever else the machine does slows all alike.

    Ends after `rounds` rounds, or with the round in which `seconds` are over, but not before the third.
    settle: called before the clock stops; on a GPU it waits for the queue.
    """
    spent: dict[str, list[float]] = {name: [] for name in sides}
    deadline = time.perf_counter() + seconds
    for turn in range(warm_up + rounds):
        if turn >= warm_up + LEAST_ROUNDS and time.perf_counter() > deadline:
            break
        for name, call in sides.items():
            start = time.perf_counter()
            call()
            settle()
            if turn >= warm_up:
                spent[name].append(time.perf_counter() - start)
    return {name: statistics.median(times) for name, times in spent.items()}


def machine() -> dict[str, Any]:
    """What the numbers were measured on."""
    cpu = _cpuinfo()
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": cpu.get("model name") or platform.processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "avx512_bf16": "avx512_bf16" in cpu.get("flags", "").split(),
        "python": platform.python_version(),
    }


def print_report(benchmark: str, machine: Mapping[str, Any], results: Sequence[Result]) -> None:
    """A table for people; the last line is JSON for machines."""
    width = max(len(result.name) for result in results)
    print(f"{benchmark} on {machine['processor']}, {machine['cores']} cores")
    for result in results:
        print(f"  {result.name:<{width}}  {result.value:>10.3f} {result.unit}{_verdict(result)}")
    rows = [{**asdict(result), "value": round(result.value, 6), "met": result.met} for result in results]
    print(json.dumps({"benchmark": benchmark, "machine": dict(machine), "results": rows}, allow_nan=False))


def _verdict(result: Result) -> str:
    if result.aim is None:
        return ""
    return f"   aim {'≥' if result.higher_is_better else '≤'} {result.aim:g}: {'met' if result.met else 'NOT met'}"


def _cpuinfo() -> dict[str, str]:
    """The first processor's entries; empty where there is no such file (macOS)."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    pairs = (line.partition(":") for line in text.split("\n\n")[0].splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}
