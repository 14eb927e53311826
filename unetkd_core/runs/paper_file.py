"""The one JSON file that a dataset's measured tables lie in: where it is, reading, writing. Needs no torch.

Fractions in [0, 1]; what was not measured is null. What the paper prints is not in it: that is the package's to say.
"""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from unetkd_core import versioned
from unetkd_core.errors import RunError
from unetkd_core.metrics import Scores
from unetkd_core.runs import origins, paper, paper_choice, paper_results
from unetkd_core.runs.origins import Origin
from unetkd_core.runs.paper import Row
from unetkd_core.runs.paper_printed import ENSEMBLE
from unetkd_core.runs.paper_results import Curve, Made, Pair, Results, Seen
from unetkd_core.runs.status import write_text
from unetkd_core.settings import PROJECT_ROOT

FORMAT_VERSION: Final = 1
FOLDER: Final = PROJECT_ROOT / "results"
FILE: Final = "paper-tables.json"
CHAIN_FILE: Final = "chain.json"


def path_of(dataset: str, folder: Path | None = None, *, file: str = FILE) -> Path:
    """Where the results of a dataset lie."""
    return (folder or FOLDER / dataset) / file


def datasets(folder: Path | None = None) -> list[str]:
    """Datasets that have results, by name."""
    return sorted(path.parent.name for path in (folder or FOLDER).glob(f"*/{FILE}"))


def read(path: Path) -> Results:
    """Results from their file. Raises RunError when it cannot be read."""
    return versioned.read(path, "The file of tables", FORMAT_VERSION, _from_json, RunError)


def _from_json(data: Mapping[str, Any]) -> Results:
    known = (*_OF_ALL, "rows", "curves", "format_version", origins.KEY)
    listed = origins.from_json(data.get(origins.KEY, ()))
    return Results(
        **{name: data[name] for name in _OF_ALL},
        rows=tuple(_made(row, listed) for row in data["rows"]),
        curves=tuple(Curve(**{**curve, "mious": tuple(curve["mious"])}) for curve in data["curves"]),
        notes={name: value for name, value in data.items() if name not in known},
    )


def to_json(results: Results) -> dict[str, Any]:
    """What `read` reads."""
    listed = origins.distinct(paper_results.trained(results.rows).values())
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
