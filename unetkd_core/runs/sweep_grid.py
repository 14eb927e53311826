"""SweepSpec: a grid of taught runs as data, and the cells and runs that it means. Touches no file, needs no torch.

A cell is one way of teaching (student, teacher, method, α, T); every seed is one run of it. The first seed of all cells
comes first, so that the picture fills evenly.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError, field_validator, model_validator

from unetkd_core.errors import ConfigError
from unetkd_core.models.names import usual_norm
from unetkd_core.training.config import ModelName, OptimConfig, RunConfig, parse_config
from unetkd_core.training.presets import METHODS
from unetkd_core.zoo import references
from unetkd_core.zoo.ensembles import EnsembleSpec
from unetkd_core.zoo.references import Reference

FORMAT_VERSION: Final = 1
MAX_RUNS: Final = 400
AXES: Final = ("student", "teacher", "method", "alpha", "temperature", "seed")
"""From the outermost to the innermost loop, but for the seed, which is outside of all."""

Teacher = Annotated[
    Annotated[Annotated[str, Field(min_length=1)], Tag("name")] | Annotated[EnsembleSpec, Tag("ensemble")],
    Discriminator(lambda value: "name" if isinstance(value, str) else "ensemble"),
]
_ON_AXES: Final = {"teacher", "alpha", "temperature", *(key for method in METHODS.values() for key in method.changes)}
"""What the axes say of teaching, whatever the base says."""


@dataclass(frozen=True)
class Cell:
    """One way of teaching. number: its place in the grid, from 0."""

    number: int
    student: str
    teacher: Reference
    method: str
    alpha: float
    temperature: float


@dataclass(frozen=True)
class Planned:
    """One run of the grid: a cell with a seed, and its settings."""

    cell: Cell
    seed: int
    config: RunConfig

    @property
    def key(self) -> str:
        """Its name within the sweep: "4/0" is cell 4 with seed 0."""
        return f"{self.cell.number}/{self.seed}"


class SweepSpec(BaseModel):
    """A grid over the axes; everything else of every run comes from `base`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format_version: Literal[1] = FORMAT_VERSION
    name: str = Field("", max_length=80, description="A person's name for it; empty: made from the axes.")
    base: RunConfig = Field(RunConfig(), description="What all runs have in common: data, budget, recipe.")
    alpha: tuple[Annotated[float, Field(ge=0, le=1)], ...] = Field((0.1,), min_length=1)
    temperature: tuple[Annotated[float, Field(ge=1, le=1000)], ...] = Field((10.0,), min_length=1)
    student: tuple[ModelName, ...] = Field(("M128",), min_length=1)
    teacher: tuple[Teacher, ...] = Field(min_length=1, description="Checkpoints, run:ID, or ensembles.")
    method: tuple[str, ...] = Field(("kd-t2",), min_length=1, description="Names in presets.METHODS.")
    seed: tuple[Annotated[int, Field(ge=0, lt=2**31)], ...] = Field((0,), min_length=1)
    twins: bool = Field(True, description="Train each student's untaught twin, once for all cells that share it.")

    @field_validator("method")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [name for name in names if name not in METHODS]
        if unknown:
            raise ValueError(f"{', '.join(unknown)} is unknown; there are {', '.join(METHODS)}")
        return names

    @field_validator(*AXES)
    @classmethod
    def _distinct(cls, values: tuple[Any, ...]) -> tuple[Any, ...]:
        if len(set(map(repr, values))) < len(values):
            raise ValueError("a value stands there twice; name each once")
        return values

    @field_validator("base", mode="before")
    @classmethod
    def _of_any_release(cls, base: Any) -> Any:
        """An older release's settings are read as runs' own are."""
        try:
            return base if isinstance(base, RunConfig) else parse_config(base, where="the settings")
        except ConfigError as error:
            raise ValueError(str(error).rstrip(".")) from None

    @field_validator("base")
    @classmethod
    def _no_twin(cls, base: RunConfig) -> RunConfig:
        return base.model_copy(update={"name": "", "twin_of": None})

    @model_validator(mode="after")
    def _small_enough(self) -> "SweepSpec":
        if self.size > MAX_RUNS:
            raise ValueError(f"the grid has {self.size} students; at most {MAX_RUNS} go into one sweep")
        return self

    @property
    def size(self) -> int:
        """How many students it has, over all seeds."""
        cells = sum(len(self.axis("alpha", m)) * len(self.axis("temperature", m)) for m in self.method)
        return len(self.student) * len(self.teacher) * cells * len(self.seed)

    @property
    def title(self) -> str:
        """`name`, or one made from the axes: "M128 from m256-teacher, 3 α × 3 T"."""
        if self.name:
            return self.name
        who = f"{_short(self.student, 'students')} from {_short(list(map(references.label, self.teacher)), 'teachers')}"
        return f"{who}, {_axis('α', self.alpha)}{_between(self)}{_axis('T', self.temperature)}"[:120]

    def axis(self, name: Literal["alpha", "temperature"], method: str) -> tuple[float, ...]:
        """The values of α or T that a method is tried with: its own where it names one, which no axis changes."""
        own = METHODS[method].changes.get(name)
        values: tuple[float, ...] = getattr(self, name)
        return values if own is None else (own,)

    def cells(self) -> tuple[Cell, ...]:
        """Every way of teaching, α by α and within it T by T."""
        ways = (
            (s, t, m, a, temperature)
            for s in self.student
            for t in self.teacher
            for m in self.method
            for a in self.axis("alpha", m)
            for temperature in self.axis("temperature", m)
        )
        return tuple(Cell(number, *way) for number, way in enumerate(ways))

    def runs(self) -> Iterator[Planned]:
        """Every run in the order in which it is started: all cells with the first seed, then with the next."""
        for seed in self.seed:
            for cell in self.cells():
                yield Planned(cell, seed, self.config(cell, seed))

    def config(self, cell: Cell, seed: int) -> RunConfig:
        """The settings of one run. Raises ConfigError when base and axes do not fit together."""
        kept = {} if self.base.teaching is None else self.base.teaching.model_dump(exclude=_ON_AXES)
        teacher = cell.teacher if isinstance(cell.teacher, str) else cell.teacher.model_dump(mode="json")
        axes = {"teacher": teacher, "alpha": cell.alpha, "temperature": cell.temperature}
        teaching = {**kept, **METHODS[cell.method].changes, **axes}
        return RunConfig.model_validate(
            {**self.base.model_dump(), **self._network(cell.student), "seed": seed, "teaching": teaching}
        )

    def _network(self, student: str) -> dict[str, Any]:
        """Which network, and how its encoder is treated: the base speaks of its own network only; any other is what
        `distill --student` makes of its name.
        """
        model, optim = self.base.model.model_dump(), self.base.optim.model_dump()
        if student == self.base.model.name:
            return {"model": model, "optim": optim}
        usual = {name: OptimConfig.model_fields[name].default for name in ("encoder_rate", "encoder_frozen_epochs")}
        return {"model": {"name": student, "norm": usual_norm(student)}, "optim": {**optim, **usual}}


