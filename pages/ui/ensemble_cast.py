"""Who belongs to the ensemble and what each says about one picture, alone and together.

Asks the caches; scores nothing and draws nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pages.ui import caches, ensemble_caches, trio
from pages.ui.readings import Picture
from unetkd_core.errors import BusyError, ConfigError, UnetKDError
from unetkd_core.inference.searched import Searched, Weights, integer_grid, simplex_grid
from unetkd_core.models.weighting import Weighting, on_simplex
from unetkd_core.zoo.checkpoints import CheckpointInfo


@dataclass(frozen=True)
class Member:
    """One network: `name` its short one; logits (6, h, w) float32 and labels (H, W) uint8 once it has read."""

    ref: str
    name: str
    info: CheckpointInfo
    logits: np.ndarray | None = None
    labels: np.ndarray | None = None
    seconds: float = 0.0
    problem: str = ""


def cast(known: trio.Known, refs: Sequence[str]) -> list[Member]:
    """The members before they have read anything."""
    infos = dict(known)
    names = short_names(known, refs)
    return [Member(ref, names[ref], infos[ref]) for ref in refs]


def short_names(known: trio.Known, refs: Sequence[str]) -> dict[str, str]:
    """Reference -> VGG16, M256, ...; where two have one name, what the menus call them."""
    infos = dict(known)
    sizes = [trio.size_name(infos[ref]) for ref in refs]
    return {ref: n if sizes.count(n) == 1 else trio.label(known, ref) for ref, n in zip(refs, sizes, strict=True)}


def read(members: Sequence[Member], picture: Picture) -> tuple[list[Member], Callable[[], object] | None]:
    """The members with what they say, or what to call once the page is painted: torch's import takes seconds."""
    if not caches.torch_is_loaded():
        return list(members), lambda: [_read(member, picture) for member in members]
    return [_read(member, picture) for member in members], None


def _read(member: Member, picture: Picture) -> Member:
    try:
        logits, seconds = ensemble_caches.logits(member.ref, member.info.sha256, picture.image, private=picture.private)
    except UnetKDError as error:
        # One damaged checkpoint must not take the other two off the screen.
        return replace(member, problem=str(error))
    alone = replace(member, logits=logits, seconds=seconds)
    return replace(alone, labels=_mean([alone], (1.0,), "fixed", picture))


def mean(members: Sequence[Member], weights: Weights, weighting: Weighting, picture: Picture) -> np.ndarray | None:
    """(H, W) uint8: what those who could read it say together; None where nobody has a say."""
    there = [(m, w) for m, w in zip(members, weights, strict=True) if m.logits is not None]
    try:
        shares = on_simplex([w for _, w in there], len(there))
    except ConfigError:
        return None
    return _mean([m for m, _ in there], shares, weighting, picture)


def _mean(members: Sequence[Member], shares: Weights, weighting: Weighting, picture: Picture) -> np.ndarray:
    parts = [m.logits for m in members if m.logits is not None]
    return ensemble_caches.mean(_key(members), shares, weighting, picture.image, parts, private=picture.private)


def on_picture(members: Sequence[Member], picture: Picture) -> Searched | None:
    """Every weighting's score on a picture whose truth is known; None where a member could not read it,
    or too many others wait.
    """
    parts = [m.logits for m in members if m.logits is not None]
    if picture.truth is None or len(parts) < len(members):
        return None
    try:
        return ensemble_caches.tally(
            _key(members), candidates(len(members)), picture.image, picture.truth, parts, private=picture.private
        )
    except BusyError:
        return None  # at the next look


def candidates(members: int) -> tuple[Weights, ...]:
    """The weights that are tried: the paper's integers, and the simplex in steps of 0.05."""
    return (*integer_grid(members), *simplex_grid(members))


def _key(members: Sequence[Member]) -> ensemble_caches.Key:
    return tuple((m.ref, m.info.sha256) for m in members)
