"""What was measured for the paper's tables: rows, seeds and scores, as one JSON file that grows. Measures nothing.

Fractions in [0, 1]; what was not measured is None, never NaN. Differences from the paper are in points of what it
prints. Needs no torch.
"""

import dataclasses
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from unetkd_core import outside
from unetkd_core.data.refs import sharing_scenes
from unetkd_core.errors import RunError
from unetkd_core.metrics import Scores
from unetkd_core.runs import origins, paper, paper_choice, paper_printed
from unetkd_core.runs.origins import UNKNOWN, Origin
from unetkd_core.runs.paper import Row
from unetkd_core.runs.paper_choice import Way
from unetkd_core.runs.paper_printed import ENSEMBLE, Printed
from unetkd_core.runs.status import write_text
from unetkd_core.runs.sweep_results import Summary, summary
from unetkd_core.settings import PROJECT_ROOT

FORMAT_VERSION: Final = 1
FOLDER: Final = PROJECT_ROOT / "results"
FILE: Final = "paper-tables.json"
CHAIN_FILE: Final = "chain.json"
On = Literal["train", "val"]
What = Literal["miou", "gain", "loss"]


@dataclass(frozen=True)
class Seen:
    """One trained network, scored at the labels' native resolution. run: its id, or the reference that was given.

    train: over the scenes that it learned from; val: over the whole split that is reported. origin: what it was trained
    with, by its own run.
    """

    run: str
    train: Scores
    val: Scores
    best_epoch: int | None = None
    origin: Origin = UNKNOWN

    def scores(self, on: On) -> Scores:
        return self.train if on == "train" else self.val


@dataclass(frozen=True)
class Pair:
    """One seed of a row: who it is about, and the untaught twin where it was taught."""

    seed: int
    student: Seen
    twin: Seen | None = None

    def value(self, what: What, on: On) -> float | None:
        """Its mIoU, its gain over the twin, or its cross-entropy; None where that was not measured."""
        scores = self.student.scores(on)
        if what == "gain":
            found = scores.miou - self.twin.scores(on).miou if self.twin else math.nan
        else:
            found = scores.miou if what == "miou" else scores.loss_ce
        return found if math.isfinite(found) else None


@dataclass(frozen=True)
class Made:
    """A row as far as it is measured. config: the first seed's settings; note: what is special about its network.

    who: which network is meant by the name of who teaches, or of who stands alone: equal for all seeds of a row.
    ways: of a choice, what it was made among; empty in files of older releases.
    """

    row: Row
    pairs: tuple[Pair, ...]
    config: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    who: str = ""
    ways: tuple[Way, ...] = ()

    def summary(self, what: What, on: On) -> Summary:
        """Mean and sample standard deviation over the seeds."""
        return summary([pair.value(what, on) for pair in self.pairs])

    def difference(self, what: What, on: On) -> float | None:
        """Ours as it is shown, with one decimal, less the paper's, in points, so that what stands side by side adds up;
        None where one is missing, or the paper's is of other networks.
        """
        ours, theirs = self.summary(what, on).mean, printed(self.row.comparable, what, on)
        return None if ours is None or theirs is None else round(100 * ours, 1) - theirs

    @property
    def runs(self) -> tuple[str, ...]:
        """Every run behind it, students first."""
        found = [pair.student.run for pair in self.pairs]
        return tuple(dict.fromkeys(found + [pair.twin.run for pair in self.pairs if pair.twin]))


@dataclass(frozen=True)
class Curve:
    """One line of Figure 3: validation mIoU at the packed size after every epoch. who: a teacher, or "twin"."""

    who: str
    seed: int
    run: str
    mious: tuple[float | None, ...]


@dataclass(frozen=True)
class Results:
    """All of one dataset. notes: command, data, who wrote it last; `config` is what all runs have in common.

    on: the split that is reported; trained_on: the one that train's numbers are of, at most `limit` scenes of it.
    """

    dataset: str
    on: str
    trained_on: str
    limit: int | None
    config: Mapping[str, Any]
    rows: tuple[Made, ...]
    curves: tuple[Curve, ...] = ()
    notes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def chosen_on_reported(self) -> bool:
        """Whether epochs and ways were chosen on scenes that are reported, as where there is no other split."""
        return bool(sharing_scenes([self.on], self.config.get("data", {}).get("val", ())))

    @property
    def learned_from_reported(self) -> bool:
        """Whether the networks learned from scenes that are reported."""
        return bool(sharing_scenes([self.on], self.config.get("data", {}).get("train", ())))

    @property
    def shown(self) -> tuple[Made, ...]:
        """The rows without choices that could not be made yet, of which a file keeps what they will be made of."""
        return tuple(made for made in self.rows if made.pairs or not made.row.of)

    def table(self, number: int) -> tuple[Made, ...]:
        return tuple(made for made in self.shown if made.row.table == number)

    def find(self, table: int, key: str) -> Made | None:
        return next((made for made in self.table(table) if made.row.key == key), None)


def filled(results: Results) -> Results:
    """With every row of the tables, measured or not, in the paper's order; a table's choices come last.

    A method of Table VII that was measured with another teacher stands in the place of the paper's.
    """
    left = list(results.rows)
    rows: list[Made] = []
    for row in paper.rows():
        same = [made for made in left if _stands_for(made.row, row)]
        left = [made for made in left if made not in same]
        rows += same or [Made(row, ())]
    return dataclasses.replace(results, rows=tuple(sorted([*rows, *left], key=lambda made: made.row.table)))


def _stands_for(made: Row, row: Row) -> bool:
    if (made.table, made.key) == (row.table, row.key):
        return True
    return made.table == row.table == 7 and paper.method_row(made) == row.key


