"""Pixel by pixel: where the mean is right and the best member alone is not, and the other way round.

Label maps in; a map of states over the dimmed photo out, for the viewer. Where there is no truth, whether they differ.
"""

import html
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pages.ui import kit
from pages.ui.viewer import Layer, State
from unetkd_core.classes import NUM_CLASSES, UNLABELLED

BOTH, MEAN, ALONE, NEITHER = range(4)
# Errors on a picture take the roles' colours of the dark theme, in both themes.
_ENSEMBLE, _TEACHER, _NEITHER, _GREY = (180, 242, 200), (242, 160, 58), (17, 18, 22), (128, 128, 128)


@dataclass(frozen=True)
class Compared:
    """states (H, W) uint8: indices of `legend`; what counts nowhere is UNLABELLED. shares: of the counted pixels."""

    states: np.ndarray
    legend: Sequence[State]
    shares: Sequence[float]
    told: str


def against_truth(mean: np.ndarray, alone: np.ndarray, truth: np.ndarray, name: str) -> Compared:
    """Four states of (H, W) uint8 label maps. name: the best member's."""
    who = html.escape(name)
    states = np.full(truth.shape, UNLABELLED, dtype=np.uint8)
    counted = truth < NUM_CLASSES
    right, other = mean == truth, alone == truth
    for state, where in ((BOTH, right & other), (MEAN, right & ~other), (ALONE, ~right & other)):
        states[counted & where] = state
    states[counted & ~right & ~other] = NEITHER
    shares = _shares(states, counted, 4)
    names = ("both right", "only the ensemble", f"only {name}", "neither")
    told = (
        f"Of this picture’s labelled pixels averaging wins <b>{kit.percent(shares[MEAN])}</b> that {who} alone gets "
        f"wrong, and loses <b>{kit.percent(shares[ALONE])}</b> that it gets right. "
        f"On {kit.percent(shares[NEITHER])} both are wrong."
    )
    return Compared(states, _legend(names, (_GREY, _ENSEMBLE, _TEACHER, _NEITHER), shares), shares, told)


def against_each_other(mean: np.ndarray, alone: np.ndarray, name: str) -> Compared:
    """Two states, where nobody knows the truth."""
    states = (mean != alone).astype(np.uint8)
    shares = _shares(states, np.ones(states.shape, bool), 2)
    told = (
        f"There is no label for this photo. The ensemble says something else than {html.escape(name)} alone on "
        f"<b>{kit.percent(shares[1])}</b> of it: judge by eye who is right there."
    )
    return Compared(states, _legend(("they agree", "they differ"), (_GREY, _ENSEMBLE), shares), shares, told)


def dimmed(photo: np.ndarray) -> np.ndarray:
    """The photo (H, W, 3) uint8 in dark grey, so that states stand out."""
    grey = photo @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    return np.repeat(np.rint(0.55 * grey + 18).astype(np.uint8)[..., None], 3, axis=2)


def layer(compared: Compared, name: str) -> Layer:
    """What the viewer lays over the dimmed photo."""
    parts = ", ".join(state.name for state in compared.legend)
    title = f"Ensemble against {name}"
    return Layer("ensemble", title, "", compared.states, alt=f"{title}, pixel by pixel: {parts}")


def _shares(states: np.ndarray, counted: np.ndarray, count: int) -> list[float]:
    found = np.bincount(states[counted], minlength=count)[:count]
    return [float(n) / max(1, int(found.sum())) for n in found]


def _legend(names: Sequence[str], colors: Sequence[tuple[int, int, int]], shares: Sequence[float]) -> list[State]:
    return [
        State(f"{name} {kit.percent(share)}", color) for name, color, share in zip(names, colors, shares, strict=True)
    ]
