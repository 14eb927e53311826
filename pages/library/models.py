"""Models: every network here by size and accuracy; choose one to read its card, compare, keep or delete it."""

import html
from typing import Any

import pandas as pd
import streamlit as st

from pages.ui import (
    caches,
    kit,
    model_details,
    model_export,
    model_hub,
    model_keep,
    model_list,
    model_picture,
    model_work,
    trio,
    url_state,
    visitor,
)
from pages.ui.model_list import PACKED, SHOWN, Entry
from unetkd_core.errors import UnetKDError
from unetkd_core.settings import PROJECT_ROOT
from unetkd_core.zoo import marks, references, shelf

PAGE = "models"
QUESTION = "Which network is worth its weights?"
ADDRESS = {name: kit.key(PAGE, name) for name in ("shown", "on", "net")}
TIMES = kit.key(PAGE, "times")  # sha256 of the weights -> seconds a street, measured in this session
ROW_HEIGHT, ROWS_AT_ONCE = 35, 12
COLUMNS = {
    "": st.column_config.TextColumn("", width=28),
    "name": st.column_config.TextColumn("Network", width=210),
    "miou": st.column_config.NumberColumn("mIoU, %", format="%.1f", width=68, help=kit.definition("mIoU")),
    "mark": st.column_config.TextColumn(
        "", width=84, help=f"{kit.definition('chosen on')} {kit.definition('learned from')}"
    ),
    "weights": st.column_config.TextColumn("Weights", width=72, alignment="right"),
    "work": st.column_config.TextColumn("MACs", width=72, alignment="right", help=kit.definition("MACs")),
    "megabytes": st.column_config.NumberColumn("MB", format="%.1f", width=60),
    "time": st.column_config.TextColumn("Time", width=66, alignment="right"),
}
state = st.session_state


def settle() -> tuple[list[Entry], str | None]:
    """(networks that are shown, the split that mIoU is of), every choice valid, the address's first."""
    url_state.restore(ADDRESS)
    model_work.settle()
    if kit.key(PAGE, "wanted") in state:
        state[ADDRESS["shown"]], state[ADDRESS["net"]] = "kept", state.pop(kit.key(PAGE, "wanted"))
    if state.get(ADDRESS["shown"]) not in SHOWN:
        state[ADDRESS["shown"]] = "kept"
    found = model_list.entries(state[ADDRESS["shown"]])
    splits = model_list.splits(found)
    if state.get(ADDRESS["on"]) not in splits:
        state[ADDRESS["on"]] = splits[0] if splits else None
    refs = [one.ref for one in found]
    if state.get(ADDRESS["net"]) not in refs:
        same = (one.ref for one in found if state.get(ADDRESS["net"]) in one.also)
        state[ADDRESS["net"]] = next(same, opens_with(found, state[ADDRESS["on"]]))
    return found, state[ADDRESS["on"]]


def opens_with(found: list[Entry], on: str | None) -> str | None:
    """Who is chosen until somebody chooses: the student that shows most of what teaching brought, else the first."""
    if not found:
        return None
    student = trio.defaults([(one.ref, one.info) for one in found], str(on).split(":")[0])["student"]
    return found[0].ref if student == trio.NOBODY else student


def answer(found: list[Entry], on: str | None) -> str:
    """The line under the title."""
    two = model_list.answer(found, on)
    if two is None or on is None:
        return "Size against accuracy, and what each network learned from."
    best, small = two
    where = "its own validation scenes" if on == PACKED else on
    return (
        f"{html.escape(best.name)} reads {html.escape(where)} best, {kit.percent(best.miou(on))}{best.mark(on)} with "
        f"{kit.count(best.info.parameters)} {kit.term('weights')}; {html.escape(small.name)} reaches "
        f"{kit.percent(small.miou(on))}{small.mark(on)} with {kit.count(small.info.parameters)}."
    )


def toolbar(found: list[Entry]) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key=kit.key(PAGE, "tools")):
        st.segmented_control("Show", list(SHOWN), required=True, format_func=SHOWN.__getitem__, key=ADDRESS["shown"])
        splits = model_list.splits(found)
        if splits:
            named = {PACKED: "its own validation, small"}
            st.selectbox("mIoU on", splits, format_func=lambda ref: named.get(ref, ref), key=ADDRESS["on"], width=240)
        if st.button("Measure the time here", key=kit.key(PAGE, "time"), disabled=not found):
            measure(found)


def measure(found: list[Entry]) -> None:
    """Every architecture once; what cannot be read has no time."""
    bar, times = st.empty(), state.setdefault(TIMES, {})
    for place, one in enumerate(found):
        bar.progress(place / len(found), kit.plain(f"Reading a street with {one.name}"))
        try:
            times[one.info.sha256] = caches.seconds_per_street(one.ref, one.info)
        except UnetKDError:
            continue
    bar.empty()


def picture(found: list[Entry], on: str | None) -> None:
    """The scatter; a click chooses."""
    measured = [one for one in found if one.miou(on) is not None]
    if on is None or not measured:
        return
    note = "mIoU in percent over the number of weights; a line from twin to student"
    kit.section("Size against accuracy", note)
    chart = model_picture.chart(measured, on, state[ADDRESS["net"]])
    key = kit.key(PAGE, "picture")

    def chosen() -> None:
        points = state[key].selection.get(model_picture.CHOICE) or []
        if points and points[0].get("ref"):
            state[ADDRESS["net"]] = points[0]["ref"]

    st.altair_chart(chart, width="stretch", key=key, on_select=chosen, alt=model_picture.said(measured, on))


