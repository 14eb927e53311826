"""Networks that learn beside a student and are thrown away with the run: adapters of its maps, and a critic.

Their first weights are functions of the seed, drawn apart from the student's, which begins as its untaught twin does.
None of them is ever part of a checkpoint; resuming needs them all.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import torch
from torch import Tensor, nn

from unetkd_core.losses.holistic import critic_loss
from unetkd_core.models.critic import Critic
from unetkd_core.training import terms
from unetkd_core.training.ranks import ALONE, Ranks
from unetkd_core.training.state import Part
from unetkd_core.training.step import Beside, Seen
from unetkd_core.training.terms import ChannelWise, ExtraTerm, Holistic

CRITIC: Final = "critic"
"""What its losses are called, before a point and the name of each."""
_BETAS: Final = (0.9, 0.99)
"""Of the critic's Adam, as Liu et al. have it."""


class Company:
    """What the terms of one run need beside the student.

    student, teacher: level -> channels of their maps; an adapter, a 1x1 convolution, stands where a term needs equal
    widths and they are not. device: where all of it lives. ranks: the processes that train one run together.
    """

    def __init__(
        self,
        chosen: Sequence[ExtraTerm],
        student: Mapping[str, int],
        teacher: Mapping[str, int],
        *,
        seed: int,
        device: torch.device,
        ranks: Ranks = ALONE,
    ) -> None:
        self._seed, self._ranks = seed, ranks
        self._holistic = next((term for term in chosen if isinstance(term, Holistic)), None)
        levels: list[str] = [term.level for term in chosen if isinstance(term, ChannelWise) and terms.level_of(term)]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            adapters: dict[str, nn.Module] = {
                level: nn.Conv2d(student[level], teacher[level], 1, bias=False)  # a softmax over places sees no bias
                for level in levels
                if student[level] != teacher[level]
            }
            critic = None if self._holistic is None else Critic()
        self.adapters = nn.ModuleDict(adapters).to(device)
        self.critic = None if critic is None else critic.to(device)
        self._optimizer: torch.optim.Optimizer | None = None
        if self.critic is not None and self._holistic is not None:
            rate = self._holistic.critic_rate
            self._optimizer = torch.optim.Adam(self.critic.parameters(), lr=rate, betas=_BETAS)

    def adapt(self, level: str, student: Tensor) -> Tensor:
        """The student's map as wide as the teacher's: itself where it is so already. In float32."""
        return cast(Tensor, self.adapters[level](student.float())) if level in self.adapters else student

    @property
    def learner(self) -> Beside | None:
        """Who takes steps of its own: the critic. Adapters move with the student."""
        return None if self.critic is None else self._learn

    def _learn(self, seen: Seen, step: int) -> dict[str, Tensor]:
        """One step of the critic, on what student and teacher said in the student's own."""
        assert self.critic is not None and self._optimizer is not None and self._holistic is not None
        assert seen.teacher is not None
        student, teacher = (said.logits.detach().float().softmax(dim=1) for said in (seen.student, seen.teacher))
        generator = torch.Generator().manual_seed(_mixed(self._seed, step))
        loss, parts = critic_loss(
            self.critic,
            seen.batch.image,
            student,
            teacher,
            seen.batch.target,
            penalty=self._holistic.penalty,
            generator=generator,
            place=(seen.batch.first, seen.batch.scenes),
            total=self._ranks.total,
        )
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self._ranks.add_gradients(self.critic.parameters())
        self._optimizer.step()
        return {f"{CRITIC}.{name}": self._ranks.total(value) for name, value in parts.items()}

    def parts(self) -> dict[str, Part]:
        """What resuming needs besides the student and its optimiser, which the adapters share."""
        found = {"adapters": Part(self.adapters)} if len(self.adapters) else {}
        return found | ({} if self.critic is None else {CRITIC: Part(self.critic, self._optimizer)})


def critic_of(means: Mapping[str, float]) -> dict[str, Any]:
    """The critic's own losses in an epoch, as its line of metrics holds them; nothing where there is none."""
    own = {name.removeprefix(f"{CRITIC}."): mean for name, mean in means.items() if name.startswith(f"{CRITIC}.")}
    return {CRITIC: own} if own else {}


def _mixed(seed: int, step: int) -> int:
    """One number from two, for a generator: steps of one seed are not another seed's."""
    return (seed * 1_000_003 + step) % 2**63
