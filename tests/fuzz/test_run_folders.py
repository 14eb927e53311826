"""Run folders that somebody else wrote: whatever reads one shows it, leaves it out, or says one sentence."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st

from pages.ui import pairs, run_charts, run_details, run_panel, run_words, sweep_words
from pages.ui.pairs import Pair
from tests.fuzz.cases import answer, cases, damaged_text
from tests.pages import fake_run, fake_sweep
from unetkd_core import settings
from unetkd_core.cli.runs import summary_or_why
from unetkd_core.runs import disk, folder, limits, prune, report, sweep_folder, sweep_reading, sweep_results, sweeps
from unetkd_core.runs.folder import Run
from unetkd_core.runs.provenance import unlike
from unetkd_core.runs.sweep_folder import Sweep
from unetkd_core.zoo import references

FILES: Final = ("config.json", "meta.json", "status.json", "metrics.jsonl", "panel/panel.json")
ID: Final = "20260301-101500-m128-a1b2"


def readers(run: Run) -> list[Callable[[], Any]]:
    """All that is done with a run without training it."""
    return [
        lambda: run.config, lambda: run.meta, run.status, run.metrics, run.panel, run.best, run.partner, run.log_tail,
        run.disk_bytes, lambda: run.stopping, lambda: summary_or_why(run), lambda: report.report(run),
        lambda: unlike(run.meta), lambda: limits.seconds_left(run), lambda: limits.check_time(run),
        lambda: sweep_reading.read_one(run.id, 5), lambda: references.info_of(f"teacher-of:{run.id}"),
        lambda: references.info_of(f"run:{run.id}"), references.available, disk.use, prune.plan, folder.list_runs,
        lambda: drawn(pairs.read(*pairs.ids_of(run.id))), lambda: pairs.by_pairs(folder.list_runs()),
    ]  # fmt: skip


def drawn(pair: Pair) -> None:
    """What the page Runs says and draws of a pair."""
    run, config = pair.main.run, pair.main.run.config
    for say in (run_words.headline, run_words.time_left, run_words.found, run_panel.panels, run_charts.losses):
        answer(lambda say=say: say(pair.main if say is run_charts.losses else pair))
    for side in pair.sides:
        run_words.when(side.status)
        run_words.took(side.status)
        run_words.gone_wrong(side, alone=False)
    assert all(isinstance(part, str) for fact in run_details.facts(run, config) for part in fact)
    run_words.title(run, config)
    run_words.settings_line(run, config)
    pairs.teacher_here(run)
    film = run_panel.film(pair, 0)
    assert len(film) <= 2


@cases("run folders", 0.7)
@given(which=st.sampled_from(FILES), more=st.data())
def test_any_run_folder_is_shown_or_refused_in_one_sentence(which: str, more: st.DataObject) -> None:
    if not settings.runs_dir().is_dir():
        fake_run.write_pair(epochs=2, with_scenes=fake_run.scenes(1, 32, 128), at=fake_run.Where(epoch=2))
    file = settings.runs_dir() / ID / which
    *before, last = file.read_bytes().splitlines() if which.endswith("l") else [file.read_bytes()]
    with instead(file, b"\n".join([*before, more.draw(damaged_text(fixed(which, json.loads(last)))), b""])):
        run = folder.open_run(ID)
        for read in readers(run):
            answer(read)
        panel, partner = answer(run.panel), answer(run.partner)
        assert panel is None or all(p.parent == run.run_dir / "panel" for s in panel.scenes for p in (s.photo, s.truth))
        assert partner is None or partner.run_dir.parent == settings.runs_dir()


@contextmanager
def instead(file: Path, content: bytes) -> Iterator[None]:
    """The file with this content, for a while."""
    whole = file.read_bytes()
    file.write_bytes(content)
    try:
        yield
    finally:
        file.write_bytes(whole)


def fixed(name: str, data: dict[str, Any]) -> dict[str, Any]:
    """Without what differs from run to run of the tests: the same cases must come again."""
    if name == "status.json":
        data |= {"host": "here", "boot_id": "b", "pid": 7, "process_start": "1", "created": 1.7e9, "started": 1.7e9}
        data |= {name: 1.7e9 if data[name] is not None else None for name in ("heartbeat", "ended")}
    return data if name != "meta.json" else {**META, "pair": data.get("pair")}


META: Final = {
    "format_version": 1, "created": "2026-03-01T10:15:00+00:00", "shares": True, "control": None, "teacher_miou": 0.5,
    "versions": {"unetkd": "0.1", "torch": "2.14"}, "commit": "c" * 40, "machine": {"host": "h", "processor": "p"},
    "teacher": {"ref": "m1024", "sha256": "0" * 64, "title": "M1024", "parameters": 5}, "hours": [1.0],
}  # fmt: skip


@cases("run folders", 0.3)
@given(which=st.sampled_from(("sweep.json", "runs.json", "status.json")), more=st.data())
def test_any_sweep_folder_is_shown_or_refused_in_one_sentence(which: str, more: st.DataObject) -> None:
    sweep = Sweep(fake_sweep.FIRST, sweep_folder.sweeps_dir() / fake_sweep.FIRST)
    if not sweep.sweep_dir.is_dir():
        grid = fake_sweep.spec(alpha=[0.1], temperature=[1, 4])
        fake_sweep.write_sweep(grid, {"0/0": (fake_run.Where("done", 8), 1.0)})
    sweep_folder._specs.clear()
    file = sweep.sweep_dir / which
    with instead(file, more.draw(damaged_text(fixed(which, json.loads(file.read_text()))))):
        for read in (
            lambda: sweep.spec, sweep.status, sweep.assigned, sweep_folder.list_sweeps,
            lambda: sweep_results.table(sweep), lambda: sweeps.is_going(sweep), lambda: said(sweep), prune.plan,
            lambda: sweeps.compared_with(ID), lambda: sweep_results.active_ids(sweep, sweep.assigned()),
        ):  # fmt: skip
            answer(read)


def said(sweep: Sweep) -> None:
    """What the page Sweeps says of it."""
    spec, results = sweep.spec, sweep_results.cells(sweep)
    sweep_words.answer(spec, results, "miou")
    sweep_words.headline(sweep.status(), results)
    sweep_words.honesty(spec, results, "miou", {})
    sweep_words.title(spec, {})
    sweep_words.started(sweep)
    sweep_words.failed_runs(results)
