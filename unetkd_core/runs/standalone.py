"""Standalone networks: the same training for every network and seed, nobody teaching, and a table of what came out.

The runs are ordinary ones: those that are on disk already are taken as they are, those that ended early go on. Scoring
is done by who asks (it needs torch); this module plans, starts, and does the sums.
"""

import csv
import io
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, get_args

from unetkd_core import versioned
from unetkd_core.classes import CLASS_NAMES
from unetkd_core.errors import ConfigError, RunError
from unetkd_core.metrics import Scores
from unetkd_core.models.names import usual_norm
from unetkd_core.runs import jobs, origins, sweep_match
from unetkd_core.runs.contradictions import contradictions
from unetkd_core.runs.folder import Run, open_run
from unetkd_core.runs.origins import UNKNOWN, Origin
from unetkd_core.training.config import ModelName, RunConfig

FORMAT_VERSION: Final = 1
M_MODELS: Final = ("M128", "M256", "M512", "M1024")


def plan(base: RunConfig, models: Sequence[str], seeds: Sequence[int]) -> list[RunConfig]:
    """A config for each network and seed, seeds outermost, so that a table is whole as early as it can be.

    Raises ConfigError for an unknown network, a list with nothing in it or something twice, or a base with a teacher.
    """
    unknown = [name for name in models if name not in get_args(ModelName)]
    if unknown:
        raise ConfigError(f"There is no network {unknown[0]!r}; there are {', '.join(get_args(ModelName))}.")
    for what, items in (("networks", models), ("seeds", seeds)):
        if not items or len(set(items)) < len(items):
            raise ConfigError(
                f"The {what} are {', '.join(map(str, items)) or 'none'}; name at least one, and each once."
            )
    if base.teaching is not None:
        raise ConfigError("Standalone networks have no teacher; leave the teaching section out of the config.")
    return [_one(base, name, seed) for seed in seeds for name in models]


def _one(base: RunConfig, name: str, seed: int) -> RunConfig:
    norm = base.model.norm if name in M_MODELS else usual_norm(name)
    return base.with_(seed=seed, model={"name": name, "norm": norm}, name=f"{name} alone, seed {seed}")


def start(configs: Sequence[RunConfig]) -> list[Run]:
    """A run for every config: one on disk that is done or going on, else one resumed, else a new one.

    Raises what jobs.start and jobs.resume refuse; what was started until then goes on.
    """
    there, prints = sweep_match.There(), sweep_match.Prints()
    return [_started(config, there.of(prints.of(config)), shares=len(configs) > 1) for config in configs]


def missing(configs: Sequence[RunConfig]) -> list[RunConfig]:
    """Those that no finished run on disk is. Raises as `start`."""
    found = sweep_match.Finished()
    return [config for config in configs if found.alone(config) is None]


def _started(config: RunConfig, found: Sequence[Run], *, shares: bool) -> Run:
    if not found:
        return jobs.start(config, twin=False, shares=shares)[0]
    state = found[0].status().state
    if state not in ("done", "running", "queued"):
        jobs.resume(found[0].id)
    return open_run(found[0].id)


def best_epoch(run: Run) -> int | None:
    """The epoch whose weights are kept in best/, from 1; none before there is one."""
    scored = [(line["val"]["miou"], line["epoch"]) for line in run.metrics() if line["val"]["miou"] is not None]
    return max(scored)[1] if scored else None  # a tie goes to the later one, as in the trainer


@dataclass(frozen=True)
class Row:
    """One network of one seed, scored over one split at the labels' native resolution. origin: what it was trained
    with, by its own run.
    """

    model: str
    seed: int
    on: str
    run: str
    best_epoch: int | None
    scores: Scores
    origin: Origin = UNKNOWN


@dataclass(frozen=True)
class Line:
    """One network over its seeds: mean mIoU in [0, 1], sample standard deviation (none from one seed), IoU a class."""

    model: str
    on: str
    mean: float
    spread: float | None
    iou: tuple[float, ...]
    seeds: tuple[int, ...]


