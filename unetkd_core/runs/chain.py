"""A chain of ever smaller networks, each taught by the one before: U-Net compression, Mangalam and Salzmann (2018).

Base widths 64, 16, 4 and 2, four levels each: 31 M, 1.94 M, 122 k and 30.7 k parameters. Every link is an ordinary
taught run with its untaught twin, and every seed a chain of its own. Plans and measures; starts nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from unetkd_core.errors import ConfigError
from unetkd_core.models.names import U_WIDTHS
from unetkd_core.runs.paper import Row, slug
from unetkd_core.runs.paper_making import Say, Scorer, Splits
from unetkd_core.runs.paper_results import Made, Pair, Results
from unetkd_core.runs.sweep_grid import SweepSpec, parse_spec
from unetkd_core.runs.sweep_match import Finished
from unetkd_core.training.config import RunConfig
from unetkd_core.zoo.references import RUN_PREFIX

NETWORKS: Final = tuple(U_WIDTHS)
TABLE: Final = 8
"""Its place among the tables' results: after the paper's seven."""


@dataclass(frozen=True)
class Chain:
    """What is wanted. base: data, budget, class weights (`optim.class_weights`) and normalisation (`model.norm`)."""

    base: RunConfig
    networks: tuple[str, ...] = NETWORKS
    seeds: tuple[int, ...] = (0,)
    method: str = "kd-t2"
    alpha: float = 0.5
    temperature: float = 4.0

    def __post_init__(self) -> None:
        unknown = [name for name in self.networks if name not in NETWORKS]
        if unknown:
            raise ConfigError(f"{unknown[0]!r} is no network of the chain; there are {', '.join(NETWORKS)}.")
        if len(self.networks) < 2 or len(set(self.networks)) < len(self.networks):
            raise ConfigError(f"A chain of {list(self.networks)} teaches nobody; name at least two, each once.")
        if [*self.networks] != [name for name in NETWORKS if name in self.networks]:
            raise ConfigError(f"The chain {' → '.join(self.networks)} grows; name the largest first.")
        if not self.seeds or len(set(self.seeds)) < len(self.seeds):
            raise ConfigError(
                f"The seeds are {', '.join(map(str, self.seeds)) or 'none'}; name at least one, and each once."
            )
        if self.base.teaching is not None:
            raise ConfigError("Each network is taught by the one before; leave the teaching section out of the config.")

    def first(self) -> list[RunConfig]:
        """The first network, alone, for every seed."""
        name = self.networks[0]
        return [self.base.with_(seed=seed, name=f"{name}, seed {seed}", model={"name": name}) for seed in self.seeds]

    def link(self, place: int, seed: int, teacher: str) -> SweepSpec:
        """The network at `place`, taught by `teacher`, as a sweep of one cell. Raises ConfigError."""
        name, before = self.networks[place], self.networks[place - 1]
        return parse_spec(
            {
                "name": f"Chain: {name} from {before}, seed {seed}",
                "base": self.base.with_(model={"name": name}),
                "student": [name],
                "teacher": [teacher],
                "method": [self.method],
                "alpha": [self.alpha],
                "temperature": [self.temperature],
                "seed": [seed],
            },
            where=f"The chain's {name}",
        )

    def links(self, place: int) -> list[SweepSpec]:
        """Every seed's link at `place` whose teacher is trained."""
        found = Finished()
        teachers = {seed: self._run(found, place - 1, seed) for seed in self.seeds}
        return [self.link(place, seed, teacher) for seed, teacher in teachers.items() if teacher is not None]

    def _run(self, found: Finished, place: int, seed: int) -> str | None:
        """Reference of the finished network at `place`; none where it, or one before it, is not trained."""
        if place == 0:
            run = found.alone(self.first()[self.seeds.index(seed)])
        else:
            teacher = self._run(found, place - 1, seed)
            run = None if teacher is None else found.taught(_config(self.link(place, seed, teacher)))
        return None if run is None else f"{RUN_PREFIX}{run.id}"

    def pairs(self, found: Finished, place: int) -> list[tuple[int, str, str | None]]:
        """(seed, the network at `place`, its untaught twin) as references, of what is done; the first has no twin."""
        if place == 0:
            return [(seed, run, None) for seed in self.seeds if (run := self._run(found, 0, seed)) is not None]
        pairs: list[tuple[int, str, str | None]] = []
        for seed in self.seeds:
            teacher = self._run(found, place - 1, seed)
            pair = None if teacher is None else found.pair(_config(self.link(place, seed, teacher)))
            if pair is not None:
                student, twin = pair
                pairs.append((seed, f"{RUN_PREFIX}{student.id}", f"{RUN_PREFIX}{twin.id}"))
        return pairs

    def row(self, place: int) -> Row:
        """One network of the chain as a row of a table."""
        name = self.networks[place]
        if place == 0:
            return Row(TABLE, slug(name), name)
        cell = next(iter(self.link(place, self.seeds[0], "-").runs())).cell
        return Row(TABLE, slug(name), name, self.networks[place - 1], cell.method, cell.alpha, cell.temperature)

    def who(self, place: int) -> str:
        """How a network of the chain came about: who stands before it, and how each was taught."""
        if place == 0:
            return ""
        row = self.row(place)
        return f"{' → '.join(self.networks[:place])}, {row.method}, α {row.alpha:g}, T {row.temperature:g}"


def _config(spec: SweepSpec) -> RunConfig:
    return next(iter(spec.runs())).config


def make(chain: Chain, splits: Splits, notes: Mapping[str, Any], say: Say = lambda *_: None) -> Results:
    """Score every link that is done, beside its untaught twin. Raises DataError when there are no labels."""
    found = Finished()
    pairs = [chain.pairs(found, place) for place in range(len(chain.networks))]
    scores = Scorer(splits, say, len({ref for link in pairs for _, *refs in link for ref in refs if ref}))
    rows = [
        Made(
            chain.row(place),
            tuple(Pair(s, scores(run), scores(twin) if twin else None) for s, run, twin in link),
            who=chain.who(place),
        )
        for place, link in enumerate(pairs)
    ]
    return replace(frame(chain, splits, notes), rows=tuple(rows))


def frame(chain: Chain, splits: Splits, notes: Mapping[str, Any]) -> Results:
    """Results with nothing measured in them yet."""
    config = chain.base.model_dump(mode="json", exclude={"name", "seed", "twin_of", "teaching", "hardware"})
    config["model"].pop("name")
    val, train = splits.val, splits.train
    rows = tuple(Made(chain.row(place), (), who=chain.who(place)) for place in range(len(chain.networks)))
    return Results(val.name, val.ref, train.ref, splits.limit, config, rows, notes=notes)


def whole(chain: Chain, results: Results) -> bool:
    """Whether every network has every seed."""
    return all(len(made.pairs) == len(chain.seeds) for made in results.rows)
