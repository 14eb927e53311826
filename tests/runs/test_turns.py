"""On a public server the next slot goes to whoever has had least; pairs stay together; nobody is held up by a cap."""

import dataclasses
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from filelock import FileLock

from unetkd_core import settings
from unetkd_core.runs import folder, jobs, queue, turns, turns_gone
from unetkd_core.runs.folder import Run
from unetkd_core.runs.turns import Seen
from unetkd_core.training.config import RunConfig

NOW = 1_000_000.0
A, B, C = "a" * 64, "b" * 64, "c" * 64


def one(
    name: str, owner: str, age: float, state: str = "queued", *, pair: str = "", began: float | None = None
) -> Seen:
    """A run that was made `age` seconds ago, and began `began` seconds ago."""
    started = None if began is None else NOW - began
    return Seen(Run(name, Path(name)), state, NOW - age, started, owner, pair or name)


def order(*there: Seen, each: int | None = None) -> list[str]:
    waiting = [run for run in there if run.waits]
    places = {run.run.id: turns.before(run, waiting, there, each=each, now=NOW) for run in waiting}
    return sorted(places, key=places.__getitem__)


def test_each_visitor_has_one_then_each_a_second() -> None:
    mine = [one(f"a{i}", A, 100 - i) for i in range(3)]
    assert order(*mine, one("b0", B, 50), one("b1", B, 49), one("c0", C, 40)) == ["a0", "b0", "c0", "a1", "b1", "a2"]


def test_what_trains_and_what_began_today_counts_as_had_and_yesterday_does_not() -> None:
    running = one("a0", A, 200, "running", began=100)
    assert order(running, one("a1", A, 90), one("b0", B, 50)) == ["b0", "a1"]
    done = one("a0", A, 200, "done", began=100)
    assert order(done, one("a1", A, 90), one("b0", B, 50)) == ["b0", "a1"]
    old = one("a0", A, 2 * turns.DAY, "done", began=1.5 * turns.DAY)
    assert order(old, one("a1", A, 90), one("b0", B, 50)) == ["a1", "b0"]


def test_a_student_and_its_twin_are_one_and_stay_together() -> None:
    there = [
        one("a0", A, 100), one("a0-twin", A, 99.9, pair="a0"), one("b0", B, 60), one("b0-twin", B, 59.9, pair="b0"),
        one("a1", A, 98), one("a1-twin", A, 97.9, pair="a1"),
    ]  # fmt: skip
    assert order(*there) == ["a0", "a0-twin", "b0", "b0-twin", "a1", "a1-twin"]
    begun = [dataclasses.replace(there[0], state="running", started=NOW - 1), *there[1:]]
    assert order(*begun)[0] == "a0-twin"


def test_the_operator_is_one_among_the_visitors() -> None:
    table = [one(f"op{i}", "", 100 - i) for i in range(4)]
    assert order(*table, one("b0", B, 5)) == ["op0", "b0", "op1", "op2", "op3"]


def test_who_trains_as_much_as_one_may_waits_and_holds_up_nobody() -> None:
    there = [one("a0", A, 200, "running", began=99), one("a1", A, 90), one("b0", B, 50, "running", began=9)]
    later = one("b1", B, 40)
    waiting = [there[1], later]
    assert turns.before(there[1], waiting, [*there, later], each=1, now=NOW) >= 1
    assert turns.before(later, waiting, [*there, later], each=1, now=NOW) >= 1
    newcomer = one("c0", C, 1)
    assert turns.before(newcomer, [*waiting, newcomer], [*there, later, newcomer], each=1, now=NOW) == 0


def test_every_order_of_looking_gives_the_same_turns() -> None:
    there = [one(f"{owner[0]}{i}", owner, 100 - 7 * i) for owner in (A, B, C) for i in range(3)]
    assert order(*there) == order(*reversed(there))


