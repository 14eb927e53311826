"""What the pages keep in memory between reruns: networks, label maps, scores, scenes and timings.

Torch is imported inside these functions, on the first prediction that is really needed, never by importing this file.
Nothing here is written to disk; what was made of somebody's own photo stays in that person's session.
"""

import hashlib
import io
import json
import statistics
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from PIL import Image, ImageOps

from unetkd_core.data import catalog, streets
from unetkd_core.data.source import Scene, Source
from unetkd_core.errors import CheckpointError
from unetkd_core.inference.gate import READING
from unetkd_core.zoo import references
from unetkd_core.zoo.checkpoints import CheckpointInfo

if TYPE_CHECKING:
    from unetkd_core.metrics import Scores

STREET = streets.NATIVE_SIZE
"""(height, width) in pixels of the street that work and time are given for."""
TIMED_RUNS = 9
_TIMING_BUDGET = 1.5
"""Seconds that timing one network may take at most; a page waits for it."""
_HALF_END = 65504


def torch_is_loaded() -> bool:
    """Whether a prediction costs milliseconds now, or the seconds of torch's import first."""
    return "torch" in sys.modules


def metrics_are_loaded() -> bool:
    """Whether a score costs milliseconds now; torchmetrics takes as long to import as torch itself."""
    return "torchmetrics" in sys.modules


def info_of(ref: str, known: Sequence[tuple[str, CheckpointInfo]] | None = None) -> CheckpointInfo:
    """The checkpoint's description. `known` saves reading the folders again. Raises CheckpointError when it is gone."""
    for name, info in known if known is not None else references.available():
        if name == ref:
            return info
    raise CheckpointError(f"There is no checkpoint {ref!r} any more; choose another network.")


@st.cache_resource(max_entries=8, show_spinner=False)
def _load(ref: str, sha256: str) -> Any:
    # sha256 is part of the key alone: a run's best/ changes while its reference stays. An ensemble is made of its
    # members as they are kept here, so that no network is in memory twice.
    return references.load_model(ref, member=lambda one: _load(one, references.info_of(one).sha256))


def load_model(ref: str, sha256: str | None = None) -> Any:
    """zoo's Loaded(model, info) for a reference, kept by (ref, sha256); at most eight at once."""
    return _load(ref, sha256 if sha256 is not None else info_of(ref).sha256)


def _predict(ref: str, sha256: str, digest: str, _image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    from unetkd_core.inference import predict

    with READING.turn():
        loaded = load_model(ref, sha256)
        said = predict.predict(loaded.model, _image, training_size=(loaded.info.height, loaded.info.width))
        return said.labels, halved(said.logits)


def halved(logits: np.ndarray) -> np.ndarray:
    """As half floats, which is what a browser is sent; logits beyond their end are as sure as those at the end."""
    return np.clip(logits, -_HALF_END, _HALF_END).astype(np.float16)


_predict_shared = st.cache_data(max_entries=96, show_spinner=False)(_predict)
_predict_private = st.cache_data(max_entries=24, show_spinner=False, scope="session")(_predict)


def predict(ref: str, sha256: str, image: np.ndarray, *, private: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """(labels (H, W) uint8 at the image's size, logits (6, h, w) float16 at the network's own) of an image (H, W, 3).

    `private` keeps the result in this session alone (somebody's own photo). The key is a digest of every
    pixel: Streamlit's own hash samples large arrays. Who asks for the same waits for whoever asked first; others take
    turns. Raises BusyError where too many wait already, and what loading the network raises.
    """
    return (_predict_private if private else _predict_shared)(ref, sha256, _digest(image), image)


def _digest(image: np.ndarray) -> str:
    return hashlib.blake2b(np.ascontiguousarray(image).data, digest_size=16).hexdigest() + str(image.shape)


def score(pred: np.ndarray, truth: np.ndarray) -> "Scores":
    """Scores of one label map (H, W) uint8 against the truth (H, W) uint8, void and unlabelled pixels left out."""
    import torch

    from unetkd_core.metrics import SegmentationMeter

    meter = SegmentationMeter()
    meter.update(torch.from_numpy(pred.astype(np.int64))[None], torch.from_numpy(truth.astype(np.int64))[None])
    return meter.compute()


def seconds_per_street(ref: str, info: CheckpointInfo) -> float:
    """Median seconds to read one street of size STREET on this machine, after a warm-up: nine times, fewer when slow.

    Networks of one architecture and training size share one measurement: a twin does the same work as its student.
    Raises BusyError as `predict` does.
    """
    return _seconds(json.dumps([info.arch, info.height, info.width], sort_keys=True), ref, info.sha256)


@st.cache_data(max_entries=32, show_spinner=False)
def _seconds(same_work: str, _ref: str, _sha256: str) -> float:
    with READING.turn():
        return _median_seconds(_ref, _sha256)


def _median_seconds(ref: str, sha256: str) -> float:
    from unetkd_core.inference.predict import predict

    loaded = load_model(ref, sha256)
    image = streets.render(streets.SPLIT_SEEDS["val"], 0, *STREET).image
    size, times = (loaded.info.height, loaded.info.width), list[float]()
    predict(loaded.model, image, training_size=size)
    while len(times) < TIMED_RUNS and sum(times) < _TIMING_BUDGET:
        start = time.perf_counter()
        predict(loaded.model, image, training_size=size)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


@st.cache_resource(max_entries=16, ttl="10m", show_spinner=False)
def _source(ref: str, root: str) -> Source:
    return catalog.open_source(ref)


def source(ref: str, root: str = "") -> Source:
    """The dataset behind `NAME:SPLIT`; `root` (its folder) is part of the key: registered anew, it is read anew."""
    return _source(ref, root)


@st.cache_data(ttl=10, max_entries=1, show_spinner=False)
def trainable() -> list[catalog.DatasetInfo]:
    """Datasets that can be trained on; folders are looked at every ten seconds at most. Raises DataError."""
    return [info for info in catalog.describe() if info.trainable]


@st.cache_data(max_entries=48, show_spinner=False)
def scene(ref: str, index: int, root: str = "") -> Scene:
    """One scene at its native size. Raises DataError naming the file that cannot be read."""
    return Scene(*source(ref, root).read(index))


@st.cache_data(max_entries=32, show_spinner=False)
def street(split: str, index: int, weather: str | None, hour: float | None) -> streets.StreetScene:
    """One scene of `streets` with its depth, in a weather and at an hour; None: as drawn."""
    seed = streets.SPLIT_SEEDS[split]
    return streets.StreetScene(*streets.render(seed, index, *STREET, weather=weather, hour=hour))


@st.cache_data(max_entries=32, show_spinner=False)
def street_light(split: str, index: int, weather: str | None, hour: float | None) -> np.ndarray:
    """Light and shadow alone of the same scene, (H, W, 3) uint8."""
    return streets.render_light(streets.SPLIT_SEEDS[split], index, *STREET, weather=weather, hour=hour)


@st.cache_data(max_entries=256, show_spinner=False)
def thumbnail(ref: str, index: int, root: str = "", *, width: int = 264, height: int = 148) -> bytes:
    """A small JPEG of a scene's photo, cropped to (height, width) pixels: twice the strip's size, for sharp screens."""
    return jpeg_thumbnail(scene(ref, index, root).image, width=width, height=height)


def jpeg_thumbnail(image: np.ndarray, *, width: int = 264, height: int = 148) -> bytes:
    """JPEG bytes of a photo (H, W, 3) uint8, filled and centre-cropped to (height, width) pixels."""
    small = ImageOps.fit(Image.fromarray(image), (width, height), Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=82)
    return buffer.getvalue()
