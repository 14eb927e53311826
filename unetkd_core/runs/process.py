"""Which process is meant by a pid, and whether it still runs. Linux and macOS; knows nothing of runs.

A pid alone is not enough: pids are used again, machines are started again, folders are shared between machines.
"""

import os
import platform
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

_NICENESS: Final = 10


@dataclass(frozen=True)
class ProcessId:
    """One process on one boot of one machine. start: when the process began, as the system words it."""

    host: str
    boot_id: str
    pid: int
    start: str

    @property
    def here(self) -> bool:
        """Whether it belongs to this machine (and this container, when containers have names of their own)."""
        return self.host == platform.node()

    def alive(self) -> bool:
        """Whether it still runs. Only meaningful where `here`; a zombie counts as gone."""
        return self.here and self.boot_id == boot_id() and process_start(self.pid) == self.start != ""


def this_process() -> ProcessId:
    """The process that asks."""
    return ProcessId(platform.node(), boot_id(), os.getpid(), process_start(os.getpid()))


@cache
def boot_id() -> str:
    """Changes with every start of the machine."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return _output("sysctl", "-n", "kern.boottime")


def process_start(pid: int) -> str:
    """When process `pid` began, as the system words it; empty when it is gone or a zombie."""
    if sys.platform.startswith("linux"):
        try:
            # The name in brackets may hold spaces and brackets; what follows the last one is regular.
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return ""
        return "" if fields[0] in "ZX" else fields[19]
    state, _, start = _output("ps", "-o", "stat=,lstart=", "-p", str(pid)).partition(" ")
    return "" if not state or state.startswith("Z") else start.strip()


def _output(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=5, check=False).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def step_back() -> None:
    """Let whoever looks at the app go before this process. Does nothing where the system does not let us.

    Linux shares the processor out between sessions first, and a worker has one of its own: there a process's niceness
    counts within its session alone, unless the session's own (autogroup, sched(7)) says so too.
    """
    with suppress(OSError, AttributeError):
        os.nice(_NICENESS)
    with suppress(OSError):
        if os.getsid(0) == os.getpid():  # else it is the niceness of somebody's terminal
            Path("/proc/self/autogroup").write_text(str(_NICENESS))
