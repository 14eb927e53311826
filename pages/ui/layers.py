"""What the viewer is sent: layers over a photo, how they start, and all of it as a header and its parts.

Knows label maps, logits and roles, not where they come from; and no Streamlit, so that a file can hold the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from pages.ui import blob
from unetkd_core.classes import CLASSES, PALETTES


@dataclass(frozen=True)
class Quantity:
    """What a grid's probe reads beside the class: (H, W) float32 in `unit`; where it is infinite, the word `beyond`."""

    values: np.ndarray
    unit: str
    beyond: str


@dataclass(frozen=True)
class Mix:
    """An ensemble that is mixed in the browser: places of its members among the layers, one weight each, of sum 1.

    space: the weighted mean of probabilities at T = 1 ("probs"), or of centred logits ("logits"). weighting: the
    weights as they are ("fixed"), or multiplied at every pixel by how sure each member is there ("confidence", of
    probabilities only).
    """

    members: tuple[int, ...]
    weights: tuple[float, ...]
    space: Literal["probs", "logits"] = "probs"
    weighting: Literal["fixed", "confidence"] = "fixed"

    def __post_init__(self) -> None:
        if self.weighting == "confidence" and self.space != "probs":
            raise ValueError("a browser weighs by confidence only where probabilities are mixed")


@dataclass(frozen=True)
class Layer:
    """What one network said, or the truth. `note` is the caption's number, `detail` a quiet word after it: "M128".

    One of: labels (h, w) uint8, a finished map, drawn nearest-neighbour; logits (6, h, w) float at the network's own
    resolution, from which the browser works out labels and all other views; mix, of other layers. `alt` is what is
    said of it to those who do not see it, where it shows something else than classes. `hidden` layers are not drawn:
    they are members of a mix.
    """

    role: str
    title: str
    note: str
    labels: np.ndarray | None = None
    detail: str = ""
    alt: str = ""
    quantity: Quantity | None = None
    logits: np.ndarray | None = None
    mix: Mix | None = None
    hidden: bool = False

    def __post_init__(self) -> None:
        given = sum(part is not None for part in (self.labels, self.logits, self.mix))
        if given != 1:
            raise ValueError(f"layer {self.title!r} has {given} of labels, logits and mix; expected one of them")


@dataclass(frozen=True)
class Plate:
    """A picture of its own in a grid's cell: (H, W, 3) uint8, or None for the photo itself.

    `labels` (H, W) uint8 and `quantity` are not shown; they are what the probe reads there.
    """

    title: str
    note: str
    image: np.ndarray | None
    alt: str = ""
    labels: np.ndarray | None = None
    quantity: Quantity | None = None


@dataclass(frozen=True)
class State:
    """What a value of a layer means where it is no class: its name in the legend, its colour (r, g, b)."""

    name: str
    color: tuple[int, int, int]


@dataclass(frozen=True)
class Fact:
    """One cell of the control strip. `tip` is the term's sentence; where `role` is given, the value is its chip."""

    label: str
    value: str
    symbol: str = ""
    note: str = ""
    role: str | None = None
    tip: str = ""


ViewName = Literal["labels", "soft", "entropy", "second", "errors", "disagreement", "gain"]
Arrangement = Literal["grid", "swipe"]
VIEWS: Final[tuple[ViewName, ...]] = ("labels", "errors", "entropy", "disagreement", "soft", "second", "gain")
"""What can be shown of layers with logits. errors and gain need a truth and two networks, disagreement two networks."""
WARMEST: Final = 50.0
"""The temperature's range is 1 to this."""


@dataclass(frozen=True)
class Settings:
    """How a viewer starts, and what stands around its pictures.

    show_photo: the bare photo first in a grid. report False: the server never hears of anything (nothing on the page
    depends on it). chips: a grid's captions stand on the pictures. states: what the values mean where they are no
    classes; the first is hidden to begin with. views: what can be chosen besides labels, where layers have logits.
    name, temperature, pixel (column, row), shown (class indices; None: all but the background): what is shown to begin
    with; later it is the browser's. So are, of a grid, arrangement ("swipe": two of them left and right of a line),
    swipe (where the line stands, in [0, 1]) and sides (which two, counted among the layers that are neither truth nor
    plate; None: twin and student, or the first two). Another `news` than before, and the browser takes all that anew.
    """

    opacity: float = 0.55
    show_opacity: bool = True
    palette: str = "table1"
    show_photo: bool = False
    outline: bool = True
    facts: Sequence[Fact] = ()
    report: bool = True
    chips: bool = False
    states: Sequence[State] = ()
    views: Sequence[ViewName] = ()
    name: ViewName = "labels"
    temperature: float = 1.0
    pixel: tuple[int, int] | None = None
    shown: tuple[int, ...] | None = None
    arrangement: Arrangement = "grid"
    swipe: float = 0.5
    sides: tuple[int, int] | None = None
    news: int = 0


