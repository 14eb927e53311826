"""What the Ensemble page keeps between reruns: each member's logits, their mean, every weighting's score on a picture.

A weighting that changes must only be mixed and drawn: networks run once a picture. Torch is imported inside. What was
made of somebody's own photo stays in that person's session.
"""

import hashlib
import time
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import streamlit as st

from pages.ui import caches
from unetkd_core.inference.gate import READING
from unetkd_core.inference.searched import Searched, Weights
from unetkd_core.models.weighting import Weighting

Key = tuple[tuple[str, str], ...]
"""(reference, sha256) of each member, in order."""
NO_LABEL: Final = 255


def digest(array: np.ndarray) -> str:
    """Of every pixel: Streamlit's own hash samples large arrays."""
    return hashlib.blake2b(np.ascontiguousarray(array).data, digest_size=16).hexdigest() + str(array.shape)


def _logits(ref: str, sha256: str, picture: str, _image: np.ndarray) -> tuple[np.ndarray, float]:
    import torch

    from unetkd_core.inference.readout import read
    from unetkd_core.inference.views import check_image

    check_image(_image)
    with READING.turn(), torch.inference_mode():
        model, info = caches.load_model(ref, sha256)
        start = time.perf_counter()
        part = read(model, [_image], (info.height, info.width)).parts[0][0]
        took = time.perf_counter() - start
    # The browser mixes half floats: from the same ones the page's sentence and the picture's number are the same too.
    return caches.halved(part.cpu().numpy()).astype(np.float32), took


def _mean(key: Key, weights: Weights, weighting: Weighting, picture: str, _parts: Sequence[np.ndarray]) -> np.ndarray:
    import torch
    from torch import nn

    from unetkd_core.inference.readout import Readout
    from unetkd_core.models.ensemble import EnsembleTeacher

    ensemble = EnsembleTeacher([nn.Identity() for _ in _parts], weights=weights, weighting=weighting).eval()
    heard = [torch.from_numpy(_parts[i])[None] for i in ensemble.heard]
    with torch.inference_mode():
        return np.asarray(Readout(heard, ensemble).labels(_size(picture))[0].cpu().numpy())


def _tally(
    key: Key,
    candidates: tuple[Weights, ...],
    picture: str,
    truth: str,
    _parts: Sequence[np.ndarray],
    _truth: np.ndarray,
) -> Searched:
    import torch

    from unetkd_core.inference.readout import Readout
    from unetkd_core.inference.weight_search import Tally

    tally = Tally(candidates, len(_parts), "probs")
    with READING.turn(), torch.inference_mode():
        said = [Readout([torch.from_numpy(part)[None]]).strips(_truth.shape) for part in _parts]
        for strips in zip(*said, strict=True):
            rows = strips[0][0]
            tally.add([strip for _, strip in strips], torch.from_numpy(_truth[rows].astype(np.int64))[None])
    return tally.result(1)


def _size(picture: str) -> tuple[int, int]:
    """(height, width), from the shape at a digest's end."""
    height, width, _ = picture[picture.index("(") + 1 : -1].split(",")
    return int(height), int(width)


def _twice(function: Any, entries: int) -> tuple[Any, Any]:
    """Kept for everybody, and kept in one session."""
    return (
        st.cache_data(max_entries=entries, show_spinner=False)(function),
        st.cache_data(max_entries=entries // 4, show_spinner=False, scope="session")(function),
    )


_KEPT: Final = {"logits": _twice(_logits, 96), "mean": _twice(_mean, 96), "tally": _twice(_tally, 32)}


def logits(ref: str, sha256: str, image: np.ndarray, *, private: bool) -> tuple[np.ndarray, float]:
    """(what a network says (6, h, w) float32 at its working size, seconds that it took)."""
    found: tuple[np.ndarray, float] = _KEPT["logits"][private](ref, sha256, digest(image), image)
    return found


def mean(
    key: Key, weights: Weights, weighting: Weighting, image: np.ndarray, parts: Sequence[np.ndarray], *, private: bool
) -> np.ndarray:
    """(H, W) uint8: what the weighted mean of the members' `parts` says at the image's size."""
    labels: np.ndarray = _KEPT["mean"][private](key, weights, weighting, digest(image), parts)
    return labels


def tally(
    key: Key,
    candidates: tuple[Weights, ...],
    image: np.ndarray,
    truth: np.ndarray,
    parts: Sequence[np.ndarray],
    *,
    private: bool,
) -> Searched:
    """Every candidate's score on one picture with its truth (H, W) uint8."""
    found: Searched = _KEPT["tally"][private](key, candidates, digest(image), digest(truth), parts, truth)
    return found
