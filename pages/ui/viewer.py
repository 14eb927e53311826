"""The viewer: one component that shows photos under class colours, by a swipe, in a linked grid, or along a filmstrip.

Everything is sent once, as one blob; opacity, class toggles, swipe and probe are answered in the browser without a
message to the server. Python hears of a change on release only. Knows label maps and roles, not where they come from.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import streamlit as st

from pages.ui import blob, component
from unetkd_core.classes import CLASSES, PALETTES
from unetkd_core.settings import PROJECT_ROOT

_FOLDER: Final = PROJECT_ROOT / "assets" / "viewer"
_MODULES: Final = (
    "blob.js",
    "maths.js",
    "paint.js",
    "parts.js",
    "keys.js",
    "swipe.js",
    "grid.js",
    "filmstrip.js",
    "main.js",
)
"""In the order of their imports; the last has the default export. They share one scope, and so one set of names."""
_SHEETS: Final = ("viewer.css",)


@dataclass(frozen=True)
class Quantity:
    """What a grid's probe reads beside the class: (H, W) float32 in `unit`; where it is infinite, the word `beyond`."""

    values: np.ndarray
    unit: str
    beyond: str


@dataclass(frozen=True)
class Layer:
    """One label map over the photo. `note` is the caption's number, `detail` a quiet word after the title: "M128".

    `alt` is what is said of it to those who do not see it, where it shows something else than classes.
    """

    role: str
    title: str
    note: str
    labels: np.ndarray
    detail: str = ""
    alt: str = ""
    quantity: Quantity | None = None


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


@dataclass(frozen=True)
class View:
    """As of the last release: swipe and opacity in [0, 1], shown class indices, probed pixel (column, row)."""

    swipe: float
    opacity: float
    shown: tuple[int, ...]
    pixel: tuple[int, int] | None


@dataclass(frozen=True)
class FilmRow:
    """One role's frames: (epoch, photo (H, W, 3) uint8 or None, labels (H, W) uint8), in the order of epochs.

    `title` is the row's name where it is not the role's.
    """

    role: str
    frames: Sequence[tuple[int, np.ndarray | None, np.ndarray]]
    title: str = ""


def _declare(name: str, skeleton: str) -> Any:
    """The component under a name of its own, so that what is seen while it loads has about its later height."""
    return st.components.v2.component(
        name,
        html=f'<div class="ukd"><div class="{skeleton}" role="status" aria-label="Loading the pictures"></div></div>',
        css=component.style([_FOLDER / name for name in _SHEETS]),
        js=component.script([_FOLDER / name for name in _MODULES]),
    )


_component, _strip = _declare("unetkd_viewer", "skeleton"), _declare("unetkd_filmstrip", "skeleton film")


def viewer(
    photo: np.ndarray,
    layers: Sequence[Layer | Plate],
    *,
    mode: Literal["swipe", "grid"],
    key: str,
    opacity: float = 0.55,
    show_opacity: bool = True,
    palette: str = "table1",
    show_photo: bool = False,
    outline: bool = True,
    facts: Sequence[Fact] = (),
    report: bool = True,
    chips: bool = False,
    states: Sequence[State] = (),
) -> View:
    """Photo (H, W, 3) uint8 under label maps (h, w) uint8 (0-5; 254 and 255 are see-through), drawn nearest-neighbour.

    swipe: the first two layers that are not the truth, left and right of a line. grid: every layer in a cell with a
    linked probe, the bare photo first where `show_photo`. A layer of role "truth" is what holding T shows. Plates are
    for grids only.
    `report` False: the server never hears of anything (nothing on the page depends on it). `chips`: a grid's captions
    stand on the pictures. `states`: what the values mean where they are no classes; the first is hidden to begin with.
    """
    if mode == "swipe" and sum(isinstance(layer, Layer) and layer.role != "truth" for layer in layers) < 2:
        raise ValueError("a swipe needs two layers that are not the truth")
    parts = [blob.photo_part(photo)]
    described = [_plate(layer, parts) if isinstance(layer, Plate) else _layer(layer, parts) for layer in layers]
    header = {
        "mode": mode,
        "height": photo.shape[0],
        "width": photo.shape[1],
        "photo": 0,
        "layers": described,
        "show_photo": show_photo,
        "opacity": opacity,
        "show_opacity": show_opacity,
        "outline": outline,
        "report": report,
        "facts": [vars(fact) for fact in facts],
        "chips": chips,
        **(_states(states) if states else _classes(palette)),
    }
    state = _mount(header, parts, key)
    pixel = state.get("pixel")
    return View(
        swipe=float(state.get("swipe", 0.5)),
        opacity=float(state.get("opacity", opacity)),
        shown=tuple(state.get("shown", range(1, len(CLASSES)))),
        pixel=(int(pixel[0]), int(pixel[1])) if pixel else None,
    )


def _layer(layer: Layer, parts: list[bytes]) -> dict[str, Any]:
    said = {name: getattr(layer, name) for name in ("role", "title", "note", "detail", "alt")}
    return {**said, **_labels(layer.labels, parts), **_quantity(layer.quantity, parts)}


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


def filmstrip(
    rows: Sequence[FilmRow],
    *,
    key: str,
    selected: int | None = None,
    epochs: int | None = None,
    palette: str = "table1",
) -> int | None:
    """Thumbnails of one scene epoch by epoch, one row a role, scrubbed by pointer or ← →. Returns the chosen epoch.

    None where there are no frames. `selected` is where it starts (default: the newest epoch that every row has, and it
    follows that until another is chosen); `epochs` the run's length: where more are to come, a place is kept for the
    next.
    """
    parts: list[bytes] = []
    photos: dict[int, int] = {}
    described: list[dict[str, Any]] = []
    for row in rows:
        frames: list[dict[str, Any]] = []
        for epoch, photo, labels in row.frames:
            if photo is not None and id(photo) not in photos:
                photos[id(photo)] = len(parts)
                parts.append(blob.photo_part(photo))
            part, height, width = blob.labels_part(labels)
            frames.append(
                {
                    "epoch": epoch,
                    "photo": None if photo is None else photos[id(photo)],
                    "height": height,
                    "width": width,
                    "part": len(parts),
                }
            )
            parts.append(part)
        described.append({"role": row.role, "title": row.title, "frames": frames})
    known = sorted({frame["epoch"] for row in described for frame in row["frames"]})
    if not known:
        return None
    header = {
        "mode": "filmstrip",
        "rows": described,
        "selected": selected,
        "epochs": epochs,
        "opacity": 0.55,
        "outline": False,
        "report": True,
        **_classes(palette),
    }
    chosen = _mount(header, parts, key, _strip).get("epoch", selected)
    followed = min(row.frames[-1][0] for row in rows if row.frames)
    return next((epoch for epoch in known if epoch == chosen), followed)


def _classes(palette: str) -> dict[str, Any]:
    return {"classes": [c.name for c in CLASSES], "palette": PALETTES[palette].tolist()}


def _states(states: Sequence[State]) -> dict[str, Any]:
    return {
        "classes": [state.name for state in states],
        "palette": [list(state.color) for state in states],
        "legend": "Kinds of pixels shown",
    }


def _mount(header: dict[str, Any], parts: list[bytes], key: str, drawn_by: Any = _component) -> dict[str, Any]:
    result = drawn_by(key=key, data=blob.pack(header, parts), on_view_change=lambda: None)
    return dict(result.view or {})
