"""The queue goes by age on each device, holds as many as it has slots, and is blocked by nobody who died."""

import dataclasses
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from unetkd_core.runs import folder, process, queue, rank_processes, worker
from unetkd_core.runs.folder import Run
from unetkd_core.runs.reporter import Reporter
from unetkd_core.training.config import RunConfig


@pytest.fixture(autouse=True)
def _two_slots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNETKD_SLOTS", "2")


def waiting(age: float, device: str = "cpu", **changes: object) -> Run:
    """A queued run for `device` whose worker is this process, created `age` seconds ago."""
    run = folder.create(RunConfig().with_(hardware={"device": device}))
    me, before = process.this_process(), run.written_status()
    told = dataclasses.replace(
        before,
        created=before.created - age,
        host=me.host,
        boot_id=me.boot_id,
        pid=me.pid,
        process_start=me.start,
    )
    run.write_status(dataclasses.replace(told, **changes))  # type: ignore[arg-type]
    return run


def after(looks: int) -> Callable[[], bool]:
    """Patience for so many looks."""
    count = iter(range(looks))
    return lambda: next(count, None) is None


def wait(run: Run, wanted: int = 1, looks: int = 3, device: str = "cpu") -> ExitStack | None:
    return queue.wait_for_slots(run, device, wanted, on_wait=lambda before: None, should_stop=after(looks), poll=0.001)


def begin(run: Run) -> None:
    run.write_status(dataclasses.replace(run.written_status(), state="running"))


def test_the_older_run_goes_first() -> None:
    old, young = waiting(10), waiting(5)
    assert wait(young) is None
    slots = wait(old)
    assert slots is not None
    begin(old)
    with slots:
        assert wait(young) is not None


def test_there_are_no_more_runs_at_once_than_slots() -> None:
    runs = [waiting(30), waiting(20), waiting(10)]
    held = []
    for run in runs[:2]:
        held.append(wait(run))
        begin(run)
    assert all(held) and wait(runs[2]) is None
    assert held[0] is not None
    held[0].close()
    assert wait(runs[2]) is not None


def test_a_run_that_needs_every_slot_waits_for_them_and_is_not_overtaken() -> None:
    small, large, late = waiting(30), waiting(20), waiting(10)
    first = wait(small)
    assert first is not None
    begin(small)
    assert wait(large, wanted=2) is None
    assert wait(late) is None, "one slot is free, but an older run waits for it"
    first.close()
    assert wait(large, wanted=2) is not None


def test_a_run_that_holds_a_part_of_its_slots_lets_go_of_them_for_an_older_one_that_comes_back() -> None:
    small, large = waiting(30), waiting(20)
    first = wait(small)
    assert first is not None
    begin(small)
    old = waiting(100, state="stopped")
    taken: list[bool] = []

    def resumed(before: int) -> None:
        """`large` holds one slot by now; `small` ends, and an older run that wants both is resumed."""
        first.close()
        old.write_status(dataclasses.replace(old.written_status(), state="queued"))
        if before:
            slots = wait(old, wanted=2)
            taken.append(slots is not None)

    assert queue.wait_for_slots(large, "cpu", 2, on_wait=resumed, should_stop=after(2), poll=0.001) is None
    assert taken == [True]


def test_a_queued_run_whose_process_died_blocks_nobody() -> None:
    waiting(100, process_start="1")
    young = waiting(5)
    assert queue.runs_before(young, "cpu") == 0 and wait(young) is not None


def test_slots_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unetkd_core.settings.cores", lambda: 8)
    assert queue.slots_wanted("cpu", None, shares=True) == 1
    assert queue.slots_wanted("cpu", None, shares=False) == 2
    assert queue.slots_wanted("cpu", 4, shares=False) == 1
    assert queue.slots_wanted("cpu", 5, shares=True) == 2
    assert queue.slots_wanted("cpu", 64, shares=True) == 2


def test_devices_have_slots_and_queues_of_their_own() -> None:
    card, second, cpu = waiting(30, "cuda:0"), waiting(20, "cuda"), waiting(10)
    assert wait(cpu) is not None, "older runs wait, but for another device"
    begin(cpu)
    held = wait(card, device="cuda:0")
    assert held is not None
    begin(card)
    assert wait(second, device="cuda:0") is None, "cuda and cuda:0 are one device, with one slot"
    assert wait(waiting(5, "cuda:1"), device="cuda:1") is not None
    held.close()
    assert wait(second, device="cuda:0") is not None


def test_a_run_alone_on_an_accelerator_takes_all_its_slots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNETKD_SLOTS", "cpu=2,cuda:0=3")
    assert queue.slots_wanted("cuda:0", 1, shares=False) == 3, "threads are the CPU's measure"
    assert queue.slots_wanted("cuda:0", None, shares=True) == 1
    assert queue.slots_wanted("mps", None, shares=False) == 1


def test_a_device_is_known_without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "_at_hand", lambda: "cuda")
    monkeypatch.setenv("UNETKD_DEVICE", "auto")
    assert queue.device_of("auto") == queue.device_of("cuda") == "cuda:0"
    assert queue.device_of("cuda:1") == "cuda:1"
    monkeypatch.setenv("UNETKD_DEVICE", "cpu")
    assert queue.device_of("auto") == "cpu"


def test_a_hidden_accelerator_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setattr("sys.platform", "linux")
    assert queue._at_hand.__wrapped__() == "cpu"


def test_a_run_of_several_processes_takes_a_slot_of_every_gpu() -> None:
    assert queue.devices_of("cpu", 2) == ["cpu"]
    assert queue.devices_of("cuda:1", 1) == ["cuda:1"]
    assert queue.devices_of("cuda", 2) == ["cuda:0", "cuda:1"]


def several(age: float, **changes: object) -> Run:
    """A run of two processes, on two GPUs."""
    run = waiting(age, "cuda", **changes)
    run.add_to_meta(rank_processes.PROCESSES, 2)
    return run


def test_a_run_of_several_processes_is_overtaken_on_none_of_its_gpus() -> None:
    several(30)
    assert [queue.runs_before(waiting(10, device), device) for device in ("cuda:0", "cuda:1", "cuda:2")] == [1, 1, 0]


@pytest.mark.parametrize("count", ["2", 10**12], ids=["text", "huge"])
def test_a_number_of_processes_that_makes_no_sense_blocks_nobody_elsewhere(count: object) -> None:
    waiting(30, "cuda").add_to_meta(rank_processes.PROCESSES, count)
    assert queue.runs_before(waiting(10), "cpu") == 0


def test_a_run_that_holds_one_of_two_gpus_lets_go_of_it_for_an_older_one_that_wants_both() -> None:
    """Else each would wait for ever: one for the GPU that is held, the other for the older one's turn."""
    busy, young, old = waiting(50, "cuda:1"), several(30), several(100, state="stopped")
    taken = wait(busy, device="cuda:1")
    assert taken is not None
    second: ExitStack = taken
    begin(busy)
    looks = iter(range(20))
    had: list[ExitStack | None] = []

    class Impatient(Reporter):
        def should_stop(self) -> bool:
            return next(looks, None) is None

    class Told(Reporter):
        def waiting(self, before: int) -> None:
            if before == 0 and not had:  # it holds cuda:0, and cuda:1 is taken
                old.write_status(dataclasses.replace(old.written_status(), state="queued"))
                second.close()
            elif before:
                had.append(worker._wait_for_slots(old, Impatient(old)))

        def should_stop(self) -> bool:
            return next(looks, None) is None or bool(had)

    assert worker._wait_for_slots(young, Told(young)) is None
    assert had and had[0] is not None
