"""`unetkd export`: what it prints and writes, and what it refuses before it works for it."""

from pathlib import Path

import onnxruntime
import pytest

from tests.cli.conftest import Unetkd
from unetkd_core.runs import folder
from unetkd_core.training.config import parse_config


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
        ((), "for --onnx, --script, --report: say which one", 2),
        (("--onnx", "--report"), "for --onnx, --report: say which one; a file has one form", 2),
        (("--int8",), "for --int8: is for --onnx; say that too", 2),
        (("--script", "--int8"), "is for --onnx", 2),
        (("--onnx", "--with-data"), "is for --script", 2),
        (("--report",), "is no run", 2),
        (("--onnx", "--check-on", "streets:val"), "is for --int8", 2),
        (("--onnx", "--int8", "--calibrate", "nowhere:train"), "no dataset 'nowhere'", 1),
        (
            ("--onnx", "-o", "nope/x.onnx"),
            "There is no folder nope to write x.onnx into; choose another with --out.",
            1,
        ),
    ],
)
def test_what_makes_no_sense_is_refused(
    unetkd: Unetkd, checkpoint: str, options: tuple[str, ...], why: str, code: int
) -> None:
    refused = unetkd("export", checkpoint, *options)
    assert refused.code == code and why in " ".join(refused.err.replace("│", "").split())
    assert not list(Path().iterdir())


def test_a_network_that_is_not_there_is_refused(unetkd: Unetkd, checkpoint: str) -> None:
    refused = unetkd("export", "nobody", "--onnx")
    assert refused.code == 1 and "no checkpoint named 'nobody'" in refused.err


def test_a_runs_page_is_written_and_not_overwritten_unasked(unetkd: Unetkd, finished_run: str) -> None:
    made = unetkd("export", f"run:{finished_run}", "--report")
    assert made.code == 0 and "opens anywhere" in made.out
    assert "mIoU" in Path(f"{finished_run}.html").read_text()
    assert unetkd("export", f"run:{finished_run}", "--report").code == 1
    assert unetkd("export", f"run:{finished_run}", "--report", "--replace", "--json").json()["bytes"] > 1000


def test_a_run_is_exported_by_its_bare_id_too(unetkd: Unetkd, finished_run: str, checkpoint: str) -> None:
    made = unetkd("export", finished_run, "--report", "--json")
    assert made.code == 0, made.err
    assert made.json()["ref"] == f"run:{finished_run}" and Path(f"{finished_run}.html").is_file()
    for form in ("--report", "--script"):
        nowhere = unetkd("export", finished_run, form, "-o", "nope/deep/x")
        assert nowhere.code == 1 and "There is no folder nope/deep to write x into" in nowhere.err
    assert not Path("nope").exists()
    refused = unetkd("export", finished_run, "--script")  # found, as a run, and then refused for what it is
    assert refused.code == 1 and f"Run {finished_run} has not begun" in refused.err
    assert "is no run" in unetkd("export", checkpoint, "--report").err


def test_a_runs_script_is_written_with_its_data(unetkd: Unetkd, streets_folder: Path) -> None:
    assert unetkd("data", "add", "mine", streets_folder).code == 0
    hardware = {"device": "cpu", "precision": "fp32", "memory_format": "contiguous", "threads": 1}
    data = {"train": ["mine:train"], "val": ["mine:val"], "height": 16, "width": 32}
    run = folder.create(parse_config({"data": data, "hardware": hardware}))
    made = unetkd("export", f"run:{run.id}", "--script", "--with-data", "-o", "train.py")
    assert made.code == 0 and made.out == "python train.py train_data\n"
    assert "HEIGHT = 16" in Path("train.py").read_text()
    assert sorted(p.name for p in Path("train_data").iterdir()) == [
        "train_images.npy", "train_labels.npy", "val_images.npy", "val_labels.npy",
    ]  # fmt: skip
    unfinished = folder.create(parse_config({"data": data}))
    refused = unetkd("export", f"run:{unfinished.id}", "--script")
    assert refused.code == 1 and "has not begun" in refused.err
