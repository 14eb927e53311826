"""The picture that a Compare page looks at: a scene of the chosen split, or an own photo, beside the strip of both.

One way for all pages; what is done with the picture is the page's business.
"""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.ui import caches, kit, places, scene_choice, upload
from pages.ui.readings import Picture
from pages.ui.scenes import Thumb, own_index, own_place
from unetkd_core.errors import DataError

FEWEST = 2
"""Scenes in the strip, however many photos stand beside them."""
state = st.session_state


def show(page: str, index: int) -> None:
    """Turn to an own photo (`scenes.own_index`) or to the dataset's scene."""
    upload.settle_refusals(page)
    place = own_place(index)
    kept = upload.photos(page)
    state[kit.key(page, "looked_at")] = kept[place].file_id if place is not None and place < len(kept) else None


def to_scene(page: str) -> None:
    """Turn to the dataset's scene."""
    show(page, 0)


def choose(
    page: str, place: places.Place, row: DeltaGenerator, problems: DeltaGenerator, *, at_once: int
) -> tuple[Picture | None, upload.Photo | None]:
    """Draw the strip and the ways to bring a photo in `row`, and whatever is refused in `problems`.

    Returns (what to read or None when the scene is broken, the own photo if one is what is shown).
    """
    strip = row.container(key=kit.key(page, "stripbox"))
    with row.container(key=kit.key(page, "uploadbox"), gap="xxsmall"):
        upload.inlets(page, problems)
    photo = _shown(page)
    kept = upload.photos(page)
    mine = [Thumb(own_index(i), p.name, caches.jpeg_thumbnail(p.image)) for i, p in enumerate(kept)]
    try:
        with strip:
            scene_choice.strip(
                page,
                place,
                at_once=max(FEWEST, at_once - len(mine)),
                mine=mine,
                mine_chosen=[p.file_id for p in kept].index(photo.file_id) if photo else None,
                on_choose=lambda index: show(page, index),
            )
            if photo:
                st.button(
                    "Take this photo out",
                    icon=":material/close:",
                    type="tertiary",
                    key=kit.key(page, "forget"),
                    on_click=upload.forget,
                    args=(page, photo),
                )
        if photo:
            return Picture(photo.image, None, private=True), photo
        scene = caches.scene(place.ref, scene_choice.number(page) - 1, place.root)
    except DataError as error:
        with problems:
            kit.problem(error)
        return None, None
    return Picture(scene.image, scene.labels), None


def _shown(page: str) -> upload.Photo | None:
    """The own photo that is looked at, if one is: the first of those that have just come, at once."""
    kept, seen, view = upload.photos(page), kit.key(page, "seen"), kit.key(page, "looked_at")
    ids = [photo.file_id for photo in kept]
    if new := [i for i in ids if i not in state.get(seen, [])]:
        state[view] = new[0]
    state[seen] = ids
    return next((photo for photo in kept if photo.file_id == state.get(view)), None)
