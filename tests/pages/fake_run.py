"""Run folders and checkpoints as a worker would leave them, made in milliseconds: for looking at pages in every state.

Writes the format of docs/runs.md directly; trains nothing and needs no torch. Numbers are invented but smooth, rise
with the epochs, and are higher for a taught student than for its twin.
"""

import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from unetkd_core import settings
from unetkd_core.data.images import write_labels_png
from unetkd_core.models.complexity import parameters
from unetkd_core.models.names import m_arch
from unetkd_core.runs import status as status_file
from unetkd_core.runs.process import process_start, this_process
from unetkd_core.runs.status import Problem, Status
from unetkd_core.training import terms
from unetkd_core.training.config import RunConfig
from unetkd_core.zoo.checkpoints import CheckpointInfo

FINAL_IOU = {
    "student": (0.861, 0.889, 0.648, 0.771, 0.421, 0.574),
    "twin": (0.853, 0.863, 0.589, 0.729, 0.364, 0.508),
    "alone": (0.902, 0.931, 0.741, 0.864, 0.622, 0.776),
}
Scene = tuple[np.ndarray, np.ndarray]
"""(photo (H, W, 3) uint8, labels (H, W) uint8)."""


@dataclass(frozen=True)
class Where:
    """How far a run got: `epoch` whole epochs done. `error` is (headline, hint) of a failed one."""

    state: str = "done"
    epoch: int = 20
    phase: str = "training"
    message: str = ""
    step: int = 0
    steps: int = 40
    eta: float | None = None
    error: tuple[str, str] | None = None
    worker: int | None = None
    """Process of a queued or running one; none: this process. Give one of its own to whatever may be stopped."""


def config(*, teacher: str | None = "m1024", epochs: int = 20, **changes: Any) -> RunConfig:
    """Settings of a run on small streets; taught unless `teacher` is None."""
    teaching = None if teacher is None else {"teacher": teacher, "alpha": 0.1, "temperature": 10.0}
    base = RunConfig().with_(
        data={"height": 64, "width": 128, "max_train": 320, "max_val": 48}, optim={"epochs": epochs}
    )
    return base.with_(teaching=teaching, **changes)


