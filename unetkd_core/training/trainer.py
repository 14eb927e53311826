"""One run, from its config: builds the student and what learns beside it, trains epoch by epoch.

One code path for standalone and taught runs. It is handed the data and where its teacher comes from, and reports
through callbacks; which folder things are kept in is the worker's affair.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
import torch
from torch import nn

from unetkd_core.losses.task import sqrt_class_weights
from unetkd_core.metrics import Scores, SegmentationMeter
from unetkd_core.models.features import Taps
from unetkd_core.models.levels import widths_of
from unetkd_core.models.names import arch_of
from unetkd_core.models.registry import build
from unetkd_core.training import engine
from unetkd_core.training.beside import Company, critic_of
from unetkd_core.training.config import RunConfig
from unetkd_core.training.objective import losses_of, objective
from unetkd_core.training.plan import turns_of, views_of
from unetkd_core.training.precision import TORCH_FORMAT
from unetkd_core.training.progress import Pace, Progress, Watch
from unetkd_core.training.ranks import ALONE, Ranks
from unetkd_core.training.schedule import learning_rate
from unetkd_core.training.setup import make_accelerator, make_optimizer, put_first_weights
from unetkd_core.training.state import Part, load_state, save_state
from unetkd_core.training.step import ArrayData, Batch, Said
from unetkd_core.training.teacher_cache import Source, Teaching
from unetkd_core.training.terms import ExtraTerm, levels_of


class Packed(ArrayData, Protocol):
    """What the trainer needs of a packed dataset: data/packed.py's PackedSet."""

    def class_shares(self) -> np.ndarray: ...


@dataclass(frozen=True)
class EpochReport:
    """One whole epoch: its line of metrics (JSON data, see the run folder), its scores, and the panel's predictions.

    best: no epoch before had a higher validation mIoU. panel: (K, H, W) uint8.
    """

    epoch: int
    metrics: dict[str, Any]
    scores: Scores
    best: bool
    panel: np.ndarray


