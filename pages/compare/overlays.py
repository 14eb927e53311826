"""Compare: one street, read by the teacher, its taught student and the untaught twin. The page only draws what readings.py counts."""

from pathlib import Path

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.ui import caches, class_chart, kit, places, price, readings, trio, upload, url_state
from pages.ui.readings import Picture, Reading
from pages.ui.scenes import YOUR_PHOTO, Thumb, scene_strip, spacing, window
from pages.ui.viewer import Layer, viewer
from unetkd_core.classes import VOID
from unetkd_core.data.images import labels_png_bytes
from unetkd_core.errors import DataError
from unetkd_core.inference.overlay import overlay
from unetkd_core.zoo import references

PAGE = "overlays"
ADDRESS = {name: kit.key(PAGE, name) for name in (*trio.ROLES, "data", "scene")}
AT_ONCE = 4  # scenes in the strip; a comment, because Streamlit writes a script's bare strings onto the page
CHART_HEIGHT = 224  # pixels of the class chart, so that nothing jumps when it comes
state = st.session_state


def settle(known: trio.Known, found: dict[str, places.Place]) -> list[str]:
    """Make session state valid before the widgets are drawn: from the address, else defaults. Returns what had to be changed, in words."""
    taken = url_state.restore(ADDRESS)
    before = state.get(kit.key(PAGE, "before"))
    told = []
    data = state.get(ADDRESS["data"])
    if data not in found:
        if data:
            told.append(f"{data} is not among the datasets here; this is {places.default(found)}.")
        data = state[ADDRESS["data"]] = places.default(found)
    name = found[data].name
    if before and found.get(before) and found[before].name != name:
        # Whoever never chose a network follows the dataset to the networks that were trained on it.
        old = trio.defaults(known, found[before].name)
        if all(state.get(ADDRESS[role]) == old[role] for role in trio.ROLES):
            state.update({ADDRESS[role]: ref for role, ref in trio.defaults(known, name).items()})
    told += settle_trio(known, name, taken)
    scene = str(state.get(ADDRESS["scene"], ""))
    fits = scene.isdigit() and 1 <= int(scene) <= found[data].count
    moved = before not in (None, data) and "scene" not in taken
    state[ADDRESS["scene"]] = int(scene) if fits and not moved else found[data].first
    state[kit.key(PAGE, "before")] = data
    return told


def settle_trio(known: trio.Known, dataset: str, taken: set[str]) -> list[str]:
    """Fill the three menus; a student that came by a link brings its own teacher and twin."""
    told, refs, fallback = [], {trio.NOBODY, *(ref for ref, _ in known)}, trio.defaults(known, dataset)
    student = state.get(ADDRESS["student"])
    if "student" in taken and student in refs - {trio.NOBODY}:
        teacher, twin = trio.companions(known, student)
        fallback.update({role: ref for role, ref in (("teacher", teacher), ("twin", twin)) if ref})
    for role in trio.ROLES:
        wanted = state.get(ADDRESS[role])
        arrived_without = "student" in taken and role not in taken
        if wanted not in refs or arrived_without and role != "student":
            if wanted and wanted not in refs:
                told.append(f"The {role} {wanted} is not here any more; this is another one.")
            state[ADDRESS[role]] = fallback[role]
    return told


def toolbar(known: trio.Known, found: dict[str, places.Place]) -> None:
    """The three menus, the dataset and the scene's number, in one row that scrolls on a phone."""
    with st.container(horizontal=True, wrap=False, key=kit.key(PAGE, "tools"), vertical_alignment="bottom"):
        for role in trio.ROLES if known else ():
            mark = kit.ROLE[role]
            st.selectbox(f":{mark.color}[**{mark.marker} {price.SHORT[role]}**]", trio.options(known, role), key=ADDRESS[role],
                         format_func=lambda ref: trio.label(known, ref), width=220)
        st.selectbox("Streets from", list(found), key=ADDRESS["data"], on_change=show_scene, width=180)
        st.number_input(f"Scene, of {found[state[ADDRESS['data']]].count}", 1, found[state[ADDRESS["data"]]].count, key=ADDRESS["scene"],
                        on_change=show_scene, width=140)


def show_scene() -> None:
    state[kit.key(PAGE, "view")] = "scene"


