"""What an ONNX file says beside what PyTorch says of the same photos: how far apart, how good, and how fast.

Photos go the whole way in both: scaled, through the network, and back to their own size.
"""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import torch

from unetkd_core.data import catalog
from unetkd_core.data.packed import spaced
from unetkd_core.data.source import Source
from unetkd_core.errors import ExportError
from unetkd_core.inference.evaluate import batches
from unetkd_core.inference.predict import predict
from unetkd_core.inference.readout import read
from unetkd_core.metrics import Scores, SegmentationMeter
from unetkd_core.zoo.export_graph import INPUT, LABELS, PROBS
from unetkd_core.zoo.references import Loaded

if TYPE_CHECKING:
    import onnxruntime

MOST: Final = 1e-3
"""How far a probability may be from PyTorch's."""
LEAST_EQUAL: Final = 0.999
"""Share of pixels that must have the same class: at a tie either is right."""
LEAST_KEPT: Final = 0.5
"""Share of pixels that must keep their class in int8; below it the file is of no use to anyone."""
ODD_SIZE: Final = (187, 301)
_ROUNDS: Final = 9


class Parity(NamedTuple):
    """worst: the largest difference of two probabilities; equal: share of pixels of the same class; photos: sizes."""

    worst: float
    equal: float
    sizes: tuple[tuple[int, int], ...]


def session(file: bytes) -> "onnxruntime.InferenceSession":
    """The file in ONNX Runtime on the CPU, with as many threads as PyTorch has. Raises ExportError if it refuses."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its own exceptions share no base but Exception
        raise ExportError(f"ONNX Runtime refuses the file that was made ({_first_line(error)}); report this.") from None


def labels_of(running: "onnxruntime.InferenceSession", images: Sequence[np.ndarray]) -> np.ndarray:
    """N photos (H, W, 3) uint8 of one size -> (N, H, W) uint8."""
    labels: np.ndarray = running.run([LABELS], {INPUT: np.stack(images)})[0]
    return labels


def parity(loaded: Loaded, file: bytes, photos: Sequence[Sequence[np.ndarray]] | None = None) -> Parity:
    """Compare on photos, each entry a batch of one size. None: streets at its own size, at an odd one, and two at once.

    Raises ExportError where a probability is further than MOST from PyTorch's, or too many classes differ.
    """
    running = session(file)
    worst, equal, sizes = 0.0, [], []
    for batch in photos or street_photos(loaded):
        size = batch[0].shape[:2]
        said = read(loaded.model, batch, (loaded.info.height, loaded.info.width))
        expected = torch.cat([strip.softmax(dim=1) for _, strip in said.strips(size)], dim=2).cpu().numpy()
        labels, probs = running.run([LABELS, PROBS], {INPUT: np.stack(batch)})
        # NaN must not pass for small.
        worst = max(worst, float(np.nan_to_num(np.abs(probs - expected), nan=np.inf).max()))
        equal.append(float((labels == said.labels(size).cpu().numpy()).mean()))
        sizes.append(size)
    found = Parity(worst, float(np.mean(equal)), tuple(sizes))
    if found.worst > MOST or found.equal < LEAST_EQUAL:
        raise ExportError(
            f"The ONNX file says something else than PyTorch: probabilities differ by up to {found.worst:.2g} (at most "
            f"{MOST:g} is let pass), {found.equal:.2%} of the classes are equal. Nothing was written; report this."
        )
    return found


def street_photos(loaded: Loaded) -> list[list[np.ndarray]]:
    """Batches of held-out streets: one at its own size, one at an odd size, two at the network's training size."""
    source = catalog.open_source("streets:val")
    training = (loaded.info.height, loaded.info.width)
    return [
        [source.read(0).image],
        [source.read_at(1, *ODD_SIZE).image],
        [source.read_at(index, *training).image for index in (2, 3)],
    ]


def scores(
    files: Mapping[str, bytes],
    source: Source,
    training_size: tuple[int, int],
    *,
    limit: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Scores]:
    """Every file's scores on a split, at native label resolution; `agreement` is with the first file's classes.

    limit: at most so many scenes, evenly spaced. progress(done, total): scenes.
    """
    running = {name: session(file) for name, file in files.items()}
    meters = {name: SegmentationMeter() for name in files}
    indices, done = spaced(len(source), limit), 0
    for batch in batches(source, indices, training_size):
        first: torch.Tensor | None = None
        for name, one in running.items():
            labels = torch.from_numpy(labels_of(one, batch.images))
            first = labels if first is None else first
            meters[name].update(labels, batch.target, teacher_pred=first)
        done += len(batch.images)
        if progress is not None:
            progress(done, len(indices))
    return {name: meter.compute() for name, meter in meters.items()}


def refuse_collapsed(scores: Mapping[str, Scores], on: str) -> None:
    """Raise ExportError where int8 says something else than fp32 at every other pixel: ranges that fit no photo."""
    equal = scores["int8"].agreement
    if not equal >= LEAST_KEPT:
        before, after = scores["fp32"].miou, scores["int8"].miou
        raise ExportError(
            f"In int8 the network has collapsed: {equal:.0%} of {on}'s pixels keep their class (mIoU {before:.1%} "
            f"before, {after:.1%} after). Nothing was written; calibrate on scenes like those that it will see, or "
            f"export without int8."
        )


def latencies(loaded: Loaded, files: Mapping[str, bytes], photo: np.ndarray) -> dict[str, float]:
    """Seconds for one photo's label map, by form ("PyTorch" and the names of `files`): medians of alternating calls."""
    size = (loaded.info.height, loaded.info.width)
    running = {name: session(file) for name, file in files.items()}
    forms: dict[str, Callable[[], object]] = {
        "PyTorch": lambda: predict(loaded.model, photo, training_size=size).labels,
        **{name: lambda run=run: labels_of(run, [photo]) for name, run in running.items()},  # type: ignore[misc]
    }
    took: dict[str, list[float]] = {name: [] for name in forms}
    for number in range(_ROUNDS + 1):
        for name, form in forms.items():
            start = time.perf_counter()
            form()
            if number:  # the first call sets things up
                took[name].append(time.perf_counter() - start)
    return {name: statistics.median(times) for name, times in took.items()}


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0][:200]
