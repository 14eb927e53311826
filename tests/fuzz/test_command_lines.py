"""Command lines from anybody: a result, one sentence and 1, or a usage error and 2; never a traceback."""

import io
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.cases import cases, one_sentence, texts
from tests.fuzz.test_checkpoints import folder
from unetkd_core.cli import main
from unetkd_core.runs import jobs, sweeps

COMMANDS: Final = (
    ("data", "info"), ("data", "add", "NAME", "PATH"), ("data", "forget", "NAME"), ("data", "pack", "REF"),
    ("runs", "list"), ("runs", "show", "ID"), ("runs", "log", "ID"), ("runs", "stop", "ID"), ("runs", "resume", "ID"),
    ("runs", "delete", "ID", "--yes"), ("runs", "prune"), ("sweep", "list"), ("sweep", "show", "ID"),
    ("sweep", "stop", "ID"), ("sweep", "resume", "ID", "--detach"), ("sweep", "delete", "ID", "--yes"),
    ("cache", "list"), ("train", "--detach", "--config", "PATH"),
    ("train", "--detach", "--train", "REF", "--val", "REF"),
    ("train", "--detach", "--size", "TEXT"), ("train", "--detach", "--lr", "TEXT"),
    ("distill", "--detach", "--teacher", "REF"),
    ("distill", "--detach", "--teacher", "REF", "--teacher", "REF", "--weights", "TEXT"),
    ("distill", "--detach", "--teacher", "REF", "--term", "TEXT"),
    ("distill", "--detach", "--teacher", "REF", "--method", "TEXT"),
    ("evaluate", "REF", "REF"), ("evaluate", "REF", "--data", "REF"), ("predict", "REF", "PATH", "-o", "."),
    ("keep", "ID", "NAME"), ("pull", "REF"), ("push", "REF", "REF"), ("export", "REF", "--onnx", "-o", "/dev/null/x"),
    ("export", "REF", "--script"), ("export", "REF", "--report", "-o", "/dev/null/x"), ("ensemble", "evaluate", "PATH"),
    ("ensemble", "search", "REF", "REF", "--data", "REF"), ("TEXT",), ("runs", "TEXT"), ("--version",),
    ("TEXT", "TEXT"),
)  # fmt: skip
"""Every command that answers without training, with what somebody types for its arguments."""
argument: Final = st.one_of(
    texts, st.sampled_from(("a", "b", "run:x", "hf:a/b", "camvid:val", "x.json", "/dev/null", "."))
)


@pytest.fixture(autouse=True)
def nothing_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker, nothing but an empty folder to write to, and one small network to be asked for."""
    monkeypatch.setenv("UNETKD_CHECKPOINTS", str(tmp_path / "checkpoints"))
    for name in ("UNETKD_CAMVID", "UNETKD_CITYSCAPES"):
        monkeypatch.delenv(name, raising=False)
    folder("a")
    for module in (jobs, sweeps):
        monkeypatch.setattr(module, "_launch", lambda made: None)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("HOME", str(tmp_path / "here"))
    monkeypatch.setattr(sys, "stdin", io.StringIO())


def typed(line: list[str]) -> tuple[int, str, str]:
    """(exit code, stdout, stderr) of `unetkd LINE`. What no argument can hold is left out."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    words = [word.replace("\0", "").encode("utf-8", "ignore").decode() for word in line]
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main.main(words)
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
    return code, out.getvalue(), err.getvalue()


@cases("command lines")
@given(command=st.sampled_from(COMMANDS), more=st.data())
def test_any_command_line_gives_a_result_or_a_sentence(command: tuple[str, ...], more: st.DataObject) -> None:
    line = [more.draw(argument) if word.isupper() else word for word in command]
    code, _, err = typed(line)
    assert code in (0, 1, 2) and "Traceback" not in err
    refused = [said for said in err.splitlines() if said.startswith("unetkd: ")]
    for said in refused:
        one_sentence(said.removeprefix("unetkd: "))
    assert code != 1 or refused or "Aborted" in err, err


def test_nothing_is_written_outside_the_folder_that_was_named(tmp_path: Path) -> None:
    before = sorted(os.listdir(tmp_path))
    for name in ("../up", "/etc/up", "a/../../up", "..", ".", "~", "a\\b"):
        assert typed(["keep", "x", name])[0] == 1
        assert typed(["data", "add", name, "."])[0] == 1
    assert sorted(os.listdir(tmp_path)) == before and not Path("/etc/up").exists()
