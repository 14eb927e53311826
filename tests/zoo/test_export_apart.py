"""Exporting in a process of its own: the file comes back, and so does why there is none."""

import sys
from pathlib import Path
from typing import Any

import pytest

from tests.zoo.conftest import make_info, make_model
from unetkd_core.errors import ExportError
from unetkd_core.zoo import checkpoints, export_apart, export_check


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("UNETKD_CHECKPOINTS", str(tmp_path / "kept"))
    checkpoints.save(make_model(), tmp_path / "kept" / "small", make_info())
    return "small"


def test_the_file_and_what_was_measured_come_back_from_another_process(kept: str) -> None:
    made = export_apart.make(kept)
    about = export_check.session(made.file).get_modelmeta().custom_metadata_map
    assert about["form"] == "fp32" and made.worst < 1e-3 and made.equal > 0.999
    assert made.sizes[1] == export_check.ODD_SIZE and set(made.seconds) == {"PyTorch", "fp32"} and made.scores == {}


def test_what_cannot_be_exported_is_said_as_by_the_process_itself(kept: str) -> None:
    with pytest.raises(ExportError, match="nobody"):
        export_apart.make("nobody")


@pytest.mark.parametrize(
    ("ending", "said"),
    [
        ("import os; os.kill(os.getpid(), 9)", "ended from outside, often for want of memory"),
        ("raise MemoryError('all of it')", r"failed \(MemoryError: all of it\)"),
    ],
)
def test_a_process_that_ends_without_a_word_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ending: str, said: str
) -> None:
    real, seen = export_apart.subprocess.Popen, []

    def other(command: list[str], **settings: Any) -> Any:
        code = f'print(7); print("a library talks"); print(\'{{"done": 1, "total": 2}}\', flush=True); {ending}'
        return real([sys.executable, "-c", code], **settings)

    monkeypatch.setattr(export_apart.subprocess, "Popen", other)
    with pytest.raises(ExportError, match=said):
        export_apart.make("small", progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 2)]
