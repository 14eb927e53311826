"""Many browsers on one public server, some of them training: how long a page takes, how much memory, what goes wrong.

    python -m benchmarks.load [--quick] [--sessions 50] [--training 3] [--seconds 90]

The server is the real one (`streamlit run serve.py`) under UNETKD_PUBLIC=1 with a home of its own; each session speaks
its websocket as a browser does. Those that train open Distill, press Start and watch; the others walk from page to page
and street to street, thinking for two seconds in between. A rerun is counted from the message that asks for it until
the page is drawn; the first visit to each page, which loads networks and counts scenes, is reported apart. Pages that
answer with a problem in a sentence (the queue is full, say) are counted apart from errors.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.load_session import Session
from benchmarks.report import Result
from unetkd_core import settings, visitors
from unetkd_core.errors import UnetKDError
from unetkd_core.runs import jobs
from unetkd_core.runs.folder import list_runs

THINKING = 2.0
AIM_BYTES = 2.5e9
"""What a small free host gives to an app."""
WALK = (
    "", "soft_targets?scene={scene}", "overlays?data=streets:val&scene={scene}",
    "overlays?data=streets:val&scene={other}",
    "ensemble?data=streets:val&scene={scene}", "data?data=streets:val&scene={other}", "runs", "models", "tables",
    "lessons?lesson=soft",
)  # fmt: skip
"""Pages in the order in which a session opens them; every session begins elsewhere."""


@contextmanager
def server(folder: Path, training: int) -> Iterator[tuple[str, int]]:
    """(address, pid) of a server that answers, with what is kept in `folder`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    os.environ |= {
        "UNETKD_PUBLIC": "1", "UNETKD_HOME": str(folder / "home"), "UNETKD_SLOTS": str(2 * training or 1),
        "UNETKD_MAX_QUEUED": str(max(40, 2 * training)), "PYTHONPATH": settings.python_path(),
    }  # fmt: skip
    app = str(settings.PROJECT_ROOT / "serve.py")
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.load_server", app, str(port), str(folder)],
            cwd=settings.PROJECT_ROOT, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        address = f"http://127.0.0.1:{port}"
        _await(address, process)
        yield address, process.pid
    finally:
        _end_runs()
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)


def _await(address: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), urllib.request.urlopen(f"{address}/_stcore/health", timeout=1):
            return
        time.sleep(0.2)
    raise SystemExit("the server did not answer within a minute")


def _end_runs() -> None:
    with visitors.acting_as(visitors.OPERATOR):
        for run_id in _going():
            with suppress(UnetKDError):
                jobs.stop(run_id)


def _going() -> list[str]:
    return [run.id for run in list_runs() if run.status().active]


async def train(session: Session) -> None:
    """Start a distillation as a visitor does."""
    await session.open()
    await session.go("distill")
    if not await session.press("Start"):
        session.errors.append("distill: no button to start")


async def watch(session: Session, until: float) -> None:
    """Look on, a look a second."""
    while time.monotonic() < until:
        await session.tick()
        await asyncio.sleep(1.0)


async def walk(session: Session, number: int, until: float) -> None:
    """From page to page."""
    chance = random.Random(number)
    await asyncio.sleep(chance.uniform(0, THINKING))
    await session.open()
    step = number
    while time.monotonic() < until:
        scenes = {"scene": chance.randint(1, 500), "other": chance.randint(1, 500)}
        page, _, query = WALK[step % len(WALK)].format(**scenes).partition("?")
        await session.go(page, query)
        await asyncio.sleep(chance.uniform(0.5 * THINKING, 1.5 * THINKING))
        step += 1


async def first(session: Session) -> None:
    """Every page once: a server that has just started imports, loads and counts."""
    await session.open()
    for place in WALK:
        page, _, query = place.format(scene=1, other=2).partition("?")
        await session.go(page, query)
    await session.close()