def nothing(dataset: str) -> Results:
    """Every row, nobody measured."""
    return filled(Results(dataset, f"{dataset}:val", f"{dataset}:train", None, {}, ()))


def printed(row: Printed | None, what: What, on: On) -> float | None:
    """The paper's number for it, in percent or points; None where it prints none."""
    if row is None:
        return None
    if what == "gain":
        return paper_printed.gain(row, on)
    value = getattr(row, on if what == "miou" else f"{on}_loss")
    return None if value is None else float(value)


def path_of(dataset: str, folder: Path | None = None, *, file: str = FILE) -> Path:
    """Where the results of a dataset lie."""
    return (folder or FOLDER / dataset) / file


def datasets(folder: Path | None = None) -> list[str]:
    """Datasets that have results, by name."""
    return sorted(path.parent.name for path in (folder or FOLDER).glob(f"*/{FILE}"))


def read(path: Path) -> Results:
    """Results from their file. Raises RunError when it cannot be read."""
    try:
        data = outside.read_json(path)
        if data["format_version"] != FORMAT_VERSION:
            raise ValueError(f"format version {data['format_version']}, not {FORMAT_VERSION}")
        known = (*_OF_ALL, "rows", "curves", "format_version", origins.KEY)
        listed = origins.from_json(data.get(origins.KEY, ()))
        return Results(
            **{name: data[name] for name in _OF_ALL},
            rows=tuple(_made(row, listed) for row in data["rows"]),
            curves=tuple(Curve(**{**curve, "mious": tuple(curve["mious"])}) for curve in data["curves"]),
            notes={name: value for name, value in data.items() if name not in known},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunError(
            f"The tables in {path} cannot be read ({error}); make them again, or delete the file."
        ) from error


def to_json(results: Results) -> dict[str, Any]:
    """What `read` reads."""
    listed = origins.distinct(trained(results.rows).values())
    return {
        "format_version": FORMAT_VERSION,
        **results.notes,
        **{name: getattr(results, name) for name in _OF_ALL},
        origins.KEY: origins.to_json(listed),
        "rows": [_row(made, listed) for made in results.rows],
        "curves": [dataclasses.asdict(curve) for curve in results.curves],
    }


def write(results: Results, path: Path) -> None:
    """Write it, as a whole. Raises RunError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(to_json(results), indent=1, ensure_ascii=False, allow_nan=False)
        write_text(path, text + "\n", durable=False)
    except OSError as error:
        raise RunError(f"The tables cannot be written to {path}: {error.strerror or error}.") from error


def _row(made: Made, listed: Sequence[Origin]) -> dict[str, Any]:
    said = {name: getattr(made.row, name) for name in _ROW}
    return {
        **said,
        "note": made.note,
        "who": made.who,
        "config": dict(made.config),
        "pairs": [_pair(pair, listed) for pair in made.pairs],
        **({"ways": [paper_choice.to_json(way) for way in made.ways]} if made.ways else {}),
    }


_ROW: Final = ("table", "key", "network", "teacher", "method", "alpha", "temperature", "of")


_OF_ALL: Final = ("dataset", "on", "trained_on", "limit", "config")


def _pair(pair: Pair, listed: Sequence[Origin]) -> dict[str, Any]:
    seen = {"student": pair.student, "twin": pair.twin}
    return {"seed": pair.seed, **{who: None if one is None else _seen(one, listed) for who, one in seen.items()}}


def _seen(seen: Seen, listed: Sequence[Origin]) -> dict[str, Any]:
    said = {"run": seen.run, "best_epoch": seen.best_epoch, origins.KEY: origins.place(seen.origin, listed)}
    return {**said, "train": seen.train.to_json(), "val": seen.val.to_json()}


def _made(data: Mapping[str, Any], listed: Sequence[Origin]) -> Made:
    row = _known_row({name: data[name] for name in _ROW})
    pairs = tuple(
        Pair(pair["seed"], _seen_of(pair["student"], listed), _seen_of(pair["twin"], listed) if pair["twin"] else None)
        for pair in data["pairs"]
    )
    ways = tuple(map(paper_choice.from_json, data.get("ways", ())))
    return Made(row, pairs, data["config"], data["note"], _who(row, data["who"]), ways)


def _who(row: Row, said: str) -> str:
    """A student alone is nobody in particular: older files name the one that also teaches "M256, seed 0"."""
    return "" if row.teacher is None and row.network in paper.STUDENTS and ", seed " in said else said


def _known_row(said: dict[str, Any]) -> Row:
    """With what the paper prints there: that is the package's to say, not the file's."""
    teaches = {"method_teacher": said["teacher"]} if said["table"] == 7 and said["teacher"] != ENSEMBLE else {}
    of_table = paper.rows([said["table"]], **teaches) if said["table"] in paper.NUMBERS else ()
    same = next((r for r in of_table if (r.key, r.network) == (said["key"], said["network"])), None)
    return Row(**said, printed=same.printed if same is not None and not said["of"] else ())


def _seen_of(data: Mapping[str, Any], listed: Sequence[Origin]) -> Seen:
    scores = (Scores.from_json(data["train"]), Scores.from_json(data["val"]))
    return Seen(data["run"], *scores, data["best_epoch"], origins.at(data.get(origins.KEY), listed))


def trained(rows: Iterable[Made]) -> dict[str, Origin]:
    """Every network behind these rows once, by its run, with what it was trained with."""
    seen = [one for made in rows for pair in made.pairs for one in (pair.student, pair.twin) if one is not None]
    return {one.run: one.origin for one in seen}


def seeds_of(rows: Sequence[Made]) -> tuple[int, ...]:
    """The seeds that any of the rows has."""
    return tuple(sorted({pair.seed for made in rows for pair in made.pairs}))