def table(found: list[Entry], on: str | None) -> None:
    """All of them; a click chooses."""
    refs, times = [one.ref for one in found], state.get(TIMES, {})
    frame = pd.DataFrame([row(one, on, times.get(one.info.sha256)) for one in found])
    seen, turn = kit.key(PAGE, "seen"), kit.key(PAGE, "turn")
    if state.get(seen) != refs:
        state[seen], state[turn] = refs, state.get(turn, 0) + 1  # another list: its rows are others, and so is its key
    key, at = kit.key(PAGE, f"table_{state[turn]}"), refs.index(state[ADDRESS["net"]])
    if picked(state.get(key), at) != at or state.get(key) is None or state[key]["selection"]["cells"]:
        state[key] = {"selection": {"rows": [at], "columns": [], "cells": []}}
    meaning = marks.meaning(frame["mark"])
    order = [name for name in COLUMNS if name != "mark" or meaning]

    def chosen() -> None:
        state[ADDRESS["net"]] = refs[min(picked(state[key], at), len(refs) - 1)]

    st.dataframe(
        frame, key=key, hide_index=True, column_config=COLUMNS, column_order=order, on_select=chosen,
        selection_mode=["single-row-required", "single-cell"], row_height=ROW_HEIGHT, placeholder=kit.MISSING,
        height=ROW_HEIGHT * (min(len(refs), ROWS_AT_ONCE) + 1) + 3, alt="Every network with its size and its mIoU",
    )  # fmt: skip
    if meaning:
        kit.note(meaning)


def picked(held: Any, before: int) -> int:
    """The row that a click means: of a cell that was clicked, else the one that is ticked, else the one before."""
    selection = held["selection"] if held else {"rows": [], "cells": []}
    rows = [place for place, _ in selection["cells"]] + list(selection["rows"])
    return int(rows[0]) if rows else before


def row(one: Entry, on: str | None, seconds: float | None) -> dict[str, object]:
    """One line of the table."""
    score = one.miou(on)
    return {
        "": kit.ROLE[one.role].marker,
        "name": one.in_row,
        "miou": None if score is None else 100 * score,
        "mark": one.mark(on).strip(),
        "weights": kit.count(one.info.parameters),
        "work": kit.count(one.work),
        "megabytes": one.megabytes,
        "time": kit.MISSING if seconds is None else f"{1000 * seconds:.0f} ms",
    }


def actions(one: Entry) -> None:
    """What can be done with it."""
    with st.container(horizontal=True, vertical_alignment="center", key=kit.key(PAGE, "links")):
        nets = ",".join(trio.company(references.available(), one.ref))
        st.page_link(model_details.COMPARE, label="Compare", icon=":material/compare:", query_params={"nets": nets})
        if one.run_id is not None:
            st.page_link(
                model_details.RUNS, label="Its run", icon=":material/timeline:", query_params={"run": one.run_id}
            )
    if not visitor.is_public():
        kept = [model_keep.action(one, one.run_id)] if one.run_id is not None else []
        named = [model_details.delete(one)] if one.named else []
        model_work.actions(one.ref, [*kept, model_export.action(one), *model_hub.actions(one), *named])
    model_work.say(model_work.DO)


def from_the_hub() -> None:
    """Pulling; on a public server what is not offered instead."""
    if visitor.is_public():
        visitor.note("A shared server: keeping, exporting and the Hub are for whoever runs it.")
    else:
        model_hub.pull()


def damaged() -> None:
    """Checkpoints and ensembles that cannot be used."""
    for name, error in shelf.damaged():
        kit.problem(error, key=kit.key(PAGE, f"damaged_{name}"))


def page() -> None:
    st.html(PROJECT_ROOT / "assets" / "tables.css")
    st.html(PROJECT_ROOT / "assets" / "lab.css")
    head = st.empty()
    found, on = settle()
    toolbar(found)
    with head.container():
        kit.page_header(QUESTION, answer(found, on))
    damaged()
    if not found:
        model_work.say(model_work.DO)
        words = {"runs": "Runs that have ended are listed here; keep the good ones under a name of their own."}
        shown = state[ADDRESS["shown"]]
        kit.empty_state("No networks here yet", words.get(shown, "Train one on Distill."), key=PAGE)
        from_the_hub()
    else:
        one = next(entry for entry in found if entry.ref == state[ADDRESS["net"]])
        left, right = st.columns([7, 5], gap="large")
        with left:
            picture(found, on)
            kit.section("All of them", f"{len(found)}; a click chooses")
            table(found, on)
            from_the_hub()
        with right:
            model_details.head(one)
            actions(one)
            model_details.told(one, on, state.get(TIMES, {}).get(one.info.sha256))
            text = model_details.card(one)
            if text:
                with st.expander("Model card", key=kit.key(PAGE, "card")):
                    st.markdown(text)
    url_state.remember({name: state[key] for name, key in ADDRESS.items()})


page()
