"""Answers on disk: whole or not there, built once by whoever comes first, within a limit, the oldest going first."""

import errno
import os
import shutil
import threading
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from unetkd_core import settings
from unetkd_core.errors import ConfigError
from unetkd_core.training import answers
from unetkd_core.training.answers import Answers

SHAPE = (4, 6, 2, 3)
BYTES = 4 * 6 * 2 * 3 * 2


def of(sha256: str = "a" * 64, **changes: object) -> Answers:
    given = {"data": ["pack"], "views": [[False, 0.0, 0.0, 1.0]], "size": (2, 3), "how": "cpu fp32"} | changes
    return answers.answers(sha256, "A teacher", **given)  # type: ignore[arg-type]


def blocks(value: float = 1.0) -> Iterator[np.ndarray]:
    for first in (0, 2):
        yield np.full((2, *SHAPE[1:]), value + first, np.float16)


def ensure(one: Answers, name: str = "turn_000", value: float = 1.0) -> None:
    one.ensure(name, SHAPE, np.float16, lambda: blocks(value), lambda: None)


def test_an_array_reads_back_as_it_was_written_and_is_built_once() -> None:
    one = of()
    assert not one.has("turn_000")
    ensure(one)
    ensure(one, value=99.0)
    array = one.open("turn_000")
    assert array.shape == SHAPE and array.dtype == np.float16
    assert array[:2].max() == 1 and array[2:].min() == 3
    (stored,) = answers.stored()
    assert (stored.title, stored.arrays) == ("A teacher", 1) and stored.bytes > BYTES


@pytest.mark.parametrize(
    "changes", [{"data": ["other"]}, {"views": [[True, 0.0, 0.0, 1.0]]}, {"size": (3, 2)}, {"how": "cpu bf16"}]
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
        one.ensure("turn_000", SHAPE, np.float16, breaks, lambda: None)
    (one.folder / ".turn_000.part").write_bytes(b"a killed builder's")
    assert not one.has("turn_000")
    ensure(one)
    assert one.open("turn_000").shape == SHAPE and [p.name for p in one.folder.glob(".*.part")] == []


def test_two_at_once_build_it_once_and_the_one_that_waits_says_so() -> None:
    one, building, waited = of(), threading.Event(), threading.Event()
    built = []

    def slow() -> Iterator[np.ndarray]:
        built.append(1)
        building.set()
        assert waited.wait(10)
        yield from blocks()

    def ask() -> None:
        of().ensure("turn_000", SHAPE, np.float16, slow, waited.set)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert built == [1] and one.has("turn_000")


def test_a_wish_to_stop_is_heard_while_another_builds() -> None:
    from filelock import FileLock

    one = of()
    one.folder.mkdir(parents=True)

    class Stopped(Exception):
        pass

    def stop() -> None:
        raise Stopped

    with FileLock(one.folder / ".lock"), pytest.raises(Stopped):
        one.ensure("turn_000", SHAPE, np.float16, blocks, stop)


def test_the_one_that_was_used_longest_ago_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, third = of("1"), of("2"), of("3")
    for age, one in ((300, first), (200, second)):
        ensure(one)
        os.utime(one.folder / "about.json", (1e9 - age, 1e9 - age))
    first.open("turn_000")  # used again: now the second is the oldest
    monkeypatch.setenv("UNETKD_TEACHERS_GB", str(2.5 * (BYTES + 128) / 1e9))
    ensure(third)
    assert [one.has("turn_000") for one in (first, second, third)] == [True, False, True]


def test_a_map_that_is_open_stays_readable_when_its_folder_goes() -> None:
    one = of()
    ensure(one)
    array = one.open("turn_000")
    answers.remove(one.folder)
    assert array[2:].min() == 3 and answers.stored() == []


def test_too_large_says_why(monkeypatch: pytest.MonkeyPatch, unetkd_home: Path) -> None:
    assert answers.too_large(10**6) == ""
    monkeypatch.setenv("UNETKD_TEACHERS_GB", "2.5")
    assert answers.too_large(3 * 10**9) == "they would take 3.0 GB, and UNETKD_TEACHERS_GB allows 2.5"
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(9, 8, 10**9 + 10**6))
    assert answers.too_large(10**6) == ""
    assert "the disk has no room" in answers.too_large(2 * 10**6)
    monkeypatch.setenv("UNETKD_TEACHERS_GB", "0")
    assert answers.too_large(1) != ""
    monkeypatch.setenv("UNETKD_TEACHERS_GB", "lots")
    with pytest.raises(ConfigError, match="UNETKD_TEACHERS_GB is 'lots'"):
        settings.teachers_limit_bytes()


def test_a_full_disk_is_told_before_anything_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(9, 9, 10))
    with pytest.raises(OSError) as caught:
        ensure(of())
    assert caught.value.errno == errno.ENOSPC and not of().has("turn_000")


def test_what_is_no_answers_folder_is_left_out() -> None:
    ensure(of())
    (settings.teachers_dir() / "odd").mkdir()
    (settings.teachers_dir() / "broken").mkdir()
    (settings.teachers_dir() / "broken" / "about.json").write_text("{")
    assert len(answers.stored()) == 1
