"""What was typed for a network, or for several, -> a reference or an ensemble. Only here a file goes by its path."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import typer

from unetkd_core.errors import ConfigError
from unetkd_core.models.weighting import Space, Weighting
from unetkd_core.zoo import ensembles, hub_refs
from unetkd_core.zoo.ensembles import EnsembleSpec
from unetkd_core.zoo.references import Reference

_WORDS: Final[dict[str, Weighting]] = {
    "even": "even",
    "search": "grid",
    "grid": "grid",
    "fine": "fine",
    "per-class": "per_class",
    "dynamic": "loss",
    "loss": "loss",
    "confidence": "confidence",
}


def reference(text: str) -> Reference:
    """A name, run:ID or hf:owner/repo as it is; a path that ends in .json as the ensemble that it holds."""
    is_file = text.endswith(".json") and not text.startswith(hub_refs.PREFIX)
    return ensembles.read_file(Path(text).expanduser()) if is_file else text


def teacher(refs: Sequence[str], weights: str | None, space: Space | None) -> Reference | None:
    """Who teaches: one reference, or the ensemble of several. None where nobody is named.

    Raises a usage error where weights are given to a single teacher, ConfigError for weights that cannot be.
    """
    if len(refs) > 1:
        return ensemble(refs, weights, space)
    for option, value in (("--weights", weights), ("--space", space)):
        if value is not None:
            raise typer.BadParameter("is for several teachers; repeat --teacher", param_hint=option)
    return reference(refs[0]) if refs else None


def ensemble(refs: Sequence[str], weights: str | None, space: Space | None) -> EnsembleSpec:
    """The ensemble of `refs`, weighed as `weights` says (left out: even)."""
    files = [ref for ref in refs if ref.endswith(".json")]
    if files:
        raise ConfigError(f"{files[0]} is an ensemble itself and cannot be one of several; name its members instead.")
    data: dict[str, Any] = {"members": list(refs), "space": space or "probs", **_weighting(weights or "even")}
    return ensembles.parse(data)


def _weighting(text: str) -> dict[str, Any]:
    word = text.strip().lower().replace("_", "-")
    if word in _WORDS:
        return {"weighting": _WORDS[word]}
    try:
        numbers = [float(part) for part in text.replace(";", ",").split(",")]
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is neither numbers as 1,2,1 nor one of {', '.join(_WORDS)}", param_hint="--weights"
        ) from None
    return {"weighting": "fixed", "weights": numbers}
