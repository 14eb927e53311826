"""The picture that a Compare page looks at: a scene of the chosen split, or one's own photo, beside the strip of both.

One way for all pages; what is done with the picture is the page's business.
"""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.ui import caches, kit, places, scene_choice, upload
from pages.ui.readings import Picture
from pages.ui.scenes import YOUR_PHOTO, Thumb
from unetkd_core.errors import DataError

state = st.session_state


def show(page: str, index: int) -> None:
    """Turn to one's own photo or to the dataset's scene."""
    state[kit.key(page, "view")] = "photo" if index == YOUR_PHOTO else "scene"


def choose(
    page: str, place: places.Place, row: DeltaGenerator, problems: DeltaGenerator, *, at_once: int
) -> tuple[Picture | None, upload.Photo | None]:
    """Draw the strip and the uploader in `row`, and whatever is refused in `problems`.

    Returns (what to read or None when the scene is broken, one's own photo if that is what is shown).
    """
    strip = row.container(key=kit.key(page, "stripbox"))
    with row.container(key=kit.key(page, "uploadbox")):
        photo, shown = _own_photo(page, problems)
    mine = Thumb(YOUR_PHOTO, photo.name, caches.jpeg_thumbnail(photo.image)) if photo else None
    try:
        with strip:
            scene_choice.strip(
                page, place, at_once=at_once, mine=mine, mine_chosen=shown, on_choose=lambda index: show(page, index)
            )
        if photo and shown:
            return Picture(photo.image, None, private=True), photo
        scene = caches.scene(place.ref, scene_choice.number(page) - 1, place.root)
    except DataError as error:
        with problems:
            kit.problem(error)
        return None, None
    return Picture(scene.image, scene.labels), None


def _own_photo(page: str, problems: DeltaGenerator) -> tuple[upload.Photo | None, bool]:
    """(one's own photo if there is one, whether it is the picture that is shown): a new one is shown at once."""
    photo, seen = upload.photo_upload(page, problems), kit.key(page, "seen")
    if photo and photo.file_id != state.get(seen):
        state[seen] = photo.file_id
        show(page, YOUR_PHOTO)
    return photo, photo is not None and state.get(kit.key(page, "view")) == "photo"
