"""Runs: every training that was started here, from its folder; choose one to watch, look back, stop, resume, delete."""

import pandas as pd
import streamlit as st

from pages.ui import caches, kit, pairs, run_choices, run_details, run_disk, run_view, run_words, visitor
from unetkd_core.errors import UnetKDError
from unetkd_core.runs import estimate, jobs, sweeps
from unetkd_core.runs.folder import Run, list_runs, open_run
from unetkd_core.settings import PROJECT_ROOT
from unetkd_core.training.config import RunConfig
from unetkd_core.zoo import references

PAGE = "runs"
DISTILL = "pages/lab/distill.py"
TABLE_TICK = 3.0  # seconds between two looks at all folders while something trains
ROWS_AT_ONCE = 7
ROW_HEIGHT = 35
COLUMNS = {
    "": st.column_config.TextColumn("", width=28),
    "run": st.column_config.TextColumn("Run", width=150),
    "whose": st.column_config.TextColumn("Whose", width=58),
    "miou": st.column_config.NumberColumn("mIoU, %", format="%.1f", width=66, help=kit.definition("mIoU")),
    "gain": st.column_config.TextColumn("Gain", width=54, alignment="right", help=kit.definition("gain")),
    "state": st.column_config.TextColumn("State", width=90),
    "epochs": st.column_config.TextColumn("Epochs", width=80),
    "data": st.column_config.TextColumn("Learns from", width=230),
    "took": st.column_config.TextColumn("Took", width=100),
    "started": st.column_config.TextColumn("Started", width=110),
}
Listed = list[tuple[Run, RunConfig]]


def is_active(run: Run) -> bool:
    try:
        return run.status().active
    except UnetKDError:
        return False


def gains(listed: Listed) -> dict[str, float | None]:
    """Student's id -> gain over its control, its own twin or the one that a sweep's students share."""
    found = {}
    for run, config in listed:
        if config.role == "student":
            try:
                partner = run.partner()
                found[run.id] = pairs.read(run.id, partner.id if partner else None).gain
            except UnetKDError:
                continue  # deleted while we looked
    return found


def others(control: str, student: str) -> int:
    """How many students but this one are compared with an untaught run, in pairs and in sweeps."""
    return len(sweeps.compared_with(control) - {student})


def asked(listed: Listed) -> str:
    """The run in the address, or the newest; an address that leads nowhere is told."""
    run_id = st.query_params.get("run")
    if run_id and run_id not in [run.id for run, _ in listed]:
        try:
            open_run(run_id)
        except UnetKDError as error:
            kit.problem(error, key=kit.key(PAGE, "gone"))
        run_id = None
    return run_id or listed[0][0].id


def table(listed: Listed, chosen: str) -> None:
    """All runs; a click chooses one, in the address too."""
    ids, state = [run.id for run, _ in listed], st.session_state
    known = gains(listed)
    marked, turn = kit.key(PAGE, "marked"), kit.key(PAGE, "turn")
    if state.get(marked) != chosen:
        # The address was changed from elsewhere (back, a link): a table that still holds the old click would undo it.
        state[marked], state[turn] = chosen, state.get(turn, 0) + 1
    frame = pd.DataFrame([run_details.row(run, config, known) for run, config in listed])
    # The key follows the list: a selection is a row's number, which means another run once there are more.
    event = st.dataframe(
        frame,
        key=kit.key(PAGE, f"table_{len(ids)}_{ids[0]}_{state[turn]}"),
        hide_index=True,
        column_config=COLUMNS,
        column_order=[name for name in COLUMNS if name != "whose" or visitor.is_public()],
        on_select="rerun",
        selection_mode="single-row-required",
        selection_default={"selection": {"rows": [ids.index(chosen)]}},
        row_height=ROW_HEIGHT,
        placeholder=kit.MISSING,
        height=ROW_HEIGHT * (min(len(ids), ROWS_AT_ONCE) + 1) + 3,
        alt="Every run, newest first, each student followed by its untaught twin",
    )
    rows = event.selection.rows
    picked = ids[rows[0]] if rows and rows[0] < len(ids) else chosen
    if picked != chosen:
        state[marked] = picked
        st.query_params["run"] = picked
        st.rerun()


def details(chosen: Run, config: RunConfig) -> None:
    """Below the live pane: settings, log, and what can be done with it."""
    left, right = st.columns([1, 1], gap=36)
    main, twin = pairs.ids_of(chosen.id)
    pair = pairs.read(main, twin)
    both = twin and chosen.id == main and not others(twin, main)
    goes = [chosen, open_run(twin)] if twin and both else [chosen]
    left_alone = others(chosen.id, "") if config.role != "student" else 0
    with left:
        kit.section("How was it trained?")
        run_details.settings(chosen, config)
    with right:
        kit.section("What did it say?")
        run_details.log(chosen)
        with st.container(horizontal=True, vertical_alignment="center"):
            # A finished pair's result, above, leads there too.
            if chosen.best() is not None and not (pair.done and pair.main.role == "student"):
                st.page_link(
                    run_view.COMPARE,
                    label="Open in Compare",
                    icon=":material/compare:",
                    query_params=run_view.compared(pair),
                )
            run_details.take_along(chosen)
            run_details.delete(goes, any(is_active(run) for run in goes), left_alone)


def train_the_first() -> None:
    """Empty: what this page will show, and the button that makes it so."""
    words = "Every student you train will be listed here beside its untaught twin, with what the teaching gained."
    try:
        values = run_choices.first(references.available(), caches.trainable())
        config, twin = run_choices.config(values), run_choices.wants_twin(values)
        price = f", about {kit.duration(run_words.rough(estimate.estimate(config, twin=twin).seconds))}"
    except UnetKDError as error:
        kit.problem(error, key=kit.key(PAGE, "first"))
        return
    with kit.empty_state("No runs yet", words, key=PAGE):
        if st.button(f"Train the first{price}", key=kit.key(PAGE, "train"), type="primary"):
            try:
                runs = jobs.start(config, twin=twin, by=visitor.owner())
            except UnetKDError as error:
                kit.problem(error, key=kit.key(PAGE, "start"))
            else:
                st.switch_page(DISTILL, query_params={"run": runs[0].id})


st.html(PROJECT_ROOT / "assets" / "lab.css")
kit.page_header(
    "What did each run find?",
    "Every training that was started here, newest first: who was taught (●), who was not (○), and what it was worth.",
)
listed = pairs.by_pairs(list_runs())
if listed:
    run_id = asked(listed)
    busy = any(is_active(run) for run, _ in listed)
    st.fragment(table, run_every=TABLE_TICK if busy else None)(listed, run_id)
    run_disk.line()
    visitor.note("Everybody’s runs are listed; a run is stopped, resumed and deleted by the browser that started it.")
    visitor.note_unkept()
    try:
        run_view.show(run_id, page=PAGE, closer=True)
        details(*next(entry for entry in listed if entry[0].id == run_id))
    except UnetKDError as error:
        kit.problem(error, key=kit.key(PAGE, "unreadable"))
else:
    train_the_first()
