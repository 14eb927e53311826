"""A run as a plain script: it trains to what the run trained to, needs torch and numpy alone, and refuses the rest."""

import ast
import json
import re
import runpy
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from tests.runs.real_runs import trained_here
from unetkd_core.errors import ExportError, UnetKDError
from unetkd_core.models.names import arch_of
from unetkd_core.models.registry import build
from unetkd_core.runs import folder, script
from unetkd_core.runs.folder import Run
from unetkd_core.training.config import RunConfig
from unetkd_core.zoo.checkpoints import CheckpointInfo, load, save

STANDARD = {"argparse", "hashlib", "json", "math", "pathlib"}
SHORT = {"epochs": 3, "batch_size": 3}


@pytest.fixture
def teacher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The checkpoint `sage`, a U4 with batch normalisation."""
    monkeypatch.setenv("UNETKD_CHECKPOINTS", str(tmp_path / "checkpoints"))
    torch.manual_seed(3)
    arch = arch_of("U4")
    info = CheckpointInfo(
        name="sage", title="Sage", role="teacher", arch=arch, mapping=["classes"], height=16, width=32, data=["x"],
        licence="MIT",
    )  # fmt: skip
    save(build(arch), tmp_path / "checkpoints" / "sage", info)
    return tmp_path / "checkpoints" / "sage"


@pytest.fixture(autouse=True)
def _gaps(tiny_config: RunConfig, tmp_path: Path) -> None:
    """One scene without a label, and one with pixels that no loss may see."""
    masks = tmp_path / "tiny" / "train" / "masks"
    Image.fromarray(np.full((16, 32), 254, np.uint8)).save(masks / "03.png")
    gap = np.array(Image.open(masks / "05.png"))
    gap[:, 7:19] = 255
    Image.fromarray(gap).save(masks / "05.png")


def replayed(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *options: object
) -> tuple[list[dict[str, Any]], dict[str, np.ndarray]]:
    """What the run's script measures after each epoch, and its best weights. In this process: another costs seconds."""
    from safetensors.numpy import load_file

    script.write_data(run.config, tmp_path / "data")
    text = script.script(run)
    assert "@@" not in text and modules_of(text) <= STANDARD | {"numpy", "torch"}
    (tmp_path / "train.py").write_text(text)
    monkeypatch.setattr(
        sys, "argv", ["train.py", str(tmp_path / "data"), *map(str, options), "--out", str(tmp_path / "out")]
    )
    threads = torch.get_num_threads()
    try:
        runpy.run_path(str(tmp_path / "train.py"), run_name="__main__")
    finally:
        torch.set_flush_denormal(False)
        torch.set_num_threads(threads)
    lines = [json.loads(line) for line in (tmp_path / "out" / "metrics.jsonl").read_text().splitlines()]
    return lines, load_file(tmp_path / "out" / "best.safetensors")


def modules_of(text: str) -> set[str]:
    tree = list(ast.walk(ast.parse(text)))
    whole = {alias.name.split(".")[0] for node in tree if isinstance(node, ast.Import) for alias in node.names}
    return whole | {str(node.module).split(".")[0] for node in tree if isinstance(node, ast.ImportFrom)}


def assert_alike(run: Run, lines: list[dict[str, Any]], weights: dict[str, np.ndarray], tolerance: float) -> None:
    """The run's metrics, epoch by epoch, and its best weights."""
    assert len(lines) == len(run.metrics()) == run.config.optim.epochs
    for ours, theirs in zip(run.metrics(), lines, strict=True):
        for name in ("loss_ce", "loss_kd"):
            if ours[name] is not None:
                assert theirs[name] == pytest.approx(ours[name], rel=tolerance)
        # A mean of six numbers may be added up in another order.
        assert theirs["val"]["miou"] == pytest.approx(ours["val"]["miou"], abs=max(1e-12, 10 * tolerance))
        assert theirs["val"]["loss_ce"] == pytest.approx(ours["val"]["loss_ce"], rel=max(1e-12, 10 * tolerance))
    best = {k: v.numpy() for k, v in load(run.run_dir / "best")[0].state_dict().items()}
    assert best.keys() == weights.keys()
    worst = max(float(np.abs(best[name] - weights[name]).max()) for name in best)
    assert worst <= tolerance, worst


@pytest.mark.parametrize(("precision", "batch_size"), [("fp32", 1), ("bf16", 3)])
def test_a_run_on_labels_comes_out_again_to_the_bit_and_the_script_says_so(
    tiny_config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, precision: str, batch_size: int
) -> None:
    optim = {**SHORT, "batch_size": batch_size}
    run = trained_here(tiny_config.with_(model={"name": "U2"}, optim=optim, hardware={"precision": precision}))
    lines, weights = replayed(run, tmp_path, monkeypatch)
    assert_alike(run, lines, weights, 0.0)
    head = " ".join(script.script(run).split('"""')[1].split())
    assert f"on cpu in {precision}, with 1 thread. With the same PyTorch on the same type of CPU its weights" in head
    assert "bit for bit" in head and "rounding" not in head
    run.add_to_meta("processes", 2)  # their gradients are added up in another order
    assert "bit for bit" not in script.script(run)


