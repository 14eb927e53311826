"""Which weights make the best mean of several networks: every candidate scored exactly, in one pass over the images.

The paper tries every integer triple of 0 to 4 in three nested loops over predictions that it keeps in memory. Here the
networks see each image once, all candidates are scored on it together, and only 36 numbers a candidate are kept. Two
facts make that quick:

    where all members say the same class, every mean of theirs says it too (about nine pixels in ten);
    where only two classes can win (no third is first, for any weights), the winner is the sign of one sum.

Where a mean ties two classes exactly, rounding may give the pixel to either.

A mean is scored as `evaluate` scores an EnsembleTeacher: members brought to the labels' own size and averaged there.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from typing import Final

import torch
from torch import Tensor, nn

from unetkd_core.classes import NUM_CLASSES
from unetkd_core.data.packed import spaced
from unetkd_core.data.source import Source
from unetkd_core.errors import ConfigError, DataError
from unetkd_core.inference.evaluate import batches
from unetkd_core.inference.readout import read
from unetkd_core.inference.searched import Searched, Weights
from unetkd_core.models.weighting import Space, on_simplex

_CHUNK_VALUES: Final = 1_000_000
"""Values that a step of counting holds at once (4 MB in float32: they stay in the cache)."""
_BLOCK: Final = 128
"""Candidates that a step of counting takes at once."""


def search(
    members: Sequence[nn.Module],
    source: Source,
    candidates: Iterable[Weights],
    *,
    sizes: Sequence[tuple[int, int]],
    space: Space = "probs",
    limit: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Searched:
    """Score every candidate's mean of `members` on `source`, at the labels' own size.

    sizes: (height, width) that each member was trained at. limit: at most so many scenes, evenly spaced.
    progress(done, total) after each batch. Memory does not grow with the split. Raises ConfigError for candidates that
    are no weights, DataError for a split that is empty or has no labels.
    """
    indices = spaced(len(source), limit)
    if not indices:
        raise DataError(f"{source.ref} has no scenes; choose another split to search weights on.")
    tally = Tally(candidates, len(members), space)
    done = 0
    for batch in batches(source, indices, max(sizes, key=lambda s: s[0] * s[1])):
        size = (batch.target.shape[1], batch.target.shape[2])
        with torch.inference_mode():
            said = [read(member, batch.images, own) for member, own in zip(members, sizes, strict=True)]
            for strips in zip(*(one.strips(size) for one in said), strict=True):
                tally.add([strip for _, strip in strips], batch.target[:, strips[0][0]])
        done += len(batch.images)
        if progress is not None:
            progress(done, len(indices))
    result = tally.result(done)
    if not result.confusion.any():
        raise DataError(
            f"{source.ref} has no labelled pixel in {done} scenes, so no weights can be scored; take more or others."
        )
    return result


class Tally:
    """Counts, for every candidate at once, which class its mean says and which is true."""

    def __init__(self, candidates: Iterable[Weights], members: int, space: Space) -> None:
        self.candidates = tuple(candidates)
        if not self.candidates:
            raise ConfigError("There are no weights to try; give at least one candidate.")
        table = [_as_tried(candidate, members) for candidate in self.candidates]
        self._weights = torch.tensor(table, dtype=torch.float32)  # (K, members)
        self._space = space
        self._agreed = torch.zeros(NUM_CLASSES, NUM_CLASSES, dtype=torch.int64)
        self._counted = torch.zeros(len(table), NUM_CLASSES, NUM_CLASSES, dtype=torch.int64)

    def add(self, logits: Sequence[Tensor], target: Tensor) -> None:
        """Count pixels. logits: (N, 6, H, W) float, one a member; target: (N, H, W) integers, other values than classes
        are left out.
        """
        said = [_comparable(z, self._space).transpose(0, 1).reshape(NUM_CLASSES, -1) for z in logits]
        self.add_comparable(said, target.reshape(-1))

    def add_comparable(self, said: Sequence[Tensor], target: Tensor) -> None:
        """The same from what is averaged. said: (6, P) float32, one a member; target: (P,) integers."""
        self._to(said[0].device)
        target = target.to(said[0].device)
        labelled = (target >= 0) & (target < NUM_CLASSES)
        target = target.to(torch.uint8)
        winners = [_first_largest(one) for one in said]
        contested = torch.zeros_like(labelled)
        for winner in winners[1:]:
            contested |= winner != winners[0]
        nothing = NUM_CLASSES**2  # the code of what is not counted here
        codes = (target * NUM_CLASSES + winners[0]).masked_fill_(~labelled | contested, nothing)
        self._agreed += torch.bincount(codes, minlength=nothing + 1)[:nothing].view(NUM_CLASSES, -1)
        pixels = (contested & labelled).nonzero()[:, 0]
        if len(pixels):
            there = torch.stack([one.index_select(1, pixels) for one in said])  # (members, 6, P)
            self._count(there, [w[pixels] for w in winners], target[pixels].long())

    def result(self, scenes: int) -> Searched:
        """Everything counted so far."""
        confusion = self._counted + self._agreed
        return Searched(self.candidates, confusion.cpu().numpy(), scenes)

    def _to(self, device: torch.device) -> None:
        if self._weights.device != device:
            self._weights, self._agreed = self._weights.to(device), self._agreed.to(device)
            self._counted = self._counted.to(device)

    def _count(self, said: Tensor, winners: Sequence[Tensor], target: Tensor) -> None:
        """Pixels on which members disagree. said: (members, 6, P); winners: (P,) a member; target: (P,)."""
        first, second = reduce(torch.minimum, winners).long(), reduce(torch.maximum, winners).long()
        ahead = said.gather(1, first.expand(len(said), 1, -1))
        behind = said.gather(1, second.expand(len(said), 1, -1))
        # A class is beaten for good where another is higher with every member; on ties it may still be the first.
        beaten = (said < ahead).all(dim=0) | (said < behind).all(dim=0)
        pair = beaten.sum(dim=0) == NUM_CLASSES - 2
        pairs, others = pair.nonzero()[:, 0], (~pair).nonzero()[:, 0]
        lead = (ahead - behind)[:, 0]
        blocks = list(zip(self._weights.split(_BLOCK), self._counted.split(_BLOCK), strict=True))
        for part in pairs.split(_CHUNK_VALUES // _BLOCK) if len(pairs) else ():
            chosen = lead.index_select(1, part), first[part], second[part], target[part]
            for weights, counted in blocks:
                _count_pairs(*chosen, weights, counted)
        for part in others.split(_CHUNK_VALUES // (_BLOCK * NUM_CLASSES)) if len(others) else ():
            chosen_any = said.index_select(2, part), target[part]
            for weights, counted in blocks:
                _count_any(*chosen_any, weights, counted)


def _count_pairs(lead: Tensor, first: Tensor, second: Tensor, target: Tensor, weights: Tensor, counted: Tensor) -> None:
    """Pixels that only `first` or `second`, a higher index, can win: the first does where the mean of `lead`, by how
    much each member prefers it, is not negative. lead: (members, P); weights: (K, members); counted: (K, 6, 6).
    """
    groups, member_of = torch.unique((target * NUM_CLASSES + first) * NUM_CLASSES + second, return_inverse=True)
    belongs = lead.new_zeros(len(member_of), len(groups)).scatter_(1, member_of[:, None], 1.0)
    # Sums of ones: exact, as a chunk has far fewer pixels than float32 counts without gaps.
    won = (((weights @ lead) >= 0).to(lead.dtype) @ belongs).long()  # (K, groups)
    lost = torch.bincount(member_of, minlength=len(groups)) - won
    true = groups // NUM_CLASSES**2
    flat = counted.view(len(weights), -1)
    flat.index_add_(1, true * NUM_CLASSES + groups // NUM_CLASSES % NUM_CLASSES, won)
    flat.index_add_(1, true * NUM_CLASSES + groups % NUM_CLASSES, lost)


def _count_any(said: Tensor, target: Tensor, weights: Tensor, counted: Tensor) -> None:
    """Pixels that several classes can win. said: (members, 6, P); weights: (K, members); counted: (K, 6, 6)."""
    winner = torch.einsum("km,mcp->kcp", weights, said).max(dim=1).indices
    offsets = torch.arange(len(weights), device=said.device)[:, None] * NUM_CLASSES**2
    codes = (offsets + target * NUM_CLASSES + winner).view(-1)
    counted += torch.bincount(codes, minlength=counted.numel()).view_as(counted)


def _as_tried(candidate: Weights, members: int) -> Weights:
    """The candidate as it is: argmax does not depend on the scale, and whole numbers keep exact ties exact. Brought to
    sum 1 only where float32 could not hold it. Raises ConfigError for what are no weights.
    """
    shares = on_simplex(candidate, members)
    return candidate if 1e-3 <= max(candidate) <= 1e3 else shares


def _comparable(logits: Tensor, space: Space) -> Tensor:
    """What is averaged: probabilities, or centred logits."""
    logits = logits.float()
    return logits.softmax(dim=1) if space == "probs" else logits - logits.mean(dim=1, keepdim=True)


def _first_largest(said: Tensor) -> Tensor:
    """(C, P) -> (P,) uint8: the index of the largest, the first of equal ones; a third of `max`'s time on a CPU."""
    best, index = said[0].clone(), torch.zeros(said.shape[1], dtype=torch.uint8, device=said.device)
    for number, one in enumerate(said[1:], start=1):
        index.masked_fill_(one > best, number)
        torch.maximum(best, one, out=best)
    return index
