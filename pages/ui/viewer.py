"""The viewer: one component that shows photos under class colours, by a swipe, in a linked grid, or along a filmstrip.

Everything is sent once, as one blob; opacity, class toggles, swipe and probe are answered in the browser without a
message to the server. Python hears of a change on release only. What is sent is described in layers.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import streamlit as st

from pages.ui import blob, component, kit
from pages.ui.layers import (
    VIEWS,
    Arrangement,
    Fact,
    Layer,
    Mix,
    Plate,
    Quantity,
    Settings,
    State,
    ViewName,
    class_words,
    described,
)
from unetkd_core.classes import CLASSES
from unetkd_core.settings import PROJECT_ROOT

__all__ = [
    "VIEWS",
    "Fact",
    "FilmRow",
    "Layer",
    "Mix",
    "Plate",
    "Quantity",
    "State",
    "View",
    "ViewName",
    "filmstrip",
    "mount",
    "viewer",
]

_FOLDER: Final = PROJECT_ROOT / "assets" / "viewer"
MODULES: Final = [
    _FOLDER / name
    for name in (
        "blob.js",
        "maths.js",
        "field.js",
        "shade.js",
        "paint.js",
        "figures.js",
        "parts.js",
        "looks.js",
        "painted.js",
        "outside.js",
        "loupe.js",
        "pointing.js",
        "numbers.js",
        "save.js",
        "controls.js",
        "keys.js",
        "swipe.js",
        "knob.js",
        "gained.js",
        "story.js",
        "grid.js",
        "filmstrip.js",
        "soft_words.js",
        "soft_reading.js",
        "soft_dials.js",
        "soft_bars.js",
        "soft_formula.js",
        "soft_split.js",
        "soft_chart.js",
        "probe_scene.js",
        "probe.js",
        "simplex_plane.js",
        "simplex_scores.js",
        "simplex_triangle.js",
        "simplex_picture.js",
        "simplex_bars.js",
        "simplex.js",
        "main.js",
    )
]
"""In the order of their imports; the last has the default export. They share one scope, and so one set of names."""
SHEETS: Final = [_FOLDER / name for name in ("viewer.css", "controls.css", "soft.css", "story.css", "simplex.css")]


@dataclass(frozen=True)
class View:
    """As of the last release: swipe and opacity in [0, 1], shown class indices, probed pixel (column, row), what is
    shown (`name`), temperature, the weights of a mix (None where there is none), how a grid lies and which two layers a
    swipe compares (layers.Settings), and with which network, counted among those with logits, all others are compared
    (None: as usual).
    """

    swipe: float
    opacity: float
    shown: tuple[int, ...]
    pixel: tuple[int, int] | None
    name: ViewName = "labels"
    temperature: float = 1.0
    weights: tuple[float, ...] | None = None
    arrangement: Arrangement = "grid"
    sides: tuple[int, int] | None = None
    against: int | None = None


@dataclass(frozen=True)
class FilmRow:
    """One role's frames: (epoch, photo (H, W, 3) uint8 or None, labels (H, W) uint8), in the order of epochs.

    `title` is the row's name where it is not the role's.
    """

    role: str
    frames: Sequence[tuple[int, np.ndarray | None, np.ndarray]]
    title: str = ""


def declare(name: str, skeleton: str) -> Any:
    """The component under a name of its own, so that what is seen while it loads has about its later height."""
    return st.components.v2.component(
        name,
        html=f'<div class="ukd"><div class="{skeleton}" role="status" aria-label="Loading the pictures"></div></div>',
        css=component.style(SHEETS),
        js=component.script(MODULES),
    )


_component, _strip = declare("unetkd_viewer", "skeleton"), declare("unetkd_filmstrip", "skeleton film")


def viewer(
    photo: np.ndarray, layers: Sequence[Layer | Plate], *, mode: Literal["swipe", "grid"], key: str, **settings: Any
) -> View:
    """Photo (H, W, 3) uint8 under what was said of it: label maps (0-5; 254 and 255 are see-through), or logits.

    swipe: the first two layers that are not the truth, left and right of a line. grid: every layer in a cell with a
    linked probe. A layer of role "truth" is what holding T shows. Plates are for grids only. settings: the fields of
    layers.Settings.
    """
    header, parts = described(photo, layers, mode, Settings(**settings))
    told = mount({**header, "terms": terms()}, parts, key)
    return _heard(told if told.get("news") == header["news"] else {}, header)


_TERMS: Final[dict[str, str]] = {
    **{view: view for view in VIEWS},
    "soft": "soft answers",
    "second": "second choice",
    "gain": "gain at a pixel",
    "temperature": "temperature",
    "logit": "logits",
    "softmax": "softmax",
    "hard": "hard label",
    "ce": "cross-entropy",
    "kl": "KL divergence",
    "IoU": "mean IoU",
}
"""Words around the pictures -> their names in docs/definitions.md."""


def terms() -> dict[str, str]:
    """The sentence of every word that stands around pictures of networks; a header's `terms`."""
    return {name: kit.definition(term) for name, term in _TERMS.items()}


def _heard(state: dict[str, Any], header: dict[str, Any]) -> View:
    """What the browser last told of this news, where it told anything, else what it was given."""
    pixel, weights = state.get("pixel", header["pixel"]), state.get("weights")
    usual = range(1, len(CLASSES)) if header["shown"] is None else header["shown"]
    sides, against = state.get("sides", header["sides"]), state.get("against")
    return View(
        swipe=float(state.get("swipe", header["swipe"])),
        opacity=float(state.get("opacity", header["opacity"])),
        shown=tuple(state.get("shown", usual)),
        pixel=(int(pixel[0]), int(pixel[1])) if pixel else None,
        name=state.get("view", header["view"]),
        temperature=float(state.get("temperature", header["temperature"])),
        weights=tuple(float(w) for w in weights) if weights else None,
        arrangement=state.get("arrangement", header["arrangement"]),
        sides=(int(sides[0]), int(sides[1])) if sides else None,
        against=None if against is None else int(against),
    )


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
        **class_words(palette),
    }
    chosen = mount(header, parts, key, _strip).get("epoch", selected)
    followed = min(row.frames[-1][0] for row in rows if row.frames)
    return next((epoch for epoch in known if epoch == chosen), followed)


def mount(header: dict[str, Any], parts: list[bytes], key: str, drawn_by: Any = _component) -> dict[str, Any]:
    """Send what `described` made; returns what the browser last told, empty before it told anything."""
    result = drawn_by(key=key, data=blob.pack(header, parts), on_view_change=lambda: None)
    return dict(result.view or {})
