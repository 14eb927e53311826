"""The Ensemble page's parts: the triangle with all that follows from it, weights by number, what is measured.

Each draws one thing from what is known; `released` hands on what the browser says.
"""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from pages.ui import (
    ensemble_choice,
    ensemble_measured,
    ensemble_scores,
    ensemble_words,
    kit,
    places,
    run_words,
    visitor,
)
from pages.ui.ensemble_cast import Member
from pages.ui.ensemble_choice import CONFIDENCE, WEIGHTS, Choice, Found, key, same, state
from pages.ui.ensemble_measured import BASIS, HERE, SPLIT, WANTED, Measured
from pages.ui.readings import Picture
from pages.ui.simplex import Basis, Corner, Released, Surface, Way, heard, simplex
from unetkd_core.models.weighting import SEARCHED, on_simplex

SIMPLEX = key("simplex")


def look(
    members: Sequence[Member], choice: Choice, measured: Measured, picture: Picture, place: places.Place, photo: bool
) -> None:
    """The triangle, the ensemble's picture, and who wins which class: one component, which answers a drag by itself."""
    start, ways = ensemble_choice.start(choice), _ways(measured, len(choice.members))
    known = picture if ensemble_measured.with_labels(picture) else replace(picture, truth=None)
    simplex(
        known,
        [_corner(member, measured) for member in members],
        start,
        _surface(measured, len(members)),
        ways,
        _basis(members, measured, place, photo),
        key=SIMPLEX,
        on_release=lambda: released(heard(state.get(SIMPLEX), start), measured, place, choice.members),
    )


def _corner(member: Member, measured: Measured) -> Corner:
    at = _place(member, measured.judged)
    miou = measured.scored.alone[at] if measured.scored is not None and at is not None else None
    waiting = "cannot be read" if member.problem else "reading …"
    return Corner(member.name, member.logits, None if miou is None else float(miou), waiting)


def _place(member: Member, among: Sequence[Member]) -> int | None:
    return next((n for n, other in enumerate(among) if other.ref == member.ref), None)


def _surface(measured: Measured, count: int) -> Surface:
    """mIoU over all weights, where it was measured, and the paper's points."""
    grid = ensemble_measured.grid(count)
    if measured.shown is None:
        return Surface([], None, grid, None)
    values = ensemble_measured.fine(measured.shown, count)
    best = on_simplex(ensemble_scores.best_of(measured.shown, "grid", count), count)
    return Surface(ensemble_measured.outlines(values, count), (min(values), max(values)), grid, best)


def _basis(members: Sequence[Member], measured: Measured, place: places.Place, photo: bool) -> Basis:
    against = None
    if measured.scored is not None:
        against = _place(measured.judged[measured.scored.best], members)
    here = "on this photo" if photo else "on this street"
    split = measured.basis == SPLIT
    return Basis(measured.split if split else None, against, f"on {place.ref}" if split else here, here)


def _ways(measured: Measured, count: int) -> list[Way]:
    known = ensemble_measured.presets(measured, count)
    ways = [Way(name, said, on_simplex(weights, count)) for name, (said, weights) in known.items()]
    return [*ways, Way(CONFIDENCE, "By confidence", None)]


def released(told: Released | None, measured: Measured, place: places.Place, members: tuple[str, ...]) -> None:
    """The handle was let go, or a way was taken: the page's weights follow, and where they were found.

    A way that leads elsewhere by now than the browser was told is no more than the weights that it told.
    """
    if told is None:
        return
    count = len(members)
    ways = ensemble_measured.presets(measured, count)
    if told.weighting == CONFIDENCE:
        ensemble_choice.click((1.0,) * count, CONFIDENCE)
    elif told.way in ways and same(on_simplex(ways[told.way][1], count), on_simplex(told.weights, count)):
        weights = ways[told.way][1]
        ensemble_choice.click(weights)
        on = place.ref + (f", {ensemble_words.limit(place)} scenes" if ensemble_words.limit(place) else "")
        searched = told.way in SEARCHED and measured.basis == SPLIT
        ensemble_choice.note_found(Found(weights, told.way, on, members) if searched else None)
    else:
        ensemble_choice.click(told.weights)


def weights(members: Sequence[Member], choice: Choice) -> None:
    """The same by number and by keyboard; whatever is typed is brought to the sum 1."""
    with st.container(key=key("weights"), horizontal=True, wrap=False, vertical_alignment="bottom"):
        for member, name in zip(members, WEIGHTS, strict=False):
            st.number_input(
                f"{member.name}, weight",
                min_value=0.0,
                value=None,
                step=0.05,
                format="%.6g",
                key=name,
                on_change=ensemble_choice.edited,
                persist_state="session",
                width="stretch",
            )
    if choice.problem:
        kit.problem(choice.problem, key=key("weights"))


def basis(members: Sequence[Member], choice: Choice, measured: Measured, place: places.Place, photo: bool) -> None:
    """What is measured: this picture, or the whole split, which a button starts."""
    if measured.split is not None:
        words = ensemble_words.split_in_words(place)
        names = {HERE: "This photo" if photo else "This street", SPLIT: words[:1].upper() + words[1:]}
        state[BASIS] = measured.basis
        st.segmented_control(
            "Measured on", list(names), key=BASIS, format_func=names.__getitem__, required=True, on_change=_want
        )
        return
    if visitor.is_public() or any(m.labels is None for m in members):
        return
    running = ensemble_measured.measuring(choice, place)
    if running is not None and running.problem is None:
        _watch(choice, place)
        return
    if running is not None and running.problem is not None:
        kit.problem(running.problem, key=key("measure"))
    cost = kit.duration(run_words.rough(max(5.0, ensemble_words.seconds(place, members))))
    words = ensemble_words.split_in_words(place)
    st.button(
        f"Measure on {words}, about {cost}",
        key=key("measure"),
        icon=":material/straighten:",
        on_click=ensemble_measured.measure,
        args=(choice, place),
    )


@st.fragment(run_every=0.7)
def _watch(choice: Choice, place: places.Place) -> None:
    """How far the search is; once it is over, the page with what it found."""
    running = ensemble_measured.measuring(choice, place)
    if running is None or running.problem is not None:
        st.rerun()
    left = running.seconds_left
    said = (
        f"Loading {len(choice.members)} networks …"
        if left is None
        else f"Scene {running.done:,} of {running.total:,}, about {kit.duration(run_words.rough(left))} left. "
        "Click on: it goes on."
    )
    st.progress(running.share, said)


def _want() -> None:
    state[WANTED] = state[BASIS]
