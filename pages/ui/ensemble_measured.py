"""What is known of every weighting: on the picture at once, over a split once it was searched; and what is shown of it.

A search over a split is kept on disk, so that it is there at the next visit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from pages.ui import (
    ensemble_cast,
    ensemble_measuring,
    ensemble_scores,
    ensemble_surface,
    ensemble_words,
    places,
)
from pages.ui.ensemble_cast import Member
from pages.ui.ensemble_choice import Choice, key, state
from pages.ui.ensemble_measuring import Work
from pages.ui.ensemble_scores import Scored
from pages.ui.readings import Picture
from unetkd_core.classes import NUM_CLASSES
from unetkd_core.errors import UnetKDError
from unetkd_core.inference.searched import Searched, Weights, integer_grid, simplex_grid
from unetkd_core.models.weighting import on_simplex
from unetkd_core.zoo import ensemble_search
from unetkd_core.zoo.ensembles import EnsembleSpec

HERE, SPLIT = "here", "split"
BASIS, WANTED = key("basis"), key("basis_wanted")
"""The widget's value, and what was last asked for: a weighting that has no number over the split may overrule it."""


@dataclass(frozen=True)
class Measured:
    """here, split: every weighting's score on the picture and over the split, where known. basis: which of the two is
    shown. scored: what the mean and `judged`, who could read it, reach by it; None where nothing can be said.
    """

    here: Searched | None
    split: Searched | None
    basis: str
    scored: Scored | None
    judged: Sequence[Member]

    @property
    def shown(self) -> Searched | None:
        """The scores that the surface is drawn from."""
        return self.split if self.basis == SPLIT else self.here

    def over_split(self, place: places.Place) -> dict[str, Any]:
        """Scores JSON of the mean over the whole split, by its reference; none where that was not measured exactly."""
        whole = self.basis == SPLIT and ensemble_words.limit(place) is None
        return {place.ref: self.scored.as_json} if whole and self.scored and self.scored.near is None else {}

    @property
    def names(self) -> list[str]:
        """Of those who are judged."""
        return [member.name for member in self.judged]


def with_labels(picture: Picture) -> bool:
    """Whether anything can be scored on it."""
    return picture.truth is not None and bool((picture.truth < NUM_CLASSES).any())


def of(
    members: Sequence[Member], choice: Choice, picture: Picture, place: places.Place, mean: np.ndarray | None
) -> Measured:
    """Everything that is known now, by what the person wants to see."""
    # What a search found with somebody who cannot be read any more says nothing of the mean that is shown.
    split = None if any(m.problem for m in members) else known(choice, place)
    here = ensemble_cast.on_picture(members, picture) if with_labels(picture) else None
    # What changes by pixel was never searched over a split.
    if split is not None and choice.weighting == "fixed" and state.get(WANTED, SPLIT) != HERE:
        return Measured(here, split, SPLIT, ensemble_scores.of_search(split, choice.shares), members)
    there = [m for m in members if m.labels is not None]
    scored = None
    if with_labels(picture) and mean is not None and picture.truth is not None:
        labels = [m.labels for m in there if m.labels is not None]
        scored = ensemble_scores.of_labels(mean, labels, picture.truth)
    return Measured(here, split, HERE, scored, there)


def _spec(choice: Choice) -> EnsembleSpec:
    return EnsembleSpec(members=choice.members)


def known(choice: Choice, place: places.Place) -> Searched | None:
    """What a search over the split found before; None too where a member is gone since."""
    candidates = ensemble_cast.candidates(len(choice.members))
    try:
        return ensemble_search.known(_spec(choice), [place.ref], candidates, limit=ensemble_words.limit(place))
    except UnetKDError:
        return None


def measure(choice: Choice, place: places.Place) -> None:
    """Begin to search the split; it goes on whatever is clicked meanwhile."""
    candidates = ensemble_cast.candidates(len(choice.members))
    ensemble_measuring.start(_spec(choice), place.ref, candidates, ensemble_words.limit(place))
    state[WANTED] = SPLIT


def measuring(choice: Choice, place: places.Place) -> Work | None:
    """The search over this split that is going on, or that failed."""
    return ensemble_measuring.of(_spec(choice), place.ref, ensemble_words.limit(place))


def presets(measured: Measured, count: int) -> dict[str, tuple[str, Weights]]:
    """Name -> (what a button says, its weights): where one may want to go. The best are known once something is."""
    found = {"even": ("Even thirds" if count == 3 else "Even halves", (1.0,) * count)}
    if measured.shown is not None:
        names = {"grid": "Best of the grid", "fine": "Best by 0.05", "alone": "Best alone"}
        found |= {k: (said, ensemble_scores.best_of(measured.shown, k, count)) for k, said in names.items()}
    return found


@st.cache_data(max_entries=32, show_spinner=False)
def outlines(values: tuple[float, ...], count: int) -> list[tuple[int, str]]:
    """(percent of the ensemble's colour, SVG outline) of scores at the simplex's points in steps of 0.05."""
    if count == 2:
        return ensemble_surface.line(values)
    drawn = ensemble_surface.bands(np.array(simplex_grid(count)), np.array(values))
    return [(ensemble_surface.level(band), path) for band, path in enumerate(drawn)]


def fine(searched: Searched, count: int) -> tuple[float, ...]:
    """mIoU at the simplex's points in steps of 0.05."""
    return tuple(map(float, searched.miou[-len(simplex_grid(count)) :]))


def grid(count: int) -> list[Weights]:
    """The paper's points, with sum 1."""
    return [on_simplex(weights, count) for weights in integer_grid(count)]
