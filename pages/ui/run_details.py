"""What a run's own page adds to the live pane: its settings in words and as JSON, its log, and deleting it."""

import html
from collections.abc import Iterator
from typing import Any

import streamlit as st

from pages.ui import kit, run_words, visitor
from pages.ui.discreet import discreet
from unetkd_core.errors import UnetKDError
from unetkd_core.runs import disk, jobs
from unetkd_core.runs.folder import Run
from unetkd_core.runs.report import report
from unetkd_core.runs.script import script
from unetkd_core.training.config import RunConfig, TeachingConfig
from unetkd_core.training.presets import RECIPES
from unetkd_core.training.terms import in_words
from unetkd_core.zoo import references
from unetkd_core.zoo.ensembles import weights_in_words

PAGE = "runs"
LOG_LINES = 400
OPTIMIZERS = {"adamw": "AdamW", "adam": "Adam"}
SCHEDULES = {"one_cycle": "one cycle with a peak learning rate", "constant": "a constant learning rate"}


def settings(run: Run, config: RunConfig) -> None:
    """A readable list of every setting that matters, and all of them to take away."""
    rows = "".join(f"<dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd>" for name, value in facts(run, config))
    st.html(f'<dl class="run-facts">{rows}</dl>')
    st.download_button(
        "All settings as JSON",
        config.model_dump_json(indent=1),
        file_name=f"{run.id}.json",
        mime="application/json",
        key=kit.key(PAGE, "json"),
        on_click="ignore",
    )


def facts(run: Run, config: RunConfig) -> Iterator[tuple[str, str]]:
    """(setting, value) in plain words."""
    data, optim, hardware, teaching = config.data, config.optim, config.hardware, config.teaching
    yield (
        "Network",
        config.model.name
        + (", batch normalisation" if config.model.norm == "batch" else ", no normalisation")
        + (", from ImageNet’s weights" if config.model.weights else "")
        + (f", going on from {config.model.start}" if config.model.start else ""),
    )
    if teaching is not None:
        ref = references.label(teaching.teacher)
        name = run_words.taught_by(run, ref)
        yield "Teacher", name if name == ref else f"{name} ({ref})"
        spec = teaching.teacher
        if not isinstance(spec, str):
            yield "Ensemble’s weights", weights_in_words(spec)
        yield "Soft labels", soft_labels(teaching)
        if teaching.terms:
            yield "Distilled besides" if teaching.pixel_wise else "Distilled instead", in_words(teaching.terms)
    yield "Learns from", ", ".join(data.train) + (f", at most {data.max_train:,} scenes" if data.max_train else "")
    yield "Checked on", ", ".join(data.val) + (f", at most {data.max_val:,} scenes" if data.max_val else "")
    yield "Size", f"{data.height} × {data.width} pixels"
    recipe = RECIPES[config.recipe].label if config.recipe in RECIPES else config.recipe
    yield (
        "Recipe",
        (
            f"{recipe}: {OPTIMIZERS[optim.optimizer]}, {SCHEDULES[optim.schedule]} of {optim.learning_rate:g}, "
            + ("rare classes weigh more" if optim.class_weights == "sqrt" else "no class weights")
        ),
    )
    yield "Length", f"{optim.epochs} epochs, batches of {optim.batch_size}"
    yield "Views", ", ".join(views(config)) or "each scene as it is"
    yield "Seed", str(config.seed)
    if hardware.precision != "auto":
        yield (
            "Computed in",
            f"{hardware.precision} on {hardware.device.upper()}"
            + (f", {hardware.threads} thread{'s' if hardware.threads > 1 else ''}" if hardware.threads else ""),
        )
    place = ("Run", run.id) if visitor.is_public() else ("Folder", run.run_dir)
    yield place[0], f"{place[1]} ({disk.in_words(run.disk_bytes())})"


def take_along(run: Run) -> None:
    """The run as one HTML page, written when it is asked for, and as a training script of its own."""
    common: dict[str, Any] = {"icon": ":material/download:", "on_click": "ignore"}
    st.download_button(
        "Report", lambda: report(run), f"{run.id}.html", "text/html", key=kit.key(PAGE, f"report_{run.id}"),
        disabled=not run.metrics(), help="One page that opens anywhere, without a network.", **common,
    )  # fmt: skip
    try:
        text, why = (
            script(run),
            (
                "A training script that needs torch and numpy alone, and gives the same result but for rounding; "
                f"`unetkd export run:{run.id} --script --with-data` writes its scenes too."
            ),
        )
    except UnetKDError as error:
        text, why = "", kit.plain(str(error))
    st.download_button(
        "Script", text, f"{run.id}.py", "text/x-python", key=kit.key(PAGE, f"script_{run.id}"), disabled=not text,
        help=why, **common,
    )  # fmt: skip


