"""The street of the lessons: a teacher and its student are asked about it, and everything is worked out of that.

One scene of streets:val with a vehicle; its networks are those that Compare starts with. Draws nothing.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import streamlit as st

from pages.ui import caches, places, soft_pixel, trio
from pages.ui.soft_pixel import Pixel
from unetkd_core.classes import CLASSES
from unetkd_core.errors import CheckpointError, UnetKDError
from unetkd_core.training.presets import KD_PRESETS
from unetkd_core.zoo import references
from unetkd_core.zoo.checkpoints import CheckpointInfo

PLACE: Final = "streets:val"
SCENE: Final = places.FIRST_STREET
PAPER: Final = KD_PRESETS["paper"].changes
HINTON: Final = KD_PRESETS["hinton"].changes


@dataclass(frozen=True)
class Asked:
    """Who was asked: reference and description."""

    ref: str
    info: CheckpointInfo

    @property
    def name(self) -> str:
        """M256."""
        return trio.size_name(self.info)


@dataclass(frozen=True)
class Street:
    """image (H, W, 3) uint8, labels (H, W) uint8, the two networks' logits (6, h, w) at their own sizes."""

    image: np.ndarray
    labels: np.ndarray
    teacher: np.ndarray
    student: np.ndarray
    who: dict[str, Asked]
    pixel: Pixel

    @property
    def label(self) -> int:
        """The pixel's class."""
        return int(self.labels[self.pixel[1], self.pixel[0]])

    def said(self, temperature: float, role: str = "teacher") -> np.ndarray:
        """(6,) the network's answer at the pixel, softened by T."""
        logits = self.teacher if role == "teacher" else self.student
        rows, columns = np.array([self.pixel[1]]), np.array([self.pixel[0]])
        return soft_pixel.softened(soft_pixel.logits_at(logits, rows, columns, self.labels.shape)[0], temperature)

    def ranking(self) -> list[int]:
        """Classes from the teacher's first choice down; no temperature changes it."""
        return [int(c) for c in np.argsort(-self.said(1.0), kind="stable")]


@dataclass(frozen=True)
class Pulled:
    """Over all labelled pixels, at some α, T and factor: mean norms, and the labels' share of their sum."""

    hard: float
    soft: float
    shares: np.ndarray
    """(N,) the labels' share at each pixel at which anything pulls."""

    @property
    def share(self) -> float:
        """The labels' share of all that pulls in this street, in [0, 1]."""
        return self.hard / (self.hard + self.soft) if self.hard + self.soft else 0.0


def scene() -> tuple[np.ndarray, np.ndarray]:
    """(image, labels), which need no network. Raises DataError."""
    found = caches.scene(PLACE, SCENE - 1)
    return found.image, found.labels


def networks() -> dict[str, Asked]:
    """The teacher and its student, before they are asked. Raises CheckpointError where there is no such pair."""
    known = references.available()
    chosen = trio.defaults(known, PLACE.split(":")[0])
    infos = dict(known)
    if trio.NOBODY in (chosen["teacher"], chosen["student"]):
        raise CheckpointError(
            "There is no teacher with a student here. Lesson 6 trains such a pair, and the repository has one."
        )
    return {role: Asked(chosen[role], infos[chosen[role]]) for role in ("teacher", "student")}


def street() -> Street:
    """The scene with what both networks say about it. Imports torch. Raises UnetKDError."""
    image, labels = scene()
    who = networks()
    said = {role: caches.predict(one.ref, one.info.sha256, image)[1].astype(np.float32) for role, one in who.items()}
    pixel = soft_pixel.telling_pixel(labels, said["teacher"])
    return Street(image, labels, said["teacher"], said["student"], who, pixel)


def warm() -> None:
    """Ask both networks, so that the next run finds their answers; what refuses is told there."""
    import torch  # noqa: F401  the pages tell by this module that answers are at hand

    with suppress(UnetKDError):
        street()


def maps(here: Street, temperature: float) -> tuple[np.ndarray, np.ndarray]:
    """How hard label and teacher pull at each pixel, (H, W) each, with weights of one and no T²."""
    key = (here.who["teacher"].info.sha256, here.who["student"].info.sha256, temperature)
    return _maps(key, here)


@st.cache_data(max_entries=12, show_spinner=False)
def _maps(key: Any, _here: Street) -> tuple[np.ndarray, np.ndarray]:
    from unetkd_core.inference.pulls import pulls

    found = pulls(_here.student, _here.teacher, _here.labels, temperature=key[-1])
    return found.hard, found.soft


def pulled(here: Street, *, alpha: float, temperature: float, scale_by_t2: bool) -> Pulled:
    """Who moves the student's weights in this street."""
    known = here.labels < len(CLASSES)
    by_label, by_teacher = (m[known] for m in maps(here, temperature))
    hard = alpha * by_label
    soft = (1 - alpha) * (temperature**2 if scale_by_t2 else 1.0) * by_teacher
    both = hard + soft
    moved = both > 0
    return Pulled(float(hard.mean()), float(soft.mean()), hard[moved] / both[moved])


def taught_with() -> dict[str, Any]:
    """α, T and T² that the student was really taught with, by its own run; Hinton's where that is not known."""
    teaching = (networks()["student"].info.run or {}).get("teaching")
    said = teaching if isinstance(teaching, dict) else {}
    return {name: said.get(name, value) for name, value in HINTON.items()}
