"""When the other processes of a run leave, and what the first one makes of it before and after all have met."""

import dataclasses
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest

from unetkd_core.errors import RunError
from unetkd_core.runs import folder, following, process, rank_processes
from unetkd_core.runs.folder import Run
from unetkd_core.training.config import RunConfig
from unetkd_core.training.ranks import ALONE


class Left(Exception):
    """Instead of the end of this process."""


class Clock:
    """A time that passes by sleeping alone; `happens` is called before each sleep, with the time."""

    def __init__(self) -> None:
        self.now = 0.0
        self.happens: Callable[[float], object] = lambda now: None

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.happens(self.now)
        self.now += seconds
        assert self.now < 1000, "it never leaves"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(following, "time", clock)
    return clock


@pytest.fixture
def run() -> Run:
    """At work, by this process."""
    run, me = folder.create(RunConfig()), process.this_process()
    here = dataclasses.replace(
        run.written_status(), host=me.host, boot_id=me.boot_id, pid=me.pid, process_start=me.start
    )
    run.write_status(here)
    return run


def leaves(run: Run, met: bool, monkeypatch: pytest.MonkeyPatch) -> int:
    """The exit status with which a process leaves that follows the run."""

    def leave(code: int) -> None:
        raise Left(code)

    monkeypatch.setattr(following.os, "_exit", leave)
    meeting = threading.Event()
    if met:
        meeting.set()
    with pytest.raises(Left) as left:
        following._leave_with_the_first(following.First(run), meeting)
    return int(left.value.args[0])


def at(seconds: float, what: Callable[[], None]) -> Callable[[float], None]:
    """`what`, once, when the time has come."""
    left = [what]
    return lambda now: left.pop()() if left and now >= seconds else None


def ends(run: Run, **changes: object) -> Callable[[], None]:
    return lambda: run.write_status(dataclasses.replace(run.written_status(), **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "before_all_met"),
    [({"state": "stopped"}, 0), ({"state": "failed"}, 1), ({"process_start": "another's"}, 1)],
    ids=["stopped", "failed", "dead"],
)
def test_before_all_have_met_the_exit_status_is_0_only_after_an_end_in_order(
    changes: dict[str, object], before_all_met: int, run: Run, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.happens = at(10, ends(run, **changes))
    assert leaves(run, met=False, monkeypatch=monkeypatch) == before_all_met
    assert 10 < clock.now < 15


def test_once_all_have_met_a_closed_connection_tells(run: Run, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    clock.happens = at(10, ends(run, state="failed"))
    assert leaves(run, met=True, monkeypatch=monkeypatch) == 0


def test_one_that_was_stopped_before_is_waited_for_and_given_up_with_an_error(
    run: Run, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends(run, state="stopped")()
    assert leaves(run, met=False, monkeypatch=monkeypatch) == 1
    assert following.START_SECONDS < clock.now < following.START_SECONDS + 5


def test_a_status_that_cannot_be_read_for_a_moment_is_waited_for(
    run: Run, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = run.run_dir / "status.json"
    whole = path.read_bytes()
    clock.happens = lambda now: path.write_bytes(b"{" if 10 <= now < 20 or now >= 50 else whole)
    assert leaves(run, met=False, monkeypatch=monkeypatch) == 1
    assert 50 + following.UNREADABLE_SECONDS < clock.now < 50 + following.UNREADABLE_SECONDS + 5


@pytest.fixture
def started() -> Iterator[None]:
    """Another process was started, and has ended with status 0."""
    other = subprocess.Popen([sys.executable, "-c", ""])
    other.wait()
    rank_processes._started.append(other)
    yield
    rank_processes.end_others()


@pytest.mark.usefixtures("started")
def test_one_that_ends_in_order_is_lost_until_training_has_begun() -> None:
    error = rank_processes.lost()
    assert error is not None and str(error).startswith("Process 2 of the run's 2 ended with status 0;")
    rank_processes.begin(ALONE)
    assert rank_processes.lost() is None
    rank_processes.end_others()
    assert not rank_processes._begun.is_set(), "the next run has not begun"


def test_what_goes_wrong_before_all_have_met_is_an_error_even_if_the_run_is_over(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else the first one, which does not see its own folder's hiccup, waits for it for ever."""
    ends(run, state="stopped")()

    def fails(*_: object) -> None:
        raise RunError("nobody there.")

    monkeypatch.setattr(following, "_train", fails)
    monkeypatch.setattr(following, "threading", SimpleNamespace(Thread=_NoThread, Event=threading.Event))
    monkeypatch.setattr(following.signal, "signal", lambda *_: None)
    assert following.follow(run, rank_processes.Place(1, 2)) == 1
    assert capsys.readouterr().err == "process 2 of 2: nobody there.\n"


class _NoThread:
    def __init__(self, **_: object) -> None:
        pass

    def start(self) -> None:
        pass
