"""Sweep folders as a driver would leave them, over runs of fake_run.py: for looking at the page in every state."""

import dataclasses
import json
import time
from collections.abc import Mapping
from typing import Any

from tests.pages import fake_run
from tests.pages.fake_run import Where
from unetkd_core.runs import status as status_file
from unetkd_core.runs.folder import open_run
from unetkd_core.runs.process import this_process
from unetkd_core.runs.status import Problem
from unetkd_core.runs.sweep_folder import Assigned, Sweep, sweeps_dir
from unetkd_core.runs.sweep_grid import SweepSpec, parse_spec
from unetkd_core.runs.sweep_results import twin_key

DONE = Where("done", 8)
TWIN_MIOU = 0.634
FIRST = "20260303-090000-ab12"


def spec(**axes: Any) -> SweepSpec:
    """3 × 3 on small streets, taught by the teacher that fake_run writes."""
    base = fake_run.config(teacher=None, epochs=8)
    usual = {"base": base, "teacher": ["m1024"], "alpha": [0.1, 0.5, 0.9], "temperature": [1, 4, 10]}
    return parse_spec({**usual, **axes})


def write_sweep(
    grid: SweepSpec,
    runs: Mapping[str, tuple[Where, float]],
    *,
    state: str = "done",
    sweep_id: str = FIRST,
    twin: Where = DONE,
    error: Problem | None = None,
) -> Sweep:
    """runs: "cell/seed" -> how far, and the gain in points that it comes to. A state of running is this process's."""
    sweep = Sweep(sweep_id, sweeps_dir() / sweep_id)
    sweep.sweep_dir.mkdir(parents=True)
    (sweep.sweep_dir / "sweep.json").write_text(grid.model_dump_json())
    taught, twins = {}, {}
    for number, planned in enumerate(grid.runs()):
        key = twin_key(planned)
        if planned.key not in runs:
            continue
        where, gain = runs[planned.key]
        run_id = f"{sweep_id[:8]}-{100000 + number}-{planned.cell.student.lower()}-{number:04x}"
        taught[planned.key] = fake_run.write_run(planned.config, where, run_id=run_id, with_scenes=fake_run.scenes(1))
        _come_to(run_id, TWIN_MIOU + gain / 100)
        if key not in twins and grid.twins:
            twins[key] = fake_run.write_run(
                planned.config.twin(run_id), twin, run_id=f"{run_id}-twin", with_scenes=fake_run.scenes(1)
            )
            _come_to(twins[key], TWIN_MIOU)
    sweep.assign(Assigned(taught, twins, (*taught.values(), *twins.values())))
    _write_status(sweep, state, grid.size, len(taught), error)
    return sweep


def _write_status(sweep: Sweep, state: str, runs: int, begun: int, error: Problem | None) -> None:
    me, now = this_process(), time.time()
    gone = state == "interrupted"
    status = dataclasses.replace(
        status_file.queued(runs, now - 300),
        state="running" if gone else state,
        phase="training",
        message={"done": "Done", "running": f"{begun} of {runs} runs begun"}.get(state, "Stopped"),
        host=me.host,
        boot_id=me.boot_id,
        pid=2**22 + 1 if gone else me.pid,
        process_start=me.start,
        heartbeat=now,
        started=now - 298,
        error=error,
    )
    sweep.as_run.write_status(status)


def _come_to(run_id: str, miou: float) -> None:
    """Scale a run's curve so that a whole one would end there."""
    run = open_run(run_id)
    lines = run.metrics()
    epochs = run.config.optim.epochs
    for line in lines:
        share = 1 - 0.45 * (1 - line["epoch"] / epochs) ** 1.6
        line["val"]["miou"] = miou * share
    (run.run_dir / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
