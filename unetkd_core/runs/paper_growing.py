"""A file of measured tables that grows: what may join it, and what the two come to. Reads the file; writes nothing.

What stands side by side was made with the same settings, of the same data, by teachers that were given as the same
weights or trained with the same settings and seed, or it is refused. A seed that was measured stays, also where the
same was trained once more: nobody trains until a number pleases. And of each student and seed a file has one untaught
twin, whichever machines its rows were trained on.
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from unetkd_core.errors import RunError
from unetkd_core.models.names import U_WIDTHS
from unetkd_core.runs import paper, paper_choice, paper_file, paper_results
from unetkd_core.runs.contradictions import contradictions
from unetkd_core.runs.paper import Row
from unetkd_core.runs.paper_choice import Choice
from unetkd_core.runs.paper_results import Curve, Made, Pair, Results, Seen
from unetkd_core.runs.provenance import TRAINING_VERSION

_MADE: Final = {
    "on": "split",
    "trained_on": "training split",
    "limit": "number of scenes",
    "config": "settings",
    "data": "data",
}
"""What must be equal for two results to stand in one file, and what each is called."""
Control = tuple[str, int]
"""A student's name and a seed: whose untaught twin."""


def check(path: Path, fresh: Results) -> Results | None:
    """The results at `path`, if there are any, once it is certain that `fresh` may join them.

    Raises RunError where they were made with other settings, of other data, by other networks under the same names, or
    by a release that trains otherwise, so that no row mixes what cannot be compared.
    """
    if not path.exists():
        return None
    before = paper_file.read(path)
    if _trained_otherwise(before):
        raise _refusal(path, "trained by another release, whose equal settings learn something else")
    old, new = paper_file.to_json(before), paper_file.to_json(fresh)
    for name, called in _MADE.items():
        differing = contradictions(old.get(name), new.get(name))
        if differing:
            raise _refusal(path, f"made with other {called}: {differing[0]}")
    for row in fresh.rows:
        there = before.find(row.row.table, row.row.key)
        if there is not None and there.pairs and there.who != row.who and not row.row.of:
            raise _refusal(path, f"made with other networks: {_who(there)} there, {_who(row)} here")
    return before


def _trained_otherwise(results: Results) -> bool:
    """Whether any network but the given ones was; of older files' networks nothing is known."""
    trained = [made for made in results.rows if made.row.teacher or not made.who or ", seed " in made.who]
    origins = paper_results.trained(trained).values()
    return any(origin.versions and (origin.training or 1) != TRAINING_VERSION for origin in origins)


def _who(made: Made) -> str:
    return made.who or f"{made.row.network} trained with them"


def _refusal(path: Path, why: str) -> RunError:
    return RunError(f"The tables in {path.parent} were {why}. Write these to another folder: --out.")


def grown(before: Results | None, fresh: Results) -> Results:
    """`fresh` together with what was there: rows, seeds and choices that it does not have stay."""
    if before is None:
        before = dataclasses.replace(fresh, rows=(), curves=(), notes={})
    twins, same = controls(before, fresh), _by_way(before, fresh)
    olds, news = ({_place(made): made for made in one.rows} for one in (before, fresh))
    both = [(olds.get(place), news.get(place)) for place in dict.fromkeys((*olds, *news))]
    rows = [_joined(old, new, same) for old, new in both if not _is_choice(old, new)]
    rows += [_as_shown(_chosen(old, new, tuple(rows)), rows) for old, new in both if _is_choice(old, new)]
    rows = [_beside(twins, made) for made in rows]
    curves = _curves((*before.curves, *fresh.curves), rows, twins)
    notes = {**fresh.notes, "command": _commands(before.notes, fresh.notes)}
    return dataclasses.replace(fresh, rows=tuple(sorted(rows, key=_order)), curves=curves, notes=notes)


def _curves(curves: Sequence[Curve], rows: Sequence[Made], twins: Mapping[Control, Seen]) -> tuple[Curve, ...]:
    """Those of the runs that the rows are of, each once; a twin's is of the file's own twin."""
    runs = {("twin", seed): seen.run for (network, seed), seen in twins.items() if network == paper.CURVES_OF}
    for made in (made for made in rows if made.row.network == paper.CURVES_OF and made.row.table in (4, 5)):
        runs |= {(str(made.row.teacher), pair.seed): pair.student.run for pair in made.pairs}
    shown: dict[tuple[str, int], Curve] = {}
    for curve in curves:
        if runs.get((curve.who, curve.seed), curve.run) == curve.run:
            shown.setdefault((curve.who, curve.seed), curve)
    return tuple(shown.values())


def controls(*results: Results) -> dict[Control, Seen]:
    """Every student alone, by network and seed: as Table II has it, else as some row has it for a twin.

    Of several results the first has the say, and the last on what is said of the same run.
    """
    found: dict[Control, Seen] = {}
    for one in results:
        for key, seen in (*_students_alone(one), *_twins(one)):
            if key not in found or found[key].run == seen.run:
                found[key] = seen
    return found


def _students_alone(results: Results) -> Iterator[tuple[Control, Seen]]:
    for made in filter(_is_control, results.rows):
        yield from (((made.row.network, pair.seed), pair.student) for pair in made.pairs)


def _twins(results: Results) -> Iterator[tuple[Control, Seen]]:
    for made in results.rows:
        yield from (((made.row.network, pair.seed), pair.twin) for pair in made.pairs if pair.twin is not None)


