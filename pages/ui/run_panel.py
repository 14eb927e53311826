"""The predicted scenes of a run and its twin, from their folders' PNGs to what the viewer draws. Draws nothing."""

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
import streamlit as st

from pages.ui.pairs import Pair, Side
from pages.ui.viewer import FilmRow, Layer
from unetkd_core.data.images import read_image, read_labels
from unetkd_core.errors import DataError
from unetkd_core.runs.folder import Panel

MOST_FRAMES = 60
"""Epochs in a filmstrip at most: what is sent to the browser again with every epoch stays small."""
TITLES = {"student": "Student, taught", "twin": "Untaught twin", "teacher": "Network"}


def panels(pair: Pair) -> list[tuple[Side, Panel]]:
    """The sides that have predicted something."""
    found = [(side, side.run.panel()) for side in pair.sides]
    return [(side, panel) for side, panel in found if panel is not None and panel.epochs]


def film(pair: Pair, scene: int) -> list[FilmRow]:
    """A row for each side: one scene after every epoch; before the first one ends, untrained (epoch 0)."""
    there = panels(pair)
    epochs = shared([panel.epochs for _, panel in there])
    rows = []
    for side, panel in there:
        drawn = [(epoch, labels(panel.path(epoch, scene))) for epoch in panel.epochs if epoch in epochs]
        frames = [(epoch, photo(panel, scene), found) for epoch, found in drawn if found is not None]
        rows.append(FilmRow(side.role, frames, "network" if side.role == "teacher" else ""))
    return rows if any(row.frames for row in rows) else []


def shared(sides: Sequence[Sequence[int]]) -> set[int]:
    """The epochs to show of all sides, the same for each, so that they stand below each other.

    At most MOST_FRAMES, and the newest that every side has. sides: each one's epochs in order, 0 for untrained.
    """
    trained = [[e for e in side if e >= 1] for side in sides]
    ends = [side[-1] for side in trained if side]
    return {*thinned(sorted({e for side in trained for e in side})), min(ends)} if ends else {0}


def layers(pair: Pair, scene: int, epoch: int) -> list[Layer]:
    """Each side's reading after `epoch` and the truth, for the viewer. A side that has not come so far is left out."""
    there = panels(pair)
    if not there:
        return []
    found = []
    for side, panel in there:
        drawn = labels(panel.path(epoch, scene)) if epoch in panel.epochs else None
        if drawn is not None:
            found.append(Layer(side.role, TITLES[side.role], f"epoch {epoch}" if epoch else "untrained", drawn))
    truth = labels(there[0][1].scenes[scene].truth)
    return found if truth is None else [*found, Layer("truth", "True labels", "", truth)]


def photo(panel: Panel, scene: int) -> np.ndarray:
    """The scene's photo (H, W, 3) uint8. Raises DataError when it cannot be read."""
    return _photo(panel.scenes[scene].photo)


def labels(path: Path) -> np.ndarray | None:
    """A label map (H, W) uint8, or None when the file is gone or half-written."""
    try:
        return _labels(path, path.stat().st_mtime_ns)
    except (OSError, DataError):
        return None


def thinned(epochs: list[int]) -> list[int]:
    """At most MOST_FRAMES epochs, evenly spaced, with the first and the last."""
    if len(epochs) <= MOST_FRAMES:
        return epochs
    return [epochs[i] for i in np.linspace(0, len(epochs) - 1, MOST_FRAMES).round().astype(int)]


# Resources, not data: the viewer tells photos apart by identity, and nobody writes into them.
@st.cache_resource(max_entries=64, show_spinner=False)
def _photo(path: Path) -> np.ndarray:
    return read_image(path, name=path.name)


@st.cache_resource(max_entries=512, show_spinner=False)
def _labels(path: Path, written: int) -> np.ndarray:
    return cast(np.ndarray, read_labels(path, name=path.name))
