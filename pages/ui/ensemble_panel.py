"""The Ensemble page's parts: triangle, weights, the mean's picture, ways to go, classes, pixels.

Each draws one thing from what is known; none decides anything.
"""

import html
from collections.abc import Sequence

import numpy as np
import streamlit as st

from pages.ui import (
    ensemble_caches,
    ensemble_choice,
    ensemble_measured,
    ensemble_pixels,
    ensemble_scores,
    ensemble_surface,
    ensemble_triangle,
    ensemble_views,
    ensemble_words,
    kit,
    places,
    run_words,
)
from pages.ui.ensemble_cast import Member
from pages.ui.ensemble_choice import CONFIDENCE, WEIGHTS, Choice, Found, key, state
from pages.ui.ensemble_measured import BASIS, HERE, SPLIT, WANTED, Measured
from pages.ui.ensemble_triangle import Triangle
from pages.ui.ensemble_views import Corner
from pages.ui.readings import Picture
from pages.ui.viewer import Layer, viewer
from unetkd_core.classes import VOID
from unetkd_core.inference.searched import Weights
from unetkd_core.models.weighting import on_simplex

HOW = (
    "Click the triangle. Every point is one way to share out the vote; the dots are those the paper tried, the ring "
    "its best."
)
NO_POINT = "{}: each pixel listens most to whoever is surest there, so the weights are no point of the triangle."
GO = key("go")


def triangle(members: Sequence[Member], choice: Choice, measured: Measured, picture: Picture) -> None:
    """The teachers' pictures at the corners, the surface between them, and the handle."""
    handle = None if choice.weighting == CONFIDENCE else choice.shares
    corners = [_corner(m, w, measured, picture) for m, w in zip(members, choice.shares, strict=True)]
    if handle is None:
        corners = [Corner(c.name, c.png, c.miou, None, c.waiting) for c in corners]
    said = HOW if handle else NO_POINT.format(kit.term("averaging by confidence", "By confidence"))
    st.html(ensemble_views.corners_above(corners, said if len(members) == 3 else said.replace("triangle", "line")))
    drawn, scale = _triangle(members, handle, measured)
    chart = key(f"chart_{len(members)}_{state.get(key('moved'), 0)}")
    st.vega_lite_chart(
        ensemble_triangle.spec(drawn),
        key=chart,
        on_select=lambda: _clicked(chart),
        width="stretch",
        alt=ensemble_triangle.spoken(drawn.names, handle, _spoken(measured)),
    )
    st.html(ensemble_views.corners_below(corners, scale))


def _corner(member: Member, share: float, measured: Measured, picture: Picture) -> Corner:
    png = None if member.labels is None else _thumbnail(member.ref, member.info.sha256, picture, member.labels)
    at = next((i for i, m in enumerate(measured.judged) if m.ref == member.ref), None)
    miou = measured.scored.alone[at] if measured.scored is not None and at is not None else None
    return Corner(member.name, png, miou, share, "cannot be read" if member.problem else "reading …")


def _thumbnail(ref: str, sha256: str, picture: Picture, labels: np.ndarray) -> bytes:
    if picture.private:
        return ensemble_views.thumbnail(picture.image, labels)
    return _kept_thumbnail(ref, sha256, ensemble_caches.digest(picture.image), picture.image, labels)


@st.cache_data(max_entries=96, show_spinner=False)
def _kept_thumbnail(ref: str, sha256: str, digest: str, _image: np.ndarray, _labels: np.ndarray) -> bytes:
    return ensemble_views.thumbnail(_image, _labels)


def _triangle(members: Sequence[Member], handle: Weights | None, measured: Measured) -> tuple[Triangle, str]:
    """(what the chart draws, its scale as HTML)."""
    count, shown = len(members), measured.shown
    points = ensemble_measured.fine(shown, count)
    values = [value for _, value in points if value is not None]
    low, high = min(values, default=0.0), max(values, default=0.0)
    fine = [(w, "not measured yet" if v is None else f"mIoU {kit.percent(v)}", _band(v, low, high)) for w, v in points]
    best = None if shown is None else on_simplex(ensemble_scores.best_of(shown, "grid", count), count)
    surface = ensemble_measured.outlines(tuple(values)) if values and count == 3 else []
    names = [member.name for member in members]
    where = "over the split" if measured.basis == SPLIT else "on this street"
    scale = ensemble_views.scale(low, high, where) if values else ""
    return Triangle(names, surface, fine, ensemble_measured.grid(count), best, handle), scale


