"""`unetkd paper home` in miniature: four students and their twin that really train, by a teacher that really did."""

import json
import shlex
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import Outcome, Unetkd
from tests.runs.real_runs import trained_here
from unetkd_core.runs import folder, home_plan, home_scene, home_street, jobs, scored, sweeps, worker
from unetkd_core.runs.folder import Run
from unetkd_core.runs.home_grid import HomeGrid
from unetkd_core.runs.home_scene import read_home
from unetkd_core.runs.reporter import Reporter
from unetkd_core.runs.sweep_driver import Driver
from unetkd_core.runs.sweep_folder import Sweep
from unetkd_core.training.config import parse_config
from unetkd_core.zoo import references

SMALL = {
    "data": {"train": ["mine:train"], "val": ["mine:val"], "height": 16, "width": 24},
    "optim": {"epochs": 1, "batch_size": 2},
    "hardware": {"device": "cpu", "precision": "fp32", "memory_format": "channels_last", "threads": 1},
}
TYPED = ("--alpha", "0.9,0.1", "--temperature", "4,1", "--seeds", "0", "--on", "others:train")


class Miniature:
    """The command with its tiny settings; `launched` are the runs that it started."""

    def __init__(self, unetkd: Unetkd, out: Path, config: Path, teacher: Run) -> None:
        self.unetkd, self.out, self.config, self.teacher = unetkd, out, config, teacher
        self.launched: list[Run] = []

    def __call__(self, *more: object) -> Outcome:
        where = ("--teacher", f"run:{self.teacher.id}", "--config", self.config, "--out", self.out)
        return self.unetkd("paper", "home", *where, *TYPED, *more)

    def read(self) -> HomeGrid:
        home = read_home(self.out)
        assert home is not None
        return home


