"""One pixel's story as a mode of the viewer: a street with a ring, two networks' logits, and what follows from them.

The browser answers everything; Python hears of T, α, T², the KL's direction and the pixel on release.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from pages.ui import kit, viewer
from pages.ui.layers import Layer, Settings, described
from pages.ui.soft_choice import Choice, heard
from unetkd_core.training.presets import KD_PRESETS

WAITING: Final = "The two networks are reading this street now."


@dataclass(frozen=True)
class Start:
    """What the browser is to show when `token` is new to it; from then on the values are its own."""

    token: int
    choice: Choice


def probe(
    photo: np.ndarray,
    truth: np.ndarray | None,
    said: dict[str, np.ndarray],
    start: Start,
    *,
    key: str,
    waiting: str = WAITING,
) -> Choice:
    """Draw it; returns the choice as of the last release.

    photo: (H, W, 3) uint8. truth: (H, W) uint8 or none. said: "teacher" and "student" -> (6, h, w) float logits at the
    networks' own sizes; while one is missing the photo is shown alone, under the sentence `waiting`.
    """
    names = {"teacher": "Teacher", "student": "Student"}
    layers = [Layer(role, names[role], "", logits=logits) for role, logits in said.items()]
    if truth is not None:
        layers.append(Layer("truth", "True label", "", truth))
    header, parts = described(photo, layers, "probe", Settings())
    header |= {"start": _described(start), "presets": _PRESETS, "tips": _tips(), "waiting": waiting}
    view = viewer.mount(header, parts, key)
    return heard(view, photo.shape[:2]) if view.get("token") == start.token else start.choice


_PRESETS: Final = [
    {"name": name, "label": preset.label, "explanation": preset.explanation, **preset.changes}
    for name, preset in KD_PRESETS.items()
]


def _described(start: Start) -> dict[str, Any]:
    return {"token": start.token, **vars(start.choice)}


def _tips() -> dict[str, str]:
    terms = {name: name for name in ("temperature", "alpha", "logits")}
    terms |= {"t2": "T²", "kl": "KL divergence", "dark": "dark knowledge"}
    return {name: kit.definition(term) for name, term in terms.items()}
