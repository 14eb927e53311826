"""Tables: the paper's Tables II to VII beside what was measured here, every number with its runs; and the chain."""

import html

import streamlit as st

from pages.ui import chain_table, kit, paper_figure, paper_row, paper_table, paper_words, url_state
from unetkd_core.data import catalog
from unetkd_core.errors import UnetKDError
from unetkd_core.runs import paper, paper_file, paper_results, paper_text
from unetkd_core.runs.paper_printed import ROMAN
from unetkd_core.runs.paper_results import On, Results
from unetkd_core.settings import PROJECT_ROOT

PAGE = "tables"
QUESTION = "Do the paper’s numbers hold here?"
FIGURE = "Figure 3"
NAMES = {"figure": FIGURE, "chain": "Chain"}
ADDRESS = {name: kit.key(PAGE, name) for name in ("data", "table", "on", "row")}
FEW = 4  # datasets that stand side by side; more go into a menu
SIDES: dict[On, str] = {"val": "Unseen pictures", "train": "Training pictures"}
state = st.session_state


def datasets() -> list[str]:
    """Every dataset, those with results first."""
    measured = [name for name in paper_file.datasets() if name]
    try:
        known = [info.name for info in catalog.describe()]
    except UnetKDError:
        known = list(catalog.BUILT_IN)
    order = sorted(measured, key=lambda name: (name != "camvid", name))
    return list(dict.fromkeys([*order, "camvid", "streets", "cityscapes", *known]))


def tables() -> list[str]:
    """What can be looked at, by the names that stand in the address."""
    return [*map(str, paper.NUMBERS), *NAMES]


def settle(found: list[str]) -> None:
    """Make every choice valid, the address's first."""
    url_state.restore(ADDRESS)
    for name, allowed in (("data", found), ("table", tables())):
        if state.get(ADDRESS[name]) not in allowed:
            state[ADDRESS[name]] = "4" if name == "table" else allowed[0]
    if state.get(ADDRESS["on"]) not in SIDES:
        state[ADDRESS["on"]] = side_of(state[ADDRESS["table"]])
    state.setdefault(ADDRESS["row"], None)


def side_of(table: str) -> On:
    """Which numbers a table opens on: those of unseen pictures; Table VI's are printed of training alone."""
    return "train" if table == "6" else "val"


def read(dataset: str) -> Results:
    """What was measured, with every row of the tables; a file that cannot be read is told and counts as none."""
    path = paper_file.path_of(dataset)
    if not path.is_file():
        return paper_results.nothing(dataset)
    try:
        return paper_results.filled(paper_file.read(path))
    except UnetKDError as error:
        kit.problem(error, key=kit.key(PAGE, "file"))
        return paper_results.nothing(dataset)


def toolbar(found: list[str]) -> None:
    """Dataset, table, and of which pictures the numbers are."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key=kit.key(PAGE, "tools")):
        if len(found) <= FEW:
            st.segmented_control(
                "Dataset", found, required=True, format_func=paper_words.name, key=ADDRESS["data"], on_change=another
            )
        else:
            st.selectbox("Dataset", found, format_func=paper_words.name, key=ADDRESS["data"], on_change=another)
        st.segmented_control(
            "Table",
            tables(),
            required=True,
            format_func=lambda name: NAMES.get(name) or ROMAN[int(name)],
            key=ADDRESS["table"],
            on_change=another,
        )
        if state[ADDRESS["table"]] != "figure":
            st.segmented_control(
                "Measured on", list(SIDES), required=True, format_func=lambda on: SIDES[on], key=ADDRESS["on"]
            )


def another() -> None:
    """The row that was open is none of the next table's."""
    state[ADDRESS["row"]] = None


def choose(row: str) -> None:
    """A click on a cell; on the chosen row's again, it closes."""
    state[ADDRESS["row"]] = None if state.get(ADDRESS["row"]) == row else row


def table(results: Results, number: int, on: On) -> None:
    """One table, what is open about it, and what stands behind the row that was clicked."""
    st.html(
        kit.section_html(paper_words.caption(number)) + f'<p class="ukt-note">{paper_words.about(results, number)}</p>'
    )
    chosen = results.find(number, str(state[ADDRESS["row"]]))
    key = kit.key(PAGE, "rows")
    paper_table.show(results, number, on, key=key, chosen=chosen.row.key if chosen else None, choose=choose)
    told = paper_words.what_they_are(results, results.table(number), on)
    st.html(f'<p class="ukt-note">{told}{" Networks alone that only teach have one seed." if told else ""}</p>')
    if chosen is not None and chosen.pairs:
        paper_row.show(results, chosen, on)
    points = paper_words.open_points(results.table(number))
    if points:
        items = "".join(f"<li>{html.escape(point)}</li>" for point in points)
        st.html(kit.section_html("What does the paper leave open?") + f'<ul class="ukt-open">{items}</ul>')


