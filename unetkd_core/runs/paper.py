"""The paper's Tables II to VII as rows to be measured: which network, taught by whom, and what the paper prints there.

Data, no run and no file: paper_plan.py says what a row means as settings, paper_making.py measures it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from unetkd_core.models.backbones import ENCODERS
from unetkd_core.runs import paper_printed
from unetkd_core.runs.paper_printed import ENSEMBLE, LARGEST, Printed
from unetkd_core.training.presets import KD_PRESETS, METHODS

STUDENTS: Final = ("M128", "M256", "M512")
MEMBERS: Final = tuple(ENCODERS)
"""Whose mean the ensemble is."""
TEACHERS: Final = ("M256", "M512", LARGEST, *MEMBERS, ENSEMBLE)
NUMBERS: Final = tuple(paper_printed.TABLES)
BEST: Final = "best"
CURVES_OF: Final = "M256"
"""Whose curves Figure 3 shows, taught by M1024 and by the ensemble."""
_FROM: Final = "-from-"


@dataclass(frozen=True)
class Row:
    """One row of one table. key: its name in files and addresses, unique within the table.

    network: who is measured. teacher: a name of TEACHERS, or none; then there is no method, α or T. printed: what the
    paper prints there; several where it quotes several. of: how many candidates it is the best of; 0: it is no choice.
    """

    table: int
    key: str
    network: str
    teacher: str | None = None
    method: str = ""
    alpha: float | None = None
    temperature: float | None = None
    printed: tuple[Printed, ...] = ()
    of: int = 0

    @property
    def article(self) -> str:
        """Whose method it is, as the paper names them in Table VII; else empty."""
        return self.printed[0].article if self.printed else ""

    @property
    def comparable(self) -> Printed | None:
        """The printed row that is of the same networks, so that a difference means something."""
        same = [p for p in self.printed if not p.article]
        return same[0] if len(same) == 1 else None

    @property
    def open(self) -> tuple[str, ...]:
        """Keys of paper_printed.OPEN that concern it."""
        return tuple(dict.fromkeys(key for printed in self.printed for key in printed.open))


def rows(
    tables: Iterable[int] = NUMBERS,
    *,
    students: Sequence[str] = STUDENTS,
    teachers: Sequence[str] = TEACHERS,
    method_teacher: str = LARGEST,
    methods: Sequence[str] = (),
) -> tuple[Row, ...]:
    """The rows of these tables, without those whose student or teacher is left out.

    method_teacher: who teaches every method of Table VII, whoever else is left out. methods: which rows of Table VII,
    of METHOD_ROWS; none: all. A network alone stands where it is a student or a teacher; M1024 with normalisation is
    there for comparison, with M1024*.
    """
    made = [row for table in sorted(set(tables)) for row in _table(table, method_teacher)]
    alone = {*students, *teachers, *(("M1024",) if LARGEST in teachers else ())}

    def wanted(row: Row) -> bool:
        if row.teacher is None:
            return row.network in alone
        if row.table == 7 and methods and method_row(row) not in methods:
            return False
        who = (*teachers, method_teacher) if row.table == 7 else teachers
        return row.network in students and row.teacher in who

    return tuple(filter(wanted, made))


def _table(number: int, method_teacher: str) -> Sequence[Row]:
    if number == 7:
        return [row if row.teacher else _taught_by(row, method_teacher) for row in _METHODS]
    return [_row(number, printed) for printed in paper_printed.TABLES[number]]


def _taught_by(row: Row, teacher: str) -> Row:
    """A method's row with its teacher. Where that is not the paper's, its name is part of the key, and of what is
    printed only others' work is left: the paper's numbers are of another teacher.
    """
    if teacher == LARGEST:
        return replace(row, teacher=teacher)
    quoted = tuple(printed for printed in row.printed if printed.article)
    return replace(row, teacher=teacher, key=f"{row.key}{_FROM}{slug(teacher)}", printed=quoted)


def method_row(row: Row) -> str:
    """Which of METHOD_ROWS a row of Table VII is, whoever teaches."""
    return row.key.partition(_FROM)[0]


def _row(table: int, printed: Printed) -> Row:
    method = "kd" if printed.teacher else ""
    who = printed.student if printed.teacher is None else f"{printed.teacher}-{printed.student}"
    return Row(
        table, slug(who), printed.student, printed.teacher, method, printed.alpha, printed.temperature, (printed,)
    )


def slug(name: str) -> str:
    """ "M1024*-M128" -> "m1024s-m128": fit for an address."""
    return name.lower().replace("*", "s").replace(" ", "-")


def _method(name: str, *printed: int, key: str = "", alpha: float | None = None, temperature: float | None = None,
            teacher: str | None = None) -> Row:  # fmt: skip
    """A method's row; α and T are its own where it names them, else Hinton's, so that only its terms differ."""
    usual = {**KD_PRESETS["hinton"].changes, **METHODS[name].changes}
    quoted = tuple(paper_printed.TABLES[7][place] for place in printed)
    return Row(
        7, key or name, "M128", teacher, name, alpha or usual["alpha"], temperature or usual["temperature"], quoted
    )


_METHODS: Final = (
    _method("kd", 0, key="paper", alpha=0.3, temperature=10.0),
    _method("kd", 1, key="paper-ensemble", alpha=0.1, temperature=10.0, teacher=ENSEMBLE),
    _method("kd-t2", 5),
    _method("structured", 2, 3, 4),
    _method("pair-wise"),
    _method("intra-class", 6),
    _method("channel-wise"),
    _method("channel-wise-features"),
    _method("dist"),
)
"""Table VII under one protocol: one student, one teacher (but for the ensemble's row), one budget."""
METHOD_ROWS: Final = tuple(row.key for row in _METHODS)
