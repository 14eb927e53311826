"""The limit on disk: idle answers go, oldest first; what a run uses stays; who does not fit is told why."""

import errno
import os
import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from tests.training.test_answers import BYTES, array, of
from unetkd_core import settings
from unetkd_core.errors import ConfigError
from unetkd_core.training import room

usage = namedtuple("usage", "total used free")


def limited(monkeypatch: pytest.MonkeyPatch, arrays: float) -> None:
    monkeypatch.setenv("UNETKD_TEACHERS_GB", str(arrays * BYTES / 1e9))


def test_the_one_that_was_used_longest_ago_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, third = of("1"), of("2"), of("3")
    for age, one in ((300, first), (200, second)):
        array(one)
        os.utime(one.folder / "about.json", (1e9 - age, 1e9 - age))
    array(first)  # used again: now the second is the oldest
    limited(monkeypatch, 2.5)
    array(third)
    assert [one.has("turn_000") for one in (first, second, third)] == [True, False, True]


def test_what_a_run_uses_makes_room_for_nobody_and_who_comes_later_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    limited(monkeypatch, 4)
    first, second = of("1"), of("2")
    using = room.admit({first.folder: 3 * BYTES})
    assert isinstance(using, room.Using)
    refused = room.admit({second.folder: 3 * BYTES})
    assert isinstance(refused, str) and "other runs use" in refused
    array(first)
    array(second)
    array(second, "turn_001")
    array(second, "turn_002")
    assert first.has("turn_000"), "over the limit or not: it is in use"
    assert isinstance(room.admit({first.folder: 3 * BYTES}), room.Using), "the same folder is shared"
    using.close()


def test_what_a_dead_run_wanted_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    limited(monkeypatch, 4)
    one = of("1")
    code = (
        "import sys; from pathlib import Path; from unetkd_core.training import room\n"
        f"u = room.admit({{Path({str(one.folder)!r}): {3 * BYTES}}}); print('held', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "held\n"
    assert "other runs use" in room.too_large({of("2").folder: 3 * BYTES})
    process.kill()
    process.wait()
    assert room.too_large({of("2").folder: 3 * BYTES}) == ""


def test_too_large_says_why(monkeypatch: pytest.MonkeyPatch, unetkd_home: Path) -> None:
    folder = of().folder
    assert room.too_large({folder: 10**6}) == ""
    monkeypatch.setenv("UNETKD_TEACHERS_GB", "2.5")
    assert room.too_large({folder: 3 * 10**9}) == "its answers would take 3.0 GB, and UNETKD_TEACHERS_GB allows 2.5"
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(9, 8, 10**9 + 10**6))
    assert room.too_large({folder: 10**6}) == ""
    assert "the disk has no room" in room.too_large({folder: 2 * 10**6})
    monkeypatch.setenv("UNETKD_TEACHERS_GB", "0")
    assert room.too_large({folder: 1}) != ""
    monkeypatch.setenv("UNETKD_TEACHERS_GB", "lots")
    with pytest.raises(ConfigError, match="UNETKD_TEACHERS_GB is 'lots'"):
        settings.teachers_limit_bytes()


def test_where_not_even_everything_is_enough_nothing_is_removed_and_the_need_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    old = of("old")
    array(old)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(9, 9, 10))
    with pytest.raises(OSError) as caught:
        array(of("new"))
    assert caught.value.errno == errno.ENOSPC and caught.value.need > room.SPARE_BYTES  # type: ignore[attr-defined]
    assert old.has("turn_000") and not of("new").has("turn_000")


def test_what_is_no_answers_folder_is_left_out() -> None:
    array(of())
    (settings.teachers_dir() / "odd").mkdir()
    (settings.teachers_dir() / "broken").mkdir()
    (settings.teachers_dir() / "broken" / "about.json").write_text("{")
    shutil.copytree(of().folder, settings.teachers_dir() / ".gone-x")
    assert len(room.stored()) == 1
