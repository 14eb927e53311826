"""`unetkd export`: what it prints and writes, and what it refuses before it works for it."""

from pathlib import Path

import onnxruntime
import pytest

from tests.cli.conftest import Unetkd


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


def test_a_checkpoint_becomes_a_file_named_after_it_and_is_not_overwritten_unasked(
    unetkd: Unetkd, checkpoint: str
) -> None:
    made = unetkd("export", checkpoint, "--onnx")
    assert made.code == 0, made.err
    assert "small.onnx: " in made.out and "100.0 % of the classes equal" in made.out and "PyTorch" in made.out
    session = onnxruntime.InferenceSession("small.onnx", providers=["CPUExecutionProvider"])
    assert session.get_modelmeta().custom_metadata_map["title"] == "M128 alone"
    again = unetkd("export", checkpoint, "--onnx")
    assert again.code == 1 and "--replace" in again.err


def test_int8_prints_what_it_costs(unetkd: Unetkd, checkpoint: str, streets_folder: Path) -> None:
    assert unetkd("data", "add", "mine", streets_folder).code == 0
    options = ("--int8", "--calibrate", "mine:train", "--check-on", "mine:val", "-o", "q.onnx", "--json")
    made = unetkd("export", checkpoint, "--onnx", *options)
    assert made.code == 0, made.err
    said = made.json()
    assert set(said["scores"]) == {"fp32", "int8"} and set(said["seconds"]) == {"PyTorch", "fp32", "int8"}
    assert said["bytes"] == Path("q.onnx").stat().st_size and said["worst_probability"] < 1e-3


@pytest.mark.parametrize(
    ("options", "why", "code"),
    [
        ((), "say what to write", 2),
        (("--onnx", "--check-on", "streets:val"), "is for --int8", 2),
        (("--onnx", "--int8", "--calibrate", "nowhere:train"), "no dataset 'nowhere'", 1),
    ],
)
def test_what_makes_no_sense_is_refused(
    unetkd: Unetkd, checkpoint: str, options: tuple[str, ...], why: str, code: int
) -> None:
    refused = unetkd("export", checkpoint, *options)
    assert refused.code == code and why in refused.err
    assert not list(Path().iterdir())


def test_a_network_that_is_not_there_is_refused(unetkd: Unetkd, checkpoint: str) -> None:
    refused = unetkd("export", "nobody", "--onnx")
    assert refused.code == 1 and "no checkpoint named 'nobody'" in refused.err
