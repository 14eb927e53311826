"""What stands behind one row of a table: its runs, seed by seed, each against its twin, with the way to them."""

import html
from typing import Final

import streamlit as st

from pages.ui import kit, paper_words
from unetkd_core.classes import CLASS_NAMES
from unetkd_core.errors import RunError
from unetkd_core.runs.folder import open_run
from unetkd_core.runs.paper_results import Made, On, Pair, Results

RUNS: Final = "pages/lab/runs.py"


def show(results: Results, made: Made, on: On) -> None:
    """Draw it."""
    kit.section(f"What stands behind {html.escape(title(made))}?", html.escape(paper_words.how(made)))
    left, right = st.columns([1, 1], gap="medium")
    with left:
        st.html(seeds_table(made, on))
        _links(made)
    with right:
        st.html(classes_table(made))
        if made.note:
            st.html(f'<p class="ukt-note">{html.escape(made.note)}.</p>')
        st.html(f'<p class="ukt-note">{paper_words.trained_with([made])}</p>')


def title(made: Made) -> str:
    """ "M128 from M1024*"."""
    row = made.row
    return f"{row.network} alone" if row.teacher is None else f"{row.network} from {row.teacher}"


def seeds_table(made: Made, on: On) -> str:
    """HTML: a row for each seed; mIoU in percent, gains in points."""
    taught = made.row.teacher is not None
    heads = [f"{kit.marker_html('student')} taught", f"{kit.marker_html('twin')} twin", "gain"] if taught else ["mIoU"]
    head = "".join(f'<th scope="col">{one}</th>' for one in ("seed", *heads))
    rows = "".join(_seed(pair, on) for pair in made.pairs)
    return f'<table class="ukt"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def _seed(pair: Pair, on: On) -> str:
    cells = [kit.percent(pair.value("miou", on))]
    if pair.twin is not None:
        gain = pair.value("gain", on)
        mark = "" if gain is None or round(100 * gain, 1) <= 0 else ' class="ukd-student"'
        cells += [kit.percent(pair.twin.scores(on).miou), f"<b{mark}>{kit.points(gain)}</b>"]
    return f"<tr><th scope='row'>{pair.seed}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _links(made: Made) -> None:
    """To every run that is on this machine; where none is, that is said."""
    here = [(pair.seed, seen, who) for pair in made.pairs for who, seen in _who(pair) if is_here(seen)]
    if not here:
        st.html('<p class="ukt-note">Its runs are not on this machine: they were trained elsewhere, or deleted.</p>')
        return
    with st.container(horizontal=True, gap="small"):
        for seed, run_id, who in here:
            st.page_link(RUNS, label=f"{who}, seed {seed}", icon=":material/timeline:", query_params={"run": run_id})


def _who(pair: Pair) -> list[tuple[str, str]]:
    if pair.twin is None:
        return [("Run", pair.student.run)]
    return [("Taught", pair.student.run), ("Twin", pair.twin.run)]


def is_here(run_id: str) -> bool:
    """Whether this run's folder is on this machine."""
    try:
        return open_run(run_id) is not None
    except RunError:
        return False


def classes_table(made: Made) -> str:
    """HTML: each class's IoU on the split that is reported, the seeds' mean; beside the twins' where it was taught."""
    taught = made.row.teacher is not None
    heads = ["IoU, unseen pictures", *(("taught", "twin") if taught else ("",))]
    head = "".join(f'<th scope="col">{one}</th>' for one in heads)
    rows = "".join(_class(made, index, taught) for index in range(len(CLASS_NAMES)))
    return f'<table class="ukt"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def _class(made: Made, index: int, taught: bool) -> str:
    ours = _mean([pair.student.val.iou[index] for pair in made.pairs])
    twins = _mean([pair.twin.val.iou[index] for pair in made.pairs if pair.twin])
    cells = [ours, *([twins] if taught else [])]
    name = f'{kit.swatch_html(index)}<span class="ukt-class">{html.escape(CLASS_NAMES[index])}</span>'
    return f'<tr><th scope="row">{name}</th>{"".join(f"<td>{kit.percent(cell)}</td>" for cell in cells)}</tr>'


def _mean(values: list[float]) -> float | None:
    known = [value for value in values if value == value]
    return sum(known) / len(known) if known else None