def _is_control(made: Made) -> bool:
    """Whether it stands alone, and was not given: then it is what students of its name and seed are measured by."""
    return made.row.teacher is None and not made.who


def _beside(twins: Mapping[Control, Seen], made: Made) -> Made:
    """A row with the file's own twins; a row of such networks alone shows them all."""
    network = made.row.network
    if _is_control(made):
        own = {seed: seen for (name, seed), seen in twins.items() if name == network}
        return dataclasses.replace(made, pairs=tuple(Pair(seed, own[seed]) for seed in sorted(own)))
    pairs = (
        pair if pair.twin is None else dataclasses.replace(pair, twin=twins[network, pair.seed]) for pair in made.pairs
    )
    return dataclasses.replace(made, pairs=tuple(pairs))


def _is_choice(*rows: Made | None) -> bool:
    return any(made is not None and made.row.of for made in rows)


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


def _joined(before: Made | None, fresh: Made | None, same: Mapping[Any, Sequence[Made]]) -> Made:
    """A row with the seeds of both, and with those that the same way has in another table, whose settings it then has
    too; one of the two must be there.
    """
    found = _measured(before, fresh)
    made = found[-1]
    rows = same.get(way(made.row, made.who), []) if made.row.teacher else found
    if not made.pairs:
        lending = next((one for one in rows if one.pairs), made)
        made = dataclasses.replace(made, config=lending.config, note=lending.note)
    return dataclasses.replace(made, pairs=_pairs(*rows))


def _by_way(*results: Results) -> dict[Any, list[Made]]:
    """Taught rows by what they are, whatever their table; in order, choices last."""
    found: dict[Any, list[Made]] = {}
    for one in results:
        for made in sorted((made for made in one.rows if made.row.teacher), key=lambda made: bool(made.row.of)):
            found.setdefault(way(made.row, made.who), []).append(made)
    return found


def way(row: Row, who: str) -> tuple[Any, ...]:
    """What two rows have in common that are the same way of teaching the same student, by the same network."""
    return row.network, row.teacher, row.method, row.alpha, row.temperature, who


def _measured(before: Made | None, fresh: Made | None) -> list[Made]:
    """Those that have seeds, the older first; where none has, the newer one that is there."""
    there = [made for made in (before, fresh) if made is not None]
    return [made for made in there if made.pairs] or there[-1:]


def _pairs(*rows: Made) -> tuple[Pair, ...]:
    """Every seed of theirs once: the first row's network, and of one network what the last row says."""
    pairs: dict[int, Pair] = {}
    for pair in (pair for made in rows for pair in made.pairs):
        known = pairs.setdefault(pair.seed, pair)
        if known.student.run == pair.student.run:
            pairs[pair.seed] = pair
    return tuple(pairs[seed] for seed in sorted(pairs))


def _chosen(before: Made | None, fresh: Made | None, rows: Sequence[Made]) -> Made:
    """One student's choice, made anew over the ways and seeds of both. It never comes to fewer seeds or fewer ways than
    the old one had: where that is all there is, the old one stays. rows: where the scores of who is chosen are found.
    """
    if before is None or fresh is None or not (before.ways and fresh.ways):
        found = _measured(before, fresh)
        if len(found) == 1:
            return found[0]
        old, new = found
        known = any((new.row.network, *one.key) == way(old.row, old.who) for one in new.ways)
        return new if known and new.row.of >= old.row.of and len(new.pairs) >= len(old.pairs) else old
    ways = paper_choice.joined(before.ways, fresh.ways)
    for choice in paper_choice.choices(ways, _seeds(before), _seeds(fresh)):
        made = _as_row(choice, fresh, [before, *rows, fresh])
        if made is not None and choice.ways >= before.row.of and len(choice.seeds) >= len(before.pairs):
            return dataclasses.replace(made, ways=ways)
    return dataclasses.replace(before, ways=ways)


def _as_shown(choice: Made, rows: Sequence[Made]) -> Made:
    """A choice with the runs that the row of the same way has, where there is one."""
    there = [made for made in rows if way(made.row, made.who) == way(choice.row, choice.who)]
    seeds = {pair.seed for pair in choice.pairs}
    return dataclasses.replace(choice, pairs=tuple(pair for pair in _pairs(*there, choice) if pair.seed in seeds))


def _seeds(made: Made) -> set[int]:
    """Over which a choice was made; of what could not be chosen among, all that are known."""
    return {pair.seed for pair in made.pairs} or {seed for one in made.ways for seed in one.scores}


def _as_row(choice: Choice, like: Made, rows: Sequence[Made]) -> Made | None:
    """The choice with its scores, from rows of the same student taught that way; none where a seed of it has none."""
    best = choice.best
    wanted = (like.row.network, *best.key)
    same = [made for made in rows if way(made.row, made.who) == wanted]
    pairs = tuple(pair for pair in _pairs(*same) if pair.seed in choice.seeds)
    if len(pairs) < len(choice.seeds):
        return None
    row = dataclasses.replace(
        like.row,
        teacher=best.teacher,
        method=best.method,
        alpha=best.alpha,
        temperature=best.temperature,
        of=choice.ways,
    )
    return dataclasses.replace(same[-1], row=row, pairs=pairs)


def _commands(before: Mapping[str, Any], fresh: Mapping[str, Any]) -> str:
    """Every command once, one a line."""
    lines = [*before.get("command", "").split("\n"), *fresh.get("command", "").split("\n")]
    return "\n".join(filter(None, dict.fromkeys(lines)))
