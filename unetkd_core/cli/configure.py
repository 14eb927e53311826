"""What was asked at the command line -> RunConfig. Reads one JSON file at most; starts nothing.

Settings are layered, later ones win: defaults, the command's usual ones, --config, --recipe, --budget, --preset,
--method, single options.
--term adds to what --method or --config distil.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from unetkd_core import outside
from unetkd_core.cli import teachers
from unetkd_core.cli.options import SETTINGS
from unetkd_core.errors import ConfigError
from unetkd_core.training.config import RunConfig, parse_config
from unetkd_core.training.presets import BUDGETS, KD_PRESETS, METHODS, RECIPES
from unetkd_core.training.terms import parse_term
from unetkd_core.zoo import references


def config_from(given: Mapping[str, Any], usual: Mapping[str, Any] | None = None) -> RunConfig:
    """Build one run's config from options by name: those of `options.SETTINGS`, and config_file, recipe, budget,
    preset, method, term, size. usual: what the command takes where nothing else is said, by sections.

    Options that are None were not given; the paper's budget brings its recipe and, to a student, its preset along.
    Raises ConfigError that lists every problem at once.
    """
    data: dict[str, Any] = {}
    for known in (usual or {}, _read(given["config_file"]) if given.get("config_file") else {}):
        _merge(data, known)
    data.pop("twin_of", None)  # a run made from a twin's config is a run of its own
    _require_val(given, data)
    budget = BUDGETS[given["budget"]] if given.get("budget") else None
    recipe = given.get("recipe") or (budget.recipe if budget else None)
    teacher = teachers.teacher(given.get("teacher") or [], given.get("weights"), given.get("space"))
    taught = teacher or data.get("teaching")
    preset = given.get("preset") or (budget.teaching if budget and taught else None) or _usual(given, data)
    layers = (
        RECIPES[recipe].changes if recipe else {},
        budget.changes if budget else {},
        {"teaching": KD_PRESETS[preset].changes} if preset else {},
        {"teaching": _method(given["method"])} if given.get("method") else {},
        _single_options({**given, "teacher": teacher}),
    )
    for changes in layers:
        _merge(data, changes)
    _as_what_it_goes_on_from(data)
    if given.get("term"):
        more = [parse_term(text).model_dump(mode="json") for text in given["term"]]
        _merge(data, {"teaching": {"terms": [*_section(data, "teaching").get("terms", ()), *more]}})
    return parse_config(data, where="The settings")


def _as_what_it_goes_on_from(data: dict[str, Any]) -> None:
    """Network and normalisation, where nothing says them, are those of the network that training goes on from."""
    model = _section(data, "model")
    ref = model.get("start")
    if not isinstance(ref, str) or "name" in model or references.spec_of(ref) is not None:  # an ensemble: refused later
        return
    arch = references.info_of(ref).arch
    own = {"name": arch.get("name") or arch.get("backbone"), "norm": arch.get("norm")}
    _merge(data, {"model": {**{key: value for key, value in own.items() if value}, **model}})


def _usual(given: Mapping[str, Any], data: Mapping[str, Any]) -> str | None:
    """Methods with T², and terms beside soft labels, begin at Hinton's α and T, as the form and the tables do."""
    beyond = given.get("method") not in (None, "kd") or given.get("term")
    return "hinton" if beyond and "alpha" not in _section(data, "teaching") else None


def _method(name: str) -> dict[str, Any]:
    if name not in METHODS:
        raise typer.BadParameter(f"{name!r} is none of {', '.join(METHODS)}", param_hint="--method")
    return METHODS[name].changes


def _require_val(given: Mapping[str, Any], data: Mapping[str, Any]) -> None:
    """Other training data needs other validation data: `best/` chosen on streets says nothing about CamVid."""
    if given.get("train") and not given.get("val") and not _section(data, "data").get("val"):
        raise typer.BadParameter(
            "needed with --train; for camvid:train-without-0006R0 it is camvid:train-only-0006R0", param_hint="--val"
        )


def _section(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = data.get(name)
    return section if isinstance(section, Mapping) else {}


def parse_size(size: str) -> tuple[int, int]:
    """ "128x256" -> (height, width). A usage error for anything else."""
    match = re.fullmatch(r"(\d{1,5})[x×](\d{1,5})", size.strip())
    if not match:
        raise typer.BadParameter(f"{size!r} is not HEIGHTxWIDTH, as 128x256", param_hint="--size")
    return int(match[1]), int(match[2])


def _single_options(given: Mapping[str, Any]) -> dict[str, Any]:
    values = dict(given)
    if values.get("size") is not None:
        values["height"], values["width"] = parse_size(values["size"])
    changes: dict[str, Any] = {}
    for option, path in SETTINGS.items():
        if values.get(option) not in (None, []):
            section = changes
            for key in path[:-1]:
                section = section.setdefault(key, {})
            section[path[-1]] = values[option]
    return changes


def _merge(data: dict[str, Any], changes: Mapping[str, Any]) -> None:
    """Lay `changes` over `data`, section by section."""
    for key, value in changes.items():
        if isinstance(value, Mapping):
            if not isinstance(data.get(key), dict):
                data[key] = {}
            _merge(data[key], value)
        else:
            data[key] = value


def _read(path: Path) -> dict[str, Any]:
    try:
        data = outside.read_json(path)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}; expected a run's config.json.") from None
    except ValueError as error:
        raise ConfigError(f"{path} is not JSON ({error}); expected a run's config.json.") from None
    if not isinstance(data, dict):
        raise ConfigError(f"{path} holds a {type(data).__name__}; expected a JSON object like a run's config.json.")
    return data