def _band(value: float | None, low: float, high: float) -> int | None:
    return None if value is None else ensemble_surface.band(value, low, high)


def _spoken(measured: Measured) -> str:
    scored = measured.scored
    if scored is None:
        return ""
    alone = ", ".join(f"{m.name} {kit.percent(v)}" for m, v in zip(measured.judged, scored.alone, strict=True))
    return f"mIoU {kit.percent(scored.miou)}; alone {alone}"


def _clicked(chart: str) -> None:
    weights = ensemble_triangle.chosen(state[chart].selection)
    if weights is not None:
        ensemble_choice.click(weights)


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
    if any(m.labels is None for m in members):
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


def picture(picture: Picture, mean: np.ndarray | None, measured: Measured, place: places.Place) -> None:
    """The mean's classes over the photo."""
    labels = mean if mean is not None else np.full(picture.image.shape[:2], VOID, dtype=np.uint8)
    note, of = "", "reading …" if mean is None else ""
    if measured.scored is not None:
        note = kit.percent(measured.scored.miou)
        of = f"on {place.ref}" if measured.basis == SPLIT and measured.scored is not None else "on this street"
    viewer(
        picture.image,
        [Layer("ensemble", kit.ROLE["ensemble"].name, note, labels, detail=of)],
        mode="grid",
        key=key("viewer"),
        show_opacity=False,
        report=False,
        chips=True,
    )


def go_to(choice: Choice, measured: Measured, place: places.Place) -> None:
    """Weights worth looking at, and the one that is no point."""
    ways = ensemble_measured.presets(measured, len(choice.members))
    here = [
        name
        for name, (_, weights) in ways.items()
        if choice.weighting == "fixed" and ensemble_choice.same(on_simplex(weights, len(weights)), choice.shares)
    ]
    names = {**{name: said for name, (said, _) in ways.items()}, CONFIDENCE: "By confidence"}
    before = state.get(GO)
    state[GO] = CONFIDENCE if choice.weighting == CONFIDENCE else before if before in here else next(iter(here), None)

    def go() -> None:
        name = state.get(GO)
        if name == CONFIDENCE:
            ensemble_choice.put((1.0,) * len(choice.members), CONFIDENCE)
        elif name in ways:
            ensemble_choice.put(ways[name][1])
            searched = name in ("grid", "fine") and measured.basis == SPLIT
            on = place.ref + (f", {ensemble_words.limit(place)} scenes" if ensemble_words.limit(place) else "")
            ensemble_choice.note_found(Found(ways[name][1], name, on) if searched else None)

    st.pills("Go to", list(names), key=GO, format_func=names.__getitem__, on_change=go)


def classes(measured: Measured) -> None:
    """Who wins which class."""
    scored = measured.scored
    if scored is None:
        return
    against = measured.names[scored.best]
    kit.section("Who wins which class?", f"points of {kit.term('IoU')}, against {html.escape(against)} alone")
    st.html(ensemble_views.class_rows(scored, measured.names))


def pixels(picture: Picture, mean: np.ndarray | None, measured: Measured) -> None:
    """Where averaging wins and where it loses, on this picture."""
    alone = ensemble_measured.best_alone(measured)
    if mean is None or alone is None or alone.labels is None:
        return
    if ensemble_measured.with_labels(picture) and picture.truth is not None:
        kit.section("Where averaging wins and where it loses", f"against {html.escape(alone.name)} alone")
        compared = ensemble_pixels.against_truth(mean, alone.labels, picture.truth, alone.name)
    else:
        kit.section("Where averaging says something else", f"than {html.escape(alone.name)} alone")
        compared = ensemble_pixels.against_each_other(mean, alone.labels, alone.name)
    viewer(
        ensemble_pixels.dimmed(picture.image),
        [ensemble_pixels.layer(compared, alone.name)],
        mode="grid",
        key=key(f"pixels_{len(compared.legend)}"),
        opacity=0.9,
        show_opacity=False,
        outline=False,
        report=False,
        chips=True,
        states=compared.legend,
    )
    st.html(f'<p class="uke-told">{compared.told}</p>')