async def visit(address: str, sessions: int, training: int, seconds: float) -> tuple[Session, list[Session], int]:
    """The first session, all others, and how many runs went on when it was over."""
    everybody = [Session(address) for _ in range(sessions)]
    await first(alone := Session(address))
    await asyncio.gather(*(train(one) for one in everybody[:training]))
    until = time.monotonic() + seconds
    watching = [watch(one, until) for one in everybody[:training]]
    walking = [walk(one, number, until) for number, one in enumerate(everybody[training:])]
    await asyncio.gather(*watching, *walking)
    going = len(_going())
    await asyncio.gather(*(one.close() for one in everybody))
    return alone, everybody, going


def told_by(folder: Path) -> dict[str, Any]:
    """What the server says of itself."""
    (folder / "ask").touch()
    deadline = time.monotonic() + 60
    while not (folder / "told.json").exists():
        if time.monotonic() > deadline:
            raise SystemExit("the server did not say how much memory it took")
        time.sleep(0.1)
    found: dict[str, Any] = json.loads((folder / "told.json").read_text())
    return found


def results(alone: Session, everybody: Sequence[Session], going: int, told: dict[str, Any]) -> list[Result]:
    """What is reported."""
    seconds = sorted(second for one in everybody for _, second in one.drawn)
    _by_page([entry for one in everybody for entry in one.drawn])
    cuts = statistics.quantiles(seconds, n=20) if len(seconds) > 1 else [0.0] * 19
    errors = [text for one in (alone, *everybody) for text in one.errors]
    problems = [text for one in (alone, *everybody) for text in one.told]
    for what, said in (("errors", errors), ("problems that pages told", problems)):
        for text, count in Counter(said).most_common(5):
            print(f"  {what}: {count} × {text}")
    return [
        Result("errors", len(errors), "", 0.0, higher_is_better=False),
        Result("problems told in a sentence", len(problems), ""),
        Result("reruns", len(seconds), ""),
        Result("a rerun, median", statistics.median(seconds) if seconds else 0.0, "s"),
        Result("a rerun, 95 of 100", cuts[18], "s"),
        Result("the slowest first visit", max(second for _, second in alone.drawn), "s"),
        Result("the slowest rerun", seconds[-1] if seconds else 0.0, "s"),
        Result("runs that trained or waited at the end", going, ""),
        Result("peak memory of the server", told["peak_bytes"] / 1e9, "GB", AIM_BYTES / 1e9, higher_is_better=False),
        Result("networks in memory", len(told["copies"]), ""),
        Result("copies of one network, at most", max(told["copies"], default=0), "", 1.0, higher_is_better=False),
    ]


def _by_page(drawn: Sequence[tuple[str, float]]) -> None:
    pages: dict[str, list[float]] = {}
    for page, second in drawn:
        pages.setdefault(page, []).append(second)
    for page, spent in sorted(pages.items(), key=lambda entry: -statistics.median(entry[1])):
        print(
            f"  {page:<14} {len(spent):>4} times, median {statistics.median(spent):6.2f} s, at most {max(spent):6.2f} s"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="8 sessions, one of them training, 15 seconds")
    parser.add_argument("--sessions", type=int, default=50)
    parser.add_argument("--training", type=int, default=3, help="how many of the sessions train")
    parser.add_argument("--seconds", type=float, default=90.0)
    args = parser.parse_args()
    sessions, training, seconds = (8, 1, 15.0) if args.quick else (args.sessions, args.training, args.seconds)
    with tempfile.TemporaryDirectory(prefix="unetkd-load-", ignore_cleanup_errors=True) as folder:
        with server(Path(folder), training) as (address, _):
            alone, everybody, going = asyncio.run(visit(address, sessions, training, seconds))
            told = told_by(Path(folder))
        found = results(alone, everybody, going, told)
    report.print_report("load", {**report.machine(), "sessions": sessions, "training": training}, found)


if __name__ == "__main__":
    main()