def choose(index: int) -> None:
    state[kit.key(PAGE, "view")] = "photo" if index == YOUR_PHOTO else "scene"
    if index != YOUR_PHOTO:
        state[ADDRESS["scene"]] = index + 1


def strip(place: places.Place, photo: upload.Photo | None, *, photo_shown: bool) -> None:
    """Thumbnails of the dataset round the chosen scene, after the visitor's own photo if there is one."""
    step, first_key = spacing(place.name, place.count), kit.key(PAGE, f"first_{place.ref}")
    here = state[ADDRESS["scene"]] - 1
    shown = window(state.get(first_key, here), AT_ONCE, place.count, step)
    if here not in shown:
        state[first_key] = here
        shown = window(here, AT_ONCE, place.count, step)
    state.setdefault(first_key, shown[0])

    def turn(by: int) -> None:
        state[first_key] = (shown[0] + by * AT_ONCE * step) % place.count
        choose(state[first_key])

    thumbs = [Thumb(YOUR_PHOTO, photo.name, caches.jpeg_thumbnail(photo.image))] if photo else []
    thumbs += [Thumb(i, "", caches.thumbnail(place.ref, i, place.root)) for i in shown]
    scene_strip(thumbs, selected=YOUR_PHOTO if photo_shown else here, total=place.count, key=kit.key(PAGE, "strip"), choose=choose, turn=turn)


def layers(found: list[Reading], picture: Picture) -> list[Layer]:
    """Truth where there is one, then every network; what is not read yet shows the bare photo."""
    empty = np.full(picture.image.shape[:2], VOID, dtype=np.uint8)
    truth = [Layer("truth", "True labels", "", picture.truth)] if picture.truth is not None else []
    return truth + [Layer(r.role, kit.ROLE[r.role].name, readings.note(r, picture), r.labels if r.labels is not None else empty,
                          detail=trio.size_name(r.info)) for r in found]


def numbers(found: list[Reading], picture: Picture, data: str) -> None:
    """Class by class for this picture, then what each network costs."""
    with st.container(key=kit.key(PAGE, "classes"), gap="small"):
        scored = {r.role: r.scores.iou for r in found if r.scores}
        reading = any(r.labels is None and not r.problem for r in found)
        if scored or reading:
            kit.section("Class by class", "IoU on this picture" if picture.truth is not None else "IoU with the teacher")
        if scored:
            st.html(class_chart.iou_rows(scored))
        elif reading:
            st.skeleton(height=CHART_HEIGHT)
    with st.container(key=kit.key(PAGE, "price"), gap="small"):
        kit.section("At what price?")
        slot = st.empty()
        seconds = state.setdefault(kit.key(PAGE, "seconds"), {})
        draw_price(slot, found, seconds, data)
        waiting = [r for r in found if r.labels is not None and r.ref not in seconds]
        for r in waiting:
            seconds[r.ref] = caches.seconds_per_street(r.ref, r.info)
        if waiting:
            draw_price(slot, found, seconds, data)


def draw_price(slot: DeltaGenerator, found: list[Reading], seconds: dict[str, float], data: str) -> None:
    shared = price.measured_on(found, data)
    told = price.sentence(found, seconds)
    note = price.note(shared, all(r.ref in seconds for r in found if not r.problem))
    slot.html(price.table(found, seconds, shared) + (f'<p class="ukt-told">{told}</p>' if told else "") + f'<p class="ukt-note">{note}</p>')


def downloads(found: list[Reading], picture: Picture, name: str) -> None:
    """Label map and overlay of the chosen network as PNG."""
    done = {r.role: r for r in found if r.labels is not None}
    if not done:
        return
    with st.popover("Save as PNG", icon=":material/download:"):
        role = st.segmented_control("Whose answer?", list(done), format_func=lambda r: price.SHORT[r], default=next(iter(done)),
                                    required=True, key=kit.key(PAGE, "save"))
        labels = done[role or next(iter(done))].labels
        assert labels is not None
        stem = f"{name}_{role}"
        with st.container(horizontal=True):
            st.download_button("Label map", lambda: labels_png_bytes(labels, "table1"), f"{stem}_labels.png", "image/png", on_click="ignore",
                               help="One pixel, one class, in Table I’s colours.", key=kit.key(PAGE, "save_labels"))
            st.download_button("Overlay", lambda: upload.png(overlay(picture.image, labels)), f"{stem}_overlay.png", "image/png", on_click="ignore",
                               help="The classes at 55 % over the photo.", key=kit.key(PAGE, "save_overlay"))


