"""What teaching costs: M128 alone, taught live, taught from kept answers, and taught the plain way, at 128x256.

    python -m benchmarks.distillation [--quick] [--only time|memory]

Teachers: M1024, VGG16's U-Net, and the ensemble of the three encoders' (as a fixed mean, and weighed anew by each
batch's loss, which reads three answers). Ours is the engine's own epoch on packed arrays, with the trainer's objective
and teacher cache, in the precision a run would choose here; plain is benchmarks/plain.py (files decoded, fp32, NCHW, a
live teacher). All take turns in this process; medians. Weights are random: they cost the same. Memory and scaling are
measured in processes of their own, on synthetic packs of up to 20,000 scenes. Whole processes run with the memory
allocator's settings of a real worker.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import nn

from benchmarks import report
from benchmarks.distillation_memory import memory_results
from benchmarks.distillation_sides import BATCH, HEIGHT, WIDTH, Ours, answers_of, ensemble, network, plain_side
from benchmarks.plain import StreetFiles, write_files
from benchmarks.report import Result
from unetkd_core import settings
from unetkd_core.data import packed
from unetkd_core.data.catalog import open_source
from unetkd_core.models.names import m_arch
from unetkd_core.runs.launch import ALLOCATOR
from unetkd_core.training import precision
from unetkd_core.training.precision import Measured
from unetkd_core.training.teacher_cache import Source

AIM_CACHED, AIM_PLAIN, AIM_EVALUATION = 1.10, {"M1024": 4.0, "ensemble": 10.0}, 0.10
TEACHERS: dict[str, Callable[[], nn.Module]] = {
    "M1024": lambda: network("M1024"),
    "VGG16": lambda: network("VGG16"),
    "ensemble": ensemble,
}
BY_LOSS = "ensemble by loss"


def sides(data: packed.PackedSet, chosen: Measured, folder: Path) -> dict[str, Callable[[], object]]:
    """Name -> one epoch of it. Every kept answer is asked for here, before the clock runs."""
    found: dict[str, Callable[[], object]] = {"alone": Ours(data, chosen, None).epoch}
    files = StreetFiles(folder / "files", HEIGHT, WIDTH)
    for name, make in TEACHERS.items():
        teacher = make()
        found[f"live {name}"] = Ours(data, chosen, Source(lambda teacher=teacher: teacher)).epoch  # type: ignore[misc]
        found[f"kept {name}"] = Ours(data, chosen, answers_of(name, teacher, data)).epoch
        found[f"plain {name}"] = plain_side(make(), files)
    found[f"kept {BY_LOSS}"] = Ours(data, chosen, answers_of("member", ensemble("loss"), data, apart=True)).epoch
    return found


def time_results(folder: Path, *, scenes: int, rounds: int, slow_rounds: int) -> tuple[list[Result], Measured]:
    """Epochs in turn: those that are to be equal many times, those that differ by factors a few times."""
    source = open_source("streets:train")
    write_files(source, folder / "files", scenes)
    data = packed.PackedSet([packed.pack(source, HEIGHT, WIDTH, limit=scenes)])
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    chosen = precision.choose(m_arch("M128"), HEIGHT, WIDTH, device=device, batch_size=BATCH)[0]
    calls = sides(data, chosen, folder)
    settle = torch.cuda.synchronize if device.type == "cuda" else lambda: None
    quick = {name: call for name, call in calls.items() if name == "alone" or name.startswith("kept")}
    fast = report.alternate(quick, rounds=rounds, settle=settle)
    all_ = report.alternate(calls, rounds=slow_rounds, settle=settle)
    results = [
        Result(f"{name}, an epoch of {scenes} scenes", fast.get(name, all_[name]), "s", None, False) for name in calls
    ]
    for name in (*TEACHERS, BY_LOSS):
        ratio = fast[f"kept {name}"] / fast["alone"]
        results.append(Result(f"taught from kept answers of {name} over alone", ratio, "times", AIM_CACHED, False))
    for name in TEACHERS:
        live, plain = all_[f"live {name}"] / all_["alone"], all_[f"plain {name}"] / all_[f"kept {name}"]
        results.append(Result(f"taught live by {name} over alone", live, "times", None, False))
        results.append(Result(f"kept answers of {name} against the plain way", plain, "times", AIM_PLAIN.get(name)))
    return results + breakdown(data, chosen, folder, rounds) + [evaluation(data, chosen, fast["alone"])], chosen


def breakdown(data: packed.PackedSet, chosen: Measured, folder: Path, rounds: int) -> list[Result]:
    """Where a step's time goes: ours from kept answers of the ensemble, and the plain way's with the ensemble live."""
    ours = Ours(data, chosen, answers_of("ensemble", ensemble(), data)).parts()
    plain = plain_side(ensemble(), StreetFiles(folder / "files", HEIGHT, WIDTH)).parts()
    turns = {f"{part}, {side}": calls[part] for part in ours for side, calls in (("kept", ours), ("plain", plain))}
    parts = report.alternate(turns, rounds=min(rounds, 7))
    return [Result(f"ensemble: {name}", 1000 * seconds, "ms a step", None, False) for name, seconds in parts.items()]


def evaluation(data: packed.PackedSet, chosen: Measured, alone: float) -> Result:
    """Validation and panel as a share of an epoch of the taste budget (320 scenes to learn from, 48 to check on)."""
    side = Ours(data, chosen, None)
    seconds = report.alternate({"validation": side.validate, "panel": side.panel}, rounds=5)
    checking = 48 / len(data) * seconds["validation"] + seconds["panel"]
    share = checking / (checking + 320 / len(data) * alone)
    return Result("validation and panel, share of an epoch", share, "", AIM_EVALUATION, False)


def run(quick: bool, only: str | None) -> None:
    torch.set_num_threads(settings.cores())
    torch.set_flush_denormal(True)  # as a worker does
    torch.manual_seed(0)
    results: list[Result] = []
    chosen = None
    with tempfile.TemporaryDirectory(prefix="unetkd-benchmark-") as folder:
        os.environ["UNETKD_HOME"] = folder  # what is packed and kept here is gone with the folder
        if only != "memory":
            timed, chosen = time_results(
                Path(folder), scenes=8 if quick else 64, rounds=5 if quick else 21, slow_rounds=3 if quick else 5
            )
            results += timed
        if only != "time":
            results += memory_results(Path(folder), quick=quick)
    about = {**report.machine(), "torch": torch.__version__, "threads": torch.get_num_threads()}
    if chosen is not None:
        about |= {"precision": chosen.precision, "memory_format": chosen.memory_format}
    report.print_report("distillation", about, results)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print, in a process whose allocator is set as a worker's is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rounds and scenes; ends within a minute or two")
    parser.add_argument("--only", choices=("time", "memory"))
    asked = parser.parse_args(arguments)
    if "GLIBC_TUNABLES" not in os.environ:
        command = [sys.executable, "-m", "benchmarks.distillation", *sys.argv[1:]]
        return subprocess.call(command, env={**os.environ, "GLIBC_TUNABLES": ALLOCATOR})
    run(asked.quick, asked.only)
    return 0


if __name__ == "__main__":
    sys.exit(main())
