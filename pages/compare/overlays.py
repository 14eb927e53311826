"""Compare: one street, read by a teacher, its taught student, the untaught twin, and up to three more.

Reads the widgets, asks readings.py, draws. Choices live in the address: ?nets=A,B,C&data=&scene= and how it is looked
at (pages/ui/compare_view.py); own photos do not.
"""

import html
from contextlib import suppress

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.ui import (
    agreement,
    caches,
    class_chart,
    compare_film,
    compare_save,
    compare_view,
    compare_words,
    kit,
    networks,
    picture_choice,
    places,
    price,
    readings,
    scene_choice,
    trio,
    upload,
    url_state,
)
from pages.ui.compare_numbers import Where
from pages.ui.readings import Picture, Reading
from pages.ui.viewer import VIEWS, View, viewer
from unetkd_core.errors import BusyError, DataError
from unetkd_core.inference import side_by_side
from unetkd_core.settings import PROJECT_ROOT
from unetkd_core.zoo import references

PAGE = "overlays"
QUESTION = "Who reads this street best?"
NOBODY_ASKED = "Nobody was asked: choose a network."
ADDRESS = {**networks.keys(PAGE), **scene_choice.keys(PAGE), **compare_view.keys(PAGE)}
CHART_HEIGHT = 224  # pixels of the class chart, so that nothing jumps when it comes
FULL = 6  # pictures without the bare photo that fill two rows as they are
state = st.session_state


def settle(known: trio.Known, found: scene_choice.Found) -> tuple[places.Place, list[str]]:
    """Valid choices in session state before any widget is drawn: from the address, else defaults."""
    taken = url_state.restore(ADDRESS)
    place, before, told = scene_choice.settle(PAGE, found, taken)
    told += networks.settle(PAGE, known, taken, place.name, before.name if before else None)
    return place, told + compare_view.settle(PAGE, taken)


def remember() -> None:
    """The choices into the address."""
    scene = {name: str(state[key]) for name, key in scene_choice.keys(PAGE).items()}
    url_state.remember({**networks.address(PAGE), **scene, **compare_view.address(PAGE)})


def numbers(cast: list[Reading], picture: Picture, data: str, *, done: bool) -> None:
    """Class by class for this picture, what each network costs, and who agrees with whom."""
    with st.container(key=kit.key(PAGE, "classes"), gap="small"):
        classes(cast, picture, done=done)
    with st.container(key=kit.key(PAGE, "price"), gap="small"):
        kit.section("At what price?")
        prices(cast, data, done=done)
    with st.container(key=kit.key(PAGE, "agree"), gap="small"):
        agreements(cast, picture)


def classes(cast: list[Reading], picture: Picture, *, done: bool) -> None:
    """The class chart, whose names hide their class in the pictures."""
    scored, judge = {r.short: r for r in cast if r.scores}, readings.judge(cast)
    if not scored and done:
        return
    kit.section("Class by class", "click to hide")
    if not scored:
        st.skeleton(height=CHART_HEIGHT)
        return
    iou = {name: r.scores.iou for name, r in scored.items() if r.scores}
    unit = "IoU here" if picture.truth is not None else f"IoU with {judge.called}" if judge else "IoU"
    rows = class_chart.iou_rows(iou, roles={name: r.role for name, r in scored.items()}, unit=unit, toggles=True)
    class_chart.draw_toggles(rows, key=kit.key(PAGE, "toggles"))


def prices(cast: list[Reading], data: str, *, done: bool) -> None:
    """The table at once, and again when times that were not measured before are there."""
    slot, seconds = st.empty(), state.setdefault(kit.key(PAGE, "seconds"), {})
    draw_prices(slot, cast, seconds, data)
    waiting = [r for r in cast if done and r.labels is not None and r.ref not in seconds]
    for r in waiting:
        with suppress(BusyError):  # then it has no time until the next look
            seconds[r.ref] = caches.seconds_per_street(r.ref, r.info)
    if waiting:
        draw_prices(slot, cast, seconds, data)


