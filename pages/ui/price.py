"""What each network costs and what it brings, as one real table.

mIoU comes from the checkpoint's own measurements, never from the picture on the screen; this file measures nothing.
"""

import html
from collections.abc import Mapping, Sequence

from pages.ui import kit
from pages.ui.caches import STREET, TIMED_RUNS
from pages.ui.readings import Reading, first
from unetkd_core.errors import CheckpointError
from unetkd_core.inference.sizes import working_size
from unetkd_core.models.complexity import macs
from unetkd_core.settings import cores
from unetkd_core.zoo import marks, references, relatives
from unetkd_core.zoo.checkpoints import CheckpointInfo

PACKED = "packed"
SIGN = "*"
"""Behind a number that flatters: choices were made on the scenes that it is of, or the network learned from them."""


def work(info: CheckpointInfo) -> int:
    """Multiply-accumulates to read one street of size STREET, at the network's own training scale."""
    return macs(info.arch, *working_size(*STREET, info.height, info.width))


def measured_on(readings: Sequence[Reading], wanted: str) -> str | None:
    """The dataset that mIoU is shown for: `wanted` (NAME:SPLIT) where all were measured on it, else one they share."""
    if not readings:
        return None
    shared = set.intersection(
        *({k for k, v in r.info.metrics.items() if isinstance(v, Mapping) and "miou" in v} for r in readings)
    )
    name = wanted.split(":")[0]
    order = [wanted, *sorted(k for k in shared if k.split(":")[0] == name), *sorted(shared - {PACKED}), PACKED]
    return next((k for k in order if k in shared), None)


def table(readings: Sequence[Reading], seconds: Mapping[str, float], dataset: str | None) -> str:
    """HTML of the table, scrolled sideways where it is too wide.

    seconds: reference -> measured seconds a street; a network that is missing there shows "…".
    """
    head = "".join(
        f'<th scope="col">{c}</th>'
        for c in (
            "<span class='ukd-sr'>network</span>",
            kit.term("mIoU"),
            kit.term("weights"),
            kit.term("MACs"),
            "time",
        )
    )
    rows = "".join(_row(r, seconds, dataset) for r in readings)
    tight = "" if all(r.alone for r in readings) else " ukt-tight"  # names need the room that roles do not
    inner = f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody>"
    return f'<div class="ukt-wide"><table class="ukt{tight}">{inner}</table></div>'


def _row(reading: Reading, seconds: Mapping[str, float], dataset: str | None) -> str:
    score = relatives.miou(reading.info, dataset)
    sign = SIGN if score is not None and _flattering([reading], dataset) else ""
    waiting = kit.MISSING if reading.problem else "…"
    time = f"{1000 * seconds[reading.ref]:.0f} ms" if reading.ref in seconds else waiting
    name = kit.role_html(reading.role, reading.short)
    size = megabytes(reading.ref)
    weights = kit.count(reading.info.parameters) + (f'<span class="ukt-mb">{size:.1f} MB</span>' if size else "")
    return (
        f'<tr><th scope="row">{name}</th><td><b>{"–" if score is None else f"{100 * score:.1f}"}</b>{sign}</td>'
        f"<td>{weights}</td><td>{kit.count(work(reading.info))}</td><td>{time}</td></tr>"
    )


def megabytes(ref: str) -> float | None:
    """The weights' file in millions of bytes; None when it cannot be read now."""
    try:
        return references.weight_bytes(ref) / 1e6
    except CheckpointError:
        return None


def sentence(readings: Sequence[Reading], seconds: Mapping[str, float]) -> str:
    """What the student saves, in words: "The student has 1/4 of the teacher’s weights and takes half its time."."""
    teacher, student = first(readings, "teacher"), first(readings, "student")
    if not teacher or not student or not (teacher.alone and student.alone):
        return ""
    if teacher.info.parameters <= student.info.parameters:
        return ""
    ratio = teacher.info.parameters / student.info.parameters
    share = f"1/{ratio:.0f}" if ratio >= 1.8 else f"{100 / ratio:.0f} %"
    told = f"The student has {share} of the teacher’s weights"
    if teacher.ref in seconds and student.ref in seconds and teacher.ref != student.ref:
        told += f" and takes {_time(seconds[student.ref] / seconds[teacher.ref])}"
    return told + "."


def _time(ratio: float) -> str:
    if ratio >= 0.85:
        return "about as long" if ratio < 1.15 else f"{ratio:.1f} times as long"
    names = [(0.2, f"1/{1 / ratio:.0f} of"), (0.28, "a quarter of"), (0.38, "a third of"), (0.57, "half")]
    names += [(0.7, "two thirds of"), (0.85, "three quarters of")]
    return next(words for limit, words in names if ratio < limit) + " its time"


def note(readings: Sequence[Reading], dataset: str | None, timed: bool) -> str:
    """Where the numbers come from, as one quiet line of HTML."""
    where = {
        None: "Not measured on one dataset for all",
        PACKED: "mIoU in percent on each run’s own validation scenes, at the training size",
    }.get(dataset, f"mIoU in percent on {html.escape(str(dataset))}, one seed")
    if why := _flattering(readings, dataset):
        where += f". {SIGN} {why} these very scenes, which flatters"
    time = f" Time: measured here, median of up to {TIMED_RUNS}, {cores()} CPU cores." if timed else " Timing …"
    street = f"one {STREET[0]} × {STREET[1]} street at each net’s own scale"
    return f"{where}. Weights in numbers; MACs and time for {street}.{time}"


def _flattering(readings: Sequence[Reading], dataset: str | None) -> str:
    """ "chosen on", "learned from", both, or nothing: what was done with the scenes that the numbers are of. Every
    run's own validation scenes chose its epoch, and the note says whose they are.
    """
    signs = {marks.mark(r.info, dataset).strip(" ()") for r in readings} if dataset != PACKED else set()
    return " or ".join(sorted(signs - {""}))