def test_the_papers_recipe_without_normalisation_and_by_chance_comes_out_too(
    tiny_config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    optim = {
        **SHORT, "optimizer": "adam", "schedule": "constant", "clip_norm": None, "class_weights": "none",
        "weight_decay": 0.0, "learning_rate": 1e-3,
    }  # fmt: skip
    augment = {"draw": "chance", "jitter": 0.0, "flip": False}
    run = trained_here(tiny_config.with_(model={"name": "U2", "norm": "none"}, optim=optim, augment=augment))
    lines, weights = replayed(run, tmp_path, monkeypatch)
    assert_alike(run, lines, weights, 0.0)


@pytest.mark.parametrize(
    "teaching",
    [
        {"alpha": 0.3, "temperature": 4.0, "scale_by_t2": True},
        {"alpha": 0.1, "temperature": 10.0, "direction": "reverse", "weight_soft_by_class": False, "cache": False},
    ],
    ids=["forward, kept", "reverse, live"],
)
def test_a_taught_run_comes_out_but_for_rounding(
    tiny_config: RunConfig,
    teacher: Path,
    tmp_path: Path,
    teaching: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = tiny_config.with_(
        model={"name": "U2"}, optim=SHORT, augment={"turns": 2}, teaching={"teacher": "sage", **teaching}
    )
    run = trained_here(config)
    lines, weights = replayed(run, tmp_path, monkeypatch, "--teacher", teacher)
    assert_alike(run, lines, weights, 2e-4)
    assert "loss_kd" in lines[0]
    head = script.script(run).split('"""')[1]
    assert "but for\nrounding, which grows" in head and "bit for bit" not in head


def test_a_script_says_in_a_sentence_what_is_missing_and_leaves_nothing_behind(
    tiny_config: RunConfig, teacher: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hardware = {"precision": "fp32", "memory_format": "contiguous", "threads": 1}
    run = folder.create(tiny_config.with_(model={"name": "U2"}, teaching={"teacher": "sage"}, hardware=hardware))
    (tmp_path / "train.py").write_text(script.script(run))
    script.write_data(run.config, tmp_path / "data")
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "train_images.npy").write_bytes(b"")
    (tmp_path / "file").write_text("mine")
    before = sorted(path.name for path in tmp_path.iterdir())
    for data, taught_by, out, why in (
        ("nothere", teacher, "new", "train_images.npy cannot be read (No such file or directory); "),
        ("half", teacher, "new", "train_images.npy cannot be read (No data left in file); "),
        ("data", tmp_path, "new", "model.safetensors cannot be read (No such file or directory); "),
        ("data", teacher, "file", "file cannot be written into (File exists); "),
    ):
        typed = [tmp_path / data, "--teacher", taught_by, "--out", tmp_path / out]
        monkeypatch.setattr(sys, "argv", ["train.py", *map(str, typed)])
        threads = torch.get_num_threads()
        try:
            with pytest.raises(SystemExit, match=re.escape(why)) as ended:
                runpy.run_path(str(tmp_path / "train.py"), run_name="__main__")
        finally:
            torch.set_flush_denormal(False)
            torch.set_num_threads(threads)
        assert "\n" not in str(ended.value)
        assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert (tmp_path / "file").read_text() == "mine"


def test_another_teacher_is_refused_by_the_script_and_by_the_export(
    tiny_config: RunConfig, teacher: Path, tmp_path: Path
) -> None:
    run = folder.create(tiny_config.with_(model={"name": "U2"}, teaching={"teacher": "sage"}))
    run.add_to_meta("teacher", {"sha256": "0" * 64})
    with pytest.raises(ExportError, match="not the network that taught"):
        script.script(run)


def test_a_teacher_that_is_gone_is_said(tiny_config: RunConfig, teacher: Path) -> None:
    run = folder.create(tiny_config.with_(model={"name": "U2"}, teaching={"teacher": "nobody"}))
    with pytest.raises(UnetKDError, match="no checkpoint named 'nobody'"):
        script.script(run)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"model": {"name": "MobileNetV2"}}, "a U-Net on an encoder"),
        ({"teaching": {"teacher": {"members": ["a", "b"]}}}, "its teacher is an ensemble"),
        ({"teaching": {"teacher": "a", "terms": [{"kind": "holistic"}]}}, "distils holistic beside soft labels"),
        ({"hardware": {"precision": "auto"}}, "has not begun"),
    ],
)
def test_what_is_not_plain_is_refused_in_a_sentence(tiny_config: RunConfig, changes: dict[str, Any], why: str) -> None:
    with pytest.raises(ExportError, match=why):
        script.script(folder.create(tiny_config.with_(**changes)))


def test_a_name_cannot_break_out_of_the_scripts_docstring(tiny_config: RunConfig) -> None:
    run = folder.create(tiny_config.with_(name='x"""\nimport os # \\'))
    text = script.script(run)
    assert text.splitlines()[0].startswith('"""x????import os')
    compile(text, "train.py", "exec")


def test_data_is_not_overwritten_unasked(tiny_config: RunConfig, tmp_path: Path) -> None:
    script.write_data(tiny_config, tmp_path / "data")
    assert np.load(tmp_path / "data" / "train_images.npy").shape == (8, 16, 32, 3)
    with pytest.raises(ExportError, match="--replace"):
        script.write_data(tiny_config, tmp_path / "data")
    script.write_data(tiny_config, tmp_path / "data", replace=True)
    (tmp_path / "data" / "mine.txt").write_text("of great worth")
    with pytest.raises(ExportError, match="holds other things"):
        script.write_data(tiny_config, tmp_path / "data", replace=True)
    assert (tmp_path / "data" / "mine.txt").exists()
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.startswith((".", "data"))) == ["data"]
