"""What can be done with a sweep: stop, go on, take its numbers along, forget it; and what was refused.

A button's work goes through runs.sweeps; this draws the buttons and tells what came of them.
"""

import csv
import io
from collections.abc import Callable

import streamlit as st

from pages.ui import kit, sweep_words, visitor
from pages.ui.discreet import discreet
from unetkd_core.errors import UnetKDError
from unetkd_core.runs import sweeps
from unetkd_core.runs.sweep_estimate import Left
from unetkd_core.runs.sweep_folder import Sweep
from unetkd_core.runs.sweep_results import CellResult

PAGE = "sweeps"
Results = tuple[CellResult, ...]


def trouble(sweep: Sweep, results: Results, left: Left | None, *, going: bool) -> None:
    """What ended early, with the button that goes on. going: whether its runs do, without it."""
    status = sweep.status()
    time = f", {sweep_words.about(left.seconds)}" if left and left.seconds else ""
    if status.state == "done":
        told = sweep_words.failed_runs(results)
        label = "Try again" + time
    else:
        told = sweep_words.gone_wrong(status, left or Left(0, 0, 0, 0.0))
        label = f"Resume, {sweep_words.count(left.students + left.twins, 'run')} left{time}" if left else "Resume"
    if told is None:
        return
    with kit.problem(*told, key=PAGE), st.container(horizontal=True):
        mine = visitor.may(sweep.as_run)
        if mine:
            st.button(label, key=kit.key(PAGE, "resume"), on_click=attempt, args=(sweeps.resume, sweep.id))
        if going and mine:
            st.button("Stop its runs", key=kit.key(PAGE, "stop"), on_click=attempt, args=(sweeps.stop, sweep.id))
        with st.popover("Show the log"):
            st.code(discreet(sweep.log_tail(200)) or "The log is empty.", language=None, height=320)


def actions(sweep: Sweep, active: bool) -> None:
    """What can be done with it at any time: take the numbers along, forget it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "CSV",
            csv_text(sweep),
            file_name=f"sweep-{sweep.id}.csv",
            mime="text/csv",
            key=kit.key(PAGE, "csv"),
            icon=":material/download:",
            on_click="ignore",
            help="Every run as a row: axes, state, mIoU, twin, gain, IoU of each class.",
        )
        if visitor.may(sweep.as_run):
            forget(sweep, disabled=active)
        else:
            visitor.note(visitor.OTHERS)


def forget(sweep: Sweep, *, disabled: bool = False) -> None:
    """A button that asks first."""
    with st.popover("Delete", disabled=disabled, key=kit.key(PAGE, f"delete_menu_{sweep.id}")):
        st.write("The grid is forgotten. Its runs stay: another sweep, and Runs, still find them.")
        st.button(
            "Delete the sweep", key=kit.key(PAGE, f"delete_{sweep.id}"), on_click=attempt, args=(_delete, sweep.id)
        )


def leave() -> None:
    """The pane's own fragment drew this sweep and would go on with it: the next drawing is the whole page's."""
    st.session_state[kit.key(PAGE, "left")] = True


def leads_elsewhere() -> bool:
    """Whether `leave` was called since the last drawing."""
    return bool(st.session_state.pop(kit.key(PAGE, "left"), False))


def _delete(sweep_id: str, *, by: str | None) -> None:
    sweeps.delete(sweep_id, by=by)
    leave()
    for name in ("sweep", "cell"):
        st.query_params.pop(name, None)


def csv_text(sweep: Sweep) -> str:
    """Every run as a row."""
    rows, text = sweeps.table(sweep), io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def attempt(action: Callable[..., object], sweep_id: str) -> None:
    """A button's work; what refuses is told in place at the next drawing."""
    try:
        action(sweep_id, by=visitor.owner())
    except UnetKDError as error:
        st.session_state[kit.key(PAGE, "refused")] = str(error)


def refusal() -> None:
    """What the last button was refused, in place."""
    if said := st.session_state.pop(kit.key(PAGE, "refused"), None):
        kit.problem(said, key=kit.key(PAGE, "refused"))