def test_what_was_deleted_still_counts_for_a_day_and_nothing_else_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNETKD_PUBLIC", "1")
    config = RunConfig().with_(hardware={"device": "cpu"})

    def made(owner: str, created: float, state: str = "queued", started: float | None = None) -> Run:
        run = folder.create(config, notes={"owner": owner})
        status = dataclasses.replace(run.written_status(), created=created, started=started)
        run.write_status(dataclasses.replace(status, state=state))  # type: ignore[arg-type]
        return run

    now = time.time()
    had, never = made(A, now - 900, "done", now - 800), made(A, now - 700, "stopped")
    first, second = made(A, now - 500), made(B, now - 400)
    assert queue.runs_before(second, "cpu") == 0
    for run in (had, never):
        jobs.delete(run.id, by=A)
    assert queue.runs_before(second, "cpu") == 0 and queue.runs_before(first, "cpu") == 1
    kept = json.loads((settings.home() / "turns.json").read_text())
    assert kept == [{"owner": A, "pair": had.id, "started": now - 800}]
    assert turns_gone.seen(now + turns.DAY) == []
    jobs.delete(made(A, now - 2 * turns.DAY, "done", now - 1.5 * turns.DAY).id, by=A)
    assert len(json.loads((settings.home() / "turns.json").read_text())) == 1


@pytest.mark.parametrize("text", ["", "{}", "[1]", '[{"owner": 1, "pair": "x", "started": 2}]', '[{"started": "x"}]'])
def test_a_damaged_list_of_what_is_gone_is_as_none(text: str) -> None:
    settings.home().mkdir(parents=True)
    (settings.home() / "turns.json").write_text(text)
    assert turns_gone.seen(10.0) == []


WAITER = """if True:
    import dataclasses, sys, time
    from pathlib import Path
    from unetkd_core.runs import queue
    from unetkd_core.runs.folder import open_run
    from unetkd_core.runs.reporter import Reporter
    run, said = open_run(sys.argv[1]), Path(sys.argv[2])
    reporter = Reporter(run)
    reporter.take()
    slots = queue.wait_for_slots(run, "cpu", 1, on_wait=reporter.waiting, should_stop=lambda: False, poll=0.02)
    reporter.phase("packing", "Starting up")
    with said.open("a") as file:
        file.write(run.id + "\\n")
    time.sleep(0.1)
    reporter.end("done", "Done")
    slots.close()
"""


@pytest.mark.parametrize("public", ["1", "0"])
def test_waiting_processes_take_the_slot_in_turn(public: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNETKD_PUBLIC", public)
    monkeypatch.setenv("UNETKD_SLOTS", "1")
    names: dict[str, str] = {}
    for name, owner, pair in (("a0", A, ""), ("a0-twin", A, "a0"), ("a1", A, ""), ("a2", A, ""), ("b0", B, "")):
        config = RunConfig().with_(hardware={"device": "cpu"})
        of = next((run_id for run_id, known in names.items() if known == pair), None)
        run = folder.create(config, pair=of, notes={"owner": owner})
        names[run.id] = name
        # Far enough apart that age is no matter of luck, however slow the machine is.
        run.write_status(dataclasses.replace(run.written_status(), created=1000.0 + len(names)))
    said = tmp_path / "order.txt"
    (settings.home() / "slots").mkdir()
    with FileLock(settings.home() / "slots" / queue._slot("cpu", 0)):
        waiters = [
            subprocess.Popen([sys.executable, "-c", WAITER, run_id, str(said)], cwd=settings.PROJECT_ROOT)
            for run_id in reversed(names)
        ]
        deadline = time.monotonic() + 60
        while sum(_waits(run) for run in folder.list_runs()) < len(names):
            assert time.monotonic() < deadline and all(one.poll() is None for one in waiters)
            time.sleep(0.05)
        time.sleep(0.3)  # every waiter has looked since the last one came
    assert [one.wait(60) for one in waiters] == [0] * len(names)
    in_turn = [names[run_id] for run_id in said.read_text().split()]
    fair = ["a0", "a0-twin", "b0", "a1", "a2"]
    assert in_turn == (fair if public == "1" else ["a0", "a0-twin", "a1", "a2", "b0"])


def _waits(run: Run) -> bool:
    status = run.status()
    return status.state == "queued" and status.pid is not None
