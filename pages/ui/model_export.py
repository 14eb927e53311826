"""A network as an ONNX file on the page Models: made and compared with PyTorch in the background, then downloaded."""

import html
from typing import TYPE_CHECKING, Final

import streamlit as st

from pages.ui import kit, model_work
from pages.ui.background import Work
from pages.ui.model_list import Entry
from unetkd_core.errors import UnetKDError
from unetkd_core.zoo import export

if TYPE_CHECKING:
    from unetkd_core.zoo.export import Made

PAGE: Final = "models"
_MADE: Final = kit.key(PAGE, "exported")  # (reference, whether int8) -> Made, of this session
state = st.session_state


def form(one: Entry) -> None:
    """A popover: which form, then the file with what was measured of it."""
    key = ("export", one.ref)
    model_work.panel(key, "Export", "output", _words, lambda: _form(one, key))


def _form(one: Entry, key: tuple[str, str]) -> None:
    int8 = st.toggle(
        "int8", key=kit.key(PAGE, f"int8_{one.ref}"),
        help="Whole numbers of eight bits: a quarter of the size, and often faster; its loss is measured on 50 scenes "
        "of streets:val, its ranges on 64 of streets:train. `unetkd export` takes other data.",
    )  # fmt: skip
    made = state.get(_MADE, {}).get((one.info.sha256, int8))
    if made is not None:
        _ready(one, made, int8=int8)
        return
    st.html('<p class="ukd-note">One ONNX file: photo in, labels out. It needs onnxruntime alone.</p>')
    if st.button("Make the file", type="primary", key=kit.key(PAGE, f"make_{one.ref}")):
        _start(one, key, int8=int8)


def _start(one: Entry, key: tuple[str, str], *, int8: bool) -> None:
    try:
        export.require_packages()
    except UnetKDError as error:
        kit.problem(error, key=kit.key(PAGE, "export_refused"))
        return

    def ending(made: "Made") -> tuple[str, str | None]:
        state[_MADE] = {(one.info.sha256, int8): made}  # one at a time: it may have a hundred megabytes
        return f"{one.name} is ready as ONNX: open Export once more.", None

    asked = (one.info.sha256, int8)
    model_work.start(key, asked, lambda tell: _made(one.ref, tell, int8=int8), ending, failed="Exporting it")


def _made(ref: str, tell: model_work.Tell, *, int8: bool) -> "Made":
    from unetkd_core.zoo.references import load_model

    return export.make(load_model(ref), int8=export.Quantising() if int8 else None, progress=tell)


def _ready(one: Entry, made: "Made", *, int8: bool) -> None:
    st.html(f'<p class="ukd-note">{html.escape(told(made))}</p>')
    name = f"{one.info.name}{'-int8' if int8 else ''}.onnx"
    st.download_button(
        f"Download, {len(made.file) / 1e6:.1f} MB", made.file, name, "application/octet-stream", type="primary",
        on_click="ignore", key=kit.key(PAGE, f"download_{one.ref}"),
    )  # fmt: skip


def told(made: "Made") -> str:
    """What was measured of a file: parity, int8's loss, the time of each form."""
    height, width = made.sizes[0]
    times = ", ".join(f"{form} {1000 * seconds:.0f} ms" for form, seconds in made.seconds.items())
    form = " in fp32" if made.scores else ""
    parts = [
        f"Beside PyTorch{form}: probabilities within {made.worst:.1g}, {kit.percent(made.equal)} of the classes equal."
    ]
    if made.scores:
        fp32, small = made.scores["fp32"].miou, made.scores["int8"].miou
        parts.append(f"int8 reads 50 scenes of streets:val at {kit.percent(small)}, {kit.points(small - fp32)} points.")
    parts.append(f"A photo of {height} × {width}: {times}.")
    return " ".join(parts)


def _words(work: Work) -> str:
    if not work.total:
        return "Writing the network down, and comparing"
    return f"Scoring int8, {work.done} of {work.total} scenes"
