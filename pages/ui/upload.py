"""Somebody's own street photo: read, bounded and kept in the session's memory, never on disk.

Knows the uploader and the one sentence when a file is refused; knows nothing of networks.
"""

import io
import time
from dataclasses import dataclass

import numpy as np
import streamlit as st
from PIL import Image
from streamlit.delta_generator import DeltaGenerator

from pages.ui import kit
from unetkd_core import settings
from unetkd_core.data.images import MIN_SIDE, read_image
from unetkd_core.errors import ImageError

REPLACING_SECONDS = 30
SHOWN_SIDE = 1600
"""Pixels of the longer side at most: no screen shows more, and the nets work at their training scale anyway."""


@dataclass(frozen=True)
class Photo:
    """An uploaded photo: image (H, W, 3) uint8 as shown, and the size (height, width) in pixels that it came with."""

    file_id: str
    name: str
    image: np.ndarray
    original: tuple[int, int]


def bounded(image: np.ndarray, side: int = SHOWN_SIDE) -> np.ndarray:
    """The image with its longer side at most `side` pixels, aspect kept, but no side below the nets' minimum."""
    height, width = image.shape[:2]
    scale = max(side / max(height, width), MIN_SIDE / min(height, width))
    if scale >= 1:
        return image
    size = max(MIN_SIDE, round(width * scale)), max(MIN_SIDE, round(height * scale))
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.LANCZOS))


def photo_upload(page: str, problems: DeltaGenerator) -> Photo | None:
    """The uploader, and the photo that is in it. A refused file says why in `problems`; the last good photo stays.

    Taking the file out (the uploader's cross) takes the photo off the page.
    """
    slot, removed = kit.key(page, "photo"), kit.key(page, "removed")
    state = st.session_state
    file = st.file_uploader(
        "Your own street photo",
        key=kit.key(page, "upload"),
        max_upload_size=settings.UPLOAD_MAX_BYTES >> 20,
        label_visibility="collapsed",
    )
    kept: Photo | None = state.get(slot)
    if file is None:
        if kept is not None:
            state[removed] = (kept, time.monotonic())
            state[slot] = None
        return None
    if kept is None or kept.file_id != file.file_id:
        try:
            image = read_image(file.getvalue(), name="This picture")
        except ImageError as error:
            with problems:
                kit.problem(error, key=kit.key(page, "upload"))
            state[slot] = kept or _just_removed(state.pop(removed, None))
            return state[slot]
        state[slot] = kept = Photo(file.file_id, file.name, bounded(image), (image.shape[0], image.shape[1]))
        state.pop(removed, None)
    return kept


def _just_removed(removed: tuple[Photo, float] | None) -> Photo | None:
    # A new file in the place of another is first "no file", then the new one: seconds apart it was a replacement.
    return removed[0] if removed and time.monotonic() - removed[1] < REPLACING_SECONDS else None


def png(image: np.ndarray) -> bytes:
    """PNG bytes of an image (H, W, 3) uint8."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()