def remarks(found: list[Reading], place: places.Place, photo: upload.Photo | None) -> list[str]:
    """Quiet warnings: label mappings that differ, and pictures unlike those that the networks learned from."""
    if photo is None:
        told = [references.mapping_warning(r.info, caches.source(place.ref, place.root)) for r in found]
        return list(dict.fromkeys(t for t in told if t))
    trained = sorted({d.split(":")[0] for r in found for d in r.info.data})
    told = [f"These networks learned from {' and '.join(trained)}: your photo is a picture of another kind, so expect more misses."] if trained else []
    height, width = photo.original
    if (height, width) != photo.image.shape[:2]:
        told.append(f"Your photo has {width} × {height} pixels; it is read and shown at {photo.image.shape[1]} × {photo.image.shape[0]}.")
    return told


def page() -> None:
    st.html(Path(__file__).resolve().parents[2] / "assets" / "tables.css")
    head = st.container()
    known, found = references.available(), places.found()
    told = settle(known, found)
    toolbar(known, found)
    place = found[state[ADDRESS["data"]]]
    left, right = st.columns([796, 288], gap="medium")
    with left:
        pictures = st.container(key=kit.key(PAGE, "pictures"))
        below = st.container(key=kit.key(PAGE, "below"), horizontal=True)
        problems = st.container(key=kit.key(PAGE, "problems"))
        after = st.container(key=kit.key(PAGE, "after"))
    with below:
        strip_slot = st.container(key=kit.key(PAGE, "stripbox"))
        with st.container(key=kit.key(PAGE, "uploadbox")):
            photo = upload.photo_upload(PAGE, problems)
    if photo and photo.file_id != state.get(kit.key(PAGE, "seen")):
        state[kit.key(PAGE, "seen")], state[kit.key(PAGE, "view")] = photo.file_id, "photo"
    photo_shown = photo is not None and state.get(kit.key(PAGE, "view")) == "photo"
    try:
        scene = caches.scene(place.ref, state[ADDRESS["scene"]] - 1, place.root)
        with strip_slot:
            strip(place, photo, photo_shown=photo_shown)
    except DataError as error:
        with pictures:
            kit.problem(error)
        scene = None
    if photo_shown and photo:
        picture = Picture(photo.image, None, private=True)
    elif scene:
        picture = Picture(scene.image, scene.labels)
    else:
        return
    cast = readings.cast(known, {role: state[ADDRESS[role]] for role in trio.ROLES})
    cold = bool(cast) and not caches.torch_is_loaded()
    if not cold:
        cast = readings.read(cast, picture)
    with head:
        kit.page_header("Who reads this street best?", readings.answer(cast, picture))
    with pictures:
        viewer(picture.image, layers(cast, picture), mode="grid", key=kit.key(PAGE, "viewer"), show_photo=True, report=False)
    with after:
        footer(cast, picture, place, photo if photo_shown else None, told)
    with right:
        if cast:
            numbers(cast, picture, place.ref)
        else:
            nobody()
    url_state.remember({**{role: state[ADDRESS[role]] for role in trio.ROLES}, "data": place.ref, "scene": str(state[ADDRESS["scene"]])})
    if cold:
        # The photo is on the screen; now the seconds that torch takes, and the page once more with the answers.
        readings.read(cast, picture)
        st.rerun()


def footer(cast: list[Reading], picture: Picture, place: places.Place, photo: upload.Photo | None, told: list[str]) -> None:
    for r in cast:
        if r.problem:
            kit.problem(f"The {r.role} cannot be read", r.problem)
    for line in told + remarks(cast, place, photo):
        st.caption(line)
    downloads(cast, picture, "photo" if photo else f"{place.name}_{place.split}_{state[ADDRESS['scene']]:04d}")


def nobody() -> None:
    with kit.empty_state("No networks yet", "Every student that you train can be chosen here, beside its teacher and its untaught twin.", key=PAGE):
        st.page_link("pages/lab/distill.py", label="Train the first")


page()
