"""Taking a comparison home: a figure, the numbers, one page that opens offline, and single label maps and overlays.

Everything is made when its button is pressed; nothing is kept.
"""

from collections.abc import Sequence

import streamlit as st

from pages.ui import compare_figure, compare_html, compare_numbers, compare_words, kit, upload
from pages.ui.compare_numbers import Where
from pages.ui.readings import Picture, Reading
from pages.ui.viewer import View
from unetkd_core.data.images import labels_png_bytes
from unetkd_core.inference.overlay import overlay


def draw(page: str, cast: Sequence[Reading], picture: Picture, where: Where, view: View) -> None:
    """The popover, once a network has read the picture."""
    done = [r for r in cast if r.labels is not None]
    if not done:
        return
    with st.popover("Save", icon=":material/download:"):
        st.markdown("**This comparison**")
        with st.container(horizontal=True):
            whole(page, cast, picture, where, view)
        st.markdown("**One network’s answer**")
        single(page, done, picture, where)


def whole(page: str, cast: Sequence[Reading], picture: Picture, where: Where, view: View) -> None:
    """Figure, numbers, page."""
    seconds = st.session_state.get(kit.key(page, "seconds"), {})
    told = compare_words.answer(cast, picture, None)

    def figure() -> bytes:
        return compare_figure.png(cast, picture, where, told)

    def numbers() -> str:
        return compare_numbers.csv_text(compare_numbers.rows(cast, picture, where, seconds))

    def offline() -> str:
        return compare_html.text(cast, picture, where, seconds, view)

    _button(
        page, "figure", "Figure (PNG)", figure, f"{where.stem}_compared.png", "image/png", "Side by side, for a slide."
    )
    _button(page, "numbers", "Numbers (CSV)", numbers, f"{where.stem}_numbers.csv", "text/csv", "A row a network.")
    _button(
        page, "page", "Page (HTML)", offline, f"{where.stem}_compared.html", "text/html",
        "One file with pictures, probe and numbers; it opens without a network.",
    )  # fmt: skip


def single(page: str, done: Sequence[Reading], picture: Picture, where: Where) -> None:
    """Label map and overlay of the network that is chosen."""
    by_ref = {r.ref: r for r in done}
    ref = st.segmented_control(
        "Whose answer?",
        list(by_ref),
        format_func=lambda one: by_ref[one].short,
        default=done[0].ref,
        required=True,
        key=kit.key(page, "save"),
        label_visibility="collapsed",
    )
    chosen = by_ref.get(ref or "", done[0])
    labels, stem = chosen.labels, f"{where.stem}_{chosen.info.name}"
    assert labels is not None

    def shown() -> bytes:
        return upload.png(overlay(picture.image, labels))

    with st.container(horizontal=True):
        told = "One pixel, one class, in Table I’s colours."
        _button(page, "labels", "Label map", lambda: labels_png_bytes(labels), f"{stem}_labels.png", "image/png", told)
        told = "The classes at 55 % over the photo."
        _button(page, "overlay", "Overlay", shown, f"{stem}_overlay.png", "image/png", told)


def _button(page: str, kind: str, title: str, make: object, file: str, mime: str, told: str) -> None:
    key = kit.key(page, f"save_{kind}")
    st.download_button(title, make, file, mime, on_click="ignore", help=told, key=key)  # type: ignore[arg-type]
