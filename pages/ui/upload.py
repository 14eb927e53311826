"""Somebody's own street photos: read, bounded and kept in the session's memory. None is kept on
disk; while it arrives, a large one may pass through the system's temporary folder.

They come from the uploader (drop, browse, and paste, which the button hands to it) or from the camera. Knows the one
sentence for each file that is refused; knows nothing of networks.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import streamlit as st
from PIL import Image
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import DeletedFile

from pages.ui import kit, visitor
from unetkd_core import settings
from unetkd_core.data.images import MIN_SIDE, one_line, read_image
from unetkd_core.errors import BusyError, ImageError
from unetkd_core.inference.gate import DECODING
from unetkd_core.settings import PROJECT_ROOT

SHOWN_SIDE: Final = 1600
"""Pixels of the longer side at most: no screen shows more, and the nets work at their training scale anyway."""
MOST: Final = 8
"""Photos that are kept at once: of the largest size some 60 MB."""
MOST_EACH: Final = 3
"""The same for each visitor of a public server."""
TALLEST: Final = 4
"""Times as tall as wide at most: pictures fill a column's width, and no screen scrolls through one of 50,000 pixels."""
_TOLD: Final = 4
"""Refused files that are told of one by one; of more, how many."""
state = st.session_state

_PASTE = st.components.v2.component(
    "unetkd_paste",
    html='<button type="button" class="paste">Paste a picture</button>\n<span class="said" role="status"></span>',
    css=(PROJECT_ROOT / "assets" / "paste.css").read_text(encoding="utf-8"),
    js=(PROJECT_ROOT / "assets" / "paste.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True)
class Photo:
    """An own photo: image (H, W, 3) uint8 as shown, and the size (height, width) in pixels that it came with."""

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


def photos(page: str) -> list[Photo]:
    """The photos that are kept, oldest first."""
    kept: list[Photo] = state.setdefault(kit.key(page, "photos"), [])
    return kept


def settle_refusals(page: str) -> None:
    """What was refused has been read: something else is looked at now."""
    state.pop(kit.key(page, "refused"), None)


def forget(page: str, photo: Photo) -> None:
    """Take one out."""
    settle_refusals(page)
    state[kit.key(page, "photos")] = [kept for kept in photos(page) if kept.file_id != photo.file_id]


def inlets(page: str, problems: DeltaGenerator) -> None:
    """The uploader, the paste button and the camera. What was refused last says why in `problems`; the rest stays."""
    uploader, camera = _inlet(page, "upload"), _inlet(page, "camera")
    st.file_uploader(
        "Your own street photos",
        key=uploader,
        accept_multiple_files=True,
        max_upload_size=settings.UPLOAD_MAX_BYTES >> 20,
        label_visibility="collapsed",
        on_change=_take,
        args=(page, "upload"),
    )
    with st.container(horizontal=True, key=kit.key(page, "inlets"), vertical_alignment="center", gap="small"):
        _PASTE(key=kit.key(page, "paste"), data={"into": f".st-key-{uploader} input[type=file]"}, width="content")
        with st.popover("Camera", icon=":material/photo_camera:", type="tertiary"):
            st.camera_input("Take a picture of a street", key=camera, width=320, on_change=_take, args=(page, "camera"))
            kit.note("The picture stays in this session; browsers lend the camera to https and to this computer only.")
    for headline in state.get(kit.key(page, "refused"), []):
        with problems:
            kit.problem(headline)


def _inlet(page: str, kind: str) -> str:
    """A widget's key. It changes whenever something was taken in: the new widget is empty, and takes the next."""
    times = state.get(kit.key(page, f"{kind}_times"), 0)
    return kit.key(page, f"{kind}_{times}" if times else kind)


def _take(page: str, kind: str) -> None:
    """Read what has just come, before the page is drawn."""
    came = state.get(_inlet(page, kind))
    files: Sequence[Any] = came if isinstance(came, list) else [came] if came is not None else []
    if not files:
        return
    state[kit.key(page, f"{kind}_times")] = state.get(kit.key(page, f"{kind}_times"), 0) + 1
    refused: list[str] = []
    for file in files:
        if isinstance(file, DeletedFile):  # serve.py lets go what lies too long, or what others have no place for
            refused.append("A picture took too long to be taken in, and is gone; add it again.")
            continue
        name = "This picture" if len(files) == 1 else one_line(file.name)
        try:
            _keep(page, file, name)
        except (ImageError, BusyError) as error:
            refused.append(str(error))
    _let_go(files)
    more = len(refused) - _TOLD
    if more > 0:
        refused[_TOLD:] = [f"{more} more files were refused. Add them one by one to see why."]
    state[kit.key(page, "refused")] = refused


def _let_go(files: Sequence[Any]) -> None:
    """What was taken in is decoded by now; Streamlit would keep the files themselves until the session ends."""
    context = get_script_run_ctx()
    if context is None:
        return
    manager: Any = context.uploaded_file_mgr  # its own type has no way to let one go
    for file in files:
        manager.remove_file(session_id=context.session_id, file_id=file.file_id)


def _keep(page: str, file: Any, name: str) -> None:
    most = MOST_EACH if visitor.is_public() else MOST
    if len(photos(page)) >= most:
        raise ImageError(f"{name} was not taken: {most} photos are kept at once. Take one of them out first.")
    with DECODING.turn():
        image = read_image(file.getvalue(), name=name)
    height, width = image.shape[:2]
    if height > TALLEST * width:
        raise ImageError(
            f"{name} is {width} × {height} pixels, {height / width:.0f} times as tall as wide; at most {TALLEST} times "
            f"are shown. Cut the street out of it and try again."
        )
    photo = Photo(file.file_id, one_line(file.name), bounded(image), (height, width))
    state[kit.key(page, "photos")] = [*photos(page), photo]


def png(image: np.ndarray) -> bytes:
    """PNG bytes of an image (H, W, 3) uint8."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()
