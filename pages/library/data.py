"""Data: what the nets learn from. Scenes and their labels, how often each class occurs, Table I, every dataset."""

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.ui import (
    caches,
    carry,
    class_chart,
    kit,
    places,
    scene_choice,
    street_light,
    street_view,
    table_one,
    url_state,
    visitor,
)
from pages.ui.viewer import Layer, viewer
from unetkd_core.classes import CLASSES, NUM_CLASSES
from unetkd_core.data import catalog, packed, streets
from unetkd_core.errors import DataError, UnetKDError
from unetkd_core.settings import PROJECT_ROOT

PAGE = "data"
QUESTION = "What do the nets learn from?"
ADDRESS = {**scene_choice.keys(PAGE), **street_light.keys(PAGE)}
# Scenes, and their (height, width) in pixels, that classes are counted on: seconds, not minutes, and the page says so.
SAMPLE, SAMPLE_SIZE = 96, (128, 256)
state = st.session_state


def settle(found: scene_choice.Found) -> tuple[places.Place, list[str]]:
    """Make every choice valid, the address's first. Returns the place, and in words what had to be changed."""
    if ADDRESS["data"] not in state:  # one has just come to this page, whatever was looked at before
        for key in street_light.keys(PAGE).values():
            state.pop(key, None)
    taken = url_state.restore(ADDRESS)
    place, _, told = scene_choice.settle(PAGE, found, taken)
    return place, told + street_light.settle(PAGE, taken)


def made_up(place: places.Place) -> bool:
    """Whether its scenes are drawn here, so that light can be chosen and depth is known."""
    return place.name == catalog.STREETS


def toolbar(found: scene_choice.Found, place: places.Place) -> None:
    """Which scene, and in which light where that can be chosen."""
    with st.container(horizontal=True, vertical_alignment="bottom", key=kit.key(PAGE, "tools")):
        scene_choice.controls(PAGE, found, place)
        scene_choice.dice(PAGE, place)
        if made_up(place):
            own = streets.conditions(streets.SPLIT_SEEDS[place.split], scene_choice.number(PAGE) - 1)
            street_light.controls(PAGE, own)


def browser(place: places.Place) -> np.ndarray | None:
    """One scene and the strip to choose another. Returns its labels (H, W) uint8, or None where there are none."""
    try:
        labels = (street if made_up(place) else photo)(place, scene_choice.number(PAGE) - 1)
        scene_choice.strip(PAGE, place, at_once=6)
        return labels
    except DataError as error:
        kit.problem(error, key=PAGE)
        return None


def street(place: places.Place, index: int) -> np.ndarray:
    """A scene of streets in the layers that its generator knows."""
    layer = street_view.menu(PAGE)
    light = street_light.chosen(PAGE)
    return street_view.show(PAGE, place, index, light, layer, withheld=not place.labelled).labels


def photo(place: places.Place, index: int) -> np.ndarray | None:
    """A scene of any other dataset under its true labels, large."""
    scene = caches.scene(place.ref, index, place.root)
    true = [Layer("truth", "True labels", place.mapping_words, scene.labels)] if scene.labels is not None else []
    viewer(scene.image, true, mode="grid", key=kit.key(PAGE, "viewer"), show_photo=not true, report=False)
    return scene.labels


def shares_of(labels: np.ndarray | None) -> list[float] | None:
    """Each class's share of a scene's labelled pixels; None where none is labelled."""
    counts = np.zeros(0) if labels is None else np.bincount(labels.ravel(), minlength=256)[:NUM_CLASSES]
    return (counts / counts.sum()).tolist() if counts.sum() else None


def counted(place: places.Place, bar: DeltaGenerator) -> packed.PackedSet:
    """A sample of the split, packed: the first time takes seconds and the bar shows how far; later it is on disk."""

    def progress(done: int, total: int) -> None:
        bar.progress(done / total, f"Counting pixels, scene {done} of {total}")

    return packed.load([place.ref], *SAMPLE_SIZE, limit=SAMPLE, progress=progress)


