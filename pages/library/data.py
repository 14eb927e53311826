"""Data: what the nets learn from. Scenes with their true labels, how often each class occurs, Table I, and every dataset."""

from pathlib import Path

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.ui import caches, class_chart, kit, places, table_one, url_state
from pages.ui.scenes import Thumb, scene_strip, spacing, window
from pages.ui.viewer import Layer, viewer
from unetkd_core.classes import CLASSES
from unetkd_core.data import catalog, packed
from unetkd_core.errors import DataError

PAGE = "data"
ADDRESS = {"data": kit.key(PAGE, "place"), "scene": kit.key(PAGE, "scene")}
AT_ONCE = 6
# Scenes, and their (height, width) in pixels, that the balance of classes is counted on: seconds instead of minutes, and the page says so.
SAMPLE, SAMPLE_SIZE = 96, (128, 256)
state = st.session_state


def settle(found: dict[str, places.Place]) -> None:
    """Make the chosen split and scene valid before the widgets are drawn."""
    taken = url_state.restore(ADDRESS)
    if state.get(ADDRESS["data"]) not in found:
        state[ADDRESS["data"]] = places.default(found)
    data, scene = state[ADDRESS["data"]], str(state.get(ADDRESS["scene"], ""))
    before = state.get(kit.key(PAGE, "before"))
    moved = before not in (None, data) and "scene" not in taken
    state[ADDRESS["scene"]] = int(scene) if scene.isdigit() and 1 <= int(scene) <= found[data].count and not moved else found[data].first
    state[kit.key(PAGE, "before")] = data


def browser(place: places.Place) -> None:
    """One scene under its true labels, large, and the strip to choose another."""
    here = state[ADDRESS["scene"]] - 1
    step, first_key = spacing(place.name, place.count), kit.key(PAGE, f"first_{place.ref}")
    shown = window(state.get(first_key, here), AT_ONCE, place.count, step)
    if here not in shown:
        state[first_key], shown = here, window(here, AT_ONCE, place.count, step)
    state.setdefault(first_key, shown[0])

    def choose(index: int) -> None:
        state[ADDRESS["scene"]] = index + 1

    def turn(by: int) -> None:
        state[first_key] = (shown[0] + by * AT_ONCE * step) % place.count
        choose(state[first_key])

    try:
        scene = caches.scene(place.ref, here, place.root)
        layers = [Layer("truth", "True labels", place.mapping_words, scene.labels)] if scene.labels is not None else []
        viewer(scene.image, layers, mode="grid", key=kit.key(PAGE, "viewer"), show_photo=not layers, report=False)
        thumbs = [Thumb(i, "", caches.thumbnail(place.ref, i, place.root)) for i in shown]
    except DataError as error:
        kit.problem(error, key=PAGE)
        return
    scene_strip(thumbs, selected=here, total=place.count, key=kit.key(PAGE, "strip"), choose=choose, turn=turn)


def counted(place: places.Place, bar: DeltaGenerator) -> packed.PackedSet:
    """A sample of the split, packed: the first time takes seconds and the bar shows how far it is, later times find it on disk."""

    def progress(done: int, total: int) -> None:
        bar.progress(done / total, f"Counting pixels, scene {done} of {total}")

    return packed.load([place.ref], *SAMPLE_SIZE, limit=SAMPLE, progress=progress)


def balance(place: places.Place) -> np.ndarray | None:
    """How often each class occurs, as bars. Returns the shares, or None where they could not be counted."""
    kit.section("How often is each class?", kit.term("split", place.ref))
    log = st.segmented_control("Scale", ["in percent", "in powers of ten"], default="in percent", required=True,
                               label_visibility="collapsed", key=kit.key(PAGE, "scale")) == "in powers of ten"
    slot = st.empty()
    try:
        sample = counted(place, slot)
    except DataError as error:
        slot.empty()
        kit.problem(error)
        return None
    shares, scenes = sample.class_shares(), len(sample)
    with slot.container():
        if not shares.sum():
            st.caption("These scenes have no labels, so there is nothing to count.")
            return None
        st.html(class_chart.share_rows(shares, log=log))
        sampled = f"{scenes} of {place.count:,} scenes, evenly spaced" if scenes < place.count else f"all {scenes:,} scenes"
        st.caption(f"Counted on {sampled}, at {SAMPLE_SIZE[0]} × {SAMPLE_SIZE[1]} pixels, unlabelled ones left out.")
    return shares


