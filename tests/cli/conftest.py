"""The command line as a person meets it: what it printed and its exit code; and a small dataset, checkpoint and run."""

import dataclasses
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.zoo.hub_here import hub as hub
from unetkd_core.cli.main import main
from unetkd_core.data.images import write_labels_png
from unetkd_core.runs import folder
from unetkd_core.runs.folder import Run
from unetkd_core.training.config import RunConfig


@dataclass(frozen=True)
class Outcome:
    """What a command left: exit code, stdout, stderr."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


Unetkd = Callable[..., Outcome]


@pytest.fixture
def unetkd(capsys: pytest.CaptureFixture[str]) -> Unetkd:
    """unetkd("runs", "list", "--json") -> Outcome, through the same door as the installed command."""

    def call(*arguments: object) -> Outcome:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(a) for a in arguments])
        printed = capsys.readouterr()
        return Outcome(int(ended.value.code or 0), printed.out, printed.err)

    return call


@pytest.fixture
def streets_folder(tmp_path: Path) -> Path:
    """A folder dataset of two 32x48 scenes a split: road below, background above."""
    root = tmp_path / "mine"
    labels = np.zeros((32, 48), dtype=np.uint8)
    labels[16:] = 1
    for split in ("train", "val"):
        for kind in ("images", "labels"):
            (root / split / kind).mkdir(parents=True)
        for name in ("a", "b"):
            Image.fromarray(np.repeat(labels[..., None] * 100, 3, axis=2)).save(root / split / "images" / f"{name}.png")
            write_labels_png(labels, root / split / "labels" / f"{name}.png")
    return root


@pytest.fixture
def checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a fresh M128 in a checkpoints folder of its own."""
    monkeypatch.setenv("UNETKD_CHECKPOINTS", str(tmp_path / "checkpoints"))
    save_checkpoint(tmp_path / "checkpoints" / "small", "small")
    return "small"


def save_checkpoint(folder: Path, name: str, seed: int = 0) -> None:
    """An untrained M128 that says it was trained on camvid at 32x48."""
    import torch

    from unetkd_core.models.names import m_arch
    from unetkd_core.models.registry import build
    from unetkd_core.zoo.checkpoints import CheckpointInfo, save

    torch.manual_seed(seed)
    arch = m_arch("M128")
    info = CheckpointInfo(
        name=name,
        title="M128 alone",
        role="alone",
        arch=arch,
        mapping=["camvid"],
        height=32,
        width=48,
        data=["camvid:train"],
        licence="MIT",
    )
    save(build(arch), folder, info)


def add_metrics(run: Run, mious: Sequence[float]) -> None:
    """Epochs' lines as the worker writes them."""
    with (run.run_dir / "metrics.jsonl").open("a") as file:
        for epoch, miou in enumerate(mious, start=1):
            val = {
                "miou": miou,
                "iou": [miou] * 6,
                "pixel_accuracy": 0.5,
                "loss_ce": 1.0,
                "agreement": None,
                "pixels": 9,
            }
            line = {"epoch": epoch, "seconds": 1.0, "images_per_second": 5.0, "learning_rate": 1e-3}
            file.write(json.dumps({**line, "loss": 1.0, "loss_ce": 1.0, "loss_kd": None, "val": val}) + "\n")


@pytest.fixture
def finished_run() -> str:
    """The id of a run that is done, with a best checkpoint."""
    run = folder.create(RunConfig())
    add_metrics(run, [0.2])
    save_checkpoint(run.run_dir / "best", "best")
    run.write_status(dataclasses.replace(run.written_status(), state="done", epoch=1, ended=1.0))
    return run.id