@pytest.fixture
def miniature(unetkd: Unetkd, streets_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Miniature:
    """Workers and driver run in this process, one after the other: starting another one costs seconds."""
    for name in ("mine", "others"):  # one folder under two names: others is what chooses nobody
        assert unetkd("data", "add", name, streets_folder).code == 0
    monkeypatch.setattr(home_street, "CANDIDATES", 2)
    config = tmp_path / "base.json"
    config.write_text(json.dumps(SMALL))
    made = Miniature(unetkd, tmp_path / "home", config, trained_here(parse_config(SMALL)))

    def drive(sweep: Sweep) -> None:
        reporter = Reporter(sweep.as_run)
        driver = Driver(sweep, reporter)
        driver._adopt()
        while driver.step():
            for run in [run for run in made.launched if run.status().state == "queued"]:
                assert worker.work(run, Reporter(run)) == 0, run.log_tail(100)
        reporter.end("done", driver.ending())

    monkeypatch.setattr(jobs, "_launch", made.launched.append)
    monkeypatch.setattr(sweeps, "_launch", drive)
    return made


@pytest.fixture(autouse=True)
def _smallest_numbers() -> object:
    """A worker sets the smallest numbers to zero; other tests need them."""
    import torch

    yield
    torch.set_flush_denormal(False)


def test_a_grid_is_trained_scored_and_written_and_a_second_time_nothing_is_done_again(
    miniature: Miniature, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = miniature()
    assert done.code == 0, done.err
    assert "α 0.1" in done.out and "T 4" in done.out and "on others:train, one seed" in done.out
    home = miniature.read()
    assert [(c.alpha, c.temperature) for c in home.cells] == [(0.1, 1), (0.1, 4), (0.9, 1), (0.9, 4)]
    assert sorted(run.config.role for run in miniature.launched) == ["student"] * 4 + ["twin"]
    kept = miniature.launched[0].config
    assert (kept.data.height, kept.optim.epochs, kept.optim.batch_size) == (16, 1, 2), "what the file says"
    assert (kept.model.norm, kept.data.max_val) == ("none", 60), "where it says nothing, the usual"
    for cell in home.cells:
        (student,) = cell.students
        said = folder.open_run(student.run).config.teaching
        assert said and (said.alpha, said.temperature, said.scale_by_t2) == (cell.alpha, cell.temperature, True)
    written = json.loads((miniature.out / "scene.json").read_text())
    assert shlex.split(written["command"])[:3] == ["unetkd", "paper", "home"]
    assert "host" not in written["machine"] and written["data"]["others:train"]

    def refuse(*_: object) -> None:
        raise AssertionError("scored again")

    monkeypatch.setattr(scored, "_measured", refuse)
    before = len(miniature.launched)
    assert miniature("--scene", "1").code == 0
    assert miniature.read().index == 1 and len(miniature.launched) == before
    assert len(sweeps.list_sweeps()) == 1


def test_scores_and_logits_are_the_runs_own(miniature: Miniature) -> None:
    from unetkd_core.data import catalog
    from unetkd_core.inference.evaluate import evaluate
    from unetkd_core.inference.predict import predict

    assert miniature("--scene", "0").code == 0
    home, source = miniature.read(), catalog.open_source("others:train")
    run = home.cells[2].students[0].run
    model = references.load_model(f"run:{run}").model
    assert home.miou(2) == pytest.approx(evaluate(model, source, training_size=(16, 24)).miou)
    logits = predict(model, source.read(0).image, training_size=(16, 24)).logits
    kept = home.cells_seen[2].astype(np.float32)
    assert kept.shape == (6, 16, 24)
    np.testing.assert_allclose(kept, logits - logits.mean(axis=0), atol=0.01)
    (twin,) = home.twins
    assert folder.open_run(twin.run).config.teaching is None


def test_two_seeds_have_a_spread_and_a_twin_each(miniature: Miniature) -> None:
    from unetkd_core.inference.predict import predict

    assert miniature("--alpha", "0.5", "--temperature", "4", "--seeds", "0,1").code == 0
    home = miniature.read()
    assert [folder.open_run(twin.run).config.seed for twin in home.twins] == [0, 1]
    gains = [s.miou - t.miou for s, t in zip(home.cells[0].students, home.twins, strict=True)]
    assert home.gain(0) == pytest.approx(sum(gains) / 2) and home.spread(0) is not None
    assert gains[home.shown] == min(gains)
    twin = references.load_model(f"run:{home.twins[home.shown].run}").model
    logits = predict(twin, home.photo, training_size=(16, 24)).logits
    np.testing.assert_allclose(home.twin_seen, logits - logits.mean(axis=0), atol=0.01)


def test_what_is_stopped_leaves_nothing_and_the_same_command_goes_on(
    miniature: Miniature, monkeypatch: pytest.MonkeyPatch
) -> None:
    going_on = sweeps._launch

    def stop_after_one(sweep: Sweep) -> None:
        reporter = Reporter(sweep.as_run)
        Driver(sweep, reporter).step()
        worker.work(miniature.launched[0], Reporter(miniature.launched[0]))
        reporter.end("stopped", "Stopped")

    monkeypatch.setattr(sweeps, "_launch", stop_after_one)
    stopped = miniature()
    assert stopped.code == 1 and "The same command goes on" in stopped.err and not miniature.out.exists()
    first = miniature.launched[0].id
    monkeypatch.setattr(sweeps, "_launch", going_on)
    assert miniature().code == 0
    assert miniature.read().cells[0].students[0].run == first
    assert len(miniature.launched) == 5


@pytest.mark.parametrize(("options", "said"), [
    (("--on", "mine:val"), "trains or chooses the students"),
    (("--alpha", "2"), "alpha"),
    (("--seeds", "x"), "no list of whole numbers"),
    (("--size", "1024x2048"), "smaller --size"),
])  # fmt: skip
def test_what_cannot_be_is_refused_before_anything_starts(
    miniature: Miniature, options: tuple[str, str], said: str
) -> None:
    done = miniature(*options)
    assert done.code in (1, 2) and said in done.err
    assert not miniature.launched and not sweeps.list_sweeps()


def test_the_limit_is_reckoned_from_what_is_really_stored(miniature: Miniature) -> None:
    """The plan's arithmetic is an upper bound of the file, so that nobody trains an hour for what will not fit."""
    assert miniature("--scene", "0").code == 0
    (sweep,) = sweeps.list_sweeps()
    home, native = miniature.read(), (32, 48)
    raw = sum(logits.nbytes for logits in (home.twin_seen, *home.cells_seen))
    assert home_plan.logits_bytes(sweep.spec, native) == raw
    assert (miniature.out / "logits.npz").stat().st_size <= raw + 2_000


def test_the_grid_that_is_meant_fits(checkpoint: str) -> None:
    """Sixteen cells and three seeds at the largest size that is proposed, in what all files may take."""
    from unetkd_core.data import catalog

    base = parse_config({"data": {"height": 128, "width": 256}})
    spec = home_plan.plan(base, checkpoint, catalog.open_source(home_plan.ON), seeds=(0, 1, 2))
    assert len(spec.cells()) == 16
    assert home_plan.logits_bytes(spec) < home_scene.LIMIT_BYTES