def parse_spec(data: Any, *, where: str = "The sweep") -> SweepSpec:
    """Build a SweepSpec from JSON data. Raises ConfigError that lists every problem at once."""
    if not isinstance(data, dict):
        raise ConfigError(f"{where}: got {type(data).__name__}, expected a JSON object.")
    version = data.get("format_version", FORMAT_VERSION)
    if version != FORMAT_VERSION:
        raise ConfigError(f"{where}: format version {version!r} is not {FORMAT_VERSION}, which this release reads.")
    try:
        spec = SweepSpec.model_validate(data)
        for cell in spec.cells():
            spec.config(cell, spec.seed[0])
    except ValidationError as error:
        raise ConfigError(f"{where}: {'; '.join(_problems(error))}.") from None
    return spec


def _problems(error: ValidationError) -> list[str]:
    """Every problem; that a list is too short only where nothing is wrong with what stands in it."""
    found = error.errors()
    inside = {e["loc"][0] for e in found if len(e["loc"]) > 1}
    return [_describe(e) for e in found if not (e["type"] == "too_short" and e["loc"][0] in inside)]


def _describe(error: Any) -> str:
    place = ".".join(str(part) for part in error["loc"] if part not in ("name", "ensemble"))
    message = error["msg"].removeprefix("Value error, ")
    message = message[:1].lower() + message[1:] if message[1:2].islower() else message
    got = error.get("input")
    shown = f" (got {str(got)[:60]!r})" if isinstance(got, str | int | float) else ""
    return f"{place}: {message}{shown}" if place else message


def _short(names: Any, many: str) -> str:
    return str(names[0]) if len(names) == 1 else f"{len(names)} {many}"


def _axis(sign: str, values: tuple[float, ...]) -> str:
    return f"{sign} {values[0]:g}" if len(values) == 1 else f"{len(values)} {sign}"


def _between(spec: SweepSpec) -> str:
    return " × " if len(spec.alpha) > 1 and len(spec.temperature) > 1 else ", "