def draw_prices(slot: DeltaGenerator, cast: list[Reading], seconds: dict[str, float], data: str) -> None:
    shared, told = price.measured_on(cast, data), price.sentence(cast, seconds)
    note = price.note(cast, shared, all(r.ref in seconds for r in cast if not r.problem))
    sentence = f'<p class="ukt-told">{told}</p>' if told else ""
    slot.html(f'{price.table(cast, seconds, shared)}{sentence}<p class="ukt-note">{note}</p>')


def agreements(cast: list[Reading], picture: Picture) -> None:
    """How often each two say the same."""
    done = [r for r in cast if r.labels is not None]
    if len(done) < 2:
        return
    kit.section("Who agrees with whom?", "percent")
    shares = side_by_side.agreement([r.labels for r in done if r.labels is not None], picture.truth)
    counted = "labelled pixels" if picture.truth is not None else "pixels"
    note = (
        f'<p class="ukt-note">The share of this picture’s {counted} where both say the same class, right or wrong.</p>'
    )
    st.html(agreement.table(done, shares) + note)


def remarks(cast: list[Reading], place: places.Place, photo: upload.Photo | None) -> None:
    """What is wrong, and what is worth knowing."""
    for r in cast:
        if r.problem:
            kit.problem(f"{r.called[:1].upper()}{r.called[1:]} cannot be read", r.problem)
    if photo:
        told = readings.photo_remarks(cast, photo)
    else:
        warnings = [references.mapping_warning(r.info, caches.source(place.ref, place.root)) for r in cast]
        told = [w for w in dict.fromkeys(warnings) if w]
    for line in told:
        kit.note(line)


def nobody() -> None:
    """The right-hand side before the first network."""
    body = "Every student that you train can be chosen here, beside its teacher and its untaught twin."
    with kit.empty_state("No networks yet", body, key=PAGE):
        st.page_link("pages/lab/distill.py", label="Train the first")


def look(cast: list[Reading], picture: Picture) -> View:
    """The pictures, side by side under one probe; the bare photo among them where there is room."""
    drawn = compare_words.layers(cast, picture)
    return viewer(
        picture.image,
        drawn,
        mode="grid",
        key=kit.key(PAGE, "viewer"),
        show_photo=len(drawn) != FULL,
        views=VIEWS,
        **compare_view.begin(PAGE),
    )


def answer(cast: list[Reading], picture: Picture, view: View | None, known: trio.Known) -> str:
    if known and not cast:
        return NOBODY_ASKED
    return html.escape(compare_words.answer(cast, picture, view), quote=False)


def page() -> None:
    st.html(PROJECT_ROOT / "assets" / "tables.css")
    head = st.container()
    try:
        known, found = references.available(), places.found()
    except DataError as error:
        kit.page_header(QUESTION)
        kit.problem(error)
        return
    place, told = settle(known, found)
    if known:
        networks.toolbar(PAGE, known)
    left, right = st.columns([796, 288], gap="medium")
    with left:
        pictures = st.container(key=kit.key(PAGE, "pictures"))
        row = st.container(key=kit.key(PAGE, "below"), horizontal=True)
        refused = st.container()
        under = st.container(key=kit.key(PAGE, "under"), horizontal=True, vertical_alignment="bottom")
        after = st.container(key=kit.key(PAGE, "after"))
    with under:
        scene_choice.controls(PAGE, found, place, on_change=lambda: picture_choice.to_scene(PAGE))
    picture, photo = picture_choice.choose(PAGE, place, row, refused, at_once=4)
    cast = readings.cast(known, networks.chosen(PAGE))
    if picture is None:
        remember()
        with head:
            kit.page_header(QUESTION)
        return
    cast, later = readings.read(cast, picture)
    with pictures:
        view = look(cast, picture)
    compare_view.heard(PAGE, view)
    remember()
    with head:
        kit.page_header(QUESTION, answer(cast, picture, view, known))
    with after:
        for line in told:
            kit.note(line)
        remarks(cast, place, photo)
    with right:
        if cast:
            numbers(cast, picture, place.ref, done=later is None)
        elif not known:
            nobody()
    with under:
        where = Where(place.ref, scene_choice.number(PAGE), photo.name if photo else "")
        compare_save.draw(PAGE, cast, picture, where, view)
    compare_film.draw(PAGE, cast)
    if later:
        # The photo is on the screen; now the seconds that torch takes, and the page once more with the answers.
        later()
        st.rerun()


page()
