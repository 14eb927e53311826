"""A folder is replaced so that neither a kill nor a power cut leaves less than a whole one."""

import errno
import os
import re
import shutil
from pathlib import Path

import pytest

from unetkd_core.zoo import folders


def test_the_new_folder_is_on_the_disk_before_the_old_one_goes_for_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders.replace(tmp_path / "best", {"file": b"one"})
    done: list[str] = []
    really_sync, really_remove = folders.sync, shutil.rmtree

    def sync(folder: Path) -> None:
        done.append("sync parent" if folder == tmp_path else "sync new")
        really_sync(folder)

    def remove(path: Path, **how: bool) -> None:
        if path.exists():
            done.append(f"remove {(path / 'file').read_bytes().decode()}")
        really_remove(path, **how)

    monkeypatch.setattr(folders, "sync", sync)
    monkeypatch.setattr(shutil, "rmtree", remove)
    folders.replace(tmp_path / "best", {"file": b"two"})
    assert done == ["sync new", "sync parent", "remove one"]
    assert (tmp_path / "best" / "file").read_bytes() == b"two"


def test_a_file_system_that_cannot_flush_a_folder_is_left_alone_and_a_failing_disk_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(number: int) -> None:
        def fsync(handle: int) -> None:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(os, "fsync", fsync)

    failing(errno.EINVAL)
    folders.sync(tmp_path)
    failing(errno.EIO)
    with pytest.raises(OSError, match="Input/output"):
        folders.sync(tmp_path)


def test_a_folder_that_is_deleted_is_gone_as_a_whole(tmp_path: Path) -> None:
    folders.replace(tmp_path / "best", {"file": b"one"})
    folders.delete(tmp_path / "best")
    assert list(tmp_path.iterdir()) == [] and not folders.exists(tmp_path / "best")


def test_what_a_killed_writer_left_counts_and_can_be_deleted(tmp_path: Path) -> None:
    folders.replace(tmp_path / "best", {"file": b"one"})
    os.rename(tmp_path / "best", tmp_path / ".best.previous")
    assert folders.exists(tmp_path / "best"), "a name that readers still find is taken"
    folders.delete(tmp_path / "best")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_deleted_stays_and_leaves_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders.replace(tmp_path / "best", {"file": b"one"})

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "no")

    monkeypatch.setattr(os, "rename", refuse)
    with pytest.raises(PermissionError):
        folders.delete(tmp_path / "best")
    assert [path.name for path in tmp_path.iterdir()] == ["best"]


def test_a_name_that_ends_as_what_stands_aside_does_is_a_name(tmp_path: Path) -> None:
    for name in ("m128.previous", ".m256.previous"):
        (tmp_path / name).mkdir()
    assert folders.names(tmp_path, re.compile(r"\w[\w.]*")) == ["m128.previous", "m256"]
