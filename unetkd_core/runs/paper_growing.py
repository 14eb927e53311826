"""A file of measured tables that grows: what may join it, and what the two come to. Reads the file; writes nothing.

What stands side by side was made with the same settings, of the same data, by the same teachers, or it is refused.
"""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from unetkd_core.errors import RunError
from unetkd_core.models.names import U_WIDTHS
from unetkd_core.runs import paper, paper_results
from unetkd_core.runs.contradictions import contradictions
from unetkd_core.runs.paper_results import Made, Results

_MADE: Final = {
    "on": "split",
    "trained_on": "training split",
    "limit": "number of scenes",
    "config": "settings",
    "data": "data",
}
"""What must be equal for two results to stand in one file, and what each is called."""


def check(path: Path, fresh: Results) -> Results | None:
    """The results at `path`, if there are any, once it is certain that `fresh` may join them.

    Raises RunError where they were made with other settings, of other data, or by other networks under the same names,
    so that no row mixes what cannot be compared.
    """
    if not path.exists():
        return None
    before = paper_results.read(path)
    old, new = paper_results.to_json(before), paper_results.to_json(fresh)
    for name, called in _MADE.items():
        differing = contradictions(old.get(name), new.get(name))
        if differing:
            raise _refusal(path, f"made with other {called}: {differing[0]}")
    for row in fresh.rows:
        there = before.find(row.row.table, row.row.key)
        if there is not None and there.pairs and there.who != row.who and not row.row.of:
            raise _refusal(path, f"made with other networks: {there.who} there, {row.who} here")
    return before


def _refusal(path: Path, why: str) -> RunError:
    return RunError(f"The tables in {path.parent} were {why}. Write these to another folder: --out.")


def grown(before: Results | None, fresh: Results) -> Results:
    """`fresh` together with what was there: rows, seeds and choices that it does not have stay."""
    if before is None:
        return fresh
    old = {_place(made): made for made in before.rows}
    rows = [_joined(old.pop(_place(made), None), made) for made in fresh.rows]
    order = sorted([*rows, *old.values()], key=_order)
    curves = {(curve.who, curve.seed): curve for curve in (*before.curves, *fresh.curves)}
    notes = {**fresh.notes, "command": _commands(before.notes, fresh.notes)}
    return dataclasses.replace(fresh, rows=tuple(order), curves=tuple(curves.values()), notes=notes)


def _place(made: Made) -> tuple[int, str]:
    return made.row.table, made.row.key


def _order(made: Made) -> tuple[int, bool, int]:
    """The paper's tables and rows in its own order, choices last; the chain from the largest network on."""
    row = made.row
    if row.table not in paper.NUMBERS:
        return row.table, False, list(U_WIDTHS).index(row.network)
    keys = [paper.method_row(one) for one in paper.rows([row.table])]
    key = paper.method_row(row)
    return row.table, bool(row.of), keys.index(key) if key in keys else len(keys)


def _joined(before: Made | None, made: Made) -> Made:
    """A row with the seeds of both; a choice is the new one's, where it has any."""
    if before is None or not before.pairs or (made.row.of and made.pairs):
        return made
    if not made.pairs:
        return before
    pairs = {pair.seed: pair for pair in (*before.pairs, *made.pairs)}
    return dataclasses.replace(made, pairs=tuple(pairs[seed] for seed in sorted(pairs)))


def _commands(before: Mapping[str, Any], fresh: Mapping[str, Any]) -> str:
    """Every command once, one a line."""
    lines = [*before.get("command", "").split("\n"), *fresh.get("command", "").split("\n")]
    return "\n".join(filter(None, dict.fromkeys(lines)))
