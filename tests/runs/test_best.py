"""Whichever moment of saving a kill hits, best/ holds an epoch that the run's curve knows, wherever it goes on."""

import errno
import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from unetkd_core import outside
from unetkd_core.metrics import Scores
from unetkd_core.runs import best, folder, prune, worker
from unetkd_core.runs.folder import Run
from unetkd_core.runs.reporter import Reporter
from unetkd_core.training import trainer as training
from unetkd_core.training.config import RunConfig
from unetkd_core.training.trainer import EpochReport, Trainer

FIRST, HIGH, LOW = 0.49, 0.50, 0.48
"""mIoU of epoch 1, of epoch 2 before the kill, and of epoch 2 done again where it computes otherwise."""


@pytest.fixture
def config(tiny_config: RunConfig) -> RunConfig:
    return tiny_config.with_(model={"name": "U2"})


def epochs_score(patch: pytest.MonkeyPatch, *mious: float) -> None:
    """Epochs train nothing and score these; each has weights of its own."""

    def one_epoch(self: Trainer, *_: object) -> EpochReport:
        self.epoch += 1
        miou = mious[self.epoch - 1]
        with torch.no_grad():
            next(self.network.parameters()).fill_(miou)
        is_best = miou >= self.best_miou
        self.best_miou = max(miou, self.best_miou)
        scores = Scores(miou, (miou,) * 6, 0.5, 1.0)
        line = {"epoch": self.epoch, "loss": 1.0, "seconds": 1.0, "images_per_second": 1.0, "val": scores.to_json()}
        return EpochReport(self.epoch, line, scores, is_best, np.zeros((len(self.panel), 16, 32), np.uint8))

    patch.setattr(Trainer, "_one_epoch", one_epoch)


def work(run: Run) -> None:
    assert worker.work(run, Reporter(run)) == 0, run.log_tail(50)


def of_best(run: Run) -> tuple[int, float]:
    """Epoch and mIoU that best/ says, once its weights say the same."""
    from unetkd_core.zoo import checkpoints

    network, info = checkpoints.load(run.run_dir / "best")
    said: Any = info.metrics["packed"]
    assert next(network.parameters()).flatten()[0].item() == pytest.approx(said["miou"])
    return said["epoch"], said["miou"]


def curve(run: Run) -> list[tuple[int, float]]:
    return [(line["epoch"], line["val"]["miou"]) for line in run.metrics()]


def names(run: Run) -> set[str]:
    """What lies there of best/ and its like."""
    return {path.name for path in run.run_dir.iterdir() if "best" in path.name}


class Camera:
    """Copies the run's folder before every change that saving makes to it: what a kill there would leave."""

    def __init__(self, run: Run, shots: Path, patch: pytest.MonkeyPatch) -> None:
        self.run, self._shots, self._on = run, shots, False
        self._seen: dict[Any, Path] = {}
        for module, name in ((os, "rename"), (os, "replace"), (os, "unlink"), (os, "fsync"), (shutil, "rmtree")):
            patch.setattr(module, name, self._before(getattr(module, name)))

    def _before(self, really: Any) -> Any:
        def call(*args: Any, **how: Any) -> Any:
            self._shoot()
            return really(*args, **how)

        return call

    def _shoot(self) -> None:
        if not self._on:
            return
        self._on = False
        files = sorted(path for path in self.run.run_dir.rglob("*") if path.is_file())
        what = tuple((str(p), p.read_bytes()) for p in files if p.name not in ("status.json", "log.txt"))
        if what not in self._seen:
            self._seen[what] = self._shots / f"{len(self._seen):02d}"
            shutil.copytree(self.run.run_dir, self._seen[what])
        self._on = True

    def watch_epoch(self, number: int, patch: pytest.MonkeyPatch) -> None:
        from unetkd_core.runs.session import Session

        keep = Session._on_epoch

        def on_epoch(session: Session, trainer: Any, report: EpochReport) -> None:
            self._on = report.epoch == number
            keep(session, trainer, report)
            self._shoot()
            self._on = False

        patch.setattr(Session, "_on_epoch", on_epoch)

    @property
    def shots(self) -> list[Path]:
        return list(self._seen.values())


@pytest.fixture
def killed(config: RunConfig, tmp_path: Path) -> Iterator[tuple[Run, list[Path]]]:
    """A run, and its folder as a kill would leave it at every point of the second epoch's saving."""
    run = folder.create(config)
    with pytest.MonkeyPatch.context() as patch:
        epochs_score(patch, FIRST, HIGH)
        camera = Camera(run, tmp_path / "shots", patch)
        camera.watch_epoch(2, patch)
        work(run)
    assert of_best(run) == (2, HIGH) and names(run) == {"best"}
    yield run, camera.shots


