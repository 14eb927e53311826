"""One table of the paper beside ours: a component whose cells are buttons. Results in, the chosen row's name out.

What is written stands in paper_text.py; here it becomes a table, with a track for each row on which the paper's number
is a tick and ours a disc. Where the paper contradicts itself, its number has a dotted line and a sentence.
"""

import html
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import streamlit as st

from pages.ui import kit, sweep_words
from unetkd_core.runs import paper_text
from unetkd_core.runs.paper import STUDENTS
from unetkd_core.runs.paper_printed import ENSEMBLE, OPEN
from unetkd_core.runs.paper_results import Made, On, Results, What, printed
from unetkd_core.runs.paper_text import Cell
from unetkd_core.settings import PROJECT_ROOT
from unetkd_core.training.presets import METHODS

_FOLDER: Final = PROJECT_ROOT / "assets" / "paper"
_TABLE: Final = st.components.v2.component(
    "unetkd_paper_table",
    html='<div class="paper"></div>',
    css=(_FOLDER / "table.css").read_text(encoding="utf-8"),
    js=(_FOLDER / "table.js").read_text(encoding="utf-8"),
)
ABOUT_A_NAME: Final = frozenset({"star", "search", "others"})
"""Open points that concern who is meant; those of ABOUT_ALL concern a whole table; the others a printed number."""
ABOUT_ALL: Final = frozenset({"epochs", "split"})


class Scale(NamedTuple):
    """Where the track begins and ends, in percent or points."""

    low: float
    high: float

    def at(self, value: float) -> float:
        """0 to 100."""
        return 100 * (value - self.low) / (self.high - self.low)


def show(results: Results, table: int, on: On, *, key: str, chosen: str | None, choose: Callable[[str], None]) -> None:
    """Draw it; `choose(row's key)` runs before the next rerun when a measured cell is clicked."""

    def on_row() -> None:
        row = st.session_state[key].row
        if isinstance(row, str):
            choose(row)

    _TABLE(key=key, data={"html": written(results, table, on), "chosen": chosen}, on_row_change=on_row)


def written(results: Results, table: int, on: On) -> str:
    """The table as HTML, every text escaped. A measure of which the paper prints nothing has no column for it."""
    rows = results.table(table)
    main = main_of(table)
    columns = [
        Column(what, any(printed(p, what, on) is not None for made in rows for p in made.row.printed), what != main)
        for what in paper_text.measures(table)
    ]
    scale = scale_of(rows, main, on)
    body = "".join(
        f'<tr class="{_class(made, rows[place - 1] if place else made)}">{_names(made)}'
        + "".join(_numbers(made, column, on) for column in columns)
        + f'<td class="line spare">{_track(made, main, on, scale)}</td></tr>'
        for place, made in enumerate(rows)
    )
    name = html.escape(paper_text.caption(results, table, on))
    return (
        f'<div class="wide"><table aria-label="{name}"><thead>{_head(table, columns)}</thead><tbody>{body}</tbody>'
        f"</table></div>{_key(rows, main, on)}"
    )


class Column(NamedTuple):
    """A measure; whether the paper prints it, and whether a phone can spare it."""

    what: What
    printed: bool
    spare: bool

    @property
    def css(self) -> str:
        return " spare" if self.spare else ""

    @property
    def width(self) -> int:
        return 3 if self.printed else 1


def main_of(table: int) -> What:
    """What a table is about: the gain where somebody is taught."""
    return "miou" if table in (2, 3) else "gain"


def _class(made: Made, before: Made) -> str:
    """A line where another teacher, or the choices, begin; choices in bold."""
    chosen = bool(made.row.of)
    begins = made.row.teacher != before.row.teacher if made.row.table == 4 else chosen != bool(before.row.of)
    return " ".join(name for name, yes in (("begins", begins), ("best", chosen)) if yes)


