"""Memory and time against the number of scenes and pixels, for `distillation`; each size in a process of its own.

Packs and answers are synthetic: files of zeros with holes, so that 20,000 scenes need no disk. Every scene and answer
of an epoch is read as training reads it; the student takes a step with every fiftieth batch.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import torch

from benchmarks.distillation_sides import TURNS, Ours, answers_of, network
from benchmarks.report import Result
from unetkd_core import settings
from unetkd_core.classes import NUM_CLASSES
from unetkd_core.data.packed import Packed, PackedSet
from unetkd_core.training.precision import Measured
from unetkd_core.training.teacher_cache import Source

AIM_MEMORY, AIM_SCENES, AIM_PIXELS = 1.05, 1.15, 1.15
STEP_EVERY = 50


def memory_results(folder: Path, *, quick: bool) -> list[Result]:
    """RssAnon and time a scene with few and with many scenes; time a pixel at growing sizes."""
    few, many = (500, 2_000) if quick else (1_000, 20_000)
    sizes = [(64, 128), (128, 256)] if quick else [(64, 128), (128, 256), (256, 512)]
    small, large = (_child(folder, scenes, 128, 256, "read") for scenes in (few, many))
    pixels = [_child(folder, 32, *size, "train") for size in sizes]
    results = [
        Result(f"anonymous memory, {few:,} scenes", small["anonymous"] / 1e6, "MB", None, False),
        Result(f"anonymous memory, {many:,} scenes", large["anonymous"] / 1e6, "MB", None, False),
        Result(
            f"anonymous memory, {many:,} over {few:,} scenes", large["anonymous"] / small["anonymous"], "times",
            AIM_MEMORY, False,
        ),
        Result(f"loading a scene with its answer, {many:,} scenes", 1000 * large["seconds"], "ms", None, False),
        Result(
            f"loading a scene, {many:,} over {few:,} scenes", large["seconds"] / small["seconds"], "times", AIM_SCENES,
            False,
        ),
    ]  # fmt: skip
    for (height, width), one in zip(sizes, pixels, strict=True):
        rate = 1e9 * one["seconds"] / height / width
        results.append(Result(f"training a pixel at {height}x{width}", rate, "ns", None, False))
    growth = (pixels[-1]["seconds"] / sizes[-1][0] / sizes[-1][1]) / (
        pixels[-2]["seconds"] / sizes[-2][0] / sizes[-2][1]
    )
    results.append(
        Result(f"training a pixel, {sizes[-1][0]} over {sizes[-2][0]} rows", growth, "times", AIM_PIXELS, False)
    )
    return results


def _child(folder: Path, scenes: int, height: int, width: int, what: str) -> dict[str, float]:
    """Measured in a process of its own: what another size left behind must not count."""
    command = [sys.executable, "-m", "benchmarks.distillation_memory", what, *map(str, (scenes, height, width))]
    environment = {**os.environ, "UNETKD_HOME": str(folder / f"{what}-{scenes}-{height}")}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def hollow_pack(folder: Path, scenes: int, height: int, width: int) -> PackedSet:
    """A pack of black scenes of class 0; its files are holes."""
    folder.mkdir(parents=True)
    images = _hollow(folder / "images.npy", (scenes, height, width, 3), np.uint8)
    labels = _hollow(folder / "labels.npy", (scenes, height, width), np.uint8)
    stems = [str(i) for i in range(scenes)]
    counts = (scenes * height * width, 0, 0, 0, 0, 0)
    return PackedSet([Packed(images, labels, stems, "classes", "MIT", "hollow:train", counts, str(folder), folder)])


def _hollow(path: Path, shape: tuple[int, ...], dtype: type[np.generic]) -> np.ndarray:
    kind = np.dtype(dtype)
    with path.open("wb") as file:
        header = {"descr": np.lib.format.dtype_to_descr(kind), "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        file.truncate(file.tell() + int(np.prod(shape)) * kind.itemsize)
    return np.asarray(np.load(path, mmap_mode="r"))


def hollow_answers(source: Source, scenes: int, height: int, width: int) -> None:
    """What the teacher would have said of every turn, as holes."""
    folder = source.kept[0].answers.folder
    folder.mkdir(parents=True)
    for turn in range(TURNS):
        _hollow(folder / f"turn_{turn:03d}.npy", (scenes, NUM_CLASSES, height, width), np.float16)


def measure(what: str, scenes: int, height: int, width: int) -> dict[str, float]:
    """Seconds a scene and RssAnon in bytes. what: read, or train (then every batch is trained on, for three epochs)."""
    torch.set_num_threads(settings.cores())
    torch.set_flush_denormal(True)  # as a worker does
    data = hollow_pack(settings.home() / "pack", scenes, height, width)
    source = answers_of("hollow", network("M128"), data)
    hollow_answers(source, scenes, height, width)
    chosen = Measured("bf16", "channels_last", 0.0, 0.0)
    side = Ours(data, chosen, source)
    if what == "train":
        times = []
        for _ in range(4):
            start = time.perf_counter()
            side.epoch()
            times.append((time.perf_counter() - start) / scenes)
        return {"seconds": min(times), "anonymous": anonymous_bytes()}
    return {"seconds": _read(side, scenes), "anonymous": anonymous_bytes()}


def _read(side: Ours, scenes: int) -> float:
    """A second epoch's loading and answers, timed (the first fills the disk's cache, at the system's pace); a training
    step with every fiftieth batch, not timed.
    """
    assert side.trainer.teaching is not None
    side.step()  # so that the step's own memory is there from the beginning
    for batch in side.trainer.batches(0):
        side.trainer.teaching.answer(batch)
    spent, start = 0.0, time.perf_counter()
    for number, batch in enumerate(side.trainer.batches(0)):
        side.trainer.teaching.answer(batch)
        if number % STEP_EVERY == 0:
            spent += time.perf_counter() - start
            side.step()
            start = time.perf_counter()
    return (spent + time.perf_counter() - start) / scenes


def anonymous_bytes() -> int:
    """RssAnon of this process: memory that no file backs."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) * 1024
    raise OSError("no RssAnon in /proc/self/status; this part needs Linux")


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], *map(int, sys.argv[2:5]))))
