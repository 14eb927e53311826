"""Answers on disk: whole or not there, built once by whoever comes first, and never torn by who removes them."""

import threading
from collections.abc import Iterator

import numpy as np
import pytest
from filelock import FileLock

from unetkd_core.training import answers, room
from unetkd_core.training.answers import Answers

SHAPE = (4, 6, 2, 3)
BYTES = 4 * 6 * 2 * 3 * 2 + 128


def of(sha256: str = "a" * 64, **changes: object) -> Answers:
    given = {
        "data": ["pack"],
        "views": [[False, 0.0, 0.0, 1.0]],
        "size": (2, 3),
        "how": "cpu fp32 contiguous",
    } | changes
    return answers.answers(sha256, "A teacher", **given)  # type: ignore[arg-type]


def blocks(value: float = 1.0) -> Iterator[np.ndarray]:
    for first in (0, 2):
        yield np.full((2, *SHAPE[1:]), value + first, np.float16)


def array(one: Answers, name: str = "turn_000", value: float = 1.0) -> np.ndarray:
    return one.array(name, SHAPE, np.float16, lambda: blocks(value), lambda: None)


def test_an_array_reads_back_as_it_was_written_and_is_built_once() -> None:
    one = of()
    assert not one.has("turn_000")
    array(one)
    again = array(one, value=99.0)
    assert again.shape == SHAPE and again.dtype == np.float16
    assert again[:2].max() == 1 and again[2:].min() == 3
    (stored,) = room.stored()
    assert (stored.title, stored.arrays, stored.bytes) == ("A teacher", 1, BYTES)


@pytest.mark.parametrize(
    "changes",
    [{"data": ["other"]}, {"views": [[True, 0.0, 0.0, 1.0]]}, {"size": (3, 2)}, {"how": "cpu bf16 contiguous"}],
)
def test_whatever_an_answer_depends_on_is_in_the_key(changes: dict[str, object]) -> None:
    assert of(**changes).folder != of().folder == of().folder
    assert of("b" * 64).folder != of().folder


def test_what_ends_in_the_middle_leaves_nothing_and_the_next_one_builds() -> None:
    one = of()

    def breaks() -> Iterator[np.ndarray]:
        yield np.zeros((2, *SHAPE[1:]), np.float16)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        one.array("turn_000", SHAPE, np.float16, breaks, lambda: None)
    (one.folder / ".turn_000.1.part").write_bytes(b"a killed builder's")
    assert not one.has("turn_000")
    array(one)
    assert list(one.folder.glob(".*.part")) == []


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY half", b"nonsense"])
def test_a_damaged_array_is_asked_for_again(content: bytes) -> None:
    one = of()
    array(one)
    (one.folder / "turn_000.npy").write_bytes(content)
    assert array(one)[2:].min() == 3


def test_two_at_once_build_it_once_and_the_one_that_waits_says_so() -> None:
    building, waited = threading.Event(), threading.Event()
    built, found = [], []

    def slow() -> Iterator[np.ndarray]:
        built.append(1)
        building.set()
        assert waited.wait(10)
        yield from blocks()

    def ask() -> None:
        found.append(of().array("turn_000", SHAPE, np.float16, slow, waited.set)[2:].min())

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert built == [1] and found == [3, 3]


def test_a_wish_to_stop_is_heard_while_another_builds() -> None:
    one = of()
    one.folder.parent.mkdir(parents=True)

    class Stopped(Exception):
        pass

    def stop() -> None:
        raise Stopped

    with FileLock(one.folder.with_name(f".{one.folder.name}.lock")), pytest.raises(Stopped):
        one.array("turn_000", SHAPE, np.float16, blocks, stop)


def test_two_arrays_of_one_network_are_built_side_by_side() -> None:
    both = threading.Barrier(2)

    def together() -> Iterator[np.ndarray]:
        both.wait(10)  # broken where one has to wait until the other is done
        yield from blocks()

    found: dict[str, float] = {}

    def ask(name: str) -> None:
        found[name] = of().array(name, SHAPE, np.float16, together, lambda: None)[2:].min()

    threads = [threading.Thread(target=ask, args=(name,)) for name in ("turn_000", "turn_001")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert found == {"turn_000": 3, "turn_001": 3}
    assert room.remove(of().folder) == 2 * BYTES, "and nobody holds it any more"


def test_ahead_is_built_what_is_missing_and_nobody_is_at() -> None:
    one = of()

    def ahead(name: str) -> bool:
        return one.ahead(name, SHAPE, np.float16, blocks)

    assert ahead("turn_001") and one.has("turn_001")
    assert not ahead("turn_001"), "it is there"
    with room.writing(one.folder, "turn_002", lambda: None):
        assert not ahead("turn_002"), "another is at it"
        assert ahead("turn_003")
    assert ahead("turn_002")


def test_nobody_removes_a_folder_while_somebody_writes_into_it() -> None:
    one = of()

    def cleared_in_the_middle() -> Iterator[np.ndarray]:
        yield np.full((2, *SHAPE[1:]), 1, np.float16)
        assert room.remove(one.folder) == 0
        yield np.full((2, *SHAPE[1:]), 3, np.float16)

    assert one.array("turn_000", SHAPE, np.float16, cleared_in_the_middle, lambda: None)[2:].min() == 3


def test_a_map_that_is_open_stays_readable_when_its_folder_goes() -> None:
    one = of()
    kept = array(one)
    assert room.remove(one.folder) == BYTES
    assert kept[2:].min() == 3 and room.stored() == []
    assert array(one, value=5.0)[2:].min() == 7, "asked again"