def soft_labels(teaching: TeachingConfig) -> str:
    """How much the soft labels weigh, and how soft they are."""
    if not teaching.pixel_wise:
        return "none: all of the labels’ weight, α 1"
    return (
        f"α {teaching.alpha:g}, T {teaching.temperature:g}, "
        + ("times T²" if teaching.scale_by_t2 else "no T²")
        + (", reversed KL" if teaching.direction == "reverse" else "")
    )


def views(config: RunConfig) -> list[str]:
    """Augmentation in words."""
    augment = config.augment
    zooms = [f"{s:g}" for s in augment.scales if s != 1]
    return [
        text
        for text, on in (
            ("flipped", augment.flip),
            (f"zoomed by {' and '.join(zooms)}", bool(zooms)),
            (f"colours varied by {100 * augment.jitter:g} %", augment.jitter > 0),
        )
        if on
    ]


@st.fragment
def log(run: Run) -> None:
    """The log's end, looked at when it is opened."""
    folded = st.expander("Log", key=kit.key(PAGE, "log"), on_change="rerun")
    if folded.open:
        with folded:
            st.code(discreet(run.log_tail(LOG_LINES)) or "The log is empty.", language=None, height=360)


def delete(runs: list[Run], active: bool, left_alone: int = 0) -> None:
    """A button that asks first. runs: what goes, the chosen one first (its twin with it, or it alone). left_alone: how
    many students lose the run that they are compared with.

    The keys name the run, so that the question closes with it and a second click never meets another run.
    """
    if not all(map(visitor.may, runs)):
        visitor.note(visitor.OTHERS)
        return
    with st.popover(
        "Delete", disabled=active, help="Stop it first." if active else None, key=kit.key(PAGE, f"delete_{runs[0].id}")
    ):
        size = disk.in_words(sum(run.disk_bytes() for run in runs))
        what = "This run and its twin" if len(runs) > 1 else "This run"
        lost = f" {_lose(left_alone)}" if left_alone else ""
        st.html(
            f'<p class="ukd-note">{what}, {size}: curves, pictures and weights. Nothing brings them back.{lost}</p>'
        )
        st.button(
            f"Delete {'both' if len(runs) > 1 else 'it'}",
            key=kit.key(PAGE, f"delete_now_{runs[0].id}"),
            type="primary",
            on_click=_delete,
            args=(runs,),
        )


def _lose(students: int) -> str:
    return f"{students} student{' loses its' if students == 1 else 's lose their'} comparison."


def _delete(runs: list[Run]) -> None:
    try:
        for run in runs:
            jobs.delete(run.id, by=visitor.owner())
    except UnetKDError as error:
        st.session_state[kit.key(PAGE, "refused")] = str(error)
        return
    st.query_params.pop("run", None)


def row(run: Run, config: RunConfig, gains: dict[str, float | None]) -> dict[str, object]:
    """One line of the table of runs. mIoU is the best so far; a gain stands on the student's line."""
    try:
        status = run.status()
    except UnetKDError:
        return {
            "": "?",
            "run": run.id,
            "state": "unreadable",
            "miou": None,
            "gain": "",
            "epochs": "",
            "data": "",
            "took": "",
            "started": "",
        }
    measured = [m["val"]["miou"] for m in run.metrics() if m.get("val", {}).get("miou") is not None]
    marker = {"student": "●", "twin": "○", "alone": "■"}[config.role]
    gain = gains.get(run.id)
    return {
        "": marker,
        "whose": "yours" if visitor.is_public() and visitor.may(run) else "",
        "run": run_words.title(run, config),
        "state": "stopping" if run.stopping else run_words.STATE[status.state],
        "miou": 100 * max(measured) if measured else None,
        "gain": kit.points(gain) if gain is not None else "",
        "epochs": f"{status.epoch} of {status.epochs}",
        "data": f"{', '.join(config.data.train)}, {config.data.height} × {config.data.width}",
        "took": kit.duration(run_words.took(status)),
        "started": run_words.when(status),
    }
