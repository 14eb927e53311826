"""The training part of a worker: data, teacher, hardware, trainer, and what is kept after every epoch.

Glue between a run's folder and the trainer. torch is imported inside the functions, when the run has its slots.
"""

import dataclasses
import json
import os
import time
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from unetkd_core import settings
from unetkd_core.errors import CheckpointError
from unetkd_core.runs import (
    best,
    checks,
    jobs,
    packs,
    panel,
    placement,
    provenance,
    rank_processes,
    speed,
    teacher_price,
    teaching,
)
from unetkd_core.runs.folder import Run
from unetkd_core.runs.queue import device_of
from unetkd_core.runs.reporter import Reporter
from unetkd_core.runs.status import write_text
from unetkd_core.training import plan
from unetkd_core.training.progress import Progress
from unetkd_core.zoo import checkpoints
from unetkd_core.zoo.licences import licence_of

if TYPE_CHECKING:
    from unetkd_core.data.packed import PackedSet
    from unetkd_core.training.ranks import Ranks
    from unetkd_core.training.trainer import EpochReport, Trainer


class Session:
    """One run, from its folder to its end. `train` does it all; what it raises is the worker's to write down."""

    def __init__(self, run: Run, reporter: Reporter) -> None:
        self.run, self.reporter = run, reporter
        self.config = run.config
        self.started = time.monotonic()
        self.packing_seconds = 0.0
        self.last_dir = run.run_dir / "last"
        self._best_sha256: str | None = None

    def train(self) -> None:
        """Pack, measure, train, and keep what every epoch gives. Raises StopRequested, UnetKDError, OSError."""
        checks.check_processes(self.config, rank_processes.wanted(self.run))  # torchrun asks nobody
        start = time.monotonic()
        train, val = packs.open_packs(self.config.data, self.reporter)
        self.packing_seconds = time.monotonic() - start
        self.reporter.phase("measuring", "Loading PyTorch")
        threads = self._threads()
        each = max(1, threads // rank_processes.wanted_here(self.run))
        os.environ["OMP_NUM_THREADS"] = str(each)
        import torch

        torch.set_num_threads(each)
        # Before the first parallel step, so that every thread has it: numbers below 1e-38 are 0. A sure student's
        # softmax is full of them, and its log_softmax takes four times as long while they are kept apart.
        torch.set_flush_denormal(True)
        if self.config.teaching is not None:
            self.reporter.phase("measuring", "Looking at the teacher")
        self._teacher_info = teaching.find(self.run, self.reporter)
        self._choose_hardware(threads, each)
        trainer = self._build(train, val, self._gather(each))
        self._start_or_resume(trainer)
        startup = time.monotonic() - self.started - self.packing_seconds
        self.reporter.phase("training", f"Epoch {trainer.epoch + 1} of {self.config.optim.epochs}")
        self.reporter.epoch(steps=trainer.steps)
        trainer.fit(
            on_progress=self._on_progress,
            on_epoch=lambda report: self._on_epoch(trainer, report),
            should_stop=self.reporter.should_stop,
        )
        self.reporter.phase("finishing", "Writing down what was measured")
        if rank_processes.wanted(self.run) == 1:  # estimates are of one process
            self._remember_speed(trainer, startup)

    # -- before training -------------------------------------------------------------------------------------------

    def _threads(self) -> int:
        """Fixed at the first start: a resumed run and its twin must sum in the same order."""
        shares = bool(self.run.meta.get("shares"))
        return self.config.hardware.threads or (settings.threads_per_slot() if shares else settings.cores())

    def _choose_hardware(self, threads: int, each: int) -> None:
        """Fill the config's hardware section at the first start: as the partner's, or as measured with the threads that
        each of the run's processes has.
        """
        from unetkd_core.inference.device import pick_device

        self.config = self.run.config
        hardware = self.config.hardware
        if "auto" not in (hardware.device, hardware.precision, hardware.memory_format) and hardware.threads:
            return
        with self._measuring():
            device = pick_device(hardware.device)
            chosen = self._partners_choice(device) or self._measured_choice(each, device)
            self.config = self.config.with_(hardware={"device": device, "threads": threads, **chosen})
            self.run.write_config(self.config)
        h = self.config.hardware
        self.reporter.log.line(f"Computing on {h.device} in {h.precision}, {h.memory_format}, {threads} threads")

    def _measuring(self) -> FileLock:
        """One measures at a time, its partner then copies: of this machine's runs, or on a cluster of the pair's."""
        settings.home().mkdir(parents=True, exist_ok=True)
        partner = self.run.partner()
        pair = min((run for run in (self.run, partner) if run is not None), key=lambda run: run.id)
        return FileLock((pair.run_dir if placement.placed(self.run.run_dir) else settings.home()) / "measure.lock")

    def _partners_choice(self, device: str) -> dict[str, str] | None:
        """What the twin or the student beside this run computes with, so that only the teaching differs."""
        partner = self.run.partner()
        if partner is None or (theirs := partner.config.hardware).precision == "auto":
            return None
        if theirs.device.partition(":")[0] != device.partition(":")[0]:
            self.reporter.log.line(
                f"{partner.id}, which it is compared with, computes on {theirs.device}, this on {device}"
            )
            return None
        return {"precision": theirs.precision, "memory_format": theirs.memory_format}

    def _measured_choice(self, threads: int, device: str) -> dict[str, str]:
        from unetkd_core.runs.measure import measure

        hardware = self.config.hardware
        if "auto" not in (hardware.precision, hardware.memory_format):
            return {}
        self.reporter.phase("measuring", "Measuring which precision is fastest here")
        return measure(self.config, threads=threads, device=device)

    def _gather(self, threads: int) -> "Ranks":
        """The processes that train this run, and how many they are for the record."""
        ranks = rank_processes.gather(self.run, threads)
        began = rank_processes.started_with(self.run)
        if ranks.count > 1:
            self.reporter.log.line(f"{ranks.count} processes train together, {threads} threads each")
        if ranks.count != began:
            if (self.last_dir).is_dir():
                self.reporter.log.line(f"It began with {began}: close to an unbroken run, not equal to the bit")
            self.run.add_to_meta(rank_processes.PROCESSES, ranks.count)
        return ranks

    def _build(self, train: "PackedSet", val: "PackedSet", ranks: "Ranks") -> "Trainer":
        from unetkd_core.training.state import has_state
        from unetkd_core.training.trainer import Trainer

        begun = has_state(self.last_dir)
        self._data, self._val = train, val
        info = self._teacher_info
        teacher = teaching.source(self.run, info, train, val, self.reporter) if info else None
        rank_processes.begin(ranks)
        trainer = Trainer(
            self.config,
            train=train,
            val=val,
            teacher=teacher,
            panel=panel.choose_scenes(len(val), val.gather),
            resuming=begun,
            ranks=ranks,
        )
        if trainer.began_from is not None:
            self._note_beginning(trainer.began_from)
        return trainer

    def _note_beginning(self, began: dict[str, str]) -> None:
        """What the first weights were. Raises CheckpointError where they are not those that the run was made for."""
        if self.config.model.start is None:
            self.run.add_to_meta("encoder_weights", began)
            self.reporter.log.line(f"The encoder begins as {began['file']}")
            return
        if began["sha256"] != (self.run.meta.get(jobs.START) or began)["sha256"]:
            raise CheckpointError(
                f"{began['file']} has other weights than when this run was made; put those back or start a new run."
            )
        self.reporter.log.line(f"It goes on from {began['file']}")

    def _start_or_resume(self, trainer: "Trainer") -> None:
        from unetkd_core.training.state import has_state

        if has_state(self.last_dir):
            self._best_sha256 = trainer.restore(self.last_dir).get(best.KEY)
            self.reporter.log.line(f"Resuming after epoch {trainer.epoch}")
            unlike = provenance.unlike(self.run.meta)
            if unlike:
                self.reporter.log.line(f"It began elsewhere ({unlike}): close to an unbroken run, not equal to the bit")
        else:
            self._write_panel(trainer)
        best.settle(self.run.run_dir)
        self._keep_metrics_until(trainer.epoch)
        self.reporter.epoch(epoch=trainer.epoch)

    def _write_panel(self, trainer: "Trainer") -> None:
        import numpy as np

        indices = np.asarray(trainer.panel, dtype=np.int64)
        images, labels = self._val.gather(indices)
        folder = self.run.run_dir / "panel"
        panel.write_scenes(folder, images, labels, [self._val.stems[i] for i in trainer.panel])
        panel.write_epoch(folder, 0, trainer.predict_panel())

    def _keep_metrics_until(self, epoch: int) -> None:
        """An epoch that was measured but not saved before a crash is done again: drop its line."""
        lines = [json.dumps(entry, allow_nan=False) + "\n" for entry in self.run.metrics() if entry["epoch"] <= epoch]
        write_text(self.run.run_dir / "metrics.jsonl", "".join(lines))

    # -- while training --------------------------------------------------------------------------------------------

    def _on_progress(self, progress: Progress) -> None:
        what = {
            "asking": f"the teacher looks at its views, {progress.step} of {progress.steps} scenes",
            "training": f"step {progress.step} of {progress.steps}",
            "validating": "measuring it on the validation scenes",
        }[progress.stage]
        asking = progress.stage == "asking"
        self.reporter.progress(
            f"Epoch {progress.epoch + 1} of {progress.epochs}, {what}",
            epoch=progress.epoch,
            step=0 if asking else progress.step,
            steps=progress.steps,
            images_per_second=progress.images_per_second,
            eta_seconds=progress.eta_seconds,
        )

    def _on_epoch(self, trainer: "Trainer", report: "EpochReport") -> None:
        """Keep one whole epoch. It counts once its state is saved: what a kill leaves before that is done again,
        perhaps with another score, so a best epoch's weights wait beside `best/` until then.
        """
        self.reporter.still_mine()
        if report.epoch == 1 and (teacher := trainer.teacher_scores()) is not None:
            self.run.add_to_meta(teaching.MIOU, teacher.to_json()["miou"])
        if report.best:
            info = self._info(report, trainer.arch)
            self._best_sha256 = best.write(self.run.run_dir, trainer.network, info)
        try:
            panel.write_epoch(self.run.run_dir / "panel", report.epoch, report.panel)
            self._append_metrics(report.metrics)
            self.reporter.still_mine()
            trainer.save(self.last_dir, {best.KEY: self._best_sha256})
        finally:
            self.reporter.still_mine()
            best.settle(self.run.run_dir)
        pace = trainer.pace
        self.reporter.epoch(
            epoch=report.epoch,
            step=0,
            images_per_second=pace.images_per_second,
            eta_seconds=pace.left(report.epoch, 0),
            message=f"Epoch {report.epoch} of {pace.epochs} done",
        )
        loss = report.metrics["loss"]
        self.reporter.log.line(
            f"Epoch {report.epoch}: loss {loss:.4f}, "
            f"validation mIoU {100 * report.scores.miou:.1f} % at the packed size, "
            f"{report.metrics['seconds']:.1f} s, {report.metrics['images_per_second']:.1f} images/s"
        )

    def _append_metrics(self, metrics: dict[str, Any]) -> None:
        with open(self.run.run_dir / "metrics.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps(metrics, allow_nan=False) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _info(self, report: "EpochReport", arch: dict[str, Any]) -> checkpoints.CheckpointInfo:
        config = self.config
        licences = list(self._data.licences)
        if self._teacher_info is not None:
            licences.append(self._teacher_info.licence)  # a student learned from its teacher's data too
        if config.model.start is not None:
            licences += [str(began["licence"])] if (began := self.run.meta.get(jobs.START)) else []
        return checkpoints.CheckpointInfo(
            name=self.run.id,
            title=config.title[:200],
            role=config.role,
            arch=arch,
            mapping=list(dict.fromkeys(self._data.mappings)),
            height=config.data.height,
            width=config.data.width,
            metrics={"packed": {"epoch": report.epoch, **report.scores.to_json()}},
            data=list(config.data.train),
            seed=config.seed,
            commit=self.run.meta.get("commit"),
            licence=licence_of(licences),
            run=config.model_dump(mode="json"),
            run_id=self.run.id,
        )

    def _remember_speed(self, trainer: "Trainer", startup: float) -> None:
        """What this run's pace was, for the next one's estimate."""
        pace, partner = trainer.pace, self.run.partner()
        if pace.train_seconds is None or pace.val_seconds is None:
            return
        key = speed.run_key(
            self.config,
            self.config.hardware.threads or 1,
            speed.KEPT if self._kept else speed.teacher_key(self._teacher_info),
            beside=partner is not None and settings.slots(device_of(self.config.hardware.device)) > 1,
        )
        rates = speed.Rates(pace.train_seconds, pace.val_seconds, pace.saving, startup)
        if pace.ask_seconds is not None and self._teacher_info is not None:
            networks = plan.networks(self.config.teaching.teacher) if self.config.teaching else 1
            ask = teacher_price.ask_key(self.config, self._teacher_info)
            speed.remember("asking", ask, networks * pace.ask_seconds)
        speed.remember("runs", key, {**dataclasses.asdict(rates), "overhead": self._overhead(trainer, rates.train)})

    @property
    def _kept(self) -> bool:
        """Whether the teacher's answers are kept, so that a step holds none of its work."""
        return bool(self.run.meta.get(teaching.KEPT))

    def _overhead(self, trainer: "Trainer", train_seconds: float) -> float | None:
        """How much longer a training image took than its bare multiply-accumulates; none when those were not timed."""
        data = self.config.data
        gmac = speed.read()["gmac"].get(str(self.config.hardware.threads))
        if gmac is None:
            return None
        threads = self.config.hardware.threads or 1
        bare = speed.image_seconds(trainer.arch, data.height, data.width, gmac, threads, "train")
        if self._teacher_info is not None and not self._kept:
            teacher = self._teacher_info.arch
            bare += speed.image_seconds(teacher, data.height, data.width, gmac, threads, "forward")
        if self.config.teaching is not None:
            bare += speed.term_seconds(self.config.teaching.terms, data.height, data.width, gmac, threads)
        return train_seconds / bare
