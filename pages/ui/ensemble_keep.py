"""Keeping an ensemble under a name, so that it can teach: names, what is there already, and the file.

Never writes over a network's weights; over another ensemble only when told so. Draws nothing.
"""

import re
from collections.abc import Mapping, Sequence

from pages.ui.ensemble_cast import Member
from pages.ui.ensemble_choice import Choice, Found, same
from unetkd_core import settings
from unetkd_core.errors import CheckpointError, UnetKDError
from unetkd_core.zoo import ensembles, folders, references
from unetkd_core.zoo.ensembles import EnsembleSpec

LONGEST = 128


class Taken(CheckpointError):
    """Another ensemble has this name."""


def spec_of(choice: Choice, found: Found | None, metrics: Mapping[str, object]) -> EnsembleSpec:
    """The choice as data, with where its weights were found. metrics: data reference -> scores JSON."""
    data: dict[str, object] = {"members": choice.members, "weighting": choice.weighting, "metrics": dict(metrics)}
    if choice.weighting == "fixed":
        even = same(choice.shares, (1 / len(choice.shares),) * len(choice.shares))
        data |= {"weighting": "even"} if even and found is None else {"weights": choice.weights}
    if found is not None:
        data |= {"weighting": found.how, "searched_on": (found.on,)}
    return ensembles.parse(data)


def proposed(members: Sequence[Member], spec: EnsembleSpec) -> str:
    """A name made from the members that is free, or has this very ensemble."""
    words = [re.sub(r"[^a-z0-9]+", "-", member.name.lower()).strip("-") or "net" for member in members]
    base = "-".join(["ensemble", *words])[: LONGEST - 4]
    names = [base, *(f"{base}-{n}" for n in range(2, 100))]
    return next((name for name in names if not _exists(name) or is_kept(name, spec)), base)


def _exists(name: str) -> bool:
    return folders.current(settings.checkpoints_dir() / name).exists()


def is_kept(name: str, spec: EnsembleSpec) -> bool:
    """Whether this very ensemble has that name."""
    there = _kept(name)
    return there is not None and _same(there, spec)


def _kept(name: str) -> EnsembleSpec | None:
    try:
        return references.spec_of(references.check_name(name)) if _exists(name) else None
    except UnetKDError:
        return None


def _same(a: EnsembleSpec, b: EnsembleSpec) -> bool:
    return (a.members, a.weighting, a.space) == (b.members, b.weighting, b.space) and same(a.shares, b.shares)


def keep(name: str, spec: EnsembleSpec, *, replace: bool = False) -> None:
    """Write it under a name, if it is not there already (what it was measured on may be new).

    Raises CheckpointError for a name that cannot be or is a network's, Taken where `replace` would be needed, and what
    looking at its members raises.
    """
    references.check_name(name)
    there = _kept(name)
    if there is not None and _same(there, spec):
        spec = spec.model_copy(update={"metrics": {**there.metrics, **spec.metrics}})
        replace = True
    if _exists(name) and there is None:
        raise CheckpointError(f"{name} is a network or another folder; an ensemble needs a name of its own.")
    if there is not None and not replace:
        raise Taken(f"{name} is another ensemble: {in_words(there)}. Choose another name, or replace it.")
    ensembles.save(references.fixed(spec), settings.checkpoints_dir() / name)


def in_words(spec: EnsembleSpec) -> str:
    """Its members and weights."""
    return f"{' + '.join(spec.members)}, {ensembles.weights_in_words(spec)}"
