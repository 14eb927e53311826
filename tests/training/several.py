"""Small trainings that one process, or several together, can do: `python -m tests.training.several OUT`, told its place
by torchrun's variables. What came out is written down by the first, its weights by each.
"""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

from tests.training.conftest import TinyData
from unetkd_core.models.ensemble import EnsembleTeacher
from unetkd_core.models.names import m_arch
from unetkd_core.models.registry import build
from unetkd_core.training import answers, ranks
from unetkd_core.training.config import RunConfig, parse_config
from unetkd_core.training.plan import views_of
from unetkd_core.training.ranks import ALONE, Ranks
from unetkd_core.training.teacher_cache import Kept, Source
from unetkd_core.training.trainer import EpochReport, Trainer


class Uneven(TinyData):
    """Scenes with more void pixels, the later they come; the last is nothing else, and the first knows no label."""

    def __init__(self, count: int, seed: int = 0) -> None:
        super().__init__(count, seed)
        for number, labels in enumerate(self.labels):
            labels[: 16 * number // (count - 1)] = 255
        self.labels[0] = 254


def taught(**teaching: Any) -> dict[str, Any]:
    return {"teaching": {"teacher": "some", "alpha": 0.3, "temperature": 4.0, **teaching}}


def with_term(kind: str, **settings: Any) -> dict[str, Any]:
    return taught(terms=[{"kind": kind, **settings}])


CASES: dict[str, dict[str, Any]] = {
    "labels": {},
    "labels, weighed": {"optim": {"class_weights": "sqrt"}},
    "labels, a batch with an empty share": {"optim": {"batch_size": 3}},
    "labels, a batch of one": {"optim": {"batch_size": 1}},
    "labels, no clipping": {"optim": {"clip_norm": None}},
    "live": taught(),
    "kept": taught(),
    "reverse with T2": taught(direction="reverse", scale_by_t2=True),
    "pair_wise": with_term("pair_wise"),
    "holistic": with_term("holistic"),
    "intra_class": with_term("intra_class"),
    "channel_wise": with_term("channel_wise"),
    "channel_wise on maps": with_term("channel_wise", level="bridge", weight=3.0),
    "correlation": with_term("correlation"),
    "an ensemble by loss": taught(),
    "an encoder that thaws": {
        "model": {"name": "MobileNetV2", "norm": "none"},
        "optim": {"encoder_frozen_epochs": 1, "encoder_rate": 0.1},
    },
    "batch norm": {"model": {"norm": "batch"}},
}
"""Each, changes to `config`."""


def config(case: str) -> RunConfig:
    """Two epochs in batches of 4 of 7 scenes, fp32."""
    tiny = parse_config(
        {
            "data": {"height": 16, "width": 32},
            "optim": {"epochs": 2, "batch_size": 4, "class_weights": "none"},
            "hardware": {"device": "cpu", "precision": "fp32", "memory_format": "channels_last", "threads": 1},
        }
    )
    return tiny.with_(**CASES[case])


def teacher(case: str) -> nn.Module | Source | None:
    """Who teaches in a case."""
    if "teaching" not in CASES[case]:
        return None
    torch.manual_seed(9)
    one = build(m_arch("M256", "batch"))
    if case == "an ensemble by loss":
        return EnsembleTeacher([one, build(m_arch("M128"))], weighting="loss").eval()
    if case == "kept":
        about: dict[str, Any] = {"data": ["tiny"], "size": (16, 32), "how": "cpu fp32"}
        views = views_of(config(case).augment)
        kept = answers.answers("0" * 64, "some", views=views, **about)
        return Source(lambda: one.eval(), (Kept(kept),), answers.answers("0" * 64, "some", views=None, **about))
    return one.eval()


def train(
    case: str, together: Ranks = ALONE, keep: Callable[[Trainer, int], None] = lambda trainer, epoch: None
) -> tuple[Trainer, list[EpochReport]]:
    """Train a case to its end. keep: called after each epoch."""
    reports: list[EpochReport] = []

    def on_epoch(report: EpochReport) -> None:
        reports.append(report)
        keep(trainer, report.epoch)

    trainer = Trainer(
        config(case),
        train=Uneven(7),
        val=Uneven(5, seed=1),
        teacher=teacher(case),
        panel=(0, 4),
        ranks=together,
    )
    trainer.fit(on_epoch=on_epoch)
    return trainer, reports


def numbers(reports: list[EpochReport]) -> dict[str, float]:
    """Every loss and score of every epoch, by a name of its own."""
    found: dict[str, float] = {}
    for report in reports:
        kept = {name: value for name, value in report.metrics.items() if "second" not in name}
        found |= dict(_flat(kept, f"epoch {report.epoch}"))
    return found


def _flat(value: Any, name: str) -> Iterator[tuple[str, float]]:
    if isinstance(value, dict | list):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _flat(part, f"{name} {key}")
    elif value is not None:
        yield name, float(value)


def main(out: Path) -> None:
    """Every case, together with the others; one after the other in the same processes, which take long to start."""
    from unetkd_core.runs.rank_processes import place

    told = place()
    assert told is not None
    together = ranks.join(*told)
    for case in CASES:

        def keep(trainer: Trainer, epoch: int, case: str = case) -> None:
            weights = {name: tensor.contiguous() for name, tensor in trainer.network.state_dict().items()}
            save_file(weights, weights_of(out, case, epoch, together.rank))

        _, reports = train(case, together, keep)
        if together.first:
            (out / f"{case}.json").write_text(json.dumps(numbers(reports)))
            np.save(out / f"{case}.npy", reports[-1].panel)
        together.wait()


def weights_of(out: Path, case: str, epoch: int = 2, rank: int = 0) -> Path:
    """Where a process has left its network after an epoch."""
    return out / f"{case}, epoch {epoch}, process {rank}.safetensors"


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(Path(sys.argv[1]))
