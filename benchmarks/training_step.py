"""Our distillation step against the plain way, in images per second: M128 taught by M1024 at 128x256, batch 8.

    python -m benchmarks.training_step [--quick]

Ours is the engine's own step: packed arrays, views and jitter on the batch, a frozen teacher, the precision and memory
format that a run would choose here. The plain side is benchmarks/plain.py. The two alternate in this process; medians.
The aim holds where the CPU has AVX512-BF16 (or on a GPU); on any other machine it is never to be slower.
"""

import argparse
import itertools
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import torch
from torch import Tensor

from benchmarks import report
from benchmarks.plain import PlainSide, StreetFiles, write_files
from benchmarks.report import Result
from unetkd_core import settings
from unetkd_core.data import packed
from unetkd_core.data.catalog import open_source
from unetkd_core.data.views import make_views
from unetkd_core.losses.task import sqrt_class_weights
from unetkd_core.models.names import m_arch
from unetkd_core.models.registry import build
from unetkd_core.training import engine, precision
from unetkd_core.training.config import AugmentConfig, OptimConfig, TeachingConfig
from unetkd_core.training.frozen_teacher import FrozenTeacher
from unetkd_core.training.objective import objective
from unetkd_core.training.precision import TORCH_FORMAT, Measured
from unetkd_core.training.setup import make_accelerator
from unetkd_core.training.step import Batch, Said, Seen

STUDENT, TEACHER = m_arch("M128"), m_arch("M1024")
HEIGHT, WIDTH, BATCH = 128, 256, 8
AIM, AIM_ELSEWHERE = 2.5, 1.0
PARTS = ("loading", "teacher", "student", "loss")


class OurSide:
    """The engine's step, taken one batch at a time."""

    def __init__(self, data: packed.PackedSet, chosen: Measured) -> None:
        self.data, self.optim = data, OptimConfig(batch_size=BATCH)
        self.accelerator = make_accelerator("auto" if torch.cuda.is_available() else "cpu", chosen.precision)
        self.layout = layout = TORCH_FORMAT[chosen.memory_format]
        network = build(STUDENT).to(device=self.accelerator.device, memory_format=layout)  # type: ignore[call-overload]
        optimizer = torch.optim.AdamW(network.parameters(), lr=self.optim.learning_rate)
        self.student, self.optimizer = self.accelerator.prepare(network, optimizer)
        self.teacher = FrozenTeacher(build(TEACHER), self.accelerator, layout)
        weight = sqrt_class_weights(data.class_shares()).to(self.accelerator.device)
        teaching = TeachingConfig(teacher="M1024", alpha=0.1, temperature=4.0, scale_by_t2=True)
        self.objective = objective(self.optim, teaching, weight)
        views = AugmentConfig()
        self.views, self.jitter = make_views(views.flip, views.scales, views.crop_grid), views.jitter
        self.batches = self._endless()

    def _endless(self) -> Iterator[Batch]:
        for epoch in itertools.count():
            batches = engine.training_batches(
                self.data,
                self.views,
                draw=engine.drawing(len(self.views), seed=0, turns=len(self.views)),
                batch_size=BATCH,
                seed=0,
                epoch=epoch,
                jitter=self.jitter,
                device=self.accelerator.device,
            )
            yield from (batch for batch in batches if len(batch.target) == BATCH)

    def update(self, image: Tensor, grad: Tensor) -> None:
        """The student's part alone: forward, backward from a given gradient of its logits, clipping, optimizer."""
        self.optimizer.zero_grad(set_to_none=True)
        self.student(image).backward(grad)
        self.accelerator.clip_grad_norm_(self.student.parameters(), self.optim.clip_norm)
        self.optimizer.step()

    def step(self) -> None:
        """One whole training step, by the engine."""
        engine.train_epoch(
            self.student,
            itertools.islice(self.batches, 1),
            objective=self.objective,
            teacher=self.teacher.answer,
            optimizer=self.optimizer,
            accelerator=self.accelerator,
            learning_rate=lambda step: self.optim.learning_rate,
            first_step=0,
            clip_norm=self.optim.clip_norm,
            on_step=lambda step, images: None,
        )


def our_parts(side: OurSide) -> dict[str, Callable[[], object]]:
    """Each part of our step as a call of its own, on one batch made before."""
    batch = next(side.batches)
    teacher, student, grad = _logits(side.accelerator.device, side.layout)

    def loss() -> None:
        student.grad = None
        side.objective(Seen(Said(student), batch, Said(teacher))).total.backward()

    return {
        "loading": lambda: next(side.batches),
        "teacher": lambda: side.teacher(batch.image),
        "student": lambda: side.update(batch.student_image, grad),
        "loss": loss,
    }


