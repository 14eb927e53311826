"""What all runs take on the disk, in one quiet line, and freeing space: what would go is shown before it goes.

Knows words and buttons; what can go is decided by runs.prune.
"""

import html
from collections.abc import Sequence

import streamlit as st

from pages.ui import kit, run_words, visitor
from unetkd_core.errors import UnetKDError
from unetkd_core.runs import disk, prune
from unetkd_core.runs.folder import Run, list_runs
from unetkd_core.runs.prune import Removal

PAGE = "runs"
ROWS_AT_ONCE = 6
NONE = "None"
AGES = {NONE: None, "Over 30 days old": 30.0, "Over 7 days old": 7.0}
"""Choice -> days after which whole runs go too."""


def line() -> None:
    """ "These runs take 312 MB, packed streets 1.1 GB; 58 GB are free", and the way to free some."""
    with st.container(horizontal=True, vertical_alignment="center", key=kit.key(PAGE, "disk")):
        st.html(f'<span class="ukd-note">{html.escape(in_words(_use()))}</span>', width="content")
        if visitor.is_public():  # what is free, and freeing it, is the operator's
            return
        popover = st.popover("Free space", type="tertiary", key=kit.key(PAGE, "free"), on_change="rerun")
        if popover.open:
            with popover:
                _what_goes()
    if said := st.session_state.pop(kit.key(PAGE, "freed"), None):
        st.html(f'<span class="ukd-note" role="status">{html.escape(said)}</span>')


def in_words(use: disk.DiskUse) -> str:
    """One sentence; what takes nothing is left out."""
    others = {"packed streets": use.packed, "searches": use.searches, "teachers’ answers": use.teachers}
    parts = [f"{name} {disk.in_words(size)}" for name, size in others.items() if size]
    return (
        f"{', '.join([f'These runs take {disk.in_words(use.all_runs)}', *parts])}; {disk.in_words(use.free)} are free."
    )


def _what_goes() -> None:
    """A choice of age, a row for each thing, and the button that says how much."""
    age = st.segmented_control(
        "Whole runs too", list(AGES), default=NONE, required=True, key=kit.key(PAGE, "age"), width="stretch"
    )
    days = AGES[age or NONE]
    removals = prune.plan(days)
    if not removals:
        st.html('<span class="ukd-note">Nothing to remove: everything here is still needed.</span>')
        return
    rows = "".join(f"<dt>{html.escape(name)}</dt><dd>{html.escape(size)}</dd>" for name, size in listed(removals))
    st.html(f'<dl class="run-facts">{rows}</dl>')
    st.html(f'<span class="ukd-note">{html.escape(_kept(days))}</span>')
    size = disk.in_words(sum(removal.count for removal in removals))
    st.button(f"Free {size}", key=kit.key(PAGE, "free_now"), type="primary", on_click=_free, args=(removals,))


def listed(removals: Sequence[Removal]) -> list[tuple[str, str]]:
    """(what goes, its size), the largest first; many small ones in one row."""
    ordered = sorted(removals, key=lambda removal: -removal.count)
    rows = [(_name(removal), disk.in_words(removal.count)) for removal in ordered[:ROWS_AT_ONCE]]
    rest = ordered[ROWS_AT_ONCE:]
    if rest:
        rows.append((f"{len(rest)} more", disk.in_words(sum(removal.count for removal in rest))))
    return rows


def _name(removal: Removal) -> str:
    if removal.kind == "leftovers" or removal.run is None:
        return "Left by a process that was killed"
    what = "the whole run" if removal.kind == "run" else "what resuming needed"
    return f"{_title(removal.run)}: {what}"


def _title(run: Run) -> str:
    try:
        return run_words.title(run, run.config)
    except UnetKDError:
        return run.id


def _kept(days: float | None) -> str:
    if days is None:
        return "Curves, pictures and best weights stay; a run that is done is never resumed."
    return "Nothing brings whole runs back. Teachers and twins that another run needs stay."


def _free(removals: Sequence[Removal]) -> None:
    freed = prune.carry_out(removals)
    _use.clear()
    if st.query_params.get("run") not in [run.id for run in list_runs()]:
        st.query_params.pop("run", None)  # the one that was looked at went too
    st.session_state[kit.key(PAGE, "freed")] = f"{disk.in_words(freed)} are free again."


@st.cache_data(ttl=10, max_entries=4, show_spinner=False)
def _use() -> disk.DiskUse:
    """Sizes of some hundred folders take a moment: not looked up at every click."""
    return disk.use()