def _head(table: int, columns: Sequence[Column]) -> str:
    names = paper_text.heads(table)
    corner = "".join(f'<td class="name{_spared(name, table)}"></td>' for name in names)
    groups = "".join(
        f'<th class="group{c.css}" scope="colgroup" colspan="{c.width}"><span>{_title(c.what)}</span></th>'
        for c in columns
    )
    who = "".join(f'<th scope="col" class="name{_spared(name, table)}">{html.escape(name)}</th>' for name in names)
    under = "".join(
        f'<th scope="col" class="first{c.css}">paper</th><th scope="col" class="{c.css}">here</th>'
        f'<th scope="col" class="{c.css}">difference</th>'
        if c.printed
        else f'<th scope="col" class="first{c.css}">here</th>'
        for c in columns
    )
    end = '<td class="spare"></td>'
    return f"<tr>{corner}{groups}{end}</tr><tr>{who}{under}{end}</tr>"


def _title(what: What) -> str:
    return {"miou": "mIoU, %", "gain": "gain, points", "loss": "loss × 100"}[what]


def _spared(name: str, table: int) -> str:
    """A phone has room for who, not for how; in Table VII all students are one."""
    return " spare" if name in ("α", "T") or (table == 7 and name == "Student") else ""


def _names(made: Made) -> str:
    row = made.row
    if row.teacher is None:
        return f'<th scope="row" class="name">{_who(_alone(made), made, row.network)}</th>'
    teacher = _who("ensemble" if row.teacher == ENSEMBLE else "teacher", made, row.teacher)
    how = f"the best of {row.of}: {METHODS[row.method].label}" if row.of else ""
    note = f'<span class="small">{html.escape(how)}</span>' if how else ""
    spared = _spared("Student", row.table)
    student = (
        f'<th scope="row" class="name{spared}"><span class="mark student"></span>{html.escape(row.network)}{note}</th>'
    )
    cells = f'<td class="name">{teacher}</td>{student}'
    if row.table == 7:
        cells = f'<td class="name">{_method(made)}</td>{cells}'
    if row.table in (6, 7):
        cells += "".join(f'<td class="name spare">{text}</td>' for text in paper_text.weights(row))
    return cells


def _alone(made: Made) -> str:
    """The role of a network alone: M128 to M512 are the untaught twins of who is taught, all others only teach."""
    return "twin" if made.row.network in STUDENTS else "teacher"


def _who(role: str, made: Made, name: str) -> str:
    """The mark of the role and the name, with what is open about it, and how it differs here."""
    about = [OPEN[key] for key in made.row.open if key in ABOUT_A_NAME and key != "others"]
    shown = _abbr(html.escape(name), about)
    note = f'<span class="small">{html.escape(made.note.removeprefix(f"{name}: "))}</span>' if made.note else ""
    return f'<span class="mark {role}"></span>{shown}{note}'


def _method(made: Made) -> str:
    label = html.escape(METHODS[made.row.method].label)
    about = [OPEN["others"]] if "others" in made.row.open else []
    articles = ", ".join(dict.fromkeys(p.article for p in made.row.printed if p.article))
    note = f'<span class="small">{_abbr(html.escape(articles), about)}</span>' if articles else ""
    return f"{label}{note}"


def _abbr(shown: str, sentences: Sequence[str]) -> str:
    if not sentences:
        return shown
    return f'<abbr tabindex="0" title="{html.escape(" ".join(sentences))}">{shown}</abbr>'


def _numbers(made: Made, column: Column, on: On) -> str:
    what = column.what
    cell = paper_text.cell(made, what, on)
    if not column.printed:
        return f'<td class="first{column.css}">{_here(made, what, cell)}</td>'
    about = [OPEN[key] for key in made.row.open if key not in ABOUT_A_NAME | ABOUT_ALL]
    doubted = on == "train" and what == (
        "miou" if made.row.table == 5 else "gain"
    )  # which of the two the paper doubles
    concerned = about if doubted and cell.paper != kit.MISSING else []
    return (
        f'<td class="first{column.css}">{_abbr(_or_missing(cell.paper), concerned)}</td>'
        f'<td class="{column.css}">{_here(made, what, cell)}</td>'
        f'<td class="faint{column.css}">{_or_missing(cell.difference)}</td>'
    )


