"""The sides of `distillation`: one epoch, or one part of a step, of our way and of the plain way. Measures nothing."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.plain import PlainSide, StreetFiles
from unetkd_core import settings
from unetkd_core.data.packed import PackedSet
from unetkd_core.losses.task import sqrt_class_weights
from unetkd_core.models.ensemble import EnsembleTeacher
from unetkd_core.models.names import arch_of
from unetkd_core.models.registry import build
from unetkd_core.models.weighting import Weighting
from unetkd_core.runs import panel
from unetkd_core.training import answers, engine, plan
from unetkd_core.training.config import RunConfig
from unetkd_core.training.objective import objective
from unetkd_core.training.precision import TORCH_FORMAT, Measured
from unetkd_core.training.step import Batch, Said, Seen
from unetkd_core.training.teacher_cache import Kept, Source
from unetkd_core.training.trainer import Trainer

HEIGHT, WIDTH, BATCH, TURNS = 128, 256, 8, 2
ENCODERS = ("VGG16", "ResNet50", "MobileNetV2")
STUDENT = "M128"


def network(name: str) -> nn.Module:
    """A network of random weights, ready to teach."""
    return build(arch_of(name)).eval()


def ensemble(weighting: Weighting = "even") -> EnsembleTeacher:
    """The mean of the three encoders' U-Nets."""
    made = EnsembleTeacher([network(name) for name in ENCODERS], weighting=weighting)
    return made.eval()


def answers_of(name: str, teacher: nn.Module, data: PackedSet, *, apart: bool = False) -> Source:
    """The teacher with its answers kept; apart: each member's, mixed anew at each step."""
    views = plan.views_of(RunConfig().augment)

    def kept(member: int | None) -> Kept:
        key = f"{name} {member}"
        size = data.gather(np.zeros(1, np.int64))[1].shape[1:]
        return Kept(answers.answers(key, key, data=data.contents, views=views, size=size, how="benchmark"), member)

    if not apart:
        return Source(lambda: teacher, (kept(None),))
    assert isinstance(teacher, EnsembleTeacher)
    mixer = EnsembleTeacher([nn.Identity() for _ in teacher.members], weighting=teacher.weighting)
    return Source(lambda: teacher, tuple(kept(index) for index in mixer.heard), mixer=mixer)


def config(chosen: Measured, *, taught: bool, height: int = HEIGHT, width: int = WIDTH) -> RunConfig:
    """The default recipe, two turns of views, M128."""
    teaching: dict[str, Any] = {"teacher": "any", "alpha": 0.5, "temperature": 4.0, "scale_by_t2": True}
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return RunConfig().with_(
        data={"height": height, "width": width},
        optim={"batch_size": BATCH, "epochs": 10_000},
        augment={"turns": TURNS},
        hardware={"device": device, "precision": chosen.precision, "memory_format": chosen.memory_format, "threads": 1},
        teaching=teaching if taught else None,
    )


class Ours:
    """A real trainer, an epoch at a time; what its teacher says of all turns is asked for when it is made."""

    def __init__(self, data: PackedSet, chosen: Measured, source: Source | None) -> None:
        height, width = data.gather(np.zeros(1, np.int64))[1].shape[1:]
        self.config = config(chosen, taught=source is not None, height=height, width=width)
        self.trainer = Trainer(self.config, train=data, val=data, teacher=source, panel=[0, 1, 2])
        self.data, self.layout = data, TORCH_FORMAT[chosen.memory_format]
        if self.trainer.teaching is not None and not self.trainer.teaching.live:
            for turn in range(TURNS):
                self.trainer.teaching.prepare(turn, lambda done, total: None)

    def epoch(self) -> None:
        """All scenes once, as the trainer does it, without validation."""
        if self.trainer.teaching is not None:
            self.trainer.teaching.prepare(self.trainer.epoch, lambda done, total: None)
        self.trainer.train_once(on_step=lambda step, images: None)
        self.trainer.epoch += 1

    def step(self) -> None:
        """One step, on the epoch's first batch."""
        self.trainer.train_once(
            on_step=lambda step, images: None, batches=itertools.islice(self.trainer.batches(self.trainer.epoch), 1)
        )

    def validate(self) -> None:
        """All scenes measured."""
        device = self.trainer.accelerator
        engine.validate(
            self.trainer.model, self.data, batch_size=BATCH, accelerator=device, memory_format=self.layout,
            keep=self.trainer.panel,
        )  # fmt: skip

    def panel(self) -> None:
        """Three scenes drawn as PNGs (predicting them is part of validation)."""
        folder = settings.home() / "panel"
        folder.mkdir(exist_ok=True)
        panel.write_epoch(folder, 1, np.zeros((3, *self.data.gather(np.zeros(1, np.int64))[1].shape[1:]), np.uint8))

    def parts(self) -> dict[str, Callable[[], object]]:
        """Each part of a step as a call of its own."""
        trainer = self.trainer
        batches = itertools.chain.from_iterable(trainer.batches(epoch) for epoch in itertools.count())
        batch = next(iter(trainer.batches(0)))
        assert trainer.teaching is not None
        trainer.teaching.prepare(0, lambda done, total: None)
        student, grad = _logits(trainer.accelerator.device, self.layout)
        weight = sqrt_class_weights(self.data.class_shares()).to(student.device)
        loss = _loss(student, batch, trainer.teaching.answer(batch), self.config, weight)
        return {
            "loading": lambda: next(batches),
            "teacher": lambda: trainer.teaching.answer(batch),  # type: ignore[union-attr]
            "student": lambda: _update(trainer, batch.student_image, grad),
            "loss": loss,
        }


def _loss(student: Tensor, batch: Batch, teacher: Said, config: RunConfig, weight: Tensor) -> Callable[[], object]:
    run = objective(config.optim, config.teaching, weight)

    def call() -> None:
        student.grad = None
        run(Seen(Said(student), batch, teacher)).total.backward()

    return call


def _update(trainer: Trainer, image: Tensor, grad: Tensor) -> None:
    trainer.optimizer.zero_grad(set_to_none=True)
    trainer.model(image).backward(grad)
    trainer.accelerator.clip_grad_norm_(trainer.model.parameters(), 1.0)
    trainer.optimizer.step()


def _logits(device: torch.device, layout: torch.memory_format) -> tuple[Tensor, Tensor]:
    """A student's logits, and a gradient of them as small as a mean over pixels makes it."""
    shape = (BATCH, 6, HEIGHT, WIDTH)
    logits, grad = (torch.randn(shape, device=device).contiguous(memory_format=layout) for _ in range(2))
    return logits.requires_grad_(), grad / (BATCH * HEIGHT * WIDTH)


class PlainEpoch(PlainSide):
    """The plain side, an epoch at a time."""

    def __call__(self) -> None:
        for _ in range(len(self.loader)):
            self.step()

    def parts(self) -> dict[str, Callable[[], object]]:
        """Each part of a step as a call of its own."""
        image, target = self.load()
        teacher = self.teach(image)
        student, grad = _logits(self.device, torch.contiguous_format)

        def loss() -> None:
            student.grad = None
            self.loss(student, teacher, target).backward()

        return {
            "loading": self.load,
            "teacher": lambda: self.teach(image),
            "student": lambda: self.update(image, grad),
            "loss": loss,
        }


def plain_side(teacher: nn.Module, files: StreetFiles) -> PlainEpoch:
    """A plain student beside this teacher."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return PlainEpoch(network(STUDENT), teacher, files, batch_size=BATCH, device=device)
