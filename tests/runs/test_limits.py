"""Limits are refused in one sentence before anything is made, hold for two starts at once, and end a run in time."""

import dataclasses
import json
import subprocess
import sys

import pytest

from unetkd_core import settings
from unetkd_core.errors import ConfigError, QueueFullError, RunError
from unetkd_core.runs import folder, jobs, limits, worker
from unetkd_core.runs.folder import Run
from unetkd_core.runs.reporter import Reporter
from unetkd_core.training.config import RunConfig


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker is really started."""
    monkeypatch.setattr(jobs, "_launch", lambda run: None)


def trained_for(run: Run, *seconds: float) -> Run:
    """The run as if it had been stopped after epochs that took so long."""
    lines = [json.dumps({"epoch": i, "seconds": s, "val": {"miou": 0.1}}) + "\n" for i, s in enumerate(seconds, 1)]
    (run.run_dir / "metrics.jsonl").write_text("".join(lines))
    run.write_status(dataclasses.replace(run.written_status(), state="stopped", epoch=len(seconds)))
    return run


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("UNETKD_MAX_EPOCHS", "1", "2 epochs are more than the 1 that UNETKD_MAX_EPOCHS allows"),
        ("UNETKD_MAX_PIXELS", "500", "16 × 32 are 512 pixels, more than the 500 that UNETKD_MAX_PIXELS allows"),
        ("UNETKD_MAX_HOURS", "soon", "UNETKD_MAX_HOURS is 'soon'"),
    ],
)
def test_a_run_that_is_too_large_is_refused_at_start_and_at_resume(
    name: str, value: str, said: str, quiet: None, tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = trained_for(folder.create(tiny_config), 1.0)
    monkeypatch.setenv(name, value)
    for ask in (lambda: jobs.start(tiny_config), lambda: jobs.resume(before.id)):
        with pytest.raises(ConfigError, match=said):
            ask()
    assert folder.list_runs() == [before]


def test_the_queue_holds_so_many_and_a_pair_counts_twice(
    quiet: None, tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNETKD_MAX_QUEUED", "2")
    over = trained_for(folder.create(tiny_config), 1.0)
    jobs.start(tiny_config)
    monkeypatch.setattr(jobs.checks, "check", lambda *_, **__: None)
    with pytest.raises(RunError, match="1 run waits or trains already, the student and its twin would be two more"):
        jobs.start(tiny_config.with_(teaching={"teacher": "run:x"}, name="a"))
    jobs.start(tiny_config)
    for ask in (lambda: jobs.start(tiny_config), lambda: jobs.resume(over.id)):
        with pytest.raises(RunError, match=r"2 runs wait or train already, .* UNETKD_MAX_QUEUED allows 2"):
            ask()
    assert over.status().state == "stopped" and len(folder.list_runs()) == 3


def test_a_full_queue_is_an_error_of_its_own_but_what_never_fits_is_not(
    quiet: None, tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNETKD_MAX_QUEUED", "1")
    never = pytest.raises(RunError, match="A student and its twin are 2 runs, and UNETKD_MAX_QUEUED allows 1")
    with never as refused, limits.room_for(2):
        pass
    assert not isinstance(refused.value, QueueFullError)
    jobs.start(tiny_config)
    with pytest.raises(QueueFullError):
        jobs.start(tiny_config)


def test_asking_the_teacher_is_no_part_of_what_the_next_epoch_takes(
    tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNETKD_MAX_HOURS", "1")
    run = trained_for(folder.create(tiny_config), 2000.0)
    with pytest.raises(RunError, match=r"an epoch takes 33\.3 min"):
        limits.check_time(run)
    line = {"epoch": 1, "seconds": 2000.0, "teacher_seconds": 1500.0, "val": {"miou": 0.1}}
    (run.run_dir / "metrics.jsonl").write_text(json.dumps(line) + "\n")
    limits.check_time(run)


def test_two_processes_that_start_at_once_cannot_overfill_the_queue(
    tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNETKD_MAX_QUEUED", "3")
    code = """if True:
        import sys
        from unetkd_core.errors import RunError
        from unetkd_core.runs import jobs
        from unetkd_core.training.config import RunConfig
        jobs._launch = lambda run: None
        config = RunConfig.model_validate_json(sys.argv[1])
        sys.stdin.readline()
        for _ in range(2):
            try:
                jobs.start(config)
            except RunError as error:
                assert "UNETKD_MAX_QUEUED" in str(error), error
    """
    starters = [
        subprocess.Popen(
            [sys.executable, "-c", code, tiny_config.model_dump_json()],
            stdin=subprocess.PIPE,
            cwd=settings.PROJECT_ROOT,
        )
        for _ in range(3)
    ]
    for one in starters:
        assert one.stdin is not None
        one.stdin.write(b"go\n")
        one.stdin.close()
    assert [one.wait(60) for one in starters] == [0, 0, 0]
    assert len(folder.list_runs()) == 3


def test_time_is_counted_over_resumes(tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    run = trained_for(folder.create(tiny_config.with_(optim={"epochs": 3})), 1200.0, 1500.0)
    assert limits.seconds_left(run) is None
    limits.check_time(run)
    monkeypatch.setenv("UNETKD_MAX_HOURS", "1")
    assert limits.seconds_left(run) == 900
    with pytest.raises(RunError, match="has trained for 45 min and an epoch takes 25 min, more than the 1 h"):
        jobs.resume(run.id)
    monkeypatch.setenv("UNETKD_MAX_HOURS", "1.2")
    limits.check_time(run)
    assert run.status().state == "stopped"
    monkeypatch.setenv("UNETKD_MAX_HOURS", "1")
    limits.check_time(trained_for(run, 1200.0, 1500.0, 1500.0))  # no epoch is left: it only has to finish


def test_a_run_ends_as_stopped_when_its_time_is_up_and_keeps_the_last_whole_epoch(
    tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = folder.create(tiny_config.with_(optim={"epochs": 10_000}))
    monkeypatch.setenv("UNETKD_MAX_HOURS", str(1.0 / 3600))
    assert worker.work(run, Reporter(run)) == 0
    status = run.status()
    assert status.state == "stopped" and status.epoch >= 1, run.log_tail(20)
    assert f"Stopped after {status.epoch} whole epoch" in status.message
    assert "it has trained for 1 s, all that UNETKD_MAX_HOURS allows; raise it, then resume" in status.message
    assert len(run.metrics()) == status.epoch
    monkeypatch.setenv("UNETKD_MAX_HOURS", str(1e-6))
    with pytest.raises(RunError, match="UNETKD_MAX_HOURS"):
        jobs.resume(run.id)
