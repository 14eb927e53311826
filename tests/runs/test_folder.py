"""A run folder reads back what was written, survives what is half-written, and says when its process is gone."""

import dataclasses
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from unetkd_core import settings
from unetkd_core.errors import ConfigError, RunError
from unetkd_core.runs import folder, process, status
from unetkd_core.runs.folder import Run
from unetkd_core.runs.status import Problem, Status
from unetkd_core.training.config import RunConfig


def running(run: Run, **changes: object) -> Status:
    """A status as a worker in this process would write it."""
    me = process.this_process()
    written = dataclasses.replace(
        run.written_status(), state="running", host=me.host, boot_id=me.boot_id, pid=me.pid, process_start=me.start
    )
    return dataclasses.replace(written, **changes)  # type: ignore[arg-type]


def test_a_created_run_is_queued_and_reads_back_its_config() -> None:
    config = RunConfig(seed=3)
    run = folder.create(config)
    assert folder.open_run(run.id).config == config
    assert run.status().state == "queued" and run.status().active and run.status().epochs == config.optim.epochs
    assert run.meta["versions"]["torch"] and run.meta["pair"] is None
    assert (run.metrics(), run.panel(), run.best(), run.log_tail()) == ([], None, None, "")
    assert run.disk_bytes() > 100


def test_runs_are_listed_newest_first_and_a_twin_right_after_its_student() -> None:
    student = folder.create(RunConfig(), shares=True)
    twin = folder.create(RunConfig().twin(student.id), pair=student.id, shares=True)
    assert [r.id for r in folder.list_runs()] == [twin.id, student.id]
    assert student.partner() == twin and twin.partner() == student
    assert twin.meta["pair"] == student.id and folder.create(RunConfig()).partner() is None


def test_students_may_share_one_control() -> None:
    first = folder.create(RunConfig(), shares=True)
    twin = folder.create(RunConfig().twin(first.id), pair=first.id, shares=True)
    second = folder.create(RunConfig(), control=twin.id)
    assert second.partner() == twin and twin.partner() == first


def test_folders_that_are_no_runs_are_left_out() -> None:
    run = folder.create(RunConfig())
    (settings.runs_dir() / "empty").mkdir()
    (settings.runs_dir() / ".making-x").mkdir()
    assert folder.list_runs() == [run]
    for name in ("empty", "../runs", ".making-x", ""):
        with pytest.raises(RunError, match="no run"):
            folder.open_run(name)


def test_no_run_is_left_behind_where_the_folder_cannot_be_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("UNETKD_HOME", str(tmp_path / "file"))
    with pytest.raises(RunError, match="UNETKD_HOME"):
        folder.create(RunConfig())


def test_another_format_version_is_refused_in_one_sentence() -> None:
    run = folder.create(RunConfig())
    for name in ("config.json", "status.json"):
        data = json.loads((run.run_dir / name).read_text()) | {"format_version": 99}
        (run.run_dir / name).write_text(json.dumps(data))
    with pytest.raises(ConfigError, match="format version 99"):
        _ = run.config
    with pytest.raises(RunError, match="format version 99"):
        run.status()


def test_status_reads_back_with_its_error() -> None:
    run = folder.create(RunConfig())
    told = dataclasses.replace(run.status(), state="failed", error=Problem("It stopped.", "Free 200 MB."))
    run.write_status(told)
    assert run.status() == told and not told.active


def test_a_run_is_interrupted_when_its_process_is_gone() -> None:
    run = folder.create(RunConfig())
    run.write_status(running(run))
    assert run.status().state == "running"
    run.write_status(running(run, process_start="1"))  # the pid is someone else's by now
    assert run.status().state == "interrupted" and not run.status().active
    run.write_status(running(run, boot_id="another"))
    assert run.status().state == "interrupted"
    run.write_status(running(run, state="done", process_start="1"))
    assert run.status().state == "done"


def test_a_run_on_another_machine_is_judged_by_its_heartbeat() -> None:
    run = folder.create(RunConfig())
    run.write_status(running(run, host="elsewhere", boot_id="x", heartbeat=time.time()))
    assert run.status().state == "running"
    run.write_status(running(run, host="elsewhere", boot_id="x", heartbeat=time.time() - 1000))
    assert run.status().state == "interrupted"


