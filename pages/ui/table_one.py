"""Table I and the list of datasets as real HTML tables. Formats what classes.py and the catalogue say."""

import html
import re
from collections.abc import Iterable, Sequence

from pages.ui import visitor
from pages.ui.class_chart import ORDER
from pages.ui.kit import MINUS
from unetkd_core.classes import CLASSES
from unetkd_core.data.catalog import DatasetInfo

_SPARE = ' class="ukt-spare"'


def _table(columns: Sequence[tuple[str, bool]], rows: Iterable[str]) -> str:
    """columns: (heading, whether a phone can spare it)."""
    head = "".join(f'<th scope="col"{_SPARE if spare else ""}>{name}</th>' for name, spare in columns)
    body = "".join(rows)
    table = f'<table class="ukt ukt-text"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    return f'<div class="ukt-wide">{table}</div>'


def classes_table() -> str:
    """HTML: class, Table I's colour, the colour-blind-safe one, Cityscapes ids, and what the name really means."""
    columns = (
        ("class", False),
        ("Table I", False),
        ("for colour-blind eyes", True),
        ("Cityscapes ids", True),
        ("what it is", False),
    )
    return _table(columns, map(_class_row, ORDER))


def _class_row(index: int) -> str:
    row = CLASSES[index]
    return (
        f'<tr><th scope="row" class="ukt-name">{row.name}</th><td>{_chip(row.color)}</td>'
        f"<td{_SPARE}>{_chip(row.safe_color)}</td><td{_SPARE}>{ranges(row.cityscapes_ids)}</td>"
        f"<td>{html.escape(row.note)}</td></tr>"
    )


def _chip(color: tuple[int, int, int]) -> str:
    r, g, b = color
    return (
        f'<span class="ukt-chip"><i style="background:rgb({r},{g},{b})"></i><code>#{r:02X}{g:02X}{b:02X}</code></span>'
    )


def ranges(ids: Sequence[int]) -> str:
    """(−1, 0, 1, 2, 9) -> "−1 to 2, 9"."""
    runs: list[list[int]] = []
    for value in sorted(ids):
        if runs and value == runs[-1][-1] + 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    return ", ".join(f"{run[0]} to {run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs).replace(
        "-", MINUS
    )


def datasets_table(infos: Sequence[DatasetInfo]) -> str:
    """HTML: one row a dataset: here or not, its splits and counts, its label mapping and licence, or how to get it."""
    columns = (("dataset", False), ("scenes", False), ("labels read as", True), ("licence", True))
    return _table(columns, map(_dataset_row, infos))


def _dataset_row(info: DatasetInfo) -> str:
    where = (
        f'<br><span class="ukt-quiet">{html.escape(str(info.root))}</span>'
        if info.root and not visitor.is_public()
        else ""
    )
    name = f'<th scope="row"><span class="ukt-name">{html.escape(info.name)}</span>{where}</th>'
    side = f"<td{_SPARE}>{html.escape(info.mapping)}</td><td{_SPARE}>{html.escape(info.licence)}</td>"
    return f"<tr>{name}<td>{_scenes(info)}</td>{side}</tr>"


def _scenes(info: DatasetInfo) -> str:
    main = {s: n for s, n in info.splits.items() if not s.startswith("train-")}
    held = len(info.splits) - len(main)
    told = " · ".join(f"{html.escape(split)} {count:,}" for split, count in main.items())
    if info.unlabelled:
        bare = " · ".join(f"{html.escape(split)} {count:,}" for split, count in info.unlabelled.items())
        told += f'<br><span class="ukt-quiet">{bare}, for a teacher to teach on</span>'
    if held:
        told += f'<br><span class="ukt-quiet">and {held} splits of train by video sequence</span>'
    if info.problem or not info.found:
        told += ("<br>" if told else "") + f"<b>{html.escape(info.problem or 'Not on this machine yet.')}</b>"
    if not info.found and not visitor.is_public():
        way = re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(info.how_to_get))
        told += f'<br>{way}<br><span class="ukt-quiet">The form below does the same as the command.</span>'
    return told
