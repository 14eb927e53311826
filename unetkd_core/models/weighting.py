"""How an ensemble weighs its members: the choices, and what makes weights valid. Needs no torch.

    even        every member alike
    fixed       weights that somebody gave
    grid        the best integer weights of 0 to 4 each, searched (the paper's three loops)
    fine        the best point of the simplex in steps of 0.05, searched
    per_class   for each class the point of that grid that reads it best, searched
    loss        anew for every batch, by how little each member errs on its labelled pixels (the paper's proposal)
    confidence  anew at every pixel, by how sure each member is there

Weights lie on the simplex: none negative, their sum 1. Whatever comes in is brought there, or refused.
"""

import math
from collections.abc import Sequence
from typing import Final, Literal

from unetkd_core.classes import NUM_CLASSES
from unetkd_core.errors import ConfigError

Weighting = Literal["even", "fixed", "grid", "fine", "per_class", "loss", "confidence"]
Space = Literal["probs", "logits"]
SEARCHED: Final = frozenset({"grid", "fine", "per_class"})
"""Weightings whose weights come out of a search over validation scenes."""
MOVING: Final = frozenset({"loss", "confidence"})
"""Weightings that are worked out anew for every batch or pixel."""
LABELS: Final[dict[Weighting, str]] = {
    "even": "Even",
    "fixed": "As given",
    "grid": "Best of the grid",
    "fine": "Best of the fine grid",
    "per_class": "Best for each class",
    "loss": "By each batch's loss",
    "confidence": "By each pixel's confidence",
}


def on_simplex(weights: Sequence[float], members: int) -> tuple[float, ...]:
    """The same proportions with sum 1. Raises ConfigError for a wrong number of weights and for negative, NaN,
    infinite or all-zero ones.
    """
    values = [float(w) for w in weights]
    shown = ", ".join(f"{w:g}" for w in values)
    if len(values) != members:
        raise ConfigError(f"Got {len(values)} weights ({shown}) for {members} networks; expected one for each.")
    if any(not math.isfinite(w) for w in values):
        raise ConfigError(f"The weights are {shown}; expected finite numbers.")
    if any(w < 0 for w in values):
        raise ConfigError(f"The weights are {shown}; none may be negative.")
    largest = max(values, default=0.0)
    if largest == 0:
        raise ConfigError("All weights are zero; at least one network must have a say.")
    scaled = [w / largest for w in values]  # 1e308 + 1e308 would be infinite
    total = sum(scaled)
    return tuple(w / total for w in scaled)


def by_class(rows: Sequence[Sequence[float]], members: int) -> tuple[tuple[float, ...], ...]:
    """One row a member, one column a class: every class's column with sum 1. Raises ConfigError for another shape and
    for columns that are no weights.
    """
    if len(rows) != members or any(len(row) != NUM_CLASSES for row in rows):
        shape = ", ".join(str(len(row)) for row in rows) or "none"
        raise ConfigError(
            f"Weights by class need {members} rows of {NUM_CLASSES}, one a network and one column a class; got rows of "
            f"{shape}."
        )
    columns = [on_simplex(column, members) for column in zip(*rows, strict=True)]
    return tuple(zip(*columns, strict=True))


def check_given(
    weighting: Weighting, weights: Sequence[float] | None, class_weights: Sequence[Sequence[float]] | None
) -> None:
    """Raise ConfigError unless there is just what this weighting needs: an ensemble must not be even by oversight."""
    if weighting == "even" and weights is not None:
        raise ConfigError("Even takes no weights; choose fixed to give some.")
    if weighting in ("fixed", "grid", "fine") and weights is None:
        raise ConfigError(
            f"The weighting is {weighting}, but there are no weights; give or search one for each network."
        )
    if (weighting == "per_class") != (class_weights is not None) or (weighting == "per_class" and weights is not None):
        raise ConfigError("Weights by class, and only they, come as one row a network; search them with per_class.")


def even(members: int) -> tuple[float, ...]:
    """1/members each."""
    return (1.0 / members,) * members