def test_a_worker_that_never_comes_up_is_noticed() -> None:
    run = folder.create(RunConfig())
    assert run.written_status().seen(now=time.time() + status.LAUNCH_SECONDS + 1).state == "interrupted"


def test_a_zombie_counts_as_gone() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    start = process.process_start(child.pid)
    assert start and process.ProcessId(process.this_process().host, process.boot_id(), child.pid, start).alive()
    os.kill(child.pid, 9)
    deadline = time.monotonic() + 10
    while process.process_start(child.pid):  # not waited for: a zombie stays
        assert time.monotonic() < deadline
        time.sleep(0.01)
    child.communicate()


def test_a_metrics_line_that_is_being_written_is_left_out() -> None:
    run = folder.create(RunConfig())
    (run.run_dir / "metrics.jsonl").write_text('{"epoch": 1}\nbroken\n{"epoch": 2}\n{"epo')
    assert [line["epoch"] for line in run.metrics()] == [1, 2]


def test_an_active_run_is_not_deleted_and_a_finished_one_is() -> None:
    run = folder.create(RunConfig())
    run.write_status(running(run))
    with pytest.raises(RunError, match="stop it first"):
        run.delete()
    run.write_status(running(run, state="stopped"))
    run.delete()
    assert folder.list_runs() == [] and list(settings.runs_dir().iterdir()) == []


def test_the_last_word_fits_where_the_first_stood(tmp_path: Path) -> None:
    path = tmp_path / "status.json"
    first = status.queued(epochs=3, created=1.0)
    status.write(path, dataclasses.replace(first, message="x" * 500))
    status.overwrite(path, first)
    assert status.read(path) == first


def test_a_lost_status_beside_settings_that_make_no_sense_is_a_run_error() -> None:
    run = folder.create(RunConfig())
    (run.run_dir / "status.json").write_bytes(b"")
    assert run.status().state == "running"
    (run.run_dir / "config.json").write_text('{"format_version": 2, "optim": {"epochs": 0}}')
    with pytest.raises(RunError, match=r"lost and cannot be made out .*optim\.epochs"):
        run.status()


WHOLE = {"epoch": 1, "loss": 0.5, "val": {"miou": 0.1, "iou": [0.1] * 6, "pixel_accuracy": 0.2}}


@pytest.mark.parametrize(
    "change",
    [
        {"epoch": "1"}, {"epoch": -1}, {"epoch": True}, {"loss": "a lot"}, {"loss": -1.7e308},
        {"loss": [1]}, {"seconds": {}}, {"val": 5},
        {"val": None}, {"val": {**WHOLE["val"], "miou": "x"}}, {"val": {**WHOLE["val"], "iou": [1]}},
        {"val": {**WHOLE["val"], "iou": 5}}, {"loss_terms": [1]}, {"loss_terms": {"pair_wise": "x"}},
    ],
)  # fmt: skip
def test_a_metrics_line_whose_values_nobody_can_compute_with_is_left_out(change: dict) -> None:
    run = folder.create(RunConfig())
    lines = [
        json.dumps({**WHOLE, **change}),
        json.dumps({**WHOLE, "epoch": 2}),
        '{"epoch": 3, "loss": 1e999}',
        "[" * 9999,
    ]
    (run.run_dir / "metrics.jsonl").write_text("\n".join(lines) + "\n")
    assert [line["epoch"] for line in run.metrics()] == [2]


def test_a_metrics_line_without_scores_has_null_for_them() -> None:
    run = folder.create(RunConfig())
    (run.run_dir / "metrics.jsonl").write_text('{"epoch": 1}\n')
    assert run.metrics()[0]["val"] == {"miou": None, "iou": [None] * 6, "pixel_accuracy": None}


@pytest.mark.parametrize("name", ["../secret.png", "/etc/passwd", "a/../../secret.png", "..", "linked.png", 5, None])
def test_a_panel_shows_nothing_from_outside_its_folder(name: object) -> None:
    run = folder.create(RunConfig())
    (run.run_dir / "panel").mkdir()
    (run.run_dir / "secret.png").write_bytes(b"secret")
    (run.run_dir / "panel" / "linked.png").symlink_to(run.run_dir / "secret.png")
    scenes = [{"stem": "a", "photo": "photo_0.png", "truth": name}]
    (run.run_dir / "panel" / "panel.json").write_text(json.dumps({"scenes": scenes, "height": 16, "width": 16}))
    assert run.panel() is None


