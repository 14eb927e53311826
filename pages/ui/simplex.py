"""The triangle of weights as a mode of the viewer: its members, the surface of mIoU, the ensemble's picture, winners.

Everything is sent once; while the handle moves, weights, picture, mIoU and bars follow in the browser. Python hears of
the weights when it is let go. What is measured, and how it is said, is decided elsewhere.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from pages.ui import blob, kit
from pages.ui.layers import Layer, Mix, Settings, ViewName, described
from pages.ui.readings import Picture
from pages.ui.viewer import declare, terms
from unetkd_core.errors import ConfigError
from unetkd_core.inference.searched import Searched, Weights
from unetkd_core.models.weighting import on_simplex

_component: Final = declare("unetkd_simplex", "skeleton simplex-skeleton")
STEP: Final = 0.05
"""Where a whole split was measured, the handle rests on its points; else on hundredths."""
_FINE: Final = 0.01
_KNOWN: Final[tuple[ViewName, ...]] = ("labels", "errors", "entropy", "disagreement")
_UNKNOWN: Final[tuple[ViewName, ...]] = ("labels", "entropy", "disagreement")


@dataclass(frozen=True)
class Corner:
    """One member. logits: (6, h, w) float once it has read the picture; miou: alone, a fraction, where it is known;
    waiting: what stands instead of its picture.
    """

    name: str
    logits: np.ndarray | None
    miou: float | None
    waiting: str = ""


@dataclass(frozen=True)
class Start:
    """Weights with sum 1 that the browser takes when `token` is new to it; from then on they are its own."""

    token: str
    weights: Weights
    weighting: Literal["fixed", "confidence"] = "fixed"


@dataclass(frozen=True)
class Surface:
    """bands: (percent of the ensemble's colour, SVG outline), lowest first, and ends: the lowest and highest mIoU as
    fractions; neither where nothing was measured. grid: the paper's points; best: of them. Weights have the sum 1.
    """

    bands: Sequence[tuple[int, str]]
    ends: tuple[float, float] | None
    grid: Sequence[Weights]
    best: Weights | None


@dataclass(frozen=True)
class Way:
    """A button: where one may want to go. weights: None for those that change from pixel to pixel."""

    name: str
    label: str
    weights: Weights | None


@dataclass(frozen=True)
class Basis:
    """What the numbers are of. searched: over a split, where that is shown; else the browser scores the picture.
    against: the member that is best alone, None where nothing can be scored. said, here: "on streets:val",
    "on this street".
    """

    searched: Searched | None
    against: int | None
    said: str
    here: str


@dataclass(frozen=True)
class Released:
    """The handle was let go: weights with sum 1, and the name of the Way that was taken, if one was."""

    weights: Weights
    weighting: Literal["fixed", "confidence"]
    way: str | None


def simplex(
    picture: Picture,
    corners: Sequence[Corner],
    start: Start,
    surface: Surface,
    ways: Sequence[Way],
    basis: Basis,
    *,
    key: str,
    on_release: Callable[[], None],
) -> None:
    """Draw two or three members' ensemble over a picture; on_release is called before the page runs again."""
    packed = blob.pack(*sent(picture, corners, start, surface, ways, basis))
    _component(key=key, data=packed, on_weights_change=on_release)


def sent(
    picture: Picture, corners: Sequence[Corner], start: Start, surface: Surface, ways: Sequence[Way], basis: Basis
) -> tuple[dict[str, Any], list[bytes]]:
    """Header and parts of the blob."""
    header, parts = described(picture.image, *_layers(picture, corners, start))
    return header | {"terms": terms(), "simplex": _told(corners, start, surface, ways, basis, parts)}, parts


def heard(state: Any, start: Start) -> Released | None:
    """What the component's session state says; None for what belongs to an earlier start, and for nonsense."""
    said = (state or {}).get("weights") or {}
    if said.get("token") != start.token:
        return None
    try:
        given = tuple(float(weight) for weight in said["weights"])
        on_simplex(given, len(start.weights))
    except (KeyError, TypeError, ValueError, ConfigError):
        return None
    weighting: Literal["fixed", "confidence"] = "confidence" if said.get("weighting") == "confidence" else "fixed"
    return Released(given, weighting, said.get("preset"))


def _layers(picture: Picture, corners: Sequence[Corner], start: Start) -> tuple[list[Layer], str, Settings]:
    """Those who have read the picture, their mean, and the truth."""
    there = [n for n, corner in enumerate(corners) if corner.logits is not None]
    layers = [Layer("teacher", corners[n].name, "", logits=corners[n].logits) for n in there]
    if there:
        mix = Mix(tuple(range(len(there))), tuple(start.weights[n] for n in there), weighting=start.weighting)
        layers.append(Layer("ensemble", kit.ROLE["ensemble"].name, "", mix=mix))
    if picture.truth is not None:
        layers.append(Layer("truth", "True label", "", picture.truth))
    views = _UNKNOWN if picture.truth is None else _KNOWN
    return layers, "simplex", Settings(show_opacity=False, report=False, views=views)


def _told(
    corners: Sequence[Corner],
    start: Start,
    surface: Surface,
    ways: Sequence[Way],
    basis: Basis,
    parts: list[bytes],
) -> dict[str, Any]:
    """Numbers and words of the triangle, as JSON; a table of candidates as one more part."""
    read = [n for n, corner in enumerate(corners) if corner.logits is not None]
    return {
        "start": vars(start),
        "members": [
            {"name": c.name, "miou": c.miou, "waiting": c.waiting, "layer": read.index(n) if n in read else None}
            for n, c in enumerate(corners)
        ],
        "bands": surface.bands,
        "ends": None if surface.ends is None else [kit.signed(100 * end) for end in surface.ends],
        "grid": surface.grid,
        "best": surface.best,
        "ways": [vars(way) for way in ways],
        "table": None if basis.searched is None else _table(basis.searched, parts),
        "step": _FINE if basis.searched is None else STEP,
        "against": basis.against,
        "basis": basis.said,
        "here": basis.here,
        "terms": {
            "mIoU": kit.definition("mIoU"),
            "IoU": kit.definition("IoU"),
            "confidence": kit.definition("averaging by confidence"),
        },
    }


def _table(searched: Searched, parts: list[bytes]) -> dict[str, int]:
    """One row a candidate, float32: its weights with sum 1, mIoU, the classes' IoU (NaN where one does not occur)."""
    shares = np.array([on_simplex(given, len(given)) for given in searched.candidates])
    rows = np.column_stack([shares, searched.miou, searched.iou]).astype("<f4")
    parts.append(rows.tobytes())
    return {"part": len(parts) - 1, "rows": len(rows), "members": shares.shape[1]}