def scenes(count: int = 3, height: int = 64, width: int = 128) -> list[Scene]:
    """Plain little streets: sky, road, a pavement, a car and a person."""
    made = []
    for i in range(count):
        labels = np.zeros((height, width), np.uint8)
        labels[height // 2 :] = 1
        labels[height // 2 :, : width // 5] = 2
        labels[height // 2 - 6 : height // 2 + 10, 60 + 9 * i : 88 + 9 * i] = 3
        labels[height // 4 : height // 2 + 8, 30:33] = 4
        labels[height // 2 - 8 : height // 2 + 12, 40 + 7 * i : 46 + 7 * i] = 5
        tones = np.array(
            [[180, 200, 220], [90, 90, 95], [150, 145, 140], [60, 70, 120], [70, 70, 60], [120, 70, 60]], np.uint8
        )
        made.append((tones[labels], labels))
    return made


def write_pair(
    at: Where | tuple[Where, Where] = Where(),
    *,
    run_id: str = "20260301-101500-m128-a1b2",
    epochs: int = 20,
    with_scenes: Sequence[Scene] | None = None,
    **changes: Any,
) -> tuple[str, str]:
    """A taught run and its twin. at: how far both got, or each. Returns their ids."""
    student, twin = at if isinstance(at, tuple) else (at, at)
    taught = config(epochs=epochs, **changes)
    write_run(taught, student, run_id=run_id, with_scenes=with_scenes)
    write_run(taught.twin(run_id), twin, run_id=f"{run_id}-twin", pair=run_id, with_scenes=with_scenes)
    return run_id, f"{run_id}-twin"


def write_run(
    settings_of: RunConfig,
    at: Where = Where(),
    *,
    run_id: str,
    pair: str | None = None,
    with_scenes: Sequence[Scene] | None = None,
) -> str:
    """One run folder under the current UNETKD_HOME. Returns its id."""
    folder = settings.runs_dir() / run_id
    folder.mkdir(parents=True)
    epochs = settings_of.optim.epochs
    at = replace(at, epoch=min(at.epoch, epochs))
    _write(folder / "config.json", settings_of.model_dump(mode="json"))
    created = time.time() - 400
    _write(
        folder / "meta.json",
        {
            "format_version": 1,
            "versions": {"unetkd": "0.1"},
            "commit": None,
            "created": "2026-03-01T10:15:00+00:00",
            "pair": pair,
            "shares": False,
            "teacher": {"title": "M1024"},
            "machine": {"host": "here", "cores": 2},
        },
    )
    status_file.write(folder / "status.json", _status(at, epochs, created))
    lines = [json.dumps(_metrics(settings_of, epoch), allow_nan=False) for epoch in range(1, at.epoch + 1)]
    (folder / "metrics.jsonl").write_text("".join(f"{line}\n" for line in lines))
    (folder / "log.txt").write_text(
        "".join(f"10:15:{e % 60:02d} epoch {e} of {epochs}\n" for e in range(1, at.epoch + 1)) or "10:15:00 packing\n"
    )
    if at.epoch or at.phase == "training":
        _write_panel(folder / "panel", settings_of, at.epoch, scenes() if with_scenes is None else with_scenes)
    if at.epoch:
        _write_checkpoint(folder / "best", settings_of, run_id, _metrics(settings_of, at.epoch)["val"])
    return run_id


def write_teacher(name: str = "m1024", *, miou: float = 0.806, data: str = "streets") -> str:
    """A named teacher under the current UNETKD_CHECKPOINTS, measured on `data`'s val. Its weights are no weights."""
    alone = config(teacher=None).with_(model={"name": "M1024", "norm": "batch"})
    scores = {"miou": miou, "iou": list(FINAL_IOU["alone"]), "pixel_accuracy": 0.95}
    folder = settings.checkpoints_dir() / name
    _write_checkpoint(
        folder,
        alone,
        None,
        scores,
        name=name,
        title="M1024",
        role="teacher",
        metrics={f"{data}:val": scores},
        data=[f"{data}:train"],
    )
    return name


def _status(at: Where, epochs: int, created: float) -> Status:
    me = this_process()
    pid = at.worker or me.pid
    ended = None if at.state in ("queued", "running") else created + 380
    dead = at.state == "interrupted"
    return Status(
        state="running" if dead else at.state,
        phase=at.phase,
        message=at.message,
        host=me.host,
        boot_id=me.boot_id,  # type: ignore[arg-type]
        pid=2**22 + 1 if dead else pid,
        process_start=process_start(pid),
        heartbeat=time.time(),
        created=created,
        started=created + 2,
        ended=ended,
        epoch=at.epoch,
        epochs=epochs,
        step=at.step,
        steps=at.steps,
        images_per_second=410.0,
        eta_seconds=at.eta,
        error=None if at.error is None else Problem(*at.error),
    )


def _metrics(of: RunConfig, epoch: int) -> dict[str, Any]:
    final = FINAL_IOU[of.role]
    wobble = 0.004 * math.sin(2.3 * epoch + len(of.role))
    share = 1 - 0.52 * math.exp(-(epoch - 1) / (2.9 if of.role != "twin" else 3.6))
    iou = [min(1.0, max(0.0, v * share + wobble)) for v in final]
    hard = 0.62 + 1.7 * math.exp(-(epoch - 1) / 2.6) + 0.03 * math.sin(2 * epoch)
    soft = 0.015 + 0.055 * math.exp(-(epoch - 1) / 1.9)
    alpha = of.teaching.alpha if of.teaching else 1.0
    chosen = of.teaching.terms if of.teaching else ()
    more = {name: 0.2 * soft * (place + 1) for place, name in enumerate(terms.names(chosen))}
    critic = {"critic": {"distance": 0.1 * hard, "penalty": 0.01}} if "holistic" in more else {}
    return {
        "epoch": epoch,
        "seconds": 4.1,
        "images_per_second": 410.0,
        "learning_rate": 3e-3 * (1 - epoch / 40),
        "loss": alpha * hard + (1 - alpha) * soft,
        "loss_ce": hard,
        "loss_kd": soft if of.teaching else None,
        **({"loss_terms": {**more, **({"holistic": -3.0} if critic else {})}, **critic} if more else {}),
        "val": {
            "miou": sum(iou) / 6,
            "iou": iou,
            "pixel_accuracy": 0.8 + 0.1 * share,
            "loss_ce": hard,
            "agreement": None,
            "pixels": 393216,
        },
    }


def _write_panel(folder: Path, of: RunConfig, epochs: int, panel: Sequence[Scene]) -> None:
    folder.mkdir()
    height, width = panel[0][1].shape
    described = []
    for i, (photo, truth) in enumerate(panel):
        Image.fromarray(photo).save(folder / f"photo_{i}.png")
        write_labels_png(truth, folder / f"truth_{i}.png")
        described.append({"stem": f"street_{i}", "photo": f"photo_{i}.png", "truth": f"truth_{i}.png"})
    _write(folder / "panel.json", {"scenes": described, "height": height, "width": width})
    for epoch in range(epochs + 1):
        for i, (_, truth) in enumerate(panel):
            write_labels_png(
                _mistaken(truth, _metrics(of, max(1, epoch))["val"]["miou"] if epoch else 0.1, i),
                folder / f"epoch_{epoch:04d}_{i}.png",
            )


def _mistaken(truth: np.ndarray, skill: float, seed: int) -> np.ndarray:
    """The truth with blots: the lower the skill, the more."""
    rng = np.random.default_rng(seed)
    labels = truth.copy()
    height, width = truth.shape
    for _ in range(int(90 * (1 - skill))):
        y, x, r = rng.integers(height), rng.integers(width), int(rng.integers(2, max(3, height // 9)))
        labels[max(0, y - r) : y + r, max(0, x - r) : x + r] = rng.integers(6)
    labels[truth > 5] = 0
    return labels


def _write_checkpoint(folder: Path, of: RunConfig, run_id: str | None, packed: dict[str, Any], **changes: Any) -> None:
    folder.mkdir(parents=True)
    arch = m_arch(of.model.name, of.model.norm)
    fields: dict[str, Any] = {
        "name": run_id or "net",
        "title": of.title,
        "role": of.role,
        "arch": arch,
        "mapping": ["camvid"],
        "height": of.data.height,
        "width": of.data.width,
        "parameters": parameters(arch),
        "macs": 1,
        "metrics": {"packed": packed},
        "data": list(of.data.train),
        "licence": "MIT",
        "sha256": "0" * 64,
        "run": of.model_dump(mode="json"),
        "run_id": run_id,
    }
    info = CheckpointInfo(**{**fields, **changes})
    (folder / "config.json").write_text(info.dumps())
    (folder / "model.safetensors").write_bytes(b"")
    (folder / "README.md").write_text(f"# {info.title}\n")


def _write(path: Path, data: dict[str, Any]) -> None:
    path.write_text(json.dumps(data, allow_nan=False))
