"""Checkpoints for the tests of pages: a teacher, its student and the twin, of random weights; and cheap streets."""

from pathlib import Path
from typing import Any

import numpy as np

from unetkd_core.data.streets import StreetScene


def scores(miou: float) -> dict[str, Any]:
    """Scores JSON with one value throughout."""
    return {"miou": miou, "iou": [miou] * 6, "pixel_accuracy": miou, "loss_ce": None, "agreement": None, "pixels": 1}


def make_trio(folder: Path, *, prefix: str = "", data: str = "streets", mapping: str = "camvid", seed: int = 0) -> None:
    """Save `<prefix>big`, `<prefix>taught` and `<prefix>alone` at 32 x 64 pixels, each measured on streets:val."""
    import torch

    from unetkd_core.models import names, registry
    from unetkd_core.zoo.checkpoints import CheckpointInfo, save

    torch.manual_seed(seed)
    rows: list[tuple[str, Any, str, float, Any, str | None]] = [
        ("big", "teacher", "M256", 0.8, None, None),
        ("taught", "student", "M128", 0.7, {"teaching": {"teacher": f"{prefix}big"}}, f"{prefix}run"),
        ("alone", "twin", "M128", 0.6, {"twin_of": f"{prefix}run"}, None),
    ]
    for name, role, size, miou, run, run_id in rows:
        arch = names.m_arch(size)
        info = CheckpointInfo(
            name=prefix + name,
            title=f"{prefix}{size} {name}",
            role=role,
            arch=arch,
            mapping=[mapping],
            height=32,
            width=64,
            metrics={"packed": scores(0.5), "streets:val": scores(miou)},
            data=[f"{data}:train"],
            licence="MIT",
            run=run,
            run_id=run_id,
        )
        save(registry.build(arch), folder / (prefix + name), info)


def plain_street(
    seed: int, index: int, height: int, width: int, *, weather: str | None = None, hour: float | None = None
) -> StreetScene:
    """Sky over road with a car, in no time; `index` moves the car, rain and night darken the picture."""
    labels = np.zeros((height, width), dtype=np.uint8)
    labels[height // 2 :] = 1
    left = index % 8 * width // 8
    labels[height // 2 : height * 3 // 4, left : left + width // 8] = 3
    image = np.stack([labels * 60 + 20] * 3, axis=-1).astype(np.uint8)
    if weather == "rain" or (hour is not None and abs(hour - 12) > 8):
        image //= 2
    depth = np.full((height, width), 10, dtype=np.float32)
    depth[: height // 2] = np.inf
    return StreetScene(image, labels, depth)