def _or_missing(text: str) -> str:
    return f'<span class="missing">{text}</span>' if text == kit.MISSING else html.escape(text)


def _here(made: Made, what: What, cell: Cell) -> str:
    """A button that opens the runs behind it; a dash where nothing was measured."""
    if cell.here == kit.MISSING:
        return _or_missing(cell.here)
    seeds = sweep_words.seeds(len(made.pairs))
    spread = f' <span class="spread">{cell.spread or seeds}</span>'
    said = html.escape(f"{paper_text.WORDS[what]} here {cell.ours}, {_spoken(made)}, {seeds}: show its runs")
    key = html.escape(made.row.key)
    return f'<button type="button" data-row="{key}" aria-label="{said}">{cell.here}{spread}</button>'


def _spoken(made: Made) -> str:
    row = made.row
    return row.network if row.teacher is None else f"{row.network} from {row.teacher}"


# -- the track -------------------------------------------------------------------------------------------------------


def scale_of(rows: Sequence[Made], what: What, on: On) -> Scale:
    """From the least to the most of all that is drawn, a little air at both ends; gains have zero in it."""
    values = [0.0] if what == "gain" else []
    for made in rows:
        theirs, ours = _theirs(made, what, on), made.summary(what, on)
        values += [] if theirs is None else [theirs]
        if ours.mean is not None:
            values += [100 * (ours.mean + side * (ours.spread or 0.0)) for side in (-1, 1)]
    if not values:
        return Scale(0.0, 1.0)
    air = 0.06 * (max(values) - min(values)) or 1.0
    return Scale(min(values) - air, max(values) + air)


def _theirs(made: Made, what: What, on: On) -> float | None:
    return printed(made.row.comparable, what, on)


def _track(made: Made, what: What, on: On, scale: Scale) -> str:
    theirs, ours = _theirs(made, what, on), made.summary(what, on)
    marks = ['<i class="rail"></i>']
    if what == "gain":
        marks.append(f'<i class="zero" style="left:{scale.at(0):.1f}%"></i>')
    if ours.mean is not None:
        mean, spread = 100 * ours.mean, 100 * (ours.spread or 0.0)
        low, high = scale.at(mean - spread), scale.at(mean + spread)
        marks.append(f'<i class="whisker" style="left:{low:.1f}%;width:{high - low:.1f}%"></i>')
    if theirs is not None:
        marks.append(f'<i class="theirs" style="left:{scale.at(theirs):.1f}%"></i>')
    if ours.mean is not None:
        role = f" {_alone(made)}" if made.row.teacher is None else ""
        marks.append(f'<i class="ours{role}" style="left:{scale.at(100 * ours.mean):.1f}%"></i>')
    return f'<span class="track" aria-hidden="true">{"".join(marks)}</span>'


def _end(value: float) -> str:
    return paper_text.number(value, 1, False)


def _key(rows: Sequence[Made], what: What, on: On) -> str:
    """What the track's marks mean, of those that are there."""
    unit = {"gain": "gain in points; the thin line is zero", "miou": "mIoU in percent", "loss": "loss"}[what]
    scale = scale_of(rows, what, on)
    paper = any(_theirs(made, what, on) is not None for made in rows)
    here = any(made.summary(what, on).mean is not None for made in rows)
    spread = ", ± one standard deviation" if any(made.summary(what, on).spread is not None for made in rows) else ""
    role = "student" if what == "gain" else _alone(rows[0])
    told = [
        '<span><span class="tick"></span>the paper</span>' if paper else "",
        f'<span><span class="mark {role}"></span>here{spread}</span>' if here else "",
        f"<span>{unit}, from {_end(scale.low)} to {_end(scale.high)}</span>",
    ]
    return f'<div class="key spare">{"".join(told)}</div>'