class Trainer:
    """Trains one RunConfig whose hardware section is filled in.

    train, val: packed data. teacher: the network that teaches, live, or where one comes from, or none. panel: indices
    into `val` whose predictions each report carries. The network's first weights are a function of the config's model
    and seed alone; resuming: `restore` will replace them, so an encoder's are not looked for. ranks: the processes that
    train it together, each of which makes one of these and does the same with it; what they report is the same.
    """

    def __init__(
        self,
        config: RunConfig,
        *,
        train: Packed,
        val: Packed,
        teacher: nn.Module | Source | None = None,
        panel: Sequence[int] = (),
        resuming: bool = False,
        ranks: Ranks = ALONE,
    ) -> None:
        if (config.teaching is None) != (teacher is None):
            raise ValueError("a teacher is given exactly when the config has a teaching section")
        self.config, self.train, self.val, self.panel = config, train, val, panel
        self.memory_format = TORCH_FORMAT[config.hardware.memory_format]
        self._ranks = ranks
        self.accelerator = make_accelerator(
            config.hardware.device,
            config.hardware.precision,
            processes=ranks.count,
            some_rest=config.optim.encoder_frozen_epochs > 0,
        )
        self._views, turns = views_of(config.augment), turns_of(config.augment)
        self._draw = engine.drawing(len(self._views), seed=config.seed, turns=turns)
        self.arch = arch_of(config.model.name, config.model.norm)
        self.began_from: dict[str, str] | None = None
        """Name and sha256 of what it, or its encoder, began from, for the record; none: scratch, or resumed."""
        self._network = self._first_network(resuming)
        self.teaching = None if teacher is None else self._taught_by(teacher, turns or 1)
        self._teacher_pred: np.ndarray | None = None
        self._taps = Taps(self._network, levels_of(self._terms))
        self._company = self._first_company()
        self._adapters = [] if self._company is None else list(self._company.adapters.parameters())
        self.optimizer = make_optimizer(self._network, config.optim, self._adapters)
        self.model, self._prepared = self.accelerator.prepare(self._network, self.optimizer)
        weight = sqrt_class_weights(train.class_shares()).to(self.accelerator.device)
        self._objective = objective(config.optim, config.teaching, weight, self._company, ranks)
        self.epoch = 0
        self.best_miou = -1.0
        self.steps = -(-len(train) // config.optim.batch_size)
        self.pace = Pace(len(train), len(val), config.optim.epochs)

    def _first_network(self, resuming: bool) -> nn.Module:
        """The student as it begins, on its device. A twin's is the same: nothing is drawn before it."""
        torch.manual_seed(self.config.seed)
        network = build(self.arch)
        if not resuming:
            self.began_from = put_first_weights(network, self.arch, self.config.model)
        if self._ranks.count > 1 and self.accelerator.device.type == "cuda":
            network = nn.SyncBatchNorm.convert_sync_batchnorm(network)
        placed: nn.Module = network.to(device=self.accelerator.device, memory_format=self.memory_format)  # type: ignore[call-overload]
        return placed

    def _taught_by(self, teacher: nn.Module | Source, turns: int) -> Teaching:
        return Teaching(
            teacher if isinstance(teacher, Source) else Source(load=lambda: teacher),
            self.train,
            self._views,
            turns=turns,
            accelerator=self.accelerator,
            memory_format=self.memory_format,
            levels=levels_of(self._terms),
            ranks=self._ranks,
        )

    def _first_company(self) -> Company | None:
        """Who learns beside the student; none where no term asks for more than what the networks say."""
        if self.teaching is None or not self._terms:
            return None
        theirs = self.teaching.frozen().taps.widths if levels_of(self._terms) else {}
        device = self.accelerator.device
        return Company(
            self._terms, widths_of(self.arch), theirs, seed=self.config.seed, device=device, ranks=self._ranks
        )

    @property
    def _terms(self) -> tuple[ExtraTerm, ...]:
        return self.config.teaching.terms if self.config.teaching is not None else ()

    @property
    def _beside(self) -> dict[str, Part]:
        return {} if self._company is None else self._company.parts()

    @property
    def network(self) -> nn.Module:
        """The student itself, as `models.build` made it."""
        return self._network

    def save(self, folder: Path, more: Mapping[str, Any] | None = None) -> None:
        """Write all that resuming needs, after a whole epoch. more: JSON data, given back by `restore`."""
        extra = {**(more or {}), "epoch": self.epoch, "best_miou": self.best_miou}
        save_state(folder, self._network, self.optimizer, extra, self._beside)

    def restore(self, folder: Path) -> dict[str, Any]:
        """Go on after the epoch that `save` wrote, exactly as if there had been no break. Returns what it was given."""
        extra = load_state(folder, self._network, self.optimizer, self._beside)
        self.epoch, self.best_miou = int(extra.pop("epoch")), float(extra.pop("best_miou"))
        return extra

    def predict_panel(self) -> np.ndarray:
        """(K, H, W) uint8: the student's classes for the panel's scenes, now."""
        self._network.eval()  # itself: DDP around it would wait for the other processes
        images, _ = self.val.gather(np.asarray(self.panel, dtype=np.int64))
        return engine.predict_labels(
            self._network, images, device=self.accelerator.device, memory_format=self.memory_format
        )

    def teacher_scores(self) -> Scores | None:
        """What the teacher itself scores on the validation scenes, at the packed size; none before it was asked."""
        if self._teacher_pred is None:
            return None
        meter = SegmentationMeter()
        for start in range(0, len(self.val), self.config.optim.batch_size):
            indices = np.arange(start, min(start + self.config.optim.batch_size, len(self.val)))
            labels = torch.from_numpy(self.val.gather(indices)[1]).long()
            meter.update(torch.from_numpy(self._teacher_pred[indices]), labels)
        return meter.compute()

    def fit(
        self,
        *,
        on_progress: Callable[[Progress], None] = lambda progress: None,
        on_epoch: Callable[[EpochReport], None] = lambda report: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        """Train the epochs that are left.

        on_progress: after every step and validation batch. on_epoch: after every whole epoch; its time counts into the
        ETA. should_stop: asked at every step; StopRequested is raised as soon as it says so.
        """
        self._prepare_teacher_pred(on_progress, should_stop)
        while self.epoch < self.config.optim.epochs:
            report = self._one_epoch(on_progress, should_stop)
            start = time.perf_counter()
            on_epoch(report)
            self._ranks.wait()  # what is saved is saved before any goes on, or leaves
            self.pace.saving = time.perf_counter() - start

    def _one_epoch(self, on_progress: Callable[[Progress], None], should_stop: Callable[[], bool]) -> EpochReport:
        optim, epoch = self.config.optim, self.epoch
        begin = time.perf_counter()
        if self.teaching is not None:
            self.pace.to_ask = self.teaching.to_ask(epoch, optim.epochs)
            asking = Watch(self.pace, epoch, self.steps, on_progress, should_stop)
            self.teaching.prepare(epoch, asking.asked, epochs=optim.epochs)
            self.pace.to_ask = self.teaching.to_ask(epoch, optim.epochs)
            if self.pace.to_ask == 0:
                self.teaching.release()
        watch = Watch(self.pace, epoch, self.steps, on_progress, should_stop, self._ranks.any)
        start = time.perf_counter()
        means = self.train_once(on_step=watch.trained)
        trained = time.perf_counter()
        watch.stage = "validating"
        self._ranks.copy_buffers(self._network)
        result = engine.validate(
            self._network,
            self.val,
            batch_size=optim.batch_size,
            accelerator=self.accelerator,
            memory_format=self.memory_format,
            teacher_pred=self._teacher_pred,
            keep=self.panel,
            on_step=watch.validated,
            ranks=self._ranks,
        )
        self.epoch += 1
        best = result.scores.miou >= self.best_miou  # a tie goes to the later epoch
        if best:
            self.best_miou = result.scores.miou
        metrics = {
            "epoch": self.epoch,
            "seconds": round(time.perf_counter() - begin, 4),
            "teacher_seconds": round(start - begin, 4),
            "images_per_second": round(len(self.train) / (trained - start), 3),
            "learning_rate": self._learning_rate(self.epoch * self.steps - 1),
            **losses_of(self.config.teaching, means),
            **critic_of(means),
            "val": result.scores.to_json(),
        }
        return EpochReport(self.epoch, metrics, result.scores, best, result.kept)

    def batches(self, epoch: int) -> Iterator[Batch]:
        """The epoch's batches, a function of (seed, epoch) alone."""
        return engine.training_batches(
            self.train,
            self._views,
            draw=self._draw,
            batch_size=self.config.optim.batch_size,
            seed=self.config.seed,
            epoch=epoch,
            jitter=self.config.augment.jitter,
            device=self.accelerator.device,
            ranks=self._ranks,
        )

    def train_once(
        self, *, on_step: Callable[[int, int], None], batches: Iterator[Batch] | None = None
    ) -> dict[str, float]:
        """The present epoch's batches, or those given, with a teacher that is prepared; the loss's parts' means."""
        return engine.train_epoch(
            self.model,
            self.batches(self.epoch) if batches is None else batches,
            objective=self._objective,
            teacher=self.teaching.answer if self.teaching is not None else None,
            optimizer=self._prepared,
            accelerator=self.accelerator,
            learning_rate=self._learning_rate,
            first_step=self.epoch * self.steps,
            clip_norm=self.config.optim.clip_norm,
            frozen=self._frozen(self.epoch),
            on_step=on_step,
            needs_labels=self.config.teaching is None or self.config.teaching.needs_labels,
            ask=lambda image: Said(*self._taps.read(self.model, image)),
            beside=None if self._company is None else self._company.learner,
            adapters=self._adapters,
            ranks=self._ranks,
        )

    def _frozen(self, epoch: int) -> nn.Module | None:
        """The encoder in the epochs that leave it as it is, and none after; its gradients are switched to match."""
        if not self.config.optim.encoder_frozen_epochs:
            return None
        encoder = cast(nn.Module, self._network.encoder)
        frozen = epoch < self.config.optim.encoder_frozen_epochs
        encoder.requires_grad_(not frozen)
        return encoder if frozen else None

    def _learning_rate(self, step: int) -> float:
        optim = self.config.optim
        return learning_rate(step, optim.epochs * self.steps, peak=optim.learning_rate, schedule=optim.schedule)

    def _prepare_teacher_pred(self, on_progress: Callable[[Progress], None], should_stop: Callable[[], bool]) -> None:
        """The teacher's classes on the validation scenes, once: they never change, and agreement asks every epoch."""
        if self.teaching is not None and self._teacher_pred is None:
            watch = Watch(self.pace, self.epoch, self.steps, on_progress, should_stop)
            self._teacher_pred = self.teaching.labels(self.val, self.config.optim.batch_size, watch.looked)
