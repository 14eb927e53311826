"""How the command line says things: JSON and tables on stdout, remarks and progress on stderr."""

import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

MISSING = "–"
UNREADABLE = "unreadable"
"""The state of what is listed although its folder cannot be read."""


def print_json(value: Any) -> None:
    """One JSON document; NaN is a mistake, not a value."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False, default=str))


def remark(sentence: str) -> None:
    """A sentence for the person, on stderr: stdout is for results."""
    typer.echo(sentence, err=True)


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, title: str = "") -> None:
    """A plain table; columns whose name starts with `#` are numbers, to the right."""
    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for number, column in enumerate(columns):
        justify: Literal["right", "left"] = "right" if column.startswith("#") else "left"
        # The first column names the row: it is copied and pasted, so it is never broken.
        table.add_column(column.removeprefix("#"), justify=justify, overflow="fold", no_wrap=number == 0)
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    # Where stdout is no terminal, nothing is folded at 80 columns: `| grep` reads it.
    width = None if sys.stdout.isatty() else 400
    Console(highlight=False, markup=False, width=width).print(table)


def percent(fraction: float | None) -> str:
    """0.711 -> "71.1 %"; nothing measured: a dash."""
    return MISSING if fraction is None or not math.isfinite(fraction) else f"{100 * fraction:.1f} %"


def points(difference: float) -> str:
    """0.042 -> "+4.2 points", with a real minus sign."""
    return f"{'−' if difference < 0 else '+'}{abs(100 * difference):.1f} points"


def gain(over: float, under: float) -> str:
    """The difference of two fractions as they are shown, so that what stands beside it adds up: "+0.4 points"."""
    return points(round(over, 3) - round(under, 3))


def counted(number: int, thing: str) -> str:
    """1, "scene" -> "1 scene"; any other number: "2 scenes"."""
    return f"{number} {thing}{'s' * (number != 1)}"


def duration(seconds: float | None) -> str:
    """150.0 -> "2 min 30 s"."""
    if seconds is None or not math.isfinite(seconds):
        return MISSING
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


@contextmanager
def counting(what: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on stderr, for callbacks of (done, total)."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
