"""Every page on a public server: no field for a path, no token, no button on another's run, and a calm line instead."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from pages.ui import model_hub, visitor
from pages.ui.discreet import discreet
from tests.pages import fake_run
from tests.pages.fake_run import Where
from tests.pages.lab_app import ROOT, lab, text
from unetkd_core import settings, visitors
from unetkd_core.data import catalog, packed
from unetkd_core.errors import RunError
from unetkd_core.runs import folder, jobs, owners, sweep_folder, sweeps
from unetkd_core.runs.sweep_grid import parse_spec
from unetkd_core.training.config import RunConfig

__all__ = ["lab"]
Asked = list[tuple[RunConfig, bool]]
PAGES = [str(p.relative_to(ROOT)) for p in sorted((ROOT / "pages").glob("*/*.py")) if p.parent.name != "ui"]
ADDRESS = {
    "run": "../../etc/passwd", "sweep": "/etc/passwd", "nets": "hf:owner/name,/etc/passwd,run:../../x", "net": "../x",
    "teacher": "hf:a/../../etc", "student": "run:/etc/passwd", "twin": "teacher-of:../../x", "data": "/etc:passwd",
    "scene": "-1", "cell": "nan", "T": "inf", "alpha": "x" * 4000, "members": "/etc/passwd,..",
}  # fmt: skip
A, B = "a" * 64, "b" * 64
DONE = Where()
START = jobs.start
"""The real one, before a fixture puts another in its place."""
MINE, THEIRS = "20260301-101500-m128-a1b2", "20260302-101500-m128-c3d4"


@pytest.fixture(autouse=True)
def public(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNETKD_PUBLIC", "1")
    load = packed.load
    monkeypatch.setattr(packed, "load", lambda refs, *size, limit=None, **more: load(refs, *size, limit=2, **more))


def opened(page: str, who: str | None = A, **address: str) -> AppTest:
    """A page as visitor `who` opens it, whose browser has said so."""
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    if who is not None:
        at.session_state[visitor.OWNER] = who
    at.run()
    at.switch_page(page)
    for name, value in address.items():
        at.query_params[name] = value
    at.run()
    assert not at.exception
    return at


def pair(run_id: str, owner: str | None, at: Where = DONE) -> None:
    for one in fake_run.write_pair(at, run_id=run_id):
        if owner is not None:
            folder.open_run(one).add_to_meta(owners.OWNER, owner)


def labels(at: AppTest) -> set[str]:
    """What all buttons are called."""
    return {b.label for b in at.button} | {b.proto.popover.label for b in at.get("popover")}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_no_field_for_a_path_a_repository_or_a_name(page: str, lab: Asked) -> None:
    fake_run.write_teacher()
    pair(THEIRS, B)
    at = opened(page)
    assert [one.label for one in at.text_input] == [], "free text would reach the file system or the network"
    told = text(at) + "".join(m.value for m in at.markdown)
    assert str(settings.home()) not in told and str(settings.checkpoints_dir()) not in told


@pytest.mark.parametrize("page", PAGES)
def test_whatever_an_address_says_opens_the_page_and_tells_no_place(page: str, lab: Asked) -> None:
    fake_run.write_teacher()
    at = opened(page, **ADDRESS)
    told = text(at)
    assert "root:" not in told and str(settings.home()) not in told
    assert not list(settings.runs_dir().glob("*")) and not settings.hub_record().exists()


def test_a_visitor_stops_resumes_and_deletes_his_own_runs_alone(lab: Asked) -> None:
    pair(MINE, A, Where("stopped", 7))
    pair(THEIRS, B, Where("stopped", 7))
    mine, theirs = opened("pages/lab/runs.py", run=MINE), opened("pages/lab/runs.py", run=THEIRS)
    assert {"Resume", "Delete"} <= labels(mine) and f"runs_delete_now_{MINE}" in [b.key for b in mine.button]
    assert not {"Resume", "Delete", "Stop"} & labels(theirs) and visitor.OTHERS in text(theirs)
    assert list(theirs.dataframe[0].value["whose"]) == ["", "", "yours", "yours"]
    mine.button(key=f"runs_delete_now_{MINE}").click().run()
    assert {run.id for run in folder.list_runs()} == {THEIRS, f"{THEIRS}-twin"}


def test_a_run_that_trains_shows_stop_to_its_owner_alone(lab: Asked) -> None:
    pair(THEIRS, B, Where("running", 7))
    assert "Stop" in labels(opened("pages/lab/runs.py", who=B, run=THEIRS))
    for who in (A, None):
        at = opened("pages/lab/distill.py", who=who, run=THEIRS)
        assert "Stop" not in labels(at) and visitor.OTHERS in text(at)


def test_a_button_that_was_drawn_before_is_refused_by_the_core(lab: Asked) -> None:
    pair(MINE, A, Where("stopped", 7))
    at = opened("pages/lab/runs.py", run=MINE)
    at.session_state[visitor.OWNER] = B
    at.button(key=f"runs_delete_now_{MINE}").click().run()
    assert "This run is somebody else's" in text(at) and len(folder.list_runs()) == 2


def test_distill_shows_a_visitor_his_own_run_and_what_he_may_have(lab: Asked) -> None:
    fake_run.write_teacher()
    pair(THEIRS, B, Where("running", 7))
    at = opened("pages/lab/distill.py")
    assert "You have trained nothing yet" in text(at)
    assert "A shared server: at most 20 epochs a run, 1 h of training, 32,768 pixels a picture" in text(at)
    assert "It will queue: every visitor’s first run" in text(at)


@pytest.mark.parametrize("who", [A, None])
def test_the_core_learns_whose_run_is_started(who: str | None, monkeypatch: pytest.MonkeyPatch, lab: Asked) -> None:
    fake_run.write_teacher()
    asked: list[str | None] = []

    def start(config: RunConfig, *, twin: bool, by: str | None) -> None:
        asked.append(by)
        raise RunError("That is all.")

    monkeypatch.setattr(jobs, "start", start)
    at = opened("pages/lab/distill.py", who=who)
    at.button(key="distill_start").click().run()
    assert asked == [who]


def test_anothers_sweep_is_looked_at_alone(lab: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_run.write_teacher()
    sweep = sweep_folder.create(parse_spec({"teacher": ["m1024"], "temperature": [1, 4]}), {"owner": B})
    for who, shown in ((B, True), (A, False)):
        at = opened("pages/lab/sweeps.py", who=who, sweep=sweep.id)
        assert ("Stop" in labels(at)) is shown and ("Delete" in labels(at)) is shown
    assert visitor.OTHERS in text(at) and "one sweep of yours at a time, of at most 27 students" in text(at)
    told: list[Any] = []
    monkeypatch.setattr(sweeps, "start", lambda spec, *, by: told.append(by) or sweep)
    at.button(key="sweeps_start").click().run()
    assert told == [A]


def test_another_visitors_run_is_no_lesson_of_ones_own(lab: Asked) -> None:
    pair(THEIRS, B)
    at = opened("pages/learn/lessons.py", lesson="run", step="do")
    assert "There is no student with a twin on this machine yet." in text(at)


def test_the_library_is_looked_at_alone(lab: Asked) -> None:
    fake_run.write_teacher()
    models, data = opened("pages/library/models.py"), opened("pages/library/data.py")
    assert not {"Delete", "Export", "Push", "Keep it", "Look", "Pull it"} & labels(models)
    assert "the Hub are for whoever runs it" in text(models)
    assert not {"Add this folder", "Forget a folder"} & labels(data)
    assert "Which datasets are here is chosen by whoever runs this server." in text(data)


def test_nobody_is_taken_for_the_machines_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    assert not model_hub.is_owner() and model_hub.token() is False


def test_a_dataset_that_the_operator_registered_is_offered_without_its_place(tmp_path: Path, lab: Asked) -> None:
    with visitors.acting_as(visitors.OPERATOR):
        for split in ("train", "val"):
            for part, pixels in zip(("images", "masks"), fake_run.scenes(1)[0], strict=True):
                (tmp_path / "mine" / split / part).mkdir(parents=True)
                Image.fromarray(pixels).save(tmp_path / "mine" / split / part / "a.png")
        catalog.register("mine", tmp_path / "mine")
    at = opened("pages/library/data.py")
    assert "mine" in text(at) and str(tmp_path) not in text(at)


def test_messages_lose_the_places_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    said = f"There is no run 'x' in {settings.home()}/runs; see /var/lib/data/streets/a.png or 3/4 or https://a.b/c/d."
    assert discreet(said) == "There is no run 'x' in …/runs; see …a.png or 3/4 or https://a.b/c/d."
    monkeypatch.setenv("UNETKD_PUBLIC", "0")
    assert discreet(said) == said


def test_registered_folders_and_the_hubs_are_told_by_no_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, hub = tmp_path / "of a school" / "(2026)", tmp_path / "the hub's"
    (mine / "train" / "images").mkdir(parents=True)
    (mine / "train" / "masks").mkdir()
    for part, pixels in zip(("images", "masks"), fake_run.scenes(1)[0], strict=True):
        Image.fromarray(pixels).save(mine / "train" / part / "a.png")
    with visitors.acting_as(visitors.OPERATOR):
        catalog.register("mine", mine)
    monkeypatch.setenv("HF_HOME", str(hub))
    assert discreet(f"{mine}/train is gone, {hub}/models too.") == "…/train is gone, …/models too."
    (settings.home() / "datasets.json").write_text("{")
    assert str(settings.home()) not in discreet(f"{settings.home()}/datasets.json cannot be read.")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("/srv/my data/of a school/a.png is gone", "…a.png is gone"),
        ("'/srv/Müller, Anna/my & your (1)/a b.png' is gone", "'…a b.png' is gone"),
        ("No folder in /srv/data or 3/4, and/or 1/2", "No folder in …data or 3/4, and/or 1/2"),
        (r"C:\Users\Anna Müller\My data\a.png is gone", "…a.png is gone"),
        (r"'D:\\data\\a.png' and \\server\share\b.png", "'…a.png' and …b.png"),
        ("D:/data/streets/a.png", "…a.png"),
        ("T² / 2, 128 / 256, https://a.b/c/d, α 0.1: 3/4", "T² / 2, 128 / 256, https://a.b/c/d, α 0.1: 3/4"),
    ],
)
def test_other_places_are_left_out_with_spaces_and_of_windows(said: str, told: str) -> None:
    assert discreet(said) == told


def test_what_is_kept_of_a_key_is_its_hash(monkeypatch: pytest.MonkeyPatch, lab: Asked) -> None:
    fake_run.write_teacher()
    key = "k" * 43
    monkeypatch.setattr(visitor, "_ASK", lambda **_: SimpleNamespace(key=key, kept=None))
    monkeypatch.setattr(jobs, "_launch", lambda run: None)
    monkeypatch.setattr(jobs, "start", START)
    at = opened("pages/lab/distill.py", who=None)
    at.button(key="distill_start").click().run()
    run, _ = folder.list_runs()
    assert run.owner == visitors.owner_of(key) and re.fullmatch(r"[0-9a-f]{64}", run.owner or "")
    files = [p for p in settings.home().rglob("*") if p.is_file()]
    assert run.run_dir / "meta.json" in files and not any(key.encode() in p.read_bytes() for p in files)
    assert key not in str(at.query_params) and key not in text(at)


@pytest.mark.parametrize("page", ["distill", "runs", "sweeps"])
def test_a_browser_that_keeps_no_key_is_told_quietly(page: str, monkeypatch: pytest.MonkeyPatch, lab: Asked) -> None:
    fake_run.write_teacher()
    pair(THEIRS, B)
    for kept in (None, False):
        monkeypatch.setattr(visitor, "_ASK", lambda kept=kept, **_: SimpleNamespace(key="k" * 43, kept=kept))
        at = opened(f"pages/lab/{page}.py", who=None)
        assert ("can no longer stop or delete your runs" in text(at)) is (kept is False)


def test_a_mistyped_switch_shows_nothing_but_why(monkeypatch: pytest.MonkeyPatch, lab: Asked) -> None:
    monkeypatch.setenv("UNETKD_PUBLIC", "yes")
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    assert not at.exception and "UNETKD_PUBLIC is 'yes'" in text(at) and not at.title
