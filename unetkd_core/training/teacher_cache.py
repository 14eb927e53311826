"""A teacher that is asked once: its answers to every view are kept, and all students read them from there.

What is kept are centred log-probabilities, untempered, in float16 (rounding probabilities to a byte costs 0.15-0.28 of
total variation at T 4-10; this costs under 0.001): they serve any temperature and any weight of the soft term. An
ensemble's members are kept apart where its weights move, its mean where they are fixed. Each epoch shows every scene
one view, in turn, so that the answers to a turn are asked for when the first run comes to it: a first run costs what
live teaching costs, the next one nothing. Runs side by side share the asking: who would wait for a turn that another
asks about asks about a later one meanwhile. A live teacher sees the same views and says the same.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor, nn

from unetkd_core.classes import NUM_CLASSES
from unetkd_core.data import augment
from unetkd_core.data.views import View, view_in_turn
from unetkd_core.errors import TrainingError
from unetkd_core.models.ensemble import EnsembleTeacher
from unetkd_core.training import engine
from unetkd_core.training.answers import LABELS, Answers, turn_name
from unetkd_core.training.frozen_teacher import FrozenTeacher
from unetkd_core.training.ranks import ALONE, Ranks
from unetkd_core.training.room import Using
from unetkd_core.training.step import ArrayData, Batch, Said

ASKED_AT_ONCE: Final = 8
"""Scenes that go through the teacher together: always so many, whatever a run's batch, so that an answer does not
depend on who asked first.
"""
_LARGEST: Final = 6e4
"""float16 ends at 65504; no sane logit comes near."""

Tick = Callable[[int, int], None]
"""(scenes asked, scenes to ask): called as a teacher answers; what it raises ends the asking."""


@dataclass(frozen=True)
class Kept:
    """One network whose answers are kept. member: its place in an ensemble; none: the teacher as a whole."""

    answers: Answers
    member: int | None = None


@dataclass(frozen=True)
class Source:
    """Where a teacher comes from, and where what it says lies.

    load: brings the network, in eval mode; called only when there is something to ask. kept: what its answers about the
    training views are put together from; empty: it is asked live, at every step. labels: where its classes on the
    validation scenes are kept, or none. mixer: puts members' answers together, where they are kept apart.
    """

    load: Callable[[], nn.Module]
    kept: tuple[Kept, ...] = ()
    labels: Answers | None = None
    mixer: EnsembleTeacher | None = None
    using: Using | None = None
    """Held as long as the source is: it keeps what lies there from making room for others."""


class Teaching:
    """A run's teacher as the trainer sees it: before each epoch `prepare`, at each step `answer`.

    levels: whose maps it shows besides its logits, which only a live one does (plan.why_live). ranks: the processes
    that are taught together.
    """

    def __init__(
        self,
        source: Source,
        data: ArrayData,
        views: Sequence[View],
        *,
        turns: int,
        accelerator: Accelerator,
        memory_format: torch.memory_format,
        levels: Sequence[str] = (),
        ranks: Ranks = ALONE,
    ) -> None:
        if levels and source.kept:
            raise ValueError("feature maps are not kept; a teacher that shows them is asked live")
        self._levels = tuple(levels)
        self._source, self._data, self._views, self._turns = source, data, views, turns
        self._accelerator, self._memory_format = accelerator, memory_format
        self._network: nn.Module | None = None
        self._frozen: dict[int | None, FrozenTeacher] = {}
        self._open: list[np.ndarray] = []
        self._asks_ahead = True
        self._ranks = ranks
        if source.mixer is not None:
            source.mixer.to(accelerator.device)
            source.mixer.summed = ranks.total

    @property
    def live(self) -> bool:
        """Whether it is asked at every step."""
        return not self._source.kept

    def frozen(self, member: int | None = None) -> FrozenTeacher:
        """The network itself, or one of its members; loaded at the first call."""
        if member not in self._frozen:
            if self._network is None:
                self._network = self._source.load()
                if isinstance(self._network, EnsembleTeacher):
                    self._network.summed = self._ranks.total
            part = self._network if member is None else self._network.members[member]  # type: ignore[index]
            assert isinstance(part, nn.Module)
            self._frozen[member] = FrozenTeacher(
                part, self._accelerator, self._memory_format, self._levels if member is None else ()
            )
        return self._frozen[member]

    def to_ask(self, first_epoch: int, epochs: int) -> int:
        """Scenes (times networks) that have to be asked about before training in these epochs is over."""
        turns = {epoch % self._turns for epoch in range(first_epoch, min(epochs, first_epoch + self._turns))}
        missing = sum(not kept.answers.has(turn_name(turn)) for turn in turns for kept in self._source.kept)
        return missing * len(self._data)

    def prepare(self, epoch: int, tick: Tick, *, epochs: int | None = None) -> None:
        """Have the answers for this epoch's views at hand. Raises what `tick` raises, and OSError.

        epochs: how many there are in all; none: this is the last. While another run asks about these views, a later
        epoch's are asked about. Of several processes the first asks, for as long as it takes; the others then read what
        it kept.
        """
        if self.live:
            self.frozen()
            return
        if not self._ranks.first:
            self._ranks.wait()
        turn = epoch % self._turns
        to_come = dict.fromkeys(one % self._turns for one in range(epoch + 1, epochs or 0))
        later = [one for one in to_come if one != turn]
        shape = (len(self._data), NUM_CLASSES, *self._data.gather(np.zeros(1, np.int64))[1].shape[1:])
        self._open = []
        for kept in self._source.kept:
            ask = partial(self._ask, kept, turn, tick)
            meanwhile = partial(self._meanwhile, kept, later, shape, tick)
            self._open.append(kept.answers.array(turn_name(turn), shape, np.float16, ask, meanwhile))
        if self._ranks.first:
            self._ranks.wait()

    def _meanwhile(self, kept: Kept, turns: Sequence[int], shape: tuple[int, ...], tick: Tick) -> None:
        """Another run asks about the turn that we need: ask about the next that nobody asked about."""
        tick(0, shape[0])
        try:
            for turn in turns if self._asks_ahead else ():
                if kept.answers.ahead(turn_name(turn), shape, np.float16, partial(self._ask, kept, turn, tick)):
                    return
        except OSError:  # a full disk ends who needs the answers now, not who could have waited
            self._asks_ahead = False

    def release(self) -> None:
        """Let go of the network: nothing is left to ask."""
        if not self.live:
            self._network = None
            self._frozen.clear()

    def answer(self, batch: Batch) -> Said:
        """step.Teacher: float32 from a live network or a mix, float16 straight from the cache."""
        if self.live:
            return self.frozen().answer(batch)
        device = batch.target.device
        said = [torch.from_numpy(np.take(array, batch.indices, axis=0)).to(device) for array in self._open]
        return Said(said[0] if self._source.mixer is None else self._source.mixer.mix(said, batch.target))

    def labels(self, data: ArrayData, batch_size: int, tick: Tick) -> np.ndarray:
        """(N, H, W) uint8: its classes on validation scenes, unaugmented; kept where the source says so."""
        kept = self._source.labels
        if kept is None:
            return np.concatenate(list(self._label_blocks(data, batch_size, tick)))
        shape = (len(data), *data.gather(np.zeros(1, np.int64))[1].shape[1:])
        if not self._ranks.first:
            self._ranks.wait()
        found = kept.array(
            LABELS, shape, np.uint8, lambda: self._label_blocks(data, ASKED_AT_ONCE, tick), lambda: tick(0, len(data))
        )
        if self._ranks.first:
            self._ranks.wait()
        return found

    def _label_blocks(self, data: ArrayData, at_once: int, tick: Tick) -> Iterator[np.ndarray]:
        for indices in _batches(len(data), at_once):
            tick(int(indices[0]), len(data))
            images, _ = data.gather(indices)
            yield engine.predict_labels(
                self.frozen(), images, device=self._accelerator.device, memory_format=self._memory_format
            )

    def _ask(self, kept: Kept, turn: int, tick: Tick) -> Iterator[np.ndarray]:
        """(B, 6, H, W) float16 for all scenes in the data's order, each through its view of this turn."""
        network, device = self.frozen(kept.member), self._accelerator.device
        for indices in _batches(len(self._data), ASKED_AT_ONCE):
            tick(int(indices[0]), len(self._data))
            images, labels = self._data.gather(indices)
            view_ids = view_in_turn(len(self._views), indices, turn=turn)
            image, _ = augment.apply_views(
                torch.from_numpy(images).to(device), torch.from_numpy(labels).to(device), view_ids, self._views
            )
            said = centred(network(image))
            if not bool(torch.isfinite(said).all()):
                raise TrainingError(
                    f"What the teacher says of scenes {indices[0]} to {indices[-1]} is not a number; its weights are "
                    "broken, or they overflow in this precision: try fp32."
                )
            yield said.cpu().numpy()
        tick(len(self._data), len(self._data))


def centred(logits: Tensor) -> Tensor:
    """Logits (N, C, H, W) float32 -> float16 with mean 0 over the classes: log-probabilities but for a constant a
    pixel, which no softmax sees. Centred, their numbers are small, and float16 is finest there.
    """
    return (logits - logits.mean(dim=1, keepdim=True)).clamp_(-_LARGEST, _LARGEST).half()


def _batches(count: int, at_once: int) -> Iterator[np.ndarray]:
    return (np.arange(start, min(start + at_once, count)) for start in range(0, count, at_once))
