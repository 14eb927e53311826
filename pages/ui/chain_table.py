"""The chain of ever smaller networks as a table: size, who taught, mIoU, gain over the twin. Measures nothing."""

import html
from typing import Final

import streamlit as st

from pages.ui import kit, paper_words
from unetkd_core.models import complexity
from unetkd_core.models.names import arch_of
from unetkd_core.runs import paper_file, paper_text
from unetkd_core.runs.paper_file import CHAIN_FILE
from unetkd_core.runs.paper_results import Made, On, Results

TITLE: Final = "The chain: each taught by the one before"
_ABOUT: Final = (
    "Mangalam and Salzmann shrink a U-Net in steps instead of one leap: base widths of 64, 16, 4 and 2, the last with "
    "a thousandth of the parameters. They lost 4.5 points of IoU on the way, on other data; batch normalisation and "
    "class weights made it work."
)


def read(dataset: str) -> Results | None:
    """What was measured on this dataset; none where nothing was. Raises RunError when the file cannot be read."""
    path = paper_file.path_of(dataset, file=CHAIN_FILE)
    return paper_file.read(path) if path.is_file() else None


def command(dataset: str) -> str:
    """The one command that makes it."""
    return f"unetkd chain --dataset {dataset} --seeds 0,1"


def show(results: Results | None, dataset: str, on: On, *, key: str) -> None:
    """Draw it, or how to have it."""
    st.html(kit.section_html(TITLE) + f'<p class="ukt-note">{_ABOUT}</p>')
    if results is None:
        with kit.empty_state(
            f"Not measured on {paper_words.name(dataset)} yet",
            "This command trains the first network alone, then every link beside its untaught twin, and scores them. "
            "It can be stopped and goes on where it was.",
            key=key,
        ):
            st.code(command(dataset), language=None)
            st.html('<p class="ukt-note">Without the largest it is quick: <code>--networks U16,U4,U2</code></p>')
        return
    st.html(written(results, on) + f'<p class="ukt-note">{paper_words.what_they_are(results, results.rows, on)}</p>')


def written(results: Results, on: On) -> str:
    """The table as HTML, the largest network first."""
    heads = ("Network", "Parameters", "Taught by", "mIoU, %", "untaught, %", "gain, points", "Seeds")
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    norm = results.config["model"]["norm"]
    rows = "".join(_row(made, norm, on) for made in results.rows)
    return (
        f'<div class="ukt-wide"><table class="ukt ukt-chain" aria-label="{TITLE}"><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _row(made: Made, norm: str, on: On) -> str:
    row = made.row
    role = "teacher" if row.teacher is None else "student"
    miou, gain = (paper_text.cell(made, what, on) for what in ("miou", "gain"))
    twins = [pair.twin.scores(on).miou for pair in made.pairs if pair.twin]
    numbers = [
        f"{complexity.parameters(arch_of(row.network, norm)):,}".replace(",", "\u202f"),
        html.escape(row.teacher or kit.MISSING),
        _with_spread(miou),
        kit.MISSING if not twins else f"{100 * sum(twins) / len(twins):.1f}",
        _with_spread(gain),
        paper_text.seeds(made),
    ]
    name = f"{kit.marker_html(role)}{html.escape(row.network)}"
    return f'<tr><th scope="row">{name}</th>{"".join(f"<td>{cell}</td>" for cell in numbers)}</tr>'


def _with_spread(cell: paper_text.Cell) -> str:
    spread = f' <span class="ukt-spread">{cell.spread}</span>' if cell.spread else ""
    return f"<b>{cell.here}</b>{spread}" if cell.here != kit.MISSING else cell.here