def plain_parts(side: PlainSide) -> dict[str, Callable[[], object]]:
    """The same parts of the plain step."""
    image, target = side.load()
    teacher, student, grad = _logits(side.device, torch.contiguous_format)

    def loss() -> None:
        student.grad = None
        side.loss(student, teacher, target).backward()

    return {
        "loading": side.load,
        "teacher": lambda: side.teach(image),
        "student": lambda: side.update(image, grad),
        "loss": loss,
    }


def _logits(device: torch.device, layout: torch.memory_format) -> tuple[Tensor, Tensor, Tensor]:
    """Teacher's logits, student's (with gradient), and a gradient as small as a mean over pixels makes it."""
    shape = (BATCH, 6, HEIGHT, WIDTH)
    teacher, student, grad = (torch.randn(shape, device=device).contiguous(memory_format=layout) for _ in range(3))
    return teacher, student.requires_grad_(), grad / (BATCH * HEIGHT * WIDTH)


def measure(folder: Path, *, scenes: int, rounds: int, seconds: float) -> tuple[list[Result], Measured]:
    """Prepare both sides from the same scenes, let them take turns, and compare."""
    source = open_source("streets:train")
    write_files(source, folder / "files", scenes)
    data = packed.PackedSet([packed.pack(source, HEIGHT, WIDTH, limit=scenes)])
    device = make_accelerator("auto" if torch.cuda.is_available() else "cpu", "fp32").device
    chosen = precision.choose(STUDENT, HEIGHT, WIDTH, device=device, batch_size=BATCH)[0]
    ours = OurSide(data, chosen)
    files = StreetFiles(folder / "files", HEIGHT, WIDTH)
    plain = PlainSide(build(STUDENT), build(TEACHER), files, batch_size=BATCH, device=device)
    settle = torch.cuda.synchronize if device.type == "cuda" else lambda: None
    steps = report.alternate({"ours": ours.step, "plain": plain.step}, rounds=rounds, seconds=seconds, settle=settle)
    calls = {("ours", k): call for k, call in our_parts(ours).items()}
    calls |= {("plain", k): call for k, call in plain_parts(plain).items()}
    in_turn = {f"{side} {part}": calls[side, part] for part in PARTS for side in ("ours", "plain")}
    parts = report.alternate(in_turn, rounds=rounds, seconds=seconds, settle=settle)
    return compare(steps, parts, aim=aim(device)), chosen


def aim(device: torch.device) -> float:
    """2.5 times where bf16 is fast, else never slower than plain."""
    return AIM if device.type == "cuda" or report.machine()["avx512_bf16"] else AIM_ELSEWHERE


def compare(steps: Mapping[str, float], parts: Mapping[str, float], *, aim: float) -> list[Result]:
    """Seconds of a step of each side, and of each part -> what is reported."""
    speed = {side: BATCH / seconds for side, seconds in steps.items()}
    results = [
        Result("speed-up of the training step", speed["ours"] / speed["plain"], "times", aim),
        Result("ours", speed["ours"], "images/s"),
        Result("plain", speed["plain"], "images/s"),
    ]
    for part in PARTS:
        ours, plain = parts[f"ours {part}"], parts[f"plain {part}"]
        results += [
            Result(f"{part}, ours", 1000 * ours, "ms a step", higher_is_better=False),
            Result(f"{part}, plain", 1000 * plain, "ms a step", higher_is_better=False),
            Result(f"{part}, speed-up", plain / ours, "times"),
        ]
    return results


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training_step", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds; ends within a minute")
    quick = parser.parse_args().quick
    torch.set_num_threads(settings.cores())
    torch.set_flush_denormal(True)  # as a worker does
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory(prefix="unetkd-benchmark-") as folder:
        os.environ["UNETKD_HOME"] = folder  # what is packed here is gone with the folder
        results, chosen = measure(
            Path(folder), scenes=24 if quick else 96, rounds=7 if quick else 30, seconds=15 if quick else 120
        )
    machine = {
        **report.machine(),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "precision": chosen.precision,
        "memory_format": chosen.memory_format,
    }
    print(
        f"ours: {chosen.precision}, {chosen.memory_format}, teacher run at each step; plain: fp32, NCHW, files decoded"
    )
    report.print_report("training_step", machine, results)


if __name__ == "__main__":
    main()
