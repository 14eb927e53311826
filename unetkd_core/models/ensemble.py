"""Several networks as one teacher: the weighted mean of what they say. Knows no file, no name and no dataset.

The paper's mean is one of probabilities at T = 1. Its logarithm is given out as logits, so that whoever softens it with
a temperature gets softmax(log p_mean / T), as from any other teacher:

    log p_mean = logsumexp_i(log w_i + log softmax(z_i)),  over members of non-zero weight
"""

import math
from collections.abc import Callable, Sequence
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unetkd_core.classes import VOID
from unetkd_core.models.weighting import Space, Weighting, by_class, check_given, even, on_simplex

_LEAST: Final = 1e-6
"""Keeps a perfect or a clueless member's weight finite and positive."""


class EnsembleTeacher(nn.Module):
    """Any number of networks of one set of classes, whatever their architecture, whose answers are averaged.

    members: modules, image (N, 3, H, W) in [0, 1] -> logits (N, C, H, W). weights: one a member, brought to sum 1;
    none: even. class_weights: one row a member, one column a class, for `per_class`. sizes: (height, width) that each
    was trained at; reading a photo, each looks at it at its own scale (inference/readout.py), while in training all see
    the student's view. space: probs (the paper) or logits, centred over the classes. weighting: models/weighting.py,
    none: fixed where weights are given, else even; `loss` and `confidence` multiply `weights` by what they find. Raises
    ConfigError for weights that cannot be, or that are missing.
    """

    weights: Tensor
    class_weights: Tensor | None

    def __init__(
        self,
        members: Sequence[nn.Module],
        *,
        weights: Sequence[float] | None = None,
        class_weights: Sequence[Sequence[float]] | None = None,
        sizes: Sequence[tuple[int, int]] | None = None,
        space: Space = "probs",
        weighting: Weighting | None = None,
    ) -> None:
        super().__init__()
        count = len(members)
        if not count or (sizes is not None and len(sizes) != count):
            raise ValueError(f"{count} members and {len(sizes or ())} sizes; expected one size a member, and a member")
        self.members = nn.ModuleList(members)
        self.sizes = None if sizes is None else tuple(sizes)
        self.space = space
        self.weighting = weighting or ("even" if weights is None else "fixed")
        check_given(self.weighting, weights, class_weights)
        given = even(count) if weights is None else on_simplex(weights, count)
        self.register_buffer("weights", torch.tensor(given, dtype=torch.float32))
        table = None if class_weights is None else torch.tensor(by_class(class_weights, count), dtype=torch.float32)
        self.register_buffer("class_weights", table)
        most = self.weights if table is None else table.amax(dim=1)
        self.heard = tuple(index for index, weight in enumerate(most.tolist()) if weight > 0)
        """Members that have a say, fixed here; one of weight 0 is never run."""
        self.summed: Callable[[Tensor], Tensor] = lambda value: value
        """The sum over processes, where several have a share of a batch each: weights by loss are the whole batch's."""

    @property
    def needs_target(self) -> bool:
        """Whether its weights come from labels, which only training has; without them `weights` alone count."""
        return self.weighting == "loss"

    def forward(self, image: Tensor, target: Tensor | None = None) -> Tensor:
        """image (N, 3, H, W) in [0, 1], target (N, H, W) int64 or none -> logits (N, C, H, W) float32: log p_mean, or
        the mean of the centred logits.
        """
        return self.mix([self.members[index](image) for index in self.heard], target)

    def mix(self, logits: Sequence[Tensor], target: Tensor | None = None) -> Tensor:
        """The mean of what the `heard` members said, in their order: (N, C, H, W) each -> the same, float32."""
        if len(self.heard) == 1:
            return logits[0].float()
        said = [_centred(z) if self.space == "logits" else torch.log_softmax(z.float(), dim=1) for z in logits]
        weights = self._weights(said, target)
        if self.space == "logits":
            return torch.stack([w * z for w, z in zip(weights, said, strict=True)]).sum(dim=0)
        mean = weights[0].log() + said[0]
        for weight, log_p in zip(weights[1:], said[1:], strict=True):
            mean = torch.logaddexp(mean, weight.log() + log_p)
        return mean

    def _weights(self, said: list[Tensor], target: Tensor | None) -> list[Tensor]:
        """One a heard member, to be broadcast over (N, C, H, W); their sum is 1 wherever it is taken."""
        if self.class_weights is not None:
            return [self.class_weights[index].view(1, -1, 1, 1) for index in self.heard]
        base = [self.weights[index] for index in self.heard]
        if self.space == "logits" and self.weighting in ("confidence", "loss"):
            said = [z.log_softmax(dim=1) for z in said]
        if self.weighting == "confidence":
            return _normalised([w * _confidence(z) for w, z in zip(base, said, strict=True)])
        if self.weighting == "loss" and target is not None:
            losses = (_loss(z, target, self.summed).clamp_min(_LEAST) for z in said)
            return _normalised([w / loss for w, loss in zip(base, losses, strict=True)])
        return _normalised(base)


def _centred(logits: Tensor) -> Tensor:
    """Logits are known up to a constant a pixel; without it those of unlike networks can be compared."""
    logits = logits.float()
    return logits - logits.mean(dim=1, keepdim=True)


def _confidence(log_p: Tensor) -> Tensor:
    """(N, 1, H, W) in (0, 1]: one minus the entropy over its largest value."""
    entropy = -(log_p.exp() * log_p).sum(dim=1, keepdim=True)
    return (1 - entropy / math.log(log_p.shape[1])).clamp_min(_LEAST)


def _loss(log_p: Tensor, target: Tensor, summed: Callable[[Tensor], Tensor]) -> Tensor:
    """0-dim: mean cross-entropy in nats on the labelled pixels; 0 where there are none, for every member alike."""
    labels = target.masked_fill(target >= log_p.shape[1], VOID)
    total = F.nll_loss(log_p, labels, ignore_index=VOID, reduction="sum")
    return summed(total) / summed((labels != VOID).sum()).clamp_min(1)


def _normalised(weights: list[Tensor]) -> list[Tensor]:
    total = torch.stack(weights).sum(dim=0)
    return [w / total for w in weights]
