"""What takes room is counted; pruning removes what nobody can miss, never what goes on or what another run needs."""

import dataclasses
import os
import time
from pathlib import Path

import pytest

from unetkd_core import settings
from unetkd_core.runs import disk, folder, prune, sweep_folder
from unetkd_core.runs.folder import Run
from unetkd_core.runs.sweep_grid import parse_spec
from unetkd_core.training.config import RunConfig
from unetkd_core.zoo import ensembles

DAY = 86_400.0


def ended(state: str = "done", *, days: float = 0.0, config: RunConfig | None = None, **made: str) -> Run:
    """A run that ended so long ago, with 1,000 bytes in last/."""
    run = folder.create(config or RunConfig(), **made)  # type: ignore[arg-type]
    run.write_status(dataclasses.replace(run.written_status(), state=state, ended=time.time() - days * DAY))  # type: ignore[arg-type]
    (run.run_dir / "last").mkdir()
    (run.run_dir / "last" / "a.safetensors").write_bytes(bytes(1000))
    return run


def taught_by(*teachers: Run) -> RunConfig:
    refs = [f"run:{run.id}" for run in teachers]
    return RunConfig().with_(teaching={"teacher": refs[0] if len(refs) == 1 else {"members": refs}})


def old(path: Path) -> Path:
    os.utime(path, (time.time() - 2 * 3600,) * 2)
    return path


def going(older_than: float | None) -> set[str]:
    return {r.run.id for r in prune.plan(older_than) if r.kind == "run" and r.run is not None}


@pytest.fixture(autouse=True)
def _checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNETKD_CHECKPOINTS", str(tmp_path / "checkpoints"))


def test_everything_that_takes_room_is_counted(unetkd_home: Path) -> None:
    assert disk.use() == disk.DiskUse({}, 0, 0, 0, disk.free_bytes())
    run = ended()
    for name, size in (("packed", 10), ("searches", 20), ("teachers", 30)):
        (unetkd_home / name / "x").mkdir(parents=True)
        (unetkd_home / name / "x" / "file").write_bytes(bytes(size))
    use = disk.use()
    assert (use.packed, use.searches, use.teachers) == (10, 20, 30)
    assert use.runs == {run.id: run.disk_bytes()} and use.all_runs > 1000
    assert use.free > 0


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 kB"), (1, "1 kB"), (312_000_000, "312 MB"), (1_100_000_000, "1.1 GB"), (58_200_000_000, "58 GB")],
)
def test_sizes_in_words(count: int, words: str) -> None:
    assert disk.in_words(count) == words


def test_a_done_run_gives_up_what_resuming_needed_and_no_other_does() -> None:
    done, stopped = ended("done"), ended("stopped")
    active = folder.create(RunConfig())
    (active.run_dir / "last").mkdir()
    (removal,) = prune.plan()
    assert (removal.run, removal.kind, removal.count) == (done, "resuming", 1000)
    assert prune.carry_out([removal]) == 1000
    assert not (done.run_dir / "last").exists() and done.status().state == "done"
    assert (stopped.run_dir / "last").exists() and (active.run_dir / "last").exists()
    assert prune.plan() == []


def test_leftovers_go_when_they_are_old_enough_to_be_nobodys() -> None:
    run = ended("stopped")
    (run.run_dir / "best").mkdir()
    fresh = [settings.runs_dir() / ".making-b", run.run_dir / ".status.json.7.tmp"]
    stale = [settings.runs_dir() / ".making-a", run.run_dir / "last" / "b.safetensors.tmp", run.run_dir / ".best.new-x"]
    for path in (*fresh, *stale):
        path.write_bytes(bytes(10))
    deleted = settings.runs_dir() / ".deleted-x"
    deleted.mkdir()
    list(map(old, stale))
    removals = prune.plan()
    assert {p.name for r in removals for p in r.paths} == {*(p.name for p in stale), ".deleted-x"}
    assert prune.carry_out(removals) == 30
    assert not any(p.exists() for p in (*stale, deleted)) and all(p.exists() for p in fresh)


def test_a_pack_that_grows_is_going_on_however_old_its_folder(unetkd_home: Path) -> None:
    part = unetkd_home / "packed" / "x.part"
    part.mkdir(parents=True)
    (part / "images.npy").write_bytes(bytes(10))
    old(part)
    assert prune.plan() == []
    old(part / "images.npy")
    assert [removal.paths for removal in prune.plan()] == [(part,)]


