"""Compare: one street, read by the teacher, its taught student and the untaught twin.

Reads the widgets, asks readings.py, draws. Choices live in the address: ?teacher=&student=&twin=&data=&scene=.
"""

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.ui import (
    caches,
    class_chart,
    kit,
    picture_choice,
    places,
    price,
    readings,
    scene_choice,
    trio,
    upload,
    url_state,
)
from pages.ui.readings import Picture, Reading
from pages.ui.viewer import Layer, viewer
from unetkd_core.classes import VOID
from unetkd_core.data.images import labels_png_bytes
from unetkd_core.errors import DataError
from unetkd_core.inference.overlay import overlay
from unetkd_core.settings import PROJECT_ROOT
from unetkd_core.zoo import references

PAGE = "overlays"
QUESTION = "Who reads this street best?"
NOBODY_ASKED = "Nobody was asked: choose a network."
MENUS = {role: kit.key(PAGE, role) for role in trio.ROLES}
ADDRESS = {**MENUS, **scene_choice.keys(PAGE)}
CHART_HEIGHT = 224  # pixels of the class chart, so that nothing jumps when it comes
state = st.session_state


def settle(known: trio.Known, found: scene_choice.Found) -> tuple[places.Place, list[str]]:
    """Valid choices in session state before any widget is drawn: from the address, else defaults."""
    taken = url_state.restore(ADDRESS)
    place, before, told = scene_choice.settle(PAGE, found, taken)
    wanted = {role: state.get(key) for role, key in MENUS.items()}
    chosen, more = trio.settle(known, place.name, wanted, taken, before.name if before else None)
    state.update({MENUS[role]: ref for role, ref in chosen.items()})
    return place, told + more


def toolbar(known: trio.Known, found: scene_choice.Found, place: places.Place) -> None:
    """The three menus, the dataset and the scene's number, in one row that scrolls on a phone."""
    with st.container(horizontal=True, wrap=False, key=kit.key(PAGE, "tools"), vertical_alignment="bottom"):
        for role, key in MENUS.items() if known else ():
            mark = kit.ROLE[role]
            name = f":{mark.color}[**{mark.marker} {price.SHORT[role]}**]"
            st.selectbox(
                name, trio.options(known, role), key=key, format_func=lambda ref: trio.label(known, ref), width=220
            )
        scene_choice.controls(PAGE, found, place, on_change=lambda: picture_choice.show(PAGE, 0))


def layers(cast: list[Reading], picture: Picture) -> list[Layer]:
    """Truth where there is one, then every network; what is not read yet shows the bare photo."""
    empty = np.full(picture.image.shape[:2], VOID, dtype=np.uint8)
    drawn = [Layer("truth", "True labels", "", picture.truth)] if picture.truth is not None else []
    for r in cast:
        labels = r.labels if r.labels is not None else empty
        note, detail = readings.note(r, picture), trio.size_name(r.info)
        drawn.append(Layer(r.shown_as, kit.ROLE[r.shown_as].name, note, labels, detail=detail))
    return drawn


def numbers(cast: list[Reading], picture: Picture, data: str, *, done: bool) -> None:
    """Class by class for this picture, then what each network costs."""
    with st.container(key=kit.key(PAGE, "classes"), gap="small"):
        scored = {r.shown_as: r.scores.iou for r in cast if r.scores}
        reading = not scored and not done
        if scored or reading:
            against = "on this picture" if picture.truth is not None else "with the teacher"
            kit.section("Class by class", f"{kit.term('IoU')} {against}")
        if scored:
            st.html(class_chart.iou_rows(scored))
        elif reading:
            st.skeleton(height=CHART_HEIGHT)
    with st.container(key=kit.key(PAGE, "price"), gap="small"):
        kit.section("At what price?")
        prices(cast, data, done=done)


def prices(cast: list[Reading], data: str, *, done: bool) -> None:
    """The table at once, and again when times that were not measured before are there."""
    slot, seconds = st.empty(), state.setdefault(kit.key(PAGE, "seconds"), {})
    draw_prices(slot, cast, seconds, data)
    waiting = [r for r in cast if done and r.labels is not None and r.ref not in seconds]
    for r in waiting:
        seconds[r.ref] = caches.seconds_per_street(r.ref, r.info)
    if waiting:
        draw_prices(slot, cast, seconds, data)