def answer(place: places.Place, shares: np.ndarray | None) -> str:
    """The sentence under the question, with its number."""
    if shares is None:
        return "From streets in which every pixel has one of six classes."
    rare = min((i for i in range(len(CLASSES)) if shares[i] > 0), key=lambda i: float(shares[i]))
    many = round(float(shares.max() / shares[rare]))
    often = CLASSES[int(shares.argmax())].name
    return f"From streets with a class at every pixel. In {place.ref} there are {many:,} pixels of {often} for each one of {CLASSES[rare].name}."


def register_form() -> None:
    """A folder under a name; what is wrong with it is said here and nothing is kept."""
    with st.form(kit.key(PAGE, "register"), border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input("Name", placeholder="camvid", key=kit.key(PAGE, "name"), width=180)
        path = st.text_input("Folder on this machine", placeholder="/home/me/CamVid", key=kit.key(PAGE, "path"))
        pressed = st.form_submit_button("Add this folder", key=kit.key(PAGE, "add"))
    if pressed:
        add(name.strip(), path.strip())
    told = state.pop(kit.key(PAGE, "told"), None)
    if told:
        st.caption(told)


def add(name: str, path: str) -> None:
    if not name or not path:
        kit.problem("A name and a folder are needed", "The name is how you will choose it; the folder is where its pictures lie.")
        return
    try:
        info = catalog.register(name, path)
    except DataError as error:
        kit.problem(error)
        return
    state[kit.key(PAGE, "told")] = f"{info.name} is here: {sum(info.splits.values()):,} scenes, read as a {info.kind} dataset."
    st.rerun()


def registered(infos: list[catalog.DatasetInfo]) -> None:
    """A way to take a registered folder out again; its files stay."""
    mine = [info.name for info in infos if info.name not in catalog.BUILT_IN]
    if not mine:
        return
    with st.popover("Forget a folder"):
        name = st.selectbox("Which one?", mine, key=kit.key(PAGE, "forget_name"))
        st.caption("Its files stay where they are.")
        if st.button("Forget it", key=kit.key(PAGE, "forget")) and name:
            try:
                catalog.forget(name)
            except DataError as error:
                kit.problem(error)
            else:
                st.rerun()


def page() -> None:
    st.html(Path(__file__).resolve().parents[2] / "assets" / "tables.css")
    head = st.empty()
    try:
        infos = catalog.describe()
    except DataError as error:
        with head.container():
            kit.page_header("What do the nets learn from?")
        kit.problem(error)
        return
    found = places.found(infos)
    settle(found)
    place = found[state[ADDRESS["data"]]]
    with head.container():
        kit.page_header("What do the nets learn from?", answer(place, None))
    with st.container(horizontal=True, wrap=False, vertical_alignment="bottom", key=kit.key(PAGE, "tools")):
        st.selectbox("Streets from", list(found), key=ADDRESS["data"], width=220)
        st.number_input(f"Scene, of {place.count:,}", 1, place.count, key=ADDRESS["scene"], width=160)
    left, right = st.columns([740, 344], gap="medium")
    with left:
        browser(place)
    with right:
        counting = st.container(gap="small")
    kit.section("Table I: the six classes")
    st.html(table_one.classes_table())
    st.caption("Names and colours are the paper’s. Two names mislead, and the table says which.")
    kit.section("Datasets on this machine")
    st.html(table_one.datasets_table(infos))
    register_form()
    registered(infos)
    url_state.remember({"data": place.ref, "scene": str(state[ADDRESS["scene"]])})
    # Last, because the first count of a split takes seconds: everything else is on the screen by then.
    with counting:
        shares = balance(place)
    with head.container():
        kit.page_header("What do the nets learn from?", answer(place, shares))


page()