def put_back(shot: Path, run: Run) -> None:
    shutil.rmtree(run.run_dir)
    shutil.copytree(shot, run.run_dir)


def test_a_kill_at_any_point_leaves_a_best_that_the_curve_knows_and_so_does_resuming_elsewhere(
    killed: tuple[Run, list[Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, shots = killed
    epochs_score(monkeypatch, FIRST, LOW)
    ends, left, named, after = set(), set(), set(), set()
    for shot in shots:
        put_back(shot, run)
        left |= names(run)
        assert run.best() is not None, f"{shot}: readers miss it"
        if (run.run_dir / "best").is_dir():
            assert of_best(run) in curve(run), shot
        work(run)
        assert len(curve(run)) == 2 and of_best(run) == max(curve(run), key=lambda line: line[1]), shot
        state = outside.read_json(run.run_dir / "last" / "state.json")["extra"]
        assert state["best_miou"] == of_best(run)[1], shot
        named.add((state.get("best"), run.best().sha256))  # type: ignore[union-attr]
        after |= names(run)
        ends.add(of_best(run))
    assert after - {".best.previous"} == {"best"}, "something is left"
    assert len(named) == 2 and all(said == there for said, there in named), "the state names its best"
    assert ends == {(1, FIRST), (2, HIGH)}, "some kills cost the epoch, some did not"
    assert left >= {"best", "best-next", ".best.previous"} and len(shots) > 12, "every step of it was seen"


def test_a_first_epoch_that_was_not_kept_leaves_no_best(config: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    run = folder.create(config)
    epochs_score(monkeypatch, HIGH, LOW)
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "save", full)
        assert worker.work(run, Reporter(run)) == 1
    assert run.best() is None and names(run) == set(), "a full disk has no room for what nobody needs"
    work(run)
    assert of_best(run) == (1, HIGH) and curve(run) == [(1, HIGH), (2, LOW)]


def full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_disk_that_fails_after_the_state_is_saved_does_not_cost_its_best(
    config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, save = folder.create(config), training.save_state

    def save_then_fail(*args: Any) -> None:
        save(*args)
        full()

    epochs_score(monkeypatch, FIRST, LOW)
    with monkeypatch.context() as patch:
        patch.setattr(training, "save_state", save_then_fail)
        assert worker.work(run, Reporter(run)) == 1
    assert of_best(run) == (1, FIRST) and names(run) == {"best"}
    work(run)
    assert of_best(run) == (1, FIRST) and curve(run) == [(1, FIRST), (2, LOW)]


def test_a_run_of_an_earlier_release_goes_on_with_the_best_that_it_has(
    config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = folder.create(config.with_(optim={"epochs": 1}))
    epochs_score(monkeypatch, FIRST, LOW, HIGH)
    work(run)
    pointer = run.run_dir / "last" / "state.json"
    said = json.loads(pointer.read_text())
    said["extra"].pop("best", None)
    pointer.write_text(json.dumps(said))
    tensors = pointer.with_name(said["tensors"])
    save_file(load_file(tensors), tensors)  # without that word too
    for epochs, expected in ((2, (1, FIRST)), (3, (3, HIGH))):
        run.write_config(run.config.with_(optim={"epochs": epochs}))
        work(run)
        assert of_best(run) == expected and names(run) == {"best"}


def test_pruning_takes_the_best_of_an_epoch_that_was_not_kept_and_no_other(
    killed: tuple[Run, list[Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, shots = killed
    judged = set()
    for shot in shots:
        put_back(shot, run)
        new, before = run.run_dir / best.NEXT, run.disk_bytes()
        if not new.is_dir():
            continue
        saved = outside.read_json(run.run_dir / "last" / "state.json")["extra"]["epoch"]
        judged.add(saved)
        long_ago = time.time() - 2 * prune.STALE_SECONDS
        for path in (*new.iterdir(), new):
            os.utime(path, (long_ago, long_ago))
        assert before > sum(path.stat().st_size for path in new.iterdir()) > 0
        with monkeypatch.context() as patch:
            patch.setattr(outside, "read_json", cannot_be_read_in(run.run_dir / "last", outside.read_json))
            assert not any(new in removal.paths for removal in prune.plan()), "who cannot tell takes nothing"
        set_ended(run)
        prune.carry_out(prune.plan())
        assert new.is_dir() == (saved == 2), shot
    assert judged == {1, 2}


def cannot_be_read_in(last: Path, really: Any) -> Any:
    def read_json(path: Path, *most: int) -> Any:
        if path.parent == last:
            raise OSError(errno.EIO, "Input/output error")
        return really(path, *most)

    return read_json


def set_ended(run: Run) -> None:
    status = json.loads((run.run_dir / "status.json").read_text())
    (run.run_dir / "status.json").write_text(json.dumps({**status, "state": "stopped", "ended": time.time()}))
