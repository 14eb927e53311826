"""On a public server nobody stops, resumes or deletes another's run or sweep, and each has his share of the queue."""

import dataclasses
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.pages import fake_run
from tests.pages.fake_run import Where
from unetkd_core import settings, visitors
from unetkd_core.errors import ConfigError, NotAllowedError, QueueFullError, RunError
from unetkd_core.runs import folder, jobs, owners, report, sweep_driver, sweep_folder, sweep_worker, sweeps
from unetkd_core.runs.folder import Run
from unetkd_core.runs.sweep_grid import parse_spec
from unetkd_core.runs.sweep_results import twin_key
from unetkd_core.training.config import RunConfig

A, B = "a" * 64, "b" * 64


@pytest.fixture(autouse=True)
def public(tiny_data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A public server, and no worker is really started."""
    monkeypatch.setenv("UNETKD_PUBLIC", "1")
    monkeypatch.setattr(jobs, "_launch", lambda run: None)
    monkeypatch.setattr(sweeps, "_launch", lambda sweep: None)


def ended(run: Run, state: str = "stopped") -> Run:
    run.write_status(dataclasses.replace(run.written_status(), state=state))  # type: ignore[arg-type]
    return run


def test_a_run_says_whose_it_is_by_a_hash_and_a_report_does_not(tiny_config: RunConfig) -> None:
    (run,) = jobs.start(tiny_config, by=A)
    assert run.owner == A and json.loads((run.run_dir / "meta.json").read_text())["owner"] == A
    ended(run)
    (run.run_dir / "metrics.jsonl").write_text(json.dumps(fake_run._metrics(tiny_config, 1)) + "\n")
    assert A not in report.report(run)


def test_nobody_in_particular_starts_nothing(tiny_config: RunConfig) -> None:
    with pytest.raises(NotAllowedError, match="Reload the page"):
        jobs.start(tiny_config)
    assert folder.list_runs() == []


@pytest.mark.parametrize("ask", [jobs.stop, jobs.resume, jobs.delete])
@pytest.mark.parametrize("by", [B, None, ""])
def test_anothers_run_is_neither_stopped_nor_resumed_nor_deleted(
    ask: Callable[..., object], by: str | None, tiny_config: RunConfig
) -> None:
    (run,) = jobs.start(tiny_config, by=A)
    if ask is not jobs.stop:
        ended(run)
    before = run.written_status()
    with pytest.raises(NotAllowedError, match="somebody else's"):
        ask(run.id, by=by)
    assert run.written_status() == before and not run.asked_to_stop and run.run_dir.is_dir()


@pytest.mark.parametrize("by", [B, None])
def test_what_the_operator_started_is_no_visitors(by: str | None, tiny_config: RunConfig) -> None:
    with visitors.acting_as(visitors.OPERATOR):
        (run,) = jobs.start(tiny_config)
    assert run.owner is None
    with pytest.raises(NotAllowedError):
        jobs.delete(ended(run).id, by=by)


def test_the_owner_and_the_operator_may(tiny_config: RunConfig) -> None:
    first, second = (ended(jobs.start(tiny_config, by=A)[0]) for _ in range(2))
    jobs.resume(first.id, by=A)
    ended(first)
    jobs.delete(first.id, by=A)
    with visitors.acting_as(visitors.OPERATOR):
        jobs.delete(second.id)
    assert folder.list_runs() == []


def test_of_several_runs_none_is_stopped_when_one_is_anothers(tiny_config: RunConfig) -> None:
    (mine,), (other,) = jobs.start(tiny_config, by=A), jobs.start(tiny_config, by=B)
    with pytest.raises(NotAllowedError):
        jobs.stop(mine.id, other.id, by=A)
    assert not mine.asked_to_stop and not other.asked_to_stop


def test_a_teacher_stays_while_it_teaches_another_visitors_student(tiny_config: RunConfig) -> None:
    teacher = ended(jobs.start(tiny_config, by=A)[0], "done")
    student = folder.create(tiny_config.with_(teaching={"teacher": f"run:{teacher.id}"}), notes={"owner": B})
    with pytest.raises(NotAllowedError, match="teaches somebody else's student just now"):
        jobs.delete(teacher.id, by=A)
    ended(student)
    jobs.delete(teacher.id, by=A)


def test_where_all_is_private_nobody_is_told_apart(tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    (theirs,) = jobs.start(tiny_config, by=A)
    monkeypatch.setenv("UNETKD_PUBLIC", "0")
    (run,) = jobs.start(tiny_config)
    assert run.owner is None and "owner" not in run.meta
    jobs.delete(ended(theirs).id)


def test_each_visitor_has_a_share_of_the_queue(tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNETKD_MAX_QUEUED_EACH", "2")
    runs = [jobs.start(tiny_config, by=A)[0] for _ in range(2)]
    with pytest.raises(QueueFullError, match="2 of your runs wait or train already"):
        jobs.start(tiny_config, by=A)
    jobs.start(tiny_config, by=B)
    ended(runs[0])
    ended(jobs.start(tiny_config, by=A)[0])
    jobs.resume(runs[0].id, by=A)


def test_each_visitor_keeps_so_many_runs(tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNETKD_MAX_KEPT_EACH", "2")
    first, _ = (ended(jobs.start(tiny_config, by=A)[0]) for _ in range(2))
    with pytest.raises(RunError, match="2 runs here are yours, and each visitor may keep 2"):
        jobs.start(tiny_config, by=A)
    jobs.resume(first.id, by=A)  # it is there already
    jobs.start(tiny_config, by=B)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"optim": {"epochs": 21}}, "21 epochs are more than the 20 that this server allows"),
        ({"data": {"height": 256, "width": 512}}, "more than the 32,768 that this server allows"),
        ({"optim": {"batch_size": 64}}, "Batches of 64 are more than the 32 that this server allows"),
        ({"data": {"train": ["streets:unlabelled", "streets:train"]}}, "6,000 scenes to learn from are more than"),
    ],
)
def test_what_is_too_much_is_refused_and_names_no_variable(
    changes: dict[str, object], said: str, tiny_config: RunConfig
) -> None:
    with pytest.raises(ConfigError, match=said) as refused:
        jobs.start(tiny_config.with_(**changes), by=A)
    assert "UNETKD" not in str(refused.value) and folder.list_runs() == []


def test_nothing_begins_on_a_full_disk(tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    (run,) = jobs.start(tiny_config, by=A)
    (run.run_dir / "large").write_bytes(b"0" * 2_000_000)
    monkeypatch.setenv("UNETKD_MAX_DISK_GB", "0.001")
    with pytest.raises(RunError, match="What is kept here takes 2 MB, more than the 1 MB that this server allows"):
        jobs.start(tiny_config, by=B)


# -- sweeps ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def grid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    monkeypatch.setenv("UNETKD_CHECKPOINTS", str(tmp_path / "checkpoints"))
    fake_run.write_teacher()
    return {"teacher": ["m1024"], "temperature": [1, 4]}


@pytest.mark.parametrize("ask", [sweeps.stop, sweeps.resume, sweeps.delete])
def test_anothers_sweep_is_neither_stopped_nor_resumed_nor_deleted(
    ask: Callable[..., object], grid: dict[str, object]
) -> None:
    sweep = sweeps.start(parse_spec(grid), by=A)
    assert sweep.owner == A
    for by in (B, None):
        with pytest.raises(NotAllowedError, match="This sweep is somebody else's"):
            ask(sweep.id, by=by)
    assert sweep.sweep_dir.is_dir() and not (sweep.sweep_dir / "stop").exists()


def test_a_visitor_has_one_sweep_at_a_time_of_so_many_runs(
    grid: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match="This grid has 28 runs, more than the 27 that this server allows"):
        sweeps.start(parse_spec({**grid, "seed": range(14)}), by=A)
    with pytest.raises(NotAllowedError):
        sweeps.start(parse_spec(grid))
    sweeps.start(parse_spec(grid), by=A)
    with pytest.raises(QueueFullError, match="One of your sweeps is going on already"):
        sweeps.start(parse_spec({**grid, "alpha": [0.3]}), by=A)
    sweeps.start(parse_spec(grid), by=B)
    monkeypatch.setenv("UNETKD_MAX_SWEEPS", "2")
    with pytest.raises(QueueFullError, match="2 sweeps are going on, as many as are allowed here"):
        sweeps.start(parse_spec({**grid, "alpha": [0.5]}), by="c" * 64)


def test_a_sweep_takes_over_what_another_has_finished_but_not_what_he_stopped(grid: dict[str, object]) -> None:
    done = Run(
        fake_run.write_run(fake_run.config(), run_id="20260301-101500-m128-a1b2"), folder.settings.runs_dir() / "x"
    )
    (broken,) = (
        folder.open_run(fake_run.write_run(fake_run.config(), Where("stopped", 3), run_id="20260302-101500-m128-a1b2")),
    )
    finished = folder.open_run(done.id)
    for run in (finished, broken):
        run.add_to_meta(owners.OWNER, B)
    with visitors.acting_as(A):
        assert sweep_driver._choose([broken], None) is None
        assert sweep_driver._choose([broken, finished], None) == finished
    with visitors.acting_as(B):
        assert sweep_driver._choose([broken], None) == broken


def test_an_older_sweep_without_an_owner_is_the_operators(grid: dict[str, object]) -> None:
    sweep = sweep_folder.create(parse_spec(grid))
    (sweep.sweep_dir / "meta.json").unlink()
    assert sweep.owner is None and not owners.may(sweep.as_run, A)


def test_the_largest_sweep_that_may_be_started_fits_into_what_a_visitor_keeps() -> None:
    kept, cells = settings.max_kept_each(), settings.max_cells()
    assert kept is not None and cells is not None and kept >= 2 * cells, "each student may need a twin of its own"


def test_a_sweep_that_could_not_end_is_not_started(grid: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNETKD_MAX_KEPT_EACH", "5")
    spec = parse_spec({**grid, "seed": [0, 1]})
    with pytest.raises(RunError, match=r"needs 6 more runs, twins among them, 0 here are yours, .* may keep 5"):
        sweeps.start(spec, by=A)
    assert sweep_folder.list_sweeps() == []
    planned = next(spec.runs())
    ended(jobs.start(planned.config, twin=False, by=B)[0], "done")  # taken over: one less to make
    sweep = sweeps.start(spec, by=A)
    ended(sweep.as_run)
    for age in range(2):
        mine = folder.open_run(fake_run.write_run(fake_run.config(), run_id=f"2026030{age}-111500-m128-a1b2"))
        mine.add_to_meta(owners.OWNER, A)
    with pytest.raises(RunError, match="needs 5 more runs, twins among them, 2 here are yours"):
        sweeps.resume(sweep.id, by=A)
    assert sweep.status().state == "stopped"


def test_a_disk_that_fills_up_in_the_middle_ends_a_sweep_in_a_sentence(
    grid: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = sweeps.start(parse_spec(grid), by=A)
    monkeypatch.setenv("UNETKD_MAX_DISK_GB", "0.000001")
    assert sweep_worker.main([str(sweep.sweep_dir)]) == 1
    error = sweep.status().error
    assert sweep.status().state == "failed" and error is not None and "Traceback" not in sweep.log_tail()
    assert "more than the 1 kB that this server allows" in error.hint and "Resume goes on from there" in error.hint


def test_two_tabs_that_start_at_once_get_one_sweep(grid: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    create = sweep_folder.create

    def slowly(*args: Any) -> sweep_folder.Sweep:
        time.sleep(0.2)
        return create(*args)

    monkeypatch.setattr(sweep_folder, "create", slowly)

    def press(alpha: float) -> bool:
        try:
            return bool(sweeps.start(parse_spec({**grid, "alpha": [alpha]}), by=A))
        except QueueFullError:
            return False

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(press, (0.1, 0.3, 0.5))) == [False, False, True]
    assert len(sweep_folder.list_sweeps()) == 1


def test_a_visitor_keeps_so_many_sweeps_and_one_that_is_over_is_opened_again(
    grid: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNETKD_MAX_SWEEPS_EACH", "2")
    spec = parse_spec(grid)
    first = sweeps.start(spec, by=A)
    ended(first.as_run, "done")
    for number, planned in enumerate(spec.runs()):  # its runs ended well, and its twin
        run_id = f"2026030{number + 1}-101500-m128-a1b2"
        for one in (planned.config, planned.config.twin(run_id)):
            fake_run.write_run(one, run_id=run_id + ("-twin" if one.twin_of else ""))
        first.assign(
            sweep_folder.Assigned(
                {**first.assigned().runs, planned.key: run_id}, {twin_key(planned): f"{run_id}-twin"}, ()
            )
        )
    assert sweeps.start(spec, by=A) == first and len(sweep_folder.list_sweeps()) == 1
    ended(sweeps.start(parse_spec({**grid, "alpha": [0.3]}), by=A).as_run)
    with pytest.raises(RunError, match="2 sweeps here are yours, and each visitor may keep 2"):
        sweeps.start(parse_spec({**grid, "alpha": [0.5]}), by=A)
    assert sweeps.start(spec, by=A) == first, "it costs nothing"
    sweeps.start(spec, by=B)
