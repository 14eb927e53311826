"""Files that somebody else wrote: the content, an OSError or a ValueError, and nothing is waited for."""

import json
import os
import sys
from pathlib import Path

import pytest

from unetkd_core import outside


def test_a_file_comes_whole(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"α": [1, 2.5, null, true]}', encoding="utf-8")
    assert outside.read_json(tmp_path / "a.json") == {"α": [1, 2.5, None, True]}


def test_a_file_over_the_limit_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.truncate(100 * 2**30)  # a sparse file: 100 GB that take no room
    with pytest.raises(ValueError, match=r"107,374,182,400 bytes, at most 5"):
        outside.read_bytes(tmp_path / "large", 5)


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes with names and no /dev there")
def test_a_pipe_and_a_device_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zeros").symlink_to("/dev/zero")
    for name in ("pipe", "zeros", "."):
        with pytest.raises(OSError):
            outside.read_bytes(tmp_path / name, 1000)


def test_an_impossible_name_is_an_os_error(tmp_path: Path) -> None:
    for name in ("a\0b", "a" * 5000):
        with pytest.raises(OSError):
            outside.read_bytes(tmp_path / name, 1000)


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "NaN", "[1e999]", "[-Infinity]", "1" * 100, "1" * 10_000, '["\\ud800"]', '{"\\udc00": 1}',
        "[" * 100_000, "[" * 100 + "]" * 100, '{"a":' * 70 + "1" + "}" * 70,
    ],
)  # fmt: skip
def test_what_is_no_plain_data_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):
        outside.parse_json(text)


def test_what_is_plain_data_goes_through(tmp_path: Path) -> None:
    data = {"deep": json.loads("[" * 60 + "]" * 60), "large": 2**62, "small": -1e-300, "sign": "😀"}
    assert outside.parse_json(json.dumps(data)) == data
