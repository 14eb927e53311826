"""The axes of `unetkd sweep start`: lists as one types them, and the grid that they make with the shared options."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Final, TypeVar

import typer

from unetkd_core.cli import teachers
from unetkd_core.cli.configure import config_from
from unetkd_core.runs.sweep_grid import SweepSpec, parse_spec
from unetkd_core.runs.sweep_presets import SERIES
from unetkd_core.training.presets import METHODS
from unetkd_core.zoo import references
from unetkd_core.zoo.references import Reference

_GRID = "Grid"
_NOT_SHARED: Final = frozenset(
    ("teacher", "weights", "space", "student", "alpha", "temperature", "seed", "preset", "method", "term")
)
"""Options that mean something else here than in `train` and `distill`."""
T = TypeVar("T")


def _axis(flag: str, help: str, metavar: str) -> Any:
    return typer.Option(flag, metavar=metavar, help=help, rich_help_panel=_GRID)


Teachers = Annotated[
    list[str] | None,
    _axis("--teacher", "Checkpoints or run:IDs, by commas; A+B+C or a .json is an ensemble. Repeat for more.", "REF,…"),
]
Students = Annotated[str | None, _axis("--student", "M128,M256,…; left out: M128.", "NAME,…")]
Alphas = Annotated[str | None, _axis("--alpha", "Weights of the hard labels, as 0.1,0.5,0.9.", "α,…")]
Temperatures = Annotated[str | None, _axis("--temperature", "Temperatures, as 1,4,10.", "T,…")]
Methods = Annotated[str | None, _axis("--method", f"Of {', '.join(METHODS)}; left out: kd-t2.", "NAME,…")]
Seeds = Annotated[str | None, _axis("--seed", "Seeds, as 0,1,2 or 0-4; each runs the whole grid.", "N,…")]
Series = Annotated[
    str | None, _axis("--preset", f"The axes of a series: {', '.join(SERIES)}. Options on top win.", "SERIES")
]
NoTwins = Annotated[bool, typer.Option("--no-twins", help="Leave out the untaught twins: then there are no gains.")]


def spec_from(given: Mapping[str, Any]) -> SweepSpec:
    """The grid of what was typed: axes from --preset, then from options; the base from the options shared with `train`.

    Raises a usage error for a list that is none, ConfigError that names every problem of the grid.
    """
    series = _series(given.get("preset"))
    base = config_from({**given, **dict.fromkeys(_NOT_SHARED)})
    refs = _teachers(given)
    if series and series.ensemble and not any(references.spec_of(ref) for ref in refs):
        raise typer.BadParameter("needs an ensemble: --teacher A+B+C", param_hint="--preset ensemble")
    axes = {} if series is None else {"alpha": series.alpha, "temperature": series.temperature, "method": series.method}
    typed = {
        "alpha": list_of(given.get("alpha"), float, "--alpha"),
        "temperature": list_of(given.get("temperature"), float, "--temperature"),
        "student": list_of(given.get("student"), str, "--student"),
        "method": list_of(given.get("method"), str, "--method"),
        "seed": seeds_of(given.get("seed"), "--seed"),
    }
    axes |= {name: values for name, values in typed.items() if values is not None}
    return parse_spec(
        {
            **axes,
            "name": base.name,
            "base": base,
            "teacher": [ref if isinstance(ref, str) else ref.model_dump(mode="json") for ref in refs],
            "twins": not given.get("no_twins"),
        }
    )


def _series(name: str | None) -> Any:
    if name is not None and name not in SERIES:
        raise typer.BadParameter(f"{name!r} is none of {', '.join(SERIES)}", param_hint="--preset")
    return None if name is None else SERIES[name]


def _teachers(given: Mapping[str, Any]) -> list[Reference]:
    typed = [part.strip() for text in given.get("teacher") or [] for part in text.split(",") if part.strip()]
    if not typed:
        raise typer.BadParameter("name a checkpoint or run:ID", param_hint="--teacher")
    found: list[Reference] = []
    for text in typed:
        names = text.split("+") if not text.endswith(".json") else [text]
        several = len(names) > 1
        weights, space = (given.get("weights"), given.get("space")) if several else (None, None)
        ref = teachers.teacher(names, weights, space)
        assert ref is not None
        found.append(ref)
    return found


def list_of(
    text: str | None, kind: Callable[[str], T], option: str, *, expected: str = "numbers, as 0.1,0.5"
) -> list[T] | None:
    """ "0.1,0.5" -> values; None stays None. A usage error that names `option`, and what is `expected`, for anything
    else and for a list with nothing in it.
    """
    if text is None:
        return None
    try:
        values = [kind(part.strip()) for part in text.split(",") if part.strip()]
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no list of {expected}", param_hint=option) from None
    if not values:
        raise typer.BadParameter(f"{text!r} has nothing in it; name at least one", param_hint=option)
    return values


def listed(values: Iterable[float]) -> str:
    """Values as an option takes them, for its default: (0.1, 4.0) -> "0.1,4"."""
    return ",".join(f"{value:g}" for value in values)


def seeds_of(text: str | None, option: str = "--seeds") -> Sequence[int] | None:
    """ "0,1,2" or "0-2" -> seeds. A usage error that names `option` for anything else."""
    if text is None:
        return None
    expected = "whole numbers, as 0,1,2 or 0-4"
    first, dash, last = text.partition("-")
    if not (dash and first.strip().isdecimal() and last.strip().isdecimal()):
        return list_of(text, int, option, expected=expected)
    if int(first) > int(last):
        raise typer.BadParameter(f"{text!r} is no list of {expected}: it ends before it begins", param_hint=option)
    return range(int(first), int(last) + 1)[:10_000]