def balance(place: places.Place, here: list[float] | None) -> np.ndarray | None:
    """How often each class occurs, as bars: `here` in this scene, with ticks at the split's average, or that alone.

    Returns the split's shares (6,), or None where there is nothing to count.
    """
    kit.section("How often is each class?", kit.term("split", place.ref))
    scales = ["in percent", "in powers of ten"]
    scale = st.segmented_control(
        "Scale", scales, default=scales[0], required=True, label_visibility="collapsed", key=kit.key(PAGE, "scale")
    )
    log = scale == scales[1]
    bars, slot = st.empty(), st.empty()
    if here:
        bars.html(class_chart.share_rows(here, log=log))
    if not place.labelled:
        mark = "Marks" if log else "Bars"
        slot.caption(f"{mark}: this scene. Training gets no labels of this split, so there is no average beside it.")
        return None
    try:
        sample = counted(place, slot)
    except DataError as error:
        slot.empty()
        kit.problem(error)
        return None
    shares, count = sample.class_shares(), len(sample)
    mark = "Marks" if log else "Bars"
    if not shares.sum():
        slot.caption("These scenes have no labels, so there is nothing to count.")
        return None
    if here:
        bars.html(class_chart.share_rows(here, log=log, average=shares.tolist()))
    else:
        bars.html(class_chart.share_rows(shares.tolist(), log=log))
    key = f"{mark}: this scene. Ticks: the split’s average. " if here else ""
    of_all = f"{count} of {place.count:,} scenes, evenly spaced" if count < place.count else f"all {count:,} scenes"
    slot.caption(f"{key}Counted on {of_all}, at {SAMPLE_SIZE[0]} × {SAMPLE_SIZE[1]} pixels, unlabelled ones left out.")
    return shares


def answer(place: places.Place, shares: np.ndarray | None) -> str:
    """The sentence under the question, with its number."""
    lead = "From streets with a class at every pixel."
    if made_up(place):
        lead = "From made-up streets, each drawn from its number: every label is exact."
    if shares is None:
        return lead
    rare = min(np.flatnonzero(shares), key=lambda i: float(shares[i]))
    ratio, often = round(float(shares.max() / shares[rare])), CLASSES[int(shares.argmax())].name
    told = f"In {place.ref} there are {ratio:,} pixels of {often} for each one of {CLASSES[rare].name}."
    return f"{lead} {told}"


def carrying() -> None:
    """How far networks that saw made-up streets only read real ones; nothing where nobody measured it."""
    found = carry.tables()
    if not found:
        return
    kit.section("How far do made-up streets carry?")
    told = carry.sentence(found)
    st.html((f'<p class="ukt-told">{told}</p>' if told else "") + carry.table(found))
    st.caption(carry.note(found))


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
    except UnetKDError as error:
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
        except UnetKDError as error:
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
    found = places.found(infos, unlabelled=True)
    place, told = settle(found)
    with head.container():
        kit.page_header(QUESTION, answer(place, None))
    toolbar(found, place)
    for line in told:
        kit.note(line)
    left, right = st.columns([740, 344], gap="medium")
    with left:
        labels = browser(place)
    kit.section("Table I: the six classes")
    st.html(table_one.classes_table())
    st.caption("Names and colours are the paper’s. Two names mislead, and the table says which.")
    carrying()
    kit.section("Datasets on this machine")
    st.html(table_one.datasets_table(infos))
    if visitor.is_public():
        visitor.note("Which datasets are here is chosen by whoever runs this server.")
    else:
        register_form()
        forget_form(infos)
    shown = ADDRESS if made_up(place) else scene_choice.keys(PAGE)
    url_state.remember({name: str(state[key]) if name in shown else None for name, key in ADDRESS.items()})
    # Last, because the first count of a split takes seconds: everything else is on the screen by then.
    with right, st.container(gap="small"):
        shares = balance(place, shares_of(labels))
    with head.container():
        kit.page_header(QUESTION, answer(place, shares))


page()
