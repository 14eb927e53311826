"""Two students of one teacher that train side by side: do both work while it is asked?

    python -m benchmarks.side_by_side [--quick] [--teacher VGG16] [--rounds 5]

Two processes of one thread each train M128 from nothing at 128x256, with no answer kept before: `shared`, where the one
that would wait asks about a later turn meanwhile, and `waiting`, where it waits. Seconds until both are done, without
the start of the processes; the two ways take turns, medians. Weights and pictures are random: they cost the same.
"""

import argparse
import multiprocessing
import os
import tempfile
import time
from multiprocessing.synchronize import Barrier

import numpy as np
import torch

from benchmarks import report
from benchmarks.distillation_sides import BATCH, HEIGHT, STUDENT, WIDTH, network
from benchmarks.report import Result
from unetkd_core.models.names import m_arch
from unetkd_core.runs.launch import ALLOCATOR
from unetkd_core.training import answers, plan, precision
from unetkd_core.training.config import RunConfig
from unetkd_core.training.precision import Measured
from unetkd_core.training.teacher_cache import Kept, Source, Teaching
from unetkd_core.training.trainer import Trainer

AIM = 1.4
_TOO_LONG = 900.0
"""Seconds after which a student that does not come is taken for dead, and the benchmark ends."""


class Pictures:
    """Random scenes in memory."""

    def __init__(self, count: int) -> None:
        generator = np.random.default_rng(0)
        self.images = generator.integers(0, 256, (count, HEIGHT, WIDTH, 3), np.uint8)
        self.labels = generator.integers(0, 6, (count, HEIGHT, WIDTH), np.uint8)

    def __len__(self) -> int:
        return len(self.images)

    def gather(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self.images[indices], self.labels[indices]

    def class_shares(self) -> np.ndarray:
        return np.full(6, 1 / 6)


def student(
    seed: int, teacher: str, chosen: Measured, scenes: int, epochs: int, shared: bool, home: str, both: Barrier
) -> None:
    """One process: a student, from the moment at which both are ready to the moment at which both are done."""
    os.environ["UNETKD_HOME"] = home
    torch.set_num_threads(1)
    if not shared:
        Teaching._meanwhile = lambda self, kept, turns, shape, tick: tick(0, shape[0])  # type: ignore[method-assign]
    config = RunConfig().with_(
        seed=seed,
        data={"height": HEIGHT, "width": WIDTH},
        optim={"batch_size": BATCH, "epochs": epochs},
        hardware={"device": "cpu", "precision": chosen.precision, "memory_format": chosen.memory_format, "threads": 1},
        teaching={"teacher": "any", "alpha": 0.5, "temperature": 4.0, "scale_by_t2": True},
    )
    views = plan.views_of(config.augment)
    kept = answers.answers(teacher, teacher, data=["random"], views=views, size=(HEIGHT, WIDTH), how="benchmark")
    network_ = network(teacher)
    trainer = Trainer(
        config, train=Pictures(scenes), val=Pictures(BATCH), teacher=Source(lambda: network_, (Kept(kept),))
    )
    both.wait()
    trainer.fit()
    both.wait()


def seconds(teacher: str, chosen: Measured, scenes: int, epochs: int, *, shared: bool) -> float:
    """Until both students are done, beginning with nothing kept."""
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory(prefix="unetkd-bench-") as home:
        both = spawn.Barrier(3, timeout=_TOO_LONG)
        workers = [
            spawn.Process(target=student, args=(seed, teacher, chosen, scenes, epochs, shared, home, both))
            for seed in (0, 1)
        ]
        for worker in workers:
            worker.start()
        both.wait()
        start = time.perf_counter()
        both.wait()
        spent = time.perf_counter() - start
        for worker in workers:
            worker.join()
    return spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few scenes, three rounds: does it run?")
    parser.add_argument("--teacher", default="VGG16")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    os.environ.setdefault("GLIBC_TUNABLES", ALLOCATOR)  # the workers are processes of their own, as real ones are
    scenes, epochs, rounds = (8, 2, 3) if args.quick else (48, 6, args.rounds)
    device = torch.device("cpu")
    chosen = precision.choose(m_arch(STUDENT), HEIGHT, WIDTH, device=device, batch_size=BATCH)[0]
    spent: dict[str, list[float]] = {"waiting": [], "shared": []}
    for _ in range(rounds):
        for name in spent:
            spent[name].append(seconds(args.teacher, chosen, scenes, epochs, shared=name == "shared"))
    medians = {name: float(np.median(times)) for name, times in spent.items()}
    what = f"two {STUDENT}s taught by {args.teacher}, {epochs} epochs of {scenes} scenes"
    results = [Result(f"{what}, {name}", value, "s", None, False) for name, value in medians.items()]
    results.append(Result("waiting over shared", medians["waiting"] / medians["shared"], "times", AIM))
    report.print_report("side_by_side", {**report.machine(), "precision": chosen.precision}, results)


if __name__ == "__main__":
    main()
