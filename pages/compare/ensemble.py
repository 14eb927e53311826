"""Ensemble: three teachers' mean, its weights on a triangle, where averaging wins and loses; and letting it teach.

Reads the widgets, asks pages/ui/ensemble_*.py, draws. Choices live in the address: ?members=&weights=&data=&scene=.
"""

import html
from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.ui import (
    ensemble_cast,
    ensemble_choice,
    ensemble_measured,
    ensemble_panel,
    ensemble_scores,
    ensemble_start,
    ensemble_teach,
    ensemble_words,
    kit,
    picture_choice,
    places,
    scene_choice,
    trio,
    url_state,
)
from pages.ui.ensemble_cast import Member
from pages.ui.ensemble_choice import PAGE, Choice, key, state
from pages.ui.ensemble_measured import Measured
from pages.ui.readings import Picture
from unetkd_core.errors import DataError
from unetkd_core.settings import PROJECT_ROOT
from unetkd_core.zoo import references

QUESTION = "Are three teachers better than the best one?"


def settle(known: trio.Known, found: scene_choice.Found) -> tuple[places.Place, list[str]]:
    """Valid choices in session state before any widget is drawn: from the address, else defaults."""
    taken = url_state.restore(ensemble_choice.ADDRESS)
    data = scene_choice.keys(PAGE)["data"]
    told = ensemble_choice.settle(known, taken, str(state[data]).split(":")[0] if state.get(data) else None)
    if not state.get(data):
        infos = dict(known)
        state[data] = ensemble_start.home([infos[ref] for ref in ensemble_choice.now().members], found)
    place, _, more = scene_choice.settle(PAGE, found, taken)
    return place, told + more


def toolbar(known: trio.Known, found: scene_choice.Found, place: places.Place) -> None:
    """The members, the ensembles that were kept, the dataset and the scene, in one row that scrolls on a phone."""
    there, kept = [ref for ref, _ in ensemble_start.networks(known)], ensemble_start.ensembles(known)
    with st.container(horizontal=True, wrap=False, key=key("tools"), vertical_alignment="bottom"):
        for slot, menu in enumerate(ensemble_choice.MEMBERS):
            last = slot == ensemble_start.SLOTS - 1
            st.selectbox(
                f":orange[**■ Teacher {slot + 1}**]",
                [*there, ensemble_start.NOBODY] if last else there,
                key=menu,
                format_func=lambda ref: trio.label(known, ref),
                on_change=ensemble_choice.swap,
                args=(slot,),
                persist_state="session",
                width=175,
            )
        if kept:
            st.selectbox(
                ":green[**▲ Kept**]",
                kept,
                index=None,
                key=key("open"),
                placeholder="Open",
                format_func=lambda ref: trio.label(known, ref),
                on_change=ensemble_choice.open_kept,
                args=(known,),
                width=110,
            )
        scene_choice.controls(PAGE, found, place, on_change=lambda: picture_choice.show(PAGE, 0))


def answer(members: Sequence[Member], choice: Choice, measured: Measured, place: places.Place) -> str:
    """The sentence under the question."""
    if all(m.problem for m in members):
        return "None of the networks that were chosen can be read."
    if any(m.labels is None and not m.problem for m in members):
        return "The networks are reading this street now."
    scored = measured.scored
    if scored is None:
        return "Nobody knows the truth of this picture: see where they differ, and judge by eye."
    heard = [m.name for m, share in zip(members, choice.shares, strict=True) if share > 0]
    if len(heard) == 1 and choice.weighting == "fixed":
        return f"These weights hear {html.escape(heard[0])} alone: {kit.percent(scored.miou)}. Give another one a say."
    whole = measured.basis == ensemble_measured.SPLIT and choice.weighting == "fixed"
    where = f"On {html.escape(place.ref)}" if whole else "On this street"
    return ensemble_scores.answer(scored, measured.names, where)


