"""So many work at once, so many wait in order, and whoever comes then is told at once."""

import threading
import time

import pytest

from unetkd_core.errors import BusyError
from unetkd_core.inference.gate import Gate


def wait_for(gate: Gate, behind: int) -> None:
    deadline = time.monotonic() + 10
    while gate.behind != behind:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_all_come_in_order_and_never_two_at_once() -> None:
    gate, order, inside = Gate("read", at_once=1, waiting=8, seconds=10), list[int](), list[int]()

    def work(number: int) -> None:
        with gate.turn():
            inside.append(number)
            assert len(inside) == 1
            order.append(number)
            time.sleep(0.005)
            inside.remove(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(5)]
    with gate.turn():
        for number, thread in enumerate(threads):
            thread.start()
            wait_for(gate, number + 1)
    for thread in threads:
        thread.join(10)
    assert order == [0, 1, 2, 3, 4] and gate.behind == 0


def test_a_full_queue_is_said_at_once_and_what_waits_goes_on() -> None:
    gate, done = Gate("read", at_once=1, waiting=1, seconds=10), threading.Event()

    def work() -> None:
        with gate.turn():
            done.set()

    thread = threading.Thread(target=work)
    with gate.turn():
        thread.start()
        wait_for(gate, 1)
        with pytest.raises(BusyError, match="1 other pictures wait to be read here"), gate.turn():
            pass
        assert not done.is_set()
    thread.join(10)
    assert done.is_set()


def test_nobody_waits_for_ever_and_a_failure_gives_the_turn_back() -> None:
    gate = Gate("opened", at_once=1, waiting=4, seconds=0.01)
    with gate.turn(), pytest.raises(BusyError, match="Try again in a few seconds"), gate.turn():
        pass
    with pytest.raises(ZeroDivisionError), gate.turn():
        raise ZeroDivisionError
    with gate.turn():
        assert gate.behind == 0