def described(
    photo: np.ndarray, layers: Sequence[Layer | Plate], mode: str, settings: Settings
) -> tuple[dict[str, Any], list[bytes]]:
    """(header, parts): all that a browser needs to draw it, with a server or without one. photo: (H, W, 3) uint8."""
    if mode == "swipe" and sum(isinstance(layer, Layer) and layer.role != "truth" for layer in layers) < 2:
        raise ValueError("a swipe needs two layers that are not the truth")
    parts = [blob.photo_part(photo)]
    said = [_plate(layer, parts) if isinstance(layer, Plate) else _layer(layer, parts) for layer in layers]
    plain = ("opacity", "show_opacity", "show_photo", "outline", "report", "chips")
    header = {
        "mode": mode,
        "height": photo.shape[0],
        "width": photo.shape[1],
        "photo": 0,
        "layers": said,
        **{name: getattr(settings, name) for name in plain},
        "facts": [vars(fact) for fact in settings.facts],
        "views": list(settings.views) if any(_is_deep(layer) for layer in layers) else [],
        "view": settings.name,
        "temperature": min(WARMEST, max(1.0, settings.temperature)),
        "warmest": WARMEST,
        "pixel": list(settings.pixel) if settings.pixel else None,
        "shown": None if settings.shown is None else list(settings.shown),
        "arrangement": settings.arrangement,
        "swipe": settings.swipe,
        "sides": list(settings.sides) if settings.sides else None,
        "news": settings.news,
        **(_states(settings.states) if settings.states else class_words(settings.palette)),
    }
    return header, parts


def _is_deep(layer: Layer | Plate) -> bool:
    """Whether it was sent as logits, so that more than its labels can be shown."""
    return isinstance(layer, Layer) and layer.labels is None


def _layer(layer: Layer, parts: list[bytes]) -> dict[str, Any]:
    said = {name: getattr(layer, name) for name in ("role", "title", "note", "detail", "alt", "hidden")}
    if layer.labels is not None:
        said |= _labels(layer.labels, parts)
    elif layer.logits is not None:
        classes, height, width = layer.logits.shape
        part = _added(blob.logits_part(layer.logits), parts)
        said["logits"] = {"classes": classes, "height": height, "width": width, "part": part}
    elif layer.mix is not None:
        said["mix"] = vars(layer.mix)
    return {**said, **_quantity(layer.quantity, parts)}


def _plate(plate: Plate, parts: list[bytes]) -> dict[str, Any]:
    said = {"plate": True, "role": "plate", "title": plate.title, "note": plate.note, "detail": "", "alt": plate.alt}
    if plate.image is not None:
        said["picture"] = _added(blob.photo_part(plate.image), parts)
    labels = {} if plate.labels is None else _labels(plate.labels, parts)
    return {**said, **labels, **_quantity(plate.quantity, parts)}


def _labels(labels: np.ndarray, parts: list[bytes]) -> dict[str, Any]:
    part, height, width = blob.labels_part(labels)
    return {"height": height, "width": width, "part": _added(part, parts)}


def _quantity(quantity: Quantity | None, parts: list[bytes]) -> dict[str, Any]:
    if quantity is None:
        return {}
    height, width = quantity.values.shape
    said = {"unit": quantity.unit, "beyond": quantity.beyond, "height": height, "width": width}
    return {"quantity": {**said, "part": _added(blob.quantity_part(quantity.values), parts)}}


def _added(part: bytes, parts: list[bytes]) -> int:
    parts.append(part)
    return len(parts) - 1


def class_words(palette: str) -> dict[str, Any]:
    """Names and colours of the classes, and the other palette's."""
    other = next(name for name in PALETTES if name != palette)
    return {
        "classes": [c.name for c in CLASSES],
        "palette": PALETTES[palette].tolist(),
        "other_palette": PALETTES[other].tolist(),
    }


def _states(states: Sequence[State]) -> dict[str, Any]:
    return {
        "classes": [state.name for state in states],
        "palette": [list(state.color) for state in states],
        "legend": "Kinds of pixels shown",
    }