def captions(choice: Choice, measured: Measured, place: places.Place, photo: bool, found: scene_choice.Found) -> None:
    """What must be said beside the numbers."""
    if measured.scored is None and not photo:
        return
    chosen, members = ensemble_choice.found(choice), measured.judged
    if measured.basis == ensemble_measured.SPLIT and choice.weighting == "fixed":
        told = ensemble_words.on_split(place, members, chosen, found)
        near = measured.scored.near if measured.scored else None
        told = [line for line in (ensemble_words.not_measured(near), *told) if line]
    else:
        told = ensemble_words.on_picture(None if photo else place, members, chosen)
    if photo:
        told = [ensemble_words.NO_LABEL, *told]
    for line in told:
        kit.note(line)


def problems(members: Sequence[Member], told: Sequence[str]) -> None:
    """What cannot be read or was changed, in place."""
    for member in members:
        if member.problem:
            kit.problem(f"{member.name} cannot be read, so the mean is without it", member.problem)
    headline, hint = state.pop(key("opening"), None) or ("", "")
    if headline:
        kit.problem(headline, hint)
    for line in [*told, *([hint] if hint and not headline else [])]:
        kit.note(line)


def nobody() -> None:
    """The page before there are two networks."""
    kit.page_header(QUESTION, "Nobody knows yet: it takes two trained networks to average.")
    body = (
        "Every network that you train from labels can be a member here: their pictures at the corners of a triangle, "
        "a point on it for every way to share out the vote, and what each way wins or loses."
    )
    with kit.empty_state("No ensemble without members", body, key=PAGE):
        st.page_link("pages/lab/distill.py", label="Train the first", icon=":material/school:")


def page() -> None:
    for file in ("tables.css", "ensemble.css"):
        st.html(PROJECT_ROOT / "assets" / file)
    try:
        known, found = references.available(), places.found()
    except DataError as error:
        kit.page_header(QUESTION)
        kit.problem(error)
        return
    if len(ensemble_start.networks(known)) < 2:
        nobody()
        return
    head = st.container()
    place, told = settle(known, found)
    toolbar(known, found, place)
    choice = ensemble_choice.now()
    url_state.remember(ensemble_choice.values(choice))
    wrong, main = st.container(key=key("wrong")), st.container(key=key("main"))
    row = st.container(key=key("below"), horizontal=True)
    picture, photo = picture_choice.choose(PAGE, place, row, wrong, at_once=6)
    if picture is None:
        with head:
            kit.page_header(QUESTION)
        return
    members, later = ensemble_cast.read(ensemble_cast.cast(known, choice.members), picture)
    draw(head, wrong, main, members, choice, picture, place, photo is not None, told, found)
    if later:
        # The page is on the screen; now the seconds that torch takes, and the page once more with the answers.
        later()
        st.rerun()


def draw(
    head: DeltaGenerator,
    wrong: DeltaGenerator,
    main: DeltaGenerator,
    members: Sequence[Member],
    choice: Choice,
    picture: Picture,
    place: places.Place,
    photo: bool,
    told: Sequence[str],
    found: scene_choice.Found,
) -> None:
    """Everything but the choice of picture."""
    mean = ensemble_cast.mean(members, choice.shares, choice.weighting, picture)
    measured = ensemble_measured.of(members, choice, picture, place, mean)
    with head:
        kit.page_header(QUESTION, answer(members, choice, measured, place))
    with wrong:
        problems(members, told)
    with main:
        ensemble_panel.look(members, choice, measured, picture, place, photo)
        left, right = st.columns([548, 532], gap=40)
        with left:
            ensemble_panel.weights(members, choice)
            ensemble_panel.basis(members, choice, measured, place, photo)
        with right:
            with st.container(gap="xsmall"):
                captions(choice, measured, place, photo, found)
            ensemble_teach.draw(members, choice, measured.over_split(place), place.name)


page()
