"""Data: what the nets learn from. Scenes and their labels, how often each class occurs, Table I, every dataset."""

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.ui import caches, class_chart, kit, places, scene_choice, table_one, url_state
from pages.ui.viewer import Layer, viewer
from unetkd_core.classes import CLASSES
from unetkd_core.data import catalog, packed
from unetkd_core.errors import DataError
from unetkd_core.settings import PROJECT_ROOT

PAGE = "data"
QUESTION = "What do the nets learn from?"
ADDRESS = scene_choice.keys(PAGE)
# Scenes, and their (height, width) in pixels, that classes are counted on: seconds, not minutes, and the page says so.
SAMPLE, SAMPLE_SIZE = 96, (128, 256)
state = st.session_state


def browser(place: places.Place) -> None:
    """One scene under its true labels, large, and the strip to choose another."""
    try:
        scene = caches.scene(place.ref, scene_choice.number(PAGE) - 1, place.root)
        true = [Layer("truth", "True labels", place.mapping_words, scene.labels)] if scene.labels is not None else []
        viewer(scene.image, true, mode="grid", key=kit.key(PAGE, "viewer"), show_photo=not true, report=False)
        scene_choice.strip(PAGE, place, at_once=6)
    except DataError as error:
        kit.problem(error, key=PAGE)


def counted(place: places.Place, bar: DeltaGenerator) -> packed.PackedSet:
    """A sample of the split, packed: the first time takes seconds and the bar shows how far; later it is on disk."""

    def progress(done: int, total: int) -> None:
        bar.progress(done / total, f"Counting pixels, scene {done} of {total}")

    return packed.load([place.ref], *SAMPLE_SIZE, limit=SAMPLE, progress=progress)


def balance(place: places.Place) -> np.ndarray | None:
    """How often each class occurs, as bars. Returns the shares (6,), or None where there is nothing to count."""
    kit.section("How often is each class?", kit.term("split", place.ref))
    scales = ["in percent", "in powers of ten"]
    scale = st.segmented_control(
        "Scale", scales, default=scales[0], required=True, label_visibility="collapsed", key=kit.key(PAGE, "scale")
    )
    slot = st.empty()
    try:
        sample = counted(place, slot)
    except DataError as error:
        slot.empty()
        kit.problem(error)
        return None
    shares, count = sample.class_shares(), len(sample)
    with slot.container():
        if not shares.sum():
            st.caption("These scenes have no labels, so there is nothing to count.")
            return None
        st.html(class_chart.share_rows(shares.tolist(), log=scale == scales[1]))
        of_all = f"{count} of {place.count:,} scenes, evenly spaced" if count < place.count else f"all {count:,} scenes"
        st.caption(f"Counted on {of_all}, at {SAMPLE_SIZE[0]} × {SAMPLE_SIZE[1]} pixels, unlabelled ones left out.")
    return shares


def answer(place: places.Place, shares: np.ndarray | None) -> str:
    """The sentence under the question, with its number."""
    if shares is None:
        return "From streets with a class at every pixel."
    rare = min(np.flatnonzero(shares), key=lambda i: float(shares[i]))
    ratio, often = round(float(shares.max() / shares[rare])), CLASSES[int(shares.argmax())].name
    told = f"In {place.ref} there are {ratio:,} pixels of {often} for each one of {CLASSES[rare].name}."
    return f"From streets with a class at every pixel. {told}"


def register_form() -> None:
    """A folder under a name; what is wrong with it is said here, and nothing is kept then."""
    form = st.form(kit.key(PAGE, "register"), border=False)
    with form, st.container(horizontal=True, vertical_alignment="bottom"):
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
        hint = "The name is how you will choose it; the folder is where its pictures lie."
        kit.problem("A name and a folder are needed", hint)
        return
    try:
        info = catalog.register(name, path)
    except DataError as error:
        kit.problem(error)
        return
    scenes = sum(count for split, count in info.splits.items() if not split.startswith("train-"))
    state[kit.key(PAGE, "told")] = f"{info.name} is here: {scenes:,} scenes, read as a {info.kind} dataset."
    st.rerun()


def forget_form(infos: list[catalog.DatasetInfo]) -> None:
    """A way to take a registered folder out again; its files stay."""
    mine = [info.name for info in infos if info.name not in catalog.BUILT_IN]
    if not mine:
        return
    with st.popover("Forget a folder"):
        name = st.selectbox("Which one?", mine, key=kit.key(PAGE, "forget_name"))
        st.caption("Its files stay where they are.")
        if not st.button("Forget it", key=kit.key(PAGE, "forget")) or not name:
            return
        try:
            catalog.forget(name)
        except DataError as error:
            kit.problem(error)
        else:
            st.rerun()


def page() -> None:
    st.html(PROJECT_ROOT / "assets" / "tables.css")
    head = st.empty()
    try:
        infos = catalog.describe()
    except DataError as error:
        with head.container():
            kit.page_header(QUESTION)
        kit.problem(error)
        return
    found = places.found(infos)
    place, _, told = scene_choice.settle(PAGE, found, url_state.restore(ADDRESS))
    with head.container():
        kit.page_header(QUESTION, answer(place, None))
    with st.container(horizontal=True, wrap=False, vertical_alignment="bottom", key=kit.key(PAGE, "tools")):
        scene_choice.controls(PAGE, found, place)
    for line in told:
        st.caption(line)
    left, right = st.columns([740, 344], gap="medium")
    with left:
        browser(place)
    kit.section("Table I: the six classes")
    st.html(table_one.classes_table())
    st.caption("Names and colours are the paper’s. Two names mislead, and the table says which.")
    kit.section("Datasets on this machine")
    st.html(table_one.datasets_table(infos))
    register_form()
    forget_form(infos)
    url_state.remember({name: str(state[key]) for name, key in ADDRESS.items()})
    # Last, because the first count of a split takes seconds: everything else is on the screen by then.
    with right, st.container(gap="small"):
        shares = balance(place)
    with head.container():
        kit.page_header(QUESTION, answer(place, shares))


page()