def figure(results: Results) -> None:
    """Figure 3's curves; its own are a picture without numbers."""
    kit.section(f"{FIGURE}: M256 while it learns", "mIoU in percent at the packed size, after every epoch")
    if not paper_figure.means(results.curves):
        with kit.empty_state(
            "No curves yet",
            "M256 after every epoch, taught by M1024, by the ensemble, and by nobody: they come with Tables IV and V.",
            key=kit.key(PAGE, "figure"),
        ):
            st.code(f"unetkd paper tables --dataset {results.dataset} --tables 4,5 --students M256", language=None)
        return
    st.altair_chart(paper_figure.chart(results.curves), width="stretch", alt=paper_figure.said(results.curves))
    seeds = ", ".join(map(str, paper_figure.seeds(results.curves)))
    st.html(
        f'<p class="ukt-note">The mean over seeds {seeds}, which all lines share.'
        f"{paper_figure.missing(results.curves)} The paper’s own curves are a picture; it prints no numbers for them."
        "</p>"
    )


def chain(dataset: str, on: On) -> None:
    """Networks that shrink link by link; a file that cannot be read is told."""
    try:
        chain_table.show(chain_table.read(dataset), dataset, on, key=kit.key(PAGE, "chain"))
    except UnetKDError as error:
        kit.problem(error, key=kit.key(PAGE, "chain_file"))


def not_yet(dataset: str) -> None:
    """Empty: the command that fills the table below, and what it would do."""
    words = (
        "This command trains every network alone, then every student of every teacher beside its untaught twin, and "
        "scores them all. It can be stopped and goes on where it was: nothing is trained twice."
    )
    with kit.empty_state(f"Not measured on {paper_words.name(dataset)} yet", words, key=PAGE):
        st.code(paper_words.command(dataset), language=None)
        st.html(
            '<p class="ukt-note">With <code>--dry-run</code> it only says how long each table takes on this machine. '
            "A small first part: <code>--tables 2,4 --students M128 --teachers M256</code></p>"
        )


def real_comparison(dataset: str) -> None:
    """The one command for whoever has the paper's own data."""
    if dataset != "cityscapes":
        st.html(
            kit.section_html("Have you got Cityscapes?")
            + '<p class="ukt-note">Then one command makes the real comparison, on the paper’s own data and budget. '
            "Register it first on the Data page.</p>"
        )
        st.code(paper_words.command("cityscapes"), language=None)


def downloads(results: Results, number: int | None, on: On) -> None:
    """Everything as CSV and Markdown; the table that is shown as LaTeX."""
    name = f"tables-{results.dataset}"
    with st.container(horizontal=True, gap="small", key=kit.key(PAGE, "files")):
        st.download_button("CSV", paper_text.as_csv(results), f"{name}.csv", "text/csv", on_click="ignore")
        st.download_button("Markdown", paper_text.markdown(results), f"{name}.md", "text/markdown", on_click="ignore")
        if number is not None:
            file = f"table-{number}-{results.dataset}-{on}.tex"
            text = paper_text.latex(results, number, on)
            st.download_button(f"LaTeX of Table {ROMAN[number]}", text, file, "text/plain", on_click="ignore")


def the_papers(results: Results, on: On) -> None:
    """The table or the figure that is chosen, and all of it to take along."""
    number = None if state[ADDRESS["table"]] == "figure" else int(state[ADDRESS["table"]])
    measured = any(made.pairs for made in results.rows)
    if not measured:
        not_yet(results.dataset)
    if number is None:
        figure(results)
    else:
        table(results, number, on)
    if measured:
        kit.section("To take along", "everything as CSV and Markdown" + (", this table as LaTeX" if number else ""))
        downloads(results, number, on)
    real_comparison(results.dataset)


def page() -> None:
    st.html(PROJECT_ROOT / "assets" / "tables.css")
    head = st.empty()
    found = datasets()
    settle(found)
    toolbar(found)
    results, on = read(state[ADDRESS["data"]]), state[ADDRESS["on"]]
    with head.container():
        kit.page_header(QUESTION, paper_words.answer(results))
    if state[ADDRESS["table"]] == "chain":
        chain(results.dataset, on)
    else:
        the_papers(results, on)
    url_state.remember({name: state[key] for name, key in ADDRESS.items()})


page()
