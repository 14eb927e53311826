"""A network as an ONNX file on the page Models: made and compared with PyTorch in the background, then downloaded."""

import html
from typing import Final

import streamlit as st

from pages.ui import kit, model_work, places
from pages.ui.background import Work
from pages.ui.model_list import Entry
from pages.ui.model_work import Action
from unetkd_core.data import catalog
from unetkd_core.errors import DataError, UnetKDError
from unetkd_core.zoo import export, export_apart
from unetkd_core.zoo.export import Made, Quantising
from unetkd_core.zoo.references import mapping_warning

PAGE: Final = "models"
_MADE: Final = kit.key(PAGE, "exported")  # (sha256, Quantising or None) -> Made, of this session
state = st.session_state


def action(one: Entry) -> Action:
    """Which form, then the file with what was measured of it."""
    key = ("export", one.ref)
    return Action(key, "Export", "output", lambda: _form(one, key), _words)


def _form(one: Entry, key: tuple[str, str]) -> None:
    int8 = _quantising(one) if _wants_int8(one) else None
    made = state.get(_MADE, {}).get((one.info.sha256, int8))
    if made is not None:
        _ready(one, made, int8)
        return
    st.html('<p class="ukd-note">One ONNX file: photo in, labels out. It needs onnxruntime alone.</p>')
    if st.button("Make the file", type="primary", key=kit.key(PAGE, f"make_{one.ref}")):
        _start(one, key, int8)


def _wants_int8(one: Entry) -> bool:
    return st.toggle(
        "int8", key=kit.key(PAGE, f"int8_{one.ref}"),
        help="Whole numbers of eight bits: a quarter of the size, and often faster. Its ranges are measured on "
        f"{export.CALIBRATION} scenes, its loss on 50 others.",
    )  # fmt: skip


def _quantising(one: Entry) -> Quantising:
    """What its ranges and its loss are measured on, and a word where those labels mean something else."""
    usual = Quantising()
    try:
        splits = list(places.found())
    except DataError as error:  # a damaged register of datasets
        kit.problem(error, key=kit.key(PAGE, "export_places"))
        return usual
    calibrate, check_on = (
        st.selectbox(
            label, splits, splits.index(ref) if ref in splits else 0, key=kit.key(PAGE, f"{name}_{one.ref}"), help=why
        )
        for label, name, ref, why in (
            ("Ranges from", "calibrate", usual.calibrate, "Scenes like those that the network will see."),
            ("Loss measured on", "check_on", usual.check_on, "At most 50 scenes, evenly spaced."),
        )
    )
    try:
        warning = mapping_warning(one.info, catalog.open_source(check_on))
    except UnetKDError as error:
        kit.problem(error, key=kit.key(PAGE, "export_data"))
        warning = None
    if warning:
        st.html(f'<p class="ukd-note">{html.escape(warning)}</p>')
    return Quantising(calibrate, check_on)


def _start(one: Entry, key: tuple[str, str], int8: Quantising | None) -> None:
    try:
        export.require_packages()
    except UnetKDError as error:
        kit.problem(error, key=kit.key(PAGE, "export_refused"))
        return

    def ending(made: Made) -> tuple[str, str | None]:
        state[_MADE] = {(one.info.sha256, int8): made}  # one at a time: it may have a hundred megabytes
        return f"{one.name} is ready as ONNX.", None

    def work(tell: model_work.Tell) -> Made:
        return export_apart.make(one.ref, int8=int8, progress=tell)

    model_work.start(key, (one.info.sha256, int8), work, ending, failed="Exporting it")


def _ready(one: Entry, made: Made, int8: Quantising | None) -> None:
    on = "" if int8 is None else int8.check_on
    st.html(f'<p class="ukd-note">{html.escape(told(made, on))}</p>')
    name = f"{one.info.name}{'-int8' if int8 else ''}.onnx"
    st.download_button(
        f"Download, {len(made.file) / 1e6:.1f} MB", made.file, name, "application/octet-stream", type="primary",
        on_click="ignore", key=kit.key(PAGE, f"download_{one.ref}"),
    )  # fmt: skip


def told(made: Made, on: str = "") -> str:
    """What was measured of a file: parity, int8's loss on the scenes of `on`, the time of each form."""
    height, width = made.sizes[0]
    times = ", ".join(f"{form} {1000 * seconds:.0f} ms" for form, seconds in made.seconds.items())
    form = " in fp32" if made.scores else ""
    parts = [
        f"Beside PyTorch{form}: probabilities within {made.worst:.1g}, {kit.percent(made.equal)} of the classes equal."
    ]
    if made.scores:
        fp32, small = made.scores["fp32"].miou, made.scores["int8"].miou
        kept = kit.percent(made.scores["int8"].agreement)
        parts.append(
            f"int8 reads scenes of {on} at {kit.percent(small)}, {kit.points(small - fp32)} points; {kept} of the "
            f"pixels keep their class."
        )
    parts.append(f"A photo of {height} × {width}: {times}.")
    return " ".join(parts)


def _words(work: Work) -> str:
    if not work.total:
        return "Writing the network down, and comparing"
    return f"Scoring int8, {work.done} of {work.total} scenes"