def lines(rows: Iterable[Row]) -> list[Line]:
    """Rows -> a line for each network and split, in the rows' order."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.on, row.model), []).append(row)
    return [_line(on, model, group) for (on, model), group in groups.items()]


def _line(on: str, model: str, group: Sequence[Row]) -> Line:
    mious = [row.scores.miou for row in group]
    iou = tuple(_mean([row.scores.iou[i] for row in group]) for i in range(len(CLASS_NAMES)))
    spread = statistics.stdev(mious) if len(mious) > 1 else None
    return Line(model, on, statistics.fmean(mious), spread, iou, tuple(row.seed for row in group))


def _mean(values: Sequence[float]) -> float:
    """Of those that are numbers; NaN where none is."""
    known = [value for value in values if value == value]
    return statistics.fmean(known) if known else float("nan")


@dataclass(frozen=True)
class Step:
    """From one network to the next: the difference of the means, and how many times the spread over seeds that is.

    effect_size: Cohen's d, by the pooled sample standard deviation of the two, √((s₁² + s₂²) / 2); none where a network
    has one seed. It is no test: of two seeds each, 3.5 is t = 3.5 with 2 degrees of freedom, p = 0.07. seeds: of the
    network that has fewer.
    """

    smaller: str
    larger: str
    on: str
    difference: float
    effect_size: float | None
    seeds: int

    @property
    def told(self) -> str:
        """ "3.5 times the spread over seeds, with two seeds each: a hint"; empty where there is no spread."""
        if self.effect_size is None:
            return ""
        times = f"{self.effect_size:.1f} times the spread over seeds".replace("-", "−")
        seeds = {2: "two", 3: "three"}.get(self.seeds, str(self.seeds))
        hint = ": a hint" if self.seeds < _ENOUGH and abs(self.effect_size) >= 1 else ""
        return f"{times}, with {seeds} seeds each{hint}"


_ENOUGH: Final = 3
"""With fewer seeds no difference is more than a hint."""


def steps(table: Sequence[Line]) -> list[Step]:
    """Every network against the one before it, for each split."""
    splits = dict.fromkeys(line.on for line in table)
    return [_step(a, b) for on in splits for a, b in pairwise([line for line in table if line.on == on])]


def _step(smaller: Line, larger: Line) -> Step:
    difference, effect_size = larger.mean - smaller.mean, None
    if smaller.spread is not None and larger.spread is not None:
        pooled = ((smaller.spread**2 + larger.spread**2) / 2) ** 0.5
        effect_size = difference / pooled if pooled else None
    seeds = min(len(smaller.seeds), len(larger.seeds))
    return Step(smaller.model, larger.model, smaller.on, difference, effect_size, seeds)


def to_json(rows: Sequence[Row], base: RunConfig, notes: Mapping[str, Any]) -> dict[str, Any]:
    """What `read` reads: settings, how it was made, what the networks were trained with, and every row."""
    said = base.model_dump(mode="json", exclude={"name", "seed", "twin_of", "teaching", "hardware"})
    return {"format_version": FORMAT_VERSION, **notes, "config": said, **_listed(rows)}


def _listed(rows: Sequence[Row]) -> dict[str, Any]:
    known = origins.distinct(row.origin for row in rows)
    listed = [
        {
            **{name: getattr(row, name) for name in ("model", "seed", "on", "run", "best_epoch")},
            origins.KEY: origins.place(row.origin, known),
            "scores": row.scores.to_json(),
        }
        for row in rows
    ]
    return {origins.KEY: origins.to_json(known), "rows": listed}


def read(path: Path) -> tuple[dict[str, Any], list[Row]]:
    """A table's file -> its settings and its rows. Raises RunError when it cannot be read."""
    return versioned.read(path, "The table", FORMAT_VERSION, lambda data: (data, _rows(data)), RunError)


def _rows(data: dict[str, Any]) -> list[Row]:
    """Takes them out of a file's data. In files of older releases no row says what its network was trained with."""
    known = origins.from_json(data.pop(origins.KEY, ()))
    return [_row(row, known) for row in data.pop("rows")]


def _row(data: Mapping[str, Any], known: Sequence[Origin]) -> Row:
    said = {name: value for name, value in data.items() if name != origins.KEY}
    return Row(**{**said, "scores": Scores.from_json(data["scores"])}, origin=origins.at(data.get(origins.KEY), known))


def grown(path: Path, data: dict[str, Any]) -> dict[str, Any]:
    """A new table together with the one at `path`, if there is one: rows of other networks, seeds and splits stay.

    data: what `to_json` gives. The commands stand one a line. Raises RunError where the old one has other settings or
    other data, so that no table mixes what cannot be compared.
    """
    if not path.exists():
        return data
    before, there = read(path)
    for name in ("config", "data"):
        differing = contradictions(before.get(name), data[name])
        if differing:
            called = {"config": "settings"}.get(name, name)
            raise RunError(f"The table {path} was made with other {called}: {differing[0]}. Write this one elsewhere.")
    fresh = _rows(dict(data))
    made = {_place(row) for row in fresh}
    kept = [row for row in there if _place(row) not in made]
    if not kept:
        return data
    order = {row.model: i for i, row in enumerate(there)}
    rows = sorted([*kept, *fresh], key=lambda row: (row.seed, _rank(row.model, order)))
    commands = dict.fromkeys([*before["command"].split("\n"), data["command"]])
    made_of = {**before["data"], **data["data"]}
    return {**data, "command": "\n".join(commands), "data": made_of, **_listed(rows)}


def _place(row: Row) -> tuple[str, int, str]:
    return row.model, row.seed, row.on


def _rank(model: str, order: Mapping[str, int]) -> int:
    """Smallest first, as the paper names them; others as they came."""
    return M_MODELS.index(model) if model in M_MODELS else len(M_MODELS) + order.get(model, len(order))


def as_csv(rows: Sequence[Row]) -> str:
    """A line for each row; fractions in [0, 1], empty where nothing was measured."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["model", "seed", "on", "miou", *CLASS_NAMES, "pixel_accuracy", "loss_ce", "best_epoch", "run",
                     *origins.COLUMNS])  # fmt: skip
    for row in rows:
        numbers = (row.scores.miou, *row.scores.iou, row.scores.pixel_accuracy, row.scores.loss_ce)
        shown = [f"{value:.4f}" if value == value else "" for value in numbers]
        writer.writerow([row.model, row.seed, row.on, *shown, row.best_epoch, row.run, *row.origin.columns()])
    return text.getvalue()
