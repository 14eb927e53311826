"""Real detached workers: what they leave in the run folder, how they stop, and what a kill costs."""

import time
from collections.abc import Callable

from PIL import Image

from unetkd_core.classes import PALETTES
from unetkd_core.runs import jobs
from unetkd_core.runs.folder import Run
from unetkd_core.training.config import RunConfig
from unetkd_core.zoo import checkpoints


def wait_until(condition: Callable[[], bool], run: Run, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{run.status()}\n{run.log_tail(100)}"
        time.sleep(0.05)


def finished(run: Run) -> Callable[[], bool]:
    return lambda: not run.status().active


def test_a_detached_worker_leaves_a_whole_run_folder(tiny_config: RunConfig) -> None:
    (run,) = jobs.start(tiny_config)
    wait_until(finished(run), run)
    status = run.status()
    assert (status.state, status.epoch, status.error) == ("done", 2, None), run.log_tail(100)
    lines = run.metrics()
    assert [line["epoch"] for line in lines] == [1, 2]
    assert lines[0]["loss"] == lines[0]["loss_ce"] and lines[0]["loss_kd"] is None
    panel = run.panel()
    assert panel is not None and panel.epochs == (0, 1, 2) and len(panel.scenes) == 3
    with Image.open(panel.path(2, 2)) as drawn:
        assert drawn.mode == "P" and drawn.size == (32, 16)
        assert {c for _, c in drawn.convert("RGB").getcolors()} <= {tuple(c) for c in PALETTES["table1"].tolist()}
    best = run.best()
    assert best is not None and best.role == "alone" and best.run_id == run.id
    model, _ = checkpoints.load(run.run_dir / "best")
    assert sum(p.numel() for p in model.parameters()) == best.parameters