def draw_prices(slot: DeltaGenerator, cast: list[Reading], seconds: dict[str, float], data: str) -> None:
    shared, told = price.measured_on(cast, data), price.sentence(cast, seconds)
    note = price.note(shared, all(r.ref in seconds for r in cast if not r.problem))
    sentence = f'<p class="ukt-told">{told}</p>' if told else ""
    slot.html(f'{price.table(cast, seconds, shared)}{sentence}<p class="ukt-note">{note}</p>')


def downloads(cast: list[Reading], picture: Picture, name: str) -> None:
    """Label map and overlay of the chosen network as PNG, made when they are asked for."""
    done = {r.role: r.labels for r in cast if r.labels is not None}
    if not done:
        return
    with st.popover("Save as PNG", icon=":material/download:"):
        role = st.segmented_control(
            "Whose answer?",
            list(done),
            format_func=price.SHORT.__getitem__,
            default=next(iter(done)),
            required=True,
            key=kit.key(PAGE, "save"),
        )
        labels = done[role or next(iter(done))]
        files = {
            "labels": ("Label map", "One pixel, one class, in Table I’s colours.", lambda: labels_png_bytes(labels)),
            "overlay": (
                "Overlay",
                "The classes at 55 % over the photo.",
                lambda: upload.png(overlay(picture.image, labels)),
            ),
        }
        with st.container(horizontal=True):
            for kind, (title, told, make) in files.items():
                file = f"{name}_{role}_{kind}.png"
                key = kit.key(PAGE, f"save_{kind}")
                st.download_button(title, make, file, "image/png", on_click="ignore", help=told, key=key)


def footer(cast: list[Reading], picture: Picture, place: places.Place, photo: upload.Photo | None) -> None:
    """What is wrong, what is worth knowing, and the downloads."""
    for r in cast:
        if r.problem:
            kit.problem(f"The {r.role} cannot be read", r.problem)
    if photo:
        told = readings.photo_remarks(cast, photo)
    else:
        warnings = [references.mapping_warning(r.info, caches.source(place.ref, place.root)) for r in cast]
        told = [w for w in dict.fromkeys(warnings) if w]
    for line in told:
        kit.note(line)
    scene = f"{place.name}_{place.split}_{scene_choice.number(PAGE):04d}"
    downloads(cast, picture, "photo" if photo else scene)


def nobody() -> None:
    """The right-hand side before the first network."""
    body = "Every student that you train can be chosen here, beside its teacher and its untaught twin."
    with kit.empty_state("No networks yet", body, key=PAGE):
        st.page_link("pages/lab/distill.py", label="Train the first")


def choose_picture(place: places.Place) -> tuple[DeltaGenerator, DeltaGenerator, Picture | None, upload.Photo | None]:
    """The left column: room for the pictures, the strip with the uploader, and room below.

    Returns (pictures, below, what to read or None when the scene is broken, one's own photo if that is what is shown).
    """
    pictures = st.container(key=kit.key(PAGE, "pictures"))
    row = st.container(key=kit.key(PAGE, "below"), horizontal=True)
    below = st.container(key=kit.key(PAGE, "after"))
    picture, photo = picture_choice.choose(PAGE, place, row, below.container(), at_once=4)
    return pictures, below, picture, photo


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
    toolbar(known, found, place)
    left, right = st.columns([796, 288], gap="medium")
    with left:
        pictures, below, picture, photo = choose_picture(place)
    cast = readings.cast(known, {role: state[key] for role, key in MENUS.items()})
    url_state.remember({name: str(state[key]) for name, key in ADDRESS.items()})
    if picture is None:
        with head:
            kit.page_header(QUESTION)
        return
    cast, later = readings.read(cast, picture)
    with head:
        kit.page_header(QUESTION, readings.answer(cast, picture) if cast or not known else NOBODY_ASKED)
    with pictures:
        drawn = layers(cast, picture)
        viewer(picture.image, drawn, mode="grid", key=kit.key(PAGE, "viewer"), show_photo=True, report=False)
    with below:
        for line in told:
            kit.note(line)
        footer(cast, picture, place, photo)
    with right:
        if cast:
            numbers(cast, picture, place.ref, done=later is None)
        elif not known:
            nobody()
    if later:
        # The photo is on the screen; now the seconds that torch takes, and the page once more with the answers.
        later()
        st.rerun()


page()
