"""Streets: the embedded dataset, a pinhole-camera street drawn from (VERSION, seed, index) with its exact labels.

Needs no file and no network; deterministic; any size from 16 x 16. Labels are the six classes, posts/pylons in CamVid's
reading (poles, signs, lights). Knows nothing of sources, packing or training.
"""

from unetkd_core.data.streets.render import MIN_SIDE, VERSION, Conditions, StreetScene, conditions, render, render_light
from unetkd_core.data.streets.weather import KINDS

SPLIT_SEEDS = {"train": 1, "val": 2, "test": 3, "unlabelled": 4}
SPLIT_SIZES = {"train": 2000, "val": 500, "test": 500, "unlabelled": 4000}
WITHOUT_LABELS = frozenset({"unlabelled"})
"""Splits whose labels are kept back: scenes for a teacher to teach on."""
NATIVE_SIZE = (256, 512)
"""Height and width of a scene where none is asked for."""

__all__ = [
    "KINDS",
    "MIN_SIDE",
    "NATIVE_SIZE",
    "SPLIT_SEEDS",
    "SPLIT_SIZES",
    "VERSION",
    "WITHOUT_LABELS",
    "Conditions",
    "StreetScene",
    "conditions",
    "render",
    "render_light",
]
