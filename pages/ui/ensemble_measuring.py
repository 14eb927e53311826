"""Searches over a split, in the background; what they find lies on disk (zoo/ensemble_search.py)."""

from collections.abc import Sequence

from pages.ui import background
from pages.ui.background import Tell, Work, wait
from unetkd_core.inference.searched import Weights
from unetkd_core.zoo import ensemble_search
from unetkd_core.zoo.ensembles import EnsembleSpec

__all__ = ["Work", "of", "start", "wait"]


def start(spec: EnsembleSpec, ref: str, candidates: Sequence[Weights], limit: int | None) -> None:
    """Begin, unless the same is being searched already, by whomever."""

    def search(tell: Tell) -> None:
        ensemble_search.search(spec, [ref], candidates, limit=limit, progress=tell)

    background.start(_key(spec, ref, limit), search, failed="Measuring")


def of(spec: EnsembleSpec, ref: str, limit: int | None) -> Work | None:
    """The search that is going on or has failed; None where there is none, or it is over and lies on disk."""
    found = background.of(_key(spec, ref, limit))
    return None if found is None or (found.over and found.problem is None) else found


def _key(spec: EnsembleSpec, ref: str, limit: int | None) -> tuple[str, str, str, int | None]:
    return "search", spec.dumps(), ref, limit