def test_what_a_run_goes_on_from_stays_until_it_is_done() -> None:
    start = ended(days=10)
    later = ended("stopped", config=RunConfig().with_(model={"start": f"run:{start.id}"}))
    assert going(7) == set()
    later.write_status(dataclasses.replace(later.written_status(), state="done"))
    assert going(7) == {start.id}


def test_a_run_that_somebody_came_to_need_since_the_plan_stays() -> None:
    teacher = ended(days=10)
    removals = [one for one in prune.plan(7) if one.kind == "run"]
    assert [one.run for one in removals] == [teacher]
    folder.create(taught_by(teacher))
    assert prune.carry_out(removals) == 0 and teacher.run_dir.is_dir()


def test_a_best_that_stands_aside_is_kept_while_it_is_the_only_one() -> None:
    run = ended("interrupted")
    aside = run.run_dir / ".best.previous"
    aside.mkdir()
    old(aside)
    assert prune.plan() == []
    (run.run_dir / "best").mkdir()
    assert [r.paths for r in prune.plan()] == [(aside,)]


def test_old_runs_go_when_asked_and_young_and_active_ones_stay() -> None:
    gone = [ended(state, days=10) for state in ("done", "stopped", "failed")]
    young = ended(days=1)
    active = folder.create(RunConfig())
    active.write_status(dataclasses.replace(active.written_status(), created=1.0))
    assert going(None) == set() and going(7) == {run.id for run in gone}
    prune.carry_out(prune.plan(7))
    assert {run.id for run in folder.list_runs()} == {young.id, active.id}


def test_a_teacher_stays_while_a_student_that_stays_is_not_done() -> None:
    teacher, member = ended(days=10), ended(days=10)
    ended("stopped", days=1, config=taught_by(teacher))
    ended("failed", days=1, config=taught_by(member, ended(days=1)))
    assert going(7) == set()


def test_a_teacher_goes_with_its_old_student_or_once_its_student_is_done() -> None:
    teacher, other = ended(days=10), ended(days=10)
    student = ended("stopped", days=9, config=taught_by(teacher))
    ended("done", days=1, config=taught_by(other))
    assert going(7) == {teacher.id, student.id, other.id}


def test_a_pair_and_a_shared_control_stay_as_long_as_one_of_theirs() -> None:
    student = ended(days=8)
    twin = ended(days=10, config=RunConfig().twin(student.id), pair=student.id)
    assert going(7) == {student.id, twin.id}
    ended(days=1, control=twin.id)
    assert going(7) == set(), "the control stays for the young one, and its own student beside it"


def test_a_named_ensembles_members_stay() -> None:
    member, other = ended(days=10), ended(days=10)
    spec = ensembles.parse({"members": [f"run:{member.id}", "m128-alone"]})
    ensembles.save(spec, settings.checkpoints_dir() / "three")
    assert going(7) == {other.id}


def test_a_sweeps_runs_stay(unetkd_home: Path) -> None:
    cell, twin, other = ended(days=10), ended(days=10), ended(days=10)
    sweep = sweep_folder.Sweep("one", unetkd_home / "sweeps" / "one")
    sweep.sweep_dir.mkdir(parents=True)
    (sweep.sweep_dir / "sweep.json").write_text(parse_spec({"teacher": ["m1024"]}).model_dump_json())
    sweep.assign(sweep_folder.Assigned({"a/0": cell.id}, {"M128/0": twin.id}, ()))
    assert going(7) == {other.id}


def test_the_teachers_that_a_sweep_names_stay_alone_and_as_members(unetkd_home: Path) -> None:
    teacher, member, other = ended(days=10), ended(days=10), ended(days=10)
    refs = [f"run:{teacher.id}", {"members": [f"run:{member.id}", "m128-alone"]}]
    sweep_folder.create(parse_spec({"teacher": refs}))
    assert going(7) == {other.id}


def test_what_was_resumed_since_the_plan_is_left_alone() -> None:
    run, done = ended("stopped", days=10), ended("done")
    removals = prune.plan(7)
    for one in (run, done):
        one.write_status(dataclasses.replace(one.written_status(), state="queued", heartbeat=time.time(), pid=None))
    assert prune.carry_out(removals) == 0
    assert len(folder.list_runs()) == 2 and (done.run_dir / "last").exists()


def test_an_unreadable_run_stays() -> None:
    run = ended(days=10)
    (run.run_dir / "status.json").write_text("{")
    assert prune.plan(1) == []