@pytest.mark.parametrize("name", ["../../elsewhere", "/etc", "a" * 5000, "", "a\0b"])
def test_a_partner_is_a_run_and_no_path(name: str) -> None:
    run = folder.create(RunConfig(twin_of=name or None))
    (settings.home() / "elsewhere").mkdir()
    (settings.home() / "elsewhere" / "config.json").write_text("{}")
    assert run.partner() is None


@pytest.mark.parametrize(
    "change",
    [
        {"state": 5}, {"state": "exploded"}, {"phase": []}, {"pid": -1}, {"pid": "1"}, {"pid": True}, {"epoch": -3},
        {"epochs": 1.5}, {"heartbeat": "now"}, {"heartbeat": 1e300}, {"created": None}, {"eta_seconds": -1},
        {"message": None}, {"message": "x" * 100_000}, {"error": {"headline": 1, "hint": 2}}, {"error": "bad"},
        {"more": 1},
    ],
)  # fmt: skip
def test_a_status_whose_values_nobody_can_compute_with_is_refused(change: dict) -> None:
    run = folder.create(RunConfig())
    path = run.run_dir / "status.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(RunError, match="cannot be read as a run's status"):
        run.status()


@pytest.mark.parametrize("text", ["5", "[]", "null", "[" * 100_000, '{"a":' * 500 + "1" + "}" * 500])
def test_files_of_a_run_that_hold_something_else_are_refused(text: str) -> None:
    run = folder.create(RunConfig())
    for name in ("status.json", "config.json", "meta.json"):
        (run.run_dir / name).write_text(text)
    for read in (run.status, lambda: run.config, lambda: run.meta):
        with pytest.raises((RunError, ConfigError)):
            read()


def test_an_id_that_no_file_system_takes_is_no_run() -> None:
    with pytest.raises(RunError, match="There is no run"):
        folder.open_run("a" * 5000)


@pytest.mark.parametrize("change", [{"machine": 5}, {"versions": []}, {"teacher": "x"}, {"teacher_miou": "x"}])
def test_a_meta_file_with_entries_of_another_kind_is_refused(change: dict) -> None:
    run = folder.create(RunConfig())
    path = run.run_dir / "meta.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(RunError, match=f"{next(iter(change))} of another kind"):
        run.meta  # noqa: B018


def test_an_epoch_that_says_what_a_critic_found_is_read_and_one_of_text_is_not() -> None:
    run = folder.create(RunConfig())
    line = {"epoch": 1, "loss": 1.0, "critic": {"distance": 0.5}, "val": {"miou": 0.5, "iou": [0.5] * 6}}
    lines = [line, {**line, "epoch": 2, "critic": {"distance": "far"}}]
    (run.run_dir / "metrics.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines))
    assert [one["epoch"] for one in run.metrics()] == [1] and run.metrics()[0]["critic"] == {"distance": 0.5}


def test_two_runs_of_one_second_whose_ids_would_be_one_get_two(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter(["aaaa", "aaaa", "aaaa", "bbbb"])
    monkeypatch.setattr(folder.secrets, "token_hex", lambda _: next(drawn))
    monkeypatch.setattr(folder.time, "strftime", lambda *_: "20261129-120000")
    first, second = folder.create(RunConfig()), folder.create(RunConfig())
    assert (first.id, second.id) == ("20261129-120000-m128-aaaa", "20261129-120000-m128-bbbb")
    assert [p.name for p in first.run_dir.parent.iterdir() if p.name.startswith(".")] == []


def test_where_every_id_is_taken_it_is_refused_and_the_run_that_has_it_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "_new_id", lambda *_: "20261129-120000-m128-aaaa")
    there = folder.create(RunConfig(name="first"))
    with pytest.raises(RunError, match="No run could be started"):
        folder.create(RunConfig(name="second"))
    assert there.config.name == "first" and folder.list_runs() == [there]
