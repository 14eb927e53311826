"""Which weights make the best mean of several networks: every candidate scored exactly, in one pass over the images.

The paper tries every integer triple of 0 to 4 in three nested loops over predictions that it keeps in memory. Here the
networks see each image once, all candidates are scored on it together, and only 36 numbers a candidate are kept. Two
facts make that quick, and change no answer but by rounding:

    where all members say the same class, every mean of theirs says it too (about nine pixels in ten);
    where only two classes can win (no third is first, for any weights), the winner is the sign of one sum.

A mean is scored as `evaluate` scores an EnsembleTeacher: members brought to the labels' own size and averaged there.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

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
    return tally.result(done)


class Tally:
    """Counts, for every candidate at once, which class its mean says and which is true."""

    def __init__(self, candidates: Iterable[Weights], members: int, space: Space, classes: int = NUM_CLASSES) -> None:
        self.candidates = tuple(candidates)
        if not self.candidates:
            raise ConfigError("There are no weights to try; give at least one candidate.")
        table = [on_simplex(candidate, members) for candidate in self.candidates]
        self._weights = torch.tensor(table, dtype=torch.float32)  # (K, members)
        self._space, self._classes = space, classes
        self._agreed = torch.zeros(classes, classes, dtype=torch.int64)
        self._counted = torch.zeros(len(table), classes, classes, dtype=torch.int64)

    def add(self, logits: Sequence[Tensor], target: Tensor) -> None:
        """Count pixels. logits: (N, C, H, W) float, one a member; target: (N, H, W) integers, other values than classes
        are left out.
        """
        said = [_comparable(z, self._space).transpose(0, 1).reshape(self._classes, -1) for z in logits]
        self.add_comparable(said, target.reshape(-1))

    def add_comparable(self, said: Sequence[Tensor], target: Tensor) -> None:
        """The same from what is averaged. said: (C, P) float32, one a member; target: (P,) integers."""
        self._to(said[0].device)
        target = target.to(said[0].device, torch.uint8)
        winners = [_first_largest(one) for one in said]
        contested = torch.zeros_like(target, dtype=torch.bool)
        for winner in winners[1:]:
            contested |= winner != winners[0]
        labelled = target < self._classes
        nothing = self._classes**2  # the code of what is not counted here
        codes = (target * self._classes + winners[0]).masked_fill_(~labelled | contested, nothing)
        self._agreed += torch.bincount(codes, minlength=nothing + 1)[:nothing].view(self._classes, -1)
        pixels = (contested & labelled).nonzero()[:, 0]
        if len(pixels):
            there = torch.stack([one.index_select(1, pixels) for one in said])  # (members, C, P)
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
        """Pixels on which members disagree. said: (members, C, P); winners: (P,) a member; target: (P,)."""
        first, second = reduce(torch.minimum, winners).long(), reduce(torch.maximum, winners).long()
        ahead = said.gather(1, first.expand(len(said), 1, -1))
        behind = said.gather(1, second.expand(len(said), 1, -1))
        # A class is beaten for good where another is higher with every member; on ties it may still be the first.
        beaten = (said < ahead).all(dim=0) | (said < behind).all(dim=0)
        pair = beaten.sum(dim=0) == self._classes - 2
        lead = (ahead - behind)[:, 0]
        for part in _chunks(pair.nonzero()[:, 0], self._weights.shape[0]):
            self._count_pairs(lead.index_select(1, part), first[part], second[part], target[part])
        for part in _chunks((~pair).nonzero()[:, 0], self._classes * self._weights.shape[0]):
            self._count_any(said.index_select(2, part), target[part])

    def _count_pairs(self, lead: Tensor, first: Tensor, second: Tensor, target: Tensor) -> None:
        """Pixels that only `first` or `second`, a higher index, can win: the first does where the mean of `lead`, by
        how much each member prefers it, is not negative. lead: (members, P).
        """
        classes, candidates = self._classes, len(self._weights)
        groups, member_of = torch.unique((target * classes + first) * classes + second, return_inverse=True)
        belongs = F.one_hot(member_of, len(groups)).to(lead.dtype)
        # Sums of ones: exact, as a chunk has far fewer pixels than float32 counts without gaps.
        won = (((self._weights @ lead) >= 0).to(lead.dtype) @ belongs).long()  # (K, groups)
        lost = torch.bincount(member_of, minlength=len(groups)) - won
        true = groups // classes**2
        counted = self._counted.view(candidates, -1)
        counted.index_add_(1, true * classes + groups // classes % classes, won)
        counted.index_add_(1, true * classes + groups % classes, lost)

    def _count_any(self, said: Tensor, target: Tensor) -> None:
        """Pixels that several classes can win. said: (members, C, P)."""
        classes, candidates = self._classes, len(self._weights)
        winner = torch.einsum("km,mcp->kcp", self._weights, said).max(dim=1).indices
        offsets = torch.arange(candidates, device=said.device)[:, None] * classes**2
        counts = torch.bincount((offsets + target * classes + winner).view(-1), minlength=candidates * classes**2)
        self._counted += counts.view(candidates, classes, classes)


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


def _chunks(pixels: Tensor, values_each: int) -> Sequence[Tensor]:
    """Indices in parts of at most _CHUNK_VALUES values; none where there are none."""
    return pixels.split(max(1, _CHUNK_VALUES // values_each)) if len(pixels) else ()
